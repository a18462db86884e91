// SPDX-License-Identifier: GPL-2.0
/* cpus_counts.c: refuses core counts that the machine cannot meet, with the exact sums. */
#include "plan/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"

static const char *const kind_words[] = { "", " performance", " efficiency" };

static bool is_list(const struct cpu_claim *claim)
{
	return claim->spec && claim->spec->how == HP_CPUS_LIST;
}

static bool wants_one_kind(const struct cpu_table *table)
{
	for (size_t i = 0; i <= table->base; i++) {
		if (table->claims[i].kind != HP_KIND_ANY)
			return true;
	}
	return false;
}

/* "machine 8, base 1, alpha 4": everything that was counted before `owner`. */
static char *describe_use(const struct cpu_table *table, size_t owner)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "machine %zu", table->run->inv->cores_count);
	if (wants_one_kind(table))
		fprintf(out, " = %u performance + %u efficiency", table->total[CLASS_PERFORMANCE],
			table->total[CLASS_EFFICIENCY]);
	if (owner != table->base)
		fprintf(out, ", base %u%s", table->claims[table->base].cores,
			kind_words[table->claims[table->base].kind]);
	for (size_t i = 0; i < table->base; i++) {
		const struct cpu_claim *claim = &table->claims[i];

		if (i != owner && (is_list(claim) || (i < owner && owner != table->base)))
			fprintf(out, ", %s %u%s%s", cpu_owner_name(table, i), claim->cores,
				kind_words[claim->kind], is_list(claim) ? " by list" : "");
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int refuse_count(struct cpu_table *table, size_t owner, unsigned int room)
{
	const struct cpu_claim *claim = &table->claims[owner];
	hp_autofree char *use = describe_use(table, owner);
	const char *kind = kind_words[claim->kind];

	if (!use)
		return -ENOMEM;
	if (!claim->spec)
		plan_refuse(table->run, cpu_owner_loc(table, owner),
			    "the base needs at least 1 core; the lists leave it none (%s)", use);
	else if (!room)
		plan_refuse(table->run, cpu_owner_loc(table, owner),
			    "%s wants %u%s core%s; none is left (%s)", cpu_owner_name(table, owner),
			    claim->cores, kind, claim->cores == 1 ? "" : "s", use);
	else
		plan_refuse(table->run, cpu_owner_loc(table, owner),
			    "%s wants %u%s core%s; %u %s left (%s); at most %u fit%s",
			    cpu_owner_name(table, owner), claim->cores, kind,
			    claim->cores == 1 ? "" : "s", room, room == 1 ? "is" : "are", use, room,
			    room == 1 ? "s" : "");
	return 0;
}

/*
 * Lists are settled by now. The base comes next, because it may not go
 * without, then the domains in the order of the file, so that the message
 * blames the line that goes too far.
 */
int cpus_check_counts(struct cpu_table *table)
{
	struct place_tally tally;

	cpus_tally(table, &tally);
	for (int kind = 0; kind < 3; kind++)
		tally.need[kind] = 0;
	for (size_t i = 0; i <= table->base; i++) {
		size_t owner = i ? i - 1 : table->base;
		const struct cpu_claim *claim = &table->claims[owner];
		unsigned int room = place_tally_room(&tally, claim->kind);

		if (is_list(claim))
			continue;
		if (claim->cores > room)
			return refuse_count(table, owner, room);
		tally.need[claim->kind] += claim->cores;
	}
	return 0;
}
