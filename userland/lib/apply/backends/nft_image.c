// SPDX-License-Identifier: GPL-2.0
/* nft_image.c: a firewall table as plain data: what is there against what should be. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "nft.h"

void nft_image_clear(struct nft_image *image)
{
	for (size_t i = 0; i < image->rules_count; i++)
		free(image->rules[i].text);
	free(image->rules);
	free(image->chains);
	memset(image, 0, sizeof(*image));
}

int nft_image_add_chain(struct nft_image *image, const struct nft_image_chain *chain)
{
	struct nft_image_chain *chains = reallocarray(image->chains, image->chains_count + 1,
						      sizeof(*chains));

	if (!chains)
		return -ENOMEM;
	image->chains = chains;
	chains[image->chains_count++] = *chain;
	return 0;
}

int nft_image_add_rule(struct nft_image *image, struct nftnl_rule *rule)
{
	struct nft_image_rule *rules, *added;
	const char *chain = nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN);
	uint32_t size = 0;
	const void *note;

	rules = reallocarray(image->rules, image->rules_count + 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	image->rules = rules;
	added = &rules[image->rules_count];
	memset(added, 0, sizeof(*added));
	added->text = nft_rule_text(rule);
	if (!added->text)
		return -ENOMEM;
	snprintf(added->chain, sizeof(added->chain), "%s", chain ? chain : "");
	added->handle = nftnl_rule_get_u64(rule, NFTNL_RULE_HANDLE);
	if (nftnl_rule_is_set(rule, NFTNL_RULE_USERDATA)) {
		note = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &size);
		nft_note_parse(note, size, &added->note);
	}
	image->rules_count++;
	return 0;
}

static int expect_rule(const struct nft_rule_spec *spec, void *arg)
{
	struct nft_image *image = arg;
	struct nftnl_rule *rule = nft_rule_build(spec, image->tag);
	int rc = rule ? nft_image_add_rule(image, rule) : -ENOMEM;

	if (rule)
		nftnl_rule_free(rule);
	return rc;
}

int nft_image_expect(const struct nft_policy *policy, struct nft_image *image)
{
	image->exists = true;
	image->tag = nft_policy_tag(policy);
	for (size_t i = 0; i < NFT_CHAINS; i++) {
		struct nft_image_chain chain = {
			.type = "filter",
			.is_base = true,
			.hook = nft_chain_specs[i].hook,
			.policy = NF_ACCEPT,
			.priority = NFT_PRIORITY,
		};

		snprintf(chain.name, sizeof(chain.name), "%s", nft_chain_specs[i].name);
		if (nft_image_add_chain(image, &chain))
			return -ENOMEM;
	}
	return nft_rules_walk(policy, expect_rule, image);
}

/* The policy line that a rule's comment claims; "" when it claims none. */
static void claimed_line(const struct nft_note *note, char *line, size_t size)
{
	const char *colon = strstr(note->comment, ": ");

	snprintf(line, size, "%.*s", colon ? (int)(colon - note->comment) : 0, note->comment);
}

static bool has_line(const struct nft_policy *policy, const char *line)
{
	char known[NFT_COMMENT_SIZE];

	for (size_t i = 0; i < policy->legs_count; i++) {
		nft_leg_format(&policy->legs[i], known, sizeof(known));
		if (!strcmp(known, line))
			return true;
	}
	for (size_t i = 0; i < policy->allows_count; i++) {
		nft_allow_format(policy, &policy->allows[i], known, sizeof(known));
		if (!strcmp(known, line))
			return true;
	}
	return false;
}

/*
 * What the rules say they are for. Whether they do that is checked afterwards,
 * so nothing is trusted here.
 */
static int claim_policy(const struct nft_image *live, struct nft_policy *policy)
{
	static const char *const passes[] = { "leg ", "allow " };	/* allows refer to legs */

	for (size_t pass = 0; pass < hp_array_size(passes); pass++)
		for (size_t i = 0; i < live->rules_count; i++) {
			char line[NFT_COMMENT_SIZE];

			claimed_line(&live->rules[i].note, line, sizeof(line));
			if (strncmp(line, passes[pass], strlen(passes[pass])) ||
			    has_line(policy, line))
				continue;
			if (nft_policy_add_line(policy, line) == -ENOMEM)
				return -ENOMEM;
		}
	nft_policy_sort(policy);
	return 0;
}

static bool is_same_rule(const struct nft_image_rule *a, const struct nft_image_rule *b)
{
	return !strcmp(a->chain, b->chain) && !strcmp(a->text, b->text) &&
	       !strcmp(a->note.comment, b->note.comment);
}

static bool has_rule(const struct nft_image *image, const struct nft_image_rule *rule)
{
	for (size_t i = 0; i < image->rules_count; i++)
		if (is_same_rule(&image->rules[i], rule))
			return true;
	return false;
}

static void compare_chains(const struct nft_image *live, const struct nft_image *want, FILE *out)
{
	for (size_t i = 0; i < want->chains_count; i++) {
		const struct nft_image_chain *w = &want->chains[i], *l = NULL;

		for (size_t j = 0; j < live->chains_count; j++)
			if (!strcmp(live->chains[j].name, w->name))
				l = &live->chains[j];
		if (!l)
			fprintf(out, "\naltered: chain %s is missing", w->name);
		else if (!l->is_base || strcmp(l->type, w->type) || l->hook != w->hook ||
			 l->priority != w->priority)
			fprintf(out, "\naltered: chain %s hangs at another hook", w->name);
		else if (l->policy != w->policy)
			fprintf(out, "\naltered: chain %s has another policy", w->name);
	}
	for (size_t i = 0; i < live->chains_count; i++) {
		bool is_known = false;

		for (size_t j = 0; j < want->chains_count; j++)
			is_known = is_known || !strcmp(live->chains[i].name, want->chains[j].name);
		if (!is_known)
			fprintf(out, "\naltered: chain %s was added", live->chains[i].name);
	}
}

static size_t count_in_chain(const struct nft_image *image, const char *chain)
{
	size_t count = 0;

	for (size_t i = 0; i < image->rules_count; i++)
		count += !strcmp(image->rules[i].chain, chain);
	return count;
}

static const struct nft_image_rule *nth_in_chain(const struct nft_image *image, const char *chain,
						 size_t n)
{
	for (size_t i = 0; i < image->rules_count; i++)
		if (!strcmp(image->rules[i].chain, chain) && !n--)
			return &image->rules[i];
	return NULL;
}

/* Called when no rule is missing or strange: then only repetition or order can differ. */
static void compare_order(const struct nft_image *live, const struct nft_image *want, FILE *out)
{
	for (size_t c = 0; c < NFT_CHAINS; c++) {
		const char *chain = nft_chain_specs[c].name;
		size_t count = count_in_chain(want, chain);
		bool is_same = count == count_in_chain(live, chain);

		for (size_t i = 0; is_same && i < count; i++)
			is_same = is_same_rule(nth_in_chain(live, chain, i),
					       nth_in_chain(want, chain, i));
		if (!is_same)
			fprintf(out, "\naltered: the rules of chain %s are repeated or in another order", chain);
	}
}

/* Rules of one chain of `image` that `other` does not have; *first is the first of them. */
static size_t count_extra(const struct nft_image *image, const struct nft_image *other,
			  const char *chain, const struct nft_image_rule **first)
{
	size_t count = 0;

	for (size_t i = 0; i < image->rules_count; i++)
		if (!strcmp(image->rules[i].chain, chain) && !has_rule(other, &image->rules[i]) &&
		    !count++)
			*first = &image->rules[i];
	return count;
}

static void compare_rules(const struct nft_image *live, const struct nft_image *want, FILE *out)
{
	size_t differences = 0;

	for (size_t c = 0; c < NFT_CHAINS; c++) {
		const char *chain = nft_chain_specs[c].name;
		const struct nft_image_rule *missing = NULL, *strange = NULL;
		size_t lacks = count_extra(want, live, chain, &missing),
		       has = count_extra(live, want, chain, &strange);

		differences += lacks + has;
		if (lacks)
			fprintf(out, "\naltered: chain %s lacks %zu of its rules, the first is \"%s\"", chain, lacks,
				missing->note.comment);
		if (has)
			fprintf(out, "\naltered: chain %s has %zu strange rules, the first has handle %llu", chain, has,
				(unsigned long long)strange->handle);
	}
	if (!differences)
		compare_order(live, want, out);
}

static void compare_tags(const struct nft_image *live, const struct nft_image *want, FILE *out)
{
	bool is_same = live->tag == want->tag;

	for (size_t i = 0; is_same && i < live->rules_count; i++)
		is_same = live->rules[i].note.tag == want->tag;
	if (!is_same)
		fprintf(out, "\naltered: the generation tag");
}

int nft_image_value(const struct nft_image *live, char **value)
{
	nft_autopolicy policy = NFT_POLICY_INIT;
	nft_autoimage want = { 0 };
	hp_autofree char *claimed = NULL;
	size_t size;
	FILE *out;

	*value = NULL;
	if (!live->exists)
		return 0;
	if (claim_policy(live, &policy) || nft_image_expect(&policy, &want))
		return -ENOMEM;
	claimed = nft_policy_format(&policy);
	out = claimed ? open_memstream(value, &size) : NULL;
	if (!out)
		return -ENOMEM;
	fputs(claimed, out);
	if (live->flags)
		fprintf(out, "\naltered: the table has flags 0x%x", live->flags);
	compare_chains(live, &want, out);
	compare_rules(live, &want, out);
	compare_tags(live, &want, out);
	return fclose(out) ? -ENOMEM : 0;
}
