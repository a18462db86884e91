// SPDX-License-Identifier: GPL-2.0
/* test_policy.c: every form of a policy gives the model that its header describes. */
#include "policy/hp_policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

#define GIB (UINT64_C(1) << 30)

/* A policy that must be taken. */
static struct hp_policy *parse(const char *text)
{
	struct hp_policy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_policy_parse("test.yaml", text, &policy, &err))
		fail_msg("%s", err.text);
	return policy;
}

/* One domain "alpha" with these keys. */
#define ALPHA(keys) "apiVersion: hostpart/v1\ndomains:\n  alpha: {" keys "}\n"
#define CPUS(value) ALPHA("cpus: " value ", memory: 1GiB")
#define MEMORY(value) ALPHA("cpus: 1, memory: " value)
#define DEVICE(value) ALPHA("cpus: 1, memory: 1GiB, devices: [" value "]")

static void assert_list(hwloc_const_bitmap_t set, const char *expected)
{
	hp_autofree char *text = set ? hp_cpulist_format(set) : NULL;

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void defaults_are_filled_in(void **state)
{
	hp_autopolicy *policy = parse(MEMORY("2GiB"));
	const struct hp_domain_spec *alpha = policy->domains;

	(void)state;
	assert_string_equal(policy->file, "test.yaml");
	assert_string_equal(policy->text, MEMORY("2GiB"));
	assert_string_equal(policy->star_subnet, HP_STAR_SUBNET);
	assert_int_equal(policy->star_subnet_loc.line, 0);
	assert_int_equal(policy->domains_count, 1);
	assert_int_equal(policy->links_count, 0);
	assert_false(policy->base.has_cpus);
	assert_false(policy->base.memory.is_set);
	assert_string_equal(alpha->name, "alpha");
	assert_string_equal(alpha->hostname, "alpha");
	assert_int_equal(alpha->pids_max, 0);
	assert_int_equal(alpha->devices_count, 0);
	assert_true(alpha->network.is_linked);
	assert_null(alpha->network.link_address);
	assert_null(alpha->memory.nodes);
	assert_true(alpha->memory.guarantee.is_set && alpha->memory.guarantee.is_fraction);
	assert_int_equal(alpha->memory.guarantee.fraction_milli, 100000);
	assert_true(alpha->memory.swap.is_set && !alpha->memory.swap.is_fraction);
	assert_int_equal(alpha->memory.swap.bytes, 0);
	assert_int_equal(alpha->loc.line, 3);
	assert_int_equal(alpha->loc.column, 3);
}

static void cpus_are_cores(void **state)
{
	hp_autopolicy *plain = parse(CPUS("3"));
	hp_autopolicy *mapped = parse(CPUS("{cores: 3, kind: efficiency, isolated: true}"));

	(void)state;
	assert_int_equal(plain->domains->cpus.how, HP_CPUS_CORES);
	assert_int_equal(plain->domains->cpus.cores, 3);
	assert_int_equal(plain->domains->cpus.kind, HP_KIND_ANY);
	assert_false(plain->domains->cpus.isolated);
	assert_null(plain->domains->cpus.list);
	assert_int_equal(plain->domains->cpus.loc.line, 3);
	assert_int_equal(plain->domains->cpus.loc.column, 11);
	assert_int_equal(mapped->domains->cpus.how, HP_CPUS_CORES);
	assert_int_equal(mapped->domains->cpus.cores, 3);
	assert_int_equal(mapped->domains->cpus.kind, HP_KIND_EFFICIENCY);
	assert_true(mapped->domains->cpus.isolated);
}

static void cpus_are_a_share(void **state)
{
	hp_autopolicy *plain = parse(CPUS("12.5%"));
	hp_autopolicy *mapped = parse(CPUS("{fraction: 50%, kind: performance}"));

	(void)state;
	assert_int_equal(plain->domains->cpus.how, HP_CPUS_FRACTION);
	assert_int_equal(plain->domains->cpus.fraction_milli, 12500);
	assert_int_equal(mapped->domains->cpus.how, HP_CPUS_FRACTION);
	assert_int_equal(mapped->domains->cpus.fraction_milli, 50000);
	assert_int_equal(mapped->domains->cpus.kind, HP_KIND_PERFORMANCE);
}

static void cpus_are_a_list(void **state)
{
	hp_autopolicy *text = parse(CPUS("{list: \"6,2-3,7\", isolated: true}"));
	hp_autopolicy *number = parse(CPUS("{list: 5}"));

	(void)state;
	assert_int_equal(text->domains->cpus.how, HP_CPUS_LIST);
	assert_list(text->domains->cpus.list, "2-3,6-7");
	assert_true(text->domains->cpus.isolated);
	assert_list(number->domains->cpus.list, "5");
}

static void assert_amount(const struct hp_amount *amount, bool is_fraction, uint64_t value)
{
	assert_true(amount->is_set);
	assert_int_equal(amount->is_fraction, is_fraction);
	assert_true((is_fraction ? amount->fraction_milli : amount->bytes) == value);
}

static void memory_is_a_size(void **state)
{
	hp_autopolicy *unit = parse(MEMORY("1.5GiB"));
	hp_autopolicy *bytes = parse(MEMORY("1073741824"));
	hp_autopolicy *quoted = parse(MEMORY("\"1073741824\""));
	hp_autopolicy *share = parse(MEMORY("25%"));

	(void)state;
	assert_amount(&unit->domains->memory.size, false, 3 * GIB / 2);
	assert_amount(&bytes->domains->memory.size, false, GIB);
	assert_amount(&quoted->domains->memory.size, false, GIB);
	assert_amount(&share->domains->memory.size, true, 25000);
	assert_int_equal(share->domains->memory.size.loc.column, 28);
}

static void memory_is_a_mapping(void **state)
{
	hp_autopolicy *policy =
		parse(MEMORY("{size: 2GiB, guarantee: 512MiB, swap: 1GiB, nodes: \"0,2\"}"));
	hp_autopolicy *shares = parse(MEMORY("{size: 50%, guarantee: 50%, nodes: 1}"));
	const struct hp_memory_spec *memory = &policy->domains->memory;

	(void)state;
	assert_amount(&memory->size, false, 2 * GIB);
	assert_amount(&memory->guarantee, false, GIB / 2);
	assert_amount(&memory->swap, false, GIB);
	assert_list(memory->nodes, "0,2");
	assert_int_equal(memory->nodes_loc.line, 3);
	assert_amount(&shares->domains->memory.size, true, 50000);
	assert_amount(&shares->domains->memory.guarantee, true, 50000);
	assert_list(shares->domains->memory.nodes, "1");
}

static void other_limits_are_read(void **state)
{
	hp_autopolicy *policy =
		parse(ALPHA("cpus: 1, memory: 1GiB, pids: 4096, hostname: A.example.org"));
	hp_autopolicy *max = parse(ALPHA("cpus: 1, memory: 1GiB, pids: max"));

	(void)state;
	assert_int_equal(policy->domains->pids_max, 4096);
	assert_string_equal(policy->domains->hostname, "A.example.org");
	assert_int_equal(max->domains->pids_max, 0);
}

static void selectors_are_canonical(void **state)
{
	static const struct {
		const char *text;
		enum hp_select_how how;
		const char *canonical;
		unsigned int index;
	} cases[] = {
		{ DEVICE("{bdf: \"0000:0A:1f.7\"}"), HP_SELECT_BDF, "0000:0a:1f.7", 0 },
		{ DEVICE("{bdf: 03:00.0}"), HP_SELECT_BDF, "0000:03:00.0", 0 },
		{ DEVICE("{bdf: \"10000:e1:00.0\"}"), HP_SELECT_BDF, "10000:e1:00.0", 0 },
		{ DEVICE("{serial: S4EV NX0M}"), HP_SELECT_SERIAL, "S4EV NX0M", 0 },
		{ DEVICE("{mac: 52:54:00:AB:CD:01}"), HP_SELECT_MAC, "52:54:00:ab:cd:01", 0 },
		{ DEVICE("{id: \"8086:10D3\", index: 3}"), HP_SELECT_ID, "8086:10d3", 3 },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		hp_autopolicy *policy = parse(cases[i].text);
		const struct hp_device_spec *device = policy->domains->devices;

		assert_int_equal(policy->domains->devices_count, 1);
		assert_int_equal(device->how, cases[i].how);
		assert_string_equal(device->text, cases[i].canonical);
		assert_int_equal(device->index, cases[i].index);
		assert_false(device->allow_shared_group || device->force);
		assert_null(device->port);
	}
}

static void classes_are_in_enum_order(void **state)
{
	hp_autopolicy *policy = parse(
		DEVICE("{class: nvme, index: 1}, {class: net, index: 0}, {class: gpu, index: 0},"
		       "{class: usb, index: 0}, {class: audio, index: 0}, {class: sata, index: 9,"
		       " force: true, allow_shared_group: true}"));
	const struct hp_device_spec *devices = policy->domains->devices;

	(void)state;
	assert_int_equal(policy->domains->devices_count, 6);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(devices[i].how, HP_SELECT_CLASS);
		assert_int_equal(devices[i].dev_class, i);
		assert_null(devices[i].text);
		assert_non_null(hp_device_class_words[i]);
	}
	assert_null(hp_device_class_words[6]);
	assert_int_equal(devices[0].index, 1);
	assert_int_equal(devices[5].index, 9);
	assert_true(devices[5].force && devices[5].allow_shared_group);
	assert_false(devices[4].force || devices[4].allow_shared_group);
}

static void ports_are_read(void **state)
{
	hp_autopolicy *policy =
		parse(DEVICE("{mac: 52:54:00:00:00:01, port: {name: eth0, mtu: 9000, gateway: "
			     "192.0.2.254, addresses: [192.0.2.1/24, 2001:DB8:0::1/64]}}, "
			     "{mac: 52:54:00:00:00:02, port: {}}"));
	const struct hp_port_spec *full = policy->domains->devices[0].port;
	const struct hp_port_spec *empty = policy->domains->devices[1].port;

	(void)state;
	assert_string_equal(full->name, "eth0");
	assert_int_equal(full->mtu, 9000);
	assert_string_equal(full->gateway, "192.0.2.254");
	assert_string_equal(full->addresses[0], "192.0.2.1/24");
	assert_string_equal(full->addresses[1], "2001:db8::1/64");
	assert_null(full->addresses[2]);
	assert_non_null(empty);
	assert_true(!empty->name && !empty->addresses && !empty->gateway && !empty->mtu);
}

static void base_is_read(void **state)
{
	hp_autopolicy *policy = parse("apiVersion: hostpart/v1\n"
				      "base:\n"
				      "  cpus: {list: \"0-1\"}\n"
				      "  memory: 10%\n"
				      "  devices: [{class: net, index: 0}, {bdf: \"00:1f.2\"}]\n"
				      "domains: {alpha: {cpus: 1, memory: 1GiB}}\n");

	(void)state;
	assert_true(policy->base.has_cpus);
	assert_int_equal(policy->base.cpus.how, HP_CPUS_LIST);
	assert_list(policy->base.cpus.list, "0-1");
	assert_amount(&policy->base.memory, true, 10000);
	assert_int_equal(policy->base.devices_count, 2);
	assert_string_equal(policy->base.devices[1].text, "0000:00:1f.2");
	assert_int_equal(policy->base.loc.line, 2);
}

static void links_are_read(void **state)
{
	hp_autopolicy *policy = parse(
		"apiVersion: hostpart/v1\n"
		"links:\n"
		"  - {from: alpha, to: beta, protocol: tcp, ports: [\"9000-9010\", 80, \"443\"]}\n"
		"  - {from: base, to: alpha, protocol: icmp}\n"
		"  - {from: beta, to: base, protocol: udp, ports: [53]}\n"
		"domains:\n"
		"  beta: {cpus: 1, memory: 1GiB}\n"
		"  alpha: {cpus: 1, memory: 1GiB}\n");
	const struct hp_link_spec *link = policy->links;

	(void)state;
	assert_int_equal(hp_policy_find(policy, "beta"), 0);
	assert_int_equal(hp_policy_find(policy, "alpha"), 1);
	assert_int_equal(hp_policy_find(policy, "gamma"), -1);
	assert_int_equal(policy->links_count, 3);
	assert_true(link[0].from == 1 && link[0].to == 0 && link[0].protocol == HP_LINK_TCP);
	assert_int_equal(link[0].ports_count, 3);
	assert_true(link[0].ports[0].first == 80 && link[0].ports[0].last == 80);
	assert_true(link[0].ports[1].first == 443 && link[0].ports[1].last == 443);
	assert_true(link[0].ports[2].first == 9000 && link[0].ports[2].last == 9010);
	assert_true(link[1].from == -1 && link[1].to == 1 && link[1].protocol == HP_LINK_ICMP &&
		    !link[1].ports_count);
	assert_true(link[2].from == 0 && link[2].to == -1 && link[2].protocol == HP_LINK_UDP);
	assert_int_equal(link[2].loc.line, 5);
	assert_int_equal(link[2].loc.column, 5);
}

static void star_is_read(void **state)
{
	hp_autopolicy *policy = parse(ALPHA("cpus: 1, memory: 1GiB, network: {address: 10.9.0.2}")
				      "network: {subnet: 10.9.0.0/16}\n");
	hp_autopolicy *off = parse(ALPHA("cpus: 1, memory: 1GiB, network: {link: false}"));

	(void)state;
	assert_string_equal(policy->star_subnet, "10.9.0.0/16");
	assert_int_equal(policy->star_subnet_loc.line, 4);
	assert_int_equal(policy->star_subnet_loc.column, 19);
	assert_string_equal(policy->domains->network.link_address, "10.9.0.2");
	assert_true(policy->domains->network.is_linked);
	assert_false(off->domains->network.is_linked);
}

static void refusal_leaves_the_policy_alone(void **state)
{
	struct hp_policy *const before = (struct hp_policy *)state;
	struct hp_policy *policy = before;
	hp_autoerr err = HP_ERR_INIT;

	assert_int_equal(hp_policy_parse("p.yaml", "domains: 1\n", &policy, &err), -EINVAL);
	assert_ptr_equal(policy, before);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	assert_int_equal(err.errnum, EINVAL);
	/* Without an error to fill it still says no. */
	assert_int_equal(hp_policy_parse("p.yaml", "domains: 1\n", &policy, NULL), -EINVAL);
	assert_ptr_equal(policy, before);
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct hp_policy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(hp_policy_load("/nonexistent/policy.yaml", &policy, &err), -ENOENT);
	assert_int_equal(err.exit, HP_EXIT_FAIL);
	assert_non_null(strstr(err.text, "/nonexistent/policy.yaml"));
	assert_int_equal(hp_policy_load("/", &policy, &err), -EISDIR);
	assert_null(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),
		cmocka_unit_test(cpus_are_cores),
		cmocka_unit_test(cpus_are_a_share),
		cmocka_unit_test(cpus_are_a_list),
		cmocka_unit_test(memory_is_a_size),
		cmocka_unit_test(memory_is_a_mapping),
		cmocka_unit_test(other_limits_are_read),
		cmocka_unit_test(selectors_are_canonical),
		cmocka_unit_test(classes_are_in_enum_order),
		cmocka_unit_test(ports_are_read),
		cmocka_unit_test(base_is_read),
		cmocka_unit_test(links_are_read),
		cmocka_unit_test(star_is_read),
		cmocka_unit_test(refusal_leaves_the_policy_alone),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
