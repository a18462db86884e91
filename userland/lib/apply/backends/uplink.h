/* SPDX-License-Identifier: GPL-2.0 */
/* uplink.h: private to the "uplink" backend: an uplink's value and its two sides. */
#ifndef HP_UPLINK_H
#define HP_UPLINK_H

#include <stdbool.h>
#include <stdio.h>
#include "apply/hp_backend.h"
#include "base/hp_leg.h"
#include "net/hp_ifswitch.h"
#include "net/hp_link.h"
#include "net/hp_netrecord.h"

/* "kind=macvlan parent=eth0 mac=M vlan=7 mtu=1500 ra=0 address=A base=A"; "" and 0 = not said. */
struct uplink_value {
	char kind[16], parent[IFNAMSIZ], base[64];
	bool has_mac;
	unsigned char mac[HP_MAC_BYTES];
	unsigned int vlan, mtu, ra;
	struct hp_netrecords addresses;
};
#define UPLINK_VALUE_INIT { .kind = "" }

/* Is it a kind of link that we make? */
bool uplink_is_kind(const char *kind);
/* -EINVAL says in err what is wrong. */
int uplink_value_parse(const char *text, struct uplink_value *value, struct hp_err *err);
/* The caller frees; NULL when out of memory. */
char *uplink_value_format(const struct uplink_value *value);
/* Every field that want names holds in live; further addresses are the domain's own affair. */
bool uplink_value_satisfies(const struct uplink_value *live, const struct uplink_value *want);
void uplink_value_clear(struct uplink_value *value);
#define uplink_autovalue __attribute__((cleanup(uplink_value_clear))) struct uplink_value

/* Sockets in the base and in the domain's namespace. */
struct uplink_site {
	struct hp_ctx *ctx;
	const char *object;
	char domain[40], name[IFNAMSIZ];
	char base_name[HP_LEG_NAME_SIZE];	/* of a veth's end in the base */
	int netns_fd;				/* -1: the domain has no namespace */
	struct hp_netlink *base, *in;		/* `in` is NULL without a namespace */
};
#define UPLINK_SITE_INIT { .netns_fd = -1 }
int uplink_open(struct hp_ctx *ctx, const char *object, struct uplink_site *site, struct hp_err *err);
void uplink_close(struct uplink_site *site);
#define uplink_autosite __attribute__((cleanup(uplink_close))) struct uplink_site

/* What is there. */
struct uplink_found {
	bool exists, is_ours;			/* a link of that name; of a kind that we make */
	struct hp_link link, end;		/* end: in the base, of a veth; index 0 = missing */
	struct uplink_value value;
};
void uplink_found_clear(struct uplink_found *found);
#define uplink_autofound __attribute__((cleanup(uplink_found_clear))) struct uplink_found
/* problems: a stream that gets "; what" for all that no value can tell. */
int uplink_look(struct uplink_site *site, struct uplink_found *found, FILE *problems, struct hp_err *err);

/* Makes it so, down if it was not up. */
int uplink_make(struct uplink_site *site, const struct uplink_value *want, struct hp_err *err);

/* By kind and ra: of the end inside, and of a veth's end in the base. */
const struct hp_ifswitch *uplink_switches(const struct uplink_value *value, bool is_base);

#endif
