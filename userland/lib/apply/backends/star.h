/* SPDX-License-Identifier: GPL-2.0 */
/* star.h: private to the "star" backend: a leg's value and the two ends of its veth pair. */
#ifndef HP_STAR_H
#define HP_STAR_H

#include <stdbool.h>
#include <stdio.h>
#include "apply/hp_backend.h"
#include "base/hp_leg.h"
#include "net/hp_ifswitch.h"
#include "net/hp_link.h"

/* The canonical value "inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24"; "" = not known. */
struct star_value {
	char inside[16], hub[16], subnet[20];
};

/* Both ends of one leg: sockets in the base and in the domain's namespace. */
struct star_leg {
	struct hp_ctx *ctx;
	const char *domain;
	char name[HP_LEG_NAME_SIZE];	/* base side; inside it is HP_LEG_INSIDE_NAME */
	unsigned char hub_mac[HP_MAC_BYTES], inside_mac[HP_MAC_BYTES];
	int netns_fd;			/* -1: the domain has no namespace */
	struct hp_netlink *base, *in;	/* `in` is NULL without a namespace */
};

#define STAR_LEG_INIT { .netns_fd = -1 }

int star_leg_open(struct hp_ctx *ctx, const char *domain, struct star_leg *leg, struct hp_err *err);
void star_leg_close(struct star_leg *leg);
#define star_autoleg __attribute__((cleanup(star_leg_close))) struct star_leg

/*
 * True when the link is the base end that this backend made: a veth with the
 * address made from the domain's name.
 */
bool star_is_ours(const struct star_leg *leg, const struct hp_link *link);

/* -EINVAL unless it is canonical and its addresses make sense. */
int star_value_parse(const char *text, struct star_value *value);

/*
 * What is there: *exists false when no link has the name; otherwise what could
 * be told of the value, and in `problems` (a stream) "; what" for everything
 * that does not hold.
 */
struct star_found {
	bool exists, is_ours, has_inside;
	int hub_index, inside_index;
	struct star_value value;
};
int star_look(struct star_leg *leg, struct star_found *found, FILE *problems, struct hp_err *err);

/* Makes it so, whatever is there now. */
int star_make(struct star_leg *leg, const struct star_value *want, struct hp_err *err);

extern const struct hp_ifswitch star_hub_switches[], star_inside_switches[];

#endif
