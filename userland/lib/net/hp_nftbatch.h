/* SPDX-License-Identifier: GPL-2.0 */
/* hp_nftbatch.h: one table of nftables replaced or removed as a whole, in one batch. */
#ifndef HP_NFTBATCH_H
#define HP_NFTBATCH_H

#include <libnftnl/rule.h>
#include "net/hp_netlink.h"

/* Set family (NFPROTO_*) and table, the rest to zero. */
struct hp_nftbatch {
	uint32_t family;
	const char *table;
	char *bytes;
	size_t size, capacity;
	uint32_t seq, last_seq;
};
void hp_nftbatch_clear(struct hp_nftbatch *b);
#define hp_autonftbatch __attribute__((cleanup(hp_nftbatch_clear))) struct hp_nftbatch

/* What is in it before goes; -ENOMEM. note: user data of the table, NULL = none. */
int hp_nftbatch_remove(struct hp_nftbatch *b);
int hp_nftbatch_replace(struct hp_nftbatch *b, const void *note, uint32_t note_size);
/* Then what is in it from now on. Chains accept what no rule ends; -ENOMEM. */
struct hp_nftchain {
	const char *name, *type;	/* "filter" or "nat" */
	uint32_t hook;			/* NF_INET_*, NF_NETDEV_* */
	int32_t priority;
	const char *device;		/* of a netdev chain, else NULL */
};
int hp_nftbatch_chain(struct hp_nftbatch *b, const struct hp_nftchain *chain);
int hp_nftbatch_rule(struct hp_nftbatch *b, struct nftnl_rule *rule);
/* All of it happens, or nothing. */
int hp_nftbatch_send(struct hp_netlink *nl, struct hp_nftbatch *b, struct hp_err *err);

#endif
