/* SPDX-License-Identifier: GPL-2.0 */
/* fence.h: private to the fence: a table being described. */
#ifndef NET_FENCE_H
#define NET_FENCE_H

#include <libnftnl/rule.h>
#include <stdio.h>
#include "net/hp_fence.h"

#define FENCE_CHAINS_MAX 8

struct fence_chain {
	char name[32], type[16], device[16];
	uint32_t hook;
	int32_t priority;
};

struct fence_rule {
	struct hp_nftrule filled;
	char comment[HP_FENCE_COMMENT_SIZE];
};

struct hp_fence {
	uint32_t family;
	char table[HP_FENCE_TABLE_SIZE];
	char *value;
	struct fence_chain chains[FENCE_CHAINS_MAX];
	size_t chains_count;
	struct fence_rule *rules;
	size_t rules_count;
	struct hp_nftrule none;	/* what is filled when there is no memory for a rule */
	bool is_short;		/* of memory */
};

/* In a rule's user data beside the comment: a piece of the value, far from nft(8)'s own types. */
#define FENCE_NOTE_PIECE 0x69
#define FENCE_PIECE_MAX 180	/* the kernel keeps 256 bytes for each rule */

/* The same text for a chain or rule that was described and one that was read. */
void fence_dump_chain(FILE *out, const struct fence_chain *chain);
void fence_dump_rule(FILE *out, struct nftnl_rule *rule);
/* Adds each rule's user data: comment and pieces of the value; -ENOMEM. */
int fence_note_rules(struct hp_fence *fence);

#endif
