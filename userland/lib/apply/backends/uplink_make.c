// SPDX-License-Identifier: GPL-2.0
/* uplink_make.c: makes an uplink what it should be. */
#include "uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "net/hp_netns.h"

/* What cannot be changed in place is made anew: nothing of it is worth keeping. */
static bool is_reusable(const struct uplink_found *found, const struct uplink_value *want)
{
	const struct uplink_value *live = &found->value;
	bool is_veth = !strcmp(want->kind, "veth");

	return found->exists && !strcmp(live->kind, want->kind) && !strcmp(live->parent, want->parent) &&
	       live->vlan == want->vlan && (!is_veth || found->end.index) &&
	       (is_veth || want->vlan || found->link.is_private) &&
	       (!want->has_mac || !memcmp(live->mac, want->mac, HP_MAC_BYTES));
}

/* Root inside may have given it another name: two of them would get in each other's way. */
static int remove_renamed(struct uplink_site *site, const struct uplink_value *want, int lower,
			  struct hp_err *err)
{
	hp_autofree struct hp_link *links = NULL;
	size_t count = 0;

	if (hp_link_list(site->in, &links, &count, err))
		return -err->errnum;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(links[i].kind, want->kind) && links[i].lower == lower && links[i].vlan == want->vlan &&
		    links[i].is_lower_elsewhere &&
		    (!want->has_mac || !memcmp(links[i].mac, want->mac, HP_MAC_BYTES)) &&
		    hp_link_delete(site->in, links[i].index, err))
			return hp_err_wrap(err, "delete %s, which was renamed", links[i].name);
	return 0;
}

/* A link that was made there under its first name gets its own, before it is ever up. */
static int rename_first(struct uplink_site *site, struct hp_err *err)
{
	struct hp_link link;

	if (hp_link_find(site->in, site->base_name, &link, err) ||
	    hp_link_rename(site->in, link.index, site->name, err))
		return hp_err_wrap(err, "name the link %s", site->name);
	return 0;
}

/* Left by somebody who was killed between the two. */
static int remove_unnamed(struct uplink_site *site, struct hp_err *err)
{
	struct hp_link link;
	int rc = hp_link_find(site->in, site->base_name, &link, err);

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	return rc || hp_link_delete(site->in, link.index, err) ? -err->errnum : 0;
}

/* Nothing of an old cable's end in the base is worth keeping. */
static int remove_end(struct uplink_site *site, struct hp_err *err)
{
	struct hp_link old;
	int rc = hp_link_find(site->base, site->base_name, &old, err);

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (rc)
		return rc;
	if (strcmp(old.kind, "veth") != 0)
		return hp_err_set(err, EEXIST, "a link named %s exists and is not hostpart's; rename or remove it",
				  site->base_name);
	return hp_link_delete(site->base, old.index, err) ?
		hp_err_wrap(err, "delete the old link %s", site->base_name) : 0;
}

/*
 * The kernel refuses a name that the namespace of the asking socket has, though
 * the link is for another one: the base may well have an eth0 of its own.
 */
static int create_upper(struct uplink_site *site, const struct uplink_value *want, struct hp_err *err)
{
	struct hp_upper_link spec = {
		.kind = want->kind, .name = site->base_name, .vlan = want->vlan, .mac = want->has_mac ? want->mac : NULL,
	};
	struct hp_link parent;
	int rc;

	if (hp_link_find(site->base, want->parent, &parent, err))
		return -err->errnum;
	spec.lower = parent.index;
	/* Of ipvlans, which share a MAC, several may be meant. */
	if (remove_end(site, err) || remove_unnamed(site, err) || (want->has_mac && remove_renamed(site, want, parent.index, err)))
		return -err->errnum;
	rc = hp_link_create_upper(site->base, &spec, site->netns_fd, err);
	if (!rc)
		return rename_first(site, err);
	hp_err_wrap(err, "make the %s %s on %s", want->kind, site->name, want->parent);
	if (rc == -EEXIST && want->vlan)
		hp_err_hint(err, "somebody else has VLAN %u of %s", want->vlan, want->parent);
	if (rc == -EBUSY)
		hp_err_hint(err, "%s belongs to a bridge or bond, or has links of another kind on it", want->parent);
	if (rc == -EOPNOTSUPP)
		hp_err_hint(err, "this kernel has no %s", want->kind);
	return rc;
}

/* The other end's address, different from the one inside. */
static void other_mac(const unsigned char *mac, unsigned char *other)
{
	memcpy(other, mac, HP_MAC_BYTES);
	other[0] = (other[0] | 0x02) & ~0x01;
	other[1] ^= 0x80;
}

static int create_cable(struct uplink_site *site, const struct uplink_value *want, struct hp_err *err)
{
	struct hp_veth_end here = { .name = site->base_name }, there = { .name = site->name };
	int rc;

	if (remove_end(site, err))
		return -err->errnum;
	memcpy(there.mac, want->mac, HP_MAC_BYTES);
	other_mac(want->mac, here.mac);
	rc = hp_link_create_veth(site->base, &here, &there, site->netns_fd, err);
	return rc ? hp_err_wrap(err, "make the veth pair %s and %s", site->base_name, site->name) : 0;
}

static int look(struct uplink_site *site, struct uplink_found *found, struct hp_err *err)
{
	hp_autofile FILE *ignored = fopen("/dev/null", "w");

	uplink_found_clear(found);
	*found = (struct uplink_found){ .exists = false };
	return ignored ? uplink_look(site, found, ignored, err) : hp_err_errno(err, errno, "open /dev/null");
}

static int prepare(struct uplink_site *site, const struct uplink_value *want, struct uplink_found *found,
		   struct hp_err *err)
{
	if (look(site, found, err))
		return -err->errnum;
	if (found->exists && !found->is_ours)
		return hp_err_set(err, EEXIST, "a link named %s is in %s and is not hostpart's; rename or remove it",
				  site->name, site->domain);
	if (is_reusable(found, want))
		return 0;
	if (found->exists && hp_link_delete(site->in, found->link.index, err))
		return hp_err_wrap(err, "delete the old link %s", site->name);
	if (strcmp(want->kind, "veth") ? create_upper(site, want, err) : create_cable(site, want, err))
		return -err->errnum;
	return look(site, found, err);
}

/* Where nobody gave addresses, those that the domain set itself stay. */
static int set_addresses(struct hp_netlink *nl, int index, const struct hp_netrecords *want, struct hp_err *err)
{
	return want->count ? hp_ipaddr_set(nl, index, want, err) : 0;
}

static int configure_end(struct uplink_site *site, const struct uplink_found *found,
			 const struct uplink_value *want, struct hp_err *err)
{
	hp_autorecords addresses = HP_NETRECORDS_INIT;

	if (!found->end.index)
		return hp_err_set(err, ENODEV, "the end %s of its cable vanished", site->base_name);
	if (hp_ipaddr_from_text(want->base, &addresses))
		return hp_err_set(err, EINVAL, "\"%s\" is not an address", want->base);
	if (want->mtu && hp_link_set_mtu(site->base, found->end.index, want->mtu, err))
		return -err->errnum;
	if (hp_ifswitch_set(site->ctx->root, HP_NETNS_OWN, site->base_name, uplink_switches(want, true), err))
		return -err->errnum;
	return set_addresses(site->base, found->end.index, &addresses, err);
}

int uplink_make(struct uplink_site *site, const struct uplink_value *want, struct hp_err *err)
{
	uplink_autofound found = { .exists = false };

	if (!site->in)
		return hp_err_set(err, ENOENT, "the domain has no network namespace at %s/netns/%s",
				  site->ctx->run_dir, site->domain);
	if (prepare(site, want, &found, err))
		return -err->errnum;
	if (!found.exists)
		return hp_err_set(err, ENODEV, "%s vanished while it was being made", site->name);
	if (want->mtu && want->mtu != found.link.mtu &&
	    hp_link_set_mtu(site->in, found.link.index, want->mtu, err))
		return hp_err_wrap(err, "set the MTU of %s to %u", site->name, want->mtu);
	if (hp_ifswitch_set(site->ctx->root, site->netns_fd, site->name, uplink_switches(want, false), err))
		return -err->errnum;
	if (!strcmp(want->kind, "veth") && configure_end(site, &found, want, err))
		return -err->errnum;
	return set_addresses(site->in, found.link.index, &want->addresses, err);
}
