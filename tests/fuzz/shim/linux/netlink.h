/* SPDX-License-Identifier: GPL-2.0 */
/* netlink.h: the kernel's inner netlink interface, as far as attributes go. */
#ifndef HP_FUZZ_NETLINK_H
#define HP_FUZZ_NETLINK_H

#include_next <linux/netlink.h>
#include "../kernel.h"

struct nla_policy;
struct sock;
struct netlink_callback {
	const struct nlmsghdr *nlh;
	struct sk_buff *skb;
	unsigned int seq, prev_seq;
};
struct netlink_skb_parms {
	u32 portid, dst_group;
};
#define NETLINK_CB(skb) (*(struct netlink_skb_parms *)(skb)->data)
struct netlink_ext_ack {
	const char *_msg;
	const struct nlattr *bad_attr;
	const struct nla_policy *policy;
};

#define NL_SET_ERR_MSG(ack, text) do { if (ack) (ack)->_msg = (text); } while (0)
#define NL_SET_BAD_ATTR(ack, attr) do { if (ack) (ack)->bad_attr = (attr); } while (0)
#define NL_SET_ERR_MSG_ATTR_POL(ack, attr, pol, text) do { \
		if (ack) { (ack)->_msg = (text); (ack)->bad_attr = (attr); (ack)->policy = (pol); } \
	} while (0)
#define NL_SET_ERR_MSG_ATTR_POL_FMT(ack, attr, pol, fmt, ...) NL_SET_ERR_MSG_ATTR_POL(ack, attr, pol, fmt)
#define NL_SET_BAD_ATTR_POLICY(ack, attr, pol) NL_SET_ERR_MSG_ATTR_POL(ack, attr, pol, NULL)
#define NL_SET_ERR_MSG_ATTR(ack, attr, text) NL_SET_ERR_MSG_ATTR_POL(ack, attr, NULL, text)

/* Only messages that the kernel sends need these: nothing here does. */
int skb_tailroom(const struct sk_buff *skb);
unsigned char *skb_tail_pointer(const struct sk_buff *skb);
void *skb_put(struct sk_buff *skb, unsigned int bytes);
void *__skb_put(struct sk_buff *skb, unsigned int bytes);
void *skb_put_zero(struct sk_buff *skb, unsigned int bytes);
void *skb_put_data(struct sk_buff *skb, const void *data, unsigned int bytes);
void skb_trim(struct sk_buff *skb, unsigned int bytes);
struct sk_buff *alloc_skb(unsigned int bytes, gfp_t gfp);
struct sk_buff *netlink_alloc_large_skb(unsigned int bytes, int is_broadcast);
void kfree_skb(struct sk_buff *skb);
void consume_skb(struct sk_buff *skb);
typedef int (*netlink_filter_fn)(struct sock *sk, struct sk_buff *skb, void *data);
int netlink_broadcast_filtered(struct sock *sk, struct sk_buff *skb, u32 portid, u32 group, gfp_t gfp,
			       netlink_filter_fn filter, void *data);
int netlink_unicast(struct sock *sk, struct sk_buff *skb, u32 portid, int nonblock);
struct nlmsghdr *__nlmsg_put(struct sk_buff *skb, u32 portid, u32 seq, int type, int len, int flags);
unsigned long msecs_to_jiffies(unsigned int ms);
unsigned int jiffies_to_msecs(unsigned long j);
#define NLMSG_GOODSIZE 4096

#endif
