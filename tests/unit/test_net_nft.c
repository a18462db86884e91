// SPDX-License-Identifier: GPL-2.0
/* test_net_nft.c: the firewall's value, its rules and what counts as altered, without a kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include "apply/backends/nft.h"
#include "base/hp_auto.h"

static const char full[] =
	"leg alpha hp-alpha 10.203.0.2\n"
	"leg beta hp-beta 10.203.0.3\n"
	"allow base alpha icmp\n"
	"allow alpha base udp 53\n"
	"allow alpha beta tcp 8080-8081\n"
	"allow alpha beta icmp\n"
	"allow beta alpha tcp 22";

static void parse(const char *text, struct nft_policy *policy)
{
	hp_autoerr err = HP_ERR_INIT;

	if (nft_policy_parse(text, policy, &err))
		fail_msg("%s", err.text);
}

static void assert_canonical(const char *text, const char *want)
{
	nft_autopolicy policy = NFT_POLICY_INIT;
	hp_autofree char *got = NULL;

	parse(text, &policy);
	got = nft_policy_format(&policy);
	assert_string_equal(got, want);
}

static void test_text_round_trip(void **state)
{
	(void)state;
	assert_canonical(full, full);
	assert_canonical("", "");
	assert_canonical("leg a hp-a 10.0.0.2", "leg a hp-a 10.0.0.2");
}

static void test_text_is_sorted_and_deduplicated(void **state)
{
	(void)state;
	assert_canonical("leg a hp-a 10.0.0.2\nleg b hp-b 10.0.0.3\nallow b a udp 1\nallow a b udp 9\nallow a b tcp 9\n"
			 "allow a b tcp 8\nallow base a icmp\nallow a b tcp 9\n",
			 "leg a hp-a 10.0.0.2\nleg b hp-b 10.0.0.3\nallow base a icmp\nallow a b tcp 8\nallow a b tcp 9\n"
			 "allow a b udp 9\nallow b a udp 1");
}

static void test_bad_lines(void **state)
{
	static const char *const bad[] = {
		"leg", "leg a hp-a", "leg a hp-a 10.0.0", "leg a eth0 10.0.0.2", "leg a hp-a 10.0.0.2 more",
		"leg base hp-base 10.0.0.2", "leg a hp-a 10.0.0.2\nleg a hp-a2 10.0.0.3", "leg a hp-a fd00::1",
		"allow a b tcp 1", "leg a hp-a 10.0.0.2\nallow a a tcp 1", "leg a hp-a 10.0.0.2\nallow a base tcp",
		"leg a hp-a 10.0.0.2\nallow a base tcp 0", "leg a hp-a 10.0.0.2\nallow a base tcp 65536",
		"leg a hp-a 10.0.0.2\nallow a base tcp 9-8", "leg a hp-a 10.0.0.2\nallow a base tcp 8-",
		"leg a hp-a 10.0.0.2\nallow a base tcp 8 9", "leg a hp-a 10.0.0.2\nallow a base icmp 8",
		"leg a hp-a 10.0.0.2\nallow a base sctp 8", "leg a hp-a 10.0.0.2\nallow base base icmp",
		"leg a hp-a 10.0.0.2\nallow a base tcp +8", "leg a hp-a 10.0.0.2\nallow a base tcp -8",
		"leg a hp-0123456789abcdef 10.0.0.2", "nonsense",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		nft_autopolicy policy = NFT_POLICY_INIT;
		hp_autoerr err = HP_ERR_INIT;

		if (nft_policy_parse(bad[i], &policy, &err) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(err.text, "allow FROM TO"));
	}
}

/* What goes into a message comes out of it with the same meaning. */
static int check_round_trip(const struct nft_rule_spec *spec, void *arg)
{
	struct nftnl_rule *rule = nft_rule_build(spec, 0x12345678), *back = nftnl_rule_alloc();
	hp_autofree char *text = nft_rule_text(rule), *text_back = NULL;
	struct nlmsghdr *nlh;
	struct nft_note note;
	char buffer[8192];
	const void *data;
	uint32_t size;

	nlh = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_NEWRULE, NFPROTO_INET, 0, 1);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	assert_true(nlh->nlmsg_len < 1500);
	assert_int_equal(nftnl_rule_nlmsg_parse(nlh, back), 0);
	text_back = nft_rule_text(back);
	assert_string_equal(text, text_back);
	data = nftnl_rule_get_data(back, NFTNL_RULE_USERDATA, &size);
	nft_note_parse(data, size, &note);
	assert_string_equal(note.comment, spec->comment);
	assert_int_equal(note.tag, 0x12345678);
	assert_string_equal(nftnl_rule_get_str(back, NFTNL_RULE_CHAIN),
			    nft_chain_specs[spec->chain].name);
	nftnl_rule_free(rule);
	nftnl_rule_free(back);
	(*(size_t *)arg)++;
	return 0;
}

static void test_rules_round_trip_through_messages(void **state)
{
	nft_autopolicy policy = NFT_POLICY_INIT;
	size_t count = 0;

	(void)state;
	parse(full, &policy);
	assert_int_equal(nft_rules_walk(&policy, check_round_trip, &count), 0);
	assert_true(count > 40);
}

static void expect(const char *text, struct nft_image *image)
{
	nft_autopolicy policy = NFT_POLICY_INIT;

	parse(text, &policy);
	assert_int_equal(nft_image_expect(&policy, image), 0);
}

static void assert_value(const struct nft_image *image, const char *want)
{
	hp_autofree char *value = NULL;

	assert_int_equal(nft_image_value(image, &value), 0);
	assert_string_equal(value, want);
}

static void assert_altered(const struct nft_image *image)
{
	hp_autofree char *value = NULL;

	assert_int_equal(nft_image_value(image, &value), 0);
	assert_string_not_equal(value, full);
	assert_non_null(strstr(value, "altered: "));
}

static void test_untouched_table_reads_as_written(void **state)
{
	nft_autoimage image = { 0 }, empty = { 0 };

	(void)state;
	expect(full, &image);
	assert_value(&image, full);
	expect("", &empty);
	assert_value(&empty, "");
}

static void test_no_table_reads_as_absent(void **state)
{
	struct nft_image image = { 0 };
	char *value = "";

	(void)state;
	assert_int_equal(nft_image_value(&image, &value), 0);
	assert_null(value);
}

static void remove_rule(struct nft_image *image, size_t index)
{
	free(image->rules[index].text);
	memmove(&image->rules[index], &image->rules[index + 1],
		(image->rules_count - index - 1) * sizeof(*image->rules));
	image->rules_count--;
}

static size_t count_rules(void)
{
	nft_autoimage image = { 0 };

	expect(full, &image);
	return image.rules_count;
}

static void test_every_removed_rule_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_rules(); i++) {
		nft_autoimage image = { 0 };

		expect(full, &image);
		remove_rule(&image, i);
		assert_altered(&image);
	}
}

/* A drop that became an accept, with comment and tag as they were. */
static void test_every_changed_rule_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < count_rules(); i++) {
		nft_autoimage image = { 0 };
		char *verdict;

		expect(full, &image);
		verdict = strstr(image.rules[i].text, "drop");
		if (!verdict)
			verdict = strstr(image.rules[i].text, "accept");
		assert_non_null(verdict);
		*verdict ^= 1;
		assert_altered(&image);
	}
}

static void test_every_swapped_pair_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < count_rules(); i++) {
		nft_autoimage image = { 0 };
		struct nft_image_rule first;

		expect(full, &image);
		if (strcmp(image.rules[i].chain, image.rules[i + 1].chain))
			continue;
		first = image.rules[i];
		image.rules[i] = image.rules[i + 1];
		image.rules[i + 1] = first;
		assert_altered(&image);
	}
}

static void test_added_rule_is_seen(void **state)
{
	struct nft_rule_spec spec = { .chain = NFT_CHAIN_FORWARD, .verdict = NFT_SPEC_ACCEPT };
	nft_autoimage image = { 0 }, twice = { 0 };
	struct nftnl_rule *rule;

	(void)state;
	expect(full, &image);
	rule = nft_rule_build(&spec, image.tag);
	assert_int_equal(nft_image_add_rule(&image, rule), 0);
	nftnl_rule_free(rule);
	assert_altered(&image);

	/* The same rule twice changes nothing that passes, but it is not what was written. */
	expect(full, &twice);
	spec = (struct nft_rule_spec){ .chain = NFT_CHAIN_FORWARD,
				       .is_not_leg_in = true,
				       .is_not_leg_out = true,
				       .verdict = NFT_SPEC_ACCEPT,
				       .comment = "touches no leg" };
	rule = nft_rule_build(&spec, twice.tag);
	assert_int_equal(nft_image_add_rule(&twice, rule), 0);
	nftnl_rule_free(rule);
	assert_altered(&twice);
}

static void test_changed_frame_is_seen(void **state)
{
	(void)state;
	for (int what = 0; what < 8; what++) {
		nft_autoimage image = { 0 };
		struct nft_image_chain more = { .name = "more" };

		expect(full, &image);
		switch (what) {
		case 0: image.flags = NFT_TABLE_F_DORMANT; break;
		case 1: image.tag++; break;
		case 2: image.chains[0].policy = NF_DROP; break;
		case 3: image.chains[1].hook = NF_INET_POST_ROUTING; break;
		case 4: image.chains[2].priority = 300; break;
		case 5: image.chains[0].is_base = false; break;
		case 6: image.chains_count--; break;
		case 7: assert_int_equal(nft_image_add_chain(&image, &more), 0); break;
		}
		assert_altered(&image);
	}
}

/*
 * All rules of a link gone, or all rules of a new one there: consistent in
 * itself, but not what was applied.
 */
static void test_consistent_changes_do_not_read_as_the_policy(void **state)
{
	nft_autoimage image = { 0 };
	hp_autofree char *value = NULL;

	(void)state;
	expect(full, &image);
	for (size_t i = image.rules_count; i-- > 0;)
		if (strstr(image.rules[i].note.comment, "allow beta alpha tcp 22"))
			remove_rule(&image, i);
	assert_int_equal(nft_image_value(&image, &value), 0);
	assert_string_not_equal(value, full);
	assert_null(strstr(value, "allow beta alpha tcp 22"));
}

static void test_longest_names_fit(void **state)
{
	static const char d1[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", d2[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	char text[512], link1[HP_LEG_NAME_SIZE], link2[HP_LEG_NAME_SIZE];
	nft_autoimage image = { 0 };

	(void)state;
	hp_leg_name(d1, link1);
	hp_leg_name(d2, link2);
	snprintf(text, sizeof(text), "leg %s %s 100.100.100.100\nleg %s %s 100.100.100.101\nallow %s %s tcp 10000-65535",
		 d1, link1, d2, link2, d1, d2);
	expect(text, &image);
	assert_value(&image, text);
}

static void test_notes_with_wrong_lengths(void **state)
{
	const unsigned char data[] = { 0, 4, 'a', 'b', 'c', 0, 0x68, 4, 1, 2, 3, 4, 0x68, 200 };
	struct nft_note note;

	(void)state;
	for (size_t size = 0; size <= sizeof(data); size++) {
		/* On the heap, so that a sanitizer sees an overrun. */
		hp_autofree unsigned char *copy = malloc(size + 1);

		memcpy(copy, data, size);
		nft_note_parse(copy, size, &note);
		assert_string_equal(note.comment, size >= 6 ? "abc" : "");
		assert_int_equal(note.tag, size >= 12 ? 0x04030201 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_round_trip),
		cmocka_unit_test(test_text_is_sorted_and_deduplicated),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_rules_round_trip_through_messages),
		cmocka_unit_test(test_untouched_table_reads_as_written),
		cmocka_unit_test(test_no_table_reads_as_absent),
		cmocka_unit_test(test_every_removed_rule_is_seen),
		cmocka_unit_test(test_every_changed_rule_is_seen),
		cmocka_unit_test(test_every_swapped_pair_is_seen),
		cmocka_unit_test(test_added_rule_is_seen),
		cmocka_unit_test(test_changed_frame_is_seen),
		cmocka_unit_test(test_consistent_changes_do_not_read_as_the_policy),
		cmocka_unit_test(test_longest_names_fit),
		cmocka_unit_test(test_notes_with_wrong_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
