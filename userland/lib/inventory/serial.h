/* SPDX-License-Identifier: GPL-2.0 */
/* serial.h: the serial number of a disk. */
#ifndef INV_SERIAL_H
#define INV_SERIAL_H

#include "inventory/hp_inventory.h"

/*
 * dir: the device's directory "/sys/dev/block/8:0". Whole disks and NVMe
 * controllers have one; NULL for everything else and where the machine does not tell. Caller frees.
 */
char *inv_disk_serial(struct hp_root *root, const char *dir, const struct hp_inv_dev *dev);

#endif
