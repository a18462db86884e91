/* SPDX-License-Identifier: GPL-2.0 */
/* hp_nftrule.h: the expressions of one nftables rule: added one by one, told as text. */
#ifndef HP_NFTRULE_H
#define HP_NFTRULE_H

#include <libnftnl/rule.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A rule being filled; the first failed allocation sticks. The caller owns `rule`. */
struct hp_nftrule {
	struct nftnl_rule *rule;
	bool is_short;		/* of memory: what follows is ignored */
};

/* Load something into register 1 ... */
void hp_nftrule_load_meta(struct hp_nftrule *r, uint32_t key);		/* NFT_META_* */
void hp_nftrule_load_ct(struct hp_nftrule *r, uint32_t key);		/* NFT_CT_* */
/* base: NFT_PAYLOAD_*. */
void hp_nftrule_load_payload(struct hp_nftrule *r, uint32_t base, uint32_t offset, uint32_t size);
/* ... mask it (at most 16 bytes) ... */
void hp_nftrule_mask(struct hp_nftrule *r, const void *mask, uint32_t size);
/* ... and go on only when it compares so: NFT_CMP_*. */
void hp_nftrule_compare(struct hp_nftrule *r, uint32_t op, const void *bytes, uint32_t size);
/* Loading and comparing in one. key: NFT_META_*IFNAME; states: NF_CT_STATE_BIT()s of which one holds, or none. */
void hp_nftrule_is_interface(struct hp_nftrule *r, uint32_t key, const char *name);
void hp_nftrule_has_state(struct hp_nftrule *r, uint32_t states, bool is_wanted);
/* Ends of rules: verdict NF_ACCEPT or NF_DROP. */
void hp_nftrule_count(struct hp_nftrule *r);
void hp_nftrule_judge(struct hp_nftrule *r, uint32_t verdict);
void hp_nftrule_masquerade(struct hp_nftrule *r);

/* "[meta load mark => reg 1][counter]...": what rules mean compares as text; counters without their numbers. */
void hp_nftrule_dump(struct nftnl_rule *rule, FILE *out);

/*
 * Calls each for every piece of a rule's or table's user data, however damaged:
 * the lengths are checked here, which libnftnl does not do.
 */
typedef void (*hp_nftrule_each_note)(uint8_t type, const void *data, uint8_t size, void *arg);
void hp_nftrule_notes(const void *data, uint32_t size, hp_nftrule_each_note each, void *arg);

#endif
