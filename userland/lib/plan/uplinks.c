// SPDX-License-Identifier: GPL-2.0
/* uplinks.c: finds each uplink's parent port in the base, and gives it its MAC. */
#include "plan/plan_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_leg.h"
#include "base/hp_text.h"
#include "policy/values.h"

/* A port as the planner sees it: below a function, or one of the base's other interfaces. */
struct parent {
	const char *name, *mac;
	const struct hp_inv_pci *pci;		/* NULL = below none */
	const struct hp_inv_dev *dev;
	unsigned int mtu;
};

static bool is_meant(const struct hp_uplink_spec *spec, const char *name, const char *mac)
{
	const char *have = spec->is_parent_mac ? mac : name;

	return have && !strcasecmp(have, spec->parent);
}

static bool find_below_pci(const struct hp_inventory *inv, const struct hp_uplink_spec *spec,
			   struct parent *found)
{
	for (size_t i = 0; i < inv->pci_count; i++)
		for (size_t j = 0; j < inv->pci[i].devs_count; j++) {
			const struct hp_inv_dev *dev = &inv->pci[i].devs[j];

			/* A name counts in the base; what is away has its name there. */
			if (dev->kind != HP_DEV_NET || (dev->netns && !spec->is_parent_mac) ||
			    !is_meant(spec, dev->name, dev->mac))
				continue;
			*found = (struct parent){ dev->name, dev->mac, &inv->pci[i], dev, 0 };
			return true;
		}
	return false;
}

static const struct hp_inv_link *find_link(const struct hp_inventory *inv,
					   const struct hp_uplink_spec *spec, const char *name)
{
	for (size_t i = 0; i < inv->links_count; i++) {
		const struct hp_inv_link *link = &inv->links[i];

		if (name ? !strcmp(link->name, name) : is_meant(spec, link->name, link->mac))
			return link;
	}
	return NULL;
}

static bool find_parent(const struct hp_inventory *inv, const struct hp_uplink_spec *spec,
			struct parent *found)
{
	bool is_pci = find_below_pci(inv, spec, found);
	const struct hp_inv_link *link = find_link(inv, spec, is_pci ? found->name : NULL);

	if (!is_pci && link)
		*found = (struct parent){ .name = link->name, .mac = link->mac };
	if (link)
		found->mtu = link->mtu;
	return is_pci || link;
}

/* Names that a person may have meant. */
static int refuse_unknown(struct plan_run *run, const struct hp_uplink_spec *spec)
{
	const struct hp_inventory *inv = run->inv;
	size_t most = inv->links_count + 1, count = 0;
	hp_autofree const char **names = NULL;
	hp_autofree char *list = NULL;
	const char *near;

	for (size_t i = 0; i < inv->pci_count; i++)
		most += inv->pci[i].devs_count;
	names = calloc(most, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < inv->links_count; i++)
		names[count++] = inv->links[i].name;
	for (size_t i = 0; !inv->links_count && i < inv->pci_count; i++)
		for (size_t j = 0; j < inv->pci[i].devs_count; j++)
			if (inv->pci[i].devs[j].kind == HP_DEV_NET)
				names[count++] = inv->pci[i].devs[j].name;
	near = spec->is_parent_mac ? NULL : hp_word_nearest(spec->parent, names);
	list = count ? hp_words_join(names) : strdup("none");
	if (!list)
		return -ENOMEM;
	plan_refuse(run, spec->parent_loc, "parent %s is no port of the base; there are: %s%s%s%s",
		    spec->parent, list, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return 0;
}

static int owner_of(const struct plan_run *run, const struct hp_inv_pci *pci)
{
	for (size_t i = 0; i < run->out->domains_count; i++)
		for (size_t j = 0; j < run->out->domains[i].pci_count; j++)
			if (&run->inv->pci[run->out->domains[i].pci[j]] == pci)
				return (int)i;
	return -1;
}

/* Whether it may carry an uplink; says why not. */
static bool is_fit(struct plan_run *run, const struct hp_uplink_spec *spec, const struct parent *parent)
{
	int owner = parent->pci ? owner_of(run, parent->pci) : -1;

	if (owner >= 0)
		plan_refuse(run, spec->parent_loc,
			    "parent %s (%s) is claimed by %s; a shared port stays with the base", parent->name,
			    parent->pci->bdf, plan_owner_name(run->policy, owner));
	else if (parent->dev && parent->dev->netns)
		plan_refuse(run, spec->parent_loc,
			    "parent %s is still in the network namespace %s; bring it back first", parent->name,
			    parent->dev->netns);
	else if (parent->mtu && spec->port.mtu > parent->mtu && spec->kind != HP_UPLINK_VETH)
		plan_refuse(run, spec->port.loc, "mtu %u is more than that of its parent %s, %u",
			    spec->port.mtu, parent->name, parent->mtu);
	else if (spec->kind == HP_UPLINK_IPVLAN && !parent->mac)
		plan_refuse(run, spec->parent_loc, "parent %s has no MAC that an ipvlan could share", parent->name);
	else
		return true;
	return false;
}

/* Locally administered, the same as long as machine, domain and name are. */
static int make_mac(const struct plan_run *run, const char *domain, const char *name, char mac[18])
{
	hp_autofree char *seed = NULL;
	uint32_t high, low;

	if (asprintf(&seed, "%s/%s/%s/2", run->inv->machine_id ? run->inv->machine_id : "", domain, name) < 0) {
		seed = NULL;
		return -ENOMEM;
	}
	low = hp_fnv1a(seed, strlen(seed));
	seed[strlen(seed) - 1] = '1';
	high = hp_fnv1a(seed, strlen(seed));
	snprintf(mac, 18, "02:%02x:%02x:%02x:%02x:%02x", low & 0xff, high >> 24, high >> 16 & 0xff,
		 high >> 8 & 0xff, high & 0xff);
	return 0;
}

static int assign(struct plan_run *run, size_t domain, size_t number)
{
	const struct hp_domain_spec *whose = &run->policy->domains[domain];
	const struct hp_uplink_spec *spec = &whose->network.uplinks[number];
	struct hp_assigned_uplink *out = &run->out->domains[domain].uplinks[number];
	struct parent parent = { NULL };

	if (!find_parent(run->inv, spec, &parent))
		return refuse_unknown(run, spec);
	if (!is_fit(run, spec, &parent))
		return 0;
	out->parent = strdup(parent.name);
	if (!out->parent)
		return -ENOMEM;
	if (spec->kind != HP_UPLINK_IPVLAN && !spec->mac)
		return make_mac(run, whose->name, spec->port.name, out->mac);
	snprintf(out->mac, sizeof(out->mac), "%s", spec->mac ? spec->mac : parent.mac);
	return 0;
}

static bool is_ipvlan(const struct plan_run *run, size_t domain, size_t number)
{
	return run->policy->domains[domain].network.uplinks[number].kind == HP_UPLINK_IPVLAN;
}

/* Of ports that do not move: two with one MAC on one wire would take each other's frames. */
static void check_mac(struct plan_run *run, size_t domain, size_t number)
{
	const struct hp_uplink_spec *spec = &run->policy->domains[domain].network.uplinks[number];
	const char *mac = run->out->domains[domain].uplinks[number].mac;
	struct hp_loc loc = spec->mac ? spec->mac_loc : spec->loc;
	struct hp_uplink_spec by_mac = { .parent = (char *)mac, .is_parent_mac = true };
	struct parent other = { NULL };

	if (!*mac || is_ipvlan(run, domain, number))
		return;
	/* A VLAN's own port may keep its parent's MAC, as it does by default elsewhere. */
	if (spec->kind != HP_UPLINK_VLAN && find_parent(run->inv, &by_mac, &other))
		plan_refuse(run, loc, "mac %s is that of the port %s; give another", mac, other.name);
	for (size_t i = 0; i <= domain; i++)
		for (size_t j = 0; j < (i == domain ? number : run->out->domains[i].uplinks_count); j++)
			if (!strcmp(run->out->domains[i].uplinks[j].mac, mac) && !is_ipvlan(run, i, j))
				plan_refuse(run, loc, "mac %s is also that of the uplink %s of %s; give another", mac,
					    run->policy->domains[i].network.uplinks[j].port.name,
					    run->policy->domains[i].name);
}

/* What the policy's check knows by text, known by port: a name and a MAC may mean the same one. */
static void check_parent(struct plan_run *run, size_t domain, size_t number)
{
	const struct hp_uplink_spec *two = &run->policy->domains[domain].network.uplinks[number];
	const char *parent = run->out->domains[domain].uplinks[number].parent;

	for (size_t i = 0; parent && i <= domain; i++)
		for (size_t j = 0; j < (i == domain ? number : run->out->domains[i].uplinks_count); j++) {
			const struct hp_uplink_spec *one = &run->policy->domains[i].network.uplinks[j];
			const char *other = run->out->domains[i].uplinks[j].parent;

			if (!other || strcmp(other, parent) || !strcmp(one->parent, two->parent))
				continue;
			if (one->kind == HP_UPLINK_VLAN && two->kind == HP_UPLINK_VLAN && one->vlan == two->vlan)
				plan_refuse(run, two->loc, "VLAN %u of %s is already used on line %u", two->vlan,
					    parent, one->loc.line);
			else if (one->kind + two->kind == HP_UPLINK_MACVLAN + HP_UPLINK_IPVLAN && one->kind != two->kind)
				plan_refuse(run, two->loc, "%s has a %s on line %u; the kernel does not do both", parent,
					    hp_uplink_kind_words[one->kind], one->loc.line);
		}
}

/* The base's end of a veth brings a network along, which must be new here. */
static void check_network(struct plan_run *run, const struct hp_uplink_spec *spec)
{
	struct hp_ip address, local;

	if (spec->kind != HP_UPLINK_VETH || !spec->port.addresses ||
	    hp_value_ip(spec->port.addresses[0], HP_IP_CIDR, &address))
		return;
	for (char **text = run->inv->local_subnets; text && *text; text++) {
		unsigned int prefix;

		if (hp_value_ip(*text, HP_IP_NETWORK, &local) || !local.prefix)
			continue;
		prefix = local.prefix < address.prefix ? local.prefix : address.prefix;
		if (hp_ip_in_same_network(&address, &local, prefix))
			plan_refuse(run, spec->port.loc, "address %s is in %s, which this machine uses; "
				    "a veth needs a network of its own", spec->port.addresses[0], *text);
	}
}

/* A claimed port that is given no name keeps the one that it has. */
static void check_name(struct plan_run *run, size_t domain, const struct hp_uplink_spec *spec)
{
	const struct hp_assigned_domain *it = &run->out->domains[domain];

	for (size_t i = 0; i < it->pci_count; i++) {
		const struct hp_inv_pci *pci = &run->inv->pci[it->pci[i]];
		const struct hp_port_spec *port = it->pci_specs[i]->port;

		for (size_t j = 0; (!port || !port->name) && j < pci->devs_count; j++)
			if (pci->devs[j].kind == HP_DEV_NET && !strcmp(pci->devs[j].name, spec->port.name))
				plan_refuse(run, spec->port.loc, "port name %s is that of %s, which %s has too; "
					    "give one of them another name", spec->port.name, pci->bdf, it->name);
	}
}

int plan_assign_uplinks(struct plan_run *run)
{
	for (size_t i = 0; i < run->policy->domains_count; i++) {
		size_t count = run->policy->domains[i].network.uplinks_count;
		struct hp_assigned_domain *out = &run->out->domains[i];

		if (!count)
			continue;
		out->uplinks = calloc(count, sizeof(*out->uplinks));
		if (!out->uplinks)
			return -ENOMEM;
		out->uplinks_count = count;
		for (size_t j = 0; j < count; j++) {
			if (assign(run, i, j))
				return -ENOMEM;
			check_mac(run, i, j);
			check_parent(run, i, j);
			check_name(run, i, &run->policy->domains[i].network.uplinks[j]);
			check_network(run, &run->policy->domains[i].network.uplinks[j]);
		}
	}
	return 0;
}
