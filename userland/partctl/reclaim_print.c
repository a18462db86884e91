// SPDX-License-Identifier: GPL-2.0
/* reclaim_print.c: what the reclaim tuners know and do, as tables and pictures. */
#include "reclaim_print.h"

#include <inttypes.h>
#include <string.h>
#include "base/hp_text.h"

static struct json_object *field(struct json_object *object, const char *key)
{
	struct json_object *found = NULL;

	return json_object_object_get_ex(object, key, &found) ? found : NULL;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *found = field(object, key);

	return found ? json_object_get_string(found) : NULL;
}

static uint64_t number_of(struct json_object *object, const char *key)
{
	return json_object_get_uint64(field(object, key));
}

static bool is_true(struct json_object *object, const char *key)
{
	return json_object_get_boolean(field(object, key));
}

/* A process chooses its own name: no byte of it may reach the terminal as a command. */
static char *name_of(struct json_object *object, const char *key)
{
	char *name = strdup(text_of(object, key) ? text_of(object, key) : "?");

	for (char *c = name; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return name;
}

/* "850 ms", "12.5 s", "4 min", "3.2 h" */
static void format_ms(uint64_t ms, char *text, size_t size)
{
	if (ms < 1000)
		snprintf(text, size, "%" PRIu64 " ms", ms);
	else if (ms < 120000)
		snprintf(text, size, "%.1f s", (double)ms / 1000);
	else if (ms < 7200000)
		snprintf(text, size, "%.0f min", (double)ms / 60000);
	else
		snprintf(text, size, "%.1f h", (double)ms / 3600000);
}

/* ---- status ---- */

static void add_status_row(struct out_table *table, struct json_object *domain)
{
	hp_autofree char *memory = hp_size_human(number_of(domain, "memory_bytes"));
	hp_autofree char *guarantee = hp_size_human(number_of(domain, "guarantee_bytes"));
	hp_autofree char *freed = hp_size_human(number_of(domain, "freed_bytes") + number_of(domain, "freed_cache_bytes"));
	hp_autofree char *returned = hp_size_human(number_of(domain, "returned_bytes"));
	char distance[32], pressure[32], cost[32];

	format_ms(number_of(domain, "distance_ms"), distance, sizeof(distance));
	snprintf(pressure, sizeof(pressure), "%.2f %%", json_object_get_double(field(domain, "pressure_percent")));
	snprintf(cost, sizeof(cost), "%.2f %%", json_object_get_double(field(domain, "cost_percent")));
	out_table_row(table, text_of(domain, "domain"), text_of(domain, "mode"), memory, guarantee, freed, returned, distance,
		      pressure, cost);
}

static void print_working_set(struct json_object *domain)
{
	struct json_object *bands = field(domain, "working_set");

	for (size_t i = 0; i < json_object_array_length(bands); i++) {
		struct json_object *band = json_object_array_get_idx(bands, i);
		hp_autofree char *size = hp_size_human(number_of(band, "bytes"));
		const char *word = text_of(band, "band");
		char from[32];

		format_ms(number_of(band, "from_ms"), from, sizeof(from));
		if (strcmp(word, "cold") == 0)
			printf("    %-8s %10s  K-th use %s back or more\n", word, size, from);
		else
			printf("    %-8s %10s\n", word, size);
	}
}

static void print_cost(struct json_object *domain)
{
	double budget = json_object_get_double(field(domain, "budget_percent"));
	double now = json_object_get_double(field(domain, "cost_percent"));

	printf("  cost      %.2f %% of one core lately, %.2f %% in the mean; budget %.2f %%", now,
	       json_object_get_double(field(domain, "cost_mean_percent")), budget);
	if (number_of(domain, "budget_waits"))
		printf("; %" PRIu64 " times freeing waited for it", number_of(domain, "budget_waits"));
	printf("\n");
	if (now > budget && is_true(domain, "is_at_slowest"))
		printf("            over the budget, and it cannot look any less often\n");
}

static void print_domain(const struct run *run, struct json_object *domain)
{
	hp_autofree char *would = hp_size_human(number_of(domain, "would_free_bytes"));
	uint64_t window_ms = number_of(domain, "window_us") / 1000;

	if (strcmp(text_of(domain, "mode"), "off") == 0)
		return;
	printf("\n%s: %s\n", text_of(domain, "domain"), text_of(domain, "doing"));
	printf("  source    %s", text_of(domain, "source"));
	if (number_of(domain, "kdamond"))
		printf(" (kdamond %" PRIu64 ", windows of %" PRIu64 " ms)", number_of(domain, "kdamond"), window_ms);
	printf("; page cache: %s\n", text_of(domain, "cache_source"));
	printf("  watched   %" PRIu64 " of %" PRIu64 " processes, %" PRIu64 " regions\n", number_of(domain, "watched"),
	       number_of(domain, "processes"), number_of(domain, "regions"));
	print_cost(domain);
	if (text_of(domain, "problem"))
		printf("  %sproblem   %s%s\n", out_colour(run, OUT_YELLOW), text_of(domain, "problem"), out_colour(run, OUT_PLAIN));
	if (text_of(domain, "limit"))
		printf("  limit     %s\n", text_of(domain, "limit"));
	if (number_of(domain, "leaving_bytes")) {
		hp_autofree char *leaving = hp_size_human(number_of(domain, "leaving_bytes"));

		printf("  leaving   %s: taken from processes, not out of memory yet\n", leaving);
	}
	if (strcmp(text_of(domain, "mode"), "observe") == 0)
		printf("  would     have freed %s\n", would);
	if (json_object_array_length(field(domain, "working_set"))) {
		printf("  working set\n");
		print_working_set(domain);
	}
}

void reclaim_print_status(const struct run *run, struct json_object *answer)
{
	static const char *const headers[] = { "DOMAIN", "MODE", ">MEMORY", ">GUARANTEE", ">FREED", ">RETURNED", ">DISTANCE",
					       ">PRESSURE", ">COST", NULL };
	struct json_object *domains = field(answer, "domains");
	struct out_table *table;

	if (!json_object_array_length(domains)) {
		printf("no domains: this is one ordinary machine\n");
		return;
	}
	table = out_table_new(run, headers);
	for (size_t i = 0; i < json_object_array_length(domains); i++)
		add_status_row(table, json_object_array_get_idx(domains, i));
	out_table_print(table, stdout);
	for (size_t i = 0; i < json_object_array_length(domains); i++)
		print_domain(run, json_object_array_get_idx(domains, i));
}

/* ---- regions ---- */

enum { WIDTH = 64, SHADES = 5 };

/* Hot is dense; freed memory is a dot; what was never in memory is blank. */
static const char *const shades[SHADES] = { "█", "▓", "▒", "░", "·" };

/* How hot: 0 = used within the CRP, then by the distance against the one from which memory is freed; 4 = freed. */
static unsigned int shade_of(struct json_object *region, uint64_t distance_ms)
{
	uint64_t score = number_of(region, "score_ms");

	if (is_true(region, "freed"))
		return 4;
	if (is_true(region, "in_crp"))
		return 0;
	return score < distance_ms / 2 ? 1 : score < distance_ms ? 2 : 3;
}

/* One process: its regions side by side, each as wide as its resident memory; what is freed as wide as its range. */
struct picture {
	struct json_object *regions;
	size_t first, end;
	uint64_t total, resident;
};

static uint64_t width_of(struct json_object *region)
{
	return is_true(region, "freed") ? number_of(region, "end") - number_of(region, "start") : number_of(region, "resident_bytes");
}

static struct picture next_process(struct json_object *regions, size_t first)
{
	struct picture picture = { .regions = regions, .first = first, .end = first };
	uint64_t pid = number_of(json_object_array_get_idx(regions, first), "pid");

	for (; picture.end < json_object_array_length(regions); picture.end++) {
		struct json_object *region = json_object_array_get_idx(regions, picture.end);

		if (number_of(region, "pid") != pid)
			break;
		picture.total += width_of(region);
		picture.resident += number_of(region, "resident_bytes");
	}
	return picture;
}

static void print_picture(const struct picture *picture, uint64_t distance_ms)
{
	struct json_object *first = json_object_array_get_idx(picture->regions, picture->first);
	hp_autofree char *name = name_of(first, "comm");
	hp_autofree char *size = hp_size_human(picture->resident);
	uint64_t passed = 0, printed = 0;

	printf("%8" PRIu64 " %-15s %9s |", number_of(first, "pid"), name ? name : "", size ? size : "");
	for (size_t i = picture->first; i < picture->end && picture->total; i++) {
		struct json_object *region = json_object_array_get_idx(picture->regions, i);

		passed += width_of(region);
		while (printed < (uint64_t)((double)passed * WIDTH / (double)picture->total + 0.5)) {
			fputs(shades[shade_of(region, distance_ms)], stdout);
			printed++;
		}
	}
	printf("%*s|\n", (int)(WIDTH - printed), "");
}

void reclaim_print_regions(const struct run *run, struct json_object *answer)
{
	struct json_object *domains = field(answer, "domains");

	(void)run;
	for (size_t i = 0; i < json_object_array_length(domains); i++) {
		struct json_object *domain = json_object_array_get_idx(domains, i), *regions = field(domain, "regions");
		uint64_t distance_ms = number_of(domain, "distance_ms");
		char distance[32];

		format_ms(distance_ms, distance, sizeof(distance));
		printf("%s%s: %s, source: %s\n", i ? "\n" : "", text_of(domain, "domain"), text_of(domain, "mode"), text_of(domain, "source"));
		for (size_t at = 0; at < json_object_array_length(regions);) {
			struct picture picture = next_process(regions, at);

			print_picture(&picture, distance_ms);
			at = picture.end;
		}
		if (json_object_array_length(regions))
			printf("%s in use  %s warm  %s cooling  %s cold: K-th use %s back or more  %s freed\n", shades[0], shades[1],
			       shades[2], shades[3], distance, shades[4]);
	}
	if (!json_object_array_length(domains))
		printf("no domains: this is one ordinary machine\n");
}

/* ---- explain ---- */

static void print_uses(struct json_object *region)
{
	struct json_object *uses = field(region, "uses_ms_ago");
	char text[32];

	if (!json_object_array_length(uses))
		return;
	printf("  uses      ");
	for (size_t i = 0; i < json_object_array_length(uses); i++) {
		format_ms(json_object_get_uint64(json_object_array_get_idx(uses, i)), text, sizeof(text));
		printf("%s%s", i ? ", " : "", text);
	}
	printf(" ago\n");
}

void reclaim_print_explain(const struct run *run, struct json_object *answer)
{
	struct json_object *regions = field(answer, "regions");
	char distance[32], own[32];

	(void)run;
	format_ms(number_of(answer, "distance_ms"), distance, sizeof(distance));
	printf("domain %s, source %s, K = %" PRIu64 ", freed from a distance of %s on\n", text_of(answer, "domain"),
	       text_of(answer, "source"), number_of(answer, "k"), distance);
	for (size_t i = 0; i < json_object_array_length(regions); i++) {
		struct json_object *region = json_object_array_get_idx(regions, i);
		hp_autofree char *name = name_of(region, "comm");
		hp_autofree char *resident = hp_size_human(number_of(region, "resident_bytes"));

		format_ms(number_of(region, "distance_ms"), own, sizeof(own));
		printf("\n%" PRIu64 " (%s) 0x%" PRIx64 "-0x%" PRIx64 ", about %s resident\n", number_of(region, "pid"), name ? name : "",
		       number_of(region, "start"), number_of(region, "end"), resident ? resident : "");
		print_uses(region);
		printf("  distance  %s\n", field(region, "distance_ms") ? own : "infinite: fewer than K uses are known");
		if (!is_true(region, "freed"))
			printf("  rank      %" PRIu64 " regions are colder\n", number_of(region, "colder_regions"));
		printf("  so        %s\n", text_of(region, "why"));
	}
}
