// SPDX-License-Identifier: GPL-2.0
/* genl_vector.c: the command that lists the interrupt vectors. */
#include <linux/string.h>
#include <net/genetlink.h>

#include "irq_guard.h"

/* Where the dump goes on; lives in netlink_callback.ctx. */
struct vector_cursor {
	u32 irq;
	char domain[HP_DOMAIN_NAME_MAX + 1];	/* "" = all */
};

static struct vector_cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct vector_cursor) > sizeof(cb->ctx));
	return (struct vector_cursor *)cb->ctx;
}

static int put_function(struct sk_buff *skb, const struct hp_vector *vector)
{
	if (!vector->has_function)
		return 0;
	if (nla_put_u32(skb, HP_VECTOR_A_PCI_SEGMENT, vector->pci.segment) ||
	    nla_put_u32(skb, HP_VECTOR_A_PCI_BUS, vector->pci.bus) ||
	    nla_put_u32(skb, HP_VECTOR_A_PCI_DEVICE, vector->pci.device) ||
	    nla_put_u32(skb, HP_VECTOR_A_PCI_FUNCTION, vector->pci.function))
		return -EMSGSIZE;
	return 0;
}

static int put_vector(struct sk_buff *skb, const struct hp_vector *vector)
{
	struct nlattr *nest = nla_nest_start(skb, HP_A_VECTOR);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, HP_VECTOR_A_IRQ, vector->irq) ||
	    nla_put_u32(skb, HP_VECTOR_A_STATE, vector->state) ||
	    (vector->domain[0] && nla_put_string(skb, HP_VECTOR_A_DOMAIN, vector->domain)) ||
	    (vector->error && nla_put_u32(skb, HP_VECTOR_A_ERROR, vector->error)) ||
	    put_function(skb, vector))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_message(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct hp_vector *vector)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&hp_genl_family, NLM_F_MULTI, HP_CMD_GET_VECTOR);

	if (!hdr)
		return -EMSGSIZE;
	if (put_vector(skb, vector)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int hp_genl_start_vectors(struct netlink_callback *cb)
{
	return hp_genl_start_filtered(cb, cursor_of(cb)->domain);
}

int hp_genl_dump_vectors(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vector_cursor *cursor = cursor_of(cb);
	struct hp_vector vector;

	for (; hp_irq_guard_next_vector(cursor->irq, &vector); cursor->irq = vector.irq + 1) {
		if (cursor->domain[0] && strcmp(cursor->domain, vector.domain))
			continue;
		if (put_message(skb, cb, &vector))
			break;
	}
	return skb->len;
}
