// SPDX-License-Identifier: GPL-2.0
/* test_inventory_recorded.c: recorded machines, broken recordings, the JSON form, the machine we run on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "machine.h"

/* Which interrupts refused to be moved when that was tried on the recorded machine. */
static bool is_refused(const struct hp_inv_irq *irq)
{
	if (irq->number == 0 || irq->number == 2)
		return true;
	return irq->action &&
	       (!strncmp(irq->action, "virtio1-req.", 12) ||
		(!strncmp(irq->action, "nvme", 4) && strcmp(irq->action + 5, "q0") != 0));
}

static void check_testbed(const char *name, const char *kernel)
{
	hp_autoinventory *inv = machine_recorded(name);
	unsigned int managed = 0;

	assert_memory_equal(inv->kernel, kernel, strlen(kernel));
	assert_int_equal(inv->cores_count, 4);
	assert_int_equal(inv->nodes_count, 2);
	assert_true(inv->has_smt);
	for (size_t i = 0; i < inv->irqs_count; i++) {
		managed += inv->irqs[i].is_managed;
		if (inv->irqs[i].is_movable == is_refused(&inv->irqs[i]))
			fail_msg("%s: interrupt %u is judged wrongly", name, inv->irqs[i].number);
	}
	assert_int_equal(managed, 24);
	assert_string_equal(inv->local_subnets[0], "10.0.2.0/24");
	assert_int_equal(machine_function(inv, "0000:00:03.0")->roles, HP_ROLE_SWAP);
	assert_string_equal(machine_device(inv, "0000:03:00.0", "nvme0n1")->serial, "SERIAL-02");
	assert_string_equal(machine_device(inv, "0000:01:00.0", "eth1")->mac, "02:00:00:00:00:02");
	assert_int_equal(machine_function(inv, "0000:00:1f.2")->iommu_group,
			 machine_function(inv, "0000:00:1f.3")->iommu_group);
}

static void testbed_on_both_kernels(void **state)
{
	(void)state;
	check_testbed("testbed-6.1", "6.1.");
	check_testbed("testbed-6.12", "6.12.");
}

/* Its serial port is below "00:00:0.0", which looks like a function's address and is none. */
static void microvm(void **state)
{
	hp_autoinventory *inv = machine_recorded("microvm");

	(void)state;
	assert_int_equal(inv->cores_count, 2);
	assert_int_equal(inv->pci_count, 6);
	assert_int_equal(machine_function(inv, "0000:00:00.0")->devs_count, 0);
	for (size_t i = 0; i < inv->pci_count; i++)
		assert_false(inv->pci[i].roles & HP_ROLE_CONSOLE);
	assert_int_equal(machine_function(inv, "0000:00:02.0")->roles, HP_ROLE_ROOT_DISK);
	assert_int_equal(machine_function(inv, "0000:00:03.0")->roles, HP_ROLE_MANAGEMENT);
	assert_true(machine_irq(inv, "virtio1-req.0")->is_managed);
	assert_null(inv->pci[0].driver);
}

/* Runs a shell command inside the tree. */
__attribute__((format(printf, 2, 3)))
static void change(const char *dir, const char *fmt, ...)
{
	hp_autofree char *what = NULL;
	hp_autofree char *command = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&what, fmt, ap);
	va_end(ap);
	assert_true(len > 0);
	assert_true(asprintf(&command, "cd '%s' && { %s; }", dir, what) > 0);
	assert_int_equal(system(command), 0);
}

static void missing_parts_are_empty(void **state)
{
	char *dir = machine_make("two-socket");
	struct hp_inventory *inv;

	(void)state;
	change(dir,
	       "rm -rf proc/irq proc/1 proc/swaps proc/net proc/sys sys/dev sys/class/net run");
	inv = machine_read(dir);
	assert_int_equal(inv->irqs_count, 0);
	assert_int_equal(inv->pci_count, 17);
	assert_null(inv->kernel);
	assert_null(inv->local_subnets[0]);
	for (size_t i = 0; i < inv->pci_count; i++) {
		assert_int_equal(inv->pci[i].devs_count, 0);
		assert_int_equal(inv->pci[i].roles & ~(unsigned int)HP_ROLE_CONSOLE, 0);
	}
	hp_inventory_free(inv);
	change(dir, "rm -rf sys/bus");
	inv = machine_read(dir);
	assert_int_equal(inv->pci_count, 0);
	assert_int_equal(inv->cores_count, 4);
	hp_inventory_free(inv);
	machine_remove(dir);
}

/* libpci would exit the process at the first of these. */
static void damaged_functions_are_kept(void **state)
{
	char *dir = machine_make("two-socket");
	struct hp_inventory *inv;
	const struct hp_inv_pci *nvme;

	(void)state;
	change(dir,
	       "rm sys/bus/pci/devices/0000:03:00.0/vendor; mkdir sys/bus/pci/devices/not-an-address;"
	       " rm sys/bus/pci/devices/0000:04:00.0/class && mkdir sys/bus/pci/devices/0000:04:00.0/class;"
	       " rm -r proc/irq/33/smp_affinity_list proc/irq/34/smp_affinity sys/kernel/irq/35");
	inv = machine_read(dir);
	assert_int_equal(inv->pci_count, 17);
	nvme = machine_function(inv, "0000:03:00.0");
	assert_int_equal(nvme->vendor, 0);
	assert_null(nvme->vendor_name);
	assert_string_equal(nvme->driver, "nvme");
	assert_int_equal(nvme->iommu_group, 10);
	assert_int_equal(nvme->devs_count, 4);
	assert_int_equal(machine_function(inv, "0000:04:00.0")->class_code, 0);
	assert_string_equal(machine_function(inv, "0000:04:00.0")->driver, "nvme");
	for (size_t i = 0; i < inv->irqs_count; i++) {
		const struct hp_inv_irq *irq = &inv->irqs[i];

		if (irq->number == 33)
			assert_null(irq->affinity);
		if (irq->number == 34)
			assert_false(irq->is_movable || irq->is_managed);
		if (irq->number == 35)
			assert_null(irq->action);
	}
	hp_inventory_free(inv);
	machine_remove(dir);
}

static void nonsense_is_survived(void **state)
{
	char *dir = machine_make("stacked");
	struct hp_inventory *inv;

	(void)state;
	change(dir,
	       "printf '1 2 3\\nx y z:q - -\\n 8:\\n - - -\\n5 1 0:9 / / rw - btrfs none' > proc/1/mountinfo;"
	       " printf 'a\\n/dev/\\n/dev/mapper/\\n/\\n\\\\777\\n' > proc/swaps;"
	       " printf 'x\\neth0 zz 0\\n' > proc/net/route; printf '0 0' > proc/net/ipv6_route;"
	       " printf '%%5000s' > proc/meminfo; mkdir proc/irq/x proc/irq/99999999999;"
	       " rm sys/class/block/md0 && ln -s md0 sys/class/block/md0;"
	       " ln -s ../dm-0 sys/devices/virtual/block/dm-0/slaves/dm-0");
	inv = machine_read(dir);
	assert_int_equal(inv->pci_count, 11);
	assert_int_equal(inv->memory_bytes, 0);
	assert_null(inv->local_subnets[0]);
	assert_int_equal(machine_function(inv, "0000:01:00.0")->roles, 0);
	assert_int_equal(machine_function(inv, "0000:08:00.0")->roles, 0);
	hp_inventory_free(inv);
	machine_remove(dir);
}

static void tree_without_cpus_is_refused(void **state)
{
	char *dir = machine_make("no-smt");
	hp_autoerr err = HP_ERR_INIT;
	hp_autoroot *root = hp_root_open(dir, &err);
	struct hp_inventory *inv = NULL;

	(void)state;
	change(dir, "rm -r sys/devices/system/cpu");
	assert_int_equal(hp_inventory_read(root, getpid(), &inv, &err), -ENOENT);
	assert_null(inv);
	assert_non_null(strstr(err.text, dir));
	assert_non_null(strstr(err.text, "/sys/devices/system/cpu/online"));
	assert_int_equal(err.exit, HP_EXIT_FAIL);
	machine_remove(dir);
}

static struct json_object *at(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no key %s", key);
	return value;
}

static void assert_keys(struct json_object *object, const char *const *keys)
{
	int count = 0;

	for (; *keys; keys++, count++)
		at(object, *keys);
	assert_int_equal(json_object_object_length(object), count);
}

static void json_has_stable_keys(void **state)
{
	hp_autoinventory *inv = machine_inventory("two-socket");
	struct json_object *json = hp_inventory_json(inv), *nvme = NULL, *irq = NULL, *port;

	(void)state;
	assert_keys(json,
		    (const char *const[]){ "kernel", "has_systemd", "has_module", "local_subnets",
					   "cpus", "memory", "pci", "irqs", "frequencies", "idle_driver", "resctrl", NULL });
	assert_keys(at(json, "cpus"), (const char *const[]){ "online", "offline", "has_smt",
							     "is_hybrid", "cores", NULL });
	assert_keys(json_object_array_get_idx(at(at(json, "cpus"), "cores"), 0),
		    (const char *const[]){ "cpus", "package", "l3", "node", "kind", NULL });
	assert_keys(at(json, "memory"),
		    (const char *const[]){ "total_bytes", "swap_bytes", "nodes", NULL });
	assert_keys(json_object_array_get_idx(at(at(json, "memory"), "nodes"), 1),
		    (const char *const[]){ "node", "total_bytes", "cpus", NULL });
	for (size_t i = 0; i < inv->pci_count; i++)
		if (!strcmp(inv->pci[i].bdf, "0000:03:00.0"))
			nvme = json_object_array_get_idx(at(json, "pci"), i);
	assert_keys(nvme, (const char *const[]){ "bdf", "class_code", "class_name", "vendor_id",
						 "vendor_name", "device_id", "device_name",
						 "driver", "iommu_group", "node", "is_bridge",
						 "roles", "devices", NULL });
	assert_string_equal(json_object_get_string(at(nvme, "class_code")), "0x010802");
	assert_string_equal(json_object_get_string(at(nvme, "vendor_id")), "0x1b36");
	assert_null(at(nvme, "node"));			/* JSON's null, not -1 */
	assert_keys(json_object_array_get_idx(at(nvme, "devices"), 0),
		    (const char *const[]){ "kind", "name", "node", "major", "minor", "size_bytes",
					   "serial", NULL });
	irq = json_object_array_get_idx(at(json, "irqs"), 0);
	assert_keys(irq, (const char *const[]){ "irq", "action", "affinity", "is_managed",
						"is_movable", "pci", NULL });
	assert_null(at(irq, "pci"));
	port = json_object_array_get_idx(
		at(json_object_array_get_idx(at(json, "pci"), 3), "devices"), 0);
	assert_keys(port, (const char *const[]){ "kind", "name", "node", "major", "minor", "mac",
						 "ifindex", "netns", NULL });
	assert_null(at(port, "netns"));
	assert_string_equal(json_object_get_string(json_object_array_get_idx(
				    at(json_object_array_get_idx(at(json, "pci"), 3), "roles"), 0)),
			    "management");
	json_object_put(json);
}

/* Every key of the object and of what is in it stands in bold in the manual page. */
static void check_documented(struct json_object *value, const char *manual)
{
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			check_documented(json_object_array_get_idx(value, i), manual);
		return;
	}
	if (!json_object_is_type(value, json_type_object))
		return;
	json_object_object_foreach(value, key, item) {
		hp_autofree char *bold = NULL;

		assert_true(asprintf(&bold, "*%s*", key) > 0);
		if (!strstr(manual, bold))
			fail_msg("the manual page does not explain %s", bold);
		check_documented(item, manual);
	}
}

static void manual_explains_every_key(void **state)
{
	hp_autoinventory *inv = machine_inventory("two-socket");
	struct json_object *json = hp_inventory_json(inv);
	hp_autofree char *manual = calloc(1, 65536);
	hp_autofile FILE *file = fopen("userland/man/partctl-inventory.1.scd", "r");

	(void)state;
	assert_non_null(file);
	assert_true(fread(manual, 1, 65535, file) > 1000);
	check_documented(json, manual);
	for (const char *const *role = hp_inv_role_words; *role; role++)
		assert_non_null(strstr(manual, *role));
	json_object_put(json);
}

static void live_machine(void **state)
{
	hp_autoinventory *inv = machine_read("/");
	hp_autofree char *online = hp_cpulist_format(inv->online);
	char text[4096] = "";
	hp_autofile FILE *file = fopen("/sys/devices/system/cpu/online", "r");

	(void)state;
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(online, text);
	assert_int_equal(hwloc_bitmap_weight(inv->online), sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(inv->memory_bytes ==
		    (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_true(inv->nodes_count >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(testbed_on_both_kernels),
		cmocka_unit_test(microvm),
		cmocka_unit_test(missing_parts_are_empty),
		cmocka_unit_test(damaged_functions_are_kept),
		cmocka_unit_test(nonsense_is_survived),
		cmocka_unit_test(tree_without_cpus_is_refused),
		cmocka_unit_test(json_has_stable_keys),
		cmocka_unit_test(manual_explains_every_key),
		cmocka_unit_test(live_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
