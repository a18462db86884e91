// SPDX-License-Identifier: GPL-2.0
/* test_plan_uplinks.c: uplinks on a machine: parents, MACs, refusals, and the settings that make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_leg.h"
#include "plan_fixture.h"

#define HOST(name, uplinks) "  " name ": {cpus: 1, memory: 512MiB, network: {uplinks: [" uplinks "]}}\n"

static void add_link(struct hp_inventory *inv, const char *name, const char *mac)
{
	inv->links = reallocarray(inv->links, inv->links_count + 1, sizeof(*inv->links));
	assert_non_null(inv->links);
	inv->links[inv->links_count++] = (struct hp_inv_link){ strdup(name), strdup(mac), 1500 };
}

/* The port of the function 0000:04:00.0, and a bond. */
static struct hp_inventory *machine(void)
{
	struct hp_inventory *inv = fixture_vm();

	add_link(inv, "bond0", "52:54:00:aa:00:01");
	inv->machine_id = strdup("0123456789abcdef0123456789abcdef");
	return inv;
}

static const struct hp_inv_dev *port_of(const struct hp_inventory *inv, const char *bdf)
{
	for (size_t i = 0; i < inv->pci_count; i++)
		for (size_t j = 0; !strcmp(inv->pci[i].bdf, bdf) && j < inv->pci[i].devs_count; j++)
			if (inv->pci[i].devs[j].kind == HP_DEV_NET)
				return &inv->pci[i].devs[j];
	fail_msg("%s has no port", bdf);
	return NULL;
}

static void check_refused(const char *uplinks, const char *words)
{
	hp_autoinventory *inv = machine();
	hp_autofree char *text = NULL, *refusal = NULL;

	assert_true(asprintf(&text, "domains:\n  a: {cpus: 1, memory: 512MiB, network: {uplinks: [%s]}}\n", uplinks) > 0);
	refusal = fixture_refusal(text, inv);
	if (!strstr(refusal, words))
		fail_msg("\nsaid:     %s\nexpected: %s", refusal, words);
}

static void bad_uplinks_are_refused(void **state)
{
	hp_autoinventory *inv = machine();
	const struct hp_inv_dev *port = port_of(inv, "0000:04:00.0");
	hp_autofree char *text = NULL, *claimed = NULL, *refusal = NULL;

	(void)state;
	check_refused("{name: e, kind: macvlan, parent: bond1, dhcp: true}",
		      "parent bond1 is no port of the base; there are: bond0; did you mean \"bond0\"?");
	check_refused("{name: e, kind: macvlan, parent: bond0, dhcp: true, mtu: 9000}",
		      "mtu 9000 is more than that of its parent bond0, 1500");
	check_refused("{name: e, kind: macvlan, parent: bond0, dhcp: true, mac: \"52:54:00:aa:00:01\"}",
		      "mac 52:54:00:aa:00:01 is that of the port bond0");
	check_refused("{name: e, kind: vlan, vlan: 7, parent: bond0, dhcp: true}, "
		      "{name: f, kind: vlan, vlan: 7, parent: \"52:54:00:AA:00:01\", dhcp: true}",
		      "VLAN 7 of bond0 is already used on line 3");
	assert_true(asprintf(&text, "{name: e, kind: macvlan, parent: %s, dhcp: true, mac: \"%s\"}", port->name,
			     port->mac) > 0);
	check_refused(text, "is that of the port");
	assert_true(asprintf(&claimed, "domains:\n  a: {cpus: 1, memory: 512MiB, network: {uplinks: [{name: e, "
			     "kind: macvlan, parent: %s, dhcp: true}]}}\n  b: {cpus: 1, memory: 512MiB, devices: "
			     "[{bdf: \"0000:04:00.0\"}]}\n", port->name) > 0);
	refusal = fixture_refusal(claimed, inv);
	assert_non_null(strstr(refusal, "(0000:04:00.0) is claimed by b; a shared port stays with the base"));
	free(hp_take(text));
	assert_true(asprintf(&text, "domains:\n  a: {cpus: 1, memory: 512MiB, devices: [{bdf: \"0000:04:00.0\"}], network: "
			     "{uplinks: [{name: %s, kind: macvlan, parent: bond0, dhcp: true}]}}\n", port->name) > 0);
	free(hp_take(refusal));
	refusal = fixture_refusal(text, inv);
	assert_non_null(strstr(refusal, "is that of 0000:04:00.0, which a has too; give one of them another name"));
}

static void networks_of_cables_are_new(void **state)
{
	hp_autoinventory *inv = machine();
	hp_autofree char *refusal = NULL;

	(void)state;
	fixture_subnet(inv, "10.77.0.0/16");
	refusal = fixture_refusal("domains:\n" HOST("a", "{name: e, kind: veth, parent: bond0, addresses: [10.77.0.2/30], "
						    "gateway: 10.77.0.1}"), inv);
	assert_non_null(strstr(refusal, "address 10.77.0.2/30 is in 10.77.0.0/16, which this machine uses"));
}

/* The same machine, domain and name: the same MAC; any other: another. */
static void macs_are_stable(void **state)
{
	hp_autopolicy *policy = fixture_policy("domains:\n" HOST("a", "{name: e, kind: macvlan, parent: bond0, dhcp: true}, "
								"{name: f, kind: macvlan, parent: bond0, dhcp: true}"));
	hp_autoinventory *inv = machine(), *other = machine();
	hp_autoassignment *one = fixture_assign(policy, inv, NULL), *two = NULL, *three = NULL;

	(void)state;
	two = fixture_assign(policy, inv, NULL);
	other->machine_id[0] = 'f';
	three = fixture_assign(policy, other, NULL);
	assert_string_equal(one->domains[0].uplinks[0].mac, two->domains[0].uplinks[0].mac);
	assert_string_not_equal(one->domains[0].uplinks[0].mac, one->domains[0].uplinks[1].mac);
	assert_string_not_equal(one->domains[0].uplinks[0].mac, three->domains[0].uplinks[0].mac);
	assert_int_equal(strncmp(one->domains[0].uplinks[0].mac, "02:", 3), 0);
}

static void assert_setting(const struct hp_settings *settings, const char *backend, const char *object,
			   const char *attr, const char *want)
{
	const struct hp_setting *found = hp_settings_find(settings, backend, object, attr);

	if (!found)
		fail_msg("no setting %s %s %s", backend, object, attr);
	assert_string_equal(found->want, want);
}

static size_t place(const struct hp_settings *settings, const char *backend, const char *object, const char *attr)
{
	const struct hp_setting *found = hp_settings_find(settings, backend, object, attr);

	assert_non_null(found);
	return (size_t)(found - settings->items);
}

static void settings_make_them(void **state)
{
	hp_autopolicy *policy = fixture_policy(
		"domains:\n" HOST("a", "{name: e, kind: macvlan, parent: bond0, mac: \"02:00:00:00:00:07\", mtu: 1400, "
				  "addresses: [192.0.2.7/24], gateway: 192.0.2.254, slaac: true}, "
				  "{name: v, kind: vlan, vlan: 9, parent: bond0, mac: \"02:00:00:00:00:08\", dhcp: true}")
		HOST("b", "{name: i, kind: veth, parent: bond0, addresses: [10.77.0.2/30], gateway: 10.77.0.1, "
		     "mac: \"02:00:00:00:00:09\"}"));
	hp_autoinventory *inv = machine();
	hp_autoassignment *plan = fixture_assign(policy, inv, NULL);
	hp_autosettings s = HP_SETTINGS_INIT;
	char cable[HP_LEG_NAME_SIZE], nat[80], fence[128];

	(void)state;
	assert_int_equal(hp_plan_settings(policy, inv, plan, &s, NULL), 0);
	hp_uplink_base_name("b/i", cable);
	snprintf(nat, sizeof(nat), "veth %s 10.77.0.2 out bond0\nclose bond0", cable);
	snprintf(fence, sizeof(fence), "in=base device=%s hook=ingress mac=02:00:00:00:00:09 address=10.77.0.2/30", cable);
	assert_setting(&s, "uplink", "bond0", "parent", "up");
	assert_setting(&s, "uplink", "a/e", "", "kind=macvlan parent=bond0 mac=02:00:00:00:00:07 mtu=1400 ra=1 "
		       "address=192.0.2.7/24");
	assert_setting(&s, "uplink", "a/e", "up", "up gateway=192.0.2.254");
	assert_setting(&s, "spoof", "a/e", "", "in=a device=e hook=egress mac=02:00:00:00:00:07 any6 address=192.0.2.7/24");
	assert_setting(&s, "spoof", "a/v", "", "in=base device=bond0 hook=egress mac=02:00:00:00:00:08 vlan=9 any4");
	assert_setting(&s, "uplink", "b/i", "", "kind=veth mac=02:00:00:00:00:09 ra=0 address=10.77.0.2/30 base=10.77.0.1/30");
	assert_setting(&s, "spoof", "b/i", "", fence);
	assert_setting(&s, "nat", "hostpart-nat", "", nat);
	assert_setting(&s, "uplink", "bond0", "forwarding", "1");
	assert_true(place(&s, "nat", "hostpart-nat", "") < place(&s, "uplink", "b/i", ""));
	assert_true(place(&s, "uplink", "a/e", "") < place(&s, "spoof", "a/e", ""));
	assert_true(place(&s, "spoof", "a/e", "") < place(&s, "uplink", "a/e", "up"));
}

/* A router forwards for others too: then nothing is closed. */
static void routers_stay_open(void **state)
{
	hp_autopolicy *policy = fixture_policy("domains:\n" HOST("b", "{name: i, kind: veth, parent: bond0, addresses: "
								"[10.77.0.2/30], gateway: 10.77.0.1}"));
	hp_autoinventory *inv = machine();
	hp_autoassignment *plan = NULL;
	hp_autosettings s = HP_SETTINGS_INIT;

	(void)state;
	inv->is_router = true;
	plan = fixture_assign(policy, inv, NULL);
	assert_int_equal(hp_plan_settings(policy, inv, plan, &s, NULL), 0);
	assert_null(strstr(hp_settings_find(&s, "nat", "hostpart-nat", "")->want, "close"));
}

static void a_bound_port_has_a_check(void **state)
{
	hp_autopolicy *policy = fixture_policy("domains:\n  a: {cpus: 1, memory: 512MiB, devices: [{bdf: \"0000:04:00.0\", "
					       "port: {name: lan0, addresses: [192.0.2.1/24], bind: true}}, "
					       "{bdf: \"0000:05:00.0\", port: {name: lan1}}]}\n");
	hp_autoinventory *inv = machine();
	hp_autoassignment *plan = fixture_assign(policy, inv, NULL);
	hp_autosettings s = HP_SETTINGS_INIT;
	hp_autofree char *want = NULL;

	(void)state;
	assert_int_equal(hp_plan_settings(policy, inv, plan, &s, NULL), 0);
	assert_true(asprintf(&want, "in=a device=lan0 hook=egress mac=%s address=192.0.2.1/24",
			     port_of(inv, "0000:04:00.0")->mac) > 0);
	assert_setting(&s, "spoof", "a/lan0", "", want);
	assert_null(hp_settings_find(&s, "spoof", "a/lan1", ""));
	assert_true(place(&s, "port", "0000:04:00.0", "") < place(&s, "spoof", "a/lan0", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_uplinks_are_refused),
		cmocka_unit_test(networks_of_cables_are_new),
		cmocka_unit_test(macs_are_stable),
		cmocka_unit_test(settings_make_them),
		cmocka_unit_test(routers_stay_open),
		cmocka_unit_test(a_bound_port_has_a_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
