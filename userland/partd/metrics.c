// SPDX-License-Identifier: GPL-2.0
/* metrics.c: the metrics' life in partd: options, servers in the event loop, counters of events. */
#include "metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"
#include "ctl/hp_ctl.h"

/* Mending comes first: of what is ready at the same time, scrapes are last. */
enum { PRIORITY = SD_EVENT_PRIORITY_IDLE, COARSE_US = 1000 * 1000 };

int metrics_option(struct metrics_options *options, const char *value, struct hp_err *err)
{
	struct hp_serve_address address;

	if (strcmp(value, "off") == 0) {
		options->is_off = true;
		return 0;
	}
	if (options->count >= METRICS_ADDRESSES_MAX)
		return hp_err_usage(err, "--metrics: at most %d addresses", METRICS_ADDRESSES_MAX);
	options->addresses[options->count++] = value;
	return hp_serve_address_parse(value, &address, err);
}

int metrics_options_check(const struct metrics_options *options, struct hp_err *err)
{
	int ret = 0, named = !!options->certificate + !!options->key + !!options->client_ca;

	if (named != 0 && named != 3)
		return hp_err_usage(err, "--metrics-cert, --metrics-key and --metrics-client-ca go together");
	if (options->is_off && (options->count || named))
		return hp_err_usage(err, "--metrics off goes with no other option of metrics");
	for (size_t i = 0; ret == 0 && i < options->count; i++) {
		struct hp_serve_address address;

		ret = hp_serve_address_parse(options->addresses[i], &address, err);
		if (!ret)
			ret = hp_serve_address_check(&address, named == 3, err);
	}
	return ret;
}

static int load_tls(struct metrics *metrics, struct hp_err *err)
{
	const struct metrics_options *options = &metrics->options;

	return options->certificate ?
	       hp_serve_tls_load(&metrics->tls, options->certificate, options->key, options->client_ca, err) : 0;
}

/* ---- in the event loop ---- */

static int serve(struct agent *agent, size_t i)
{
	struct metrics *metrics = agent->metrics;
	uint64_t wait_us;

	hp_server_run(metrics->servers[i], &wait_us);
	if (wait_us == UINT64_MAX)
		return sd_event_source_set_enabled(metrics->timers[i], SD_EVENT_OFF);
	/* A silent connection is closed a little late rather than that each request sets a timer. */
	if (wait_us >= COARSE_US && sd_event_source_get_enabled(metrics->timers[i], NULL) > 0)
		return 0;
	sd_event_source_set_time_relative(metrics->timers[i], wait_us);
	return sd_event_source_set_enabled(metrics->timers[i], SD_EVENT_ONESHOT);
}

static size_t index_of(sd_event_source *const *list, const sd_event_source *source)
{
	size_t i = 0;

	while (list[i] != source)
		i++;
	return i;
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct agent *agent = arg;

	(void)fd;
	(void)revents;
	return serve(agent, index_of(agent->metrics->sources, source));
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;

	(void)usec;
	return serve(agent, index_of(agent->metrics->timers, source));
}

static int watch(struct agent *agent, size_t i)
{
	struct metrics *metrics = agent->metrics;
	int ret = sd_event_add_io(agent->loop, &metrics->sources[i], hp_server_fd(metrics->servers[i]), EPOLLIN, on_ready, agent);

	if (ret >= 0)
		ret = sd_event_add_time_relative(agent->loop, &metrics->timers[i], CLOCK_MONOTONIC, 0, 10000, on_timer, agent);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(metrics->timers[i], SD_EVENT_OFF);
	if (ret >= 0)
		ret = sd_event_source_set_priority(metrics->sources[i], PRIORITY);
	return ret < 0 ? ret : sd_event_source_set_priority(metrics->timers[i], PRIORITY);
}

/* ---- where it is served, for partctl status ---- */

static char *note_path(const struct agent *agent)
{
	return hp_format("%s/metrics.served", agent->ctx.run_dir);
}

static void note(const struct agent *agent, const char *address, bool is_tls)
{
	hp_autofree char *path = note_path(agent);
	hp_autofile FILE *file = path ? fopen(path, "ae") : NULL;

	if (file)
		fprintf(file, "%s%s\n", address, is_tls ? " (TLS)" : "");
}

/*
 * A metric that nobody can read is no reason to leave the machine alone: what
 * cannot be bound is an error in the log. Bad usage was found before.
 */
static int open_server(struct agent *agent, const char *where, struct hp_err *err)
{
	struct metrics *metrics = agent->metrics;
	const struct hp_serve_tls *tls = metrics->tls.certificate ? &metrics->tls : NULL;
	struct hp_serve_address address;
	size_t i = metrics->count;
	int ret = hp_serve_address_parse(where, &address, err);

	if (ret)
		return ret;
	ret = hp_server_open(metrics->site, &address, tls, &metrics->servers[i], err);
	if (ret && err->exit == HP_EXIT_USAGE)
		return ret;
	metrics->count += !ret;
	if (!ret && watch(agent, i) < 0)
		ret = hp_err_set(err, EIO, "metrics on %s: no event source", where);
	if (ret) {
		hp_log(LOG_ERR, "%s", err->text);
		hp_err_clear(err);
		return 0;
	}
	note(agent, address.shown, tls && !*address.path);
	return 0;
}

static char *counts_path(const struct agent *agent, const char *which)
{
	return hp_format("%s/events.%s", agent->ctx.run_dir, which);
}

static void load_counts(const struct agent *agent, struct hp_counts *counts, const char *which)
{
	hp_autofree char *path = counts_path(agent, which);
	hp_autoerr err = HP_ERR_INIT;

	if (path && hp_counts_load(counts, path, &err) < 0)
		hp_log(LOG_WARNING, "events are counted anew: %s", err.text);
}

static void forget_note(const struct agent *agent)
{
	hp_autofree char *path = note_path(agent);

	if (path)
		unlink(path);
}

int metrics_start(struct agent *agent, const struct metrics_options *options, struct hp_err *err)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return hp_err_set(err, ENOMEM, "out of memory");
	agent->metrics = metrics;
	metrics->options = *options;
	metrics->site = hp_serve_site_new(metrics_collect, agent);
	if (!metrics->site)
		return hp_err_set(err, ENOMEM, "out of memory");
	return load_tls(metrics, err);
}

int metrics_serve(struct agent *agent, struct hp_err *err)
{
	struct metrics *metrics = agent->metrics;
	const struct metrics_options *options = &metrics->options;
	int ret = 0;

	load_counts(agent, &metrics->drift, "drift");
	load_counts(agent, &metrics->events, "told");
	forget_note(agent);
	if (options->is_off)
		return 0;
	if (options->count == 0)
		return open_server(agent, METRICS_SOCKET, err);
	for (size_t i = 0; ret == 0 && i < options->count; i++)
		ret = open_server(agent, options->addresses[i], err);
	return ret;
}

void metrics_stop(struct agent *agent)
{
	struct metrics *metrics = agent->metrics;

	if (!metrics)
		return;
	for (size_t i = 0; i < metrics->count; i++) {
		sd_event_source_disable_unref(metrics->sources[i]);
		sd_event_source_disable_unref(metrics->timers[i]);
		hp_server_close(metrics->servers[i]);
	}
	forget_note(agent);
	hp_serve_site_free(metrics->site);
	hp_serve_tls_clear(&metrics->tls);
	counting_stop(agent);
	metrics_domains_clear(&metrics->domains);
	hp_counts_clear(&metrics->drift);
	hp_counts_clear(&metrics->events);
	free(metrics);
	agent->metrics = NULL;
}

void metrics_adopt(struct agent *agent)
{
	struct metrics_domains domains = { 0 };
	hp_autoerr err = HP_ERR_INIT;

	if (!agent->metrics)
		return;
	/* Drift can have taken a cgroup away; once it is mended there is another look. */
	if (metrics_domains_read(agent->state, &domains, &err) < 0)
		hp_log(LOG_DEBUG, "metrics: %s", err.text);
	counting_adopt(agent, &domains);
	metrics_domains_clear(&agent->metrics->domains);
	agent->metrics->domains = domains;
	hp_serve_site_stale(agent->metrics->site);
}

void metrics_event(struct agent *agent, const struct hp_event *event)
{
	bool is_drift = strcmp(event->type, "drift") == 0;
	hp_autofree char *kind = event->what ? strndup(event->what, strcspn(event->what, " ")) : NULL;
	const char *const drift[HP_COUNTS_LABELS] = {
		event->domain, kind, event->actor.known ? "known" : "unknown",
		event->done && strncmp(event->done, "could not", 9) == 0 ? "no" : "yes",
	};
	const char *const other[HP_COUNTS_LABELS] = { event->type, event->domain };
	hp_autofree char *path = counts_path(agent, is_drift ? "drift" : "told");
	hp_autoerr err = HP_ERR_INIT;
	struct hp_counts *counts;

	if (!agent->metrics || !path)
		return;
	counts = is_drift ? &agent->metrics->drift : &agent->metrics->events;
	if (hp_counts_add(counts, is_drift ? drift : other) < 0 || hp_counts_save(counts, path, &err) < 0)
		hp_log(LOG_WARNING, "an event is not counted for good: %s", err.text ? err.text : "out of memory");
	hp_serve_site_stale(agent->metrics->site);
}
