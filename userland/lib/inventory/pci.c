// SPDX-License-Identifier: GPL-2.0
/* pci.c: the machine's PCI functions, through libpci. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_pci.h"
#include "base/hp_text.h"

#define CLASS_BRIDGE 0x06
#define NAME_MAX_BYTES 256

/*
 * libpci reports what it cannot read by a call that must not return (its own
 * exits the process). Each call into it that may fail runs under catch_call().
 */
static _Thread_local jmp_buf trap;

__attribute__((noreturn))
static void on_error(char *msg, ...)
{
	(void)msg;
	longjmp(trap, 1);
}

static void ignore(char *msg, ...)
{
	(void)msg;
}

static bool catch_call(void (*call)(void *), void *arg)
{
	if (setjmp(trap))
		return false;
	call(arg);
	return true;
}

static void init_access(void *access)
{
	pci_init(access);
}

static void close_access(struct pci_access **access)
{
	if (*access)
		pci_cleanup(*access);
}

static struct pci_access *open_access(const struct hp_root *root)
{
	hp_autofree char *path = NULL;
	struct pci_access *access = pci_alloc();

	access->method = PCI_ACCESS_SYS_BUS_PCI;
	access->error = on_error;
	access->warning = ignore;
	access->debug = ignore;
	/* No cache in the home directory, no questions to the network. */
	access->id_lookup_mode = 0;
	path = hp_format("%s/sys/bus/pci", hp_root_is_live(root) ? "" : hp_root_path(root));
	if (path && !pci_set_param(access, "sysfs.path", path) && catch_call(init_access, access))
		return access;
	access->methods = NULL;		/* not started, so nothing to stop */
	pci_cleanup(access);
	return NULL;
}

struct look_up_args {
	struct pci_access *access;
	int what, id, sub;
	const char *name;	/* in buf, or NULL */
	char buf[NAME_MAX_BYTES];
};

static void look_up_call(void *opaque)
{
	struct look_up_args *args = opaque;

	args->name = pci_lookup_name(args->access, args->buf, sizeof(args->buf),
				     args->what | PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB,
				     args->id, args->sub);
}

/* The first call loads pci.ids, which may be broken. */
static char *look_up(struct pci_access *access, int what, int id, int sub)
{
	struct look_up_args args = { .access = access, .what = what, .id = id, .sub = sub };

	return catch_call(look_up_call, &args) && args.name ? strdup(args.name) : NULL;
}

struct fill_args {
	struct pci_dev *dev;
	int flags;
};

static void fill_info(void *opaque)
{
	struct fill_args *args = opaque;

	pci_fill_info(args->dev, args->flags);
}

/* In two calls, so that a tree without the identity files still tells driver and group. */
static void fill_dev(struct pci_dev *dev)
{
	struct fill_args identity = { dev, PCI_FILL_IDENT | PCI_FILL_CLASS | PCI_FILL_CLASS_EXT };
	struct fill_args place = { dev,
				   PCI_FILL_NUMA_NODE | PCI_FILL_IOMMU_GROUP | PCI_FILL_DRIVER };

	dev->numa_node = -1;
	catch_call(fill_info, &identity);
	catch_call(fill_info, &place);
}

static int parse_group(const char *text)
{
	char *end;
	long group;

	if (!text)
		return -1;
	group = strtol(text, &end, 10);
	return *end || end == text || group < 0 || group > INT32_MAX ? -1 : (int)group;
}

static void copy_dev(struct pci_access *access, struct pci_dev *dev, struct hp_inv_pci *pci)
{
	char *driver = pci_get_string_property(dev, PCI_FILL_DRIVER);

	pci->vendor = dev->vendor_id;
	pci->device = dev->device_id;
	pci->class_code = (uint32_t)dev->device_class << 8 | dev->prog_if;
	pci->is_bridge = pci->class_code >> 16 == CLASS_BRIDGE;
	pci->driver = driver ? strdup(driver) : NULL;
	pci->iommu_group = parse_group(pci_get_string_property(dev, PCI_FILL_IOMMU_GROUP));
	pci->node = dev->numa_node;
	pci->vendor_name = look_up(access, PCI_LOOKUP_VENDOR, pci->vendor, 0);
	pci->device_name = look_up(access, PCI_LOOKUP_DEVICE, pci->vendor, pci->device);
	pci->class_name = look_up(access, PCI_LOOKUP_CLASS, dev->device_class, 0);
}

static int add_function(struct inv_reader *reader, struct pci_access *access, const char *bdf,
			uint64_t key)
{
	struct hp_inventory *inv = reader->inv;
	uint64_t *grown = inv_grown(reader->pci_keys, inv->pci_count, sizeof(*grown));
	struct hp_inv_pci *pci;
	struct pci_dev *dev;

	if (!grown)
		return -ENOMEM;
	reader->pci_keys = grown;
	reader->pci_keys[inv->pci_count] = key;
	pci = inv_append(inv->pci, inv->pci_count);
	if (!pci)
		return -ENOMEM;
	pci->bdf = strdup(bdf);
	if (!pci->bdf)
		return -ENOMEM;
	dev = pci_get_dev(access, (int)(key >> 16), (int)(key >> 8 & 0xff), (int)(key >> 3 & 0x1f),
			  (int)(key & 7));
	fill_dev(dev);
	copy_dev(access, dev, pci);
	pci_free_dev(dev);
	return 0;
}

bool inv_bdf_key(const char *text, uint64_t *key)
{
	struct hp_pci_address at;

	if (!hp_pci_parse(text, &at, &text) || (*text && *text != '/') || at.segment > INT32_MAX)
		return false;
	*key = (uint64_t)at.segment << 16 | (uint64_t)(at.bus << 8 | at.device << 3 | at.function);
	return true;
}

/* Natural order of names is not that of hexadecimal numbers. */
static int compare_keys(const void *a, const void *b)
{
	uint64_t left = 0, right = 0;

	inv_bdf_key(*(char *const *)a, &left);
	inv_bdf_key(*(char *const *)b, &right);
	return left < right ? -1 : left > right;
}

static int read_functions(struct inv_reader *reader, struct pci_access *access, char **names)
{
	size_t count = 0;

	while (names[count])
		count++;
	qsort(names, count, sizeof(*names), compare_keys);
	for (size_t i = 0; i < count; i++) {
		uint64_t key;

		if (inv_bdf_key(names[i], &key) && add_function(reader, access, names[i], key))
			return -ENOMEM;
	}
	return 0;
}

int inv_read_pci(struct inv_reader *reader)
{
	__attribute__((cleanup(close_access))) struct pci_access *access = NULL;
	char **names = NULL;
	int ret;

	/* Not pci_scan_bus(): it gives up on a directory with one strange name in it. */
	if (hp_root_list(reader->root, "/sys/bus/pci/devices", &names, NULL))
		return 0;
	access = open_access(reader->root);
	ret = access ? read_functions(reader, access, names) : 0;
	hp_root_list_free(names);
	return ret;
}
