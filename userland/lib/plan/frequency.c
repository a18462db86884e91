// SPDX-License-Identifier: GPL-2.0
/* frequency.c: decides which frequency and latency files of a domain's CPUs can be written, in which order. */
#include "plan/frequency.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

struct walk {
	const struct hp_frequency_spec *spec;
	const struct hp_latency_spec *latency;
	const struct hp_inventory *inv;
	hwloc_const_bitmap_t own;	/* the domain's CPUs */
	plan_freq_fn *fn;
	void *arg;
};

void plan_khz_text(uint64_t khz, char *text, size_t size)
{
	if (khz >= 1000000 && khz % 100000 == 0)
		snprintf(text, size, "%" PRIu64 "%s%.*" PRIu64 "GHz", khz / 1000000, khz % 1000000 ? "." : "",
			 khz % 1000000 ? 1 : 0, khz % 1000000 / 100000);
	else if (khz % 1000 == 0)
		snprintf(text, size, "%" PRIu64 "MHz", khz / 1000);
	else
		snprintf(text, size, "%" PRIu64 ".%03" PRIu64 "MHz", khz / 1000, khz % 1000);
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (strcspn(at, " ") == length && !strncmp(at, word, length))
			return true;
	return false;
}

/*
 * In active mode these drivers choose the frequency themselves: their two "governors" only say how eagerly,
 * and the kernel's own (schedutil and so on) are not to be had.
 */
static bool is_active(const struct hp_inv_freq *freq)
{
	return freq->driver && (!strcmp(freq->driver, "intel_pstate") || !strcmp(freq->driver, "amd-pstate-epp"));
}

static const char *driver_name(const struct hp_inv_freq *freq)
{
	return freq->driver ? freq->driver : "of this machine";
}

static void judge_governor(const struct hp_inv_freq *freq, struct plan_freq_item *item)
{
	if (has_word(freq->governors, item->want))
		return;
	snprintf(item->why, sizeof(item->why), "the driver %s%s offers %.160s", driver_name(freq),
		 is_active(freq) ? " in active mode" : "", freq->governors ? freq->governors : "no governor");
}

/* The governor that will be in force when the policy is. */
static const char *coming_governor(const struct walk *walk, const struct hp_inv_freq *freq)
{
	if (walk->spec->governor && has_word(freq->governors, walk->spec->governor))
		return walk->spec->governor;
	return freq->governor ? freq->governor : "";
}

static void judge_preference(const struct walk *walk, const struct hp_inv_freq *freq, struct plan_freq_item *item)
{
	if (!freq->preferences)
		snprintf(item->why, sizeof(item->why), "the driver %s takes no energy preference", driver_name(freq));
	else if (!has_word(freq->preferences, item->want))
		snprintf(item->why, sizeof(item->why), "the driver %s offers %.160s", driver_name(freq), freq->preferences);
	else if (is_active(freq) && !strcmp(coming_governor(walk, freq), "performance") &&
		 strcmp(item->want, "performance"))
		snprintf(item->why, sizeof(item->why),
			 "under the governor performance the driver %s takes no preference but performance",
			 driver_name(freq));
}

static void judge_limit(const struct hp_inv_freq *freq, uint64_t khz, struct plan_freq_item *item)
{
	char least[32], most[32];

	if ((!freq->min_khz || khz >= freq->min_khz) && (!freq->max_khz || khz <= freq->max_khz))
		return;
	plan_khz_text(freq->min_khz, least, sizeof(least));
	plan_khz_text(freq->max_khz, most, sizeof(most));
	snprintf(item->why, sizeof(item->why), "the hardware runs at %s to %s", least, most);
}

static int offer(const struct walk *walk, const struct hp_inv_freq *freq, const char *file,
		 struct plan_freq_item *item, const char *shared)
{
	snprintf(item->path, sizeof(item->path), "/sys/devices/system/cpu/cpufreq/policy%u/%s", freq->number, file);
	item->cpus = freq->cpus;
	if (*shared)
		snprintf(item->why, sizeof(item->why), "%s", shared);
	return walk->fn(walk->arg, item);
}

static int offer_governor(const struct walk *walk, const struct hp_inv_freq *freq, const char *shared)
{
	struct plan_freq_item item = { .what = "frequency governor" };

	if (!walk->spec->governor)
		return 0;
	snprintf(item.want, sizeof(item.want), "%s", walk->spec->governor);
	snprintf(item.shown, sizeof(item.shown), "%s", walk->spec->governor);
	judge_governor(freq, &item);
	return offer(walk, freq, "scaling_governor", &item, shared);
}

static int offer_preference(const struct walk *walk, const struct hp_inv_freq *freq, const char *shared)
{
	struct plan_freq_item item = { .what = "energy preference" };

	if (!walk->spec->preference)
		return 0;
	snprintf(item.want, sizeof(item.want), "%s", walk->spec->preference);
	snprintf(item.shown, sizeof(item.shown), "%s", walk->spec->preference);
	judge_preference(walk, freq, &item);
	return offer(walk, freq, "energy_performance_preference", &item, shared);
}

static int offer_limit(const struct walk *walk, const struct hp_inv_freq *freq, const char *what, const char *file,
		       uint64_t khz, const char *shared)
{
	struct plan_freq_item item = { .what = what };

	if (!khz)
		return 0;
	snprintf(item.want, sizeof(item.want), "%" PRIu64, khz);
	plan_khz_text(khz, item.shown, sizeof(item.shown));
	judge_limit(freq, khz, &item);
	return offer(walk, freq, file, &item, shared);
}

/* Says why when CPUs that run are behind the same file and are not the domain's. */
static int judge_sharing(const struct walk *walk, const struct hp_inv_freq *freq, char *why, size_t size)
{
	hp_autobitmap others = hwloc_bitmap_alloc();
	hp_autofree char *list = NULL;

	*why = '\0';
	if (!others || hwloc_bitmap_and(others, freq->cpus, walk->inv->online) ||
	    hwloc_bitmap_andnot(others, others, walk->own))
		return -ENOMEM;
	if (hwloc_bitmap_iszero(others))
		return 0;
	list = hp_cpulist_format(others);
	if (!list)
		return -ENOMEM;
	snprintf(why, size, "they have one frequency with CPU%s %.120s, which the domain does not have",
		 hwloc_bitmap_weight(others) == 1 ? "" : "s", list);
	return 0;
}

static int offer_policy(const struct walk *walk, const struct hp_inv_freq *freq)
{
	bool stays_last = walk->spec->governor && !strcmp(walk->spec->governor, "performance");
	char shared[320];
	int rc = judge_sharing(walk, freq, shared, sizeof(shared));

	if (!rc && !stays_last)
		rc = offer_governor(walk, freq, shared);
	if (!rc)
		rc = offer_preference(walk, freq, shared);
	if (!rc && stays_last)
		rc = offer_governor(walk, freq, shared);
	if (!rc)
		rc = offer_limit(walk, freq, "lowest frequency", "scaling_min_freq", walk->spec->min_khz, shared);
	if (!rc)
		rc = offer_limit(walk, freq, "highest frequency", "scaling_max_freq", walk->spec->max_khz, shared);
	return rc;
}

static int offer_frequencies(const struct walk *walk)
{
	hp_autobitmap rest = hwloc_bitmap_dup(walk->own);
	struct plan_freq_item none = {
		.what = "frequency", .shown = "set",
		.why = "they have no cpufreq policy: the firmware or a hypervisor decides, and Linux has no say",
	};
	int rc = 0;

	if (!rest)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < walk->inv->freqs_count; i++) {
		const struct hp_inv_freq *freq = &walk->inv->freqs[i];

		if (!hwloc_bitmap_intersects(freq->cpus, walk->own))
			continue;
		rc = hwloc_bitmap_andnot(rest, rest, freq->cpus) ? -ENOMEM : offer_policy(walk, freq);
	}
	if (rc || hwloc_bitmap_iszero(rest))
		return rc;
	none.cpus = rest;
	return walk->fn(walk->arg, &none);
}

/* "n/a" is how the file says that no latency at all is allowed; 0 would be no limit. */
static int offer_latency(const struct walk *walk, unsigned int cpu)
{
	struct plan_freq_item item = { .what = "wake-up latency" };
	hp_autobitmap one = hwloc_bitmap_alloc();

	if (!one || hwloc_bitmap_only(one, cpu))
		return -ENOMEM;
	item.cpus = one;
	if (walk->latency->us)
		snprintf(item.want, sizeof(item.want), "%" PRIu64, walk->latency->us);
	else
		snprintf(item.want, sizeof(item.want), "n/a");
	snprintf(item.shown, sizeof(item.shown), "%" PRIu64 "us", walk->latency->us);
	snprintf(item.path, sizeof(item.path), "/sys/devices/system/cpu/cpu%u/power/pm_qos_resume_latency_us", cpu);
	if (!walk->inv->wake_cpus || !hwloc_bitmap_isset(walk->inv->wake_cpus, cpu))
		snprintf(item.why, sizeof(item.why), "this kernel has no pm_qos_resume_latency_us for them");
	return walk->fn(walk->arg, &item);
}

int plan_freq_each(const struct hp_policy *policy, const struct hp_inventory *inv,
		   const struct hp_assignment *assignment, size_t domain, plan_freq_fn *fn, void *arg)
{
	const struct walk walk = {
		.spec = &policy->domains[domain].frequency, .latency = &policy->domains[domain].wake_latency,
		.inv = inv, .own = assignment->domains[domain].cpus, .fn = fn, .arg = arg,
	};
	int rc = walk.spec->loc.line ? offer_frequencies(&walk) : 0;
	unsigned int cpu;

	if (rc || !walk.latency->is_set)
		return rc;
	hwloc_bitmap_foreach_begin(cpu, walk.own)
		rc = offer_latency(&walk, cpu);
		if (rc)
			return rc;
	hwloc_bitmap_foreach_end();
	return 0;
}
