/* SPDX-License-Identifier: GPL-2.0 */
/* hostpart.h: what the files of the module share. */
#ifndef HP_HOSTPART_H
#define HP_HOSTPART_H

#include <linux/cpumask.h>
#include <linux/if.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <net/genetlink.h>

#include "compat.h"
#include "uapi/hostpart.h"

#define HP_MODULE_VERSION	"0.1.0"

#define HP_DOMAIN_LIMIT		128	/* domains in a table, base included */
#define HP_CLAIM_LIMIT		16384	/* claims in a table */
#define HP_TXN_LIMIT		16	/* transactions open at once */
#define HP_EVENT_RING		256	/* events kept for HP_CMD_GET_EVENT */

/* ---- refusal.c ---------------------------------------------------------- */

#define HP_REFUSAL_LEN		192

/* Why a request is refused; lives on the caller's stack, starts zeroed. */
struct hp_refusal {
	const struct nlattr *attr;	/* what is wrong, NULL = the whole message */
	char text[HP_REFUSAL_LEN];
};

/* Writes the reason and returns @error, a negative errno. */
__printf(3, 4)
int hp_refuse(struct hp_refusal *why, int error, const char *fmt, ...);
/* Hands the reason, if there is one, to the ack of the message in @info. */
void hp_refusal_report(const struct hp_refusal *why, struct genl_info *info);
void hp_refusal_forget(u32 portid);
void hp_refusal_exit(void);

/* ---- table.c: one table, private to its builder until it goes live ------- */

struct hp_netns;

struct hp_range {
	u32 first, last;		/* both inclusive */
};

struct hp_domain {
	char name[HP_DOMAIN_NAME_MAX + 1];
	u64 cgroup_id;			/* 0 = not told */
	u32 flags;			/* enum hp_domain_flag */
	u32 claim_count;
	u16 index;			/* in hp_table.domains */
	u32 elastic_range_count;	/* 0 = its CPUs cannot change after the seal */
	struct hp_range *elastic_ranges; /* CPUs; owned */
	u64 elastic_min_bytes, elastic_max_bytes; /* both 0 = not elastic */
	struct hp_netns *netns;		/* NULL = none told; owned reference */
};

/* The ways in which a claim names a PCI function. */
enum hp_pci_match {
	HP_PCI_BY_ADDRESS,		/* segment bus device function */
	HP_PCI_BY_ID,			/* vendor device_id index */
	HP_PCI_BY_PATH,			/* a root port by its address, then hops */
};

struct hp_pci_name {
	u32 segment;
	u8 bus, device, function;
	u8 match;			/* enum hp_pci_match */
	u16 vendor, device_id;
	u32 index;
	u8 hop_count;
	u8 hops[HP_PCI_HOP_MAX];	/* device << 3 | function on each bus below */
	u32 flags;			/* enum hp_pci_flag */
	char driver[HP_DRIVER_NAME_MAX + 1];	/* "" = whichever matches */
	char port_name[HP_PORT_NAME_MAX + 1];	/* "" = as it is */
};

struct hp_claim {
	const struct hp_domain *domain;
	u32 type;			/* enum hp_claim_type */
	u64 memory_bytes;
	struct hp_pci_name pci;
	u64 pci_at;			/* where a name by id or path led: pci_match.c */
	struct hp_claim *next_path;	/* another PCI claim by path with the same hash */
	u32 range_count;		/* CPUs, or the nodes of the memory */
	struct hp_range ranges[];
};

/* Immutable once live: readers hold rcu_read_lock(), nobody writes. */
struct hp_table {
	u64 generation;
	u32 domain_count, claim_count, claim_capacity;
	u32 range_count_max;		/* of one claim or domain: sizes the dump buffer */
	u64 memory_bytes;		/* sum of the memory claims */
	struct hp_domain *domains[HP_DOMAIN_LIMIT];
	struct hp_claim **claims;	/* in the order they were staged */
	struct xarray pci;		/* claims by address */
	struct xarray pci_ids;		/* claims by vendor, device and index */
	struct xarray pci_paths;	/* claims by path, by hash */
	struct xarray pci_resolved;	/* claims by id or path, by the address they led to;
					 * grows while the table is live, see pci_match.c
					 */
	u16 cpu_owner[];		/* by CPU number: domain index + 1, 0 = free */
};

struct hp_table *hp_table_new(void);
void hp_table_free(struct hp_table *table);
/* Copies @domain, taking over what it owns, also on failure. */
int hp_table_add_domain(struct hp_table *table, const struct hp_domain *domain,
			struct hp_refusal *why);
/* Takes @claim over, also on failure. */
int hp_table_add_claim(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why);
/* An active domain of @next of which no namespace was told keeps the one it has in @old. */
void hp_table_keep_netns(struct hp_table *next, const struct hp_table *old);
/* Whether a whole table agrees with what it declares elastic. */
int hp_table_check_elastic(const struct hp_table *table, struct hp_refusal *why);
const struct hp_domain *hp_table_find_domain(const struct hp_table *table, const char *name);
/* These answer in any context; what they return lives as long as the table. */
const struct hp_domain *hp_table_cpu_owner(const struct hp_table *table, unsigned int cpu);
/* NULL when the domain claims no memory. */
const struct hp_claim *hp_table_memory_claim(const struct hp_table *table,
					     const struct hp_domain *domain);
bool hp_ranges_have(const struct hp_range *ranges, u32 count, u32 number);
/* Clears @cpus first. */
void hp_table_domain_cpus(const struct hp_table *table, const struct hp_domain *domain,
			  struct cpumask *cpus);

/* ---- table_pci.c: the PCI claims of a table ------------------------------- */

#define HP_PCI_TEXT_LEN		(HP_PCI_PATH_MAX + 1)

int hp_table_take_pci(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why);
/* The claim that names this address, NULL when none does. */
const struct hp_claim *hp_table_pci_at(const struct hp_table *table, u32 segment, u8 bus,
				       u8 devfn);
/* The claim that names a function just as @claim of this or another table does. */
const struct hp_claim *hp_table_pci_like(const struct hp_table *table,
					 const struct hp_claim *claim);
/* "0000:03:00.0", "8086:10d3/0" or "0000:00:1c.0/00.0"; returns the length. */
int hp_pci_print(const struct hp_pci_name *pci, char *text, size_t size);

/* ---- table_machine.c ------------------------------------------------------ */

/* Against what the machine has now; the caller holds cpus_read_lock(). */
int hp_table_check_machine(const struct hp_table *table, struct hp_refusal *why);

/* ---- pci_match.c ----------------------------------------------------------- */

#define HP_PCI_NOWHERE	U64_MAX		/* of hp_claim.pci_at: no function found so far */

struct pci_dev;

struct hp_pci_address {
	u32 segment, bus, device, function;
};

struct hp_pci_address hp_pci_address_of(const struct pci_dev *pdev);
/* Who claims @pdev, by whichever name; NULL when nobody does, and for bridges. Any context. */
const struct hp_claim *hp_table_pci_owner(const struct hp_table *table, struct pci_dev *pdev);
/* enum hp_pci_state of what @claim names. Not from interrupts. */
u32 hp_pci_state(const struct hp_claim *claim);

/* ---- netns.c: a domain's network namespace, not kept alive by knowing it ----- */

struct net;

int hp_netns_init(void);
void hp_netns_exit(void);
/* From a descriptor of the calling task; an ERR_PTR on failure. */
struct hp_netns *hp_netns_from_fd(u32 fd, struct hp_refusal *why);
/* Both take NULL. */
struct hp_netns *hp_netns_get(struct hp_netns *netns);
void hp_netns_put(struct hp_netns *netns);
/* With a reference for put_net(); NULL when @netns is NULL or the namespace is gone. */
struct net *hp_netns_get_net(struct hp_netns *netns);
/* 0 when @netns is NULL or the namespace is gone. Any context. */
u32 hp_netns_ino(struct hp_netns *netns);
bool hp_netns_is(struct hp_netns *netns, const struct net *net);

/* ---- guards.c -------------------------------------------------------------- */

/* Of enum hp_guard: those in force now. Any context. */
u32 hp_guards_active(void);
void hp_guards_set(u32 guards);
void hp_guards_clear(u32 guards);

/* ---- registry.c: the live table ----------------------------------------- */

struct hp_actor_info {
	u32 kind;			/* enum hp_actor */
	u32 pid;
	u64 cgroup_id;
	char comm[HP_COMM_MAX];
};

/* Serialises all writers: transactions, commits, the sysfs tree. */
extern struct mutex hp_registry_lock;

int hp_registry_init(void);
void hp_registry_exit(void);
/* The caller holds rcu_read_lock() and keeps the pointer no longer than that. */
const struct hp_table *hp_registry_table(void);
/* The same for writers, who hold hp_registry_lock. */
const struct hp_table *hp_registry_table_locked(void);
/*
 * Makes @next the live table and tells of it as an event of type @cause, or
 * leaves everything as it was. Takes @next over only on success. When it has
 * returned, no reader acts on the old table any more.
 */
int hp_registry_replace(struct hp_table *next, const u64 *expected_generation, u32 cause,
			const struct hp_actor_info *actor, struct hp_refusal *why);

/* ---- registry_txn.c: tables being staged, by socket ---------------------- */

int hp_txn_begin(u32 portid, struct hp_refusal *why);
/* NULL when none is open on this socket. The caller holds hp_registry_lock. */
struct hp_table *hp_txn_table(u32 portid);
/* Closes the transaction and hands its table to the caller, NULL when there is none. */
struct hp_table *hp_txn_close(u32 portid);
/* The socket is gone. Takes hp_registry_lock itself. */
void hp_txn_forget(u32 portid);
void hp_txn_exit(void);

/* ---- seal.c: all under hp_registry_lock but hp_seal_is_set() ------------------ */

bool hp_seal_is_set(void);
/* Seals the live table. */
int hp_seal(const u64 *expected_generation, const struct hp_actor_info *actor,
	    struct hp_refusal *why);
/* No unload from now on, forced or not (seal_unload.c); says in the log when it cannot be so. */
void hp_seal_hold_module(void);
/* Refuses, and tells of it, unless @next may follow @old under the seal, if there is one. */
int hp_seal_check(const struct hp_table *old, const struct hp_table *next,
		  const struct hp_actor_info *actor, struct hp_refusal *why);

/* ---- parse*.c: attributes -> table --------------------------------------- */

enum hp_source {
	HP_FROM_TASK,			/* the calling task's request */
	HP_FROM_FIRMWARE,		/* the boot policy: nobody's descriptors, nothing started */
};

extern const struct nla_policy hp_domain_policy[HP_DOMAIN_A_MAX + 1];
extern const struct nla_policy hp_claim_policy[HP_CLAIM_A_MAX + 1];

/* Adds one HP_A_DOMAIN or HP_A_CLAIM. */
int hp_parse_entry(const struct nlattr *attr, enum hp_source source, struct hp_table *table,
		   struct hp_refusal *why, struct netlink_ext_ack *extack);
/* The function that the attributes of a PCI claim name. */
int hp_parse_pci(struct nlattr *const *tb, struct hp_claim *claim, struct hp_refusal *why);

/* ---- blob.c: a policy file, as uapi/hostpart.h describes it ------------------- */

struct hp_blob {
	const void *data;		/* borrowed */
	u32 signed_bytes;		/* header and attributes */
	const void *signature;		/* NULL = not signed */
	u32 signature_bytes;
};

/* Checks the frame, not yet what is in it. */
int hp_blob_open(const void *data, size_t size, struct hp_blob *blob, struct hp_refusal *why);
/* Adds what is in it. */
int hp_blob_parse(const struct hp_blob *blob, struct hp_table *table, struct hp_refusal *why);

/* ---- boot_policy.c ---------------------------------------------------------- */

/* Puts the boot policy in force, if there is a good one; a bad one is told of. */
void hp_boot_policy_load(void);

/* ---- genl*.c ------------------------------------------------------------- */

extern struct genl_family hp_genl_family;

/*
 * Who may do what the family guards: all commands but GET_INFO ask the one or,
 * from the start of a dump, the other.
 */
int hp_genl_check_caller(struct sk_buff *skb, struct hp_refusal *why);
int hp_genl_check_dumper(struct netlink_callback *cb);

int hp_genl_init(void);
void hp_genl_exit(void);

/* genl_put.c: under rcu_read_lock(), as @table is the live one. */
int hp_genl_put_domain(struct sk_buff *skb, const struct hp_table *table,
		       const struct hp_domain *domain);
int hp_genl_put_claim(struct sk_buff *skb, const struct hp_table *table,
		      const struct hp_claim *claim);

int hp_genl_get_info(struct sk_buff *skb, struct genl_info *info);
int hp_genl_get_domain(struct sk_buff *skb, struct genl_info *info);
int hp_genl_start_domains(struct netlink_callback *cb);
int hp_genl_dump_domains(struct sk_buff *skb, struct netlink_callback *cb);
/* Of a dump that can be of one domain: its name goes to @domain, which starts as "". */
int hp_genl_start_filtered(struct netlink_callback *cb, char *domain);
int hp_genl_start_claims(struct netlink_callback *cb);
int hp_genl_dump_claims(struct sk_buff *skb, struct netlink_callback *cb);
int hp_genl_start_vectors(struct netlink_callback *cb);
int hp_genl_dump_vectors(struct sk_buff *skb, struct netlink_callback *cb);
int hp_genl_dump_events(struct sk_buff *skb, struct netlink_callback *cb);

int hp_genl_txn_begin(struct sk_buff *skb, struct genl_info *info);
int hp_genl_txn_stage(struct sk_buff *skb, struct genl_info *info);
int hp_genl_txn_commit(struct sk_buff *skb, struct genl_info *info);
int hp_genl_txn_abort(struct sk_buff *skb, struct genl_info *info);
int hp_genl_release(struct sk_buff *skb, struct genl_info *info);
int hp_genl_seal(struct sk_buff *skb, struct genl_info *info);

/* ---- event.c ------------------------------------------------------------- */

struct hp_event {
	u64 seq, time_ns;		/* filled in by hp_event_emit() */
	u64 generation;
	u32 type;			/* enum hp_event_type */
	u32 resource;			/* enum hp_claim_type, 0 = none */
	u32 cpu;
	u32 domain_count, claim_count;
	u32 irq;			/* sent with the IRQ events */
	u32 node;			/* sent with HP_EVENT_MEMORY_OFFLINE_VETO */
	u32 error;			/* a positive errno, 0 = none */
	struct hp_pci_address pci;	/* sent when resource is HP_CLAIM_PCI */
	struct hp_actor_info actor;
	char domain[HP_DOMAIN_NAME_MAX + 1];	/* "" = none */
	char port[IFNAMSIZ];			/* "" = none */
	char reason[HP_REASON_MAX + 1];		/* "" = none */
};

/* The calling task as an actor; unknown when it is a kernel thread. Any context but interrupts. */
void hp_actor_set_current(struct hp_actor_info *actor);
/* Numbers, keeps and multicasts a copy of @event. Any process or softirq context @gfp allows. */
void hp_event_emit(const struct hp_event *event, gfp_t gfp);
/* Copies the oldest kept event numbered @seq or later; false when there is none. */
bool hp_event_get(u64 seq, struct hp_event *event);
int hp_event_put(struct sk_buff *skb, const struct hp_event *event);
void hp_event_counts(u64 *seq, u64 *unsent);
/* Only between registration and unregistration of the family can there be listeners. */
void hp_event_set_multicast(bool is_on);

/*
 * ---- guards ---------------------------------------------------------------
 *
 * A guard X that follows the table has, beside hp_X_guard_init() and _exit(),
 * two calls that registry.c makes around every change, under hp_registry_lock:
 * hp_X_guard_prepare(next, why) may refuse and may allocate, but changes nothing
 * that can be seen; hp_X_guard_settle(now) comes after the switch (after a
 * refusal, with the old table) and cannot fail: heavy work goes to a work item.
 * What is in force a guard says with hp_guards_set().
 */

/* ---- cpu_guard.c ---------------------------------------------------------- */

int hp_cpu_guard_init(void);
void hp_cpu_guard_exit(void);
/* Whether a domain claims @cpu; then its name and the generation are in @event. Any context. */
bool hp_cpu_guard_owner(unsigned int cpu, struct hp_event *event);

/* ---- cpu_pin.c: under hp_registry_lock but init and exit -------------------- */

int hp_cpu_pin_init(void);
void hp_cpu_pin_exit(void);
/* Pins the CPUs that @next claims and that have no pin yet, or some of them and an error. */
int hp_cpu_pin_prepare(const struct hp_table *next);
/* Lets go of the CPUs that @table does not claim. */
void hp_cpu_pin_retire(const struct hp_table *table);

/* ---- pci_guard.c: prepare and settle under hp_registry_lock, see "guards" ------- */

int hp_pci_guard_init(void);
void hp_pci_guard_exit(void);
int hp_pci_guard_prepare(const struct hp_table *next, struct hp_refusal *why);
void hp_pci_guard_settle(const struct hp_table *now);
/*
 * Sleeps until the functions are where the live table wants them (at most half a
 * minute, or until a signal kills the caller).  Never under hp_registry_lock.
 */
void hp_pci_guard_wait(void);
/* Parks a claimed function until the next commit, later; false when it is not claimed. */
bool hp_pci_guard_park(struct pci_dev *pdev);

/* ---- netdev_guard.c: settle under hp_registry_lock ---------------------------- */

int hp_netdev_guard_init(void);
void hp_netdev_guard_exit(void);
void hp_netdev_guard_settle(const struct hp_table *now);

/* ---- irq_guard.c: settle under hp_registry_lock, it waits for the moves -------- */

int hp_irq_guard_init(void);
void hp_irq_guard_exit(void);
void hp_irq_guard_settle(const struct hp_table *now);

/* ---- memory_guard.c: prepare and settle under hp_registry_lock ----------------- */

int hp_memory_guard_init(void);
void hp_memory_guard_exit(void);
int hp_memory_guard_prepare(const struct hp_table *next, struct hp_refusal *why);
void hp_memory_guard_settle(const struct hp_table *now);

/* ---- suspend_guard.c, unload_guard.c ------------------------------------------- */

int hp_suspend_guard_init(void);
void hp_suspend_guard_exit(void);
/* Cannot fail: it only tells of what the kernel refuses by itself. */
void hp_unload_guard_init(void);
void hp_unload_guard_exit(void);

/* ---- sysfs.c: all under hp_registry_lock but init and exit ----------------- */

int hp_sysfs_init(void);
void hp_sysfs_exit(void);
/* Adds directories for the domains of @next that have none yet, or some and an error. */
int hp_sysfs_prepare(const struct hp_table *next);
/* Files of a domain's directory, which has its name (sysfs_domain.c). */
extern const struct attribute_group *hp_sysfs_domain_groups[];
/* Drops the directories of domains that @table does not have. */
void hp_sysfs_retire(const struct hp_table *table);

#endif
