// SPDX-License-Identifier: GPL-2.0
/* lock_sites.c: finds the functions that waited for locks in the stacks that the kernel kept. */
#include "bpf/hp_lock_sites.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "bpf/wait_ops.h"
#include "contention_lock.h"

_Static_assert(HP_LOCK_SITE_FRAMES == HP_LOCK_FRAMES, "the kernel's stacks and ours are of one length");

/* Locking is marked by its section in the kernel's image, __sched and __lockfunc; but some of it is inlined elsewhere. */
static bool is_locking(const char *name)
{
	static const char *const beginnings[] = {
		"mutex_", "__mutex_", "ww_mutex_", "__ww_mutex_", "down_", "__down", "rwsem_", "percpu_down_", "percpu_rwsem_",
		"__percpu_", "rt_mutex_", "__rt_mutex_", "rwbase_", "rt_read_", "rt_write_", "rt_spin_", "_raw_spin_", "_raw_read_",
		"_raw_write_", "queued_", "native_queued_", "__pv_queued_", "__raw_callee_save___pv_", "do_raw_",
	};

	for (size_t i = 0; i < hp_array_size(beginnings); i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

uint64_t hp_lock_site_of(const struct hp_ksyms *ksyms, const uint64_t frames[HP_LOCK_SITE_FRAMES])
{
	uint64_t offset;
	const char *name;

	for (size_t i = hp_ksyms_first(ksyms, frames, HP_LOCK_SITE_FRAMES); i < HP_LOCK_SITE_FRAMES && frames[i]; i++) {
		name = hp_ksyms_find(ksyms, frames[i], &offset);
		if (!name || !is_locking(name))
			return frames[i];
	}
	return 0;
}

static void name_site(const struct hp_ksyms *ksyms, struct hp_lock_site *site)
{
	if (site->address)
		hp_ksyms_format(ksyms, site->address, site->name, sizeof(site->name));
	else
		snprintf(site->name, sizeof(site->name), "(unknown)");
}

/* Many stacks lead to one function. */
static int merge_site(struct hp_lock_site **sites, size_t *count, const struct hp_lock_site *site)
{
	struct hp_lock_site *grown;

	for (size_t i = 0; i < *count; i++) {
		struct hp_lock_site *old = &(*sites)[i];

		if (old->address == site->address && old->victim == site->victim && old->aggressor == site->aggressor) {
			old->time_ns += site->time_ns;
			old->waits += site->waits;
			return 0;
		}
	}
	grown = reallocarray(*sites, *count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*sites = grown;
	grown[(*count)++] = *site;
	return 0;
}

static int longest_first(const void *a, const void *b)
{
	const struct hp_lock_site *left = a, *right = b;

	return left->time_ns > right->time_ns ? -1 : left->time_ns < right->time_ns;
}

int hp_lock_sites_read(const struct hp_waits *waits, const struct hp_ksyms *ksyms, struct hp_lock_site **sites, size_t *count,
		       struct hp_err *err)
{
	const struct hp_wait_source *source = hp_waits_source(waits, HP_WAIT_LOCK);
	struct hp_lock_site_key key, *before = NULL;
	int times, stacks, ret = 0;

	*sites = NULL;
	*count = 0;
	if (!source->rows)
		return 0;
	times = bpf_object__find_map_fd_by_name(source->object, "hp_lock_sites");
	stacks = bpf_object__find_map_fd_by_name(source->object, "hp_lock_stacks");
	while (ret == 0 && bpf_map_get_next_key(times, before, &key) == 0) {
		struct hp_lock_site site = { .victim = key.victim, .aggressor = key.aggressor };
		uint64_t frames[HP_LOCK_SITE_FRAMES] = { 0 };
		struct hp_lock_site_time time;

		before = &key;
		if (bpf_map_lookup_elem(times, &key, &time))
			continue;
		/* A stack that is gone stays unknown. */
		if (bpf_map_lookup_elem(stacks, &key.stack, frames) == 0)
			site.address = hp_lock_site_of(ksyms, frames);
		site.time_ns = time.time_ns;
		site.waits = time.waits;
		ret = merge_site(sites, count, &site);
	}
	if (ret) {
		free(*sites);
		*sites = NULL;
		*count = 0;
		return hp_err_errno(err, ENOMEM, "reading where locks were waited for");
	}
	for (size_t i = 0; i < *count; i++)
		name_site(ksyms, &(*sites)[i]);
	if (*count)
		qsort(*sites, *count, sizeof(**sites), longest_first);
	return 0;
}
