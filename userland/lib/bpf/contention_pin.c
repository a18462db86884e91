// SPDX-License-Identifier: GPL-2.0
/* contention_pin.c: lets the contention programs outlive the process that loaded them. */
#include "bpf/contention_load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include "bpf/counters.h"
#include "base/hp_auto.h"
#include "bpf/hp_bpf.h"
#include "bpf/hp_pins.h"

int hp_contention_pin(struct hp_contention *contention, const char *dir, struct hp_err *err)
{
	return hp_pins_save(contention->skel->skeleton, dir, err);
}

int hp_contention_unpin(const char *dir, struct hp_err *err)
{
	return hp_pins_remove(dir, err);
}

static bool is_for(const struct hp_contention *contention, const struct hp_contention_options *options)
{
	return bpf_map__max_entries(contention->skel->maps.hp_rows) == contention->processors * contention->rows_count &&
	       counters_are_for(bpf_map__fd(contention->skel->maps.hp_domains), options->cgroups, options->cgroups_count);
}

/* Which programs are at work: those that were not there when it was pinned are not there now. */
static bool take_programs(struct hp_contention *contention, const char *dir)
{
	for (size_t i = 0; i < CONTENTION_PARTS; i++) {
		const char *section = bpf_program__section_name(contention_program(contention, i));

		if (strncmp(section, "tp_btf/", 7) != 0)
			continue;	/* ran once, at the beginning */
		contention->adopted[i] = hp_pins_program(contention->skel->skeleton, dir, contention_parts[i].program);
		if (contention->adopted[i] < 0)
			contention->missing[contention_parts[i].hook] = "not there when the counting began";
	}
	return !contention->missing[HP_HOOK_SWITCH];
}

static int take(struct hp_contention *contention, const struct hp_contention_options *options, const char *dir,
		struct hp_err *err)
{
	int ret;

	contention->skel = contention_cpu_bpf__open();
	if (!contention->skel)
		return hp_bpf_error(err, errno, "opening the contention programs");
	ret = hp_pins_take(contention->skel->skeleton, dir, err);
	if (ret)
		return ret;
	if (!is_for(contention, options))
		return hp_err_set(err, ESTALE, "what is pinned below %s counts for other domains", dir);
	if (!take_programs(contention, dir))
		return hp_err_set(err, ESTALE, "what is pinned below %s is not whole: its programs are gone", dir);
	ret = contention_map_rows(contention, err);
	return ret ? ret : hp_contention_set_irqs(contention, options->irqs, options->irqs_count, err);
}

int hp_contention_adopt(const struct hp_contention_options *options, const char *dir, struct hp_contention **out,
			struct hp_err *err)
{
	struct hp_contention *contention = NULL;
	int ret = contention_new(options, &contention, err);

	if (!ret)
		ret = take(contention, options, dir, err);
	if (ret) {
		hp_contention_close(contention);
		return ret;
	}
	*out = contention;
	return 0;
}
