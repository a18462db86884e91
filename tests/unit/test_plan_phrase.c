// SPDX-License-Identifier: GPL-2.0
/* test_plan_phrase.c: steps in a person's words. */
#include "../../userland/partctl/plan_phrase.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "plan_fixture.h"

struct phrase_case {
	const char *backend, *object, *attr, *value, *what, *text;
};

static const struct phrase_case cases[] = {
	{ "cgroup", "/", "mount.nsdelegate", "1", "delegation (nsdelegate) of the cgroup root", "1" },
	{ "cgroup", "hostpart", "memory.min", "2147483648", "guaranteed memory of all domains together", "2GiB" },
	{ "cgroup", "hostpart.service/alpha", "", NULL, "cgroup of alpha", "absent" },
	{ "cgroup", "hostpart/alpha", "memory.max", "max", "memory limit of alpha", "max" },
	{ "cgroup", "hostpart/alpha", "memory.max", "1395863552", "memory limit of alpha", "1.30GiB" },
	{ "cgroup", "hostpart/alpha", "cpuset.cpus", "", "CPUs of alpha", "none" },
	{ "cgroup", "hostpart/alpha", "io.max", "8:0 rbps=1", "io.max of alpha", "8:0 rbps=1" },
	{ "systemd", "user.slice", "AllowedCPUs", "0-1", "CPUs of user.slice", "0-1" },
	{ "systemd", "hostpart.service", "MemoryMin", "1073741824",
	  "guaranteed memory of hostpart.service", "1GiB" },
	{ "systemd", "hostpart.service", "Delegate", "yes", "Delegate of hostpart.service", "yes" },
	{ "systemd", "hostpart.service", "", "present", "systemd unit hostpart.service", "present" },
	{ "irq", "24", "affinity", "0-3", "interrupt 24 (nvme1q0)", "0-3" },
	{ "irq", "99", "affinity", "0-3", "interrupt 99", "0-3" },
	{ "irq", "0000:03:00.0/1", "affinity", "0-3", "interrupt 40 (queue)", "0-3" },
	{ "irq", "0000:03:00.0/2", "affinity", "0-3", "interrupt 0000:03:00.0/2", "0-3" },
	{ "port", "0000:04:00.0", "", "{\"netns\":\"alpha\",\"name\":\"eth0\",\"mtu\":9000,\"addresses\":[\"192.0.2.1/24\"],\"up\":true}",
	  "network port 0000:04:00.0 (enp4s0)", "eth0 in alpha, 192.0.2.1/24, mtu 9000" },
	{ "port", "0000:09:00.0", "", "{\"netns\":\"\",\"addresses\":[]}", "network port 0000:09:00.0", "in the base" },
	{ "port", "0000:09:00.0", "", "not json", "network port 0000:09:00.0", "not json" },
	{ "nft", "hostpart", "", "leg a hp-a 10.0.0.2\nallow a base icmp\nallow a base tcp 1", "firewall between the domains",
	  "1 link, 2 rules" },
	{ "registry", "table", "", "domain a\ncpus a 1\nmemory a 4096 nodes 0\ndomain b\ncpus b 2",
	  "claims in the kernel module", "2 domains, 3 claims" },
	{ "devacl", "base", "", "deny b 259:0 hostpart/a", "device nodes kept from all others", "1 rule" },
	{ "devacl", "alpha", "", "cgroup hostpart/alpha\nallow c 1:3 rwm\nallow c 1:5 rwm", "device nodes of alpha", "2 "
		"rules" },
	{ "sysfile", "/sys/devices/virtual/workqueue/cpumask", "", "1,00000003", "CPUs of unbound kernel work", "0-1,32" },
	{ "sysfile", "/proc/irq/default_smp_affinity", "", "ff", "CPUs of new interrupts", "0-7" },
	{ "sysfile", "/sys/devices/system/cpu/cpufreq/policy2/scaling_governor", "", "performance",
	  "frequency governor of CPU 2", "performance" },
	{ "sysfile", "/sys/devices/system/cpu/cpufreq/policy2/scaling_max_freq", "", "2400000",
	  "highest frequency of CPU 2", "2400 MHz" },
	{ "sysfile", "/sys/devices/system/cpu/cpu12/power/pm_qos_resume_latency_us", "", "20",
	  "wake-up latency of CPU 12", "20 us" },
	{ "sysfile", "/sys/devices/system/cpu/cpu12/power/pm_qos_resume_latency_us", "", "0",
	  "wake-up latency of CPU 12", "any" },
	{ "sysfile", "/sys/devices/system/cpu/cpu12/power/pm_qos_resume_latency_us", "", "n/a",
	  "wake-up latency of CPU 12", "none: no idle state" },
	{ "star", "alpha", "", "one\ntwo\nthree", "network link of alpha", "one (and 2 lines more)" },
	{ "uplink", "alpha/eth0", "", "kind=macvlan parent=wan0 ra=0", "uplink eth0 of alpha", "kind=macvlan parent=wan0 ra=0" },
	{ "uplink", "alpha/eth0", "up", "up", "state of uplink eth0 of alpha", "up" },
	{ "uplink", "wan0", "parent", "up", "shared port wan0", "up" },
	{ "spoof", "alpha/eth0", "", "in=base", "sender check of eth0 of alpha", "in=base" },
	{ "nat", "hostpart-nat", "", "veth hu-a-1 192.0.2.2 out wan0\nclose wan0", "NAT of uplinks", "1 uplink" },
	{ "uplink", "wan0", "forwarding", "1", "forwarding of wan0", "on" },
	{ "uplink", "wan0", "forwarding", "0 on a router", "forwarding of wan0", "off" },
	{ "other", "thing", "part", "x", "other thing part", "x" },
};

static void steps_are_worded(void **state)
{
	hp_autoinventory *inv = fixture_vm();

	(void)state;
	fixture_irq(inv, 24, "nvme1q0", -1);
	for (int i = 0; i < (int)inv->pci_count; i++)
		if (!strcmp(inv->pci[i].bdf, "0000:03:00.0"))
			fixture_irq(inv, 40, "queue", i)->vector = 1;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		struct hp_step step = {
			.backend = cases[i].backend, .object = (char *)cases[i].object, .attr = (char *)cases[i].attr,
		};
		hp_autofree char *what = plan_phrase_what(&step, inv);
		hp_autofree char *text = plan_phrase_value(&step, cases[i].value);
		hp_autofree char *blind = plan_phrase_what(&step, NULL);

		assert_string_equal(what, cases[i].what);
		assert_string_equal(text, cases[i].text);
		assert_non_null(blind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(steps_are_worded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
