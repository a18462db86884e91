// SPDX-License-Identifier: GPL-2.0
/* top_print.c: one look of partctl top as tables. */
#include "top_print.h"

#include <string.h>
#include "top_format.h"
#include "top_json.h"

enum { EVENTS_SHOWN = 5 };

static void print_rows(const struct run *run, const struct top_model *model)
{
	static const char *const headers[] = { "DOMAIN", ">CPU", ">OF", ">TASKS", ">MEMORY", ">GUARANTEE", ">LIMIT", ">CPU%", ">MEM%",
					       ">IO%", ">WAIT99", ">OTHERS", ">READ", ">WRITE", ">IN", ">OUT", NULL };
	struct out_table *table = out_table_new(run, headers);
	top_text text[15];

	for (size_t i = 0; i < model->rows_count; i++) {
		const struct top_row *row = &model->rows[i];
		const struct hp_usage *usage = &row->usage;
		const struct hp_usage_rate *rate = &row->rate;

		out_table_row(table, row->name, top_format_number(text[0], rate->processors),
			      top_format_count(text[1], usage->processors), top_format_count(text[2], usage->tasks),
			      top_format_bytes(text[3], usage->memory_bytes), top_format_bytes(text[4], usage->memory_min_bytes),
			      top_format_bytes(text[5], usage->memory_max_bytes),
			      top_format_percent(text[6], rate->some_share[HP_USAGE_CPU]),
			      top_format_percent(text[7], rate->some_share[HP_USAGE_MEMORY]),
			      top_format_percent(text[8], rate->some_share[HP_USAGE_IO]),
			      top_format_time(text[9], row->wait_p99_ns), top_format_time(text[10], row->for_others_ns),
			      top_format_byte_rate(text[11], rate->read_bytes), top_format_byte_rate(text[12], rate->written_bytes),
			      top_format_byte_rate(text[13], rate->received_bytes), top_format_byte_rate(text[14], rate->sent_bytes));
	}
	out_table_print(table, stdout);
}

static void add_cells(struct out_table *table, const struct top_model *model, const struct top_matrix *matrix)
{
	size_t victim;

	for (size_t i = 0; (victim = top_model_victim(model, i)) != SIZE_MAX; i++)
		for (size_t j = 0; j < model->names_count; j++) {
			uint64_t ns = matrix->by_ns[victim * model->names_count + j];
			top_text time, share;

			if (!ns || !hp_blame_is_foreign(victim, j))
				continue;
			out_table_row(table, matrix->resource, model->names[victim], model->names[j],
				      top_format_time(time, (double)ns),
				      top_format_percent(share, top_matrix_share(model, matrix, victim, j)));
			if (j >= HP_ROW_DOMAIN)
				out_table_colour(table, 2, OUT_YELLOW);
		}
}

/* Only who can be blamed: 'partctl contention' has all. */
static void print_blame(const struct run *run, const struct top_model *model)
{
	static const char *const headers[] = { "RESOURCE", "VICTIM", "AGGRESSOR", ">TIME", ">SHARE%", NULL };
	struct out_table *table;

	if (!model->names_count)
		return;
	putchar('\n');
	table = out_table_new(run, headers);
	for (size_t i = 0; i < model->matrices_count; i++)
		add_cells(table, model, &model->matrices[i]);
	out_table_print(table, stdout);
}

static void print_events(const struct run *run, const struct top_model *model)
{
	static const char *const headers[] = { "TIME", "EVENT", "DOMAIN", "WHAT", NULL };
	struct out_table *table;

	if (!model->events_count)
		return;
	putchar('\n');
	table = out_table_new(run, headers);
	for (size_t i = model->events_count > EVENTS_SHOWN ? model->events_count - EVENTS_SHOWN : 0; i < model->events_count; i++) {
		const struct top_event *event = &model->events[i];
		hp_autofree char *text = strdup(event->text);

		/* A process chooses its own name: no byte of it may reach the terminal as a command. */
		for (char *c = text; c && *c; c++)
			*c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
		out_table_row(table, event->time, event->type, event->domain, text);
		if (event->is_bad)
			out_table_colour(table, 1, OUT_YELLOW);
	}
	out_table_print(table, stdout);
}

static void print_notes(const struct run *run, const struct top_model *model)
{
	if (model->lost || model->notes_count)
		putchar('\n');
	if (model->lost)
		printf("%slost%s  %llu events of the kernel were not counted\n", out_colour(run, OUT_YELLOW),
		       out_colour(run, OUT_PLAIN), (unsigned long long)model->lost);
	for (size_t i = 0; i < model->notes_count; i++)
		printf("%snot shown%s  %s\n", out_colour(run, OUT_YELLOW), out_colour(run, OUT_PLAIN), model->notes[i]);
}

void top_print(const struct run *run, const struct top_model *model)
{
	if (run->format != OUT_TABLE) {
		out_object(run, top_json(model));
		return;
	}
	if (!run->is_quiet)
		printf("%.1f s; READ, WRITE, IN, OUT: bytes per second\n\n", model->seconds);
	print_rows(run, model);
	print_blame(run, model);
	print_events(run, model);
	print_notes(run, model);
}
