/* SPDX-License-Identifier: GPL-2.0 */
/* parts.h: the readers of a policy's parts, one file each, and what they share. */
#ifndef HP_PARTS_H
#define HP_PARTS_H

#include "policy/read.h"

#define HP_CPUS_ALLOWED \
	"whole cores (2), a share of the machine's cores (50%), " \
	"{list: \"2-3\"} or {cores: 2, kind: performance}"
#define HP_SIZE_ALLOWED "a size with its unit (512MiB, 1.5GiB) or plain bytes"
#define HP_AMOUNT_ALLOWED "a size with its unit (512MiB, 1.5GiB), plain bytes, or a share (50%)"
#define HP_WAKE_LATENCY_ALLOWED "a time with its unit, such as 20us or 1ms, at most 1000ms"

/* field: struct hp_cpus_spec; for the base struct hp_base_spec, where `isolated` makes no sense. */
hp_read_fn hp_read_cpus, hp_read_base_cpus;
/* field: struct hp_memory_spec (hp_read_nodes: fills nodes). */
hp_read_fn hp_read_memory, hp_read_nodes;
/* field: struct hp_amount. At least HP_MEMORY_MIN_BYTES or a share of the machine. */
hp_read_fn hp_read_memory_size;
/* field: struct hp_amount. Bytes only, at least HP_MEMORY_MIN_BYTES. */
hp_read_fn hp_read_memory_bytes;
/* field: hwloc_bitmap_t, replaced on success: CPUs or nodes in list format. */
hp_read_fn hp_read_set;
/* field: struct hp_elastic_spec. */
hp_read_fn hp_read_elastic;
/* field: struct hp_reclaim_spec, with its defaults. */
hp_read_fn hp_read_reclaim;
/* field: struct hp_cache_spec. */
hp_read_fn hp_read_cache;
/* field: struct hp_frequency_spec; struct hp_latency_spec. */
hp_read_fn hp_read_frequency, hp_read_wake_latency;
/* field: char *, the text as in hp_policy.h. */
hp_read_fn hp_read_root;
/* field: struct hp_port_spec *. */
hp_read_fn hp_read_port;
/* Its keys one by one; fields of struct hp_port_spec. */
#define HP_PORT_NAME_ALLOWED "a network interface name of at most 15 characters, such as eth0"
#define HP_PORT_ADDRESSES_ALLOWED \
	"a list of addresses with prefix, such as [192.0.2.1/24, \"2001:db8::1/64\"]"
#define HP_PORT_GATEWAY_ALLOWED \
	"an address without prefix in the network of one of the addresses, such as 192.0.2.254"
#define HP_PORT_MTU_ALLOWED "68 to 65535"
hp_read_fn hp_read_port_name, hp_read_port_addresses, hp_read_port_gateway, hp_read_port_mtu;
/* What its keys say together; `node` is the mapping. */
void hp_check_port(struct hp_reader *in, const struct hp_yaml *node, const struct hp_port_spec *port);
/* field: struct hp_network_spec (fills uplinks). */
#define HP_UPLINKS_ALLOWED \
	"a list such as [{kind: macvlan, parent: enp1s0, name: eth0, addresses: [192.0.2.1/24]}]"
hp_read_fn hp_read_uplinks;

/* A list of selectors; `is_base` leaves out what only makes sense for a domain. */
void hp_read_devices(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     bool is_base, struct hp_device_spec **devices, size_t *count);
/* field: struct hp_policy (fills domains). */
hp_read_fn hp_read_domains;
/* field: struct hp_policy (fills links); the domains must have been read. */
hp_read_fn hp_read_links;

/* What only the whole policy shows: overlaps, sums, references. */
void hp_policy_check(const struct hp_policy *policy, struct hp_complaints *bad);
void hp_policy_check_star(const struct hp_policy *policy, struct hp_complaints *bad);
void hp_policy_check_links(const struct hp_policy *policy, struct hp_complaints *bad);
void hp_policy_check_uplinks(const struct hp_policy *policy, struct hp_complaints *bad);

#endif
