// SPDX-License-Identifier: GPL-2.0
/* test_net_port.c: a port's value, its addresses and routes, without a kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "apply/backends/port.h"
#include "base/hp_auto.h"

static void parse(const char *text, struct port_value *value)
{
	hp_autoerr err = HP_ERR_INIT;

	if (port_value_parse(text, value, &err))
		fail_msg("%s: %s", text, err.text);
}

static void assert_round_trip(const char *text, const char *want)
{
	port_autovalue value = PORT_VALUE_INIT;
	hp_autofree char *got = NULL;

	parse(text, &value);
	got = port_value_format(&value);
	assert_string_equal(got, want);
}

static void test_policy_values_round_trip(void **state)
{
	static const char whole[] =
		"{\"netns\":\"alpha\",\"name\":\"eth0\",\"mtu\":9000,\"addresses\":[\"192.0.2.1/24\",\"2001:db8::1/64\"],"
		"\"gateway\":\"192.0.2.254\",\"up\":true}";

	(void)state;
	assert_round_trip(whole, whole);
	assert_round_trip("{ \"up\": true, \"netns\": \"\", \"addresses\": [\"2001:DB8:0::1/64\", \"192.0.2.1\"] }",
			  "{\"netns\":\"\",\"addresses\":[\"192.0.2.1/32\",\"2001:db8::1/64\"],\"up\":true}");
}

static void add_route(struct port_value *value, const char *destination, const char *gateway)
{
	struct hp_iproute_spec spec = { .destination = destination, .gateway = gateway };

	assert_int_equal(hp_iproute_from_spec(&spec, &value->routes), 0);
}

/* What a capture looks like: made by hand here, by the kernel otherwise. */
static void make_capture(struct port_value *value)
{
	strcpy(value->name, "eth0");
	value->mtu = 1500;
	value->has_up = value->is_up = value->is_capture = true;
	assert_int_equal(hp_ipaddr_from_text("192.0.2.2/24", &value->addresses), 0);
	assert_int_equal(hp_ipaddr_from_text("192.0.2.1/24", &value->addresses), 0);
	assert_int_equal(hp_ipaddr_from_text("2001:db8::1/64", &value->addresses), 0);
	add_route(value, "default", "192.0.2.254");
	add_route(value, "198.51.100.0/24", NULL);
	add_route(value, "default", "2001:db8::ffff");
	strcpy(value->gateway, "192.0.2.254");
	assert_int_equal(hp_netrecords_add(&value->sysctls, strdup("ipv4/conf/rp_filter=2"), "", 0, 0), 0);
}

static void test_captures_round_trip(void **state)
{
	port_autovalue value = PORT_VALUE_INIT, back = PORT_VALUE_INIT;
	hp_autofree char *text = NULL, *again = NULL;

	(void)state;
	make_capture(&value);
	text = port_value_format(&value);
	assert_non_null(strstr(text, "\"addresses\":[\"192.0.2.1/24\",\"192.0.2.2/24\",\"2001:db8::1/64\"]"));
	assert_non_null(strstr(text, "\"routes\":[\"default via 192.0.2.254\",\"198.51.100.0/24\",\"-6 default via"));
	parse(text, &back);
	assert_true(back.is_capture);
	again = port_value_format(&back);
	assert_string_equal(text, again);
	/*
	 * The texts are sorted for people; the order that makes 192.0.2.2 the primary
	 * address is kept.
	 */
	assert_string_equal(back.addresses.items[0].text, "192.0.2.2/24");
	assert_true(hp_netrecords_are_same(&value.addresses, &back.addresses));
	assert_true(hp_netrecords_are_same(&value.routes, &back.routes));
	assert_int_equal(back.sysctls.count, 1);
	assert_string_equal(back.sysctls.items[0].text, "ipv4/conf/rp_filter=2");
}

static void test_satisfies(void **state)
{
	static const struct {
		const char *want;
		bool holds;
	} cases[] = {
		{ "{\"netns\":\"\"}", true },
		{ "{\"netns\":\"alpha\"}", false },
		{ "{\"netns\":\"\",\"name\":\"eth0\",\"mtu\":1500,\"up\":true}", true },
		{ "{\"netns\":\"\",\"name\":\"eth1\"}", false },
		{ "{\"netns\":\"\",\"mtu\":1400}", false },
		{ "{\"netns\":\"\",\"up\":false}", false },
		{ "{\"netns\":\"\",\"addresses\":[]}", true },
		{ "{\"netns\":\"\",\"addresses\":[\"2001:DB8::1/64\",\"192.0.2.1/24\",\"192.0.2.2/24\"]}", true },
		{ "{\"netns\":\"\",\"addresses\":[\"192.0.2.1/24\",\"192.0.2.2/24\"]}", false },
		{ "{\"netns\":\"\",\"addresses\":[\"192.0.2.1/25\",\"192.0.2.2/24\",\"2001:db8::1/64\"]}", false },
		{ "{\"netns\":\"\",\"gateway\":\"192.0.2.254\"}", true },
		{ "{\"netns\":\"\",\"gateway\":\"2001:DB8::FFFF\"}", true },
		{ "{\"netns\":\"\",\"gateway\":\"192.0.2.253\"}", false },
		{ "{\"netns\":\"\",\"routes\":[]}", false },
	};
	port_autovalue live = PORT_VALUE_INIT;

	(void)state;
	make_capture(&live);
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		port_autovalue want = PORT_VALUE_INIT;

		parse(cases[i].want, &want);
		if (port_value_satisfies(&live, &want) != cases[i].holds)
			fail_msg("%s", cases[i].want);
	}
	assert_true(port_value_satisfies(&live, &live));
}

static void test_bad_values(void **state)
{
	static const char *const bad[] = {
		"", "nonsense", "[]", "{}", "{\"netns\":1}", "{\"netns\":\"\",\"mtu\":\"big\"}",
		"{\"netns\":\"\",\"mtu\":65536}", "{\"netns\":\"\",\"mtu\":-1}", "{\"netns\":\"\",\"up\":\"yes\"}",
		"{\"netns\":\"\",\"name\":\"0123456789abcdef\"}", "{\"netns\":\"\",\"addresses\":\"192.0.2.1/24\"}",
		"{\"netns\":\"\",\"addresses\":[\"192.0.2.1/33\"]}", "{\"netns\":\"\",\"addresses\":[1]}",
		"{\"netns\":\"\",\"addresses\":[\"192.0.2.1/\"]}", "{\"netns\":\"\",\"addresses\":[\"192.0.2.1/-1\"]}",
		"{\"netns\":\"\",\"gateway\":\"192.0.2\"}", "{\"netns\":\"\",\"gateway\":\"192.0.2.1/24\"}",
		"{\"netns\":\"\",\"routes\":[],\"raw\":{\"routes\":[\"00\"]}}",
		"{\"netns\":\"\",\"routes\":[],\"raw\":{\"addresses\":[\"zz\"]}}",
		"{\"netns\":\"\",\"routes\":[],\"raw\":{\"addresses\":[\"0218\"]}}",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		port_autovalue value = PORT_VALUE_INIT;
		hp_autoerr err = HP_ERR_INIT;

		if (port_value_parse(bad[i], &value, &err) != -EINVAL || !err.text)
			fail_msg("accepted: %s", bad[i]);
	}
}

/* Hexadecimal from a damaged journal must never be read beyond its end (a sanitizer watches). */
static void test_damaged_records(void **state)
{
	port_autovalue value = PORT_VALUE_INIT;
	hp_autofree char *address = NULL, *route = NULL;
	hp_autorecords out = HP_NETRECORDS_INIT;

	(void)state;
	make_capture(&value);
	address = hp_netrecord_hex(&value.addresses.items[2]);
	route = hp_netrecord_hex(&value.routes.items[2]);
	for (size_t length = strlen(address); length-- > 0;) {
		address[length] = '\0';
		hp_ipaddr_from_hex(address, &out);
	}
	for (size_t length = strlen(route); length-- > 0;) {
		route[length] = '\0';
		hp_iproute_from_hex(route, &out);
	}
	assert_int_equal(hp_ipaddr_from_hex("", &out), -EINVAL);
	assert_int_equal(hp_iproute_from_hex("0", &out), -EINVAL);
}

static void test_objects(void **state)
{
	static const char *const bad[] = {
		"", "0000:03:00", "0000:03:00.0x", "000:03:00.0", "0000:03:00.0#", "0000:03:00.0#x", "0000:03:00.0#1x",
		"0000-03-00.0", "eth0", "0000:03:00.0#-1",
	};
	struct port_object object;
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	assert_int_equal(port_object_parse("0000:03:00.0", &object, &err), 0);
	assert_string_equal(object.bdf, "0000:03:00.0");
	assert_int_equal(object.nth, 0);
	assert_int_equal(port_object_parse("abcd:ef:1f.7#12", &object, &err), 0);
	assert_string_equal(object.bdf, "abcd:ef:1f.7");
	assert_int_equal(object.nth, 12);
	for (size_t i = 0; i < hp_array_size(bad); i++)
		if (port_object_parse(bad[i], &object, &err) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		int family;
		unsigned int prefix;
	} cases[] = {
		{ "192.0.2.1", AF_INET, 32 }, { "192.0.2.1/0", AF_INET, 0 }, { "::1", AF_INET6, 128 },
		{ "fe80::1/64", AF_INET6, 64 }, { "192.0.2.1/33", -EINVAL, 0 }, { "::1/129", -EINVAL, 0 },
		{ "192.0.2.1/ 3", -EINVAL, 0 }, { "192.0.2.256", -EINVAL, 0 }, { "", -EINVAL, 0 }, { "/8", -EINVAL, 0 },
	};
	unsigned char bytes[16];
	unsigned int prefix;

	(void)state;
	for (size_t i = 0; i < hp_array_size(cases); i++) {
		assert_int_equal(hp_ip_parse(cases[i].text, bytes, &prefix), cases[i].family);
		if (cases[i].family > 0)
			assert_int_equal(prefix, cases[i].prefix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_values_round_trip),
		cmocka_unit_test(test_captures_round_trip),
		cmocka_unit_test(test_satisfies),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_damaged_records),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
