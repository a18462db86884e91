// SPDX-License-Identifier: GPL-2.0
/* test_inventory_pci.c: functions, what is below them, their interrupts and roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "base/hp_auto.h"
#include "machine.h"

#define MIB (1024ull * 1024)

static struct hp_inventory *two_socket, *stacked;

static int make_machines(void **state)
{
	(void)state;
	two_socket = machine_inventory("two-socket");
	stacked = machine_inventory("stacked");
	return 0;
}

static int free_machines(void **state)
{
	(void)state;
	hp_inventory_free(two_socket);
	hp_inventory_free(stacked);
	return 0;
}

static void functions_have_names_and_drivers(void **state)
{
	const struct hp_inv_pci *nvme = machine_function(two_socket, "0000:03:00.0");
	const struct hp_inv_pci *sata = machine_function(two_socket, "0000:00:1f.2");
	const struct hp_inv_pci *host = machine_function(two_socket, "0000:00:00.0");

	(void)state;
	assert_int_equal(two_socket->pci_count, 17);
	assert_int_equal(nvme->class_code, 0x010802);
	assert_int_equal(nvme->vendor, 0x1b36);
	assert_int_equal(nvme->device, 0x0010);
	assert_string_equal(nvme->driver, "nvme");
	assert_int_equal(nvme->iommu_group, 10);
	assert_int_equal(nvme->node, -1);
	assert_false(nvme->is_bridge);
	assert_string_equal(sata->vendor_name, "Intel Corporation");
	assert_non_null(strstr(sata->device_name, "ICH9"));
	assert_string_equal(sata->class_name, "SATA controller");
	assert_null(host->driver);
	assert_true(host->is_bridge);
}

static void group_of_three(void **state)
{
	unsigned int members = 0, bridges = 0;

	(void)state;
	for (size_t i = 0; i < two_socket->pci_count; i++) {
		if (two_socket->pci[i].iommu_group != 14)
			continue;
		members++;
		bridges += two_socket->pci[i].is_bridge;
		assert_memory_equal(two_socket->pci[i].bdf, "0000:00:1f.", 11);
	}
	assert_int_equal(members, 3);
	assert_int_equal(bridges, 1);
	for (size_t i = 0; i < stacked->pci_count; i++)
		assert_int_equal(stacked->pci[i].iommu_group, -1);
}

static void disks_with_nodes_sizes_and_serials(void **state)
{
	const struct hp_inv_pci *pci = machine_function(two_socket, "0000:03:00.0");
	const struct hp_inv_dev *disk = machine_device(two_socket, "0000:03:00.0", "nvme0n1");
	const struct hp_inv_dev *part = machine_device(two_socket, "0000:03:00.0", "nvme0n1p1");
	const struct hp_inv_dev *control = machine_device(two_socket, "0000:03:00.0", "nvme0");

	(void)state;
	assert_int_equal(pci->devs_count, 4);
	assert_ptr_equal(disk, &pci->devs[0]);		/* blocks come first, then characters */
	assert_ptr_equal(part, &pci->devs[1]);
	assert_int_equal(disk->kind, HP_DEV_BLOCK);
	assert_int_equal(disk->major, 259);
	assert_int_equal(disk->minor, 0);
	assert_string_equal(disk->node, "/dev/nvme0n1");
	assert_string_equal(disk->serial, "hp-nvme-0");	/* the drive pads it to 20 */
	assert_true(disk->size_bytes == 1024 * MIB);
	assert_true(part->size_bytes == 512 * MIB);
	assert_null(part->serial);
	assert_int_equal(control->kind, HP_DEV_CHAR);
	assert_int_equal(control->major, 244);
	assert_string_equal(control->serial, "hp-nvme-0");
	assert_int_equal(machine_device(two_socket, "0000:03:00.0", "ng0n1")->kind, HP_DEV_CHAR);
	assert_string_equal(machine_device(two_socket, "0000:00:1f.2", "sda")->serial, "QM00005");
	assert_string_equal(machine_device(two_socket, "0000:00:03.0", "vda")->serial, "hp-swap");
	/* The root port above the disk has nothing of its own. */
	assert_int_equal(machine_function(two_socket, "0000:00:12.0")->devs_count, 0);
}

static void ports_displays_inputs_and_sound(void **state)
{
	const struct hp_inv_dev *port = machine_device(two_socket, "0000:01:00.0", "enp1s0");
	const struct hp_inv_dev *virtio = machine_device(two_socket, "0000:00:0a.0", "ens10");
	const struct hp_inv_dev *display = machine_device(two_socket, "0000:00:01.0", "card0");
	const struct hp_inv_dev *keys = machine_device(two_socket, "0000:00:1d.0", "event3");
	const struct hp_inv_dev *mixer = machine_device(two_socket, "0000:00:1b.0", "controlC0");

	(void)state;
	assert_int_equal(port->kind, HP_DEV_NET);
	assert_string_equal(port->mac, "52:54:00:10:00:01");
	assert_int_equal(port->ifindex, 3);		/* lo, ens10, enp1s0 */
	assert_int_equal(port->major, -1);
	assert_null(port->node);
	assert_int_equal(virtio->ifindex, 2);		/* its parent is virtio3, not the function */
	assert_int_equal(display->kind, HP_DEV_DRM);
	assert_string_equal(display->node, "/dev/dri/card0");
	assert_int_equal(keys->kind, HP_DEV_INPUT);
	assert_string_equal(keys->node, "/dev/input/event3");
	assert_int_equal(mixer->kind, HP_DEV_SOUND);
	assert_int_equal(mixer->major, 116);
	assert_int_equal(machine_device(two_socket, "0000:00:01.0", "fb0")->kind, HP_DEV_CHAR);
}

static void roles_of_a_plain_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < two_socket->pci_count; i++) {
		const struct hp_inv_pci *pci = &two_socket->pci[i];
		unsigned int want = 0;

		if (!strcmp(pci->bdf, "0000:00:01.0"))
			want = HP_ROLE_CONSOLE;
		else if (!strcmp(pci->bdf, "0000:00:03.0"))
			want = HP_ROLE_SWAP;
		else if (!strcmp(pci->bdf, "0000:00:0a.0"))
			want = HP_ROLE_MANAGEMENT;
		else if (!strcmp(pci->bdf, "0000:00:1f.2"))
			want = HP_ROLE_ROOT_DISK;
		if (pci->roles != want)
			fail_msg("%s has roles %#x, not %#x", pci->bdf, pci->roles, want);
	}
}

static void roles_through_stacks(void **state)
{
	(void)state;
	/* LVM on RAID on a partition of each; /boot/efi on the first. */
	assert_int_equal(machine_function(stacked, "0000:01:00.0")->roles, HP_ROLE_ROOT_DISK);
	assert_int_equal(machine_function(stacked, "0000:02:00.0")->roles, HP_ROLE_ROOT_DISK);
	/* Both halves of a btrfs of which the mount table names one. */
	assert_int_equal(machine_function(stacked, "0000:03:00.0")->roles, HP_ROLE_MOUNTED);
	assert_int_equal(machine_function(stacked, "0000:04:00.0")->roles, HP_ROLE_MOUNTED);
	/* A swap file, and a file that holds /usr. */
	assert_int_equal(machine_function(stacked, "0000:05:00.0")->roles,
			 HP_ROLE_MOUNTED | HP_ROLE_SWAP | HP_ROLE_ROOT_DISK);
	/* Both heads of a multipath NVMe. */
	assert_int_equal(machine_function(stacked, "0000:06:00.0")->roles, HP_ROLE_MOUNTED);
	assert_int_equal(machine_function(stacked, "0000:07:00.0")->roles, HP_ROLE_MOUNTED);
	/* The IPv6 default route goes through a VLAN on a bond of the first two. */
	assert_int_equal(machine_function(stacked, "0000:08:00.0")->roles, HP_ROLE_MANAGEMENT);
	assert_int_equal(machine_function(stacked, "0000:08:00.1")->roles, HP_ROLE_MANAGEMENT);
	assert_int_equal(machine_function(stacked, "0000:08:00.2")->roles, 0);
	/* The console is a serial port on a card. */
	assert_int_equal(machine_function(stacked, "0000:09:00.0")->roles, HP_ROLE_CONSOLE);
}

static void multipath_disk_is_below_both_controllers(void **state)
{
	const struct hp_inv_dev *one = machine_device(stacked, "0000:06:00.0", "nvme5n1");
	const struct hp_inv_dev *two = machine_device(stacked, "0000:07:00.0", "nvme5n1");

	(void)state;
	assert_int_equal(one->minor, two->minor);
	assert_string_equal(one->serial, "two-heads");
	assert_string_equal(two->node, "/dev/nvme5n1");
	machine_device(stacked, "0000:06:00.0", "nvme5");
	machine_device(stacked, "0000:07:00.0", "nvme6");
}

static void subnets_leave_out_our_own(void **state)
{
	(void)state;
	assert_string_equal(stacked->local_subnets[0], "172.16.0.0/12");
	assert_string_equal(stacked->local_subnets[1], "192.168.7.0/24");
	assert_null(stacked->local_subnets[2]);
	assert_true(stacked->has_module);
}

static void check_irqs(const struct hp_inventory *inv)
{
	const struct hp_inv_irq *queue = machine_irq(inv, "nvme1q3");
	const struct hp_inv_irq *admin = machine_irq(inv, "nvme1q0");
	const struct hp_inv_irq *request = machine_irq(inv, "virtio1-req.1");
	const struct hp_inv_irq *clock = machine_irq(inv, "timer");
	const struct hp_inv_irq *port = machine_irq(inv, "enp2s0-TxRx-0");
	unsigned int managed = 0;

	assert_true(queue->is_managed);
	assert_false(queue->is_movable);
	assert_string_equal(queue->affinity, "2");
	assert_string_equal(inv->pci[queue->pci].bdf, "0000:04:00.0");
	assert_int_equal(queue->vector, 3);
	assert_int_equal(admin->vector, 0);
	assert_int_equal(clock->vector, -1);
	assert_false(admin->is_managed);
	assert_true(admin->is_movable);
	assert_string_equal(admin->affinity, "0-7");
	assert_true(request->is_managed);
	assert_string_equal(inv->pci[request->pci].bdf, "0000:00:03.0");
	assert_false(clock->is_managed);
	assert_false(clock->is_movable);
	assert_int_equal(clock->pci, -1);
	assert_true(port->is_movable);
	assert_string_equal(inv->pci[port->pci].bdf, "0000:02:00.0");
	/* Number 2 is the cascade: nobody uses it, nobody can move it. */
	assert_int_equal(inv->irqs[2].number, 2);
	assert_null(inv->irqs[2].action);
	assert_false(inv->irqs[2].is_movable);
	for (size_t i = 0; i < inv->irqs_count; i++)
		managed += inv->irqs[i].is_managed;
	assert_int_equal(managed, 18);
}

/* 6.12 tells by the file's mode, 6.1 has to be judged by name. */
static void irqs_on_both_kernels(void **state)
{
	hp_autoinventory *older = machine_inventory("two-socket-6.1");

	(void)state;
	check_irqs(two_socket);
	check_irqs(older);
	assert_int_equal(two_socket->irqs_count, older->irqs_count);
	for (size_t i = 0; i < older->irqs_count; i++) {
		assert_int_equal(two_socket->irqs[i].is_managed, older->irqs[i].is_managed);
		assert_int_equal(two_socket->irqs[i].is_movable, older->irqs[i].is_movable);
	}
}

static void thousands_of_functions(void **state)
{
	hp_autoinventory *inv = machine_inventory("pci4096");
	size_t owned = 0;

	(void)state;
	assert_int_equal(inv->pci_count, 4096);
	/* Four digits a domain: order of text is order of address. */
	for (size_t i = 1; i < inv->pci_count; i++)
		assert_true(strcmp(inv->pci[i - 1].bdf, inv->pci[i].bdf) < 0);
	assert_string_equal(inv->pci[0].bdf, "0000:00:00.0");
	assert_string_equal(inv->pci[4095].bdf, "003f:01:07.6");
	assert_int_equal(inv->pci[4095].node, 3);
	assert_int_equal(inv->pci[4095].iommu_group, 63 * 64 + 63);
	assert_string_equal(machine_device(inv, "003f:01:07.5", "nvme4030n1")->serial, "S04030");
	assert_string_equal(machine_device(inv, "003f:01:07.6", "p4031")->mac, "02:00:00:00:0f:bf");
	for (size_t i = 0; i < inv->irqs_count; i++)
		owned += inv->irqs[i].pci >= 0;
	assert_int_equal(owned, 64 * (32 + 31 * 2));	/* one a port, two a disk */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_names_and_drivers),
		cmocka_unit_test(group_of_three),
		cmocka_unit_test(disks_with_nodes_sizes_and_serials),
		cmocka_unit_test(ports_displays_inputs_and_sound),
		cmocka_unit_test(roles_of_a_plain_machine),
		cmocka_unit_test(roles_through_stacks),
		cmocka_unit_test(multipath_disk_is_below_both_controllers),
		cmocka_unit_test(subnets_leave_out_our_own),
		cmocka_unit_test(irqs_on_both_kernels),
		cmocka_unit_test(thousands_of_functions),
	};

	return cmocka_run_group_tests(tests, make_machines, free_machines);
}
