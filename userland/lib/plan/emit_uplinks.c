// SPDX-License-Identifier: GPL-2.0
/* emit_uplinks.c: the uplinks, what may be sent through them, and the NAT behind cables to the base. */
#include "plan/emit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_leg.h"

/* One uplink in all its parts. */
struct uplink {
	size_t domain, number;
	const struct hp_domain_spec *whose;
	const struct hp_uplink_spec *spec;
	const struct hp_assigned_uplink *assigned;
	char object[HP_NAME_MAX + 17];	/* "alpha/eth0" */
};

typedef int (*emit_one)(struct emit *emit, const struct uplink *uplink);

static int each_uplink(struct emit *emit, emit_one fn)
{
	for (size_t i = 0; i < emit->policy->domains_count; i++) {
		const struct hp_domain_spec *whose = &emit->policy->domains[i];

		for (size_t j = 0; j < whose->network.uplinks_count; j++) {
			struct uplink uplink = {
				.domain = i, .number = j, .whose = whose, .spec = &whose->network.uplinks[j],
				.assigned = &emit->assignment->domains[i].uplinks[j],
			};

			snprintf(uplink.object, sizeof(uplink.object), "%s/%s", whose->name, uplink.spec->port.name);
			if (fn(emit, &uplink))
				return -ENOMEM;
		}
	}
	return 0;
}

static struct emit_for whose(const struct uplink *uplink)
{
	return (struct emit_for){ (int)uplink->domain, uplink->spec->loc };
}

/* Once for each port, though several uplinks stand on it. */
static int emit_parent(struct emit *emit, const struct uplink *uplink)
{
	struct emit_for machine = { -1, uplink->spec->loc };

	if (hp_settings_find(emit->out, "uplink", uplink->assigned->parent, "parent"))
		return 0;
	return emit_text(emit, machine, "uplink", uplink->assigned->parent, "parent", "up");
}

static int emit_forwarding(struct emit *emit, const struct uplink *uplink)
{
	struct emit_for machine = { -1, uplink->spec->loc };

	if (uplink->spec->kind != HP_UPLINK_VETH ||
	    hp_settings_find(emit->out, "uplink", uplink->assigned->parent, "forwarding"))
		return 0;
	return emit_text(emit, machine, "uplink", uplink->assigned->parent, "forwarding", "1");
}

static void print_addresses(FILE *out, const struct hp_port_spec *port)
{
	for (char **address = port->addresses; address && *address; address++)
		fprintf(out, " address=%s", *address);
}

static int emit_link(struct emit *emit, const struct uplink *uplink)
{
	const struct hp_uplink_spec *spec = uplink->spec;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	fprintf(out, "kind=%s", hp_uplink_kind_words[spec->kind]);
	if (spec->kind != HP_UPLINK_VETH)
		fprintf(out, " parent=%s", uplink->assigned->parent);
	if (spec->kind != HP_UPLINK_IPVLAN)
		fprintf(out, " mac=%s", uplink->assigned->mac);
	if (spec->vlan)
		fprintf(out, " vlan=%u", spec->vlan);
	if (spec->port.mtu)
		fprintf(out, " mtu=%u", spec->port.mtu);
	fprintf(out, " ra=%d", spec->has_slaac);
	print_addresses(out, &spec->port);
	if (spec->kind == HP_UPLINK_VETH)
		fprintf(out, " base=%s%s", spec->port.gateway, strchr(spec->port.addresses[0], '/'));
	return emit_stream(emit, whose(uplink), "uplink", uplink->object, out, &text);
}

/*
 * Where the base can see every frame of the domain and tell whose it is, the
 * check is there: at its end of a cable, and at the VLAN's parent by the tag.
 */
static int emit_fence(struct emit *emit, const struct uplink *uplink)
{
	const struct hp_uplink_spec *spec = uplink->spec;
	char *text = NULL, base_name[HP_LEG_NAME_SIZE];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	hp_uplink_base_name(uplink->object, base_name);
	if (spec->kind == HP_UPLINK_VETH)
		fprintf(out, "in=base device=%s hook=ingress", base_name);
	else if (spec->kind == HP_UPLINK_VLAN)
		fprintf(out, "in=base device=%s hook=egress", uplink->assigned->parent);
	else
		fprintf(out, "in=%s device=%s hook=egress", uplink->whose->name, spec->port.name);
	fprintf(out, " mac=%s", uplink->assigned->mac);
	if (spec->vlan)
		fprintf(out, " vlan=%u", spec->vlan);
	fprintf(out, "%s%s", spec->has_dhcp ? " any4" : "", spec->has_slaac ? " any6" : "");
	print_addresses(out, &spec->port);
	return emit_stream(emit, whose(uplink), "spoof", uplink->object, out, &text);
}

static int emit_up(struct emit *emit, const struct uplink *uplink)
{
	const char *gateway = uplink->spec->port.gateway;
	hp_autofree char *want = NULL;

	if (asprintf(&want, "up%s%s", gateway ? " gateway=" : "", gateway ? gateway : "") < 0) {
		want = NULL;
		return -ENOMEM;
	}
	return emit_text(emit, whose(uplink), "uplink", uplink->object, "up", want);
}

/* Without an address in the base there is nothing to say what a port may send but its MAC. */
static int emit_port_fence(struct emit *emit, size_t domain, size_t nth)
{
	const struct hp_assigned_domain *it = &emit->assignment->domains[domain];
	const struct hp_inv_pci *pci = &emit->inv->pci[it->pci[nth]];
	const struct hp_port_spec *port = it->pci_specs[nth]->port;
	const struct hp_inv_dev *dev = NULL;
	hp_autofree char *object = NULL;
	char *text = NULL;
	const char *name;
	size_t size;
	FILE *out;

	for (size_t i = 0; !dev && i < pci->devs_count; i++)
		dev = pci->devs[i].kind == HP_DEV_NET ? &pci->devs[i] : NULL;
	if (!port || !port->is_bound || !dev || !dev->mac)
		return 0;
	name = port->name ? port->name : dev->name;
	if (asprintf(&object, "%s/%s", it->name, name) < 0) {
		object = NULL;
		return -ENOMEM;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	fprintf(out, "in=%s device=%s hook=egress mac=%s%s", it->name, name, dev->mac,
		port->addresses && port->addresses[0] ? "" : " any4 any6");
	print_addresses(out, port);
	return emit_stream(emit, (struct emit_for){ (int)domain, port->loc }, "spoof", object, out, &text);
}

static int emit_port_fences(struct emit *emit)
{
	for (size_t i = 0; i < emit->assignment->domains_count; i++)
		for (size_t j = 0; j < emit->assignment->domains[i].pci_count; j++)
			if (emit_port_fence(emit, i, j))
				return -ENOMEM;
	return 0;
}

/* "close" lines: forwarding was switched on there for NAT alone, so nothing else may use it. */
static void print_closed(const struct emit *emit, FILE *out)
{
	for (size_t i = 0; i < emit->out->count; i++) {
		const struct hp_setting *item = &emit->out->items[i];

		if (!strcmp(item->backend, "uplink") && !strcmp(item->attr, "forwarding"))
			fprintf(out, "\nclose %s", item->object);
	}
}

static int emit_nat(struct emit *emit)
{
	char *text = NULL, base_name[HP_LEG_NAME_SIZE], object[HP_NAME_MAX + 17];
	size_t size, lines = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < emit->policy->domains_count; i++)
		for (size_t j = 0; j < emit->policy->domains[i].network.uplinks_count; j++) {
			const struct hp_uplink_spec *spec = &emit->policy->domains[i].network.uplinks[j];
			const char *address = spec->port.addresses ? spec->port.addresses[0] : "";

			if (spec->kind != HP_UPLINK_VETH)
				continue;
			snprintf(object, sizeof(object), "%s/%s", emit->policy->domains[i].name, spec->port.name);
			hp_uplink_base_name(object, base_name);
			fprintf(out, "%sveth %s %.*s out %s", lines++ ? "\n" : "", base_name, (int)strcspn(address, "/"), address,
				emit->assignment->domains[i].uplinks[j].parent);
		}
	if (lines && !emit->inv->is_router)
		print_closed(emit, out);
	return emit_stream(emit, (struct emit_for){ -1, { 0, 0 } }, "nat", "hostpart-nat", out, &text);
}

/*
 * NAT's rules go by names and are there before the cables; an uplink comes up
 * only behind its check: nothing is ever sent unjudged.
 */
int emit_uplinks(struct emit *emit)
{
	if (each_uplink(emit, emit_parent) || each_uplink(emit, emit_forwarding) || emit_nat(emit) ||
	    each_uplink(emit, emit_link) || each_uplink(emit, emit_fence) || each_uplink(emit, emit_up) ||
	    emit_port_fences(emit))
		return -ENOMEM;
	return 0;
}
