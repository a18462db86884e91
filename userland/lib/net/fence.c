// SPDX-License-Identifier: GPL-2.0
/* fence.c: describes a table of nftables. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <errno.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "net/fence.h"

struct hp_fence *hp_fence_new(uint32_t family, const char *table, const char *value)
{
	struct hp_fence *fence = calloc(1, sizeof(*fence));

	if (!fence)
		return NULL;
	fence->family = family;
	snprintf(fence->table, sizeof(fence->table), "%s", table);
	fence->value = strdup(value);
	if (fence->value)
		return fence;
	free(fence);
	return NULL;
}

void hp_fence_free(struct hp_fence *fence)
{
	if (!fence)
		return;
	for (size_t i = 0; i < fence->rules_count; i++)
		nftnl_rule_free(fence->rules[i].filled.rule);
	free(fence->rules);
	free(fence->value);
	free(fence);
}

void hp_fence_freep(struct hp_fence **fence)
{
	hp_fence_free(*fence);
}

void hp_fence_add_chain(struct hp_fence *fence, const struct hp_nftchain *chain)
{
	struct fence_chain *added = &fence->chains[fence->chains_count];

	if (fence->chains_count == FENCE_CHAINS_MAX) {
		fence->is_short = true;
		return;
	}
	fence->chains_count++;
	snprintf(added->name, sizeof(added->name), "%s", chain->name);
	snprintf(added->type, sizeof(added->type), "%s", chain->type);
	snprintf(added->device, sizeof(added->device), "%s", chain->device ? chain->device : "");
	added->hook = chain->hook;
	added->priority = chain->priority;
}

struct hp_nftrule *hp_fence_add_rule(struct hp_fence *fence, const char *chain, const char *comment)
{
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct fence_rule *rules = reallocarray(fence->rules, fence->rules_count + 1, sizeof(*rules));

	if (rules)
		fence->rules = rules;
	if (!rule || !rules || nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, fence->table) ||
	    nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain)) {
		if (rule)
			nftnl_rule_free(rule);
		fence->is_short = fence->none.is_short = true;
		return &fence->none;
	}
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, fence->family);
	rules += fence->rules_count++;
	*rules = (struct fence_rule){ .filled.rule = rule };
	snprintf(rules->comment, sizeof(rules->comment), "%s", comment);
	return &rules->filled;
}

void hp_fence_count_and_drop(struct hp_nftrule *rule)
{
	hp_nftrule_count(rule);
	hp_nftrule_judge(rule, NF_DROP);
}

static bool is_short(const struct hp_fence *fence)
{
	for (size_t i = 0; i < fence->rules_count; i++)
		if (fence->rules[i].filled.is_short)
			return true;
	return fence->is_short;
}

/* A long value needs more rules than it means. */
static void add_room(struct hp_fence *fence)
{
	while (!fence->is_short && fence->chains_count && fence->rules_count * FENCE_PIECE_MAX < strlen(fence->value))
		hp_nftrule_count(hp_fence_add_rule(fence, fence->chains[fence->chains_count - 1].name,
						   "more of the value"));
}

void fence_dump_chain(FILE *out, const struct fence_chain *chain)
{
	fprintf(out, "chain %s %s %u %d %s\n", chain->name, chain->type, chain->hook, chain->priority,
		chain->device);
}

void fence_dump_rule(FILE *out, struct nftnl_rule *rule)
{
	fprintf(out, "rule %s ", nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
	hp_nftrule_dump(rule, out);
	fputc('\n', out);
}

char *hp_fence_dump(struct hp_fence *fence)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	add_room(fence);
	out = is_short(fence) ? NULL : open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < fence->chains_count; i++)
		fence_dump_chain(out, &fence->chains[i]);
	/* As the kernel tells them: chain by chain. */
	for (size_t i = 0; i < fence->chains_count; i++)
		for (size_t j = 0; j < fence->rules_count; j++)
			if (!strcmp(nftnl_rule_get_str(fence->rules[j].filled.rule, NFTNL_RULE_CHAIN),
				    fence->chains[i].name))
				fence_dump_rule(out, fence->rules[j].filled.rule);
	return fclose(out) ? NULL : text;
}

char *hp_fence_tell(const struct hp_fence_found *found, struct hp_fence *want, const char *altered)
{
	hp_autofree char *dump = want ? hp_fence_dump(want) : NULL;

	if (want && !dump)
		return NULL;
	return hp_format("%s%s", found->value, dump && !strcmp(dump, found->dump) ? "" : altered);
}

static int note_rule(struct fence_rule *rule, const char *piece, size_t size)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(256);	/* NFT_USERDATA_MAXLEN */
	int rc = 0;

	if (!data)
		return -ENOMEM;
	nftnl_udata_put_strz(data, NFTNL_UDATA_RULE_COMMENT, rule->comment);
	if (size)
		nftnl_udata_put(data, FENCE_NOTE_PIECE, size, piece);
	if (nftnl_rule_set_data(rule->filled.rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data),
				nftnl_udata_buf_len(data)))
		rc = -ENOMEM;
	nftnl_udata_buf_free(data);
	return rc;
}

int fence_note_rules(struct hp_fence *fence)
{
	const char *rest = fence->value;

	add_room(fence);
	/* Read back chain by chain, so written in that order. */
	for (size_t i = 0; i < fence->chains_count; i++)
		for (size_t j = 0; j < fence->rules_count; j++) {
			size_t size = strlen(rest);

			if (strcmp(nftnl_rule_get_str(fence->rules[j].filled.rule, NFTNL_RULE_CHAIN),
				   fence->chains[i].name))
				continue;
			size = size > FENCE_PIECE_MAX ? FENCE_PIECE_MAX : size;
			if (note_rule(&fence->rules[j], rest, size))
				return -ENOMEM;
			rest += size;
		}
	return is_short(fence) ? -ENOMEM : 0;
}
