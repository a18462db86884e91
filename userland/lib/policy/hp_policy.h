/* SPDX-License-Identifier: GPL-2.0 */
/* hp_policy.h: the policy a person writes, parsed and checked by itself (no machine needed). */
#ifndef HP_POLICY_H
#define HP_POLICY_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"

#define HP_POLICY_API "hostpart/v1"
/*
 * Domain names: [a-z]([a-z0-9-]*[a-z0-9])?, never "base", "kernel", "irq" or
 * "softirq": the others that can be blamed for a wait.
 */
#define HP_NAME_MAX 32
#define HP_DOMAINS_MAX 64
#define HP_DEVICES_MAX 4096	/* per domain */
#define HP_LINKS_MAX 1024
#define HP_UPLINKS_MAX 16	/* per domain */
#define HP_LINK_PORTS_MAX 64	/* ranges per link */
/* Of a domain or the base; less is a forgotten unit. */
#define HP_MEMORY_MIN_BYTES (UINT64_C(16) << 20)
#define HP_PIDS_MAX 4194304u	/* the kernel's PID_MAX_LIMIT */

/* Where in the text something stands; line and column start at 1, 0 = not from text. */
struct hp_loc {
	unsigned int line, column;
};

enum hp_cpus_how {
	HP_CPUS_CORES,		/* cpus: 2 or {cores: 2} */
	/* cpus: 50% or {fraction: 50%}: of the machine's online cores, rounded down, at least 1 */
	HP_CPUS_FRACTION,
	HP_CPUS_LIST,		/* cpus: {list: "2-5"}: logical CPUs, whole cores */
};

enum hp_core_kind { HP_KIND_ANY, HP_KIND_PERFORMANCE, HP_KIND_EFFICIENCY };

struct hp_cpus_spec {
	enum hp_cpus_how how;
	unsigned int cores;		/* HP_CPUS_CORES */
	unsigned int fraction_milli;	/* HP_CPUS_FRACTION: thousandths of a percent */
	hwloc_bitmap_t list;		/* HP_CPUS_LIST, else NULL */
	/* kind: performance | efficiency | any; never with a list. Shares are of all cores. */
	enum hp_core_kind kind;
	bool isolated;			/* partition type "isolated": no load balancing inside */
	struct hp_loc loc;
};

/*
 * An amount of memory: bytes, or a share of the machine's total. Bytes are as
 * written ("1.3GiB" is no whole number of pages; the kernel rounds down).
 */
struct hp_amount {
	bool is_set;
	bool is_fraction;
	uint64_t bytes;
	unsigned int fraction_milli;
	struct hp_loc loc;
};

struct hp_memory_spec {
	struct hp_amount size;		/* limit: memory.max. `memory: 2GiB` sets only this */
	/* memory.min; a share is of the domain's size; default: 100 % of it, filled in. */
	struct hp_amount guarantee;
	struct hp_amount swap;		/* memory.swap.max, bytes only; default 0, filled in */
	hwloc_bitmap_t nodes;		/* NULL = planner chooses near the CPUs */
	struct hp_loc loc, nodes_loc;
};

/* A selector has exactly one of bdf, class, serial, mac, id. */
enum hp_select_how {
	HP_SELECT_BDF,		/* bdf: "0000:03:00.0" */
	HP_SELECT_CLASS,	/* class: one of hp_device_class_words, index: 0 (in BDF order) */
	HP_SELECT_SERIAL,	/* serial: of a disk below the function */
	HP_SELECT_MAC,		/* mac: of a port below the function */
	HP_SELECT_ID,		/* id: "8086:10d3", index: 0 */
};

enum hp_device_class {
	HP_CLASS_NVME, HP_CLASS_NET, HP_CLASS_GPU, HP_CLASS_USB, HP_CLASS_AUDIO, HP_CLASS_SATA,
};
extern const char *const hp_device_class_words[];	/* NULL-terminated, in enum order */

/* What a claimed network port becomes inside the domain. */
struct hp_port_spec {
	char *name;		/* interface name there; NULL = keep */
	char **addresses;	/* canonical "192.0.2.1/24" or IPv6, NULL-terminated; NULL = none */
	char *gateway;		/* or NULL; lies in the network of one of the addresses */
	unsigned int mtu;	/* 0 = keep */
	bool is_bound;		/* bind: true: only its own MAC, no VLAN tag, only the addresses */
	struct hp_loc loc;
};

/* How a domain's uplink comes to be on a port of the base that it shares. */
enum hp_uplink_kind {
	HP_UPLINK_MACVLAN,	/* a MAC of its own on the parent */
	HP_UPLINK_IPVLAN,	/* the parent's MAC, told apart by addresses */
	HP_UPLINK_VLAN,		/* all of one VLAN of the parent */
	HP_UPLINK_VETH,		/* a cable to the base, which sends on under its own address (NAT) */
};
extern const char *const hp_uplink_kind_words[];	/* NULL-terminated, in enum order */

/* network: {uplinks: [...]}: a port of the domain that hostpart makes. */
struct hp_uplink_spec {
	enum hp_uplink_kind kind;
	/* In the base: an interface's name, or a MAC in lower case ("is_parent_mac"). */
	char *parent;
	bool is_parent_mac;
	unsigned int vlan;		/* 1 to 4094 for HP_UPLINK_VLAN, else 0 */
	char *mac;			/* lower case; NULL = made from machine, domain and name */
	bool has_dhcp, has_slaac;	/* IPv4, IPv6 addresses are left to the domain's own system */
	struct hp_port_spec port;	/* name is required */
	struct hp_loc loc, parent_loc, mac_loc;
};

struct hp_device_spec {
	enum hp_select_how how;
	/* BDF "0000:03:00.0", serial, MAC in lower case, "8086:10d3"; NULL for a class. */
	char *text;
	enum hp_device_class dev_class;	/* HP_SELECT_CLASS */
	/* HP_SELECT_CLASS and HP_SELECT_ID, required there: which one, from 0 in BDF order. */
	unsigned int index;
	bool allow_shared_group;	/* other functions of its IOMMU group may be elsewhere */
	bool force;			/* though it is the root disk, console or session's port */
	struct hp_port_spec *port;	/* NULL when absent */
	struct hp_loc loc;
};

struct hp_network_spec {
	bool is_linked;			/* network: {link: true}: a leg of the star; default true */
	/* IPv4 inside the star subnet, not its first (the hub's); NULL = planner chooses. */
	char *link_address;
	struct hp_uplink_spec *uplinks;
	size_t uplinks_count;
	struct hp_loc loc, address_loc;
};

/* elastic: {cpus: "2-5", memory: {min: 512MiB, max: 2GiB}}: what may change after 'partctl seal'. */
struct hp_elastic_spec {
	hwloc_bitmap_t cpus;		/* NULL = none; includes those the domain has */
	struct hp_amount memory_min, memory_max;	/* bytes only; both set or neither */
	struct hp_loc loc, cpus_loc, memory_loc;
};

enum hp_reclaim_mode { HP_RECLAIM_OFF, HP_RECLAIM_OBSERVE, HP_RECLAIM_ON };
extern const char *const hp_reclaim_mode_words[];	/* NULL-terminated, in enum order */

/* reclaim: {mode: on, k: 3, ...}: how the agent frees memory that the domain does not use. */
struct hp_reclaim_spec {
	enum hp_reclaim_mode mode;	/* default off */
	unsigned int k;			/* 1 to HP_RECLAIM_K_MAX, default 3 */
	uint64_t crp_ms, rip_ms;	/* Correlated Reference Period, Retained Information Period */
	uint64_t distance_ms;		/* least backward K-distance at which memory is taken */
	unsigned int budget_milli;	/* thousandths of a percent of one core */
	unsigned int pressure_milli;	/* the same, of time: of "some" in memory.pressure */
	bool is_ranked;			/* ranking: false leaves the choice to the kernel's lists */
	struct hp_loc loc;
};
#define HP_RECLAIM_K_MAX 8
#define HP_RECLAIM_DEFAULT \
	{ .mode = HP_RECLAIM_OFF, .k = 3, .crp_ms = 5000, .rip_ms = 1800000, .distance_ms = 60000, \
	  .budget_milli = 1000, .pressure_milli = 500, .is_ranked = true }

/* Words of the kernel's cpufreq; NULL-terminated. */
extern const char *const hp_governor_words[];
extern const char *const hp_preference_words[];

/* frequency: {governor: performance, min: 2GHz, max: 3.4GHz, preference: performance} */
struct hp_frequency_spec {
	const char *governor;		/* one of hp_governor_words; NULL = left as it is */
	const char *preference;		/* energy preference, one of hp_preference_words; NULL likewise */
	uint64_t min_khz, max_khz;	/* 0 = left as it is */
	struct hp_loc loc;		/* line 0 = no such key */
};

/*
 * cache: {l3: 50%, bandwidth: 40%, priority: 10}: a share of each L3 cache that it has CPUs at, and a limit of
 * the memory traffic below it.
 */
struct hp_cache_spec {
	unsigned int l3_milli;		/* thousandths of a percent; 0 = none asked for, or a mask */
	uint32_t l3_mask;		/* ways, as the kernel's capacity bitmask; 0 = none, or a share */
	unsigned int bandwidth_milli;	/* thousandths of a percent; 0 = none asked for, or an amount */
	uint32_t bandwidth_mbps;	/* 10^6 bytes a second; 0 = none, or a share */
	unsigned int priority;		/* who is higher is served first; equal ones in file order */
	struct hp_loc loc;		/* line 0 = no such key */
};
#define HP_CACHE_PRIORITY_MAX 100

/* wake_latency: 20us: how long a CPU of the domain may take to leave an idle state. */
struct hp_latency_spec {
	bool is_set;
	uint64_t us;			/* 0 = no idle state at all */
	struct hp_loc loc;
};
#define HP_WAKE_LATENCY_MAX_US 1000000u

#define HP_ROOT_OVERLAY "overlay"

struct hp_domain_spec {
	char *name;
	char *hostname;			/* default: name */
	struct hp_cpus_spec cpus;
	struct hp_memory_spec memory;
	uint64_t pids_max;		/* pids: 4096 or max; 0 = max = no limit of our own */
	struct hp_device_spec *devices;
	size_t devices_count;
	struct hp_network_spec network;
	struct hp_elastic_spec elastic;
	struct hp_reclaim_spec reclaim;
	struct hp_cache_spec cache;
	struct hp_frequency_spec frequency;
	struct hp_latency_spec wake_latency;
	/*
	 * Where 'partctl boot' finds the operating system: NULL or "overlay" = the machine's own under a
	 * layer of the domain's, else a directory or ("/dev/...") a disk or partition of the domain.
	 */
	char *root;
	bool autostart;			/* booted when the policy is put in force */
	bool is_privileged;		/* privileged: root inside is root of the machine */
	struct hp_loc loc;
};

enum hp_link_protocol { HP_LINK_TCP, HP_LINK_UDP, HP_LINK_ICMP };

struct hp_port_range {
	uint16_t first, last;
};

/* links: what may cross. Replies are allowed by connection state. */
struct hp_link_spec {
	int from, to;			/* indexes into domains, -1 = base */
	enum hp_link_protocol protocol;
	/* Destination ports, ascending, no overlap; required for tcp and udp, absent for icmp. */
	struct hp_port_range *ports;
	size_t ports_count;
	struct hp_loc loc;
};

struct hp_base_spec {
	struct hp_cpus_spec cpus;	/* default: whatever remains, at least one core */
	bool has_cpus;
	struct hp_amount memory;	/* reserve; default: 5 % of the machine, at least 256 MiB */
	/* These stay with the base whatever a selector elsewhere says. */
	struct hp_device_spec *devices;
	size_t devices_count;
	struct hp_loc loc;
};

#define HP_STAR_SUBNET "10.203.0.0/24"

struct hp_policy {
	char *file;			/* for messages; "-" for standard input */
	char *text;			/* as read */
	struct hp_base_spec base;
	struct hp_domain_spec *domains;	/* in file order */
	size_t domains_count;
	struct hp_link_spec *links;
	size_t links_count;
	char *star_subnet;		/* network: {subnet: ...}; default HP_STAR_SUBNET */
	struct hp_loc star_subnet_loc;	/* 0:0 for the default */
};

/*
 * Parses and checks everything that can be checked without a machine. On
 * failure returns -EINVAL with err->exit = HP_EXIT_USAGE and a text of one or
 * more lines "FILE:LINE:COLUMN: what is wrong; what is allowed; did you mean X?"
 * (all errors found, at most 20, in text order). *policy is untouched then.
 * -ENOMEM with HP_EXIT_FAIL when memory runs out. Nothing is printed, ever.
 */
int hp_policy_parse(const char *file, const char *text, struct hp_policy **policy,
		    struct hp_err *err);
/*
 * The text of FILE ("-" = standard input); caller frees. Refuses, like a bad
 * policy, more than 1 MiB and NUL bytes; a file that cannot be read is
 * a failure with -errno and a text that names it.
 */
int hp_policy_read(const char *file, char **text, struct hp_err *err);
/* Reads FILE and parses it. */
int hp_policy_load(const char *file, struct hp_policy **policy, struct hp_err *err);
void hp_policy_free(struct hp_policy *policy);
void hp_policy_freep(struct hp_policy **policy);
#define hp_autopolicy __attribute__((cleanup(hp_policy_freep))) struct hp_policy

/* Index of a domain by name, -1 when there is none. */
int hp_policy_find(const struct hp_policy *policy, const char *domain);
/* For a message: the domain whose name is nearest to `name`, NULL when none is near enough. The policy's. */
const char *hp_policy_nearest(const struct hp_policy *policy, const char *name);

#endif
