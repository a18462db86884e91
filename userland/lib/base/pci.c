// SPDX-License-Identifier: GPL-2.0
/* pci.c: reads the address of a PCI function. */
#include "base/hp_pci.h"

#include <stdlib.h>
#include <string.h>

/* Between min and max hexadecimal digits at *text; moves *text behind them and `end` (none when that is 0). */
static bool take_hex(const char **text, size_t min, size_t max, char end, uint32_t *value)
{
	size_t length = strspn(*text, "0123456789abcdefABCDEF");

	if (length < min || length > max || (end && (*text)[length] != end))
		return false;
	*value = (uint32_t)strtoul(*text, NULL, 16);
	*text += length + (end != '\0');
	return true;
}

/* Strict: serial ports have parents called "00:00:0.0" (since 6.5), which are no functions. */
bool hp_pci_parse(const char *text, struct hp_pci_address *address, const char **rest)
{
	uint32_t segment, bus, device, function;

	if (!take_hex(&text, 4, 8, ':', &segment) || !take_hex(&text, 2, 2, ':', &bus) ||
	    !take_hex(&text, 2, 2, '.', &device) || !take_hex(&text, 1, 1, '\0', &function) ||
	    device > 31 || function > 7)
		return false;
	*address = (struct hp_pci_address){ segment, (uint8_t)bus, (uint8_t)device, (uint8_t)function };
	*rest = text;
	return true;
}
