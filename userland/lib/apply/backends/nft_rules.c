// SPDX-License-Identifier: GPL-2.0
/* nft_rules.c: which rules a firewall policy means. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <netinet/ip_icmp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <stdio.h>
#include <string.h>
#include "nft.h"

/*
 * Each chain: packets that touch no leg pass by; then, for each leg, what is
 * not IPv4 or carries an address that is not the leg's is dropped; then the
 * allowed flows, their answers and the ICMP errors that belong to them; then
 * everything else from or to a leg is dropped. An allowed packet only leaves
 * this table: the chains of others may still refuse it.
 */

const struct nft_chain_spec nft_chain_specs[NFT_CHAINS] = {
	[NFT_CHAIN_FORWARD] = { "forward", NF_INET_FORWARD },
	[NFT_CHAIN_INPUT] = { "input", NF_INET_LOCAL_IN },
	[NFT_CHAIN_OUTPUT] = { "output", NF_INET_LOCAL_OUT },
};

/* As nft counts them: one bit per state. */
#define STATE_ESTABLISHED NF_CT_STATE_BIT(IP_CT_ESTABLISHED)
#define STATE_RELATED NF_CT_STATE_BIT(IP_CT_RELATED)
#define STATE_NEW NF_CT_STATE_BIT(IP_CT_NEW)

struct walk {
	const struct nft_policy *policy;
	nft_each_rule each;
	void *arg;
	enum nft_chain chain;
};

static int emit(struct walk *w, struct nft_rule_spec *spec, const char *line, const char *what)
{
	spec->chain = w->chain;
	snprintf(spec->comment, sizeof(spec->comment), "%.95s%s%.24s", line, line[0] ? ": " : "", what);
	return w->each(spec, w->arg);
}

static bool has_in(enum nft_chain chain)
{
	return chain != NFT_CHAIN_OUTPUT;
}

static bool has_out(enum nft_chain chain)
{
	return chain != NFT_CHAIN_INPUT;
}

static int emit_bypass(struct walk *w)
{
	struct nft_rule_spec spec = {
		.is_not_leg_in = has_in(w->chain),
		.is_not_leg_out = has_out(w->chain),
		.verdict = NFT_SPEC_ACCEPT,
	};

	return emit(w, &spec, "", "touches no leg");
}

static int emit_checks(struct walk *w, const struct nft_leg *leg)
{
	struct nft_rule_spec in_family = { .in = leg->link,
					   .is_not_ipv4 = true,
					   .has_counter = true };
	struct nft_rule_spec out_family = { .out = leg->link,
					    .is_not_ipv4 = true,
					    .has_counter = true };
	struct nft_rule_spec source = {
		.in = leg->link, .is_ipv4 = true, .source_not = leg->address, .has_counter = true,
	};
	struct nft_rule_spec destination = {
		.out = leg->link,
		.is_ipv4 = true,
		.destination_not = leg->address,
		.has_counter = true,
	};
	char line[NFT_COMMENT_SIZE];
	int rc = 0;

	nft_leg_format(leg, line, sizeof(line));
	if (has_in(w->chain)) {
		rc = emit(w, &in_family, line, "no IPv6 from it");
		if (!rc)
			rc = emit(w, &source, line, "false sender");
	}
	if (!rc && has_out(w->chain)) {
		rc = emit(w, &out_family, line, "no IPv6 to it");
		if (!rc)
			rc = emit(w, &destination, line, "false receiver");
	}
	return rc;
}

static int emit_drops(struct walk *w, const struct nft_leg *leg)
{
	struct nft_rule_spec in = { .in = leg->link, .has_counter = true };
	struct nft_rule_spec out = { .out = leg->link, .has_counter = true };
	char line[NFT_COMMENT_SIZE];
	int rc = 0;

	nft_leg_format(leg, line, sizeof(line));
	if (has_in(w->chain))
		rc = emit(w, &in, line, "nothing else from it");
	if (!rc && has_out(w->chain))
		rc = emit(w, &out, line, "nothing else to it");
	return rc;
}

/* In which chain a packet between the two passes. */
static enum nft_chain path(int from, int to)
{
	if (to == NFT_BASE)
		return NFT_CHAIN_INPUT;
	return from == NFT_BASE ? NFT_CHAIN_OUTPUT : NFT_CHAIN_FORWARD;
}

/* A spec for packets on their way from one end to the other. */
static struct nft_rule_spec between(const struct nft_policy *policy, int from, int to,
				    uint8_t protocol)
{
	return (struct nft_rule_spec){
		.in = from == NFT_BASE ? NULL : policy->legs[from].link,
		.out = to == NFT_BASE ? NULL : policy->legs[to].link,
		.is_ipv4 = true,
		.protocol = protocol,
		.has_counter = true,
		.verdict = NFT_SPEC_ACCEPT,
	};
}

static int emit_request(struct walk *w, const struct nft_allow *allow, const char *line)
{
	struct nft_rule_spec spec = between(w->policy, allow->from, allow->to, allow->protocol);

	spec.destination_first = allow->first;
	spec.destination_last = allow->last;
	spec.has_icmp_type = allow->protocol == IPPROTO_ICMP;
	spec.icmp_type = ICMP_ECHO;
	spec.ct_states = STATE_NEW | STATE_ESTABLISHED;
	return emit(w, &spec, line, "request");
}

static int emit_reply(struct walk *w, const struct nft_allow *allow, const char *line)
{
	struct nft_rule_spec spec = between(w->policy, allow->to, allow->from, allow->protocol);

	spec.source_first = allow->first;
	spec.source_last = allow->last;
	spec.has_icmp_type = allow->protocol == IPPROTO_ICMP;
	spec.icmp_type = ICMP_ECHOREPLY;
	spec.ct_states = STATE_ESTABLISHED;
	spec.is_reply = true;
	return emit(w, &spec, line, "reply");
}

/* ICMP errors about a flow: "port unreachable", "fragmentation needed". */
static int emit_errors(struct walk *w, const struct nft_allow *allow, const char *line,
		       bool is_backward)
{
	int from = is_backward ? allow->to : allow->from,
	    to = is_backward ? allow->from : allow->to;
	struct nft_rule_spec spec = between(w->policy, from, to, IPPROTO_ICMP);

	spec.ct_states = STATE_RELATED;
	return emit(w, &spec, line, is_backward ? "errors back" : "errors");
}

static int emit_allow(struct walk *w, const struct nft_allow *allow)
{
	bool is_forth = path(allow->from, allow->to) == w->chain,
	     is_back = path(allow->to, allow->from) == w->chain;
	char line[NFT_COMMENT_SIZE];
	int rc = 0;

	nft_allow_format(w->policy, allow, line, sizeof(line));
	if (is_forth)
		rc = emit_request(w, allow, line);
	if (!rc && is_back)
		rc = emit_reply(w, allow, line);
	if (!rc && is_forth)
		rc = emit_errors(w, allow, line, false);
	if (!rc && is_back)
		rc = emit_errors(w, allow, line, true);
	return rc;
}

static int walk_chain(struct walk *w)
{
	int rc = emit_bypass(w);

	for (size_t i = 0; !rc && i < w->policy->legs_count; i++)
		rc = emit_checks(w, &w->policy->legs[i]);
	for (size_t i = 0; !rc && i < w->policy->allows_count; i++)
		rc = emit_allow(w, &w->policy->allows[i]);
	for (size_t i = 0; !rc && i < w->policy->legs_count; i++)
		rc = emit_drops(w, &w->policy->legs[i]);
	return rc;
}

int nft_rules_walk(const struct nft_policy *policy, nft_each_rule each, void *arg)
{
	int rc = 0;

	for (int chain = 0; !rc && chain < NFT_CHAINS; chain++) {
		struct walk w = { .policy = policy, .each = each, .arg = arg, .chain = chain };

		rc = walk_chain(&w);
	}
	return rc;
}
