// SPDX-License-Identifier: GPL-2.0
/* trace_parts.c: what the lines and objects about long waits are made of: times, tasks, stacks. */
#include "trace_print.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

const char *trace_clean_name(char *text, const char *name, size_t size)
{
	size_t length = strnlen(name, size);

	for (size_t i = 0; i < length; i++)
		text[i] = name[i] >= ' ' && name[i] < 0x7f ? name[i] : '?';
	text[length] = '\0';
	return text;
}

const char *trace_format_clock(char text[40], uint64_t monotonic_ns)
{
	struct timespec real, monotonic;
	int64_t ns;
	time_t seconds;
	struct tm tm;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	ns = (real.tv_sec - monotonic.tv_sec) * 1000000000ll + real.tv_nsec - monotonic.tv_nsec + (int64_t)monotonic_ns;
	seconds = ns / 1000000000;
	gmtime_r(&seconds, &tm);
	length = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + length, 40 - length, ".%06" PRId64 "Z", ns % 1000000000 / 1000);
	return text;
}

static size_t first_frame(const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES])
{
	return hp_ksyms_first(printer->ksyms, (const uint64_t *)stack, HP_OUTLIER_FRAMES);
}

/* Is it one task that is meant, or all of a row? Only an idle processor has no process and yet a name. */
static bool is_task(const struct hp_outlier_task *task)
{
	return task->pid || task->row == HP_ROW_IDLE;
}

/* ---- JSON and YAML ---- */

struct json_object *trace_task_json(const struct trace_printer *printer, const struct hp_outlier_task *task)
{
	struct json_object *object = json_object_new_object();
	char name[HP_OUTLIER_COMM + 1];

	out_add_text(object, "comm", is_task(task) ? trace_clean_name(name, task->comm, HP_OUTLIER_COMM) : NULL);
	if (is_task(task))
		out_add_number(object, "pid", task->pid);
	else
		json_object_object_add(object, "pid", NULL);
	out_add_text(object, "domain", contention_row_name(printer->subject, task->row));
	return object;
}

struct json_object *trace_stack_json(const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES])
{
	struct json_object *list = json_object_new_array();
	char text[160];

	for (size_t i = first_frame(printer, stack); i < HP_OUTLIER_FRAMES && stack[i]; i++) {
		hp_ksyms_format(printer->ksyms, stack[i], text, sizeof(text));
		json_object_array_add(list, json_object_new_string(text));
	}
	return list;
}

struct json_object *trace_blamed_json(const struct trace_printer *printer, uint32_t victim, const struct hp_outlier_task *blamed,
				      size_t count)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *item = trace_task_json(printer, &blamed[i]);

		out_add_flag(item, "foreign", hp_blame_is_foreign(victim, blamed[i].row));
		out_add_number(item, "time_ns", blamed[i].time_ns);
		json_object_array_add(list, item);
	}
	return list;
}

void trace_print_object(const struct run *run, struct json_object *object)
{
	/* One object per line in both (in YAML each is a document), so that a follower can read them as they come. */
	printf("%s%s\n", run->format == OUT_YAML ? "--- " : "",
	       json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* ---- lines ---- */

void trace_print_task(const struct trace_printer *printer, const struct hp_outlier_task *task)
{
	char name[HP_OUTLIER_COMM + 1];

	if (task->row == HP_ROW_IDLE)
		printf("(idle)");
	else if (!is_task(task))
		printf("%s", contention_row_name(printer->subject, task->row));
	else
		printf("%s[%u] of %s", trace_clean_name(name, task->comm, HP_OUTLIER_COMM), task->pid,
		       contention_row_name(printer->subject, task->row));
}

void trace_print_rest(const char *what, uint64_t time_ns, const char **separator)
{
	char time[16];

	if (!time_ns)
		return;
	printf("%s%s %s", *separator, what, out_time(time, time_ns));
	*separator = ", ";
}

const char *trace_print_blamed(const struct trace_printer *printer, uint32_t victim, const struct hp_outlier_task *blamed,
			       size_t count)
{
	const char *separator = "  ";
	char time[16];

	for (size_t i = 0; i < count; i++) {
		bool is_foreign = contention_is_other_domain(victim, blamed[i].row);

		printf("%s%s", separator, is_foreign ? out_colour(printer->run, OUT_YELLOW) : "");
		if (blamed[i].row == victim && !is_task(&blamed[i]))
			printf("%s", contention_blamed_name(printer->subject, victim, victim));
		else
			trace_print_task(printer, &blamed[i]);
		printf("%s %s", is_foreign ? out_colour(printer->run, OUT_PLAIN) : "", out_time(time, blamed[i].time_ns));
		separator = ", ";
	}
	return separator;
}

void trace_print_stack(const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES])
{
	char text[160];

	for (size_t i = first_frame(printer, stack); i < HP_OUTLIER_FRAMES && stack[i]; i++) {
		hp_ksyms_format(printer->ksyms, stack[i], text, sizeof(text));
		printf("        %s\n", text);
	}
}
