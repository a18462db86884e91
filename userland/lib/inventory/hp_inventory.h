/* SPDX-License-Identifier: GPL-2.0 */
/* hp_inventory.h: what the machine has, read from a root (live or recorded). */
#ifndef HP_INVENTORY_H
#define HP_INVENTORY_H

#include <hwloc.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "base/hp_root.h"

/* One physical core: the unit of CPU claims. */
struct hp_inv_core {
	hwloc_bitmap_t cpus;		/* its online logical CPUs (SMT siblings) */
	int package, l3, node;		/* indexes: package OS number, L3 group (-1 = none), NUMA node OS number (-1 = none) */
	int kind;			/* hwloc cpukind efficiency rank, 0 = most efficient; -1 = all alike */
};

struct hp_inv_node {
	unsigned int os;		/* NUMA node number */
	uint64_t total_bytes;		/* MemTotal of the node */
	hwloc_bitmap_t cpus;		/* empty for a memory-only node */
};

struct hp_inv_irq {
	unsigned int number;
	bool is_managed;		/* the kernel places it; user space may not */
	bool is_movable;		/* smp_affinity can be written */
	char *action;			/* "nvme0q1", "enp2s0-rx-0"; NULL when unused */
	char *affinity;			/* kernel list */
	int pci;			/* index into pci[], -1 = not of a PCI function */
	int vector;			/* the function's n-th message interrupt, from 0; -1 = its line, or pci is -1 */
};

/*
 * CPUs that the kernel gives one frequency (/sys/devices/system/cpu/cpufreq/policyN): see
 * Documentation/admin-guide/pm/cpufreq.rst, intel_pstate.rst and amd-pstate.rst.
 */
struct hp_inv_freq {
	unsigned int number;		/* N */
	hwloc_bitmap_t cpus;		/* related_cpus: offline ones too */
	char *driver;			/* "acpi-cpufreq", "intel_pstate", "amd-pstate-epp"; NULL = not told */
	char *governor;			/* in force; NULL = not told */
	char *governors;		/* to choose from, blanks between; NULL = none told */
	char *preference;		/* energy preference in force; NULL = the driver has none */
	char *preferences;		/* to choose from; NULL = none */
	uint64_t min_khz, max_khz;	/* what the hardware can do; 0 = not told */
};

/* How a limit of memory traffic is written: of an L3's whole traffic in percent, or as an amount for each L3. */
enum hp_inv_bandwidth {
	HP_BANDWIDTH_NONE,
	HP_BANDWIDTH_PERCENT,		/* Intel */
	HP_BANDWIDTH_EIGHTHS,		/* AMD: of 10^9 bytes a second */
	HP_BANDWIDTH_MBPS,		/* Intel mounted with mba_MBps: 2^20 bytes a second */
};
extern const char *const hp_inv_bandwidth_words[];	/* in enum order */

struct hp_inv_l3 {
	unsigned int id;		/* the kernel's, as in schemata; holes are usual */
	hwloc_bitmap_t cpus;		/* online ones */
	uint32_t taken;			/* ways that other programs' groups keep to themselves */
};

/* Dividing caches and bandwidth: Documentation/arch/x86/resctrl.rst. Only the first two are known unmounted. */
struct hp_inv_resctrl {
	bool is_supported, is_mounted;
	bool has_l3, has_l2;		/* L3 or L2 caches can be divided */
	bool is_cdp;			/* code and data have masks of their own */
	bool takes_holes;		/* masks need not be one run */
	uint32_t l3_mask;		/* all ways */
	uint32_t shareable_mask;	/* those that devices may use too */
	unsigned int l3_min_ways;	/* least in a mask, at least 1 */
	enum hp_inv_bandwidth bandwidth;
	unsigned int bandwidth_min, bandwidth_step, bandwidth_max;	/* in its unit; the last limits nothing */
	unsigned int classes, monitors;	/* groups that the hardware can tell apart, the default one included; 0 = none */
	unsigned int foreign_classes, foreign_monitors;	/* of these, used by other programs */
	struct hp_inv_l3 *l3s;		/* in the order of schemata */
	size_t l3s_count;
};

enum hp_inv_dev_kind {
	HP_DEV_BLOCK, HP_DEV_CHAR, HP_DEV_NET, HP_DEV_DRM, HP_DEV_INPUT, HP_DEV_SOUND,
};
extern const char *const hp_inv_dev_kind_words[];

/* A device below a PCI function in sysfs (partitions included). */
struct hp_inv_dev {
	enum hp_inv_dev_kind kind;
	char *name;			/* "nvme0n1", "enp2s0", "card0"; of a port: its name where it is now */
	int major, minor;		/* -1 for net */
	char *node;			/* "/dev/nvme0n1" or NULL */
	char *serial;			/* disks, where known */
	char *mac;			/* net, lower case */
	int ifindex;			/* net, 0 otherwise */
	char *netns;			/* net: the pinned namespace that it was moved to ("alpha"); NULL = the base's */
	uint64_t size_bytes;		/* block */
};

/* Why a function must not be taken from the base without `force`. */
enum hp_inv_role {
	HP_ROLE_ROOT_DISK = 1 << 0,	/* holds / or /boot or /usr */
	HP_ROLE_MOUNTED = 1 << 1,	/* holds another mounted file system */
	HP_ROLE_SWAP = 1 << 2,
	HP_ROLE_CONSOLE = 1 << 3,	/* boot VGA or the framebuffer console or the serial console */
	HP_ROLE_MANAGEMENT = 1 << 4,	/* carries the default route or the caller's ssh session */
};
extern const char *const hp_inv_role_words[];	/* "root_disk" for bit 0, and so on; NULL-terminated */

struct hp_inv_pci {
	char *bdf;			/* "0000:03:00.0" */
	uint32_t class_code;		/* 24 bits */
	uint16_t vendor, device;
	char *vendor_name, *device_name, *class_name;	/* from pci.ids, may be NULL */
	char *driver;			/* NULL = none bound */
	int iommu_group;		/* -1 = none */
	int node;			/* -1 = unknown */
	bool is_bridge;			/* bridges are never claimed and do not count in a group conflict */
	unsigned int roles;		/* enum hp_inv_role bits */
	struct hp_inv_dev *devs;
	size_t devs_count;
	/* What was below it when the boot policy was compiled: only while the module parks it, else NULL. */
	char *parked_serial, *parked_mac;
};

/* Below the root: lines "BDF serial TEXT" and "BDF mac TEXT", left by 'partctl compile'. */
#define HP_PARKED_FILE "/var/lib/hostpart/parked"

/* A network interface of the base, physical or not, that is none of hostpart's own. */
struct hp_inv_link {
	char *name, *mac;		/* mac in lower case, NULL when it has none */
	unsigned int mtu;		/* 0 = not known */
};

struct hp_inventory {
	char *kernel;			/* release */
	struct hp_inv_core *cores;	/* sorted by first CPU */
	size_t cores_count;
	hwloc_bitmap_t online, offline;	/* logical CPUs */
	struct hp_inv_node *nodes;	/* sorted by number, at least one */
	size_t nodes_count;
	uint64_t memory_bytes;		/* MemTotal */
	uint64_t swap_bytes;
	struct hp_inv_pci *pci;		/* sorted by BDF */
	size_t pci_count;
	struct hp_inv_irq *irqs;	/* sorted by number */
	size_t irqs_count;
	struct hp_inv_freq *freqs;	/* sorted by number */
	size_t freqs_count;
	hwloc_bitmap_t wake_cpus;	/* those with a wake-up latency to bound (PM QoS); NULL = none */
	struct hp_inv_resctrl resctrl;
	char *idle_driver;		/* cpuidle's; NULL = none: the kernel chooses no idle states */
	bool has_smt, is_hybrid, has_systemd, has_module;	/* has_module: /sys/kernel/hostpart exists */
	bool module_moves_irqs;		/* its interrupt guard is in force */
	struct hp_inv_link *links;	/* sorted by name; none in a recorded machine */
	size_t links_count;
	bool is_router;			/* net.ipv4.ip_forward */
	char *machine_id;		/* "" when it has none */
	char **local_subnets;		/* IPv4 networks in use by the base "10.0.2.0/24", NULL-terminated */
};

/*
 * Reads the machine below root. hwloc gives the topology (HWLOC_FSROOT for a
 * recorded one), libpci the functions. Missing parts of a recorded tree are
 * empty here, never invented. The ssh session that process `caller` belongs to
 * makes its port one for management.
 */
int hp_inventory_read(struct hp_root *root, pid_t caller, struct hp_inventory **inv, struct hp_err *err);
/*
 * A machine from an hwloc synthetic description ("pack:2 l3:1 core:8 pu:2"),
 * with memory_bytes spread over its nodes and no PCI functions; for tests and benchmarks.
 */
int hp_inventory_synthetic(const char *description, uint64_t memory_bytes, struct hp_inventory **inv,
			   struct hp_err *err);
void hp_inventory_free(struct hp_inventory *inv);
void hp_inventory_freep(struct hp_inventory **inv);
#define hp_autoinventory __attribute__((cleanup(hp_inventory_freep))) struct hp_inventory
/* Name of the cgroup that has all domains: systemd's unit for them, or our own. Static text. */
const char *hp_inventory_top(const struct hp_inventory *inv);

/* The whole inventory as JSON (caller puts); names and units documented in partctl(1). */
struct json_object *hp_inventory_json(const struct hp_inventory *inv);

#endif
