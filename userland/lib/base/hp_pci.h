/* SPDX-License-Identifier: GPL-2.0 */
/* hp_pci.h: the address of a PCI function. */
#ifndef HP_PCI_H
#define HP_PCI_H

#include <stdbool.h>
#include <stdint.h>

struct hp_pci_address {
	uint32_t segment;	/* also called domain */
	uint8_t bus, device, function;
};

/*
 * "0000:03:00.0" as the kernel spells it, a segment of up to eight digits
 * included; false for anything else. *rest is what follows it in the text.
 */
bool hp_pci_parse(const char *text, struct hp_pci_address *address, const char **rest);

#endif
