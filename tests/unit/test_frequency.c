// SPDX-License-Identifier: GPL-2.0
/* test_frequency.c: frequency and wake-up latency on machines as intel_pstate, amd-pstate and acpi-cpufreq show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "machine.h"
#include "plan_fixture.h"

#define PREFERENCES "default performance balance_performance balance_power power "

/* What one cpufreq policy shows; NULL = the driver makes no such file. */
struct shown {
	unsigned int number;
	const char *cpus, *driver, *governor, *governors, *preference, *preferences, *min, *max;
};

static void put_file(const char *dir, unsigned int number, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpufreq/policy%u/%s", number, file);
	if (text)
		machine_put(dir, path, text);
}

static void put_policy(const char *dir, const struct shown *it)
{
	put_file(dir, it->number, "related_cpus", it->cpus);
	put_file(dir, it->number, "scaling_driver", it->driver);
	put_file(dir, it->number, "scaling_governor", it->governor);
	put_file(dir, it->number, "scaling_available_governors", it->governors);
	put_file(dir, it->number, "energy_performance_preference", it->preference);
	put_file(dir, it->number, "energy_performance_available_preferences", it->preferences);
	put_file(dir, it->number, "cpuinfo_min_freq", it->min);
	put_file(dir, it->number, "cpuinfo_max_freq", it->max);
}

static void put_latency(const char *dir, unsigned int cpus)
{
	char path[128];

	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/power/pm_qos_resume_latency_us", cpu);
		machine_put(dir, path, "0");
	}
}

/* Two packages, CPUs 0-3 and 4-7, two threads a core; each CPU its own policy like `like`. */
static struct hp_inventory *with_policy_per_cpu(struct shown like)
{
	char *dir = machine_make("two-socket"), cpu[8];
	struct hp_inventory *inv;

	for (unsigned int i = 0; i < 8; i++) {
		snprintf(cpu, sizeof(cpu), "%u", i);
		like.number = i;
		like.cpus = cpu;
		put_policy(dir, &like);
	}
	put_latency(dir, 8);
	machine_put(dir, "/sys/devices/system/cpu/cpuidle/current_driver", "intel_idle");
	inv = machine_read(dir);
	machine_remove(dir);
	return inv;
}

/* A Xeon with hardware P-states, as intel_pstate.rst describes its active mode. */
static struct hp_inventory *intel_active(void)
{
	return with_policy_per_cpu((struct shown){
		.driver = "intel_pstate", .governor = "powersave", .governors = "performance powersave",
		.preference = "balance_performance", .preferences = PREFERENCES, .min = "800000", .max = "3700000",
	});
}

static struct hp_inventory *amd_active(void)
{
	return with_policy_per_cpu((struct shown){
		.driver = "amd-pstate-epp", .governor = "performance", .governors = "performance powersave",
		.preference = "performance", .preferences = PREFERENCES, .min = "400000", .max = "5881000",
	});
}

/* acpi-cpufreq where the firmware couples all CPUs of a package. */
static struct hp_inventory *acpi_coupled(void)
{
	char *dir = machine_make("two-socket");
	struct shown it = {
		.driver = "acpi-cpufreq", .governor = "schedutil",
		.governors = "conservative ondemand userspace powersave performance schedutil ",
		.min = "1200000", .max = "2401000",
	};
	struct hp_inventory *inv;

	it.number = 0;
	it.cpus = "0 1 2 3";
	put_policy(dir, &it);
	it.number = 4;
	it.cpus = "4 5 6 7";
	put_policy(dir, &it);
	inv = machine_read(dir);
	machine_remove(dir);
	return inv;
}

/* The settings of one domain "alpha" on a CPU list, as "FILE=VALUE" lines, then its gaps as "what|why" lines. */
static char *plan(const struct hp_inventory *inv, const char *cpus, const char *keys)
{
	hp_autofree char *yaml = NULL;
	hp_autopolicy *policy = NULL;
	hp_autoassignment *assignment = NULL;
	hp_autosettings settings = HP_SETTINGS_INIT;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(asprintf(&yaml, "base: {memory: 1GiB}\ndomains:\n  alpha:\n    cpus: {list: \"%s\"}\n    memory: 512MiB\n%s",
			     cpus, keys) > 0);
	policy = fixture_policy(yaml);
	assignment = fixture_assign(policy, inv, NULL);
	assert_int_equal(hp_plan_settings(policy, inv, assignment, &settings, NULL), 0);
	for (size_t i = 0; i < settings.count; i++) {
		const struct hp_setting *item = &settings.items[i];
		const char *file = strstr(item->object, "/cpu/");

		if (strcmp(item->backend, "sysfile") || !file)
			continue;
		assert_true(item->is_optional);
		assert_int_equal(item->domain, 0);
		assert_true(item->loc.line >= 6);
		fprintf(out, "%s=%s\n", file + 5, item->want);
	}
	for (size_t i = 0; i < assignment->gaps_count; i++)
		if (strstr(assignment->gaps[i].what, "frequency") || strstr(assignment->gaps[i].what, "preference") ||
		    strstr(assignment->gaps[i].what, "latency"))
			fprintf(out, "%s|%s\n", assignment->gaps[i].what, assignment->gaps[i].why);
	fclose(out);
	return text;
}

static void expect(const struct hp_inventory *inv, const char *cpus, const char *keys, const char *want)
{
	hp_autofree char *got = plan(inv, cpus, keys);

	assert_string_equal(got, want);
}

static void inventory_reads_policies(void **state)
{
	hp_autoinventory *inv = intel_active();
	hp_autoinventory *acpi = acpi_coupled();

	(void)state;
	assert_int_equal(inv->freqs_count, 8);
	assert_int_equal(inv->freqs[3].number, 3);
	assert_string_equal(fixture_list(inv->freqs[3].cpus), "3");
	assert_string_equal(inv->freqs[3].driver, "intel_pstate");
	assert_string_equal(inv->freqs[3].governor, "powersave");
	assert_string_equal(inv->freqs[3].preference, "balance_performance");
	assert_int_equal(inv->freqs[3].min_khz, 800000);
	assert_int_equal(inv->freqs[3].max_khz, 3700000);
	assert_string_equal(inv->idle_driver, "intel_idle");
	assert_string_equal(fixture_list(inv->wake_cpus), "0-7");
	assert_int_equal(acpi->freqs_count, 2);
	assert_string_equal(fixture_list(acpi->freqs[1].cpus), "4-7");
	assert_null(acpi->freqs[1].preferences);
	assert_null(acpi->idle_driver);
	assert_true(hwloc_bitmap_iszero(acpi->wake_cpus));
}

/* Going to performance, the preference is written while the driver still takes one; undo goes backwards. */
static void performance_comes_after_its_preference(void **state)
{
	hp_autoinventory *inv = intel_active();

	(void)state;
	expect(inv, "2-3", "    frequency: {governor: performance, preference: performance, min: 2GHz, max: 3.4GHz}\n",
	       "cpufreq/policy2/energy_performance_preference=performance\n"
	       "cpufreq/policy2/scaling_governor=performance\n"
	       "cpufreq/policy2/scaling_min_freq=2000000\n"
	       "cpufreq/policy2/scaling_max_freq=3400000\n"
	       "cpufreq/policy3/energy_performance_preference=performance\n"
	       "cpufreq/policy3/scaling_governor=performance\n"
	       "cpufreq/policy3/scaling_min_freq=2000000\n"
	       "cpufreq/policy3/scaling_max_freq=3400000\n");
}

static void powersave_comes_before_its_preference(void **state)
{
	hp_autoinventory *inv = amd_active();

	(void)state;
	expect(inv, "6-7", "    frequency: {governor: powersave, preference: balance_power}\n",
	       "cpufreq/policy6/scaling_governor=powersave\n"
	       "cpufreq/policy6/energy_performance_preference=balance_power\n"
	       "cpufreq/policy7/scaling_governor=powersave\n"
	       "cpufreq/policy7/energy_performance_preference=balance_power\n");
}

static void active_mode_has_two_governors(void **state)
{
	hp_autoinventory *inv = intel_active();

	(void)state;
	expect(inv, "2-3", "    frequency: {governor: schedutil, max: 3GHz}\n",
	       "cpufreq/policy2/scaling_max_freq=3000000\n"
	       "cpufreq/policy3/scaling_max_freq=3000000\n"
	       "its frequency governor is not schedutil|CPUs 2-3: the driver intel_pstate in active mode offers performance powersave\n");
}

/* amd-pstate-epp.c and intel_pstate.c answer EBUSY; the governor in force counts where the policy names none. */
static void performance_takes_no_other_preference(void **state)
{
	hp_autoinventory *intel = intel_active(), *amd = amd_active();

	(void)state;
	expect(amd, "2-3", "    frequency: {preference: power}\n",
	       "its energy preference is not power|CPUs 2-3: under the governor performance the driver amd-pstate-epp takes no "
	       "preference but performance\n");
	expect(intel, "2-3", "    frequency: {preference: power}\n",
	       "cpufreq/policy2/energy_performance_preference=power\n"
	       "cpufreq/policy3/energy_performance_preference=power\n");
	expect(intel, "2-3", "    frequency: {governor: performance, preference: power}\n",
	       "cpufreq/policy2/scaling_governor=performance\n"
	       "cpufreq/policy3/scaling_governor=performance\n"
	       "its energy preference is not power|CPUs 2-3: under the governor performance the driver intel_pstate takes no "
	       "preference but performance\n");
}

static void limits_stay_within_the_hardware(void **state)
{
	hp_autoinventory *inv = amd_active();

	(void)state;
	expect(inv, "2-3", "    frequency: {min: 300MHz, max: 5.9GHz}\n",
	       "its lowest frequency is not 300MHz|CPUs 2-3: the hardware runs at 400MHz to 5881MHz\n"
	       "its highest frequency is not 5.9GHz|CPUs 2-3: the hardware runs at 400MHz to 5881MHz\n");
	expect(inv, "2-3", "    frequency: {min: 400MHz, max: 5881MHz}\n",
	       "cpufreq/policy2/scaling_min_freq=400000\ncpufreq/policy2/scaling_max_freq=5881000\n"
	       "cpufreq/policy3/scaling_min_freq=400000\ncpufreq/policy3/scaling_max_freq=5881000\n");
}

static void coupled_cpus_are_set_only_for_their_one_owner(void **state)
{
	hp_autoinventory *inv = acpi_coupled();

	(void)state;
	expect(inv, "4-7", "    frequency: {governor: ondemand, preference: power}\n",
	       "cpufreq/policy4/scaling_governor=ondemand\n"
	       "its energy preference is not power|CPUs 4-7: the driver acpi-cpufreq takes no energy preference\n");
	expect(inv, "2-3", "    frequency: {governor: ondemand}\n",
	       "its frequency governor is not ondemand|CPUs 2-3: they have one frequency with CPUs 0-1, which the domain does "
	       "not have\n");
	expect(inv, "2-7", "    frequency: {max: 2.4GHz}\n",
	       "cpufreq/policy4/scaling_max_freq=2400000\n"
	       "its highest frequency is not 2.4GHz|CPUs 2-3: they have one frequency with CPUs 0-1, which the domain does not "
	       "have\n");
}

/* CPU 5 is offline there, and nobody's. */
static void offline_siblings_are_no_obstacle(void **state)
{
	char *dir = machine_make("sparse");
	struct shown it = { 3, "3 5", "acpi-cpufreq", "ondemand", "ondemand performance", NULL, NULL, "1000000", "2000000" };
	hp_autoinventory *inv = NULL;

	(void)state;
	put_policy(dir, &it);
	inv = machine_read(dir);
	machine_remove(dir);
	expect(inv, "3", "    frequency: {governor: performance}\n", "cpufreq/policy3/scaling_governor=performance\n");
}

static void without_cpufreq_everything_is_a_gap(void **state)
{
	hp_autoinventory *inv = machine_inventory("two-socket");

	(void)state;
	expect(inv, "2-3", "    frequency: {governor: performance, max: 2GHz}\n    wake_latency: 20us\n",
	       "its frequency is not set|CPUs 2-3: they have no cpufreq policy: the firmware or a hypervisor decides, and Linux "
	       "has no say\n"
	       "its wake-up latency is not 20us|CPUs 2-3: this kernel has no pm_qos_resume_latency_us for them\n"
	       "its wake-up latency is the hypervisor's or the firmware's|no cpuidle driver is in use, so the kernel knows no "
	       "idle states to keep its CPUs out of; the limit is set all the same\n");
	expect(inv, "2-3", "", "");
}

static void latency_is_per_cpu(void **state)
{
	hp_autoinventory *inv = intel_active();

	(void)state;
	expect(inv, "2-3", "    wake_latency: 1ms\n",
	       "cpu2/power/pm_qos_resume_latency_us=1000\ncpu3/power/pm_qos_resume_latency_us=1000\n");
	/* In the file 0 means no limit. */
	expect(inv, "4-5", "    wake_latency: 0us\n",
	       "cpu4/power/pm_qos_resume_latency_us=n/a\ncpu5/power/pm_qos_resume_latency_us=n/a\n");
}

/* What a driver does not tell is unknown, never a crash. */
static void sparse_and_broken_trees(void **state)
{
	char *dir = machine_make("two-socket");
	struct shown silent = { 2, "2 3", NULL, NULL, NULL, NULL, NULL, NULL, NULL };
	hp_autoinventory *inv = NULL;

	(void)state;
	put_policy(dir, &silent);
	put_file(dir, 4, "related_cpus", "");
	put_file(dir, 5, "related_cpus", "5,6");
	put_file(dir, 6, "related_cpus", "99999999");
	machine_put(dir, "/sys/devices/system/cpu/cpufreq/policyX/related_cpus", "7");
	machine_put(dir, "/sys/devices/system/cpu/cpuidle/current_driver", "none");
	inv = machine_read(dir);
	machine_remove(dir);
	assert_int_equal(inv->freqs_count, 1);
	assert_null(inv->idle_driver);
	expect(inv, "2-3", "    frequency: {governor: performance, preference: power, max: 1GHz}\n",
	       "cpufreq/policy2/scaling_max_freq=1000000\n"
	       "its energy preference is not power|CPUs 2-3: the driver of this machine takes no energy preference\n"
	       "its frequency governor is not performance|CPUs 2-3: the driver of this machine offers no governor\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inventory_reads_policies),
		cmocka_unit_test(performance_comes_after_its_preference),
		cmocka_unit_test(powersave_comes_before_its_preference),
		cmocka_unit_test(active_mode_has_two_governors),
		cmocka_unit_test(performance_takes_no_other_preference),
		cmocka_unit_test(limits_stay_within_the_hardware),
		cmocka_unit_test(coupled_cpus_are_set_only_for_their_one_owner),
		cmocka_unit_test(offline_siblings_are_no_obstacle),
		cmocka_unit_test(without_cpufreq_everything_is_a_gap),
		cmocka_unit_test(latency_is_per_cpu),
		cmocka_unit_test(sparse_and_broken_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
