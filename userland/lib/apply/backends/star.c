// SPDX-License-Identifier: GPL-2.0
/* star.c: backend "star": a domain's leg of the star network, a veth pair. */
#include "star.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"
#include "net/hp_netrecord.h"

/*
 * Base end: "hp-DOMAIN" with the hub's address /32 (the same on every leg) and
 * a route to the domain's address. Inside: "hp0" with its address /32 and a
 * route to the subnet through the hub. So two domains never share a link, all
 * that passes between them is routed by the base, and the "nft" backend judges
 * it there. Forwarding is switched on for the legs only: the machine's own
 * net.ipv4.ip_forward stays what it was. The legs speak no IPv6.
 *
 * A live leg that differs from every canonical value reads as the part that is
 * known, then "; " and each thing that does not hold; a link of that name that
 * is not ours reads as "foreign: ...". Writing such a text changes nothing:
 * damage is repaired, not restored.
 */

/* Locally administered, the same at every creation, different for each end. */
static void make_mac(const char *domain, const char *end, unsigned char *mac)
{
	char text[80];
	uint32_t hash;

	snprintf(text, sizeof(text), "%.64s/%s", domain, end);
	hash = hp_fnv1a(text, strlen(text));
	memcpy(mac, (unsigned char[]){ 0x02, 'h', hash >> 24, hash >> 16, hash >> 8, hash },
	       HP_MAC_BYTES);
}

int star_leg_open(struct hp_ctx *ctx, const char *domain, struct star_leg *leg, struct hp_err *err)
{
	leg->ctx = ctx;
	leg->domain = domain;
	hp_leg_name(domain, leg->name);
	make_mac(domain, "hub", leg->hub_mac);
	make_mac(domain, "inside", leg->inside_mac);
	leg->base = hp_netlink_open(NETLINK_ROUTE, HP_NETNS_OWN, err);
	if (!leg->base)
		return -err->errnum;
	leg->netns_fd = hp_netns_open_pinned(ctx->run_dir, domain, err);
	if (leg->netns_fd == -ENOENT || leg->netns_fd == -EINVAL) {
		hp_err_clear(err);
		leg->netns_fd = -1;
		return 0;
	}
	if (leg->netns_fd < 0)
		return -err->errnum;
	leg->in = hp_netlink_open(NETLINK_ROUTE, leg->netns_fd, err);
	return leg->in ? 0 : -err->errnum;
}

void star_leg_close(struct star_leg *leg)
{
	hp_netlink_close(leg->base);
	hp_netlink_close(leg->in);
	hp_close_fd(&leg->netns_fd);
}

bool star_is_ours(const struct star_leg *leg, const struct hp_link *link)
{
	return !strcmp(link->kind, "veth") && !memcmp(link->mac, leg->hub_mac, HP_MAC_BYTES);
}

int star_value_parse(const char *text, struct star_value *value)
{
	unsigned char inside[16], hub[16], subnet[16];
	unsigned int prefix, unused;
	uint32_t mask, in, center, net;
	char check[80];

	if (sscanf(text, "inside=%15s hub=%15s subnet=%19s", value->inside, value->hub, value->subnet) != 3)
		return -EINVAL;
	snprintf(check, sizeof(check), "inside=%s hub=%s subnet=%s", value->inside, value->hub, value->subnet);
	if (strcmp(check, text) || strchr(value->inside, '/') || strchr(value->hub, '/'))
		return -EINVAL;
	if (hp_ip_parse(value->inside, inside, &unused) != AF_INET ||
	    hp_ip_parse(value->hub, hub, &unused) != AF_INET ||
	    hp_ip_parse(value->subnet, subnet, &prefix) != AF_INET || prefix < 1 || prefix > 30)
		return -EINVAL;
	memcpy(&in, inside, sizeof(in));
	memcpy(&center, hub, sizeof(center));
	memcpy(&net, subnet, sizeof(net));
	mask = htonl(~(0xffffffffu >> prefix));
	if ((net & ~mask) || (in & mask) != net || (center & mask) != net || in == center)
		return -EINVAL;
	return 0;
}

static int describe(const struct star_found *found, const char *problems, char **value)
{
	const struct star_value *v = &found->value;

	return asprintf(value, "inside=%s hub=%s subnet=%s%s", v->inside[0] ? v->inside : "?", v->hub[0] ? v->hub : "?",
			v->subnet[0] ? v->subnet : "?", problems) < 0 ? -ENOMEM : 0;
}

static int read_star(struct hp_ctx *ctx, const char *object, const char *attr, char **value,
		     struct hp_err *err)
{
	star_autoleg leg = STAR_LEG_INIT;
	struct star_found found = { 0 };
	hp_autofree char *problems = NULL;
	size_t size;
	FILE *stream;
	int rc;

	(void)attr;
	*value = NULL;
	rc = star_leg_open(ctx, object, &leg, err);
	if (rc)
		return rc;
	stream = open_memstream(&problems, &size);
	if (!stream)
		return hp_err_errno(err, ENOMEM, "read the star leg of %s", object);
	rc = star_look(&leg, &found, stream, err);
	fclose(stream);
	if (rc)
		return hp_err_wrap(err, "read the star leg of %s", object);
	if (!found.exists)
		return 0;
	if (!found.is_ours)
		rc = asprintf(value, "foreign: the link %s is not hostpart's", leg.name) < 0 ? -ENOMEM : 0;
	else
		rc = describe(&found, problems, value);
	if (rc)
		*value = NULL;
	return rc ? hp_err_errno(err, ENOMEM, "read the star leg of %s", object) : 0;
}

static int remove_leg(struct star_leg *leg, struct hp_err *err)
{
	struct hp_link link;
	int rc = hp_link_find(leg->base, leg->name, &link, err);

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc || !star_is_ours(leg, &link))
		return rc;
	rc = hp_link_delete(leg->base, link.index, err);
	return rc ? hp_err_wrap(err, "delete the link %s", leg->name) : 0;
}

static int write_star(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
		      struct hp_err *err)
{
	star_autoleg leg = STAR_LEG_INIT;
	struct star_value want;
	int rc;

	(void)attr;
	if (value && (strstr(value, "; ") || !strncmp(value, "foreign: ", 9)))
		return 0;
	if (value && star_value_parse(value, &want))
		return hp_err_set(err, EINVAL, "star %s: \"%s\" is not of the form "
				  "\"inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24\"", object, value);
	rc = star_leg_open(ctx, object, &leg, err);
	if (!rc)
		rc = value ? star_make(&leg, &want, err) : remove_leg(&leg, err);
	return rc ? hp_err_wrap(err, "star leg of %s", object) : 0;
}

const struct hp_backend hp_backend_star = {
	.name = "star",
	.read = read_star,
	.write = write_star,
};
