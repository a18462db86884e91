// SPDX-License-Identifier: GPL-2.0
/* devices.c: partctl devices: the machine's functions and what is below them, with owners. */
#include "partctl.h"

#include <errno.h>
#include <string.h>
#include "apply/hp_engine.h"
#include "base/hp_text.h"

struct listing {
	struct run *run;
	const struct hp_policy *policy;		/* NULL = nothing is in force: all is the base's */
	const struct hp_inventory *inventory;
	int *owners;				/* per function; index of a domain, -1 = base */
	const char *only;			/* a domain or "base"; NULL = everything */
};

static const char *owner_of(const struct listing *listing, size_t function)
{
	int owner = listing->owners[function];

	return owner < 0 || !listing->policy ? "base" : listing->policy->domains[owner].name;
}

static bool is_listed(const struct listing *listing, size_t function)
{
	/* Bridges are the machine's wiring: nobody's in particular. */
	return !listing->inventory->pci[function].is_bridge &&
	       (!listing->only || strcmp(listing->only, owner_of(listing, function)) == 0);
}

/* "nvme0n1p1" below "nvme0n1": a partition stands under its disk. */
static bool is_part_of(const struct hp_inv_dev *part, const struct hp_inv_dev *whole)
{
	size_t length = strlen(whole->name);

	return part != whole && part->kind == HP_DEV_BLOCK && whole->kind == HP_DEV_BLOCK &&
	       strncmp(part->name, whole->name, length) == 0 && part->name[length];
}

static bool has_whole(const struct hp_inv_pci *pci, const struct hp_inv_dev *part)
{
	for (size_t i = 0; i < pci->devs_count; i++)
		if (is_part_of(part, &pci->devs[i]))
			return true;
	return false;
}

static void print_device(const struct hp_inv_pci *pci, const struct hp_inv_dev *dev)
{
	hp_autofree char *size = dev->size_bytes ? hp_size_human(dev->size_bytes) : NULL;

	printf("        %s%-6s %s", has_whole(pci, dev) ? "    " : "", hp_inv_dev_kind_words[dev->kind], dev->name);
	if (size)
		printf("  %s", size);
	if (dev->serial)
		printf("  serial %s", dev->serial);
	if (dev->mac)
		printf("  %s", dev->mac);
	if (dev->netns)
		printf("  in %s", dev->netns);
	if (dev->node && (strncmp(dev->node, "/dev/", 5) != 0 || strcmp(dev->node + 5, dev->name) != 0))
		printf("  %s", dev->node);
	putchar('\n');
}

static void print_function(const struct listing *listing, size_t function)
{
	const struct hp_inv_pci *pci = &listing->inventory->pci[function];

	printf("    %s  %s: %s %s", pci->bdf, pci->class_name ? pci->class_name : "Function",
	       pci->vendor_name ? pci->vendor_name : "", pci->device_name ? pci->device_name : "");
	printf("  (%s)\n", pci->driver ? pci->driver : "no driver");
	for (size_t i = 0; i < pci->devs_count; i++)
		print_device(pci, &pci->devs[i]);
}

static void print_owner(const struct listing *listing, int owner, const char *name)
{
	bool has_any = false;

	for (size_t i = 0; i < listing->inventory->pci_count; i++) {
		if (listing->owners[i] != owner || !is_listed(listing, i))
			continue;
		if (!has_any)
			printf("%s%s%s\n", out_colour(listing->run, OUT_BOLD), name, out_colour(listing->run, OUT_PLAIN));
		has_any = true;
		print_function(listing, i);
	}
	if (!has_any && (!listing->only || strcmp(listing->only, name) == 0))
		printf("%s%s%s\n    no devices\n", out_colour(listing->run, OUT_BOLD), name,
		       out_colour(listing->run, OUT_PLAIN));
}

static struct json_object *device_json(const struct hp_inv_dev *dev)
{
	struct json_object *object = json_object_new_object();

	out_add_text(object, "kind", hp_inv_dev_kind_words[dev->kind]);
	out_add_text(object, "name", dev->name);
	out_add_text(object, "node", dev->node);
	json_object_object_add(object, "major", dev->major < 0 ? NULL : json_object_new_int(dev->major));
	json_object_object_add(object, "minor", dev->minor < 0 ? NULL : json_object_new_int(dev->minor));
	out_add_text(object, "serial", dev->serial);
	out_add_text(object, "mac", dev->mac);
	out_add_text(object, "in", dev->netns);
	json_object_object_add(object, "size_bytes", dev->kind == HP_DEV_BLOCK ? json_object_new_uint64(dev->size_bytes) : NULL);
	return object;
}

static struct json_object *function_json(const struct listing *listing, size_t function)
{
	const struct hp_inv_pci *pci = &listing->inventory->pci[function];
	struct json_object *object = json_object_new_object(), *devices = json_object_new_array();

	out_add_text(object, "bdf", pci->bdf);
	out_add_text(object, "owner", owner_of(listing, function));
	out_add_text(object, "class", pci->class_name);
	out_add_text(object, "vendor", pci->vendor_name);
	out_add_text(object, "device", pci->device_name);
	out_add_text(object, "driver", pci->driver);
	json_object_object_add(object, "iommu_group",
			       pci->iommu_group < 0 ? NULL : json_object_new_int(pci->iommu_group));
	for (size_t i = 0; i < pci->devs_count; i++)
		json_object_array_add(devices, device_json(&pci->devs[i]));
	json_object_object_add(object, "devices", devices);
	return object;
}

static int show(const struct listing *listing)
{
	if (listing->run->format != OUT_TABLE) {
		struct json_object *list = json_object_new_array();

		for (size_t i = 0; i < listing->inventory->pci_count; i++)
			if (is_listed(listing, i))
				json_object_array_add(list, function_json(listing, i));
		out_object(listing->run, list);
		return HP_EXIT_OK;
	}
	for (size_t i = 0; listing->policy && i < listing->policy->domains_count; i++)
		print_owner(listing, (int)i, listing->policy->domains[i].name);
	print_owner(listing, -1, "base");
	return HP_EXIT_OK;
}

/* The name must be one of an owner. */
static int check_only(const struct listing *listing, struct hp_err *err)
{
	const char *names[HP_DOMAINS_MAX + 2] = { "base" };

	for (size_t i = 0; listing->policy && i < listing->policy->domains_count; i++)
		names[i + 1] = listing->policy->domains[i].name;
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], listing->only) == 0)
			return 0;
	return cli_refuse_word(listing->only, names, err);
}

static int run_devices(struct run *run, int argc, char **argv)
{
	hp_autoresult plan = HP_ENGINE_RESULT_INIT;
	hp_autofree int *owners = NULL;
	hp_autostate *state = NULL;
	hp_autoerr err = HP_ERR_INIT;
	struct listing listing = { .run = run };
	int status, ret = 0, first = cli_parse(run, argc, argv, NULL, 0, 1, &status);

	if (first < 0)
		return status;
	if (strcmp(run->root_dir, "/") == 0)
		ret = hp_engine_state(&run->ctx, &state, &err);
	if (!ret && state)
		ret = hp_engine_plan(&run->ctx, state->policy_file, state->policy_text, &plan, &err);
	else if (!ret)
		ret = hp_inventory_read(run->ctx.root, run->ctx.caller, &plan.inventory, &err);
	if (ret)
		return cli_fail(run, &err);
	listing.inventory = plan.inventory;
	listing.policy = plan.policy;
	listing.only = first < argc ? argv[first] : NULL;
	listing.owners = owners = malloc((plan.inventory->pci_count + 1) * sizeof(*owners));
	if (!owners) {
		hp_err_set(&err, ENOMEM, "out of memory");
		return cli_fail(run, &err);
	}
	for (size_t i = 0; i < plan.inventory->pci_count; i++)
		owners[i] = -1;
	if (plan.assignment)
		hp_assignment_owners(plan.assignment, owners, plan.inventory->pci_count);
	if (listing.only && check_only(&listing, &err) < 0)
		return cli_fail(run, &err);
	return show(&listing);
}

const struct verb verb_devices = {
	.name = "devices",
	.summary = "the machine's devices and their owners",
	.usage = "[DOMAIN|base]",
	.help = "Lists every PCI function under its owner, with the disks, partitions, ports, displays, input and\n"
		"sound devices below it: what is below a domain's function can be opened in that domain and\n"
		"nowhere else.\n\n"
		"Example:\n  partctl devices alpha\n  partctl devices -o json | jq '.[] | select(.owner == \"base\") | .bdf'",
	.run = run_devices,
	.needs_root = true,
};
