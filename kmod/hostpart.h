/* SPDX-License-Identifier: GPL-2.0 */
/* hostpart.h: what the files of the module share. */
#ifndef HP_HOSTPART_H
#define HP_HOSTPART_H

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

struct hp_domain {
	char name[HP_DOMAIN_NAME_MAX + 1];
	u64 cgroup_id;			/* 0 = not told */
	u32 flags;			/* enum hp_domain_flag */
	u32 claim_count;
	u16 index;			/* in hp_table.domains */
};

struct hp_range {
	u32 first, last;		/* both inclusive */
};

struct hp_claim {
	const struct hp_domain *domain;
	u32 type;			/* enum hp_claim_type */
	union {
		u64 memory_bytes;
		struct {
			u32 segment;
			u8 bus, device, function;
		} pci;
	};
	u32 range_count;		/* CPUs, or the nodes of the memory */
	struct hp_range ranges[];
};

/* Immutable once live: readers hold rcu_read_lock(), nobody writes. */
struct hp_table {
	u64 generation;
	u32 domain_count, claim_count, claim_capacity;
	u32 range_count_max;		/* of one claim: sizes the dump buffer */
	u64 memory_bytes;		/* sum of the memory claims */
	struct hp_domain *domains[HP_DOMAIN_LIMIT];
	struct hp_claim **claims;	/* in the order they were staged */
	struct xarray pci;		/* pci_key() -> struct hp_claim */
	u16 cpu_owner[];		/* by CPU number: domain index + 1, 0 = free */
};

struct hp_table *hp_table_new(void);
void hp_table_free(struct hp_table *table);
/* Copies @domain. */
int hp_table_add_domain(struct hp_table *table, const struct hp_domain *domain,
			struct hp_refusal *why);
/* Takes @claim over, also on failure. */
int hp_table_add_claim(struct hp_table *table, struct hp_claim *claim, struct hp_refusal *why);
/* Against what the machine has now; the caller holds cpus_read_lock(). */
int hp_table_check_machine(const struct hp_table *table, struct hp_refusal *why);
const struct hp_domain *hp_table_find_domain(const struct hp_table *table, const char *name);
const struct hp_domain *hp_table_cpu_owner(const struct hp_table *table, unsigned int cpu);

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

/* ---- parse.c: attributes -> table ---------------------------------------- */

extern const struct nla_policy hp_domain_policy[HP_DOMAIN_A_MAX + 1];
extern const struct nla_policy hp_claim_policy[HP_CLAIM_A_MAX + 1];

/* Adds one HP_A_DOMAIN or HP_A_CLAIM. */
int hp_parse_entry(const struct nlattr *attr, struct hp_table *table, struct hp_refusal *why,
		   struct netlink_ext_ack *extack);

/* ---- genl*.c ------------------------------------------------------------- */

extern struct genl_family hp_genl_family;

int hp_genl_init(void);
void hp_genl_exit(void);

int hp_genl_get_info(struct sk_buff *skb, struct genl_info *info);
int hp_genl_get_domain(struct sk_buff *skb, struct genl_info *info);
int hp_genl_dump_domains(struct sk_buff *skb, struct netlink_callback *cb);
int hp_genl_start_claims(struct netlink_callback *cb);
int hp_genl_dump_claims(struct sk_buff *skb, struct netlink_callback *cb);
int hp_genl_dump_events(struct sk_buff *skb, struct netlink_callback *cb);

int hp_genl_txn_begin(struct sk_buff *skb, struct genl_info *info);
int hp_genl_txn_stage(struct sk_buff *skb, struct genl_info *info);
int hp_genl_txn_commit(struct sk_buff *skb, struct genl_info *info);
int hp_genl_txn_abort(struct sk_buff *skb, struct genl_info *info);
int hp_genl_release(struct sk_buff *skb, struct genl_info *info);

/* ---- event.c ------------------------------------------------------------- */

struct hp_event {
	u64 seq, time_ns;		/* filled in by hp_event_emit() */
	u64 generation;
	u32 type;			/* enum hp_event_type */
	u32 resource;			/* enum hp_claim_type, 0 = none */
	u32 cpu;
	u32 domain_count, claim_count;
	struct hp_actor_info actor;
	char domain[HP_DOMAIN_NAME_MAX + 1];	/* "" = none */
};

/* The calling task as an actor. */
void hp_actor_set_current(struct hp_actor_info *actor);
/* Numbers, keeps and multicasts a copy of @event. Any process or softirq context @gfp allows. */
void hp_event_emit(const struct hp_event *event, gfp_t gfp);
/* Copies the oldest kept event numbered @seq or later; false when there is none. */
bool hp_event_get(u64 seq, struct hp_event *event);
int hp_event_put(struct sk_buff *skb, const struct hp_event *event);
void hp_event_counts(u64 *seq, u64 *unsent);
/* Only between registration and unregistration of the family can there be listeners. */
void hp_event_set_multicast(bool is_on);

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

/* ---- sysfs.c: all under hp_registry_lock but init and exit ----------------- */

int hp_sysfs_init(void);
void hp_sysfs_exit(void);
/* Adds directories for the domains of @next that have none yet, or some and an error. */
int hp_sysfs_prepare(const struct hp_table *next);
/* Drops the directories of domains that @table does not have. */
void hp_sysfs_retire(const struct hp_table *table);

#endif
