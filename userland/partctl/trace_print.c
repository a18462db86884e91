// SPDX-License-Identifier: GPL-2.0
/* trace_print.c: one long wait as a line, or as an object. */
#include "trace_print.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* A process chooses its own name: no byte of it may reach the terminal as a command, or spoil the JSON. */
static const char *clean_name(char text[HP_OUTLIER_COMM + 1], const struct hp_outlier_task *task)
{
	size_t length = strnlen(task->comm, HP_OUTLIER_COMM);

	for (size_t i = 0; i < length; i++)
		text[i] = task->comm[i] >= ' ' && task->comm[i] < 0x7f ? task->comm[i] : '?';
	text[length] = '\0';
	return text;
}

/* When the wait ended, in UTC with microseconds. */
static const char *format_clock(char text[40], uint64_t monotonic_ns)
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

/* ---- JSON and YAML ---- */

static struct json_object *task_json(const struct trace_printer *printer, const struct hp_outlier_task *task)
{
	struct json_object *object = json_object_new_object();
	char name[HP_OUTLIER_COMM + 1];

	out_add_text(object, "comm", clean_name(name, task));
	out_add_number(object, "pid", task->pid);
	out_add_text(object, "domain", contention_row_name(printer->subject, task->row));
	return object;
}

static size_t first_frame(const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES])
{
	return hp_ksyms_first(printer->ksyms, (const uint64_t *)stack, HP_OUTLIER_FRAMES);
}

static void add_stack(struct json_object *task, const struct trace_printer *printer, const __u64 stack[HP_OUTLIER_FRAMES])
{
	struct json_object *list = json_object_new_array();
	char text[160];

	for (size_t i = first_frame(printer, stack); i < HP_OUTLIER_FRAMES && stack[i]; i++) {
		hp_ksyms_format(printer->ksyms, stack[i], text, sizeof(text));
		json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(task, "stack", list);
}

static struct json_object *aggressors_json(const struct trace_printer *printer, const struct hp_outlier *outlier, size_t count)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		const struct hp_outlier_task *task = &outlier->blamed[i];
		struct json_object *item = task_json(printer, task);

		out_add_flag(item, "foreign", hp_blame_is_foreign(outlier->victim.row, task->row));
		out_add_number(item, "time_ns", task->time_ns);
		json_object_array_add(list, item);
	}
	return list;
}

static void print_line_of_json(const struct run *run, struct json_object *object)
{
	/* One object per line in both (in YAML each is a document), so that a follower can read them as they come. */
	printf("%s%s\n", run->format == OUT_YAML ? "--- " : "",
	       json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void print_object(const struct trace_printer *printer, const struct hp_outlier *outlier, size_t count)
{
	struct json_object *object = json_object_new_object(), *victim = task_json(printer, &outlier->victim);
	struct json_object *last = task_json(printer, &outlier->last);
	char clock[40];

	out_add_text(object, "time", format_clock(clock, outlier->end_ns));
	out_add_text(object, "resource", "cpu");
	out_add_number(object, "waited_ns", hp_outlier_wait_ns(outlier));
	out_add_number(object, "cpu", outlier->processor);
	out_add_flag(object, "preempted", outlier->was_preempted);
	if (printer->ksyms) {
		add_stack(victim, printer, outlier->victim_stack);
		add_stack(last, printer, outlier->last_stack);
	}
	json_object_object_add(object, "victim", victim);
	json_object_object_add(object, "aggressors", aggressors_json(printer, outlier, count));
	json_object_object_add(object, "last", last);
	out_add_number(object, "others_ns", outlier->others_ns);
	out_add_number(object, "elsewhere_ns", outlier->elsewhere_ns);
	out_add_number(object, "unknown_ns", outlier->unknown_ns);
	print_line_of_json(printer->run, object);
}

/* ---- lines ---- */

static void print_task(const struct trace_printer *printer, const struct hp_outlier_task *task)
{
	char name[HP_OUTLIER_COMM + 1];

	if (task->row == HP_ROW_IDLE)
		printf("(idle)");
	else
		printf("%s[%u] of %s", clean_name(name, task), task->pid, contention_row_name(printer->subject, task->row));
}

static void print_rest(const char *what, uint64_t time_ns, const char **separator)
{
	char time[16];

	if (!time_ns)
		return;
	printf("%s%s %s", *separator, what, out_time(time, time_ns));
	*separator = ", ";
}

static void print_stack(const struct trace_printer *printer, const struct hp_outlier_task *task,
			const __u64 stack[HP_OUTLIER_FRAMES])
{
	char text[160];

	printf("    ");
	print_task(printer, task);
	printf(" left the processor in\n");
	for (size_t i = first_frame(printer, stack); i < HP_OUTLIER_FRAMES && stack[i]; i++) {
		hp_ksyms_format(printer->ksyms, stack[i], text, sizeof(text));
		printf("        %s\n", text);
	}
}

static void print_line(const struct trace_printer *printer, const struct hp_outlier *outlier, size_t count)
{
	const char *separator = "  ";
	char clock[40], time[16];

	printf("%s  %7s  CPU %-3u  ", format_clock(clock, outlier->end_ns),
	       out_time(time, hp_outlier_wait_ns(outlier)), outlier->processor);
	print_task(printer, &outlier->victim);
	printf("  %s", outlier->was_preempted ? "preempted, then" : "waited for");
	for (size_t i = 0; i < count; i++) {
		const struct hp_outlier_task *task = &outlier->blamed[i];
		bool is_foreign = contention_is_other_domain(outlier->victim.row, task->row);

		printf("%s%s", separator, is_foreign ? out_colour(printer->run, OUT_YELLOW) : "");
		print_task(printer, task);
		printf("%s %s", is_foreign ? out_colour(printer->run, OUT_PLAIN) : "",
		       out_time(time, task->time_ns));
		separator = ", ";
	}
	print_rest("others", outlier->others_ns, &separator);
	print_rest("on other CPUs", outlier->elsewhere_ns, &separator);
	print_rest("(unknown)", outlier->unknown_ns, &separator);
	putchar('\n');
	if (printer->ksyms) {
		print_stack(printer, &outlier->victim, outlier->victim_stack);
		print_stack(printer, &outlier->last, outlier->last_stack);
	}
}

bool trace_print(void *arg, const struct hp_outlier *outlier)
{
	struct trace_printer *printer = arg;
	struct hp_outlier sorted = *outlier;
	size_t count = hp_outlier_sort(&sorted);

	printer->count++;
	if (printer->run->format == OUT_TABLE)
		print_line(printer, &sorted, count);
	else
		print_object(printer, &sorted, count);
	return fflush(stdout) != 0;
}

int trace_print_summary(const struct trace_printer *printer, const struct hp_outliers *outliers, struct hp_err *err)
{
	uint64_t lost, skipped;
	int ret = hp_outliers_lost(outliers, &lost, &skipped, err);

	if (ret)
		return ret;
	if (printer->run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object(), *summary = json_object_new_object();

		out_add_number(summary, "told", printer->count);
		out_add_number(summary, "lost", lost);
		out_add_number(summary, "skipped", skipped);
		out_add_number(summary, "memory_bytes", hp_outliers_memory(outliers));
		json_object_object_add(object, "summary", summary);
		print_line_of_json(printer->run, object);
		return 0;
	}
	if (!printer->run->is_quiet || lost || skipped)
		printf("%" PRIu64 " long waits, %" PRIu64 " more were lost for lack of room; %" PRIu64
		       " switches were not told by the kernel\n", printer->count, lost, skipped);
	return 0;
}
