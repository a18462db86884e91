// SPDX-License-Identifier: GPL-2.0
/* read_device.c: reads which devices a domain claims or the base keeps. */
#include "policy/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "policy/values.h"

#define INDEX_MAX 4095

const char *const hp_device_class_words[] = { "nvme", "net", "gpu", "usb", "audio", "sata", NULL };

/* Takes the canonical form, or complains about why there is none. */
static void set_selector(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			 const char *why, const char *canonical, enum hp_select_how how,
			 struct hp_device_spec *device)
{
	if (why) {
		hp_reject(in, key, node, why, NULL);
		return;
	}
	if (device->text)
		return; /* a second selector, complained about below */
	device->how = how;
	device->text = hp_reader_copy(in, canonical);
}

static void read_bdf(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	char canonical[HP_BDF_TEXT_MAX + 1];
	const char *text;

	if (hp_read_text(in, key, node, &text))
		set_selector(in, key, node, hp_value_bdf(text, canonical), canonical, HP_SELECT_BDF,
			     field);
}

static void read_class(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	struct hp_device_spec *device = field;
	unsigned int word;

	if (!hp_read_word(in, key, node, hp_device_class_words, &word))
		return;
	device->how = HP_SELECT_CLASS;
	device->dev_class = word;
}

static void read_id(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		    void *field)
{
	char canonical[HP_ID_TEXT_MAX];
	const char *text;

	if (hp_read_text(in, key, node, &text))
		set_selector(in, key, node, hp_value_pci_id(text, canonical), canonical,
			     HP_SELECT_ID, field);
}

static void read_serial(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			void *field)
{
	const char *text;

	if (hp_read_text(in, key, node, &text))
		set_selector(in, key, node, hp_value_serial(text), text, HP_SELECT_SERIAL, field);
}

static void read_mac(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	char canonical[HP_MAC_TEXT_MAX];
	const char *text;

	if (hp_read_text(in, key, node, &text))
		set_selector(in, key, node, hp_value_mac(text, canonical), canonical, HP_SELECT_MAC,
			     field);
}

static void read_index(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	struct hp_device_spec *device = field;
	uint64_t number;

	if (hp_read_number(in, key, node, 0, INDEX_MAX, &number))
		device->index = number;
}

enum { BDF, CLASS, ID, SERIAL, MAC, INDEX, SHARED, FORCE, PORT };

static const struct hp_key keys[] = {
	[BDF] = { "bdf", "a PCI address, such as \"0000:03:00.0\"", read_bdf, 0, false },
	[CLASS] = { "class", "nvme, net, gpu, usb, audio or sata", read_class, 0, false },
	[ID] = { "id", "a PCI vendor and device, such as \"8086:10d3\"", read_id, 0, false },
	[SERIAL] = { "serial", "a disk's serial number, in quotes if it is all digits", read_serial,
		     0, false },
	[MAC] = { "mac", "a port's address, such as \"52:54:00:10:00:01\"", read_mac, 0, false },
	[INDEX] = { "index", "which one, counted from 0 in PCI order, at most 4095", read_index, 0,
		    false },
	[SHARED] = { "allow_shared_group", "true or false", hp_read_bool,
		     offsetof(struct hp_device_spec, allow_shared_group), false },
	[FORCE] = { "force", "true or false", hp_read_bool, offsetof(struct hp_device_spec, force),
		    false },
	[PORT] = { "port", "a mapping of name, addresses, gateway, mtu and bind", hp_read_port,
		   offsetof(struct hp_device_spec, port), false },
};
static const struct hp_shape domain_shape = HP_SHAPE("a device", keys);
/* The base keeps a device as it is: there is nothing to force or to configure. */
static const struct hp_shape base_shape = { .what = "a device of the base",
					    .keys = keys,
					    .count = SHARED };

static void check_combination(struct hp_reader *in, unsigned int seen,
			      const struct hp_device_spec *device)
{
	const unsigned int selectors = 1u << BDF | 1u << CLASS | 1u << ID | 1u << SERIAL |
				       1u << MAC;
	const bool needs_index = seen & (1u << CLASS | 1u << ID), has_index = seen & 1u << INDEX;

	if (__builtin_popcount(seen & selectors) != 1) {
		hp_complain(in->bad, device->loc,
			    "a device needs exactly one of bdf, class, id, serial or mac; %s",
			    seen & selectors ? "remove the others" : "add one");
		return;
	}
	if (needs_index && !has_index)
		hp_complain(in->bad, device->loc, "index is missing beside %s; allowed: %s",
			    keys[seen & 1u << CLASS ? CLASS : ID].name, keys[INDEX].allowed);
	if (has_index && !needs_index)
		hp_complain(in->bad, device->loc,
			    "index only belongs beside class or id; remove it");
	if (device->port && (device->how == HP_SELECT_SERIAL ||
			     (seen & 1u << CLASS && device->dev_class != HP_CLASS_NET)))
		hp_complain(in->bad, device->port->loc,
			    "only a network port has port; select it by mac, bdf, id or class net");
}

static void read_one(struct hp_reader *in, const struct hp_shape *shape, const struct hp_key *key,
		     const struct hp_yaml *node, struct hp_device_spec *device)
{
	unsigned int seen;

	device->loc = node->loc;
	seen = hp_read_map(in, shape, key, node, device);
	if (node->kind == HP_YAML_MAP)
		check_combination(in, seen, device);
}

static void read_domain_device(struct hp_reader *in, const struct hp_key *key,
			       const struct hp_yaml *node, void *field)
{
	read_one(in, &domain_shape, key, node, field);
}

static void read_base_device(struct hp_reader *in, const struct hp_key *key,
			     const struct hp_yaml *node, void *field)
{
	read_one(in, &base_shape, key, node, field);
}

void hp_read_devices(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     bool is_base, struct hp_device_spec **devices, size_t *count)
{
	const struct hp_list list = {
		0,
		HP_DEVICES_MAX,
		sizeof(struct hp_device_spec),
		is_base ? read_base_device : read_domain_device,
	};
	void *items = NULL;

	hp_read_list(in, key, &list, node, &items, count);
	*devices = items;
}
