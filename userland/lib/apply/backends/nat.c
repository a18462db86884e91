// SPDX-License-Identifier: GPL-2.0
/* nat.c: backend "nat": lets uplinks of kind veth out under the base's own address, and nothing in. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "net/hp_fence.h"

/*
 * A table "ip hostpart-nat" in the base, made as a whole from its value's
 * lines; tables of others are never touched. "veth hu-a-1a2b 192.0.2.2 out eth0":
 * what comes through that cable leaves through eth0 only, translated, and only
 * answers come back; the base itself and its other networks are out of reach.
 * "close eth0": what else comes in there is not forwarded unless it is an
 * answer to somebody, because forwarding was switched on for answers alone.
 *
 * Read back, the value is what the table says that it was made from, with
 * "altered" behind it unless every expression is what that means. Writing that
 * leaves the word out: damage is repaired, not restored.
 */
#define TABLE "hostpart-nat"
#define ALTERED "\naltered"
#define PRIORITY_FILTER (-10)	/* just before the "filter" chains of others */
#define PRIORITY_SOURCE 100

#define STATES_BACK (NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED))

struct cable {
	char link[IFNAMSIZ], address[16], out[IFNAMSIZ];
};

/* A rule for what comes through a link (key NFT_META_IIFNAME) or goes out there (NFT_META_OIFNAME). */
static struct hp_nftrule *at_link(struct hp_fence *fence, const char *chain, const char *comment,
				  uint32_t key, const char *link)
{
	struct hp_nftrule *rule = hp_fence_add_rule(fence, chain, comment);

	hp_nftrule_is_interface(rule, key, link);
	return rule;
}

static void let_out(struct hp_fence *fence, const struct cable *cable)
{
	struct hp_nftrule *rule = at_link(fence, "forward", "out", NFT_META_IIFNAME, cable->link);

	hp_nftrule_is_interface(rule, NFT_META_OIFNAME, cable->out);
	hp_nftrule_judge(rule, NF_ACCEPT);
	rule = at_link(fence, "forward", "answers", NFT_META_IIFNAME, cable->out);
	hp_nftrule_is_interface(rule, NFT_META_OIFNAME, cable->link);
	hp_nftrule_has_state(rule, STATES_BACK, true);
	hp_nftrule_judge(rule, NF_ACCEPT);
}

static void refuse_rest(struct hp_fence *fence, const struct cable *cable)
{
	struct hp_nftrule *rule;

	hp_fence_count_and_drop(at_link(fence, "forward", "nothing else from it", NFT_META_IIFNAME, cable->link));
	hp_fence_count_and_drop(at_link(fence, "forward", "nothing else to it", NFT_META_OIFNAME, cable->link));
	hp_fence_count_and_drop(at_link(fence, "input", "not to the base", NFT_META_IIFNAME, cable->link));
	/* Errors about what it sent, such as "fragmentation needed", are the base's to tell. */
	rule = at_link(fence, "output", "not from the base", NFT_META_OIFNAME, cable->link);
	hp_nftrule_has_state(rule, STATES_BACK, false);
	hp_fence_count_and_drop(rule);
}

static void translate(struct hp_fence *fence, const struct cable *cable)
{
	struct hp_nftrule *rule = at_link(fence, "postrouting", "under the base's address", NFT_META_OIFNAME, cable->out);
	struct in_addr address = { 0 };

	inet_pton(AF_INET, cable->address, &address);
	hp_nftrule_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, 12, sizeof(address));
	hp_nftrule_compare(rule, NFT_CMP_EQ, &address, sizeof(address));
	hp_nftrule_masquerade(rule);
}

static bool add_line(struct hp_fence *fence, const char *line)
{
	struct hp_nftrule *rule;
	struct cable cable;
	struct in_addr address;
	int used = 0;

	if (sscanf(line, "veth %15s %15s out %15s%n", cable.link, cable.address, cable.out, &used) == 3) {
		let_out(fence, &cable);
		refuse_rest(fence, &cable);
		translate(fence, &cable);
		return !line[used] && inet_pton(AF_INET, cable.address, &address) == 1;
	}
	if (sscanf(line, "close %15s%n", cable.out, &used) != 1)
		return false;
	rule = at_link(fence, "forward", "no other way in", NFT_META_IIFNAME, cable.out);
	hp_nftrule_has_state(rule, STATES_BACK, false);
	hp_fence_count_and_drop(rule);
	return !line[used];
}

/* NULL: not of that form (err) or out of memory. */
static struct hp_fence *build(const char *text, struct hp_err *err)
{
	static const struct hp_nftchain chains[] = {
		{ "forward", "filter", NF_INET_FORWARD, PRIORITY_FILTER, NULL },
		{ "input", "filter", NF_INET_LOCAL_IN, PRIORITY_FILTER, NULL },
		{ "output", "filter", NF_INET_LOCAL_OUT, PRIORITY_FILTER, NULL },
		{ "postrouting", "nat", NF_INET_POST_ROUTING, PRIORITY_SOURCE, NULL },
	};
	hp_autofence *fence = hp_fence_new(NFPROTO_IPV4, TABLE, text);
	hp_autofree char *lines = strdup(text);
	char *rest = lines, *line;

	if (!fence || !lines) {
		hp_err_errno(err, ENOMEM, "build the table " TABLE);
		return NULL;
	}
	for (size_t i = 0; i < hp_array_size(chains); i++)
		hp_fence_add_chain(fence, &chains[i]);
	while ((line = strsep(&rest, "\n")))
		if (*line && !add_line(fence, line)) {
			hp_err_set(err, EINVAL, "\"%s\" is neither \"veth LINK ADDRESS out LINK\" nor \"close LINK\"", line);
			return NULL;
		}
	return hp_take(fence);
}

static struct hp_netlink *open_nat(struct hp_err *err)
{
	return hp_netlink_open(NETLINK_NETFILTER, HP_NETNS_OWN, err);
}

static int read_nat(struct hp_ctx *ctx, const char *object, const char *attr, char **text, struct hp_err *err)
{
	hp_autonetlink *nl = open_nat(err);
	hp_autofencefound found = { NULL, NULL };
	hp_autoerr ignored = HP_ERR_INIT;
	hp_autofence *want = NULL;

	(void)ctx;
	(void)object;
	(void)attr;
	*text = NULL;
	if (!nl || hp_fence_read(nl, NFPROTO_IPV4, TABLE, &found, err))
		return -err->errnum;
	if (!found.value)
		return 0;
	want = build(found.value, &ignored);
	*text = hp_fence_tell(&found, want, ALTERED);
	return *text ? 0 : hp_err_errno(err, ENOMEM, "read the table " TABLE);
}

static int make_nat(struct hp_ctx *ctx, struct hp_netlink *nl, const char *text, struct hp_err *err)
{
	hp_autofence *fence = NULL;
	hp_autofree char *live = NULL;

	/* Counters would start again from zero: an equal table is left alone. */
	if (read_nat(ctx, TABLE, "", &live, err))
		return -err->errnum;
	if (live && !strcmp(live, text))
		return 0;
	fence = build(text, err);
	if (!fence || hp_fence_write(nl, fence, err))
		return hp_err_wrap(err, "NAT of uplinks");
	free(hp_take(live));
	if (read_nat(ctx, TABLE, "", &live, err))
		return -err->errnum;
	return live && !strcmp(live, text) ? 0 :
		hp_err_set(err, EIO, "the table ip " TABLE " does not read back as it was written");
}

static bool is_value(const char *text)
{
	hp_autoerr ignored = HP_ERR_INIT;
	hp_autofence *fence = build(text, &ignored);

	return *text && fence;
}

static int write_nat(struct hp_ctx *ctx, const char *object, const char *attr, const char *text,
		     struct hp_err *err)
{
	hp_autonetlink *nl = open_nat(err);
	hp_autofree char *sound = NULL;

	(void)object;
	(void)attr;
	if (!nl)
		return -err->errnum;
	sound = text ? hp_text_before(text, ALTERED) : NULL;
	if (text && !sound)
		return hp_err_errno(err, ENOMEM, "build the table " TABLE);
	/* A damaged text of which nothing can be made is as good as none. */
	if (!text || (strstr(text, ALTERED) && !is_value(sound)))
		return hp_fence_remove(nl, NFPROTO_IPV4, TABLE, err);
	return make_nat(ctx, nl, sound, err);
}

const struct hp_backend hp_backend_nat = {
	.name = "nat",
	.read = read_nat,
	.write = write_nat,
};
