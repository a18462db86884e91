// SPDX-License-Identifier: GPL-2.0
/* metrics_contention.c: has the waits of the domains in force counted, also while partd is away. */
#include "metrics.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_irq.h"
#include "base/hp_log.h"
#include "kernel/hp_kernel.h"

/*
 * Loading takes the kernel's verifier some tens of milliseconds: not while
 * somebody waits for the answer to an apply, and not for each of a series.
 */
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

static struct hp_contention_options options_of(const struct metrics_domains *domains, const struct irqs *irqs)
{
	return (struct hp_contention_options){ .cgroups = domains->ids, .cgroups_count = domains->count,
					       .irqs = irqs->items, .irqs_count = irqs->count, .irqs_room = IRQS_ROOM };
}

/* Without this partd does all else as well: a machine that cannot count is told about once. */
static int begin(struct agent *agent)
{
	struct counting *counting = &agent->metrics->counting;
	struct irqs irqs = { &agent->metrics->domains, NULL, 0 };
	struct hp_contention_options options;
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	find_irqs(agent, &irqs);
	options = options_of(&agent->metrics->domains, &irqs);
	ret = hp_contention_open(&options, &counting->contention, &err);
	if (ret)
		hp_log(LOG_NOTICE, "waits are not counted: %s", err.text);
	else if (hp_contention_pin(counting->contention, counting->pins, &err) < 0)
		hp_log(LOG_WARNING, "waits are counted only while partd runs: %s", err.text);
	free(irqs.items);
	return ret;
}

static int on_begin(sd_event_source *source, uint64_t usec, void *arg)
{
	struct agent *agent = arg;
	struct counting *counting = &agent->metrics->counting;

	(void)source;
	(void)usec;
	counting->begin = sd_event_source_disable_unref(counting->begin);
	begin(agent);
	agent_trim();
	hp_serve_site_stale(agent->metrics->site);
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

static void end(struct counting *counting)
{
	hp_autoerr err = HP_ERR_INIT;

	counting->begin = sd_event_source_disable_unref(counting->begin);
	hp_contention_close(hp_take(counting->contention));
	if (counting->pins && hp_contention_unpin(counting->pins, &err) < 0)
		hp_log(LOG_WARNING, "the counting of waits goes on: %s", err.text);
}

void counting_adopt(struct agent *agent, const struct metrics_domains *domains)
{
	struct metrics *metrics = agent->metrics;
	struct counting *counting = &metrics->counting;
	struct irqs irqs = { domains, NULL, 0 };
	struct hp_contention_options options;

	if (!counting->pins && asprintf(&counting->pins, "%s/contention/cpu", agent->ctx.bpffs_dir) < 0) {
		counting->pins = NULL;
		return;
	}
	if (metrics->options.is_off || metrics->options.is_without_contention || domains->count == 0 ||
	    domains->count > HP_CONTENTION_DOMAINS_MAX) {
		end(counting);
		return;
	}
	find_irqs(agent, &irqs);
	options = options_of(domains, &irqs);
	if (counting->contention && is_same(&metrics->domains, domains)) {
		hp_contention_set_irqs(counting->contention, irqs.items, irqs.count, NULL);
	} else if (!counting->begin || !is_same(&metrics->domains, domains)) {
		hp_contention_close(hp_take(counting->contention));
		counting->begin = sd_event_source_disable_unref(counting->begin);
		if (hp_contention_adopt(&options, counting->pins, &counting->contention, NULL) < 0) {
			end(counting);
			begin_soon(agent);
		}
	}
	free(irqs.items);
}

void counting_stop(struct agent *agent)
{
	struct counting *counting = &agent->metrics->counting;

	counting->begin = sd_event_source_disable_unref(counting->begin);
	hp_contention_close(hp_take(counting->contention));
	free(hp_take(counting->pins));
}
