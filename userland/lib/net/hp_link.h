/* SPDX-License-Identifier: GPL-2.0 */
/* hp_link.h: network links of one namespace: look, create, change, move. */
#ifndef HP_LINK_H
#define HP_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include "net/hp_netlink.h"

#define HP_LINK_LOOPBACK_INDEX 1	/* the kernel gives it in every namespace */
#define HP_MAC_BYTES 6

struct hp_link {
	int index;
	unsigned int flags;		/* IFF_* */
	unsigned int mtu;
	int master;			/* index of the bridge or bond it belongs to, 0 = none */
	int lower; /* IFLA_LINK: what it stands on (VLAN) or its peer (veth), 0 = none */
	bool is_lower_elsewhere;	/* `lower` is an index in another namespace */
	char name[IFNAMSIZ];
	char kind[16];			/* "veth", "vlan"; "" for a physical device */
	unsigned int vlan;		/* of a vlan, else 0 */
	bool is_private;		/* a macvlan or ipvlan that does not talk to its siblings */
	char parent[64], parent_bus[16];	/* "0000:03:00.0" on "pci", "virtio2" on "virtio"; "" = none */
	unsigned char mac[HP_MAC_BYTES], perm_mac[HP_MAC_BYTES];	/* zeros when it has none */
};

/* All links, in the order of their indexes. *links is owned by the caller. */
int hp_link_list(struct hp_netlink *nl, struct hp_link **links, size_t *count, struct hp_err *err);
/* 0, -ENOENT (err set) or another -errno. */
int hp_link_find(struct hp_netlink *nl, const char *name, struct hp_link *link, struct hp_err *err);
/* Fills *link from a RTM_NEWLINK or RTM_DELLINK message; false when it is none. */
bool hp_link_parse(const struct nlmsghdr *nlh, struct hp_link *link);

int hp_link_set_flags(struct hp_netlink *nl, int index, unsigned int flags, unsigned int mask,
		      struct hp_err *err);
int hp_link_set_mtu(struct hp_netlink *nl, int index, unsigned int mtu, struct hp_err *err);
int hp_link_rename(struct hp_netlink *nl, int index, const char *name, struct hp_err *err);
int hp_link_delete(struct hp_netlink *nl, int index, struct hp_err *err);
/* Moves it into another namespace and gives it its name there, in one message. */
int hp_link_move(struct hp_netlink *nl, int index, int netns_fd, const char *name,
		 struct hp_err *err);

struct hp_veth_end {
	const char *name;
	unsigned char mac[HP_MAC_BYTES];
};

/* A veth pair: `here` in the socket's namespace, `there` in netns_fd, both down. */
int hp_link_create_veth(struct hp_netlink *nl, const struct hp_veth_end *here,
			const struct hp_veth_end *there, int netns_fd, struct hp_err *err);

/* A link of a kind that stands on another: "macvlan" and "ipvlan" (private ones) or "vlan". */
struct hp_upper_link {
	const char *kind, *name;
	int lower;			/* index in the socket's namespace */
	unsigned int vlan;		/* for "vlan" */
	const unsigned char *mac;	/* NULL = as the kernel gives it */
};
/* Made in netns_fd, down. */
int hp_link_create_upper(struct hp_netlink *nl, const struct hp_upper_link *spec, int netns_fd,
			 struct hp_err *err);

#endif
