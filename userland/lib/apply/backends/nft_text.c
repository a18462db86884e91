// SPDX-License-Identifier: GPL-2.0
/* nft_text.c: the canonical value of the firewall, to and from a model. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "nft.h"

static const struct {
	const char *word;
	uint8_t protocol;
} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP } };

void nft_policy_clear(struct nft_policy *policy)
{
	free(policy->legs);
	free(policy->allows);
	*policy = (struct nft_policy)NFT_POLICY_INIT;
}

static int find_leg(const struct nft_policy *policy, const char *domain, int *index)
{
	*index = NFT_BASE;
	if (!strcmp(domain, "base"))
		return 0;
	for (size_t i = 0; i < policy->legs_count; i++)
		if (!strcmp(policy->legs[i].domain, domain)) {
			*index = i;
			return 0;
		}
	return -EINVAL;
}

static int add_leg(struct nft_policy *policy, const char *line)
{
	struct nft_leg leg, *legs;
	struct in_addr address;
	int known, used = 0;

	if (sscanf(line, "leg %32s %15s %15s%n", leg.domain, leg.link, leg.address, &used) != 3 || line[used])
		return -EINVAL;
	if (!find_leg(policy, leg.domain, &known) ||
	    strncmp(leg.link, NFT_LEG_PREFIX, strlen(NFT_LEG_PREFIX)) ||
	    inet_pton(AF_INET, leg.address, &address) != 1)
		return -EINVAL;
	legs = reallocarray(policy->legs, policy->legs_count + 1, sizeof(*legs));
	if (!legs)
		return -ENOMEM;
	policy->legs = legs;
	legs[policy->legs_count++] = leg;
	return 0;
}

static int parse_port(const char *text, char **end, uint16_t *port)
{
	unsigned long value;

	if (text[0] < '1' || text[0] > '9')
		return -EINVAL;
	value = strtoul(text, end, 10);
	*port = value;
	return value > 65535 ? -EINVAL : 0;
}

static int parse_ports(const char *text, struct nft_allow *allow)
{
	char *end;

	if (allow->protocol == IPPROTO_ICMP)
		return text[0] ? -EINVAL : 0;
	if (parse_port(text, &end, &allow->first))
		return -EINVAL;
	allow->last = allow->first;
	if (*end == '-' && parse_port(end + 1, &end, &allow->last))
		return -EINVAL;
	return *end || allow->last < allow->first ? -EINVAL : 0;
}

static int add_allow(struct nft_policy *policy, const char *line)
{
	char from[NFT_DOMAIN_SIZE], to[NFT_DOMAIN_SIZE], word[8], ports[16] = "";
	struct nft_allow allow = { 0 }, *allows;
	int used = 0, fields = sscanf(line, "allow %32s %32s %7s%n %15s%n", from, to, word, &used, ports, &used);

	if (fields < 3 || line[used] || find_leg(policy, from, &allow.from) ||
	    find_leg(policy, to, &allow.to) || allow.from == allow.to)
		return -EINVAL;
	for (size_t i = 0; i < hp_array_size(protocols); i++)
		if (!strcmp(word, protocols[i].word))
			allow.protocol = protocols[i].protocol;
	if (!allow.protocol || parse_ports(ports, &allow))
		return -EINVAL;
	allows = reallocarray(policy->allows, policy->allows_count + 1, sizeof(*allows));
	if (!allows)
		return -ENOMEM;
	policy->allows = allows;
	allows[policy->allows_count++] = allow;
	return 0;
}

int nft_policy_add_line(struct nft_policy *policy, const char *line)
{
	return !strncmp(line, "leg ", 4) ? add_leg(policy, line) : add_allow(policy, line);
}

static int protocol_rank(uint8_t protocol)
{
	size_t rank = 0;

	while (rank < hp_array_size(protocols) && protocols[rank].protocol != protocol)
		rank++;
	return rank;
}

static int compare_allows(const void *a, const void *b)
{
	const struct nft_allow *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->protocol != y->protocol)
		return protocol_rank(x->protocol) - protocol_rank(y->protocol);
	return x->first != y->first ? x->first - y->first : x->last - y->last;
}

void nft_policy_sort(struct nft_policy *policy)
{
	size_t kept = 0;

	if (!policy->allows_count)
		return;
	qsort(policy->allows, policy->allows_count, sizeof(*policy->allows), compare_allows);
	for (size_t i = 1; i < policy->allows_count; i++)
		if (compare_allows(&policy->allows[kept], &policy->allows[i]))
			policy->allows[++kept] = policy->allows[i];
	policy->allows_count = kept + 1;
}

int nft_policy_parse(const char *text, struct nft_policy *policy, struct hp_err *err)
{
	hp_autofree char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return hp_err_errno(err, ENOMEM, "parse the firewall's setting");
	while ((line = strsep(&rest, "\n"))) {
		int rc = line[0] ? nft_policy_add_line(policy, line) : 0;

		if (rc == -EINVAL)
			return hp_err_set(err, EINVAL, "\"%s\" is neither \"leg DOMAIN " NFT_LEG_PREFIX "LINK ADDRESS\" nor "
					  "\"allow FROM TO tcp|udp PORT[-PORT]\" nor \"allow FROM TO icmp\" between legs "
					  "named before", line);
		if (rc)
			return hp_err_errno(err, -rc, "parse the firewall's setting");
	}
	nft_policy_sort(policy);
	return 0;
}

void nft_leg_format(const struct nft_leg *leg, char *line, size_t size)
{
	snprintf(line, size, "leg %s %s %s", leg->domain, leg->link, leg->address);
}

static const char *name_of(const struct nft_policy *policy, int index)
{
	return index == NFT_BASE ? "base" : policy->legs[index].domain;
}

void nft_allow_format(const struct nft_policy *policy, const struct nft_allow *allow, char *line,
		      size_t size)
{
	const char *from = name_of(policy, allow->from), *to = name_of(policy, allow->to);
	const char *word = protocols[protocol_rank(allow->protocol)].word;

	if (allow->protocol == IPPROTO_ICMP)
		snprintf(line, size, "allow %s %s %s", from, to, word);
	else if (allow->first == allow->last)
		snprintf(line, size, "allow %s %s %s %u", from, to, word, allow->first);
	else
		snprintf(line, size, "allow %s %s %s %u-%u", from, to, word, allow->first, allow->last);
}

char *nft_policy_format(const struct nft_policy *policy)
{
	char *text = NULL, line[NFT_COMMENT_SIZE];
	const char *separator = "";
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < policy->legs_count; i++, separator = "\n") {
		nft_leg_format(&policy->legs[i], line, sizeof(line));
		fprintf(out, "%s%s", separator, line);
	}
	for (size_t i = 0; i < policy->allows_count; i++, separator = "\n") {
		nft_allow_format(policy, &policy->allows[i], line, sizeof(line));
		fprintf(out, "%s%s", separator, line);
	}
	fclose(out);
	return text;
}

uint32_t nft_policy_tag(const struct nft_policy *policy)
{
	hp_autofree char *text = nft_policy_format(policy);

	return text ? hp_fnv1a(text, strlen(text)) : 0;
}
