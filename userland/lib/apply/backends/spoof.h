/* SPDX-License-Identifier: GPL-2.0 */
/* spoof.h: private to the "spoof" backend: what a port may send, as a value and as rules. */
#ifndef SPOOF_H
#define SPOOF_H

#include <net/if.h>
#include <stdbool.h>
#include "net/hp_fence.h"

#define SPOOF_ADDRESSES_MAX 64

/* Comments of the rules that drop, by which they are counted. */
#define SPOOF_MAC "foreign MAC"
#define SPOOF_VLAN "foreign VLAN"
#define SPOOF_ADDRESS "foreign address"

struct spoof_address {
	int family;
	unsigned char bytes[16];
};

/* "in=alpha device=eth0 hook=egress mac=M [vlan=N] [any4] [any6] [address=A]..." */
struct spoof_value {
	char in[40], device[IFNAMSIZ];
	bool is_ingress;
	unsigned char mac[6];
	unsigned int vlan;		/* only frames with this tag are judged; 0 = all, and none may have one */
	bool any4, any6;		/* any address of the family */
	struct spoof_address *addresses;
	size_t addresses_count;
};
#define SPOOF_VALUE_INIT { .in = "" }

/* -EINVAL says in err what is wrong. */
int spoof_value_parse(const char *text, struct spoof_value *value, struct hp_err *err);
void spoof_value_clear(struct spoof_value *value);
#define hp_autospoof __attribute__((cleanup(spoof_value_clear)))

/* The table that it means; NULL when out of memory. */
struct hp_fence *spoof_rules(const struct spoof_value *value, const char *table, const char *text);

#endif
