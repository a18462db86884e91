// SPDX-License-Identifier: GPL-2.0
/* check_frequency.c: frequency and wake-up latency of each domain's CPUs, read back from the kernel. */
#include "verify/verify.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "plan/frequency.h"

/* Files that say the same of different CPUs make one line. */
struct line {
	char *text;
	enum hp_verdict verdict;
	hwloc_bitmap_t cpus;
};

struct lines {
	const struct verify *verify;
	hwloc_const_bitmap_t own;
	struct line *items;
	size_t count;
};

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->items[i].text);
		hwloc_bitmap_free(lines->items[i].cpus);
	}
	free(lines->items);
}

/* Takes the text. */
static int add(struct lines *lines, enum hp_verdict verdict, char *text, hwloc_const_bitmap_t cpus)
{
	hp_autofree char *own = text;
	struct line *line = NULL;

	for (size_t i = 0; own && i < lines->count && !line; i++)
		if (!strcmp(lines->items[i].text, own))
			line = &lines->items[i];
	if (own && !line) {
		struct line *items = reallocarray(lines->items, lines->count + 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		lines->items = items;
		line = &items[lines->count];
		*line = (struct line){ NULL, verdict, hwloc_bitmap_alloc() };
		if (!line->cpus)
			return -ENOMEM;
		line->text = hp_take(own);
		lines->count++;
	}
	return line && !hwloc_bitmap_or(line->cpus, line->cpus, cpus) ? 0 : -ENOMEM;
}

static int check_file(void *arg, const struct plan_freq_item *item)
{
	struct lines *lines = arg;
	hp_autofree char *live = NULL;
	hp_autobitmap own = hwloc_bitmap_alloc();

	if (!own || hwloc_bitmap_and(own, item->cpus, lines->own))
		return -ENOMEM;
	if (*item->why)
		return add(lines, HP_GAP, hp_format("%s is not %s: %s", item->what, item->shown, item->why), own);
	live = hp_root_readf(lines->verify->ctx->root, "%s", item->path);
	if (live && !strcmp(live, item->want))
		return add(lines, HP_KEPT, hp_format("%s is %s", item->what, item->shown), own);
	return add(lines, HP_BROKEN, hp_format("%s should be %s, and reads %s", item->what, item->shown,
					       live ? live : "nothing"), own);
}

void verify_frequencies(struct verify *verify)
{
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		__attribute__((cleanup(free_lines))) struct lines lines = {
			.verify = verify, .own = verify->assignment->domains[i].cpus,
		};

		if (!verify_wants(verify, i))
			continue;
		/* Out of memory: a promise that goes missing would look kept. */
		if (plan_freq_each(verify->policy, verify->inv, verify->assignment, i, check_file, &lines))
			abort();
		for (size_t j = 0; j < lines.count; j++) {
			hp_autofree char *list = hp_cpulist_format(lines.items[j].cpus);

			verify_say(verify, (int)i, "frequency", lines.items[j].verdict, "CPU%s %s: %s",
				   hwloc_bitmap_weight(lines.items[j].cpus) == 1 ? "" : "s", list ? list : "?",
				   lines.items[j].text);
		}
	}
}
