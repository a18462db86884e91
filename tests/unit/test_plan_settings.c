// SPDX-License-Identifier: GPL-2.0
/* test_plan_settings.c: an assignment written down as settings, and read back from them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "plan_fixture.h"

static const char two_hosts[] =
	"base: {memory: 1GiB}\n"
	"domains:\n"
	"  alpha:\n"
	"    cpus: 1\n"
	"    memory: 1GiB\n"
	"    devices:\n"
	"      - serial: disk-1\n"
	"      - mac: \"52:54:00:00:00:04\"\n"
	"        port: {name: eth0, addresses: [192.0.2.1/24], gateway: 192.0.2.254, mtu: 9000}\n"
	"  beta:\n"
	"    hostname: beta.example.org\n"
	"    cpus: {cores: 2, isolated: true}\n"
	"    memory: {size: 1536MiB, guarantee: 50%}\n"
	"    pids: 4096\n"
	"    devices:\n"
	"      - serial: disk-2\n"
	"      - mac: \"52:54:00:00:00:05\"\n"
	"links:\n"
	"  - {from: beta, to: alpha, protocol: tcp, ports: [8080, \"9000-9010\"]}\n"
	"  - {from: alpha, to: beta, protocol: icmp}\n"
	"  - {from: alpha, to: base, protocol: udp, ports: [53]}\n";

/* backend|object|attr|want|policy line, with "\n" inside a value written as ";" */
static const char *const expected[] = {
	"cgroup|/|mount.nsdelegate|1|2",
	"cgroup|/|cgroup.subtree_control|cpuset memory pids|2",
	"cgroup|hostpart||present|2",
	"cgroup|hostpart|cpuset.cpus|2-7|2",
	"cgroup|hostpart|cpuset.mems|0-1|2",
	"cgroup|hostpart|memory.min|1879048192|2",
	"cgroup|hostpart|cpuset.cpus.partition|root|2",
	"cgroup|hostpart|cgroup.subtree_control|cpuset memory pids|2",
	"cgroup|hostpart/alpha||present|4",
	"cgroup|hostpart/alpha|cpuset.cpus|2-3|5",
	"cgroup|hostpart/alpha|cpuset.mems|0|6",
	"cgroup|hostpart/alpha|cpuset.cpus.partition|root|5",
	"cgroup|hostpart/alpha|memory.min|1073741824|6",
	"cgroup|hostpart/alpha|memory.max|1073741824|6",
	"cgroup|hostpart/alpha|memory.swap.max|0|6",
	"cgroup|hostpart/alpha|pids.max|max|4",
	"cgroup|hostpart/beta||present|11",
	"cgroup|hostpart/beta|cpuset.cpus|4-7|13",
	"cgroup|hostpart/beta|cpuset.mems|1|14",
	"cgroup|hostpart/beta|cpuset.cpus.partition|isolated|13",
	"cgroup|hostpart/beta|memory.min|805306368|14",
	"cgroup|hostpart/beta|memory.max|1610612736|14",
	"cgroup|hostpart/beta|memory.swap.max|0|14",
	"cgroup|hostpart/beta|pids.max|4096|11",
	"netns|alpha||present|4",
	"netns|beta||present|11",
	"devacl|alpha||cgroup hostpart/alpha;allow b 259:2 rwm;allow b 259:3 rwm;allow c 1:3 rwm;"
	"allow c 1:5 rwm;allow c 1:7 rwm;allow c 1:8 rwm;allow c 1:9 rwm;allow c 5:0 rwm;allow c 5:2 rwm;"
	"allow c 136:* rwm;allow c 240:1 rwm|4",
	"devacl|beta||cgroup hostpart/beta;allow b 259:4 rwm;allow b 259:5 rwm;allow c 1:3 rwm;"
	"allow c 1:5 rwm;allow c 1:7 rwm;allow c 1:8 rwm;allow c 1:9 rwm;allow c 5:0 rwm;allow c 5:2 rwm;"
	"allow c 136:* rwm;allow c 240:2 rwm|11",
	"domain|alpha||hostname=alpha cgroup=hostpart/alpha|4",
	"domain|beta||hostname=beta.example.org cgroup=hostpart/beta|11",
	"cgroup|hostpart/alpha|cgroup.subtree_control|memory pids|4",
	"cgroup|hostpart/beta|cgroup.subtree_control|memory pids|11",
	"port|0000:04:00.0||{\"netns\":\"alpha\",\"name\":\"eth0\",\"mtu\":9000,\"addresses\":[\"192.0.2.1/24\"],"
	"\"gateway\":\"192.0.2.254\",\"up\":true}|10",
	"port|0000:05:00.0||{\"netns\":\"beta\",\"name\":\"enp5s0\",\"addresses\":[],\"up\":true}|18",
	"nft|hostpart||leg alpha hp-alpha 10.203.0.2;leg beta hp-beta 10.203.0.3;allow alpha base udp 53;"
	"allow alpha beta icmp;allow beta alpha tcp 8080;allow beta alpha tcp 9000-9010|20",
	"star|alpha||inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24|4",
	"star|beta||inside=10.203.0.3 hub=10.203.0.1 subnet=10.203.0.0/24|11",
	"devacl|base||deny b 259:2 hostpart/alpha;deny b 259:3 hostpart/alpha;deny b 259:4 hostpart/beta;"
	"deny b 259:5 hostpart/beta;deny c 240:1 hostpart/alpha;deny c 240:2 hostpart/beta|2",
	"sysfile|/sys/devices/virtual/workqueue/cpumask||03|2",
	"sysfile|/proc/irq/default_smp_affinity||03|2",
	"irq|4|affinity|0-1|2",
	"irq|24|affinity|2-3|8",
	"irq|0000:05:00.0/1|affinity|4-7|18",
	"registry|table||domain alpha active;cpus alpha 2-3;memory alpha 1073741824 nodes 0;"
	"pci alpha 0000:02:00.0 driver some;pci alpha 0000:04:00.0 driver some port eth0;"
	"domain beta active;cpus beta 4-7;memory beta 1610612736 nodes 1;"
	"pci beta 0000:03:00.0 driver some;pci beta 0000:05:00.0 driver some|2",
};

static int pci_index(const struct hp_inventory *inv, const char *bdf)
{
	for (size_t i = 0; i < inv->pci_count; i++) {
		if (!strcmp(inv->pci[i].bdf, bdf))
			return (int)i;
	}
	fail_msg("no %s", bdf);
	return -1;
}

static struct hp_inventory *vm_with_irqs(void)
{
	struct hp_inventory *inv = fixture_vm();
	struct hp_inv_irq *timer = fixture_irq(inv, 0, "timer", -1), *managed;

	timer->is_movable = false;
	fixture_irq(inv, 4, "ttyS0", -1);
	fixture_irq(inv, 7, NULL, -1);
	fixture_irq(inv, 24, "nvme1q0", pci_index(inv, "0000:02:00.0"));
	managed = fixture_irq(inv, 25, "nvme1q1", pci_index(inv, "0000:02:00.0"));
	managed->is_managed = true;
	/* Its driver asks for it only when the port is taken up. */
	fixture_irq(inv, 26, NULL, pci_index(inv, "0000:05:00.0"))->vector = 1;
	return inv;
}

static char *describe(const struct hp_setting *item)
{
	char *text;

	assert_true(asprintf(&text, "%s|%s|%s|%s|%u", item->backend, item->object, item->attr, item->want,
			     item->loc.line) > 0);
	for (char *at = text; *at; at++)
		*at = *at == '\n' ? ';' : *at;
	return text;
}

static void plan_settings(const char *text, const struct hp_inventory *inv, struct hp_settings *settings)
{
	hp_autopolicy *policy = fixture_policy(text);
	hp_autoassignment *out = fixture_assign(policy, inv, NULL);

	assert_int_equal(hp_plan_settings(policy, inv, out, settings, NULL), 0);
}

static void the_whole_catalogue_in_order(void **state)
{
	hp_autoinventory *inv = vm_with_irqs();
	hp_autosettings settings = HP_SETTINGS_INIT;

	(void)state;
	plan_settings(two_hosts, inv, &settings);
	for (size_t i = 0; i < settings.count && i < hp_array_size(expected); i++) {
		hp_autofree char *text = describe(&settings.items[i]);

		assert_string_equal(text, expected[i]);
		assert_int_equal(settings.items[i].is_optional, !strcmp(settings.items[i].backend, "irq"));
	}
	assert_int_equal(settings.count, hp_array_size(expected));
}

static const char *want_of(const struct hp_settings *settings, const char *backend, const char *object,
			   const char *attr)
{
	const struct hp_setting *item = hp_settings_find(settings, backend, object, attr);

	return item ? item->want : NULL;
}

static void under_systemd(void **state)
{
	static const char *const units[] = { "system.slice", "user.slice", "machine.slice", "init.scope" };
	hp_autoinventory *inv = fixture_vm();
	hp_autosettings settings = HP_SETTINGS_INIT;

	(void)state;
	inv->has_systemd = true;
	plan_settings(two_hosts, inv, &settings);
	assert_string_equal(settings.items[0].backend, "systemd");
	assert_string_equal(settings.items[0].object, "hostpart.service");
	assert_string_equal(settings.items[0].want, "present");
	for (size_t i = 0; i < hp_array_size(units); i++)
		assert_string_equal(want_of(&settings, "systemd", units[i], "AllowedCPUs"), "0-1");
	assert_null(want_of(&settings, "cgroup", "/", "cgroup.subtree_control"));
	assert_string_equal(want_of(&settings, "cgroup", "hostpart.service/alpha", "cpuset.cpus"), "2-3");
	assert_string_equal(want_of(&settings, "domain", "alpha", ""),
			    "hostname=alpha cgroup=hostpart.service/alpha");
}

static void what_is_not_asked_for_is_not_there(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autosettings settings = HP_SETTINGS_INIT;

	(void)state;
	inv->has_module = false;
	plan_settings("domains:\n  alpha: {cpus: 1, memory: 1GiB, network: {link: false}}\n", inv, &settings);
	for (size_t i = 0; i < settings.count; i++) {
		assert_string_not_equal(settings.items[i].backend, "star");
		assert_string_not_equal(settings.items[i].backend, "nft");
		assert_string_not_equal(settings.items[i].backend, "port");
		assert_string_not_equal(settings.items[i].backend, "registry");
		assert_string_not_equal(settings.items[i].backend, "systemd");
	}
	assert_null(want_of(&settings, "devacl", "base", ""));
}

/* The kernel prints nr_cpu_ids bits: 36 CPUs are one digit and a full group. */
static void masks_are_written_like_the_kernels(void **state)
{
	static const struct {
		unsigned int cores;
		const char *mask;
	} cases[] = {
		{ 2, "1" }, { 8, "01" }, { 32, "00000001" }, { 33, "0,00000001" }, { 36, "0,00000001" },
		{ 100, "0,00000000,00000000,00000001" },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		hp_autoinventory *inv = fixture_regular(1, 1, cases[i].cores, 1, 4 * GIB);
		hp_autosettings settings = HP_SETTINGS_INIT;
		char text[128];

		snprintf(text, sizeof(text), "domains:\n  alpha: {cpus: %u, memory: 1GiB}\n", cases[i].cores - 1);
		plan_settings(text, inv, &settings);
		assert_string_equal(want_of(&settings, "sysfile", "/proc/irq/default_smp_affinity", ""),
				    cases[i].mask);
	}
}

/* A port that moved into a domain is seen there or not at all; the plan stays the same setting. */
static void ports_out_of_sight(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	struct hp_inv_pci *pci = &inv->pci[pci_index(inv, "0000:04:00.0")];
	hp_autosettings settings = HP_SETTINGS_INIT;

	(void)state;
	free(pci->devs[0].name);
	free(pci->devs[0].mac);
	pci->devs_count = 0;
	fixture_dev(&inv->pci[pci_index(inv, "0000:05:00.0")], HP_DEV_NET, "enp5s1", -1, -1);
	plan_settings("domains:\n  alpha:\n    cpus: 1\n    memory: 1GiB\n    devices:\n"
		      "      - bdf: \"0000:04:00.0\"\n      - {bdf: \"0000:05:00.0\", port: {mtu: 1400}}\n",
		      inv, &settings);
	assert_string_equal(want_of(&settings, "port", "0000:04:00.0", ""),
			    "{\"netns\":\"alpha\",\"addresses\":[],\"up\":true}");
	assert_string_equal(want_of(&settings, "port", "0000:05:00.0", ""),
			    "{\"netns\":\"alpha\",\"name\":\"enp5s0\",\"mtu\":1400,\"addresses\":[],\"up\":true}");
	/* The policy speaks of the first port only. */
	assert_string_equal(want_of(&settings, "port", "0000:05:00.0#1", ""),
			    "{\"netns\":\"alpha\",\"name\":\"enp5s1\",\"addresses\":[],\"up\":true}");
}

static void settings_are_read_back(void **state)
{
	hp_autoinventory *inv = fixture_vm();
	hp_autopolicy *policy = fixture_policy(two_hosts);
	hp_autopolicy *other = fixture_policy("domains:\n  gamma: {cpus: 1, memory: 1GiB}\n"
					      "  beta: {cpus: 2, memory: 1GiB}\n");
	hp_autoassignment *out = fixture_assign(policy, inv, NULL), *back = NULL, *partly = NULL, *next = NULL;
	hp_autosettings settings = HP_SETTINGS_INIT;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_plan_settings(policy, inv, out, &settings, &err), 0);
	assert_int_equal(hp_assignment_from_settings(policy, &settings, &back, &err), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_true(hwloc_bitmap_isequal(out->domains[i].cpus, back->domains[i].cpus));
		assert_true(hwloc_bitmap_isequal(out->domains[i].nodes, back->domains[i].nodes));
		assert_string_equal(out->domains[i].link_address, back->domains[i].link_address);
	}
	assert_string_equal(back->base_link_address, "10.203.0.1");
	/* Another policy: who is new has nothing yet, who stays keeps place and address. */
	assert_int_equal(hp_assignment_from_settings(other, &settings, &partly, &err), 0);
	assert_true(hwloc_bitmap_iszero(partly->domains[0].cpus));
	assert_null(partly->domains[0].link_address);
	next = fixture_assign(other, inv, partly);
	assert_true(hwloc_bitmap_isequal(next->domains[1].cpus, out->domains[1].cpus));
	assert_string_equal(next->domains[1].link_address, "10.203.0.3");
	assert_string_equal(next->domains[0].link_address, "10.203.0.2");
}

static void what_cannot_be_read_back_is_an_error(void **state)
{
	hp_autopolicy *policy = fixture_policy(two_hosts);
	hp_autosettings settings = HP_SETTINGS_INIT;
	struct hp_assignment *out = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_non_null(hp_settings_add(&settings, "cgroup", "hostpart/alpha", "cpuset.cpus", "2-x"));
	assert_int_equal(hp_assignment_from_settings(policy, &settings, &out, &err), -EINVAL);
	assert_null(out);
	assert_non_null(strstr(err.text, "hostpart/alpha"));
}

static void settings_list(void **state)
{
	hp_autosettings settings = HP_SETTINGS_INIT;
	char object[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(object, sizeof(object), "%d", i);
		assert_non_null(hp_settings_add(&settings, "irq", object, "affinity", i % 2 ? "0" : NULL));
	}
	assert_int_equal(settings.count, 1000);
	assert_ptr_equal(hp_settings_find(&settings, "irq", "999", "affinity"), &settings.items[999]);
	assert_null(settings.items[998].want);
	assert_int_equal(settings.items[5].domain, -1);
	assert_null(hp_settings_find(&settings, "irq", "1000", "affinity"));
	assert_null(hp_settings_find(&settings, "cgroup", "5", "affinity"));
	hp_settings_clear(&settings);
	assert_int_equal(settings.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_catalogue_in_order),
		cmocka_unit_test(under_systemd),
		cmocka_unit_test(what_is_not_asked_for_is_not_there),
		cmocka_unit_test(masks_are_written_like_the_kernels),
		cmocka_unit_test(ports_out_of_sight),
		cmocka_unit_test(settings_are_read_back),
		cmocka_unit_test(what_cannot_be_read_back_is_an_error),
		cmocka_unit_test(settings_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
