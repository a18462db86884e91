// SPDX-License-Identifier: GPL-2.0
/* plan_fixture.c: machines and policies for the planner's tests, built by hand. */
#include "plan_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static void *grow(void *items, size_t count, size_t size)
{
	void *grown = reallocarray(items, count + 1, size);

	assert_non_null(grown);
	memset((char *)grown + count * size, 0, size);
	return grown;
}

struct hp_inventory *fixture_machine(uint64_t memory_bytes)
{
	struct hp_inventory *inv = calloc(1, sizeof(*inv));

	assert_non_null(inv);
	inv->kernel = strdup("6.12.0");
	inv->online = hwloc_bitmap_alloc();
	inv->offline = hwloc_bitmap_alloc();
	inv->local_subnets = calloc(1, sizeof(char *));
	inv->memory_bytes = memory_bytes;
	return inv;
}

void fixture_core(struct hp_inventory *inv, const char *cpus, int package, int l3, int node, int kind)
{
	struct hp_inv_core *core;

	inv->cores = grow(inv->cores, inv->cores_count, sizeof(*inv->cores));
	core = &inv->cores[inv->cores_count++];
	*core = (struct hp_inv_core){ hwloc_bitmap_alloc(), package, l3, node, kind };
	assert_int_equal(hp_cpulist_parse(cpus, core->cpus), 0);
	assert_int_equal(hwloc_bitmap_or(inv->online, inv->online, core->cpus), 0);
	inv->has_smt |= hwloc_bitmap_weight(core->cpus) > 1;
	inv->is_hybrid |= kind > 0;
}

void fixture_node(struct hp_inventory *inv, unsigned int os, uint64_t bytes)
{
	hwloc_bitmap_t cpus = hwloc_bitmap_alloc();

	for (size_t i = 0; i < inv->cores_count; i++) {
		if (inv->cores[i].node == (int)os)
			assert_int_equal(hwloc_bitmap_or(cpus, cpus, inv->cores[i].cpus), 0);
	}
	inv->nodes = grow(inv->nodes, inv->nodes_count, sizeof(*inv->nodes));
	inv->nodes[inv->nodes_count++] = (struct hp_inv_node){ os, bytes, cpus };
}

struct hp_inv_pci *fixture_pci(struct hp_inventory *inv, const char *bdf, uint32_t class_code, int iommu_group)
{
	struct hp_inv_pci *pci;

	inv->pci = grow(inv->pci, inv->pci_count, sizeof(*inv->pci));
	pci = &inv->pci[inv->pci_count++];
	pci->bdf = strdup(bdf);
	pci->class_code = class_code;
	pci->vendor = 0x8086;
	pci->device = 0x10d3;
	pci->driver = strdup("some");
	pci->iommu_group = iommu_group;
	pci->node = -1;
	pci->is_bridge = class_code >> 16 == 0x06;
	return pci;
}

struct hp_inv_dev *fixture_dev(struct hp_inv_pci *pci, enum hp_inv_dev_kind kind, const char *name, int major,
			       int minor)
{
	struct hp_inv_dev *dev;

	pci->devs = grow(pci->devs, pci->devs_count, sizeof(*pci->devs));
	dev = &pci->devs[pci->devs_count++];
	dev->kind = kind;
	dev->name = strdup(name);
	dev->major = major;
	dev->minor = minor;
	return dev;
}

struct hp_inv_irq *fixture_irq(struct hp_inventory *inv, unsigned int number, const char *action, int pci)
{
	struct hp_inv_irq *irq;

	inv->irqs = grow(inv->irqs, inv->irqs_count, sizeof(*inv->irqs));
	irq = &inv->irqs[inv->irqs_count++];
	irq->number = number;
	irq->is_movable = true;
	irq->action = action ? strdup(action) : NULL;
	irq->affinity = hp_cpulist_format(inv->online);
	irq->pci = pci;
	irq->vector = -1;
	return irq;
}

void fixture_offline(struct hp_inventory *inv, const char *cpus)
{
	assert_int_equal(hp_cpulist_parse(cpus, inv->offline), 0);
}

void fixture_subnet(struct hp_inventory *inv, const char *subnet)
{
	size_t count = 0;

	while (inv->local_subnets[count])
		count++;
	inv->local_subnets = grow(inv->local_subnets, count + 1, sizeof(char *));
	inv->local_subnets[count] = strdup(subnet);
}

static void add_nvme(struct hp_inventory *inv, const char *bdf, int number, int group, unsigned int roles)
{
	struct hp_inv_pci *pci = fixture_pci(inv, bdf, 0x010802, group);
	char name[32], serial[32];

	pci->vendor = 0x1b36;
	pci->device = 0x0010;
	pci->roles = roles;
	snprintf(name, sizeof(name), "nvme%d", number);
	fixture_dev(pci, HP_DEV_CHAR, name, 240, number);
	snprintf(name, sizeof(name), "nvme%dn1", number);
	snprintf(serial, sizeof(serial), "disk-%d", number);
	fixture_dev(pci, HP_DEV_BLOCK, name, 259, 2 * number)->serial = strdup(serial);
	snprintf(name, sizeof(name), "nvme%dn1p1", number);
	fixture_dev(pci, HP_DEV_BLOCK, name, 259, 2 * number + 1);
}

static void add_port(struct hp_inventory *inv, const char *bdf, int number, int group, unsigned int roles)
{
	struct hp_inv_pci *pci = fixture_pci(inv, bdf, 0x020000, group);
	struct hp_inv_dev *dev;
	char text[32];

	pci->roles = roles;
	snprintf(text, sizeof(text), "enp%ds0", number);
	dev = fixture_dev(pci, HP_DEV_NET, text, -1, -1);
	dev->ifindex = number + 2;
	snprintf(text, sizeof(text), "52:54:00:00:00:0%d", number);
	dev->mac = strdup(text);
}

struct hp_inventory *fixture_vm(void)
{
	struct hp_inventory *inv = fixture_machine(4 * GIB);

	fixture_core(inv, "0-1", 0, 0, 0, -1);
	fixture_core(inv, "2-3", 0, 0, 0, -1);
	fixture_core(inv, "4-5", 1, 1, 1, -1);
	fixture_core(inv, "6-7", 1, 1, 1, -1);
	fixture_node(inv, 0, 2 * GIB);
	fixture_node(inv, 1, 2 * GIB);
	fixture_pci(inv, "0000:00:00.0", 0x060000, 0);
	add_port(inv, "0000:00:02.0", 0, 1, HP_ROLE_MANAGEMENT);
	fixture_pci(inv, "0000:00:1f.0", 0x060100, 2);
	fixture_pci(inv, "0000:00:1f.2", 0x010601, 2);
	fixture_pci(inv, "0000:00:1f.3", 0x0c0500, 2);
	add_nvme(inv, "0000:01:00.0", 0, 3, HP_ROLE_ROOT_DISK | HP_ROLE_SWAP);
	add_nvme(inv, "0000:02:00.0", 1, 4, 0);
	add_nvme(inv, "0000:03:00.0", 2, 5, 0);
	add_port(inv, "0000:04:00.0", 4, 6, 0);
	add_port(inv, "0000:05:00.0", 5, 7, 0);
	inv->has_module = true;
	return inv;
}

struct hp_inventory *fixture_regular(unsigned int packages, unsigned int l3s, unsigned int cores,
				     unsigned int threads, uint64_t memory_bytes)
{
	struct hp_inventory *inv = fixture_machine(memory_bytes);
	unsigned int cpu = 0;
	char list[32];

	for (unsigned int i = 0; i < packages * l3s * cores; i++, cpu += threads) {
		int l3 = (int)(i / cores), package = (int)(i / cores / l3s);

		if (threads > 1)
			snprintf(list, sizeof(list), "%u-%u", cpu, cpu + threads - 1);
		else
			snprintf(list, sizeof(list), "%u", cpu);
		fixture_core(inv, list, package, l3, package, -1);
	}
	for (unsigned int i = 0; i < packages; i++)
		fixture_node(inv, i, memory_bytes / packages);
	return inv;
}

struct hp_policy *fixture_policy(const char *text)
{
	struct hp_policy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;
	char *whole;

	assert_true(asprintf(&whole, "apiVersion: hostpart/v1\n%s", text) > 0);
	if (hp_policy_parse("p.yaml", whole, &policy, &err))
		fail_msg("policy refused: %s\n%s", err.text, whole);
	free(whole);
	return policy;
}

struct hp_assignment *fixture_assign(const struct hp_policy *policy, const struct hp_inventory *inv,
				     const struct hp_assignment *current)
{
	struct hp_assignment *out = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_assign(policy, inv, current, &out, &err))
		fail_msg("refused: %s", err.text);
	assert_non_null(out);
	return out;
}

char *fixture_refusal(const char *policy_text, const struct hp_inventory *inv)
{
	hp_autopolicy *policy = fixture_policy(policy_text);
	hp_autoassignment *out = NULL;
	struct hp_err err = HP_ERR_INIT;

	if (!hp_assign(policy, inv, NULL, &out, &err))
		fail_msg("not refused:\n%s", policy_text);
	assert_null(out);
	assert_int_equal(err.exit, HP_EXIT_USAGE);
	assert_int_equal(strncmp(err.text, "p.yaml:", 7), 0);
	return err.text;
}

const char *fixture_list(hwloc_const_bitmap_t set)
{
	static char buffers[8][256];
	static unsigned int next;
	char *buffer = buffers[next++ % hp_array_size(buffers)];
	hp_autofree char *text = hp_cpulist_format(set);

	assert_non_null(text);
	snprintf(buffer, sizeof(buffers[0]), "%s", text);
	return buffer;
}

unsigned int fixture_random(uint64_t *state, unsigned int below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (unsigned int)((*state * UINT64_C(2685821657736338717) >> 33) % below);
}
