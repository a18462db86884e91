// SPDX-License-Identifier: GPL-2.0
/* waits_pin.c: lets the programs about waits outlive the process that loaded them. */
#include "bpf/wait_ops.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "bpf/counters.h"
#include "bpf/hp_bpf.h"
#include "bpf/hp_pins.h"

static char *pins_of(enum hp_wait_kind kind, const char *dir)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, waits_kinds[kind]->resource) < 0 ? NULL : path;
}

int hp_waits_pin(struct hp_waits *waits, enum hp_wait_kind kind, const char *dir, struct hp_err *err)
{
	const struct hp_wait_source *source = &waits->sources[kind];
	hp_autofree char *pins = waits_kinds[kind] ? pins_of(kind, dir) : NULL;

	if (!waits_kinds[kind])
		return 0;
	if (!pins)
		return hp_err_set(err, ENOMEM, "out of memory");
	return source->rows ? hp_pins_save(source->skeleton, pins, err) : hp_pins_remove(pins, err);
}

/* Both maps say the same: as many of one as are in the other, and each has the same row there. */
static bool is_for(const struct hp_waits *waits, const struct hp_wait_source *source)
{
	uint64_t cgroups[HP_ROWS_MAX] = { 0 };
	__u64 *previous = NULL, id;
	size_t count = 0;
	__u32 row;

	while (bpf_map_get_next_key(waits->domains, previous, &id) == 0) {
		previous = &id;
		if (bpf_map_lookup_elem(waits->domains, &id, &row) || row < HP_ROW_DOMAIN || row >= HP_ROWS_MAX)
			return false;
		cgroups[row - HP_ROW_DOMAIN] = id;
		count++;
	}
	return counters_are_for(bpf_object__find_map_fd_by_name(source->object, "hp_domains"), cgroups, count) &&
	       bpf_map__max_entries(bpf_object__find_map_by_name(source->object, "hp_wait_rows")) ==
		       waits->processors * waits->rows_count;
}

/* Those that were not there when it was pinned are not there now. */
static bool take_programs(struct hp_wait_source *source, const struct hp_wait_ops *ops, const char *pins)
{
	bool is_whole = true;

	source->is_adopted = true;
	for (size_t i = 0; i < HP_WAIT_PROGRAMS_MAX; i++)
		source->adopted[i] = -1;
	for (size_t i = 0; i < ops->programs_count; i++) {
		source->adopted[i] = hp_pins_program(source->skeleton, pins, ops->programs[i].name);
		if (source->adopted[i] >= 0)
			continue;
		is_whole &= ops->programs[i].loss != NULL;
		source->missing = ops->programs[i].loss;
	}
	return is_whole;
}

static int take(struct hp_waits *waits, enum hp_wait_kind kind, const char *pins, struct hp_err *err)
{
	struct hp_wait_source *source = &waits->sources[kind];
	int ret = waits_kinds[kind]->open(source, (unsigned int)waits->rows_count);

	if (ret)
		return hp_bpf_error(err, -ret, "opening the programs about %s waits", waits_kinds[kind]->resource);
	ret = hp_pins_take(source->skeleton, pins, err);
	if (ret)
		return ret;
	if (!is_for(waits, source))
		return hp_err_set(err, ESTALE, "what is pinned below %s counts for other domains", pins);
	if (!take_programs(source, waits_kinds[kind], pins))
		return hp_err_set(err, ESTALE, "what is pinned below %s is not whole: its programs are gone", pins);
	return waits_map_rows(waits, source, err);
}

int hp_waits_adopt(struct hp_waits *waits, enum hp_wait_kind kind, const char *dir, struct hp_err *err)
{
	hp_autofree char *pins = waits_kinds[kind] ? pins_of(kind, dir) : NULL;
	int ret;

	if (!pins)
		return hp_err_set(err, ENOENT, "nothing is pinned below %s", dir);
	hp_bpf_log_begin();
	waits->sources[kind].missing = NULL;
	ret = take(waits, kind, pins, err);
	if (ret)
		waits_close_source(&waits->sources[kind]);
	return ret;
}
