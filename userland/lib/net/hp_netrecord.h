/* SPDX-License-Identifier: GPL-2.0 */
/* hp_netrecord.h: addresses and routes of one link, readable and exact enough to be put back. */
#ifndef HP_NETRECORD_H
#define HP_NETRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include "net/hp_netlink.h"

/*
 * One address or route as the kernel gave it: `bytes` is the body of the
 * netlink message (family header and attributes) without anything that belongs
 * to one moment or one link: indexes are 0, state flags and time stamps are
 * gone. Sent back with the link's index it makes the same object again.
 */
struct hp_netrecord {
	char *text;		/* "192.0.2.1/24"; "default via 192.0.2.254 metric 100" */
	unsigned char *bytes;
	size_t size;
	size_t fixed_size;	/* the rest (an address' remaining lifetime) is not compared */
};

struct hp_netrecords {
	struct hp_netrecord *items;
	size_t count, capacity;
};

#define HP_NETRECORDS_INIT { NULL, 0, 0 }

/* Takes over text and copies bytes; -ENOMEM frees text. */
int hp_netrecords_add(struct hp_netrecords *list, char *text, const void *bytes, size_t size,
		      size_t fixed_size);
void hp_netrecords_clear(struct hp_netrecords *list);
#define hp_autorecords __attribute__((cleanup(hp_netrecords_clear))) struct hp_netrecords
bool hp_netrecord_is_same(const struct hp_netrecord *a, const struct hp_netrecord *b);
/* Same objects in the same order (order decides which IPv4 address is the primary one). */
bool hp_netrecords_are_same(const struct hp_netrecords *a, const struct hp_netrecords *b);
bool hp_netrecords_has(const struct hp_netrecords *list, const char *text);
/* Lower-case hexadecimal of the bytes, for a journal; the caller frees. */
char *hp_netrecord_hex(const struct hp_netrecord *record);

/*
 * Addresses in the kernel's order. Left out, because the kernel makes them
 * itself: link-local, router-advertised and temporary IPv6 addresses.
 */
int hp_ipaddr_list(struct hp_netlink *nl, int index, struct hp_netrecords *out, struct hp_err *err);
/* From "192.0.2.1/24" or "2001:db8::1/64" (a missing length is 32 or 128): -EINVAL when it is neither. */
int hp_ipaddr_from_text(const char *text, struct hp_netrecords *out);
int hp_ipaddr_from_hex(const char *hex, struct hp_netrecords *out);
/* An address that is there already (add) or is not there (delete) is success. */
int hp_ipaddr_add(struct hp_netlink *nl, int index, const struct hp_netrecord *addr,
		  struct hp_err *err);
int hp_ipaddr_delete(struct hp_netlink *nl, int index, const struct hp_netrecord *addr,
		     struct hp_err *err);
/* Exactly these: others are removed first, except those that hp_ipaddr_list() leaves out. */
int hp_ipaddr_set(struct hp_netlink *nl, int index, const struct hp_netrecords *want,
		  struct hp_err *err);
/* Without a route to the prefix: IFA_F_NOPREFIXROUTE. */
int hp_ipaddr_add_bare(struct hp_netlink *nl, int index, const char *address, struct hp_err *err);

/*
 * Routes that use the link, of every table. Left out: those of protocol
 * kernel, redirect and router advertisement, which come back by themselves.
 */
int hp_iproute_list(struct hp_netlink *nl, int index, struct hp_netrecords *out,
		    struct hp_err *err);
int hp_iproute_from_hex(const char *hex, struct hp_netrecords *out);
int hp_iproute_add(struct hp_netlink *nl, int index, const struct hp_netrecord *route,
		   struct hp_err *err);
int hp_iproute_delete(struct hp_netlink *nl, int index, const struct hp_netrecord *route,
		      struct hp_err *err);

/*
 * A route made from words: `destination` "default" or CIDR, gateway and source
 * may be NULL. Appended to `out`.
 */
struct hp_iproute_spec {
	const char *destination, *gateway, *source;
	bool is_onlink;
};
int hp_iproute_from_spec(const struct hp_iproute_spec *spec, struct hp_netrecords *out);
/* Of a record: the gateway of a default route in the main table; false when it is no such route. */
bool hp_iproute_default_gateway(const struct hp_netrecord *route, char *gateway, size_t size);
/* The default route of the gateway's family goes through it and no other. */
int hp_iproute_set_gateway(struct hp_netlink *nl, int index, const char *gateway, struct hp_err *err);
/*
 * Decoded again into words (texts live in the caller's buffers of at least 64
 * bytes, "" = absent).
 */
void hp_iproute_words(const struct hp_netrecord *route, char *destination, char *gateway,
		      char *source);

/* "a.b.c.d[/n]" or IPv6 to a binary address. Returns the family, or -EINVAL. */
int hp_ip_parse(const char *text, unsigned char bytes[16], unsigned int *prefix);

#endif
