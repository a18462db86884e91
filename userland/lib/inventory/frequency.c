// SPDX-License-Identifier: GPL-2.0
/* frequency.c: which CPUs share a frequency, who sets it, and which have a wake-up latency to bound. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define CPUFREQ "/sys/devices/system/cpu/cpufreq"

static char *read_text(struct inv_reader *reader, unsigned int number, const char *file)
{
	char *text = hp_root_readf(reader->root, CPUFREQ "/policy%u/%s", number, file);
	size_t length = text ? strlen(text) : 0;

	/* The lists of words end with a blank. */
	while (length && text[length - 1] == ' ')
		text[--length] = '\0';
	if (length && strcmp(text, "<unknown>"))
		return text;
	free(text);
	return NULL;
}

static uint64_t read_khz(struct inv_reader *reader, unsigned int number, const char *file)
{
	hp_autofree char *text = read_text(reader, number, file);

	return text ? strtoull(text, NULL, 10) : 0;
}

/* Without its CPUs a policy is inactive or not recorded; nothing can be said about it. */
static int read_policy(struct inv_reader *reader, unsigned int number)
{
	hp_autofree char *list = hp_root_readf(reader->root, CPUFREQ "/policy%u/related_cpus", number);
	hp_autobitmap cpus = hwloc_bitmap_alloc();
	struct hp_inv_freq *freq;

	if (!cpus)
		return -ENOMEM;
	/* Blanks, not commas: "0 1 2 3". */
	for (char *at = list; at && *at; at += strspn(at, " ")) {
		unsigned long cpu = strtoul(at, &at, 10);

		if ((*at && *at != ' ') || cpu > HP_CPU_MAX)
			return 0;
		if (hwloc_bitmap_set(cpus, (unsigned int)cpu))
			return -ENOMEM;
	}
	if (hwloc_bitmap_iszero(cpus))
		return 0;
	freq = inv_append(reader->inv->freqs, reader->inv->freqs_count);
	if (!freq)
		return -ENOMEM;
	*freq = (struct hp_inv_freq){
		.number = number,
		.cpus = hp_take(cpus),
		.driver = read_text(reader, number, "scaling_driver"),
		.governor = read_text(reader, number, "scaling_governor"),
		.governors = read_text(reader, number, "scaling_available_governors"),
		.preference = read_text(reader, number, "energy_performance_preference"),
		.preferences = read_text(reader, number, "energy_performance_available_preferences"),
		.min_khz = read_khz(reader, number, "cpuinfo_min_freq"),
		.max_khz = read_khz(reader, number, "cpuinfo_max_freq"),
	};
	return 0;
}

static int read_policies(struct inv_reader *reader)
{
	char **names = NULL;
	int ret = 0;

	if (hp_root_list(reader->root, CPUFREQ, &names, NULL))
		return 0;
	for (char **name = names; name && *name && !ret; name++) {
		unsigned int number;
		char rest;

		if (sscanf(*name, "policy%u%c", &number, &rest) == 1)
			ret = read_policy(reader, number);
	}
	hp_root_list_free(names);
	return ret;
}

/* Documentation/ABI/testing/sysfs-devices-power: pm_qos_resume_latency_us. */
static int read_wake_cpus(struct inv_reader *reader)
{
	struct hp_inventory *inv = reader->inv;
	unsigned int cpu;

	inv->wake_cpus = hwloc_bitmap_alloc();
	if (!inv->wake_cpus)
		return -ENOMEM;
	hwloc_bitmap_foreach_begin(cpu, inv->online)
		char path[80];

		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/power/pm_qos_resume_latency_us", cpu);
		if (hp_root_exists(reader->root, path) && hwloc_bitmap_set(inv->wake_cpus, cpu))
			return -ENOMEM;
	hwloc_bitmap_foreach_end();
	return 0;
}

int inv_read_frequencies(struct inv_reader *reader)
{
	hp_autofree char *idle = hp_root_readf(reader->root, "/sys/devices/system/cpu/cpuidle/current_driver");

	if (idle && *idle && strcmp(idle, "none"))
		reader->inv->idle_driver = hp_take(idle);
	return read_policies(reader) || read_wake_cpus(reader) ? -ENOMEM : 0;
}

void inv_free_frequencies(struct hp_inventory *inv)
{
	for (size_t i = 0; i < inv->freqs_count; i++) {
		struct hp_inv_freq *freq = &inv->freqs[i];

		hwloc_bitmap_free(freq->cpus);
		free(freq->driver);
		free(freq->governor);
		free(freq->governors);
		free(freq->preference);
		free(freq->preferences);
	}
	free(inv->freqs);
	hwloc_bitmap_free(inv->wake_cpus);
	free(inv->idle_driver);
}
