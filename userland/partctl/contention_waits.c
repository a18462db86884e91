// SPDX-License-Identifier: GPL-2.0
/* contention_waits.c: what partctl contention says about waits for disks, memory, locks and ports. */
#include "contention_waits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include "contention_latency.h"

static const char *const lost_reasons[HP_WAIT_LOST_REASONS] = {
	[HP_WAIT_LOST_ROOM] = "waits were not counted: more were under way than can be followed",
	[HP_WAIT_LOST_EVENT] = "waits were not counted: their end was not told",
};

enum hp_wait_kind contention_waits_kind(const char *resource)
{
	enum hp_wait_kind kind = 0;

	while (kind < HP_WAIT_KINDS && (!hp_wait_resource(kind) || strcmp(hp_wait_resource(kind), resource) != 0))
		kind++;
	return kind;
}

int contention_waits_open(struct contention_waits *waits, const struct hp_contention_options *options,
			  const struct hp_contention *contention, struct hp_err *err)
{
	int ret = hp_waits_open(options, ((1u << HP_WAIT_KINDS) - 1) & ~waits->without, &waits->waits, err);

	if (ret == 0)
		hp_waits_share_switch(waits->waits, contention, NULL);	/* without that it only costs more */
	return ret;
}

void contention_waits_close(struct contention_waits *waits)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		hp_wait_matrix_clear(&waits->shown[kind]);
		hp_wait_matrix_clear(&waits->before[kind]);
	}
	contention_locks_clear(&waits->locks);
	contention_cache_close(&waits->cache);
	hp_waits_close(waits->waits);
	waits->waits = NULL;
}

void contention_waits_stop(struct contention_waits *waits)
{
	hp_waits_stop(waits->waits);
}

int contention_waits_read(struct contention_waits *waits, struct hp_err *err)
{
	int ret = hp_waits_read(waits->waits, waits->shown, err);

	ret = ret ? ret : contention_cache_read_news(&waits->cache, err);
	return ret ? ret : contention_locks_read(&waits->locks, waits->waits, err);
}

int contention_waits_read_news(struct contention_waits *waits, struct hp_err *err)
{
	int ret = hp_waits_read(waits->waits, waits->shown, err);

	for (int kind = 0; ret == 0 && kind < HP_WAIT_KINDS; kind++) {
		struct hp_wait_matrix *shown = &waits->shown[kind], *before = &waits->before[kind];

		if (shown->count && !before->count && hp_wait_matrix_init(before, shown->count))
			return hp_err_errno(err, ENOMEM, "reading the counters of waits");
		hp_wait_matrix_subtract(shown, before);
		hp_wait_matrix_accumulate(before, shown);
	}
	ret = ret ? ret : contention_cache_read_news(&waits->cache, err);
	return ret ? ret : contention_locks_read(&waits->locks, waits->waits, err);
}

size_t contention_waits_memory(const struct contention_waits *waits)
{
	return hp_waits_memory(waits->waits);
}

static uint64_t cell(const struct hp_wait_matrix *matrix, const uint64_t *cells, size_t victim, size_t aggressor)
{
	return cells[victim * matrix->count + aggressor];
}

static uint64_t sum_events(const struct hp_wait_matrix *matrix, size_t victim)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < matrix->count; i++)
		sum += cell(matrix, matrix->events, victim, i);
	return sum;
}

/* ---- JSON and YAML ---- */

static void add_cell(struct json_object *list, const struct contention_subject *subject, enum hp_wait_kind kind,
		     const struct hp_wait_matrix *matrix, size_t victim, size_t aggressor)
{
	uint64_t time_ns = cell(matrix, matrix->by_ns, victim, aggressor);
	uint64_t events = cell(matrix, matrix->events, victim, aggressor);
	struct json_object *item;

	if (!time_ns && !events)
		return;
	item = json_object_new_object();
	out_add_text(item, "resource", hp_wait_resource(kind));
	out_add_text(item, "victim", contention_row_name(subject, victim));
	out_add_text(item, "aggressor", contention_row_name(subject, aggressor));
	out_add_flag(item, "foreign", hp_blame_is_foreign(victim, aggressor));
	out_add_number(item, "time_ns", time_ns);
	out_add_real(item, "share", out_part(time_ns, hp_wait_total_ns(matrix, victim)));
	if (hp_wait_events(kind))
		out_add_number(item, hp_wait_events(kind), events);
	json_object_array_add(list, item);
}

void contention_waits_add_cells(struct json_object *list, const struct contention_subject *subject,
				const struct contention_waits *waits)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = &waits->shown[kind];

		for (size_t i = 0; i < matrix->count; i++)
			for (size_t aggressor = 0; aggressor < matrix->count; aggressor++)
				add_cell(list, subject, kind, matrix, contention_victim_at(subject, i), aggressor);
	}
}

static struct json_object *phase_json(enum hp_wait_kind kind, const struct hp_wait_matrix *matrix, size_t victim,
				      unsigned int phase)
{
	struct json_object *object = json_object_new_object();

	out_add_text(object, "phase", hp_wait_phase(kind, phase));
	out_add_number(object, "time_ns", matrix->phase_ns[victim][phase]);
	out_add_number(object, "waits", hp_wait_phase_count(matrix, victim, phase));
	contention_add_latency(object, matrix->latency[victim][phase]);
	return object;
}

static struct json_object *victims_json(const struct contention_subject *subject, enum hp_wait_kind kind,
					const struct hp_wait_matrix *matrix)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < matrix->count; i++) {
		size_t victim = contention_victim_at(subject, i);
		struct json_object *item, *phases;

		/* Of the rows that are not domains only those that did wait. */
		if (i >= subject->count && !hp_wait_total_ns(matrix, victim) && !sum_events(matrix, victim))
			continue;
		item = json_object_new_object();
		phases = json_object_new_array();
		out_add_text(item, "name", contention_row_name(subject, victim));
		out_add_number(item, "wait_ns", hp_wait_total_ns(matrix, victim));
		out_add_number(item, "foreign_ns", hp_wait_foreign_ns(matrix, victim));
		if (hp_wait_events(kind))
			out_add_number(item, hp_wait_events(kind), sum_events(matrix, victim));
		for (unsigned int phase = 0; hp_wait_phase(kind, phase); phase++)
			json_object_array_add(phases, phase_json(kind, matrix, victim, phase));
		json_object_object_add(item, "phases", phases);
		json_object_array_add(list, item);
	}
	return list;
}

struct json_object *contention_waits_json(const struct contention_subject *subject,
					  const struct contention_waits *waits)
{
	struct json_object *list = json_object_new_array();

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = &waits->shown[kind];
		const char *missing = hp_waits_missing(waits->waits, kind);
		struct json_object *item, *lost;

		if (!matrix->count && !missing)
			continue;
		item = json_object_new_object();
		lost = json_object_new_object();
		out_add_text(item, "resource", hp_wait_resource(kind));
		json_object_object_add(item, "victims", victims_json(subject, kind, matrix));
		for (size_t i = 0; i < HP_WAIT_LOST_REASONS; i++)
			out_add_number(lost, hp_wait_lost_words[i], matrix->lost[i]);
		out_add_number(lost, "skipped", matrix->skipped);
		json_object_object_add(item, "lost", lost);
		out_add_text(item, "missing", missing);
		json_object_array_add(list, item);
	}
	return list;
}

/* ---- tables ---- */

void contention_waits_add_lines(struct out_table *table, const struct contention_subject *subject,
				const struct contention_waits *waits)
{
	char time[16], share[16];

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = &waits->shown[kind];

		for (size_t i = 0; i < matrix->count; i++) {
			size_t victim = contention_victim_at(subject, i);
			uint64_t total = hp_wait_total_ns(matrix, victim);

			for (size_t j = 0; j < matrix->count; j++) {
				uint64_t time_ns = cell(matrix, matrix->by_ns, victim, j);

				if (!time_ns)
					continue;
				out_table_row(table, hp_wait_resource(kind), contention_row_name(subject, victim),
					      contention_blamed_name(subject, victim, j), out_time(time, time_ns),
					      out_percent(share, out_part(time_ns, total)), NULL);
				if (contention_is_other_domain(victim, j))
					out_table_colour(table, 2, OUT_YELLOW);
			}
		}
	}
}

static void add_phases(struct out_table *table, const struct contention_subject *subject, enum hp_wait_kind kind,
		       const struct hp_wait_matrix *matrix)
{
	char time[16], count[24], p50[16], p99[16];

	for (size_t i = 0; i < matrix->count; i++) {
		size_t victim = contention_victim_at(subject, i);

		for (unsigned int phase = 0; hp_wait_phase(kind, phase); phase++) {
			uint64_t waits = hp_wait_phase_count(matrix, victim, phase);

			if (waits)
				out_table_row(table, hp_wait_resource(kind), contention_row_name(subject, victim),
					      hp_wait_phase(kind, phase), out_time(time, matrix->phase_ns[victim][phase]),
					      out_count(count, waits),
					      out_time(p50, hp_wait_percentile_ns(matrix, victim, phase, 500)),
					      out_time(p99, hp_wait_percentile_ns(matrix, victim, phase, 990)));
		}
	}
}

static void add_events(struct out_table *table, const struct contention_subject *subject, enum hp_wait_kind kind,
		       const struct hp_wait_matrix *matrix)
{
	char count[24], share[16];

	for (size_t i = 0; hp_wait_events(kind) && i < matrix->count; i++) {
		size_t victim = contention_victim_at(subject, i);
		uint64_t total = sum_events(matrix, victim);

		for (size_t j = 0; j < matrix->count; j++) {
			uint64_t events = cell(matrix, matrix->events, victim, j);

			if (!events)
				continue;
			out_table_row(table, hp_wait_resource(kind), contention_row_name(subject, victim),
				      contention_blamed_name(subject, victim, j), hp_wait_events(kind), out_count(count, events),
				      out_percent(share, out_part(events, total)));
			if (contention_is_other_domain(victim, j))
				out_table_colour(table, 2, OUT_YELLOW);
		}
	}
}

/* Which of the two tables have lines. */
static void look_for_lines(const struct contention_waits *waits, bool *has_phases, bool *has_events)
{
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		for (size_t victim = 0; victim < waits->shown[kind].count; victim++) {
			for (unsigned int phase = 0; hp_wait_phase(kind, phase); phase++)
				*has_phases |= hp_wait_phase_count(&waits->shown[kind], victim, phase) > 0;
			*has_events |= hp_wait_events(kind) && sum_events(&waits->shown[kind], victim);
		}
}

void contention_waits_print(const struct run *run, const struct contention_subject *subject,
			    const struct contention_waits *waits)
{
	static const char *const phase_headers[] = { "RESOURCE", "VICTIM", "PHASE", ">TIME", ">WAITS", ">P50", ">P99", NULL };
	static const char *const event_headers[] = { "RESOURCE", "VICTIM", "AGGRESSOR", "WHAT", ">COUNT", ">SHARE", NULL };
	bool has_phases = false, has_events = false;
	struct out_table *table;

	look_for_lines(waits, &has_phases, &has_events);
	if (has_phases) {
		table = out_table_new(run, phase_headers);
		for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
			add_phases(table, subject, kind, &waits->shown[kind]);
		putchar('\n');
		out_table_print(table, stdout);
	}
	if (has_events) {
		table = out_table_new(run, event_headers);
		for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
			add_events(table, subject, kind, &waits->shown[kind]);
		putchar('\n');
		out_table_print(table, stdout);
	}
}

void contention_waits_print_losses(const struct run *run, const struct contention_waits *waits)
{
	const char *yellow = out_colour(run, OUT_YELLOW), *plain = out_colour(run, OUT_PLAIN);

	for (int kind = 0; kind < HP_WAIT_KINDS; kind++) {
		const struct hp_wait_matrix *matrix = &waits->shown[kind];
		const char *missing = hp_waits_missing(waits->waits, kind), *resource = hp_wait_resource(kind);

		for (size_t i = 0; i < HP_WAIT_LOST_REASONS; i++)
			if (matrix->lost[i])
				printf("%slost%s  %" PRIu64 " %s %s\n", yellow, plain, matrix->lost[i], resource, lost_reasons[i]);
		if (matrix->skipped)
			printf("%slost%s  %" PRIu64 " %s events that came while the same program was at work\n", yellow, plain,
			       matrix->skipped, resource);
		if (missing)
			printf("%snot counted%s  %s: %s\n", yellow, plain, resource, missing);
	}
}
