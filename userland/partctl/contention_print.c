// SPDX-License-Identifier: GPL-2.0
/* contention_print.c: who waited for whom, as tables or as an object. */
#include "contention_print.h"

#include <inttypes.h>
#include "contention_latency.h"

static const char *const lost_reasons[HP_LOST_REASONS] = {
	[HP_LOST_HISTORY] = "waits reach back further than the history: their first part is in (unknown)",
	[HP_LOST_ORIGIN] = "waits lack what was waited before the task was moved to another CPU",
	[HP_LOST_NESTED] = "interrupts count for the softirq that they interrupted",
	[HP_LOST_SWITCH] = "switches were not told by the kernel; the waits before them were made up for",
	[HP_LOST_WINDOW] = "waits were so long that the contention rate lacks a part of them",
};

static const struct {
	const char *tracepoint, *loss;
} hooks[HP_HOOKS] = {
	[HP_HOOK_SWITCH] = { "sched_switch", "nothing can be counted" },
	[HP_HOOK_MOVE] = { "sched_migrate_task", "waits of tasks that are moved while they wait lack what came before the move" },
	[HP_HOOK_IRQ] = { "irq_handler_entry", "interrupts count for the task that they interrupt; none is counted as stolen time" },
	[HP_HOOK_SOFTIRQ] = { "softirq_entry", "softirqs count for the task that they interrupt; none is counted as stolen time" },
};

/* Domains, base and the kernel; the other rows never wait for a processor. */
static size_t count_victims(const struct contention_subject *subject)
{
	return subject->count + 2;
}

/* ---- JSON and YAML ---- */

static struct json_object *latency_json(const struct hp_blame *blame, size_t victim)
{
	struct json_object *object = json_object_new_object();
	uint64_t latency[HP_LATENCY_BUCKETS];

	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++)
		latency[i] = blame->rows[victim].latency[i];
	contention_add_latency(object, latency);
	return object;
}

/* null for the kernel, which has none. */
static struct json_object *rate_json(const struct hp_blame *blame, size_t victim)
{
	double rate = hp_blame_contention_rate(blame, victim);

	return rate < 0 ? NULL : json_object_new_double(rate);
}

static struct json_object *victims_json(const struct contention_subject *subject, const struct hp_blame *blame)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t row = contention_victim_at(subject, i);
		struct json_object *item = json_object_new_object();

		out_add_text(item, "name", contention_row_name(subject, row));
		if (i < subject->count)
			out_add_text(item, "cgroup", subject->cgroups[i]);
		out_add_number(item, "wait_ns", hp_blame_wait_ns(blame, row));
		out_add_number(item, "foreign_ns", hp_blame_foreign_ns(blame, row));
		json_object_object_add(item, "contention_rate", rate_json(blame, row));
		out_add_number(item, "stolen_ns", hp_blame_stolen_ns(blame, row));
		out_add_number(item, "waits", hp_blame_waits(blame, row));
		out_add_number(item, "preempted", hp_blame_preemptions(blame, row));
		out_add_number(item, "preempted_by_others", hp_blame_foreign_preemptions(blame, row));
		json_object_object_add(item, "latency", latency_json(blame, row));
		json_object_array_add(list, item);
	}
	return list;
}

static void add_cell(struct json_object *list, const char *resource, const char *victim, const char *aggressor,
		     bool is_foreign, uint64_t time_ns, const uint64_t *preemptions, double share)
{
	struct json_object *item = json_object_new_object();

	out_add_text(item, "resource", resource);
	out_add_text(item, "victim", victim);
	out_add_text(item, "aggressor", aggressor);
	out_add_flag(item, "foreign", is_foreign);
	out_add_number(item, "time_ns", time_ns);
	out_add_real(item, "share", share);
	if (preemptions)
		out_add_number(item, "preemptions", *preemptions);
	json_object_array_add(list, item);
}

/* The matrix without its empty cells. */
static struct json_object *blame_json(const struct contention_subject *subject, const struct hp_blame *blame,
				      const struct contention_waits *waits)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t victim = contention_victim_at(subject, i);
		const struct hp_row *row = &blame->rows[victim];
		uint64_t wait_ns = hp_blame_wait_ns(blame, victim);
		const char *name = contention_row_name(subject, victim);

		for (size_t j = 0; j < blame->count; j++) {
			bool is_foreign = hp_blame_is_foreign(victim, j);
			uint64_t preemptions = row->preempted_by[j];

			if (row->by_ns[j] || preemptions)
				add_cell(list, "cpu", name, contention_row_name(subject, j), is_foreign, row->by_ns[j], &preemptions,
					 out_part(row->by_ns[j], wait_ns));
			if (row->stolen_ns[j])
				add_cell(list, "interrupts", name, contention_row_name(subject, j), is_foreign, row->stolen_ns[j], NULL,
					 out_part(row->stolen_ns[j], blame->time_ns));
		}
	}
	contention_waits_add_cells(list, subject, waits);
	return list;
}

static struct json_object *lost_json(const struct hp_blame *blame)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		out_add_number(object, hp_lost_words[i], blame->lost[i]);
	out_add_number(object, "skipped", blame->skipped);
	return object;
}

static struct json_object *missing_json(const struct hp_contention *contention)
{
	struct json_object *list = json_object_new_array();

	for (int hook = 0; hook < HP_HOOKS; hook++) {
		struct json_object *item;

		if (!hp_contention_missing(contention, hook))
			continue;
		item = json_object_new_object();
		out_add_text(item, "hook", hooks[hook].tracepoint);
		out_add_text(item, "why", hp_contention_missing(contention, hook));
		out_add_text(item, "loss", hooks[hook].loss);
		json_object_array_add(list, item);
	}
	return list;
}

static void print_object(const struct run *run, const struct contention_subject *subject,
			 const struct hp_contention *contention, const struct hp_blame *blame,
			 const struct contention_waits *waits)
{
	struct json_object *object = json_object_new_object();

	out_add_number(object, "time_ns", blame->time_ns);
	json_object_object_add(object, "victims", victims_json(subject, blame));
	json_object_object_add(object, "blame", blame_json(subject, blame, waits));
	json_object_object_add(object, "waits", contention_waits_json(subject, waits));
	json_object_object_add(object, "cache", contention_cache_json(subject, &waits->cache));
	if (waits->locks.is_wanted)
		json_object_object_add(object, "lock_sites", contention_locks_json(subject, &waits->locks));
	json_object_object_add(object, "lost", lost_json(blame));
	json_object_object_add(object, "missing", missing_json(contention));
	out_add_number(object, "memory_bytes", hp_contention_memory(contention) + contention_waits_memory(waits));
	out_object(run, object);
}

/* ---- tables ---- */

static const char *format_rate(char text[16], double rate)
{
	return rate < 0 ? "-" : out_percent(text, rate);
}

static void print_victims(const struct run *run, const struct contention_subject *subject, const struct hp_blame *blame)
{
	static const char *const headers[] = { "VICTIM", ">WAITED", ">FOR OTHERS", ">SHARE", ">CONTENDED", ">STOLEN", ">WAITS",
					       ">P50", ">P99", ">PREEMPTED", NULL };
	struct out_table *table = out_table_new(run, headers);
	char waited[16], foreign[16], share[16], rate[16], stolen[16], p50[16], p99[16], waits[24], preempted[24];

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t row = contention_victim_at(subject, i);
		uint64_t wait_ns = hp_blame_wait_ns(blame, row), foreign_ns = hp_blame_foreign_ns(blame, row);

		out_table_row(table, contention_row_name(subject, row), out_time(waited, wait_ns), out_time(foreign, foreign_ns),
			      out_percent(share, out_part(foreign_ns, wait_ns)),
			      format_rate(rate, hp_blame_contention_rate(blame, row)),
			      out_time(stolen, hp_blame_stolen_ns(blame, row)),
			      out_count(waits, hp_blame_waits(blame, row)),
			      out_time(p50, hp_blame_percentile_ns(blame, row, 500)),
			      out_time(p99, hp_blame_percentile_ns(blame, row, 990)),
			      out_count(preempted, hp_blame_foreign_preemptions(blame, row)));
	}
	out_table_print(table, stdout);
}

static void add_line(struct out_table *table, const char *resource, const struct contention_subject *subject, size_t victim,
		     size_t aggressor, uint64_t time_ns, double share, const char *preemptions)
{
	char time[16], percent[16];

	out_table_row(table, resource, contention_row_name(subject, victim), contention_blamed_name(subject, victim, aggressor),
		      out_time(time, time_ns), out_percent(percent, share), preemptions);
	if (contention_is_other_domain(victim, aggressor))
		out_table_colour(table, 2, OUT_YELLOW);
}

static void print_blame(const struct run *run, const struct contention_subject *subject, const struct hp_blame *blame,
			const struct contention_waits *waits)
{
	static const char *const headers[] = { "RESOURCE", "VICTIM", "AGGRESSOR", ">TIME", ">SHARE", ">PREEMPTIONS", NULL };
	struct out_table *table = out_table_new(run, headers);
	char count[24];

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t victim = contention_victim_at(subject, i);
		const struct hp_row *row = &blame->rows[victim];

		for (size_t j = 0; j < blame->count; j++)
			if (row->by_ns[j] || row->preempted_by[j])
				add_line(table, "cpu", subject, victim, j, row->by_ns[j],
					 out_part(row->by_ns[j], hp_blame_wait_ns(blame, victim)),
					 out_count(count, row->preempted_by[j]));
		for (size_t j = 0; j < blame->count; j++)
			if (row->stolen_ns[j] && victim != j)
				add_line(table, "interrupts", subject, victim, j, row->stolen_ns[j],
					 out_part(row->stolen_ns[j], blame->time_ns), NULL);
	}
	contention_waits_add_lines(table, subject, waits);
	out_table_print(table, stdout);
}

static void print_losses(const struct run *run, const struct hp_contention *contention, const struct hp_blame *blame)
{
	const char *yellow = out_colour(run, OUT_YELLOW), *plain = out_colour(run, OUT_PLAIN);

	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		if (blame->lost[i])
			printf("%slost%s  %" PRIu64 " %s\n", yellow, plain, blame->lost[i], lost_reasons[i]);
	if (blame->skipped)
		printf("%slost%s  %" PRIu64 " events that came while the same program was at work\n", yellow, plain, blame->skipped);
	for (int hook = 0; hook < HP_HOOKS; hook++)
		if (hp_contention_missing(contention, hook))
			printf("%snot counted%s  %s (%s): %s\n", yellow, plain, hooks[hook].tracepoint,
			       hp_contention_missing(contention, hook), hooks[hook].loss);
	if (hp_blame_lost(blame) == 0 && !run->is_quiet)
		printf("no event was lost\n");
}

void contention_print(const struct run *run, const struct contention_subject *subject,
		      const struct hp_contention *contention, const struct hp_blame *blame,
		      const struct contention_waits *waits)
{
	if (run->format != OUT_TABLE) {
		print_object(run, subject, contention, blame, waits);
		return;
	}
	if (!run->is_quiet)
		printf("%.1f s were counted\n\n", (double)blame->time_ns / 1e9);
	print_victims(run, subject, blame);
	putchar('\n');
	print_blame(run, subject, blame, waits);
	contention_waits_print(run, subject, waits);
	contention_cache_print(run, subject, &waits->cache);
	contention_locks_print(run, subject, &waits->locks);
	putchar('\n');
	contention_waits_print_losses(run, waits);
	contention_cache_print_losses(run, &waits->cache);
	print_losses(run, contention, blame);
}
