// SPDX-License-Identifier: GPL-2.0
/* top_json.c: one look of partctl top as an object. */
#include "top_json.h"

#include <math.h>
#include "partctl.h"

/* "max" is null as well: there is no limit to tell. */
static void add_count(struct json_object *object, const char *key, uint64_t count)
{
	json_object_object_add(object, key, count >= HP_USAGE_UNLIMITED ? NULL : json_object_new_int64((int64_t)count));
}

static void add_rate(struct json_object *object, const char *key, double rate)
{
	json_object_object_add(object, key, isnan(rate) ? NULL : json_object_new_double(rate));
}

static struct json_object *cpu_json(const struct top_row *row)
{
	struct json_object *object = json_object_new_object();

	add_count(object, "processors", row->usage.processors);
	add_count(object, "time_us", row->usage.cpu_us);
	add_rate(object, "busy", row->rate.processors);
	add_rate(object, "busy_user", row->rate.user_processors);
	add_rate(object, "busy_system", row->rate.system_processors);
	add_count(object, "throttled_us", row->usage.throttled_us);
	add_rate(object, "throttled_share", row->rate.throttled_share);
	return object;
}

static struct json_object *memory_json(const struct top_row *row)
{
	struct json_object *object = json_object_new_object();

	add_count(object, "used_bytes", row->usage.memory_bytes);
	add_count(object, "guarantee_bytes", row->usage.memory_min_bytes);
	add_count(object, "limit_bytes", row->usage.memory_max_bytes);
	return object;
}

static struct json_object *pressure_json(const struct top_row *row)
{
	struct json_object *object = json_object_new_object();

	for (int i = 0; i < HP_USAGE_RESOURCES; i++) {
		struct json_object *item = json_object_new_object();

		add_count(item, "some_us", row->usage.pressure[i].some_us);
		add_count(item, "full_us", row->usage.pressure[i].full_us);
		add_rate(item, "some_share", row->rate.some_share[i]);
		add_rate(item, "full_share", row->rate.full_share[i]);
		json_object_object_add(object, hp_usage_resource_words[i], item);
	}
	return object;
}

static struct json_object *disks_json(const struct top_row *row)
{
	struct json_object *object = json_object_new_object();

	add_count(object, "read_bytes", row->usage.read_bytes);
	add_count(object, "written_bytes", row->usage.written_bytes);
	add_rate(object, "read_bytes_per_s", row->rate.read_bytes);
	add_rate(object, "written_bytes_per_s", row->rate.written_bytes);
	add_rate(object, "reads_per_s", row->rate.reads);
	add_rate(object, "writes_per_s", row->rate.writes);
	return object;
}

static struct json_object *ports_json(const struct top_row *row)
{
	struct json_object *object = json_object_new_object();

	add_count(object, "received_bytes", row->usage.received_bytes);
	add_count(object, "sent_bytes", row->usage.sent_bytes);
	add_rate(object, "received_bytes_per_s", row->rate.received_bytes);
	add_rate(object, "sent_bytes_per_s", row->rate.sent_bytes);
	add_rate(object, "received_packets_per_s", row->rate.received_packets);
	add_rate(object, "sent_packets_per_s", row->rate.sent_packets);
	add_rate(object, "dropped_packets_per_s", row->rate.dropped_packets);
	return object;
}

static struct json_object *waits_json(const struct top_waits *waits)
{
	struct json_object *object = json_object_new_object();

	add_count(object, "wait_ns", waits->wait_ns);
	add_count(object, "foreign_ns", waits->foreign_ns);
	add_count(object, "stolen_ns", waits->stolen_ns);
	add_count(object, "waits", waits->waits);
	add_count(object, "p50_ns", waits->p50_ns);
	add_count(object, "p99_ns", waits->p99_ns);
	return object;
}

static struct json_object *row_json(const struct top_row *row)
{
	struct json_object *object = json_object_new_object();

	out_add_text(object, "name", row->name);
	out_add_text(object, "cgroup", row->cgroup);
	add_count(object, "tasks", row->usage.tasks);
	json_object_object_add(object, "cpu", cpu_json(row));
	json_object_object_add(object, "memory", memory_json(row));
	json_object_object_add(object, "pressure", pressure_json(row));
	json_object_object_add(object, "disks", disks_json(row));
	json_object_object_add(object, "ports", ports_json(row));
	json_object_object_add(object, "run_queue", row->waits.is_known ? waits_json(&row->waits) : NULL);
	return object;
}

static struct json_object *cell_json(const struct top_model *model, const struct top_matrix *matrix, size_t victim,
				     size_t aggressor)
{
	struct json_object *object = json_object_new_object();

	out_add_text(object, "resource", matrix->resource);
	out_add_text(object, "victim", model->names[victim]);
	out_add_text(object, "aggressor", model->names[aggressor]);
	out_add_flag(object, "foreign", hp_blame_is_foreign(victim, aggressor));
	add_count(object, "time_ns", matrix->by_ns[victim * model->names_count + aggressor]);
	add_rate(object, "share", top_matrix_share(model, matrix, victim, aggressor));
	return object;
}

/* Without the empty cells; null when nothing is counted. */
static struct json_object *blame_json(const struct top_model *model)
{
	struct json_object *list = model->names_count ? json_object_new_array() : NULL;

	for (size_t m = 0; m < model->matrices_count; m++)
		for (size_t i = 0, victim; (victim = top_model_victim(model, i)) != SIZE_MAX; i++)
			for (size_t j = 0; j < model->names_count; j++)
				if (model->matrices[m].by_ns[victim * model->names_count + j])
					json_object_array_add(list, cell_json(model, &model->matrices[m], victim, j));
	return list;
}

static struct json_object *events_json(const struct top_model *model)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < model->events_count; i++) {
		struct json_object *item = json_object_new_object();

		out_add_text(item, "time", model->events[i].time);
		out_add_text(item, "type", model->events[i].type);
		out_add_text(item, "domain", model->events[i].domain);
		out_add_text(item, "what", model->events[i].text);
		json_object_array_add(list, item);
	}
	return list;
}

struct json_object *top_json(const struct top_model *model)
{
	struct json_object *object = json_object_new_object(), *rows = json_object_new_array(), *notes = json_object_new_array();

	add_rate(object, "seconds", model->seconds);
	out_add_text(object, "policy_file", model->policy);
	for (size_t i = 0; i < model->rows_count; i++)
		json_object_array_add(rows, row_json(&model->rows[i]));
	for (size_t i = 0; i < model->notes_count; i++)
		json_object_array_add(notes, json_object_new_string(model->notes[i]));
	json_object_object_add(object, "rows", rows);
	json_object_object_add(object, "blame", blame_json(model));
	add_count(object, "lost", model->lost);
	json_object_object_add(object, "events", events_json(model));
	json_object_object_add(object, "not_shown", notes);
	return object;
}
