// SPDX-License-Identifier: GPL-2.0
/* emit_net.c: the star's legs and the rules of what may pass between them. */
#include "plan/emit.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_leg.h"

static const char *const protocol_words[] = { "tcp", "udp", "icmp" };

static int emit_leg(struct emit *emit, size_t index)
{
	const struct hp_domain_spec *spec = &emit->policy->domains[index];
	struct emit_for whose = { (int)index,
				  spec->network.loc.line ? spec->network.loc : spec->loc };
	hp_autofree char *want = NULL;

	if (asprintf(&want, "inside=%s hub=%s subnet=%s",
		     emit->assignment->domains[index].link_address,
		     emit->assignment->base_link_address, emit->policy->star_subnet) < 0) {
		want = NULL;
		return -ENOMEM;
	}
	return emit_text(emit, whose, "star", spec->name, "", want);
}

/* A rule with one range of ports (none for icmp). */
struct rule {
	int from, to;
	enum hp_link_protocol protocol;
	struct hp_port_range ports;
};

static int by_ends(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->ports.first != y->ports.first)
		return x->ports.first < y->ports.first ? -1 : 1;
	return (int)x->ports.last - (int)y->ports.last;
}

static struct rule *list_rules(const struct hp_policy *policy, size_t *count)
{
	size_t most = 1;
	struct rule *rules;

	for (size_t i = 0; i < policy->links_count; i++)
		most += policy->links[i].ports_count + 1;
	rules = calloc(most, sizeof(*rules));
	*count = 0;
	for (size_t i = 0; rules && i < policy->links_count; i++) {
		const struct hp_link_spec *link = &policy->links[i];
		struct rule rule = { link->from, link->to, link->protocol, { 0, 0 } };

		if (!link->ports_count)
			rules[(*count)++] = rule;
		for (size_t j = 0; j < link->ports_count; j++) {
			rule.ports = link->ports[j];
			rules[(*count)++] = rule;
		}
	}
	if (rules)
		qsort(rules, *count, sizeof(*rules), by_ends);
	return rules;
}

static void print_rule(FILE *out, const struct hp_policy *policy, const struct rule *rule)
{
	fprintf(out, "\nallow %s %s %s", rule->from < 0 ? "base" : policy->domains[rule->from].name,
		rule->to < 0 ? "base" : policy->domains[rule->to].name,
		protocol_words[rule->protocol]);
	if (rule->protocol == HP_LINK_ICMP)
		return;
	fprintf(out, " %u", rule->ports.first);
	if (rule->ports.last != rule->ports.first)
		fprintf(out, "-%u", rule->ports.last);
}

/* Legs in policy order, then the rules sorted, each once. */
static int print_rules(const struct emit *emit, FILE *out)
{
	hp_autofree struct rule *rules = NULL;
	char leg[HP_LEG_NAME_SIZE];
	bool is_first = true;
	size_t count;

	for (size_t i = 0; i < emit->assignment->domains_count; i++) {
		const struct hp_assigned_domain *domain = &emit->assignment->domains[i];

		if (!domain->link_address)
			continue;
		hp_leg_name(domain->name, leg);
		fprintf(out, "%sleg %s %s %s", is_first ? "" : "\n", domain->name, leg,
			domain->link_address);
		is_first = false;
	}
	rules = list_rules(emit->policy, &count);
	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!i || by_ends(&rules[i - 1], &rules[i]))
			print_rule(out, emit->policy, &rules[i]);
	}
	return 0;
}

static int emit_firewall(struct emit *emit)
{
	struct emit_for whose = { -1, { 0, 0 } };
	char *text = NULL;
	size_t size;
	FILE *out;

	if (emit->policy->links_count)
		whose.loc = emit->policy->links[0].loc;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	if (print_rules(emit, out)) {
		fclose(out);
		free(text);
		return -ENOMEM;
	}
	return emit_stream(emit, whose, "nft", "hostpart", out, &text);
}

/*
 * The firewall before the legs (its rules go by their names): nothing ever
 * passes unjudged, neither when legs come nor, in reverse, when they go.
 */
int emit_star(struct emit *emit)
{
	if (!emit->assignment->base_link_address)
		return 0;
	if (emit_firewall(emit))
		return -ENOMEM;
	for (size_t i = 0; i < emit->assignment->domains_count; i++) {
		if (emit->assignment->domains[i].link_address && emit_leg(emit, i))
			return -ENOMEM;
	}
	return 0;
}
