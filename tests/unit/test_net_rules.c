// SPDX-License-Identifier: GPL-2.0
/* test_net_rules.c: what the firewall's rules let pass, against a naive reading of the policy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include "apply/backends/nft.h"

/* As the kernel numbers its bits for "ct state". */
enum { CT_INVALID = 1, CT_ESTABLISHED = 2, CT_RELATED = 4, CT_NEW = 8, CT_UNTRACKED = 64 };

struct packet {
	enum nft_chain chain;
	const char *in, *out;
	bool is_ipv4;
	const char *source, *destination;
	uint8_t protocol, icmp_type;
	uint16_t source_port, destination_port;
	uint32_t ct_state;
	bool is_reply;
};

struct verdict {
	const struct packet *packet;
	bool is_settled, is_accepted;
};

/* ---- a machine that follows the rules ---- */

static bool begins_like_a_leg(const char *link)
{
	return !strncmp(link, NFT_LEG_PREFIX, strlen(NFT_LEG_PREFIX));
}

static bool matches_links(const struct nft_rule_spec *r, const struct packet *p)
{
	return !(r->is_not_leg_in && begins_like_a_leg(p->in)) &&
	       !(r->is_not_leg_out && begins_like_a_leg(p->out)) &&
	       !(r->in && strcmp(r->in, p->in)) && !(r->out && strcmp(r->out, p->out));
}

static bool matches_packet(const struct nft_rule_spec *r, const struct packet *p)
{
	if ((r->is_ipv4 && !p->is_ipv4) || (r->is_not_ipv4 && p->is_ipv4))
		return false;
	if ((r->source_not && !strcmp(r->source_not, p->source)) ||
	    (r->destination_not && !strcmp(r->destination_not, p->destination)))
		return false;
	if (r->protocol && r->protocol != p->protocol)
		return false;
	if (r->source_first &&
	    (p->source_port < r->source_first || p->source_port > r->source_last))
		return false;
	if (r->destination_first && (p->destination_port < r->destination_first ||
				     p->destination_port > r->destination_last))
		return false;
	return !r->has_icmp_type || r->icmp_type == p->icmp_type;
}

static int follow(const struct nft_rule_spec *r, void *arg)
{
	struct verdict *v = arg;
	const struct packet *p = v->packet;

	if (r->chain != p->chain || !matches_links(r, p) || !matches_packet(r, p))
		return 0;
	if ((r->ct_states && !(r->ct_states & p->ct_state)) || (r->is_reply && !p->is_reply))
		return 0;
	v->is_settled = true;
	v->is_accepted = r->verdict == NFT_SPEC_ACCEPT;
	return 1;
}

/* ---- the same in plain words ---- */

static int leg_of(const struct nft_policy *policy, const char *link)
{
	for (size_t i = 0; i < policy->legs_count; i++)
		if (!strcmp(policy->legs[i].link, link))
			return i;
	return NFT_BASE;
}

static bool in_ports(const struct nft_allow *a, uint16_t port)
{
	return port >= a->first && port <= a->last;
}

static bool is_allowed_by(const struct nft_allow *a, int from, int to, const struct packet *p)
{
	bool is_forth = a->from == from && a->to == to, is_back = a->from == to && a->to == from;

	if ((is_forth || is_back) && p->protocol == IPPROTO_ICMP && p->ct_state == CT_RELATED)
		return true;
	if (p->protocol != a->protocol)
		return false;
	if (is_forth && (p->ct_state == CT_NEW || p->ct_state == CT_ESTABLISHED) &&
	    (a->protocol == IPPROTO_ICMP ? p->icmp_type == ICMP_ECHO
					 : in_ports(a, p->destination_port)))
		return true;
	return is_back && p->ct_state == CT_ESTABLISHED && p->is_reply &&
	       (a->protocol == IPPROTO_ICMP ? p->icmp_type == ICMP_ECHOREPLY
					    : in_ports(a, p->source_port));
}

static bool should_pass(const struct nft_policy *policy, const struct packet *p)
{
	int from = p->chain == NFT_CHAIN_OUTPUT ? NFT_BASE : leg_of(policy, p->in);
	int to = p->chain == NFT_CHAIN_INPUT ? NFT_BASE : leg_of(policy, p->out);

	if (from == NFT_BASE && to == NFT_BASE)
		return true;
	/*
	 * In the forward chain the base is somebody outside of this machine: nothing is
	 * allowed with it.
	 */
	if (p->chain == NFT_CHAIN_FORWARD && (from == NFT_BASE || to == NFT_BASE))
		return false;
	if (!p->is_ipv4 || (from != NFT_BASE && strcmp(policy->legs[from].address, p->source)) ||
	    (to != NFT_BASE && strcmp(policy->legs[to].address, p->destination)))
		return false;
	for (size_t i = 0; i < policy->allows_count; i++)
		if (is_allowed_by(&policy->allows[i], from, to, p))
			return true;
	return false;
}

/* ---- many packets ---- */

#define PICK(list) (list)[(unsigned int)rand() % (sizeof(list) / sizeof((list)[0]))]

static struct packet make_packet(void)
{
	static const char *const links[] = { "hp-a", "hp-b", "hp-c", "hp-unknown", "eth0", "lo" };
	static const char *const addresses[] = { "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.1", "192.0.2.1" };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP };
	static const uint8_t types[] = { ICMP_ECHO, ICMP_ECHOREPLY, ICMP_UNREACH, ICMP_TIMESTAMP };
	static const uint16_t ports[] = { 21, 22, 23, 79, 80, 85, 90, 91, 53, 40000 };
	static const uint32_t states[] = { CT_INVALID, CT_ESTABLISHED, CT_RELATED, CT_NEW,
					   CT_UNTRACKED };
	struct packet p = {
		.chain = rand() % NFT_CHAINS,
		.in = PICK(links),
		.out = PICK(links),
		.is_ipv4 = rand() % 8,
		.source = PICK(addresses),
		.destination = PICK(addresses),
		.protocol = PICK(protocols),
		.icmp_type = PICK(types),
		.source_port = PICK(ports),
		.destination_port = PICK(ports),
		.ct_state = PICK(states),
		.is_reply = rand() % 2,
	};

	/* Half of them are well-formed, else hardly any would get past the address checks. */
	for (size_t i = 0; i < 3; i++) {
		if (!strcmp(p.in, links[i]) && rand() % 2)
			p.source = addresses[i];
		if (!strcmp(p.out, links[i]) && rand() % 2)
			p.destination = addresses[i];
	}
	return p;
}

static void test_rules_mean_the_policy(void **state)
{
	static const char *const texts[] = {
		"leg a hp-a 10.0.0.2\nleg b hp-b 10.0.0.3\nleg c hp-c 10.0.0.4",
		"leg a hp-a 10.0.0.2\nleg b hp-b 10.0.0.3\nleg c hp-c 10.0.0.4\nallow a b tcp 80-90",
		"leg a hp-a 10.0.0.2\nleg b hp-b 10.0.0.3\nleg c hp-c 10.0.0.4\nallow a b icmp\nallow b a tcp 22\n"
		"allow c base udp 53\nallow base a tcp 22\nallow base b icmp\nallow a c udp 40000",
	};
	size_t passed = 0;

	(void)state;
	srand(1);
	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
		nft_autopolicy policy = NFT_POLICY_INIT;
		hp_autoerr err = HP_ERR_INIT;

		assert_int_equal(nft_policy_parse(texts[t], &policy, &err), 0);
		for (int i = 0; i < 40000; i++) {
			struct packet p = make_packet();
			struct verdict v = { .packet = &p };
			bool passes;

			nft_rules_walk(&policy, follow, &v);
			passes = !v.is_settled || v.is_accepted; /* the chains' policy is accept */
			if (passes != should_pass(&policy, &p))
				fail_msg("policy %zu: %s -> %s chain %d protocol %u ports %u>%u "
					 "state %u %s %s",
					 t, p.in, p.out, p.chain, p.protocol, p.source_port,
					 p.destination_port, p.ct_state, p.source, p.destination);
			passed += passes && (begins_like_a_leg(p.in) || begins_like_a_leg(p.out)) &&
				  t;
		}
	}
	/* The comparison means little unless the allowed ways were taken, too. */
	assert_true(passed > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_mean_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
