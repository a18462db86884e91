/* SPDX-License-Identifier: GPL-2.0 */
/* nft.h: private to the "nft" backend: its value, its rules and the kernel's. */
#ifndef HP_NFT_H
#define HP_NFT_H

#include <libnftnl/rule.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/hp_err.h"
#include "base/hp_leg.h"
#include "net/hp_netlink.h"

#define NFT_TABLE "hostpart"
/* Every leg's link begins so; everything else is waved through by the first rule. */
#define NFT_LEG_PREFIX "hp-"
#define NFT_PRIORITY (-10)	/* just before the "filter" chains of others */
#define NFT_DOMAIN_SIZE 33
#define NFT_COMMENT_SIZE 128	/* libnftnl's limit for a comment */

/* ---- nft_text.c: the canonical value ---- */

struct nft_leg {
	char domain[NFT_DOMAIN_SIZE], link[HP_LEG_NAME_SIZE], address[16];
};

#define NFT_BASE (-1)		/* instead of the index of a leg */

struct nft_allow {
	int from, to;		/* index of a leg or NFT_BASE, never the same */
	uint8_t protocol;	/* IPPROTO_TCP, _UDP, _ICMP */
	uint16_t first, last;	/* destination ports; 0 for ICMP */
};

struct nft_policy {
	struct nft_leg *legs;
	size_t legs_count;
	struct nft_allow *allows;
	size_t allows_count;
};

#define NFT_POLICY_INIT { NULL, 0, NULL, 0 }

/*
 * Sorts the allows (by from, to, protocol, ports) and drops repeated ones.
 * -EINVAL names the line in err.
 */
int nft_policy_parse(const char *text, struct nft_policy *policy, struct hp_err *err);
/* One line of it: "leg ..." or "allow ..."; allows refer to legs that came before. */
int nft_policy_add_line(struct nft_policy *policy, const char *line);
void nft_policy_sort(struct nft_policy *policy);
/* Lines joined by newlines; the caller frees. */
char *nft_policy_format(const struct nft_policy *policy);
void nft_leg_format(const struct nft_leg *leg, char *line, size_t size);
void nft_allow_format(const struct nft_policy *policy, const struct nft_allow *allow, char *line,
		      size_t size);
void nft_policy_clear(struct nft_policy *policy);
#define nft_autopolicy __attribute__((cleanup(nft_policy_clear))) struct nft_policy

/* ---- nft_rules.c: which rules a policy means ---- */

enum nft_chain { NFT_CHAIN_FORWARD, NFT_CHAIN_INPUT, NFT_CHAIN_OUTPUT, NFT_CHAINS };

struct nft_chain_spec {
	const char *name;
	uint32_t hook;		/* NF_INET_* */
};
extern const struct nft_chain_spec nft_chain_specs[NFT_CHAINS];

enum nft_verdict { NFT_SPEC_DROP, NFT_SPEC_ACCEPT };

/* One rule: all conditions must hold; zero or NULL = not asked for. */
struct nft_rule_spec {
	enum nft_chain chain;
	bool is_not_leg_in, is_not_leg_out; /* the link's name does not begin with NFT_LEG_PREFIX */
	const char *in, *out;			/* links */
	bool is_ipv4, is_not_ipv4;
	const char *source_not, *destination_not;	/* IPv4 addresses that it must not be */
	uint8_t protocol;
	uint16_t source_first, source_last, destination_first, destination_last;
	bool has_icmp_type;
	uint8_t icmp_type;
	uint32_t ct_states;		/* any of these bits */
	bool is_reply;			/* seen by connection tracking as an answer */
	bool has_counter;
	enum nft_verdict verdict;
	char comment[NFT_COMMENT_SIZE];	/* "LINE: what for", LINE of the canonical value; or just "what for" */
};

/*
 * Calls `each` for every rule, in order chain by chain; a non-zero return ends
 * the walk and is returned.
 */
typedef int (*nft_each_rule)(const struct nft_rule_spec *spec, void *arg);
int nft_rules_walk(const struct nft_policy *policy, nft_each_rule each, void *arg);

/* ---- nft_expr.c: one rule in the kernel's terms ---- */

/*
 * NULL when out of memory; free with nftnl_rule_free(). `tag` goes into the user
 * data beside the comment.
 */
struct nftnl_rule *nft_rule_build(const struct nft_rule_spec *spec, uint32_t tag);
/*
 * All expressions as text, counters without their numbers. Owned by the caller;
 * NULL when out of memory.
 */
char *nft_rule_text(struct nftnl_rule *rule);

/* User data of tables and rules: a comment that nft(8) shows, and the generation tag. */
struct nft_note {
	char comment[NFT_COMMENT_SIZE];
	uint32_t tag;
};
struct nftnl_udata_buf *nft_note_build(uint8_t comment_type, const struct nft_note *note);
/* Absent parts: "" and 0. */
void nft_note_parse(const void *data, uint32_t size, struct nft_note *note);

/* ---- nft_image.c: a table as plain data, built or read ---- */

struct nft_image_chain {
	char name[32], type[16];
	bool is_base;
	uint32_t hook, policy;
	int32_t priority;
};

struct nft_image_rule {
	char chain[32];
	uint64_t handle;
	struct nft_note note;
	char *text;
};

struct nft_image {
	bool exists;
	uint32_t flags, tag;
	struct nft_image_chain *chains;
	size_t chains_count;
	struct nft_image_rule *rules;
	size_t rules_count;
};

int nft_image_add_chain(struct nft_image *image, const struct nft_image_chain *chain);
/* Takes what it needs from a rule as built or as parsed from a message. */
int nft_image_add_rule(struct nft_image *image, struct nftnl_rule *rule);
/* What the kernel should hold for a policy. */
int nft_image_expect(const struct nft_policy *policy, struct nft_image *image);
void nft_image_clear(struct nft_image *image);
#define nft_autoimage __attribute__((cleanup(nft_image_clear))) struct nft_image

/*
 * The canonical value of what is there: the policy that its rules' comments
 * claim, if and only if table, chains and every expression of every rule are
 * what that policy means; otherwise that policy with "altered: ..." lines for
 * each difference. *value NULL when there is no table.
 */
int nft_image_value(const struct nft_image *live, char **value);

/* ---- nft_kernel.c: to and from the kernel ---- */

int nft_kernel_read(struct hp_netlink *nl, struct nft_image *image, struct hp_err *err);
/* NULL removes the table. One batch: all of it happens or nothing. */
int nft_kernel_write(struct hp_netlink *nl, const struct nft_policy *policy, struct hp_err *err);
/* The generation tag of a policy: FNV-1a of its canonical text. */
uint32_t nft_policy_tag(const struct nft_policy *policy);

#endif
