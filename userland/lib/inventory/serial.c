// SPDX-License-Identifier: GPL-2.0
/* serial.c: finds the serial number of a disk. */
#include "inventory/serial.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define VPD_HEADER_BYTES 4
#define VPD_MAX_BYTES 256

static bool has_serial(struct hp_root *root, const char *dir, const struct hp_inv_dev *dev)
{
	hp_autofree char *partition = NULL;

	if (dev->kind == HP_DEV_CHAR)
		return !strncmp(dev->name, "nvme", 4);
	if (dev->kind != HP_DEV_BLOCK)
		return false;
	partition = hp_root_readf(root, "%s/partition", dir);
	return !partition;
}

/* Drives pad theirs with blanks; an empty one is none. */
static char *trimmed(const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && (isspace((unsigned char)text[len - 1]) || !text[len - 1]))
		len--;
	return len ? strndup(text, len) : NULL;
}

static char *from_file(struct hp_root *root, const char *dir, const char *file)
{
	hp_autofree char *text = hp_root_readf(root, "%s/%s", dir, file);

	return text ? trimmed(text, strlen(text)) : NULL;
}

/* SCSI vital product data page 0x80: a header of four bytes (the last one is the length), then the serial. */
static char *from_vpd(struct hp_root *root, const char *dir)
{
	char page[VPD_HEADER_BYTES + VPD_MAX_BYTES];
	hp_autofree char *path = hp_format("%s/device/vpd_pg80", dir);
	hp_autofd int fd = -1;
	ssize_t got;
	size_t len;

	if (!path)
		return NULL;
	fd = hp_root_openat(root, path, O_RDONLY, NULL);
	got = fd < 0 ? -1 : read(fd, page, sizeof(page));
	if (got <= VPD_HEADER_BYTES)
		return NULL;
	len = (unsigned char)page[VPD_HEADER_BYTES - 1];
	if (len > (size_t)got - VPD_HEADER_BYTES)
		len = (size_t)got - VPD_HEADER_BYTES;
	return trimmed(page + VPD_HEADER_BYTES, len);
}

/* What udev learnt by asking the disk itself; USB disks tell only this way. */
static char *from_udev(struct hp_root *root, const struct hp_inv_dev *dev)
{
	static const char key[] = "E:ID_SERIAL_SHORT=";
	hp_autofree char *data =
		hp_root_readf(root, "/run/udev/data/b%d:%d", dev->major, dev->minor);
	const char *at = data ? strstr(data, key) : NULL;

	if (!at || (at != data && at[-1] != '\n'))
		return NULL;
	at += strlen(key);
	return trimmed(at, strcspn(at, "\n"));
}

char *inv_disk_serial(struct hp_root *root, const char *dir, const struct hp_inv_dev *dev)
{
	char *serial;

	if (!has_serial(root, dir, dev))
		return NULL;
	serial = from_file(root, dir, "serial");
	if (!serial)
		serial = from_file(root, dir, "device/serial");
	if (!serial && dev->kind == HP_DEV_BLOCK)
		serial = from_vpd(root, dir);
	if (!serial && dev->kind == HP_DEV_BLOCK)
		serial = from_udev(root, dev);
	return serial;
}
