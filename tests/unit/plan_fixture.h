/* SPDX-License-Identifier: GPL-2.0 */
/* plan_fixture.h: machines and policies for the planner's tests, built by hand. */
#ifndef PLAN_FIXTURE_H
#define PLAN_FIXTURE_H

#include "plan/hp_plan.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* A machine without anything; the pieces below add to it. Free with hp_inventory_free(). */
struct hp_inventory *fixture_machine(uint64_t memory_bytes);
/* kind -1 = all cores alike; l3 or node -1 = none. */
void fixture_core(struct hp_inventory *inv, const char *cpus, int package, int l3, int node, int kind);
/* After the cores: the node's CPUs are those of the cores that name it. */
void fixture_node(struct hp_inventory *inv, unsigned int os, uint64_t bytes);
/* In BDF order. The pointer is valid until the next call. */
struct hp_inv_pci *fixture_pci(struct hp_inventory *inv, const char *bdf, uint32_t class_code, int iommu_group);
struct hp_inv_dev *fixture_dev(struct hp_inv_pci *pci, enum hp_inv_dev_kind kind, const char *name, int major,
			       int minor);
/* In order of number. */
struct hp_inv_irq *fixture_irq(struct hp_inventory *inv, unsigned int number, const char *action, int pci);
void fixture_offline(struct hp_inventory *inv, const char *cpus);
void fixture_subnet(struct hp_inventory *inv, const char *subnet);

/*
 * The default test VM: 2 sockets x 2 cores x 2 threads, a node each, 4 GiB, a
 * root disk and two NVMe disks, a management port and two others.
 */
struct hp_inventory *fixture_vm(void);
/* packages x l3 groups x cores, all alike, a node for each package. */
struct hp_inventory *fixture_regular(unsigned int packages, unsigned int l3s, unsigned int cores,
				     unsigned int threads, uint64_t memory_bytes);

/* Parses "apiVersion: hostpart/v1\n" + text as file "p.yaml"; fails the test when it is refused. */
struct hp_policy *fixture_policy(const char *text);

/* Plans and fails the test with the planner's words when it is refused. */
struct hp_assignment *fixture_assign(const struct hp_policy *policy, const struct hp_inventory *inv,
				     const struct hp_assignment *current);
/* Plans and returns the refusal (caller frees); fails the test when there is none. */
char *fixture_refusal(const char *policy_text, const struct hp_inventory *inv);

/* CPU list of a set, in one of a few static buffers. */
const char *fixture_list(hwloc_const_bitmap_t set);

/* Pseudo random numbers that are the same everywhere (xorshift64*). */
unsigned int fixture_random(uint64_t *state, unsigned int below);

#endif
