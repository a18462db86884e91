/* SPDX-License-Identifier: GPL-2.0 */
/* port.h: private to the "port" backend: a port's value, where a port is, and putting it somewhere. */
#ifndef HP_PORT_H
#define HP_PORT_H

#include <stdbool.h>
#include "apply/hp_backend.h"
#include "net/hp_link.h"
#include "net/hp_netrecord.h"

#define PORT_NETNS_SIZE 128

/*
 * A value. What the policy asks for has the fields that it cares about; what
 * was read has them all (is_capture) and can be put back exactly. `netns`: ""
 * is the base, a plain word a domain, and for ports that somebody carried off
 * an absolute path or "pid N".
 */
struct port_value {
	char netns[PORT_NETNS_SIZE];
	char name[IFNAMSIZ];		/* "" = not said */
	unsigned int mtu;		/* 0 = not said */
	bool has_up, is_up;
	char gateway[64];		/* "" = not said, or none */
	bool is_capture;
	struct hp_netrecords addresses, routes;	/* routes only in a capture */
	struct hp_netrecords sysctls;	/* only in a capture from the base; texts "ipv4/conf/rp_filter=2" */
};

#define PORT_VALUE_INIT { .netns = "" }

/* -EINVAL with what is wrong and what is allowed in err. */
int port_value_parse(const char *text, struct port_value *value, struct hp_err *err);
/* Canonical JSON, one line; the caller frees. NULL: out of memory. */
char *port_value_format(const struct port_value *value);
/*
 * Every field that `want` names holds in `live`. Without a capture no addresses
 * means: not ours to say.
 */
bool port_value_satisfies(const struct port_value *live, const struct port_value *want);
void port_value_clear(struct port_value *value);
#define port_autovalue __attribute__((cleanup(port_value_clear))) struct port_value

/* "0000:03:00.0" or "0000:03:00.0#1": the nth network port of a function, in the order of their hardware addresses. */
struct port_object {
	char bdf[16];
	unsigned int nth;
};
int port_object_parse(const char *text, struct port_object *object, struct hp_err *err);

/* Where a port is: a socket in that namespace and the link there. */
struct port_place {
	char netns[PORT_NETNS_SIZE];
	int netns_fd;			/* -1 = the caller's own */
	struct hp_netlink *nl;
	struct hp_link link;
};

#define PORT_PLACE_INIT { .netns_fd = -1 }

/*
 * Looks in the base, in the domains' namespaces, then in named namespaces of
 * others and in those of all processes. 0, -ENOENT (err says what is known of
 * the function), or another -errno.
 */
int port_find(struct hp_ctx *ctx, const struct port_object *object, struct port_place *place,
	      struct hp_err *err);
/* Opens the namespace that a value names; place->link stays empty. */
int port_open_netns(struct hp_ctx *ctx, const char *netns, struct port_place *place,
		    struct hp_err *err);
void port_place_close(struct port_place *place);
#define port_autoplace __attribute__((cleanup(port_place_close))) struct port_place

/* What is there now. */
int port_capture(struct hp_ctx *ctx, struct port_place *place, struct port_value *value,
		 struct hp_err *err);
/* Puts the port where and how `want` says. */
int port_put(struct hp_ctx *ctx, struct port_place *place, const struct port_value *want,
	     struct hp_err *err);

/* ---- port_sysctl.c: in the caller's namespace ---- */

int port_sysctl_capture(struct hp_root *root, const char *link, struct hp_netrecords *out,
			struct hp_err *err);
int port_sysctl_restore(struct hp_root *root, const char *link, const struct hp_netrecords *kept,
			struct hp_err *err);

#endif
