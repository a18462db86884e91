/* SPDX-License-Identifier: GPL-2.0 */
/* hp_setting.h: one thing that must hold on the machine, as text; the common currency of plan, apply, drift and undo. */
#ifndef HP_SETTING_H
#define HP_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/hp_policy.h"

/*
 * A setting says: in `backend`, property `attr` of `object` has the value
 * `want`. attr "" is the object's existence. Values are canonical text;
 * "absent" is a NULL value and only occurs as what was there before. The
 * backend reads the live value in the same form, so diff, heal, verify and
 * undo need to know nothing else.
 *
 * TOP is the cgroup that holds the domains: "hostpart.service" under systemd
 * (a transient delegated unit), "hostpart" without. Catalogue, in the order in
 * which the planner emits them:
 *
 * backend   object            attr                    want
 * systemd   hostpart.service  ""                      "present": transient unit, Slice=-.slice, Delegate=yes
 * systemd   system.slice …    AllowedCPUs             base CPU list (system.slice user.slice machine.slice init.scope)
 * cgroup    /                 mount.nsdelegate        "1"
 * cgroup    /                 cgroup.subtree_control  "cpuset memory pids" (at least these; without systemd only)
 * cgroup    TOP               ""                      "present"
 * systemd   hostpart.service  AllowedCPUs AllowedMemoryNodes MemoryMin   as cpuset.cpus, cpuset.mems, memory.min of TOP, each just
 *                             before it: systemd writes a unit's cgroup files anew from its properties at any time
 * cgroup    TOP               cpuset.cpus             union of the domains, list format
 * cgroup    TOP               cpuset.mems             union of the domains' nodes
 * cgroup    TOP               memory.min              sum of the guarantees, bytes
 * cgroup    TOP               cpuset.cpus.partition   "root"
 * cgroup    TOP               cgroup.subtree_control  "cpuset memory pids"
 * cgroup    TOP/alpha         "" cpuset.cpus cpuset.mems cpuset.cpus.partition("root"|"isolated")
 *                             memory.min memory.max memory.swap.max pids.max("max"|N)
 * netns     alpha             ""                      "present": pinned at RUN/netns/alpha, loopback up
 * devacl    alpha             ""                      lines: "cgroup TOP/alpha" then "allow b|c MAJ:MIN|MAJ:* rwm", sorted
 * domain    alpha             ""                      "hostname=H cgroup=TOP/alpha": the domain's init runs (pid, uts, ipc, mnt, cgroup, net namespaces)
 * cgroup    TOP/alpha         cgroup.subtree_control  "memory pids" (after the domain's init took its cgroup namespace; not cpuset: 6.12
 *                                                     invalidates a partition whose tasks sit in cpuset children at any CPU hotplug)
 * port      0000:03:00.0[#n]  ""                      one JSON object: {"netns":"alpha","name":"eth0","mtu":N|absent,"addresses":[..],"gateway":..,"up":true}
 * uplink    eth0              parent                  "up": a port of the base that uplinks stand on
 * uplink    eth0              forwarding              "1": of a port through which NAT goes
 * nat       hostpart-nat      ""                      lines "veth hu-alpha-1a2b 192.0.2.2 out eth0" then "close eth0" (where the machine is no router)
 * uplink    alpha/eth0        ""                      "kind=macvlan parent=eth0 mac=M [vlan=N] [mtu=N] ra=0 address=A [base=A]": made, down
 * spoof     alpha/eth0        ""                      "in=alpha device=eth0 hook=egress mac=M [vlan=N] [any4] [any6] [address=A]": what may be sent
 * uplink    alpha/eth0        up                      "up [gateway=A]"
 * nft       hostpart          ""                      lines "leg alpha hp-alpha 10.203.0.2" then "allow FROM TO tcp 8080-8081", canonical order; before the legs, so that nothing passes unjudged
 * star      alpha             ""                      "inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24": veth hp-alpha <-> hp0
 * devacl    base              ""                      lines "deny b|c MAJ:MIN TOP/alpha": nodes of claims, refused to everyone outside
 * sysfile   /sys/devices/virtual/workqueue/cpumask "" hex mask of the base CPUs (kernel mask format)
 * sysfile   /proc/irq/default_smp_affinity ""         hex mask of the base CPUs
 * irq       24                affinity                CPU list: the owner domain's CPUs, or the base's
 * resctrl   /                 ""                      "present": mounted (optional, like all of these)
 * resctrl   /                 schemata                the L3 ways that stay with the base: "L3:0=600;1=7ff", L3DATA and L3CODE with CDP
 * resctrl   hostpart-alpha    "" schemata cpus_list   a class of its own: "L3:0=f;1=600", line "MB:0=40;1=100", CPU list
 * resctrl   mon_groups/hostpart-beta "" cpus_list     a group that only counts
 * resctrl   hostpart-alpha    mode                    "exclusive L3:0=f": the kernel guards these ways; after all masks are set
 * sysfile   /sys/devices/system/cpu/cpufreq/policyN/scaling_governor …energy_performance_preference …scaling_min_freq
 *                             …scaling_max_freq ""    a word or kHz (optional)
 * sysfile   /sys/devices/system/cpu/cpuN/power/pm_qos_resume_latency_us ""  microseconds, "n/a" = none at all (optional)
 * registry  table             ""                      lines "domain alpha" "cpus alpha 2-3" "memory alpha BYTES nodes 0" "pci alpha 0000:03:00.0",
 *                                                     sorted by domain in policy order (with the module only)
 *
 * The base-side name of a veth leg is "hp-" + domain, or for names longer than
 * 12 characters "hp-" + first 7 + "-" + 4 hex digits of an FNV-1a hash.
 */
struct hp_setting {
	const char *backend;	/* static string */
	char *object, *attr, *want;
	int domain;		/* index in the policy, -1 = the machine */
	struct hp_loc loc;	/* the policy line that asks for it */
	bool is_optional;	/* when the backend cannot do it: a gap, not a failure */
};

struct hp_settings {
	struct hp_setting *items;
	size_t count, capacity;
};

#define HP_SETTINGS_INIT { NULL, 0, 0 }

/* Copies the texts. Returns the new item or NULL when out of memory. */
struct hp_setting *hp_settings_add(struct hp_settings *list, const char *backend, const char *object,
				   const char *attr, const char *want);
/* Finds by backend, object and attr; NULL when there is none. */
struct hp_setting *hp_settings_find(const struct hp_settings *list, const char *backend, const char *object,
				    const char *attr);
void hp_settings_clear(struct hp_settings *list);
#define hp_autosettings __attribute__((cleanup(hp_settings_clear))) struct hp_settings

#endif
