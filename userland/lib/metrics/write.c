// SPDX-License-Identifier: GPL-2.0
/* write.c: one look at the values, family by family. */
#include "metrics/text.h"

#include <errno.h>
#include <math.h>
#include "base/hp_auto.h"

static void put_one(struct hp_metrics_text *text, enum hp_metric_id id, uint64_t value)
{
	metrics_begin(text, id);
	metrics_number(text, id, NULL, value);
}

static void put_one_real(struct hp_metrics_text *text, enum hp_metric_id id, double value)
{
	metrics_begin(text, id);
	metrics_real(text, id, NULL, value);
}

static void put_one_ns(struct hp_metrics_text *text, enum hp_metric_id id, uint64_t ns)
{
	metrics_begin(text, id);
	metrics_ns(text, id, NULL, ns);
}

static void put_agent(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	metrics_begin(text, HP_METRIC_BUILD);
	metrics_number(text, HP_METRIC_BUILD, &metrics->version, 1);
	put_one_ns(text, HP_METRIC_AGENT_CPU, metrics->agent_cpu_ns);
	put_one(text, HP_METRIC_AGENT_RESIDENT, metrics->agent_resident_bytes);
	put_one_real(text, HP_METRIC_AGENT_START, metrics->agent_start_s);
	put_one_ns(text, HP_METRIC_COLLECT, metrics->collect_ns);
}

static void put_module(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	put_one(text, HP_METRIC_MODULE_PRESENT, metrics->has_module);
	if (!metrics->has_module)
		return;
	put_one(text, HP_METRIC_MODULE_GENERATION, metrics->module_generation);
	put_one(text, HP_METRIC_MODULE_SEALED, metrics->is_sealed);
	put_one(text, HP_METRIC_MODULE_UNSENT, metrics->module_unsent);
}

static void put_policy(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	put_one(text, HP_METRIC_APPLIED, metrics->is_applied);
	if (metrics->is_applied)
		put_one_real(text, HP_METRIC_APPLIED_AT, metrics->applied_at_s);
	put_one(text, HP_METRIC_CONFIRM, metrics->is_confirm_pending);
	put_one_real(text, HP_METRIC_CONFIRM_LEFT, metrics->is_confirm_pending ? metrics->confirm_left_s : 0);
	put_one(text, HP_METRIC_SETTINGS, metrics->settings);
	put_one(text, HP_METRIC_GAPS, metrics->gaps);
	put_one(text, HP_METRIC_UNMENDED, metrics->unmended);
	if (metrics->last_check_s > 0)
		put_one_real(text, HP_METRIC_LAST_CHECK, metrics->last_check_s);
}

static void put_counts(struct hp_metrics_text *text, enum hp_metric_id id, const struct hp_counts *counts)
{
	metrics_begin(text, id);
	for (size_t i = 0; counts && i < counts->count; i++) {
		const char *labels[HP_METRIC_LABELS_MAX];

		for (size_t j = 0; j < HP_METRIC_LABELS_MAX; j++)
			labels[j] = counts->items[i].labels[j];
		metrics_number(text, id, labels, counts->items[i].value);
	}
}

/* A family with one number for each domain: where it is in struct hp_usage. */
static const struct {
	enum hp_metric_id id;
	size_t offset;
} plain[] = {
	{ HP_METRIC_DOMAIN_CPUS, offsetof(struct hp_usage, processors) },
	{ HP_METRIC_DOMAIN_TASKS, offsetof(struct hp_usage, tasks) },
	{ HP_METRIC_DOMAIN_MEMORY, offsetof(struct hp_usage, memory_bytes) },
	{ HP_METRIC_DOMAIN_MEMORY_MIN, offsetof(struct hp_usage, memory_min_bytes) },
	{ HP_METRIC_DOMAIN_MEMORY_MAX, offsetof(struct hp_usage, memory_max_bytes) },
	{ HP_METRIC_DOMAIN_READ, offsetof(struct hp_usage, read_bytes) },
	{ HP_METRIC_DOMAIN_WRITTEN, offsetof(struct hp_usage, written_bytes) },
	{ HP_METRIC_DOMAIN_RECEIVED, offsetof(struct hp_usage, received_bytes) },
	{ HP_METRIC_DOMAIN_SENT, offsetof(struct hp_usage, sent_bytes) },
};

static void put_plain(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	for (size_t i = 0; i < hp_array_size(plain); i++) {
		metrics_begin(text, plain[i].id);
		for (size_t d = 0; d < metrics->domains_count; d++) {
			uint64_t value = *(const uint64_t *)((const char *)&metrics->usage[d] + plain[i].offset);

			if (value == HP_USAGE_UNLIMITED)
				metrics_real(text, plain[i].id, &metrics->domains[d], INFINITY);
			else if (value != HP_USAGE_UNKNOWN)
				metrics_number(text, plain[i].id, &metrics->domains[d], value);
		}
	}
}

static void put_us(struct hp_metrics_text *text, enum hp_metric_id id, const char *const *labels, uint64_t us)
{
	if (us != HP_USAGE_UNKNOWN)
		metrics_ns(text, id, labels, us * 1000);
}

static void put_usage(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	put_plain(text, metrics);
	metrics_begin(text, HP_METRIC_DOMAIN_CPU);
	for (size_t d = 0; d < metrics->domains_count; d++) {
		const struct hp_usage *usage = &metrics->usage[d];

		put_us(text, HP_METRIC_DOMAIN_CPU, (const char *[]){ metrics->domains[d], "user" }, usage->user_us);
		put_us(text, HP_METRIC_DOMAIN_CPU, (const char *[]){ metrics->domains[d], "system" }, usage->system_us);
	}
	metrics_begin(text, HP_METRIC_DOMAIN_PRESSURE);
	for (size_t d = 0; d < metrics->domains_count; d++)
		for (size_t r = 0; r < HP_USAGE_RESOURCES; r++) {
			const char *labels[] = { metrics->domains[d], hp_usage_resource_words[r], "some" };

			put_us(text, HP_METRIC_DOMAIN_PRESSURE, labels, metrics->usage[d].pressure[r].some_us);
			labels[2] = "full";
			put_us(text, HP_METRIC_DOMAIN_PRESSURE, labels, metrics->usage[d].pressure[r].full_us);
		}
}

static void put_ports(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	metrics_begin(text, HP_METRIC_FOREIGN_FRAMES);
	for (size_t i = 0; i < metrics->ports_count; i++) {
		const struct hp_metrics_port *port = &metrics->ports[i];

		metrics_number(text, HP_METRIC_FOREIGN_FRAMES, (const char *[]){ port->domain, port->port, "mac" },
			       port->mac);
		metrics_number(text, HP_METRIC_FOREIGN_FRAMES, (const char *[]){ port->domain, port->port, "vlan" },
			       port->vlan);
		metrics_number(text, HP_METRIC_FOREIGN_FRAMES, (const char *[]){ port->domain, port->port, "address" },
			       port->address);
	}
}

int hp_metrics_write(struct hp_metrics_text *text, const struct hp_metrics *metrics)
{
	text->length = 0;
	put_agent(text, metrics);
	put_module(text, metrics);
	put_policy(text, metrics);
	put_counts(text, HP_METRIC_DRIFT, metrics->drift);
	put_counts(text, HP_METRIC_EVENTS, metrics->events);
	put_usage(text, metrics);
	put_ports(text, metrics);
	metrics_reclaim(text, metrics->reclaim, metrics->reclaim_count);
	metrics_contention(text, metrics->contention);
	metrics_end(text);
	return text->is_short ? -ENOMEM : 0;
}
