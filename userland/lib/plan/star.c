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
	char address[INET_ADDRSTRLEN];
	unsigned long prefix;
	char *end;

	if (!slash || (size_t)(slash - text) >= sizeof(address) || slash[1] < '0' || slash[1] > '9')
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = 0;
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

/*
 * Once applied, the hub's own leg makes the star's subnet one of the machine's:
 * that is no conflict.
 */
static bool is_our_own(const struct plan_run *run, const struct subnet *net,
		       const struct subnet *local)
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
		struct subnet net = { 10u << 24 | second << 16, UINT32_MAX << (32 - prefix),
				      prefix };
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

static int check_overlap(struct plan_run *run, const struct subnet *net)
{
	const struct hp_policy *policy = run->policy;
	const char *other = find_overlap(run, net);
	hp_autofree char *hint = NULL;

	if (!other)
		return 0;
	hint = suggest(run, net->prefix);
	if (!hint)
		return -ENOMEM;
	plan_refuse(run, policy->star_subnet_loc,
		    "subnet %s overlaps %s, which this machine uses%s", policy->star_subnet, other,
		    hint);
	return 0;
}

/* Addresses that are taken: at most the hub and 64 domains. */
struct taken {
	uint32_t address[HP_DOMAINS_MAX + 1];
	size_t count;
};

static bool is_taken(const struct taken *taken, uint32_t address)
{
	for (size_t i = 0; i < taken->count; i++) {
		if (taken->address[i] == address)
			return true;
	}
	return false;
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
	taken->address[taken->count++] = address;
	return 0;
}

static bool is_host(const struct subnet *net, uint32_t address)
{
	return (address & net->mask) == net->network && (address & ~net->mask) != 0 &&
	       (address | net->mask) != UINT32_MAX;
}

/* The parser has checked that it is a free host of the subnet. */
static int take_explicit(struct plan_run *run, struct taken *taken, int domain)
{
	uint32_t address;

	if (!parse_address(run->policy->domains[domain].network.link_address, &address))
		return -EINVAL;
	return give(run, taken, domain, address);
}

static bool keeps_address(const struct plan_run *run, size_t domain, const struct subnet *net,
			  const struct taken *taken, uint32_t *address)
{
	const char *now;

	if (!run->current || domain >= run->current->domains_count)
		return false;
	now = run->current->domains[domain].link_address;
	return now && parse_address(now, address) && is_host(net, *address) &&
		!is_taken(taken, *address);
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
			rc = take_explicit(run, &taken, (int)i);
	}
	for (size_t i = 0; !rc && i < policy->domains_count; i++) {
		if (policy->domains[i].network.is_linked &&
		    !policy->domains[i].network.link_address &&
		    keeps_address(run, i, net, &taken, &address))
			rc = give(run, &taken, (int)i, address);
	}
	for (size_t i = 0; !rc && i < policy->domains_count; i++) {
		if (!policy->domains[i].network.is_linked ||
		    policy->domains[i].network.link_address || run->out->domains[i].link_address)
			continue;
		while (is_taken(&taken, next))
			next++;
		rc = give(run, &taken, (int)i, next);
	}
	return rc;
}

int plan_assign_star(struct plan_run *run)
{
	unsigned int refused = run->refused;
	struct subnet net;
	size_t legs = 0;
	int rc;

	for (size_t i = 0; i < run->policy->domains_count; i++)
		legs += run->policy->domains[i].network.is_linked;
	if (!legs)
		return 0;
	if (!parse_subnet(run->policy->star_subnet, &net))
		return -EINVAL;
	rc = check_overlap(run, &net);
	if (rc || run->refused != refused)
		return rc;
	return give_addresses(run, &net);
}
