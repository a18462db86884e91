// SPDX-License-Identifier: GPL-2.0
/* roles_console.c: which functions carry the machine's console. */
#include "inventory/inv_reader.h"

#include <stdio.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* The firmware's choice of display: where boot messages and the firmware's own set-up appear. */
static void mark_boot_display(struct inv_reader *reader)
{
	for (size_t i = 0; i < reader->inv->pci_count; i++) {
		struct hp_inv_pci *pci = &reader->inv->pci[i];
		hp_autofree char *boot =
			hp_root_readf(reader->root, "/sys/bus/pci/devices/%s/boot_vga", pci->bdf);

		if (boot && !strcmp(boot, "1"))
			pci->roles |= HP_ROLE_CONSOLE;
	}
}

static void mark_class_device(struct inv_reader *reader, const char *class, const char *name)
{
	hp_autofree char *path = hp_format("/sys/class/%s/%s", class, name);
	hp_autofree char *target = NULL;
	int owner;

	if (!path)
		return;
	target = hp_root_readlink(reader->root, path);
	owner = target ? inv_owner_of_path(reader, target) : -1;
	if (owner >= 0)
		reader->inv->pci[owner].roles |= HP_ROLE_CONSOLE;
}

/* "tty0 ttyS4": a serial port on a PCI card is a console like any other. */
static void mark_active_terminals(struct inv_reader *reader)
{
	hp_autofree char *active = hp_root_readf(reader->root, "/sys/class/tty/console/active");
	char *rest = active;

	for (char *name; (name = strsep(&rest, " \n")) != NULL;)
		if (*name)
			mark_class_device(reader, "tty", name);
}

int inv_read_console_roles(struct inv_reader *reader)
{
	mark_boot_display(reader);
	/* The one that the framebuffer console takes. */
	mark_class_device(reader, "graphics", "fb0");
	mark_active_terminals(reader);
	return 0;
}
