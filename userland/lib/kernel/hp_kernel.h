/* SPDX-License-Identifier: GPL-2.0 */
/* hp_kernel.h: talks to hostpart.ko in typed structures; the only user of its wire contract. */
#ifndef HP_KERNEL_H
#define HP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

#define HP_KERNEL_NAME_MAX 32

/*
 * A request socket. One thread at a time. All functions that take a
 * struct hp_err return 0 or a negative errno; a refusal carries the module's
 * own words ("cpu 4: claimed by alpha, wanted by beta"). errno of a refusal:
 * EPERM, EINVAL, EBUSY (overlap), ESTALE (generation), ENOENT, ENODEV (no such
 * CPU or node, or offline), ENOSPC, EOPNOTSUPP (module too old), EROFS (sealed).
 */
struct hp_kernel;

/* -ENOENT: the module is not loaded (or this is not the initial network namespace). */
int hp_kernel_open(struct hp_kernel **kernel, struct hp_err *err);
void hp_kernel_close(struct hp_kernel *kernel);
void hp_kernel_closep(struct hp_kernel **kernel);
#define hp_autokernel __attribute__((cleanup(hp_kernel_closep))) struct hp_kernel

enum hp_kernel_guard {			/* bits of hp_kernel_info.guards */
	HP_KERNEL_GUARD_CPU_OFFLINE = 1 << 0,
	HP_KERNEL_GUARD_UNLOAD = 1 << 1,
	HP_KERNEL_GUARD_PCI = 1 << 2,
	HP_KERNEL_GUARD_NETDEV = 1 << 3,
	HP_KERNEL_GUARD_IRQ = 1 << 4,
	HP_KERNEL_GUARD_MEMORY_OFFLINE = 1 << 5,
	HP_KERNEL_GUARD_SUSPEND = 1 << 6,
	HP_KERNEL_GUARD_SEALED = 1 << 7,	/* the registry is sealed until the next reboot */
};

struct hp_kernel_info {
	char version[32];
	uint32_t abi;
	uint64_t generation;		/* 1 after load, +1 with every change */
	uint32_t guards;		/* active now */
	uint32_t domain_count, claim_count, domain_limit, claim_limit;
	uint64_t event_seq, event_unsent;
};

int hp_kernel_info(struct hp_kernel *kernel, struct hp_kernel_info *info, struct hp_err *err);

/* ---- the table of domains and claims ---- */

enum hp_kernel_claim_type { HP_KERNEL_CPU = 1, HP_KERNEL_MEMORY, HP_KERNEL_PCI };

struct hp_kernel_range {
	uint32_t first, last;		/* inclusive; ascending and disjoint within a claim */
};

struct hp_kernel_domain {
	char name[HP_KERNEL_NAME_MAX + 1];
	uint64_t cgroup_id;		/* 0 = not told */
	bool is_base;
	bool is_active;			/* started: its functions go to their drivers */
	int netns_fd;			/* of its network namespace, for a commit; borrowed, 0 = none told */
	uint32_t netns_ino;		/* as read: inode number of that namespace, 0 = none told or gone */
	struct hp_kernel_range *elastic_cpus;	/* what it may claim after the seal; owned */
	size_t elastic_cpus_count;
	uint64_t elastic_memory_min, elastic_memory_max;	/* bytes; both 0 = not elastic */
};

#define HP_KERNEL_PCI_PATH_MAX 63
#define HP_KERNEL_DRIVER_MAX 31
#define HP_KERNEL_PORT_MAX 15

/* How a claim names a PCI function. */
enum hp_kernel_pci_match {
	HP_KERNEL_PCI_BY_ADDRESS,	/* pci_segment, pci_bus, pci_device, pci_function */
	HP_KERNEL_PCI_BY_ID,		/* pci_vendor, pci_device_id and, counting from 0, pci_index */
	HP_KERNEL_PCI_BY_PATH,		/* pci_path: "SSSS:BB:DD.F/DD.F", below a root port */
};

enum hp_kernel_pci_state { HP_KERNEL_PCI_ABSENT, HP_KERNEL_PCI_PARKED, HP_KERNEL_PCI_ACTIVE, HP_KERNEL_PCI_PLAIN };

/* "absent", "parked", "active", "plain"; "unknown" for a newer module's. */
const char *hp_kernel_pci_state_name(uint32_t state);

struct hp_kernel_claim {
	size_t domain;			/* index into the table's domains */
	enum hp_kernel_claim_type type;
	struct hp_kernel_range *ranges;	/* CPUs, or nodes of the memory; owned */
	size_t ranges_count;
	uint64_t memory_bytes;
	uint32_t pci_segment;
	uint8_t pci_bus, pci_device, pci_function;
	enum hp_kernel_pci_match pci_match;
	uint16_t pci_vendor, pci_device_id;
	uint32_t pci_index;
	char pci_path[HP_KERNEL_PCI_PATH_MAX + 1];
	bool pci_shares_group;		/* may share its IOMMU group with other owners */
	char pci_driver[HP_KERNEL_DRIVER_MAX + 1];	/* "" = whichever matches */
	char port[HP_KERNEL_PORT_MAX + 1];	/* name of its network port in the domain, "" = as it is */
	uint32_t pci_state;		/* as read: enum hp_kernel_pci_state */
};

struct hp_kernel_table {
	uint64_t generation;		/* as read; ignored by a commit */
	struct hp_kernel_domain *domains;
	size_t domains_count, domains_capacity;
	struct hp_kernel_claim *claims;
	size_t claims_count, claims_capacity;
};

#define HP_KERNEL_TABLE_INIT { 0, NULL, 0, 0, NULL, 0, 0 }
void hp_kernel_table_clear(struct hp_kernel_table *table);
#define hp_autokerneltable __attribute__((cleanup(hp_kernel_table_clear))) struct hp_kernel_table

/* Copies. Returns the index, or -ENOMEM. The module judges names and overlaps, not these. */
long hp_kernel_table_add_domain(struct hp_kernel_table *table, const struct hp_kernel_domain *domain);
/* The index of the domain of that name, -1 for none. */
long hp_kernel_table_find(const struct hp_kernel_table *table, const char *name);
/* Copies, ranges included. 0 or -ENOMEM. */
int hp_kernel_table_add_claim(struct hp_kernel_table *table, const struct hp_kernel_claim *claim);

/*
 * The canonical text, each line "\n"-separated, none at the end:
 *	domain NAME [base] [cgroup ID] [active] [elastic-cpus LIST] [elastic-memory MIN-MAX]
 *	cpus NAME LIST
 *	memory NAME BYTES [nodes LIST]
 *	pci NAME FUNCTION [driver NAME] [port NAME] [shared-group]
 * where FUNCTION is SSSS:BB:DD.F, VVVV:DDDD/INDEX or SSSS:BB:DD.F/DD.F[/DD.F ...],
 * domains in table order, each followed by its claims in the order cpus, memory,
 * pci ascending; the CPUs of a domain in one line. "" for an empty table.
 * NULL when out of memory; caller frees.
 */
char *hp_kernel_table_format(const struct hp_kernel_table *table);
/* Accepts any order of lines so long as a domain comes first; -EINVAL names the line. */
int hp_kernel_table_parse(const char *text, struct hp_kernel_table *table, struct hp_err *err);

/*
 * Adds to *out, which starts empty, what of the live table stays as it is in
 * the wanted one: its domains without the CPUs and functions that they lose.
 * In force before the machine is changed, it lets go of what another takes.
 * A function that goes from a running domain to another is the base's meanwhile
 * (added when there is none): it runs on, and the module resets it when the new
 * domain takes it over.
 * 0 or -ENOMEM.
 */
int hp_kernel_table_meet(const struct hp_kernel_table *live, const struct hp_kernel_table *want,
			 struct hp_kernel_table *out);

/* One consistent generation. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN. *table starts as HP_KERNEL_TABLE_INIT. */
int hp_kernel_table_read(struct hp_kernel *kernel, struct hp_kernel_table *table, struct hp_err *err);

#define HP_KERNEL_ANY_GENERATION UINT64_MAX
/*
 * Replaces the whole table in one transaction, or changes nothing. An empty
 * table clears it. With an expected generation, -ESTALE unless it is the live
 * one. *generation (may be NULL) is the new one.
 */
int hp_kernel_commit(struct hp_kernel *kernel, const struct hp_kernel_table *table, uint64_t expected_generation,
		     uint64_t *generation, struct hp_err *err);
/* Nobody can unseal: what cannot be asked now is not sealed as far as anyone knows. */
bool hp_kernel_is_sealed(void);
/* Freezes the live table until the next reboot; sealed already is fine. *generation (may be NULL) is the sealed one. */
int hp_kernel_seal(struct hp_kernel *kernel, uint64_t expected_generation, uint64_t *generation, struct hp_err *err);
/* Drops everything whoever committed it, so that the module can go; told as an event. */
int hp_kernel_release_force(struct hp_kernel *kernel, uint32_t *domains_dropped, uint32_t *claims_dropped,
			    struct hp_err *err);

/* ---- policy files for the boot: claims that hold before drivers probe ---- */

#define HP_KERNEL_BLOB_MAX (4u << 20)	/* bytes of a whole file that the module reads */

/* The file for a table; caller frees *data. Active domains and namespaces are no part of it. */
int hp_kernel_blob_make(const struct hp_kernel_table *table, unsigned char **data, size_t *size, struct hp_err *err);
/*
 * Appends a signature of what is there by the private key in a PEM file, *data moves. The module
 * knows the signer by the certificate (PEM or DER), whose key has to be in one of the kernel's keyrings.
 */
int hp_kernel_blob_sign(unsigned char **data, size_t *size, const char *key_file, const char *certificate_file,
			struct hp_err *err);
/* The reverse of make; *signature_bytes 0 = not signed. -EINVAL says what is wrong with it. No signature is checked. */
int hp_kernel_blob_read(const unsigned char *data, size_t size, struct hp_kernel_table *table, size_t *signature_bytes,
			struct hp_err *err);

/* ---- events ---- */

enum hp_kernel_event_type {
	HP_KERNEL_EVENT_COMMIT = 1,
	HP_KERNEL_EVENT_RELEASE,
	HP_KERNEL_EVENT_CPU_OFFLINE_VETO,
	HP_KERNEL_EVENT_PCI_PARKED,
	HP_KERNEL_EVENT_PCI_HANDED,
	HP_KERNEL_EVENT_PCI_RELEASED,
	HP_KERNEL_EVENT_PCI_DRIVER_VETO,
	HP_KERNEL_EVENT_PORT_MOVED_BACK,
	HP_KERNEL_EVENT_PORT_RENAMED_BACK,
	HP_KERNEL_EVENT_PORT_PARKED,
	HP_KERNEL_EVENT_IRQ_MOVED_BACK,
	HP_KERNEL_EVENT_IRQ_UNMOVABLE,
	HP_KERNEL_EVENT_MEMORY_OFFLINE_VETO,
	HP_KERNEL_EVENT_SUSPEND_VETO,
	HP_KERNEL_EVENT_UNLOAD_VETO,
	HP_KERNEL_EVENT_SEAL,
	HP_KERNEL_EVENT_SEAL_REFUSED,
	HP_KERNEL_EVENT_BOOT_POLICY,
};

struct hp_kernel_event {
	uint64_t seq;			/* a gap is a lost event */
	uint64_t time_ns;		/* CLOCK_BOOTTIME */
	uint64_t generation;
	uint32_t type;			/* enum hp_kernel_event_type, or a newer module's number */
	bool actor_is_known;		/* else pid, comm and cgroup_id say nothing */
	uint32_t pid;
	char comm[17];
	uint64_t cgroup_id;
	char domain[HP_KERNEL_NAME_MAX + 1];	/* "" = none */
	int64_t cpu;			/* -1 = none */
	uint32_t domain_count, claim_count;
	char function[16];		/* the PCI function "0000:03:00.0", "" = none */
	int64_t irq, node;		/* -1 = none */
	char port[HP_KERNEL_PORT_MAX + 1];	/* network port, "" = none */
	uint32_t error;			/* errno of what failed, 0 = none */
	char reason[128];		/* in the module's words, "" = none */
};

/* "commit", "release", "cpu-offline-veto", ... as in the module's spec; "unknown" for a newer module's type. */
const char *hp_kernel_event_name(uint32_t type);

struct hp_kernel_events;

/* Joins the module's event group: needs CAP_SYS_ADMIN. */
int hp_kernel_events_open(struct hp_kernel_events **events, struct hp_err *err);
void hp_kernel_events_close(struct hp_kernel_events *events);
void hp_kernel_events_closep(struct hp_kernel_events **events);
#define hp_autokernelevents __attribute__((cleanup(hp_kernel_events_closep))) struct hp_kernel_events
/* For poll(POLLIN); owned by `events`. */
int hp_kernel_events_fd(const struct hp_kernel_events *events);
/*
 * Never blocks. 1: *event is filled; 0: nothing there now; -ENOBUFS: some were
 * lost because this socket was read too slowly, what comes after is good (the
 * lost ones may still be in the module's ring); other negative errno: broken,
 * reopen.
 */
int hp_kernel_events_read(struct hp_kernel_events *events, struct hp_kernel_event *event, struct hp_err *err);

typedef int (*hp_kernel_event_fn)(const struct hp_kernel_event *event, void *arg);
/* Events still in the module's ring, oldest first; a negative return of `fn` ends it. */
int hp_kernel_events_dump(struct hp_kernel *kernel, hp_kernel_event_fn fn, void *arg, struct hp_err *err);

/* ---- interrupt vectors ---- */

enum hp_kernel_vector_state { HP_KERNEL_VECTOR_MOVABLE = 1, HP_KERNEL_VECTOR_MANAGED, HP_KERNEL_VECTOR_UNMOVABLE };

struct hp_kernel_vector {
	uint32_t irq;			/* as in /proc/interrupts */
	uint32_t state;			/* enum hp_kernel_vector_state, or a newer module's number */
	uint32_t error;			/* errno: why it cannot be moved, 0 = none */
	char domain[HP_KERNEL_NAME_MAX + 1];	/* whose function it is of, "" = nobody's */
	char function[16];		/* "0000:03:00.0", "" = of no claimed function */
};

/* "movable", "managed", "unmovable"; "unknown" for a newer module's. */
const char *hp_kernel_vector_state_name(uint32_t state);

typedef int (*hp_kernel_vector_fn)(const struct hp_kernel_vector *vector, void *arg);
/* All requested vectors by number, or those of `domain` (NULL = all). -ENOENT: no such domain. */
int hp_kernel_vectors_dump(struct hp_kernel *kernel, const char *domain, hp_kernel_vector_fn fn, void *arg,
			   struct hp_err *err);

#endif
