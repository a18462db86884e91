// SPDX-License-Identifier: GPL-2.0
/* contention_locks.c: which functions of the kernel waited for locks, as a table or as objects. */
#include "contention_locks.h"

enum { SHOWN = 5 };	/* of each victim and aggressor */

void contention_locks_clear(struct contention_locks *locks)
{
	hp_ksyms_close(locks->ksyms);
	free(locks->sites);
	*locks = (struct contention_locks){ 0 };
}

/* Sites are sorted by time, so that the first of each pair are its longest. */
static size_t keep_longest(struct hp_lock_site *sites, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned int before = 0;

		for (size_t j = 0; j < kept; j++)
			before += sites[j].victim == sites[i].victim && sites[j].aggressor == sites[i].aggressor;
		if (before < SHOWN)
			sites[kept++] = sites[i];
	}
	return kept;
}

int contention_locks_read(struct contention_locks *locks, const struct hp_waits *waits, struct hp_err *err)
{
	int ret = 0;

	if (!locks->is_wanted)
		return 0;
	if (!locks->ksyms)
		ret = hp_ksyms_open(&locks->ksyms, err);
	free(locks->sites);
	locks->sites = NULL;
	locks->count = 0;
	if (ret == 0)
		ret = hp_lock_sites_read(waits, locks->ksyms, &locks->sites, &locks->count, err);
	locks->count = keep_longest(locks->sites, locks->count);
	return ret;
}

struct json_object *contention_locks_json(const struct contention_subject *subject, const struct contention_locks *locks)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < locks->count; i++) {
		const struct hp_lock_site *site = &locks->sites[i];
		struct json_object *item = json_object_new_object();

		out_add_text(item, "victim", contention_row_name(subject, site->victim));
		out_add_text(item, "aggressor", contention_row_name(subject, site->aggressor));
		out_add_text(item, "site", site->name);
		out_add_number(item, "time_ns", site->time_ns);
		out_add_number(item, "waits", site->waits);
		json_object_array_add(list, item);
	}
	return list;
}

void contention_locks_print(const struct run *run, const struct contention_subject *subject,
			    const struct contention_locks *locks)
{
	static const char *const headers[] = { "LOCK ASKED FOR IN", "VICTIM", "AGGRESSOR", ">TIME", ">WAITS", NULL };
	struct out_table *table;
	char time[16], waits[24];

	if (locks->count == 0)
		return;
	table = out_table_new(run, headers);
	for (size_t i = 0; i < locks->count; i++) {
		const struct hp_lock_site *site = &locks->sites[i];

		out_table_row(table, site->name, contention_row_name(subject, site->victim),
			      contention_blamed_name(subject, site->victim, site->aggressor),
			      out_time(time, site->time_ns), out_count(waits, site->waits));
	}
	putchar('\n');
	out_table_print(table, stdout);
}
