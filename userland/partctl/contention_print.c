// SPDX-License-Identifier: GPL-2.0
/* contention_print.c: who waited for whom, as tables or as an object. */
#include "contention_print.h"

#include <inttypes.h>
#include <string.h>

static const char *const lost_words[HP_LOST_REASONS] = {
	[HP_LOST_HISTORY] = "history", [HP_LOST_ORIGIN] = "origin", [HP_LOST_NESTED] = "nested",
	[HP_LOST_SWITCH] = "switch",   [HP_LOST_WINDOW] = "window",
};

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

/* Domains first, then base and the kernel; the other rows never wait. */
static size_t victim_at(const struct contention_subject *subject, size_t i)
{
	return i < subject->count ? HP_ROW_DOMAIN + i : HP_ROW_BASE + (i - subject->count);
}

static size_t count_victims(const struct contention_subject *subject)
{
	return subject->count + 2;
}

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* ---- JSON and YAML ---- */

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_int64((int64_t)value));
}

static struct json_object *latency_json(const struct hp_blame *blame, size_t victim)
{
	static const struct {
		const char *key;
		unsigned int permille;
	} points[] = { { "p50_ns", 500 }, { "p90_ns", 900 }, { "p99_ns", 990 } };
	struct json_object *object = json_object_new_object(), *buckets = json_object_new_array();

	for (size_t i = 0; i < hp_array_size(points); i++)
		add_number(object, points[i].key, hp_blame_percentile_ns(blame, victim, points[i].permille));
	for (size_t i = 0; i < HP_LATENCY_BUCKETS; i++) {
		struct json_object *bucket;

		if (!blame->rows[victim].latency[i])
			continue;
		bucket = json_object_new_object();
		/* The last bucket has no end. */
		json_object_object_add(bucket, "below_ns", i + 1 < HP_LATENCY_BUCKETS ? json_object_new_int64(1ll << i) : NULL);
		add_number(bucket, "waits", blame->rows[victim].latency[i]);
		json_object_array_add(buckets, bucket);
	}
	json_object_object_add(object, "histogram", buckets);
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
		size_t row = victim_at(subject, i);
		struct json_object *item = json_object_new_object();

		json_object_object_add(item, "name", json_object_new_string(contention_row_name(subject, row)));
		if (i < subject->count)
			json_object_object_add(item, "cgroup", json_object_new_string(subject->cgroups[i]));
		add_number(item, "wait_ns", hp_blame_wait_ns(blame, row));
		add_number(item, "foreign_ns", hp_blame_foreign_ns(blame, row));
		json_object_object_add(item, "contention_rate", rate_json(blame, row));
		add_number(item, "stolen_ns", hp_blame_stolen_ns(blame, row));
		add_number(item, "waits", hp_blame_waits(blame, row));
		add_number(item, "preempted", hp_blame_preemptions(blame, row));
		add_number(item, "preempted_by_others", hp_blame_foreign_preemptions(blame, row));
		json_object_object_add(item, "latency", latency_json(blame, row));
		json_object_array_add(list, item);
	}
	return list;
}

static void add_cell(struct json_object *list, const char *resource, const char *victim, const char *aggressor,
		     bool is_foreign, uint64_t time_ns, const uint64_t *preemptions, double share)
{
	struct json_object *item = json_object_new_object();

	json_object_object_add(item, "resource", json_object_new_string(resource));
	json_object_object_add(item, "victim", json_object_new_string(victim));
	json_object_object_add(item, "aggressor", json_object_new_string(aggressor));
	json_object_object_add(item, "foreign", json_object_new_boolean(is_foreign));
	add_number(item, "time_ns", time_ns);
	json_object_object_add(item, "share", json_object_new_double(share));
	if (preemptions)
		add_number(item, "preemptions", *preemptions);
	json_object_array_add(list, item);
}

/* The matrix without its empty cells. */
static struct json_object *blame_json(const struct contention_subject *subject, const struct hp_blame *blame,
				      const struct contention_waits *waits)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t victim = victim_at(subject, i);
		const struct hp_row *row = &blame->rows[victim];
		uint64_t wait_ns = hp_blame_wait_ns(blame, victim);
		const char *name = contention_row_name(subject, victim);

		for (size_t j = 0; j < blame->count; j++) {
			bool is_foreign = hp_blame_is_foreign(victim, j);
			uint64_t preemptions = row->preempted_by[j];

			if (row->by_ns[j] || preemptions)
				add_cell(list, "cpu", name, contention_row_name(subject, j), is_foreign, row->by_ns[j], &preemptions,
					 share_of(row->by_ns[j], wait_ns));
			if (row->stolen_ns[j])
				add_cell(list, "interrupts", name, contention_row_name(subject, j), is_foreign, row->stolen_ns[j], NULL,
					 share_of(row->stolen_ns[j], blame->time_ns));
		}
	}
	contention_waits_add_cells(list, subject, waits);
	return list;
}

static struct json_object *lost_json(const struct hp_blame *blame)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; i < HP_LOST_REASONS; i++)
		add_number(object, lost_words[i], blame->lost[i]);
	add_number(object, "skipped", blame->skipped);
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
		json_object_object_add(item, "hook", json_object_new_string(hooks[hook].tracepoint));
		json_object_object_add(item, "why", json_object_new_string(hp_contention_missing(contention, hook)));
		json_object_object_add(item, "loss", json_object_new_string(hooks[hook].loss));
		json_object_array_add(list, item);
	}
	return list;
}

static void print_object(const struct run *run, const struct contention_subject *subject,
			 const struct hp_contention *contention, const struct hp_blame *blame,
			 const struct contention_waits *waits)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "time_ns", blame->time_ns);
	json_object_object_add(object, "victims", victims_json(subject, blame));
	json_object_object_add(object, "blame", blame_json(subject, blame, waits));
	json_object_object_add(object, "waits", contention_waits_json(subject, waits));
	json_object_object_add(object, "cache", contention_cache_json(subject, &waits->cache));
	if (waits->locks.is_wanted)
		json_object_object_add(object, "lock_sites", contention_locks_json(subject, &waits->locks));
	json_object_object_add(object, "lost", lost_json(blame));
	json_object_object_add(object, "missing", missing_json(contention));
	add_number(object, "memory_bytes", hp_contention_memory(contention) + contention_waits_memory(waits));
	out_object(run, object);
}

/* ---- tables ---- */

static const char *format_share(char text[16], double share)
{
	snprintf(text, 16, "%.2f %%", 100 * share);
	return text;
}

static const char *format_rate(char text[16], double rate)
{
	return rate < 0 ? "-" : format_share(text, rate);
}

static const char *format_count(char text[16], uint64_t count)
{
	snprintf(text, 16, "%" PRIu64, count);
	return text;
}

static void print_victims(const struct run *run, const struct contention_subject *subject, const struct hp_blame *blame)
{
	static const char *const headers[] = { "VICTIM", ">WAITED", ">FOR OTHERS", ">SHARE", ">CONTENDED", ">STOLEN", ">WAITS",
					       ">P50", ">P99", ">PREEMPTED", NULL };
	struct out_table *table = out_table_new(run, headers);
	char waited[16], foreign[16], share[16], rate[16], stolen[16], waits[16], p50[16], p99[16], preempted[16];

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t row = victim_at(subject, i);
		uint64_t wait_ns = hp_blame_wait_ns(blame, row), foreign_ns = hp_blame_foreign_ns(blame, row);

		out_table_row(table, contention_row_name(subject, row), out_time(waited, wait_ns), out_time(foreign, foreign_ns),
			      format_share(share, share_of(foreign_ns, wait_ns)),
			      format_rate(rate, hp_blame_contention_rate(blame, row)),
			      out_time(stolen, hp_blame_stolen_ns(blame, row)),
			      format_count(waits, hp_blame_waits(blame, row)),
			      out_time(p50, hp_blame_percentile_ns(blame, row, 500)),
			      out_time(p99, hp_blame_percentile_ns(blame, row, 990)),
			      format_count(preempted, hp_blame_foreign_preemptions(blame, row)));
	}
	out_table_print(table, stdout);
}

static void add_line(struct out_table *table, const char *resource, const struct contention_subject *subject, size_t victim,
		     size_t aggressor, uint64_t time_ns, double share, const char *preemptions)
{
	const char *blamed = victim == aggressor ? "(its own)" : contention_row_name(subject, aggressor);
	char time[16], percent[16];

	out_table_row(table, resource, contention_row_name(subject, victim), blamed, out_time(time, time_ns),
		      format_share(percent, share), preemptions);
	if (hp_blame_is_foreign(victim, aggressor) && aggressor >= HP_ROW_DOMAIN)
		out_table_colour(table, 2, OUT_YELLOW);
}

static void print_blame(const struct run *run, const struct contention_subject *subject, const struct hp_blame *blame,
			const struct contention_waits *waits)
{
	static const char *const headers[] = { "RESOURCE", "VICTIM", "AGGRESSOR", ">TIME", ">SHARE", ">PREEMPTIONS", NULL };
	struct out_table *table = out_table_new(run, headers);
	char count[16];

	for (size_t i = 0; i < count_victims(subject); i++) {
		size_t victim = victim_at(subject, i);
		const struct hp_row *row = &blame->rows[victim];

		for (size_t j = 0; j < blame->count; j++)
			if (row->by_ns[j] || row->preempted_by[j])
				add_line(table, "cpu", subject, victim, j, row->by_ns[j],
					 share_of(row->by_ns[j], hp_blame_wait_ns(blame, victim)),
					 format_count(count, row->preempted_by[j]));
		for (size_t j = 0; j < blame->count; j++)
			if (row->stolen_ns[j] && victim != j)
				add_line(table, "interrupts", subject, victim, j, row->stolen_ns[j],
					 share_of(row->stolen_ns[j], blame->time_ns), NULL);
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
