// SPDX-License-Identifier: GPL-2.0
/* test_backend_sysfile.c: CPU masks compare as masks, interrupts by what was requested; what is gone is no failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"

static char tree[] = "/tmp/hp-test-sysfile-XXXXXX";
static struct hp_ctx ctx;

static int setup(void **state)
{
	hp_autofree char *command = NULL;

	(void)state;
	assert_non_null(mkdtemp(tree));
	assert_true(asprintf(&command,
			     "mkdir -p '%s/proc/irq/24' && cd '%s/proc/irq' && echo 0-3 > 24/smp_affinity_list && "
			     "echo 2 > 24/effective_affinity_list && echo ff > default_smp_affinity && mkdir 100 && "
			     "echo 5 > 100/smp_affinity_list && vectors='%s/sys/bus/pci/devices/0000:01:00.0/msi_irqs' && "
			     "mkdir -p \"$vectors\" && touch \"$vectors/100\" \"$vectors/24\"", tree, tree, tree) > 0);
	assert_int_equal(system(command), 0);
	ctx.root = hp_root_open(tree, NULL);
	return ctx.root ? 0 : -1;
}

static int teardown(void **state)
{
	hp_autofree char *command = NULL;

	(void)state;
	hp_root_close(ctx.root);
	return asprintf(&command, "rm -rf '%s'", tree) < 0 || system(command);
}

static bool same_mask(const char *live, const char *want)
{
	return hp_backend_sysfile.satisfies("", live, want);
}

static void test_masks(void **state)
{
	(void)state;
	assert_true(same_mask("ff", "000000ff"));
	assert_true(same_mask("00000000,000000ff", "ff"));
	assert_true(same_mask("ffffffff,ffffffff", "ffffffffffffffff"));
	assert_true(same_mask("FF", "ff"));
	assert_false(same_mask("1,000000ff", "ff"));
	assert_false(same_mask("ff", "fe"));
	assert_false(same_mask("ff", "ff0"));
	/* Not masks: texts. */
	assert_true(same_mask("on", "on"));
	assert_false(same_mask("on", "off"));
	assert_false(same_mask("", "0"));
}

static void test_file_values(void **state)
{
	hp_autofree char *value = NULL, *absent = NULL;

	(void)state;
	assert_int_equal(hp_backend_sysfile.read(&ctx, "/proc/irq/default_smp_affinity", "", &value, NULL), 0);
	assert_string_equal(value, "ff");
	assert_int_equal(hp_backend_sysfile.read(&ctx, "/proc/irq/nothing", "", &absent, NULL), 0);
	assert_null(absent);
	assert_int_equal(hp_backend_sysfile.write(&ctx, "/proc/irq/default_smp_affinity", "", "1", NULL), -EROFS);
	assert_int_equal(hp_backend_sysfile.write(&ctx, "/proc/irq/default_smp_affinity", "", NULL, NULL), 0);
}

static void test_irqs(void **state)
{
	hp_autofree char *value = NULL, *gone = NULL;

	(void)state;
	/* What was asked for, not where the hardware sends it. */
	assert_int_equal(hp_backend_irq.read(&ctx, "24", "affinity", &value, NULL), 0);
	assert_string_equal(value, "0-3");
	assert_true(hp_backend_irq.satisfies("affinity", value, "0,1,2-3"));
	assert_false(hp_backend_irq.satisfies("affinity", value, "2"));
	assert_int_equal(hp_backend_irq.read(&ctx, "99", "affinity", &gone, NULL), 0);
	assert_non_null(gone);
	assert_true(hp_backend_irq.satisfies("affinity", gone, "2"));
	assert_int_equal(hp_backend_irq.write(&ctx, "99", "affinity", gone, NULL), 0);
}

static char *affinity_of(const char *name)
{
	char *value;

	assert_int_equal(hp_backend_irq.read(&ctx, name, "affinity", &value, NULL), 0);
	return value;
}

/* The second of two vectors stays the second when its number is another. */
static void test_vectors(void **state)
{
	hp_autofree char *first = affinity_of("0000:01:00.0/0"), *second = affinity_of("0000:01:00.0/1");
	hp_autofree char *third = affinity_of("0000:01:00.0/2"), *stranger = affinity_of("0000:02:00.0/0");
	hp_autofree char *command = NULL, *moved = NULL;

	(void)state;
	assert_string_equal(first, "0-3");
	assert_string_equal(second, "5");
	assert_true(hp_backend_irq.satisfies("affinity", third, "2"));
	assert_true(hp_backend_irq.satisfies("affinity", stranger, "2"));
	assert_true(asprintf(&command, "cd '%s' && mv proc/irq/100 proc/irq/30 && cd sys/bus/pci/devices/*/msi_irqs && "
			     "mv 100 30", tree) > 0);
	assert_int_equal(system(command), 0);
	moved = affinity_of("0000:01:00.0/1");
	assert_string_equal(moved, "5");
}

static void test_irq_names(void **state)
{
	static const char *const bad[] = { "", "x", "../24", "24/..", "-1", "0000:01:00.0", "0000:01:00.0/", "0000:01:00.0/x", "0000:01:00/1" };
	hp_autofree char *value = NULL;

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++)
		assert_int_equal(hp_backend_irq.write(&ctx, bad[i], "affinity", "0", NULL), -EINVAL);
	assert_int_equal(hp_backend_irq.read(&ctx, "24", "colour", &value, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks), cmocka_unit_test(test_file_values), cmocka_unit_test(test_irqs),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_irq_names),
	};

	return cmocka_run_group_tests_name("sysfile and irq backends", tests, setup, teardown);
}
