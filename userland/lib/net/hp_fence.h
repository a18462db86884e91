/* SPDX-License-Identifier: GPL-2.0 */
/* hp_fence.h: a whole nftables table of our own: described, written in one batch, read back, its counters. */
#ifndef HP_FENCE_H
#define HP_FENCE_H

#include <stdbool.h>
#include <stdint.h>
#include "net/hp_netlink.h"
#include "net/hp_nftbatch.h"
#include "net/hp_nftrule.h"

/*
 * A table carries the text that it was made from (its value, in the user data
 * of its rules), so what is in the kernel can be compared, expression by
 * expression, with what that text means. Families and hooks are the kernel's
 * (NFPROTO_*, NF_INET_*, NF_NETDEV_*).
 */
struct hp_fence;

#define HP_FENCE_TABLE_SIZE 64
#define HP_FENCE_COMMENT_SIZE 64	/* a longer one is cut */

/* NULL when out of memory; free with hp_fence_free(). */
struct hp_fence *hp_fence_new(uint32_t family, const char *table, const char *value);
void hp_fence_free(struct hp_fence *fence);
void hp_fence_freep(struct hp_fence **fence);
#define hp_autofence __attribute__((cleanup(hp_fence_freep))) struct hp_fence

/*
 * What goes on to be described; running out of memory is kept and told by
 * hp_fence_dump() and hp_fence_write(). Chains accept what no rule ends.
 */
void hp_fence_add_chain(struct hp_fence *fence, const struct hp_nftchain *chain);
/* Starts a rule at the end of a chain; it belongs to the fence and can be filled until the next one is started. */
struct hp_nftrule *hp_fence_add_rule(struct hp_fence *fence, const char *chain, const char *comment);
/* The usual end of a rule that refuses. */
void hp_fence_count_and_drop(struct hp_nftrule *rule);

/* Chains and rules as text, counters without numbers; NULL when out of memory, caller frees. */
char *hp_fence_dump(struct hp_fence *fence);

/* Replaces the table as a whole, or takes it away; absent is success. */
int hp_fence_write(struct hp_netlink *nl, struct hp_fence *fence, struct hp_err *err);
int hp_fence_remove(struct hp_netlink *nl, uint32_t family, const char *table, struct hp_err *err);

/* A table as it is: its value ("" when it says none) and its dump; owned by the caller. */
struct hp_fence_found {
	char *value, *dump;		/* both NULL: there is no such table */
};
int hp_fence_read(struct hp_netlink *nl, uint32_t family, const char *table,
		  struct hp_fence_found *found, struct hp_err *err);
/*
 * The value of a table that is there, with `altered` behind it unless its
 * dump is that of `want` (NULL: nothing can be made of the value). NULL when
 * out of memory; caller frees.
 */
char *hp_fence_tell(const struct hp_fence_found *found, struct hp_fence *want, const char *altered);
void hp_fence_found_clear(struct hp_fence_found *found);
#define hp_autofencefound __attribute__((cleanup(hp_fence_found_clear))) struct hp_fence_found

/* Calls each for every rule with a counter. An absent table has none. */
typedef void (*hp_fence_each_count)(const char *comment, uint64_t packets, void *arg);
int hp_fence_counts(struct hp_netlink *nl, uint32_t family, const char *table,
		    hp_fence_each_count each, void *arg, struct hp_err *err);

#endif
