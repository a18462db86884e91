/* SPDX-License-Identifier: GPL-2.0 */
/* values.h: the rules for single values of a policy: names, addresses, selectors. */
#ifndef HP_VALUES_H
#define HP_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* The checks return NULL when the text is right, else why it is not. */
const char *hp_value_domain_name(const char *text);
/* RFC 1123 labels, at most 64 characters (the kernel's limit). */
const char *hp_value_hostname(const char *text);
/* Network interface name, at most 15 characters. */
const char *hp_value_port_name(const char *text);
const char *hp_value_serial(const char *text);

#define HP_BDF_TEXT_MAX 16	/* "0000:03:00.0", or a domain of up to 8 digits */
#define HP_MAC_TEXT_MAX 18
#define HP_ID_TEXT_MAX 10

/* The same, and the canonical form on success: lower case, PCI domain added. */
const char *hp_value_bdf(const char *text, char canonical[HP_BDF_TEXT_MAX + 1]);
const char *hp_value_mac(const char *text, char canonical[HP_MAC_TEXT_MAX]);
const char *hp_value_pci_id(const char *text, char canonical[HP_ID_TEXT_MAX]);

/* An IPv4 or IPv6 address with a prefix length (32 or 128 when the text had none). */
struct hp_ip {
	int family;		/* AF_INET, AF_INET6; 0 = none */
	unsigned char bytes[16];
	unsigned int prefix;
};

#define HP_IP_TEXT_MAX 50

enum hp_ip_form {
	HP_IP_PLAIN,		/* 192.0.2.1 */
	HP_IP_CIDR,		/* 192.0.2.1/24: an address in a network */
	HP_IP_NETWORK,		/* 192.0.2.0/24: the network itself, no host bits */
};

const char *hp_value_ip(const char *text, enum hp_ip_form form, struct hp_ip *ip);
/* Canonical text; "/prefix" is left out for HP_IP_PLAIN. */
void hp_ip_format(const struct hp_ip *ip, enum hp_ip_form form, char text[HP_IP_TEXT_MAX]);
/* Whether the first `prefix` bits agree; false for different families. */
bool hp_ip_in_same_network(const struct hp_ip *a, const struct hp_ip *b, unsigned int prefix);
/* Clears the bits behind the prefix. */
struct hp_ip hp_ip_network(const struct hp_ip *ip);
static inline uint32_t hp_ip_v4(const struct hp_ip *ip)
{
	return (uint32_t)ip->bytes[0] << 24 | ip->bytes[1] << 16 | ip->bytes[2] << 8 | ip->bytes[3];
}

#endif
