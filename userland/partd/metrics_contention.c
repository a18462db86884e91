// SPDX-License-Identifier: GPL-2.0
/* metrics_contention.c: has the waits of the domains in force counted, also while partd is away. */
#include "metrics.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_irq.h"
#include "base/hp_log.h"
#include "kernel/hp_kernel.h"

/* Loading takes the processor for a while: not while somebody waits for the answer to an apply, and not for each of a series. */
enum { BEGIN_US = 300 * 1000, IRQS_ROOM = 1024 };

struct irqs {
	const struct metrics_domains *domains;
	struct hp_contention_irq *items;
	size_t count;
};

static void add_irq(struct irqs *irqs, unsigned int number, unsigned int domain)
{
	struct hp_contention_irq *items = reallocarray(irqs->items, irqs->count + 1, sizeof(*items));

	/* One that is missing counts as nobody's, and is there at the next change. */
	if (!items)
		return;
	irqs->items = items;
	items[irqs->count++] = (struct hp_contention_irq){ number, domain };
}

static int add_vector(const struct hp_kernel_vector *vector, void *arg)
{
	struct irqs *irqs = arg;

	for (unsigned int i = 0; *vector->domain && i < irqs->domains->count; i++)
		if (strcmp(vector->domain, irqs->domains->names[i]) == 0)
			add_irq(irqs, vector->irq, i);
	return 0;
}

/* Interrupts that were placed for a domain; the module also knows those that the kernel places itself. */
static void find_irqs(const struct agent *agent, struct irqs *irqs)
{
	hp_autokernel *kernel = NULL;
	unsigned int number;

	for (size_t i = 0; agent->state && i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;

		if (setting->domain >= 0 && strcmp(setting->backend, "irq") == 0 &&
		    !hp_irq_number(agent->ctx.root, setting->object, &number, NULL))
			add_irq(irqs, number, (unsigned int)setting->domain);
	}
	if (hp_kernel_open(&kernel, NULL) == 0)
		hp_kernel_vectors_dump(kernel, NULL, add_vector, irqs, NULL);
}

static void take_up(struct counting *counting, struct load_result result)
{
	counting->contention = result.contention;
	counting->waits = result.waits;
}

static void close_all(struct load_result result)
{
	hp_waits_close(result.waits);
	hp_contention_close(result.contention);
}

static void unpin(const struct counting *counting)
{
	hp_autoerr err = HP_ERR_INIT;

	if (counting->pins && hp_contention_unpin(counting->pins, &err) < 0)
		hp_log(LOG_WARNING, "the counting of waits goes on: %s", err.text);
}

/* What can change without other domains: whose interrupts are whose, and how many processors each has. */
static void follow(struct agent *agent, const struct metrics_domains *domains)
{
	struct counting *counting = &agent->metrics->counting;
	struct irqs irqs = { domains, NULL, 0 };

	if (!counting->contention)
		return;
	find_irqs(agent, &irqs);
	hp_contention_set_irqs(counting->contention, irqs.items, irqs.count, NULL);
	hp_contention_follow(counting->contention);
	free(irqs.items);
}

static void begin_soon(struct agent *agent);

/* The thread has ended. If it was for other domains than those of now, these begin. */
static void on_loaded(void *arg)
{
	struct agent *agent = arg;
	struct counting *counting = &agent->metrics->counting;
	bool is_cancelled = load_is_cancelled(counting->load);
	struct load_result result = load_finish(hp_take(counting->load));

	if (!is_cancelled) {
		take_up(counting, result);
		follow(agent, &agent->metrics->domains);
	} else {
		close_all(result);
		begin_soon(agent);
	}
	agent_trim();
	hp_serve_site_stale(agent->metrics->site);
}

/* Without this partd does all else as well: a machine that cannot count is told about once. */
static int on_begin(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;
	struct metrics *metrics = agent->metrics;
	struct counting *counting = &metrics->counting;
	struct irqs irqs = { &metrics->domains, NULL, 0 };
	struct hp_contention_options options;

	(void)source;
	(void)usec;
	counting->begin = sd_event_source_disable_unref(counting->begin);
	find_irqs(agent, &irqs);
	options = (struct hp_contention_options){ .cgroups = metrics->domains.ids, .cgroups_count = metrics->domains.count,
						  .irqs = irqs.items, .irqs_count = irqs.count, .irqs_room = IRQS_ROOM };
	counting->load = load_start(agent->loop, &options, counting->pins, on_loaded, agent);
	free(irqs.items);
	return 0;
}

static void begin_soon(struct agent *agent)
{
	struct counting *counting = &agent->metrics->counting;
	int ret = sd_event_add_time_relative(agent->loop, &counting->begin, CLOCK_MONOTONIC, BEGIN_US, 0, on_begin, agent);

	if (ret < 0)
		hp_log(LOG_WARNING, "waits are not counted: %s", strerror(-ret));
}

static bool is_same(const struct metrics_domains *a, const struct metrics_domains *b)
{
	bool is = a->count == b->count;

	for (size_t i = 0; is && i < a->count; i++)
		is = a->ids[i] == b->ids[i] && strcmp(a->names[i], b->names[i]) == 0;
	return is;
}

/* Lets go of what counts, and of what is about to; its pins stay. */
static void leave(struct counting *counting)
{
	counting->begin = sd_event_source_disable_unref(counting->begin);
	if (counting->load)
		load_cancel(counting->load);
	close_all((struct load_result){ hp_take(counting->contention), hp_take(counting->waits) });
}

void counting_adopt(struct agent *agent, const struct metrics_domains *domains)
{
	struct metrics *metrics = agent->metrics;
	struct counting *counting = &metrics->counting;
	bool was_wanted = counting->is_wanted;

	if (!counting->pins && asprintf(&counting->pins, "%s/contention", agent->ctx.bpffs_dir) < 0) {
		counting->pins = NULL;
		return;
	}
	counting->is_wanted = !metrics->options.is_off && !metrics->options.is_without_contention && domains->count > 0 &&
			      domains->count <= HP_CONTENTION_DOMAINS_MAX;
	if (counting->is_wanted && was_wanted && is_same(&metrics->domains, domains)) {
		follow(agent, domains);
		return;
	}
	leave(counting);
	if (!counting->is_wanted) {
		/* A teardown leaves nothing behind when it is over; it waits for the object that is being loaded, if there is one. */
		if (counting->load)
			close_all(load_finish(hp_take(counting->load)));
		unpin(counting);
	} else if (!counting->load) {
		begin_soon(agent);
	}
	/* Else a load for other domains was cancelled: when it has ended these begin. */
}

void counting_stop(struct agent *agent)
{
	struct counting *counting = &agent->metrics->counting;

	leave(counting);
	/* What it has pinned until now counts on, and the next partd adds the rest. */
	if (counting->load)
		close_all(load_finish(hp_take(counting->load)));
	free(hp_take(counting->pins));
}
