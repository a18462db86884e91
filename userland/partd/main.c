// SPDX-License-Identifier: GPL-2.0
/* main.c: partd: the one writer: applies the policy at start, then keeps it true. */
#include "agent.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>
#include "apply/hp_engine.h"
#include "apply/hp_hosts.h"
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "base/hp_log.h"
#include "metrics.h"

#define POLICY_FILE "/etc/hostpart/policy.yaml"
#define POLICY_BYTES_MAX (1u << 20)
enum { MMAP_BYTES = 64 * 1024 };

static void usage(FILE *out)
{
	fprintf(out,
		"usage: partd [--policy FILE] [--metrics ADDRESS]... [--no-contention] [--debug]\n\n"
		"Keeps the machine as the policy says: applies FILE (default " POLICY_FILE ") when nothing is\n"
		"applied yet, adopts what is, mends and reports drift, serves partctl and Prometheus.\n\n"
		"  -p, --policy FILE             the policy to apply at start; it may be missing\n"
		"  -m, --metrics ADDRESS         serve metrics there: unix:PATH, IP:PORT or [IP6]:PORT, again for more;\n"
		"                                off for none (default " METRICS_SOCKET ")\n"
		"      --metrics-cert FILE       serve TCP by TLS 1.3 with this certificate (PEM),\n"
		"      --metrics-key FILE        this key, and only for clients with a certificate of\n"
		"      --metrics-client-ca FILE  this authority; needed for addresses other than loopback\n"
		"      --no-contention           do not count who waits for whom\n"
		"  -d, --debug                   log more\n"
		"  -h, --help                    show this help\n"
		"      --version                 show the version\n\n"
		"Example:\n  partd --policy /etc/hostpart/policy.yaml\n");
}

/* Ports and interrupts have no name of a domain in them, but each domain has its cgroup "TOP/alpha". */
void agent_domain_of(const struct agent *agent, const struct hp_setting *setting, char *name, size_t size)
{
	*name = '\0';
	for (size_t i = 0; setting->domain >= 0 && agent->state && i < agent->state->count; i++) {
		const struct hp_setting *other = &agent->state->items[i].setting;
		const char *slash = strcmp(other->backend, "cgroup") == 0 ? strchr(other->object, '/') : NULL;

		if (!slash || other->domain != setting->domain)
			continue;
		snprintf(name, size, "%.*s", (int)strcspn(slash + 1, "/"), slash + 1);
		return;
	}
}

static void describe_actor(const struct hp_actor *actor, char *text, size_t size)
{
	if (!actor->known)
		snprintf(text, size, "unknown");
	else
		snprintf(text, size, "%s[%d]%s%s", actor->comm[0] ? actor->comm : "?", actor->pid,
			 actor->cgroup[0] ? " in " : "", actor->cgroup);
}

void agent_tell(struct agent *agent, const struct hp_event *event)
{
	hp_autoerr err = HP_ERR_INIT;
	char actor[320];

	describe_actor(&event->actor, actor, sizeof(actor));
	hp_log(strcmp(event->type, "drift") == 0 || strcmp(event->type, "refused") == 0 ? LOG_WARNING : LOG_NOTICE,
	       "%s%s%s%s%s%s%s%s%s%s%s%s%s; by %s", event->type, event->domain ? " in " : "",
	       event->domain ? event->domain : "", event->what ? ": " : "", event->what ? event->what : "",
	       event->was ? "; should be '" : "", event->was ? event->was : "", event->was ? "'" : "",
	       event->found ? "; found '" : "", event->found ? event->found : "", event->found ? "'" : "",
	       event->done ? "; " : "", event->done ? event->done : "", actor);
	if (hp_events_append(&agent->ctx, event, &err) < 0)
		hp_log(LOG_ERR, "event log: %s", err.text);
	metrics_event(agent, event);
}

static int on_confirm_deadline(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;
	hp_autoerr err = HP_ERR_INIT;
	bool expired = false;

	(void)source;
	(void)usec;
	if (hp_engine_expire(&agent->ctx, &expired, &err) < 0)
		hp_log(LOG_ERR, "undoing the unconfirmed change: %s", err.text);
	if (expired)
		agent_tell(agent, &(struct hp_event){ .type = "reverted", .what = "the change was not confirmed in time" });
	agent_adopt(agent, NULL);
	return 0;
}

int agent_adopt(struct agent *agent, struct hp_err *err)
{
	struct hp_state *state = NULL;
	int ret = hp_state_load(&agent->ctx, &state, err);

	agent->confirm = sd_event_source_disable_unref(agent->confirm);
	if (ret < 0)
		return ret;
	hp_state_free(agent->state);
	agent->state = state;
	if (state)
		refused_clear(agent);
	metrics_adopt(agent);
	if (state && state->confirm_by_ns) {
		ret = sd_event_add_time(agent->loop, &agent->confirm, CLOCK_BOOTTIME,
					(uint64_t)state->confirm_by_ns / 1000, 10000, on_confirm_deadline, agent);
		if (ret < 0)
			return hp_err_errno(err, -ret, "setting the confirm timer");
	}
	reclaim_adopt(agent);
	return watches_rebuild(agent, err);
}

/* Byte for byte, as partctl sends it: it is compared with what was applied. -ENOENT: there is none. */
static int read_policy(const char *path, char **text, struct hp_err *err)
{
	size_t length;
	int ret = hp_file_read(path, POLICY_BYTES_MAX, text, &length, err);

	if (ret == 0 && strlen(*text) != length)
		ret = hp_err_set(err, EINVAL, "%s is not text: it holds a NUL byte", path);
	return ret;
}

static void say_not_told(const struct hp_err *err)
{
	if (hp_err_is_set(err))
		hp_log(LOG_WARNING, "devices of the operating systems: %s", err->text);
}

void agent_refresh_hosts(struct agent *agent)
{
	hp_autoerr err = HP_ERR_INIT;

	hp_hosts_refresh(&agent->ctx, &err);
	say_not_told(&err);
}

/* A failure is that domain's alone: everything else is in force. */
void agent_start_hosts(struct agent *agent)
{
	hp_autoerr not_told = HP_ERR_INIT, err = HP_ERR_INIT;
	unsigned int booted;

	hp_hosts_start(&agent->ctx, &not_told, &booted, &err);
	say_not_told(&not_told);
	if (hp_err_is_set(&err))
		hp_log(LOG_ERR, "autostart: %s", err.text);
	if (booted)
		hp_log(LOG_NOTICE, "autostart: %u operating system%s", booted, booted == 1 ? "" : "s");
}

static void apply_at_start(struct agent *agent)
{
	hp_autofree char *text = NULL;
	hp_autoerr err = HP_ERR_INIT;
	const struct hp_engine_options options = { 0 };
	struct hp_event event = { .type = "applied", .done = "at start", .actor = { .known = true, .pid = getpid() } };
	size_t changed = 0;
	int ret = read_policy(agent->policy_file, &text, &err);

	if (agent->state) {
		hp_log(LOG_NOTICE, "adopted the domains of %s as they run", agent->state->policy_file);
		if (ret == 0 && strcmp(agent->state->policy_file, agent->policy_file) == 0 &&
		    strcmp(text, agent->state->policy_text) != 0)
			hp_log(LOG_NOTICE, "%s has changed since it was applied; 'partctl apply %s' makes it so",
			       agent->policy_file, agent->policy_file);
		return;
	}
	if (ret == -ENOENT) {
		hp_log(LOG_NOTICE, "no policy at %s: waiting for 'partctl apply'", agent->policy_file);
		return;
	}
	if (ret == 0)
		ret = hp_engine_apply(&agent->ctx, agent->policy_file, text, &options, &changed, &err);
	if (ret < 0) {
		refused_policy(agent, err.text);
		return;
	}
	event.what = agent->policy_file;
	hp_actor_describe(&event.actor);
	agent_tell(agent, &event);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct agent *agent = arg;

	(void)source;
	hp_log(LOG_NOTICE, "signal %u: stopping; the domains stay as they are", info->ssi_signo);
	return sd_event_exit(agent->loop, 0);
}

static int catch_signals(struct agent *agent)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_add_signal(agent->loop, NULL, SIGTERM, on_signal, agent) < 0)
		return -1;
	return sd_event_add_signal(agent->loop, NULL, SIGINT, on_signal, agent);
}

/*
 * What a start or a change needed for a moment (the kernel's BTF alone is
 * megabytes) goes back to the machine. glibc would keep it for the next time.
 */
void agent_trim(void)
{
	malloc_trim(0);
}

static int start(struct agent *agent, const struct metrics_options *metrics, struct hp_err *err)
{
	int ret, recovered = 0;
	bool expired = false;

	agent->ctx.root = hp_root_open("/", err);
	if (!agent->ctx.root)
		return -err->errnum;
	ret = sd_event_default(&agent->loop);
	if (ret < 0 || catch_signals(agent) < 0)
		return hp_err_errno(err, ret < 0 ? -ret : errno, "starting the event loop");
	sd_event_set_watchdog(agent->loop, true);
	ret = metrics_start(agent, metrics, err);
	if (ret == 0)
		ret = server_start(agent, err);
	if (ret == 0)
		ret = metrics_serve(agent, err);
	if (ret < 0)
		return ret;
	ret = hp_engine_recover(&agent->ctx, &recovered, err);
	if (ret == 0)
		ret = hp_engine_expire(&agent->ctx, &expired, err);
	if (ret < 0)
		return ret;
	if (recovered == 1)
		agent_tell(agent, &(struct hp_event){ .type = "reverted", .what = "a change that was cut short" });
	ret = drift_start(agent, err);
	if (ret < 0)
		return ret;
	actors_start(agent);
	reclaim_start(agent);
	refused_clear(agent);
	ret = agent_adopt(agent, err);
	if (ret < 0)
		return ret;
	apply_at_start(agent);
	ret = agent_adopt(agent, err);
	drift_suspect(agent, AGENT_ALL);
	agent_start_hosts(agent);
	return ret;
}

static void stop(struct agent *agent)
{
	hp_autofree char *socket_path = NULL;

	metrics_stop(agent);
	reclaim_stop(agent);
	watches_free(agent);
	drift_stop(agent);
	actors_stop(agent);
	agent->confirm = sd_event_source_disable_unref(agent->confirm);
	sd_event_unref(agent->loop);
	hp_state_free(agent->state);
	hp_root_close(agent->ctx.root);
	if (asprintf(&socket_path, "%s/partd.sock", agent->ctx.run_dir) > 0)
		unlink(socket_path);
}

enum { OPTION_CERT = 256, OPTION_KEY, OPTION_CLIENT_CA, OPTION_NO_CONTENTION };

/* False when it is none of the metrics' options, or a bad one (which was said). */
static bool parse_metrics(int code, const char *value, struct metrics_options *metrics)
{
	hp_autoerr err = HP_ERR_INIT;

	switch (code) {
	case 'm':
		if (metrics_option(metrics, value, &err) == 0)
			return true;
		fprintf(stderr, "partd: --metrics: %s\n", err.text);
		return false;
	case OPTION_CERT:
		metrics->certificate = value;
		return true;
	case OPTION_KEY:
		metrics->key = value;
		return true;
	case OPTION_CLIENT_CA:
		metrics->client_ca = value;
		return true;
	case OPTION_NO_CONTENTION:
		metrics->is_without_contention = true;
		return true;
	default:
		usage(stderr);
		return false;
	}
}

static int parse(int argc, char **argv, struct agent *agent, struct metrics_options *metrics, int *level)
{
	static const struct option longs[] = {
		{ "policy", required_argument, NULL, 'p' }, { "debug", no_argument, NULL, 'd' },
		{ "metrics", required_argument, NULL, 'm' }, { "metrics-cert", required_argument, NULL, OPTION_CERT },
		{ "metrics-key", required_argument, NULL, OPTION_KEY },
		{ "metrics-client-ca", required_argument, NULL, OPTION_CLIENT_CA },
		{ "no-contention", no_argument, NULL, OPTION_NO_CONTENTION },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int code;

	while ((code = getopt_long(argc, argv, "p:m:dh", longs, NULL)) != -1) {
		switch (code) {
		case 'p':
			agent->policy_file = optarg;
			break;
		case 'd':
			*level = LOG_DEBUG;
			break;
		case 'h':
			usage(stdout);
			exit(HP_EXIT_OK);
		case 'V':
			printf("partd %s\n", HP_VERSION);
			exit(HP_EXIT_OK);
		default:
			if (!parse_metrics(code, optarg, metrics))
				return -1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "partd: '%s' is too much\n", argv[optind]);
		return -1;
	}
	if (metrics_options_check(metrics, &err) < 0) {
		fprintf(stderr, "partd: %s\n", err.text);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct agent agent = { .policy_file = POLICY_FILE };
	struct metrics_options metrics = { .count = 0 };
	hp_autoerr err = HP_ERR_INIT;
	int level = LOG_INFO, ret;

	hp_engine_ctx_init(&agent.ctx);
	if (parse(argc, argv, &agent, &metrics, &level) < 0)
		return HP_EXIT_USAGE;
	hp_log_init("partd", level);
	/* Fixed, or the first large block freed would raise it, and with it what stays in the heap. */
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	if (geteuid() != 0) {
		fprintf(stderr, "partd: only root may run it\n");
		return HP_EXIT_FAIL;
	}
	ret = start(&agent, &metrics, &err);
	if (ret < 0) {
		hp_log(LOG_ERR, "%s", err.text);
		return err.exit;
	}
	sd_notify(0, "READY=1\nSTATUS=watching");
	agent_trim();
	ret = sd_event_loop(agent.loop);
	sd_notify(0, "STOPPING=1");
	stop(&agent);
	return ret < 0 ? HP_EXIT_FAIL : HP_EXIT_OK;
}
