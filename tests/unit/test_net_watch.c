// SPDX-License-Identifier: GPL-2.0
/* test_net_watch.c: decoding of network notifications, from messages made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include "net/netwatch.h"

static struct nlmsghdr *nft_message(struct hp_netlink_request *r, uint16_t type, uint8_t family)
{
	struct nfgenmsg *head = hp_netlink_begin(r, NFNL_SUBSYS_NFTABLES << 8 | type, 0,
						 sizeof(*head));

	head->nfgen_family = family;
	return &r->nlh;
}

static void tell_table(struct netwatch_queue *q, uint16_t type, const char *table, uint8_t family)
{
	struct hp_netlink_request r;

	mnl_attr_put_strz(nft_message(&r, type, family), NFTA_TABLE_NAME, table);
	assert_int_equal(netwatch_decode_nft(q, &r.nlh), 0);
}

static void tell_rule(struct netwatch_queue *q, uint16_t type, const char *table, const char *chain)
{
	struct hp_netlink_request r;

	nft_message(&r, type, NFPROTO_INET);
	mnl_attr_put_strz(&r.nlh, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(&r.nlh, NFTA_RULE_CHAIN, chain);
	mnl_attr_put_u64(&r.nlh, NFTA_RULE_HANDLE, htobe64(7));
	assert_int_equal(netwatch_decode_nft(q, &r.nlh), 0);
}

static void tell_commit(struct netwatch_queue *q, uint32_t pid, const char *comm)
{
	struct hp_netlink_request r;

	nft_message(&r, NFT_MSG_NEWGEN, AF_UNSPEC);
	mnl_attr_put_u32(&r.nlh, NFTA_GEN_ID, htonl(1));
	mnl_attr_put_u32(&r.nlh, NFTA_GEN_PROC_PID, htonl(pid));
	mnl_attr_put_strz(&r.nlh, NFTA_GEN_PROC_NAME, comm);
	assert_int_equal(netwatch_decode_nft(q, &r.nlh), 0);
}

static void test_commit_names_its_actor(void **state)
{
	struct netwatch_queue q = { .family = NFPROTO_INET, .table = "hostpart" };

	(void)state;
	tell_rule(&q, NFT_MSG_DELRULE, "hostpart", "forward");
	tell_table(&q, NFT_MSG_DELTABLE, "hostpart", NFPROTO_INET);
	assert_int_equal(q.count, 2);
	assert_int_equal(q.ready, 0);	/* nobody may read them before their actor is known */
	tell_commit(&q, 4711, "nft");
	assert_int_equal(q.ready, 2);
	assert_int_equal(q.items[0].kind, HP_NET_RULE_REMOVED);
	assert_string_equal(q.items[0].chain, "forward");
	assert_int_equal(q.items[0].handle, 7);
	assert_int_equal(q.items[1].kind, HP_NET_TABLE_REMOVED);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(q.items[i].table, "hostpart");
		assert_int_equal(q.items[i].pid, 4711);
		assert_string_equal(q.items[i].comm, "nft");
	}
	tell_table(&q, NFT_MSG_NEWTABLE, "hostpart", NFPROTO_INET);
	tell_commit(&q, 4712, "partd");
	assert_int_equal(q.items[1].pid, 4711);
	assert_int_equal(q.items[2].pid, 4712);
	free(q.items);
}

static void test_other_tables_are_not_told(void **state)
{
	struct netwatch_queue q = { .family = NFPROTO_INET, .table = "hostpart" };

	(void)state;
	tell_table(&q, NFT_MSG_DELTABLE, "filter", NFPROTO_INET);
	tell_table(&q, NFT_MSG_DELTABLE, "hostpart", NFPROTO_IPV4);
	tell_rule(&q, NFT_MSG_NEWRULE, "hostpart2", "forward");
	tell_commit(&q, 1, "nft");
	assert_int_equal(q.count, 0);
	free(q.items);
}

static void tell_link(struct netwatch_queue *q, uint16_t type, unsigned char family, bool has_moved)
{
	struct hp_netlink_request r;
	struct ifinfomsg *head = hp_netlink_begin(&r, type, 0, sizeof(*head));

	head->ifi_family = family;
	head->ifi_index = 3;
	head->ifi_flags = IFF_UP;
	mnl_attr_put_strz(&r.nlh, IFLA_IFNAME, "lan0");
	mnl_attr_put_strz(&r.nlh, IFLA_PARENT_DEV_NAME, "0000:01:00.0");
	if (has_moved)
		mnl_attr_put_u32(&r.nlh, IFLA_NEW_NETNSID, (uint32_t)-1);
	assert_int_equal(netwatch_decode_link(q, &r.nlh), 0);
}

static void test_links(void **state)
{
	struct netwatch_queue q = { .table = "" };

	(void)state;
	tell_link(&q, RTM_NEWLINK, AF_UNSPEC, false);
	tell_link(&q, RTM_DELLINK, AF_UNSPEC, true);
	tell_link(&q, RTM_DELLINK, AF_UNSPEC, false);
	tell_link(&q, RTM_DELLINK, AF_BRIDGE, false);	/* left a bridge, not the machine */
	assert_int_equal(q.ready, 3);
	assert_int_equal(q.items[0].kind, HP_NET_LINK_CHANGED);
	assert_string_equal(q.items[0].link.name, "lan0");
	assert_string_equal(q.items[0].link.parent, "0000:01:00.0");
	assert_int_equal(q.items[0].link.index, 3);
	assert_int_equal(q.items[1].kind, HP_NET_LINK_GONE);
	assert_true(q.items[1].has_moved);
	assert_false(q.items[2].has_moved);
	free(q.items);
}

static void test_short_messages(void **state)
{
	struct netwatch_queue q = { .family = NFPROTO_INET, .table = "hostpart" };
	struct hp_netlink_request r;

	(void)state;
	hp_netlink_begin(&r, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, 0, 0);
	assert_int_equal(netwatch_decode_nft(&q, &r.nlh), 0);
	hp_netlink_begin(&r, RTM_DELLINK, 0, 0);
	assert_int_equal(netwatch_decode_link(&q, &r.nlh), 0);
	assert_int_equal(q.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit_names_its_actor),
		cmocka_unit_test(test_other_tables_are_not_told),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_short_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
