// SPDX-License-Identifier: GPL-2.0
/* value_selectors.c: rules for what names a device: BDF, MAC, PCI id. */
#include "policy/values.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Reads min to max hex digits; false when there are fewer or more. */
static bool read_hex(const char **pos, unsigned int min, unsigned int max, unsigned int *value)
{
	unsigned int count = 0;

	for (*value = 0; isxdigit((unsigned char)**pos); (*pos)++, count++) {
		unsigned char digit = tolower((unsigned char)**pos);

		if (count == max)
			return false;
		*value = *value << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
	}
	return count >= min;
}

static bool skip(const char **pos, char expected)
{
	if (**pos != expected)
		return false;
	(*pos)++;
	return true;
}

const char *hp_value_bdf(const char *text, char canonical[HP_BDF_TEXT_MAX + 1])
{
	unsigned int domain = 0, bus, device, function;
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':')) {
		if (!read_hex(&text, 4, 8, &domain) || !skip(&text, ':'))
			return "its PCI domain is not 4 to 8 hex digits";
	}
	if (!read_hex(&text, 2, 2, &bus) || !skip(&text, ':') || !read_hex(&text, 2, 2, &device) ||
	    !skip(&text, '.') || !read_hex(&text, 1, 1, &function) || *text)
		return "it does not have the form DOMAIN:BUS:DEVICE.FUNCTION in hex digits";
	if (device > 0x1f || function > 7)
		return device > 0x1f ? "device numbers end at 1f" : "function numbers end at 7";
	snprintf(canonical, HP_BDF_TEXT_MAX + 1, "%04x:%02x:%02x.%u", domain, bus & 0xff, device,
		 function & 7);
	return NULL;
}

const char *hp_value_mac(const char *text, char canonical[HP_MAC_TEXT_MAX])
{
	unsigned int byte[6], any = 0;

	for (int i = 0; i < 6; i++) {
		if ((i && !skip(&text, ':')) || !read_hex(&text, 2, 2, &byte[i]))
			return "it is not six pairs of hex digits with colons between them";
		any |= byte[i];
	}
	if (*text)
		return "it is not six pairs of hex digits with colons between them";
	if (!any || byte[0] & 1)
		return any ? "it is a group address, which no port has" : "no port has it";
	snprintf(canonical, HP_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", byte[0] & 0xff,
		 byte[1] & 0xff, byte[2] & 0xff, byte[3] & 0xff, byte[4] & 0xff, byte[5] & 0xff);
	return NULL;
}

const char *hp_value_pci_id(const char *text, char canonical[HP_ID_TEXT_MAX])
{
	unsigned int vendor, device;

	if (!read_hex(&text, 4, 4, &vendor) || !skip(&text, ':') ||
	    !read_hex(&text, 4, 4, &device) || *text)
		return "it does not have the form VENDOR:DEVICE, four hex digits each";
	snprintf(canonical, HP_ID_TEXT_MAX, "%04x:%04x", vendor & 0xffff, device & 0xffff);
	return NULL;
}
