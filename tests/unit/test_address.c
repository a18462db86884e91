// SPDX-License-Identifier: GPL-2.0
/* test_address.c: the addresses of PCI functions and of Unix sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_pci.h"
#include "base/hp_unix.h"

static void function_is_read_as_the_kernel_spells_it(void **state)
{
	static const struct {
		const char *text;
		struct hp_pci_address address;
		const char *rest;
	} good[] = {
		{ "0000:03:00.0", { 0, 3, 0, 0 }, "" },
		{ "0001:ff:1f.7", { 1, 0xff, 0x1f, 7 }, "" },
		{ "10000:e1:00.0", { 0x10000, 0xe1, 0, 0 }, "" },
		{ "ffffffff:AB:0c.1", { 0xffffffff, 0xab, 12, 1 }, "" },
		{ "0000:00:1c.0/00.0", { 0, 0, 0x1c, 0 }, "/00.0" },
		{ "0000:00:1f.2#1", { 0, 0, 0x1f, 2 }, "#1" },
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(good); i++) {
		struct hp_pci_address address;
		const char *rest;

		if (!hp_pci_parse(good[i].text, &address, &rest))
			fail_msg("refused: %s", good[i].text);
		assert_int_equal(address.segment, good[i].address.segment);
		assert_int_equal(address.bus, good[i].address.bus);
		assert_int_equal(address.device, good[i].address.device);
		assert_int_equal(address.function, good[i].address.function);
		assert_string_equal(rest, good[i].rest);
	}
}

static void other_text_is_no_function(void **state)
{
	static const char *const bad[] = {
		"", "03:00.0", "000:03:00.0", "000000001:03:00.0", "0000:3:00.0", "0000:003:00.0", "0000:03:0.0",
		"00:00:0.0", "0000:03:20.0", "0000:03:00.8", "0000:03:00.", "0000:03:00.00", "0000:03:00",
		"0000-03:00.0", " 0000:03:00.0", "+000:03:00.0", "0x00:03:00.0", "0000:0g:00.0", "8086:10d3/0",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		struct hp_pci_address address;
		const char *rest;

		if (hp_pci_parse(bad[i], &address, &rest))
			fail_msg("accepted: %s", bad[i]);
	}
}

static void socket_is_at_its_path(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	struct sockaddr_un address;
	char path[sizeof(address.sun_path)] = "/run/hostpart/partd.sock";

	(void)state;
	memset(&address, 'x', sizeof(address));
	assert_int_equal(hp_unix_address(&address, &err, "%s", path), 0);
	assert_int_equal(address.sun_family, AF_UNIX);
	assert_string_equal(address.sun_path, path);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(hp_unix_address(&address, &err, "%s", path), 0);
	assert_string_equal(address.sun_path, path);
	assert_false(hp_err_is_set(&err));
}

static void too_long_a_path_is_no_socket(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	struct sockaddr_un address;
	char path[sizeof(address.sun_path) + 1];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(hp_unix_address(&address, &err, "%s", path), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "too long for a socket, which takes 107 letters"));
	assert_non_null(strstr(err.text, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_is_read_as_the_kernel_spells_it),
		cmocka_unit_test(other_text_is_no_function),
		cmocka_unit_test(socket_is_at_its_path),
		cmocka_unit_test(too_long_a_path_is_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
