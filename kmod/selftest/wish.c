// SPDX-License-Identifier: GPL-2.0
/* wish.c: draws random domains and claims, and stages them as attributes. */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "hostpart.h"
#include "selftest.h"

#define WISH_BYTES	512

/* Few of everything, so that most things collide. The last name is none. */
static const char *const names[] = { "a", "b", "c-1", "base0", "Bad" };

/* Of root ports that no machine has; all different. */
static const char *const paths[] = {
	"7fff:7f:01.0/00.0", "7fff:7f:01.0/00.1", "7fff:7f:02.0/00.0", "7fff:7f:01.0/00.0/00.0",
};

u32 hp_wish_below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

static void draw_cpus(struct rnd_state *rnd, struct hp_wish *wish)
{
	u32 first = hp_wish_below(rnd, nr_cpu_ids), i;

	wish->range_count = 1 + hp_wish_below(rnd, 2);
	for (i = 0; i < wish->range_count; i++) {
		wish->ranges[i][0] = first;
		wish->ranges[i][1] = first + hp_wish_below(rnd, 2);
		first = wish->ranges[i][1] + 1 + hp_wish_below(rnd, 2);
	}
}

/* Little, or so much of the machine that two are too much, or nearly what 64 bits count. */
static u64 draw_memory(struct rnd_state *rnd)
{
	u64 machine_bytes = (u64)totalram_pages() << PAGE_SHIFT;
	u32 dice = hp_wish_below(rnd, 24);

	if (!dice)
		return U64_MAX - hp_wish_below(rnd, 4096);
	if (dice < 8)
		return machine_bytes / 2 + hp_wish_below(rnd, 4096);
	return (u64)hp_wish_below(rnd, 1024) << 12;
}

static void draw_pci(struct rnd_state *rnd, struct hp_wish_pci *pci)
{
	pci->kind = hp_wish_below(rnd, 3);
	switch (pci->kind) {
	case HP_PCI_BY_ADDRESS:
		pci->value[0] = 0x7ffe + hp_wish_below(rnd, 2);
		pci->value[1] = hp_wish_below(rnd, 2) ? 255 : 0;
		pci->value[2] = hp_wish_below(rnd, 2) ? 31 : 0;
		pci->value[3] = hp_wish_below(rnd, 8);
		break;
	case HP_PCI_BY_ID:
		pci->value[0] = 0xfff0 + hp_wish_below(rnd, 2);
		pci->value[1] = hp_wish_below(rnd, 2);
		pci->value[2] = hp_wish_below(rnd, 3);
		break;
	default:
		pci->value[0] = hp_wish_below(rnd, ARRAY_SIZE(paths));
	}
}

void hp_wish_draw(struct rnd_state *rnd, struct hp_wish *wish)
{
	u32 dice = hp_wish_below(rnd, 10);

	memset(wish, 0, sizeof(*wish));
	wish->domain = names[hp_wish_below(rnd, hp_wish_below(rnd, 16) ? 4 : ARRAY_SIZE(names))];
	if (dice < 4) {
		wish->kind = HP_WISH_DOMAIN;
		wish->cgroup_id = hp_wish_below(rnd, 2) ? 0 : 1 + hp_wish_below(rnd, 2);
		wish->is_base = !hp_wish_below(rnd, 6);
	} else if (dice < 6) {
		wish->kind = HP_WISH_CPUS;
		draw_cpus(rnd, wish);
	} else if (dice < 7) {
		wish->kind = HP_WISH_MEMORY;
		wish->memory_bytes = draw_memory(rnd);
	} else {
		wish->kind = HP_WISH_PCI;
		draw_pci(rnd, &wish->pci);
	}
}

static int put_domain(struct sk_buff *skb, const struct hp_wish *wish)
{
	if (nla_put_string(skb, HP_DOMAIN_A_NAME, wish->domain) ||
	    (wish->cgroup_id && nla_put_u64_64bit(skb, HP_DOMAIN_A_CGROUP_ID, wish->cgroup_id,
						  HP_DOMAIN_A_PAD)) ||
	    (wish->is_base && nla_put_u32(skb, HP_DOMAIN_A_FLAGS, HP_DOMAIN_F_BASE)))
		return -EMSGSIZE;
	return 0;
}

static int put_pci(struct sk_buff *skb, const struct hp_wish_pci *pci)
{
	switch (pci->kind) {
	case HP_PCI_BY_ADDRESS:
		return nla_put_u32(skb, HP_CLAIM_A_PCI_SEGMENT, pci->value[0]) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_BUS, pci->value[1]) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_DEVICE, pci->value[2]) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_FUNCTION, pci->value[3]);
	case HP_PCI_BY_ID:
		return nla_put_u32(skb, HP_CLAIM_A_PCI_VENDOR, pci->value[0]) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_DEVICE_ID, pci->value[1]) ||
		       nla_put_u32(skb, HP_CLAIM_A_PCI_INDEX, pci->value[2]);
	}
	return nla_put_string(skb, HP_CLAIM_A_PCI_PATH, paths[pci->value[0]]);
}

static int put_claim(struct sk_buff *skb, const struct hp_wish *wish)
{
	static const u32 types[] = {
		[HP_WISH_CPUS] = HP_CLAIM_CPU,
		[HP_WISH_MEMORY] = HP_CLAIM_MEMORY,
		[HP_WISH_PCI] = HP_CLAIM_PCI,
	};

	if (nla_put_string(skb, HP_CLAIM_A_DOMAIN, wish->domain) ||
	    nla_put_u32(skb, HP_CLAIM_A_TYPE, types[wish->kind]))
		return -EMSGSIZE;
	if (wish->kind == HP_WISH_CPUS)
		return nla_put(skb, HP_CLAIM_A_CPUS, wish->range_count * sizeof(wish->ranges[0]),
			       wish->ranges);
	if (wish->kind == HP_WISH_PCI)
		return put_pci(skb, &wish->pci);
	return nla_put_u64_64bit(skb, HP_CLAIM_A_MEM_BYTES, wish->memory_bytes, HP_CLAIM_A_PAD);
}

int hp_wish_stage(const struct hp_wish *wish, struct hp_table *table)
{
	bool is_domain = wish->kind == HP_WISH_DOMAIN;
	struct hp_refusal why = {};
	struct nlattr *nest;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb(WISH_BYTES, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	nest = nla_nest_start(skb, is_domain ? HP_A_DOMAIN : HP_A_CLAIM);
	err = is_domain ? put_domain(skb, wish) : put_claim(skb, wish);
	if (!err) {
		nla_nest_end(skb, nest);
		err = hp_parse_entry(nest, HP_FROM_TASK, table, &why, NULL);
	}
	kfree_skb(skb);
	return err;
}

const struct hp_claim *hp_wish_find_pci(const struct hp_table *table, const struct hp_wish_pci *pci)
{
	char text[HP_PCI_TEXT_LEN];
	u32 i;

	if (pci->kind == HP_PCI_BY_ADDRESS)
		return hp_table_pci_at(table, pci->value[0], pci->value[1],
				       pci->value[2] << 3 | pci->value[3]);
	for (i = 0; i < table->claim_count; i++) {
		const struct hp_pci_name *name = &table->claims[i]->pci;

		if (table->claims[i]->type != HP_CLAIM_PCI || name->match != pci->kind)
			continue;
		if (pci->kind == HP_PCI_BY_ID && name->vendor == pci->value[0] &&
		    name->device_id == pci->value[1] && name->index == pci->value[2])
			return table->claims[i];
		hp_pci_print(name, text, sizeof(text));
		if (pci->kind == HP_PCI_BY_PATH && !strcmp(text, paths[pci->value[0]]))
			return table->claims[i];
	}
	return NULL;
}
