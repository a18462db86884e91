// SPDX-License-Identifier: GPL-2.0
/* test_uplink_live.c: uplinks, sender checks and NAT on this kernel, in a namespace of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "apply/hp_backend.h"
#include "apply/hp_spoof.h"
#include "base/hp_auto.h"
#include "base/hp_leg.h"
#include "net/hp_link.h"
#include "net/hp_netns.h"
#include "own_network.h"

/*
 * The base has an eth0 as well. Without root, namespaces, macvlan or the
 * netdev family what needs them is skipped, with the reason.
 */

#define MAC "02:11:22:33:44:55"
static const char macvlan[] = "kind=macvlan parent=wan0 mac=" MAC " mtu=1400 ra=0 address=192.0.2.7/24";
static const char check[] = "in=alpha device=eth0 hook=egress mac=" MAC " address=192.0.2.7/24 address=2001:db8::7/64";

static struct hp_ctx ctx;
static char run_dir[] = "/tmp/hp-uplink-test.XXXXXX";

static void put(const struct hp_backend *backend, const char *object, const char *attr, const char *value)
{
	hp_autoerr err = HP_ERR_INIT;

	if (backend->write(&ctx, object, attr, value, &err))
		fail_msg("write %s %s: %s", backend->name, object, err.text);
}

static int set_up(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	struct hp_veth_end here = { "wan0", { 2, 0, 0, 0, 0, 1 } }, there = { "eth0", { 2, 0, 0, 0, 0, 2 } };
	hp_autonetlink *nl = NULL;
	hp_autofd int own = -1;

	(void)state;
	if (!enter_own_network())
		return 0;
	ctx.root = hp_root_open("/", &err);
	ctx.run_dir = mkdtemp(run_dir);
	nl = hp_netlink_open(NETLINK_ROUTE, HP_NETNS_OWN, &err);
	own = hp_netns_open_own(&err);
	if (!ctx.root || !ctx.run_dir || !nl || own < 0 || hp_link_create_veth(nl, &here, &there, own, &err))
		return -1;
	return hp_backend_netns.write(&ctx, "alpha", "", "present", &err) ||
	       hp_backend_uplink.write(&ctx, "wan0", "parent", "up", &err) ? -1 : 0;
}

static int tear_down(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	if (ctx.root && !missing)
		hp_backend_netns.write(&ctx, "alpha", "", NULL, &err);
	hp_root_close(ctx.root);
	return !ctx.run_dir || !rmdir(run_dir) ? 0 : -1;
}

static void assert_reads(const struct hp_backend *backend, const char *object, const char *attr, const char *want)
{
	hp_autofree char *value = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (backend->read(&ctx, object, attr, &value, &err))
		fail_msg("read %s %s: %s", backend->name, object, err.text);
	assert_string_equal(value ? value : "absent", want);
}

/* Writes; skips the test when this kernel cannot. */
static void put_or_skip(const struct hp_backend *backend, const char *object, const char *value)
{
	hp_autoerr err = HP_ERR_INIT;
	int rc = backend->write(&ctx, object, "", value, &err);

	if (rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT || rc == -ENOENT) {
		print_message("# SKIP %s\n", err.text);
		skip();
	}
	if (rc)
		fail_msg("write %s %s: %s", backend->name, object, err.text);
}

static void test_macvlan_round_trip(void **state)
{
	(void)state;
	need();
	assert_reads(&hp_backend_uplink, "alpha/eth0", "", "absent");
	assert_reads(&hp_backend_uplink, "alpha/eth0", "up", "absent");
	put_or_skip(&hp_backend_uplink, "alpha/eth0", macvlan);
	assert_reads(&hp_backend_uplink, "alpha/eth0", "", macvlan);
	assert_reads(&hp_backend_uplink, "alpha/eth0", "up", "down");
	put(&hp_backend_uplink, "alpha/eth0", "up", "up gateway=192.0.2.254");
	assert_reads(&hp_backend_uplink, "alpha/eth0", "up", "up gateway=192.0.2.254");
	put(&hp_backend_uplink, "alpha/eth0", "", macvlan);
	assert_reads(&hp_backend_uplink, "alpha/eth0", "up", "up gateway=192.0.2.254");
	put(&hp_backend_uplink, "alpha/eth0", "", "kind=macvlan parent=wan0 mac=02:11:22:33:44:66 ra=1 address=192.0.2.8/24");
	assert_reads(&hp_backend_uplink, "alpha/eth0", "",
		     "kind=macvlan parent=wan0 mac=02:11:22:33:44:66 mtu=1500 ra=1 address=192.0.2.8/24");
	put(&hp_backend_uplink, "alpha/eth0", "", NULL);
	put(&hp_backend_uplink, "alpha/eth0", "", NULL);
	assert_reads(&hp_backend_uplink, "alpha/eth0", "", "absent");
}

/* What an undo may be asked to put back: damage is left out, and going takes the link down first. */
static void test_damage_is_repaired(void **state)
{
	hp_autofree char *damaged = NULL;

	(void)state;
	need();
	assert_true(asprintf(&damaged, "%s; eth0 autoconf is 1, not 0", macvlan) > 0);
	put_or_skip(&hp_backend_uplink, "alpha/eth0", damaged);
	assert_reads(&hp_backend_uplink, "alpha/eth0", "", macvlan);
	put(&hp_backend_uplink, "alpha/eth0", "up", "up");
	put(&hp_backend_uplink, "alpha/eth0", "up", NULL);
	assert_reads(&hp_backend_uplink, "alpha/eth0", "up", "down");
	put(&hp_backend_uplink, "alpha/eth0", "", NULL);
	put(&hp_backend_uplink, "alpha/eth0", "up", NULL);
	put(&hp_backend_uplink, "alpha/eth0", "", "kind=macvlan ra=0; it stands on no port of the base");
	assert_reads(&hp_backend_uplink, "alpha/eth0", "", "absent");
}

/* One that is unplugged must hold up nothing. */
static void test_parents(void **state)
{
	(void)state;
	need();
	assert_reads(&hp_backend_uplink, "wan0", "parent", "up");
	assert_reads(&hp_backend_uplink, "wan0", "forwarding", "0");
	put(&hp_backend_uplink, "wan0", "forwarding", "1");
	assert_reads(&hp_backend_uplink, "wan0", "forwarding", "1");
	put(&hp_backend_uplink, "wan0", "forwarding", "0 on a router");
	assert_reads(&hp_backend_uplink, "wan0", "forwarding", "0");
	assert_reads(&hp_backend_uplink, "gone0", "parent", "absent");
	assert_reads(&hp_backend_uplink, "gone0", "forwarding", "absent");
	put(&hp_backend_uplink, "gone0", "parent", "down");
	put(&hp_backend_uplink, "gone0", "forwarding", "0");
}

static void test_satisfies(void **state)
{
	bool (*is)(const char *attr, const char *live, const char *want) = hp_backend_uplink.satisfies;

	(void)state;
	assert_true(is("", macvlan, macvlan));
	assert_true(is("", macvlan, "kind=macvlan parent=wan0 mac=" MAC " ra=0"));
	assert_false(is("", macvlan, "kind=macvlan parent=wan1 mac=" MAC " ra=0"));
	assert_false(is("", macvlan, "kind=macvlan parent=wan0 mac=" MAC " ra=0 address=192.0.2.9/24"));
	assert_false(is("", "kind=macvlan parent=wan0 mac=" MAC " ra=0; it talks to its siblings",
			"kind=macvlan parent=wan0 mac=" MAC " ra=0"));
	assert_true(is("up", "up gateway=10.0.0.1 gateway=fe80::1", "up gateway=fe80::1"));
	assert_false(is("up", "up gateway=10.0.0.10", "up gateway=10.0.0.1"));
	assert_false(is("up", "down", "up"));
}

static void test_nonsense_is_refused(void **state)
{
	static const char *const texts[] = {
		"kind=macvlan parent=wan0 ra=0 vlan=7", "kind=vlan parent=wan0 ra=0", "kind=bridge parent=wan0",
		"kind=veth ra=0 address=10.0.0.2/30", "kind=macvlan parent=wan0 address=x", "", "parent=wan0",
	};

	(void)state;
	need();
	for (size_t i = 0; i < hp_array_size(texts); i++) {
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(hp_backend_uplink.write(&ctx, "alpha/eth0", "", texts[i], &err), -EINVAL);
	}
}

static void test_check_is_compared_with_its_meaning(void **state)
{
	struct hp_setting setting = { .object = (char *)"alpha/eth0", .want = (char *)check };
	struct hp_spoof_counts counts = { 1, 1, 1 };
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	need();
	put_or_skip(&hp_backend_uplink, "alpha/eth0", macvlan);
	put_or_skip(&hp_backend_spoof, "alpha/eth0", check);
	assert_reads(&hp_backend_spoof, "alpha/eth0", "", check);
	assert_int_equal(hp_spoof_read_counts(&ctx, &setting, &counts, &err), 0);
	assert_int_equal(counts.mac + counts.vlan + counts.address, 0);
	/* Another value, and back: the table is replaced as a whole. */
	put(&hp_backend_spoof, "alpha/eth0", "", "in=alpha device=eth0 hook=egress mac=" MAC " any4 any6");
	assert_reads(&hp_backend_spoof, "alpha/eth0", "", "in=alpha device=eth0 hook=egress mac=" MAC " any4 any6");
	put(&hp_backend_spoof, "alpha/eth0", "", "in=alpha device=eth0; altered");
	put(&hp_backend_spoof, "alpha/eth0", "", "; altered");
	assert_reads(&hp_backend_spoof, "alpha/eth0", "", "absent");
	put(&hp_backend_uplink, "alpha/eth0", "", NULL);
}

/* As many as a policy may give, and as long. */
static void test_many_addresses(void **state)
{
	hp_autofree char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	need();
	assert_non_null(out);
	fprintf(out, "in=alpha device=eth0 hook=egress mac=" MAC);
	for (int i = 0; i < 64; i++)
		fprintf(out, " address=2001:db8:ffff:ffff:ffff:ffff:ffff:ff%02x/128", 0x10 + i);
	assert_int_equal(fclose(out), 0);
	put_or_skip(&hp_backend_uplink, "alpha/eth0", macvlan);
	put_or_skip(&hp_backend_spoof, "alpha/eth0", text);
	assert_reads(&hp_backend_spoof, "alpha/eth0", "", text);
	put(&hp_backend_spoof, "alpha/eth0", "", NULL);
	put(&hp_backend_uplink, "alpha/eth0", "", NULL);
}

static void test_cable_and_nat(void **state)
{
	static const char cable[] = "kind=veth mac=" MAC " mtu=1500 ra=0 address=10.77.0.2/30 base=10.77.0.1/30";
	char end[HP_LEG_NAME_SIZE], nat[80], fence[160];

	(void)state;
	need();
	hp_uplink_base_name("alpha/nat", end);
	snprintf(nat, sizeof(nat), "veth %s 10.77.0.2 out wan0\nclose wan0", end);
	snprintf(fence, sizeof(fence), "in=base device=%s hook=ingress mac=" MAC " address=10.77.0.2/30", end);
	put_or_skip(&hp_backend_nat, "hostpart-nat", nat);
	assert_reads(&hp_backend_nat, "hostpart-nat", "", nat);
	put(&hp_backend_uplink, "alpha/nat", "", cable);
	assert_reads(&hp_backend_uplink, "alpha/nat", "", cable);
	put_or_skip(&hp_backend_spoof, "alpha/nat", fence);
	assert_reads(&hp_backend_spoof, "alpha/nat", "", fence);
	put(&hp_backend_uplink, "alpha/nat", "up", "up gateway=10.77.0.1");
	assert_reads(&hp_backend_uplink, "alpha/nat", "up", "up gateway=10.77.0.1");
	put(&hp_backend_spoof, "alpha/nat", "", NULL);
	put(&hp_backend_uplink, "alpha/nat", "", NULL);
	put(&hp_backend_nat, "hostpart-nat", "", NULL);
	put(&hp_backend_nat, "hostpart-nat", "", NULL);
	assert_reads(&hp_backend_nat, "hostpart-nat", "", "absent");
	assert_reads(&hp_backend_uplink, "alpha/nat", "", "absent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_macvlan_round_trip),
		cmocka_unit_test(test_damage_is_repaired),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_satisfies),
		cmocka_unit_test(test_nonsense_is_refused),
		cmocka_unit_test(test_check_is_compared_with_its_meaning),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_cable_and_nat),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
