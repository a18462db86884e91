// SPDX-License-Identifier: GPL-2.0
/* trace_print.c: one long wait for a processor as a line, or as an object. */
#include "trace_print.h"

static struct json_object *stacked_json(const struct trace_printer *printer, const struct hp_outlier_task *task,
					const __u64 stack[HP_OUTLIER_FRAMES])
{
	struct json_object *object = trace_task_json(printer, task);

	if (printer->wants_stacks)
		json_object_object_add(object, "stack", trace_stack_json(printer, stack));
	return object;
}

static void print_object(const struct trace_printer *printer, const struct hp_outlier *outlier, size_t count)
{
	struct json_object *object = json_object_new_object();
	char clock[40];

	out_add_text(object, "time", trace_format_clock(clock, outlier->end_ns));
	out_add_text(object, "resource", hp_outlier_resource(HP_OUTLIER_CPU));
	out_add_number(object, "waited_ns", hp_outlier_wait_ns(outlier));
	out_add_number(object, "cpu", outlier->processor);
	out_add_flag(object, "preempted", outlier->was_preempted);
	json_object_object_add(object, "victim", stacked_json(printer, &outlier->victim, outlier->victim_stack));
	json_object_object_add(object, "aggressors", trace_blamed_json(printer, outlier->victim.row, outlier->blamed, count));
	json_object_object_add(object, "last", stacked_json(printer, &outlier->last, outlier->last_stack));
	out_add_number(object, "others_ns", outlier->others_ns);
	out_add_number(object, "elsewhere_ns", outlier->elsewhere_ns);
	out_add_number(object, "unknown_ns", outlier->unknown_ns);
	trace_print_object(printer->run, object);
}

static void print_stack(const struct trace_printer *printer, const struct hp_outlier_task *task,
			const __u64 stack[HP_OUTLIER_FRAMES])
{
	printf("    ");
	trace_print_task(printer, task);
	printf(" left the processor in\n");
	trace_print_stack(printer, stack);
}

static void print_line(const struct trace_printer *printer, const struct hp_outlier *outlier, size_t count)
{
	const char *separator;
	char clock[40], time[16];

	printf("%s  %7s  CPU %-3u  ", trace_format_clock(clock, outlier->end_ns),
	       out_time(time, hp_outlier_wait_ns(outlier)), outlier->processor);
	trace_print_task(printer, &outlier->victim);
	printf("  %s", outlier->was_preempted ? "preempted, then" : "waited for");
	separator = trace_print_blamed(printer, outlier->victim.row, outlier->blamed, count);
	trace_print_rest("others", outlier->others_ns, &separator);
	trace_print_rest("on other CPUs", outlier->elsewhere_ns, &separator);
	trace_print_rest("(unknown)", outlier->unknown_ns, &separator);
	putchar('\n');
	if (printer->wants_stacks) {
		print_stack(printer, &outlier->victim, outlier->victim_stack);
		print_stack(printer, &outlier->last, outlier->last_stack);
	}
}

bool trace_print(void *arg, const struct hp_outlier *outlier)
{
	struct trace_printer *printer = arg;
	struct hp_outlier sorted = *outlier;
	size_t count = hp_outlier_sort(&sorted);

	printer->counts[HP_OUTLIER_CPU]++;
	if (printer->run->format == OUT_TABLE)
		print_line(printer, &sorted, count);
	else
		print_object(printer, &sorted, count);
	return fflush(stdout) != 0;
}
