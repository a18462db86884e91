// SPDX-License-Identifier: GPL-2.0
/* parse_pci.c: reads which function a PCI claim names. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <net/netlink.h>

#include "hostpart.h"

/* Reads @digits hexadecimal digits and the @end behind them; NULL when they are not there. */
static const char *read_hex(const char *text, int digits, char end, u32 *value)
{
	*value = 0;
	for (; digits; digits--, text++) {
		int digit = hex_to_bin(*text);

		if (digit < 0)
			return NULL;
		*value = *value << 4 | digit;
	}
	return *text == end ? text + 1 : NULL;
}

/* "DD.F", followed by '/' or the end of the text. */
static const char *read_devfn(const char *text, u32 *device, u32 *function)
{
	text = read_hex(text, 2, '.', device);
	if (!text || *device > 31 || hex_to_bin(*text) < 0 || hex_to_bin(*text) > 7)
		return NULL;
	*function = hex_to_bin(*text++);
	if (*text && *text != '/')
		return NULL;
	return text;
}

/* A segment has four digits, or up to eight where the machine numbers them so high. */
static const char *read_segment(const char *text, u32 *segment)
{
	const char *colon = strchr(text, ':');
	int digits = colon ? colon - text : 0;

	return digits >= 4 && digits <= 8 ? read_hex(text, digits, ':', segment) : NULL;
}

static bool read_path(const char *text, struct hp_pci_name *pci)
{
	u32 bus, device, function;

	text = read_segment(text, &pci->segment);
	if (text)
		text = read_hex(text, 2, ':', &bus);
	if (text)
		text = read_devfn(text, &device, &function);
	if (!text || !*text)
		return false;
	pci->bus = bus;
	pci->device = device;
	pci->function = function;
	while (*text) {
		text = read_devfn(text + 1, &device, &function);
		if (!text || pci->hop_count == HP_PCI_HOP_MAX)
			return false;
		pci->hops[pci->hop_count++] = device << 3 | function;
	}
	return true;
}

/* Of a driver or a port, as the kernel has them: something, and no path. */
static int check_word(const char *kind, const char *word, const char *owner,
		      struct hp_refusal *why)
{
	const char *c;

	for (c = word; *c; c++)
		if (*c <= ' ' || *c == '/' || *c == ':' || *c == 0x7f)
			break;
	if (c > word && !*c && strcmp(word, ".") && strcmp(word, ".."))
		return 0;
	return hp_refuse(why, -EINVAL, "pci claim of %s: \"%s\" is no %s name", owner, word, kind);
}

static int read_words(struct nlattr *const *tb, struct hp_claim *claim, struct hp_refusal *why)
{
	struct hp_pci_name *pci = &claim->pci;
	int err = 0;

	if (tb[HP_CLAIM_A_PCI_DRIVER]) {
		nla_strscpy(pci->driver, tb[HP_CLAIM_A_PCI_DRIVER], sizeof(pci->driver));
		err = check_word("driver", pci->driver, claim->domain->name, why);
	}
	if (!err && tb[HP_CLAIM_A_PORT_NAME]) {
		nla_strscpy(pci->port_name, tb[HP_CLAIM_A_PORT_NAME], sizeof(pci->port_name));
		err = check_word("port", pci->port_name, claim->domain->name, why);
	}
	return err;
}

int hp_parse_pci(struct nlattr *const *tb, struct hp_claim *claim, struct hp_refusal *why)
{
	struct hp_pci_name *pci = &claim->pci;

	if (tb[HP_CLAIM_A_PCI_FLAGS])
		pci->flags = nla_get_u32(tb[HP_CLAIM_A_PCI_FLAGS]);
	if (tb[HP_CLAIM_A_PCI_PATH]) {
		pci->match = HP_PCI_BY_PATH;
		if (!read_path(nla_data(tb[HP_CLAIM_A_PCI_PATH]), pci))
			return hp_refuse(why, -EINVAL,
					 "pci claim of %s: \"%s\" is no path SSSS:BB:DD.F/DD.F",
					 claim->domain->name,
					 (char *)nla_data(tb[HP_CLAIM_A_PCI_PATH]));
	} else if (tb[HP_CLAIM_A_PCI_VENDOR]) {
		pci->match = HP_PCI_BY_ID;
		pci->vendor = nla_get_u32(tb[HP_CLAIM_A_PCI_VENDOR]);
		pci->device_id = nla_get_u32(tb[HP_CLAIM_A_PCI_DEVICE_ID]);
		pci->index = nla_get_u32(tb[HP_CLAIM_A_PCI_INDEX]);
	} else {
		pci->match = HP_PCI_BY_ADDRESS;
		pci->segment = nla_get_u32(tb[HP_CLAIM_A_PCI_SEGMENT]);
		pci->bus = nla_get_u32(tb[HP_CLAIM_A_PCI_BUS]);
		pci->device = nla_get_u32(tb[HP_CLAIM_A_PCI_DEVICE]);
		pci->function = nla_get_u32(tb[HP_CLAIM_A_PCI_FUNCTION]);
	}
	return read_words(tb, claim, why);
}
