// SPDX-License-Identifier: GPL-2.0
/* star.c: gives the hub and each linked domain an address of the star's subnet. */
#include "plan/plan_run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

/* Host byte order; an address is inside when (address & mask) == network. */
struct subnet {
	uint32_t network, mask;
	unsigned int prefix;
};

static bool parse_address(const char *text, uint32_t *address)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

static bool parse_subnet(const char *text, struct subnet *net)
{
	const char *slash = strchr(text, '/');
	hp_autofree char *address = slash ? strndup(text, (size_t)(slash - text)) : NULL;
	unsigned long prefix;
	char *end;

	if (!address || slash[1] < '0' || slash[1] > '9')
		return false;
	prefix = strtoul(slash + 1, &end, 10);
	if (*end || prefix > 32 || !parse_address(address, &net->network))
		return false;
	net->prefix = (unsigned int)prefix;
	net->mask = prefix ? UINT32_MAX << (32 - prefix) : 0;
	return true;
}

static bool overlaps(const struct subnet *a, const struct subnet *b)
{
	uint32_t mask = a->mask & b->mask;

	return (a->network & mask) == (b->network & mask);
}

static char *format_address(uint32_t address)
{
	struct in_addr in = { htonl(address) };
	char text[INET_ADDRSTRLEN];

	return inet_ntop(AF_INET, &in, text, sizeof(text)) ? strdup(text) : NULL;
}

/* Once applied, the hub's own leg makes the star's subnet one of the machine's: that is no conflict. */
static bool is_our_own(const struct plan_run *run, const struct subnet *net, const struct subnet *local)
{
	uint32_t hub;

	return run->current && run->current->base_link_address &&
	       parse_address(run->current->base_link_address, &hub) && hub == net->network + 1 &&
	       local->network == net->network && local->prefix == net->prefix;
}

/* The first network in use that overlaps; NULL = none. */
static const char *find_overlap(const struct plan_run *run, const struct subnet *net)
{
	char **list = run->inv->local_subnets;
	struct subnet local;

	for (size_t i = 0; list && list[i]; i++) {
		if (!parse_subnet(list[i], &local))
			continue;
		local.network &= local.mask;
		/* A default route is no network of ours. */
		if (local.prefix && overlaps(net, &local) && !is_our_own(run, net, &local))
			return list[i];
	}
	return NULL;
}

/* A private network of the same size that nobody here uses. */
static char *suggest(const struct plan_run *run, unsigned int prefix)
{
	for (uint32_t second = 203; second < 256; second++) {
		struct subnet net = { 10u << 24 | second << 16, UINT32_MAX << (32 - prefix), prefix };
		hp_autofree char *address = NULL;
		char *text;

		if (prefix < 16 || find_overlap(run, &net))
			continue;
		address = format_address(net.network);
		if (!address || asprintf(&text, "; %s/%u is free", address, prefix) < 0)
			return NULL;
		return text;
	}
	return strdup("");
}

static int check_subnet(struct plan_run *run, struct subnet *net, size_t legs)
{
	const struct hp_policy *policy = run->policy;
	unsigned int refused = run->refused;
	const char *other;
	uint64_t hosts;

	if (!parse_subnet(policy->star_subnet, net)) {
		plan_refuse(run, policy->star_subnet_loc, "subnet %s is not an IPv4 network like 10.203.0.0/24",
			    policy->star_subnet);
		return 0;
	}
	if (net->network & ~net->mask) {
		hp_autofree char *canonical = format_address(net->network & net->mask);

		plan_refuse(run, policy->star_subnet_loc, "subnet %s has host bits set; %s/%u would do",
			    policy->star_subnet, canonical ? canonical : "?", net->prefix);
	}
	hosts = net->prefix > 30 ? 0 : (1ull << (32 - net->prefix)) - 2;
	if (hosts < legs + 1)
		plan_refuse(run, policy->star_subnet_loc,
			    "subnet %s has %llu addresses for hosts; the hub and %zu domains need %zu",
			    policy->star_subnet, (unsigned long long)hosts, legs, legs + 1);
	other = run->refused == refused ? find_overlap(run, net) : NULL;
	if (other) {
		hp_autofree char *hint = suggest(run, net->prefix);

		if (!hint)
			return -ENOMEM;
		plan_refuse(run, policy->star_subnet_loc, "subnet %s overlaps %s, which this machine uses%s",
			    policy->star_subnet, other, hint);
	}
	return 0;
}

/* Addresses that are taken: at most the hub and 64 domains. */
struct taken {
	uint32_t address[HP_DOMAINS_MAX + 1];
	int owner[HP_DOMAINS_MAX + 1];
	size_t count;
};

static int find_taken(const struct taken *taken, uint32_t address)
{
	for (size_t i = 0; i < taken->count; i++) {
		if (taken->address[i] == address)
			return (int)i;
	}
	return -1;
}

static int give(struct plan_run *run, struct taken *taken, int domain, uint32_t address)
{
	char *text = format_address(address);

	if (!text)
		return -ENOMEM;
	if (domain < 0)
		run->out->base_link_address = text;
	else
		run->out->domains[domain].link_address = text;
	taken->address[taken->count] = address;
	taken->owner[taken->count++] = domain;
	return 0;
}

static bool is_host(const struct subnet *net, uint32_t address)
{
	return (address & net->mask) == net->network && (address & ~net->mask) != 0 &&
	       (address | net->mask) != UINT32_MAX;
}

static int take_explicit(struct plan_run *run, const struct subnet *net, struct taken *taken, int domain)
{
	const struct hp_network_spec *spec = &run->policy->domains[domain].network;
	uint32_t address = 0;
	int holder;

	if (!parse_address(spec->link_address, &address) || !is_host(net, address)) {
		hp_autofree char *first = format_address(net->network + 2);
		hp_autofree char *last = format_address((net->network | ~net->mask) - 1);

		plan_refuse(run, spec->loc, "address %s is not a host of %s; %s to %s are",
			    spec->link_address, run->policy->star_subnet, first ? first : "?", last ? last : "?");
		return 0;
	}
	holder = find_taken(taken, address);
	if (holder >= 0) {
		plan_refuse(run, spec->loc, "address %s belongs to %s already", spec->link_address,
			    taken->owner[holder] < 0 ? "the hub (the base)" :
						       run->out->domains[taken->owner[holder]].name);
		return 0;
	}
	return give(run, taken, domain, address);
}

static bool keeps_address(const struct plan_run *run, size_t domain, const struct subnet *net,
			  const struct taken *taken, uint32_t *address)
{
	const char *now;

	if (!run->current || domain >= run->current->domains_count)
		return false;
	now = run->current->domains[domain].link_address;
	return now && parse_address(now, address) && is_host(net, *address) && find_taken(taken, *address) < 0;
}

/* Explicit ones first, then those in force, then the lowest free for each of the rest. */
static int give_addresses(struct plan_run *run, const struct subnet *net)
{
	const struct hp_policy *policy = run->policy;
	struct taken taken = { .count = 0 };
	uint32_t next = net->network + 2, address;
	int rc = give(run, &taken, -1, net->network + 1);

	for (size_t i = 0; !rc && i < policy->domains_count; i++) {
		if (policy->domains[i].network.is_linked && policy->domains[i].network.link_address)
			rc = take_explicit(run, net, &taken, (int)i);
	}
	for (size_t i = 0; !rc && i < policy->domains_count; i++) {
		if (policy->domains[i].network.is_linked && !policy->domains[i].network.link_address &&
		    keeps_address(run, i, net, &taken, &address))
			rc = give(run, &taken, (int)i, address);
	}
	for (size_t i = 0; !rc && i < policy->domains_count; i++) {
		if (!policy->domains[i].network.is_linked || policy->domains[i].network.link_address ||
		    run->out->domains[i].link_address)
			continue;
		while (find_taken(&taken, next) >= 0)
			next++;
		rc = give(run, &taken, (int)i, next);
	}
	return rc;
}

/* A link needs a leg at both ends; the base has one whenever any domain has. */
static void check_links(struct plan_run *run)
{
	const struct hp_policy *policy = run->policy;

	for (size_t i = 0; i < policy->links_count; i++) {
		const struct hp_link_spec *link = &policy->links[i];
		int ends[2] = { link->from, link->to };

		for (int j = 0; j < 2; j++) {
			if (ends[j] >= 0 && !policy->domains[ends[j]].network.is_linked)
				plan_refuse(run, link->loc,
					    "this link needs %s on the star, but its network says link: false",
					    policy->domains[ends[j]].name);
		}
	}
}

int plan_assign_star(struct plan_run *run)
{
	unsigned int refused = run->refused;
	struct subnet net;
	size_t legs = 0;
	int rc;

	check_links(run);
	for (size_t i = 0; i < run->policy->domains_count; i++)
		legs += run->policy->domains[i].network.is_linked;
	if (!legs)
		return 0;
	rc = check_subnet(run, &net, legs);
	if (rc || run->refused != refused)
		return rc;
	return give_addresses(run, &net);
}
