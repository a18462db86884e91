// SPDX-License-Identifier: GPL-2.0
/* read_link.c: reads what may cross between the domains. */
#include "policy/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

#define NOBODY (-2)	/* an end that was complained about */

/* A link while it is read; the spec itself stays in the policy's array. */
struct draft {
	struct hp_link_spec *link;
	bool has_protocol;
};

static int find_end(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node)
{
	const char *names[HP_DOMAINS_MAX + 2] = { "base" };
	size_t count = 1;
	const char *text, *nearest;
	hp_autofree char *allowed = NULL;
	int index;

	if (!hp_read_text(in, key, node, &text))
		return NOBODY;
	if (!strcmp(text, "base"))
		return -1;
	index = hp_policy_find(in->policy, text);
	if (index >= 0)
		return index;
	for (size_t i = 0; i < in->policy->domains_count; i++) {
		if (in->policy->domains[i].name)
			names[count++] = in->policy->domains[i].name;
	}
	nearest = hp_word_nearest(text, names);
	/* A long list would bury the message. */
	allowed = hp_words_join(
		count <= 9 ? names : (const char *const[]){ "base", "a name under domains", NULL });
	hp_complain(in->bad, node->loc,
		    "%s cannot be %s: there is no such domain; allowed: %s%s%s%s", key->name,
		    hp_show(text).text, allowed ? allowed : "", nearest ? "; did you mean \"" : "",
		    nearest ? nearest : "", nearest ? "\"?" : "");
	return NOBODY;
}

static void read_from(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	struct draft *draft = field;

	draft->link->from = find_end(in, key, node);
}

static void read_to(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		    void *field)
{
	struct draft *draft = field;

	draft->link->to = find_end(in, key, node);
}

static void read_protocol(struct hp_reader *in, const struct hp_key *key,
			  const struct hp_yaml *node, void *field)
{
	static const char *const words[] = { "tcp", "udp", "icmp", NULL };
	struct draft *draft = field;
	unsigned int word;

	draft->has_protocol = hp_read_word(in, key, node, words, &word);
	if (draft->has_protocol)
		draft->link->protocol = word;
}

/* "8080" or "9000-9010": digits only, 1 to 65535. */
static const char *read_range(const char *text, struct hp_port_range *range)
{
	unsigned long first, last;
	size_t digits = strspn(text, "0123456789");
	const char *end = text + digits;

	if (!digits || (*end && (*end != '-' || !end[1] || end[1 + strspn(end + 1, "0123456789")])))
		return "it is neither a port nor a range of ports";
	first = strtoul(text, NULL, 10);
	last = *end ? strtoul(end + 1, NULL, 10) : first;
	if (!first || first > 65535 || !last || last > 65535)
		return "ports are 1 to 65535";
	if (last < first)
		return "the range runs backwards";
	*range = (struct hp_port_range){ first, last };
	return NULL;
}

static void read_ports_item(struct hp_reader *in, const struct hp_key *key,
			    const struct hp_yaml *node, void *field)
{
	const char *text, *why;

	if (!hp_read_list_text(in, key, node, &text))
		return;
	why = read_range(text, field);
	if (why)
		hp_reject(in, key, node, why, NULL);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct hp_port_range *one = a, *two = b;

	if (one->first != two->first)
		return one->first < two->first ? -1 : 1;
	return one->last < two->last ? -1 : one->last > two->last;
}

static void read_ports(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	static const struct hp_list list = { 1, HP_LINK_PORTS_MAX, sizeof(struct hp_port_range),
					     read_ports_item };
	struct hp_link_spec *link = ((struct draft *)field)->link;
	void *items = NULL;

	hp_read_list(in, key, &list, node, &items, &link->ports_count);
	link->ports = items;
	if (!items)
		return;
	qsort(link->ports, link->ports_count, sizeof(*link->ports), compare_ranges);
	for (size_t i = 1; i < link->ports_count; i++) {
		if (link->ports[i - 1].first && link->ports[i].first <= link->ports[i - 1].last)
			hp_complain(in->bad, hp_yaml_where(node),
				    "port %u is given twice in this link; remove one",
				    link->ports[i].first);
	}
}

enum { FROM, TO, PROTOCOL, PORTS };

static const struct hp_key keys[] = {
	[FROM] = { "from", "a domain, or base", read_from, 0, true },
	[TO] = { "to", "a domain, or base", read_to, 0, true },
	[PROTOCOL] = { "protocol", "tcp, udp or icmp", read_protocol, 0, true },
	[PORTS] = { "ports", "a list of ports and ranges, such as [8080, \"9000-9010\"]",
		    read_ports, 0, false },
};
static const struct hp_shape shape = HP_SHAPE("a link", keys);

static void check_end(struct hp_reader *in, const struct hp_link_spec *link, int end)
{
	const struct hp_domain_spec *domain = end >= 0 ? &in->policy->domains[end] : NULL;

	if (domain && !domain->network.is_linked)
		hp_complain(in->bad, link->loc,
			    "domain %s has link: false (line %u), so nothing can cross; remove one",
			    domain->name, domain->network.loc.line);
}

static void check_link(struct hp_reader *in, const struct hp_link_spec *link, unsigned int seen,
		       bool has_protocol)
{
	const bool has_ports = seen & 1u << PORTS;

	if (link->from != NOBODY && link->from == link->to)
		hp_complain(
			in->bad, link->loc,
			"from and to are the same; a link joins two domains, or one and the base");
	else
		check_end(in, link, link->from);
	if (link->from != link->to)
		check_end(in, link, link->to);
	if (!has_protocol)
		return;
	if (link->protocol == HP_LINK_ICMP && has_ports)
		hp_complain(in->bad, link->loc, "icmp has no ports; remove ports");
	if (link->protocol != HP_LINK_ICMP && !has_ports)
		hp_complain(in->bad, link->loc, "ports is missing beside %s; allowed: %s",
			    link->protocol == HP_LINK_TCP ? "tcp" : "udp", keys[PORTS].allowed);
}

static void read_link(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	struct hp_link_spec *link = field;
	struct draft draft = { .link = link };
	unsigned int seen;

	link->from = link->to = NOBODY;
	link->loc = node->loc;
	seen = hp_read_map(in, &shape, key, node, &draft);
	if (node->kind == HP_YAML_MAP)
		check_link(in, link, seen, draft.has_protocol);
}

void hp_read_links(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		   void *field)
{
	static const struct hp_list list = { 0, HP_LINKS_MAX, sizeof(struct hp_link_spec),
					     read_link };
	struct hp_policy *policy = field;
	void *items = NULL;

	hp_read_list(in, key, &list, node, &items, &policy->links_count);
	policy->links = items;
}
