// SPDX-License-Identifier: GPL-2.0
/* trace_summary.c: what partctl trace could not watch, and how much it told and lost. */
#include "trace_print.h"

#include <inttypes.h>

struct sums {
	uint64_t told, lost, unfollowed, skipped;
};

static struct json_object *resource_json(const struct trace_printer *printer, const struct hp_outliers *outliers,
					 unsigned int resource, const struct hp_outlier_losses *losses)
{
	struct json_object *object = json_object_new_object();

	out_add_text(object, "resource", hp_outlier_resource(resource));
	out_add_flag(object, "traced", hp_outliers_has(outliers, resource));
	out_add_text(object, "missing", hp_outliers_missing(outliers, resource));
	out_add_number(object, "told", printer->counts[resource]);
	out_add_number(object, "lost", losses->lost);
	out_add_number(object, "unfollowed", losses->unfollowed);
	out_add_number(object, "skipped", losses->skipped);
	return object;
}

static bool is_asked_for(const struct hp_outliers *outliers, unsigned int resource)
{
	return hp_outliers_has(outliers, resource) || hp_outliers_missing(outliers, resource);
}

void trace_print_missing(const struct trace_printer *printer, const struct hp_outliers *outliers)
{
	if (printer->run->format != OUT_TABLE)
		return;
	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++)
		if (hp_outliers_missing(outliers, i))
			printf("%snot %straced%s  %s: %s\n", out_colour(printer->run, OUT_YELLOW),
			       hp_outliers_has(outliers, i) ? "wholly " : "", out_colour(printer->run, OUT_PLAIN),
			       hp_outlier_resource(i), hp_outliers_missing(outliers, i));
	fflush(stdout);
}

static void print_json(const struct trace_printer *printer, const struct hp_outliers *outliers, const struct sums *sums,
		       struct json_object *resources)
{
	struct json_object *object = json_object_new_object(), *summary = json_object_new_object();

	out_add_number(summary, "told", sums->told);
	out_add_number(summary, "lost", sums->lost);
	out_add_number(summary, "unfollowed", sums->unfollowed);
	out_add_number(summary, "skipped", sums->skipped);
	out_add_number(summary, "memory_bytes", hp_outliers_memory(outliers));
	json_object_object_add(summary, "resources", resources);
	json_object_object_add(object, "summary", summary);
	trace_print_object(printer->run, object);
}

static void print_text(const struct trace_printer *printer, const struct sums *sums)
{
	if (printer->run->is_quiet && !sums->lost && !sums->skipped && !sums->unfollowed)
		return;
	printf("%" PRIu64 " long waits, %" PRIu64 " more were lost for lack of room; %" PRIu64
	       " events were not told by the kernel", sums->told, sums->lost, sums->skipped);
	if (sums->unfollowed)
		printf("; %" PRIu64 " waits were not followed", sums->unfollowed);
	putchar('\n');
}

int trace_print_summary(const struct trace_printer *printer, const struct hp_outliers *outliers, struct hp_err *err)
{
	struct json_object *resources = json_object_new_array();
	struct sums sums = { 0 };

	for (unsigned int i = 0; i < HP_OUTLIER_RESOURCES; i++) {
		struct hp_outlier_losses losses;
		int ret = hp_outliers_losses(outliers, i, &losses, err);

		if (ret) {
			json_object_put(resources);
			return ret;
		}
		if (is_asked_for(outliers, i))
			json_object_array_add(resources, resource_json(printer, outliers, i, &losses));
		sums.told += printer->counts[i];
		sums.lost += losses.lost;
		sums.unfollowed += losses.unfollowed;
		sums.skipped += losses.skipped;
	}
	if (printer->run->format != OUT_TABLE) {
		print_json(printer, outliers, &sums, resources);
		return 0;
	}
	json_object_put(resources);
	print_text(printer, &sums);
	return 0;
}
