// SPDX-License-Identifier: GPL-2.0
/* emit_devices.c: who may open which device node, and where each claimed network port goes. */
#include "plan/emit.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

#define ANY_MINOR (-1)

struct node {
	char type;		/* 'b' or 'c' */
	int major, minor;	/* ANY_MINOR = all */
	int domain;
};

/*
 * What every program expects to find and what reaches no hardware: null, zero,
 * full, random, urandom, the own terminal, ptmx and the terminals that it makes.
 * Not /dev/console, kmsg, mem, fuse or net/tun: they reach beyond the domain.
 */
static const struct node basic_nodes[] = {
	{ 'c', 1, 3, -1 }, { 'c', 1, 5, -1 }, { 'c', 1, 7, -1 }, { 'c', 1, 8, -1 },
	{ 'c', 1, 9, -1 }, { 'c', 5, 0, -1 }, { 'c', 5, 2, -1 }, { 'c', 136, ANY_MINOR, -1 },
};

struct nodes {
	struct node *items;
	size_t count, capacity;
};

static int add_node(struct nodes *list, struct node node)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 64;
		struct node *items = reallocarray(list->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = node;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor < y->minor ? -1 : x->minor > y->minor;
}

/* Sorted, each node once. */
static void sort_nodes(struct nodes *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_number);
	for (size_t i = 0; i < list->count; i++) {
		if (!kept || by_number(&list->items[kept - 1], &list->items[i]))
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

/* Nodes of everything below a domain's functions. */
static int add_claimed(struct nodes *list, const struct emit *emit, size_t index)
{
	const struct hp_assigned_domain *domain = &emit->assignment->domains[index];

	for (size_t i = 0; i < domain->pci_count; i++) {
		const struct hp_inv_pci *pci = &emit->inv->pci[domain->pci[i]];

		for (size_t j = 0; j < pci->devs_count; j++) {
			const struct hp_inv_dev *dev = &pci->devs[j];
			struct node node = { dev->kind == HP_DEV_BLOCK ? 'b' : 'c', dev->major,
					     dev->minor, (int)index };

			if (dev->kind != HP_DEV_NET && dev->major >= 0 && dev->minor >= 0 &&
			    add_node(list, node))
				return -ENOMEM;
		}
	}
	return 0;
}

static void print_node(FILE *out, const char *verb, const struct node *node)
{
	fprintf(out, "\n%s %c %d:", verb, node->type, node->major);
	if (node->minor == ANY_MINOR)
		fputc('*', out);
	else
		fprintf(out, "%d", node->minor);
}

static int emit_acl(struct emit *emit, size_t index, const struct nodes *list)
{
	const struct hp_domain_spec *spec = &emit->policy->domains[index];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	fprintf(out, "cgroup %s/%s", emit->top, spec->name);
	for (size_t i = 0; i < list->count; i++) {
		print_node(out, "allow", &list->items[i]);
		fputs(" rwm", out);
	}
	return emit_stream(emit, (struct emit_for){ (int)index, spec->loc }, "devacl", spec->name,
			   out, &text);
}

int emit_device_acls(struct emit *emit)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < emit->policy->domains_count; i++) {
		struct nodes list = { NULL, 0, 0 };

		for (size_t j = 0; !rc && j < hp_array_size(basic_nodes); j++)
			rc = add_node(&list, basic_nodes[j]);
		if (!rc)
			rc = add_claimed(&list, emit, i);
		if (!rc) {
			sort_nodes(&list);
			rc = emit_acl(emit, i, &list);
		}
		free(list.items);
	}
	return rc;
}

int emit_base_acl(struct emit *emit)
{
	struct nodes list = { NULL, 0, 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc = out ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < emit->policy->domains_count; i++)
		rc = add_claimed(&list, emit, i);
	if (!rc)
		sort_nodes(&list);
	for (size_t i = 0; !rc && i < list.count; i++) {
		print_node(out, "deny", &list.items[i]);
		fprintf(out, " %s/%s", emit->top, emit->policy->domains[list.items[i].domain].name);
	}
	free(list.items);
	if (!out)
		return -ENOMEM;
	if (fclose(out))
		rc = -ENOMEM;
	/* Each line starts with its newline: the first is none. */
	if (!rc && *text)
		rc = emit_text(emit, (struct emit_for){ -1, emit->policy->base.loc }, "devacl",
			       "base", "", text + 1);
	free(text);
	return rc;
}

/* json-c consumes the value even on failure; a NULL value means out of memory here. */
static int put(struct json_object *object, const char *key, struct json_object *value)
{
	return !value || json_object_object_add(object, key, value) ? -ENOMEM : 0;
}

static struct json_object *list_addresses(const struct hp_port_spec *port)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; list && port && port->addresses && port->addresses[i]; i++) {
		struct json_object *text = json_object_new_string(port->addresses[i]);

		if (!text || json_object_array_add(list, text)) {
			json_object_put(text);
			json_object_put(list);
			return NULL;
		}
	}
	return list;
}

static struct json_object *port_json(const char *netns, const char *name,
				     const struct hp_port_spec *port)
{
	struct json_object *object = json_object_new_object();
	int rc = object ? put(object, "netns", json_object_new_string(netns)) : -ENOMEM;

	if (!rc && name)
		rc = put(object, "name", json_object_new_string(name));
	if (!rc && port && port->mtu)
		rc = put(object, "mtu", json_object_new_int64(port->mtu));
	if (!rc)
		rc = put(object, "addresses", list_addresses(port));
	if (!rc && port && port->gateway)
		rc = put(object, "gateway", json_object_new_string(port->gateway));
	if (!rc)
		rc = put(object, "up", json_object_new_boolean(1));
	if (!rc)
		return object;
	json_object_put(object);
	return NULL;
}

/* The nth port of a function; what the policy says about a port is said about the first. */
static int emit_port(struct emit *emit, int domain, const struct hp_device_spec *spec,
		     const char *bdf, const char *name, size_t nth)
{
	const struct hp_port_spec *port = nth ? NULL : spec->port;
	struct emit_for whose = { domain, port && port->loc.line ? port->loc : spec->loc };
	struct json_object *want = port_json(emit->policy->domains[domain].name,
					     port && port->name ? port->name : name, port);
	char object[64];
	int rc;

	if (!want)
		return -ENOMEM;
	if (nth)
		snprintf(object, sizeof(object), "%s#%zu", bdf, nth);
	else
		snprintf(object, sizeof(object), "%s", bdf);
	rc = emit_text(emit, whose, "port", object, "",
		       json_object_to_json_string_ext(want, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(want);
	return rc;
}

static int emit_function_ports(struct emit *emit, int domain, size_t nth)
{
	const struct hp_assigned_domain *it = &emit->assignment->domains[domain];
	const struct hp_inv_pci *pci = &emit->inv->pci[it->pci[nth]];
	size_t ports = 0;

	for (size_t i = 0; i < pci->devs_count; i++) {
		if (pci->devs[i].kind != HP_DEV_NET)
			continue;
		if (emit_port(emit, domain, it->pci_specs[nth], pci->bdf, pci->devs[i].name,
			      ports++))
			return -ENOMEM;
	}
	/*
	 * A network function with a driver and no visible port has its port in a domain already.
	 * Parked by the module, it has none yet: it gets one when the registry says that its domain runs.
	 */
	if (!ports && pci->class_code >> 16 == 0x02 && pci->driver && strcmp(pci->driver, "hostpart") != 0)
		return emit_port(emit, domain, it->pci_specs[nth], pci->bdf, NULL, 0);
	return 0;
}

int emit_ports(struct emit *emit)
{
	for (size_t i = 0; i < emit->assignment->domains_count; i++) {
		for (size_t j = 0; j < emit->assignment->domains[i].pci_count; j++) {
			if (emit_function_ports(emit, (int)i, j))
				return -ENOMEM;
		}
	}
	return 0;
}
