// SPDX-License-Identifier: GPL-2.0
/* value_ip.c: rules for IP addresses and networks. */
#include "policy/values.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static unsigned int address_bits(const struct hp_ip *ip)
{
	return ip->family == AF_INET ? 32 : 128;
}

struct hp_ip hp_ip_network(const struct hp_ip *ip)
{
	struct hp_ip network = *ip;

	for (unsigned int bit = ip->prefix; bit < address_bits(ip); bit++)
		network.bytes[bit / 8] &= ~(0x80 >> bit % 8);
	return network;
}

bool hp_ip_in_same_network(const struct hp_ip *a, const struct hp_ip *b, unsigned int prefix)
{
	struct hp_ip first = *a, second = *b;

	if (a->family != b->family)
		return false;
	first.prefix = second.prefix = prefix;
	first = hp_ip_network(&first);
	second = hp_ip_network(&second);
	return !memcmp(first.bytes, second.bytes, sizeof(first.bytes));
}

void hp_ip_format(const struct hp_ip *ip, enum hp_ip_form form, char text[HP_IP_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(ip->family, ip->bytes, address, sizeof(address));
	if (form == HP_IP_PLAIN)
		snprintf(text, HP_IP_TEXT_MAX, "%s", address);
	else
		snprintf(text, HP_IP_TEXT_MAX, "%s/%u", address, ip->prefix % 1000);
}

static bool read_prefix(const char *text, struct hp_ip *ip)
{
	unsigned int value = 0;

	if (!*text || (text[0] == '0' && text[1]) || strlen(text) > 3)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (*text - '0');
	}
	ip->prefix = value;
	return value <= address_bits(ip);
}

/* Addresses that no host may carry. */
static const char *check_special_v4(const struct hp_ip *ip)
{
	unsigned char first = ip->bytes[0];

	if (first == 0 || first == 127)
		return first ? "loopback addresses never leave a host"
			     : "addresses that start with 0 are not for hosts";
	if (first >= 224)
		return first < 240 ? "it is a multicast address" : "it is a reserved address";
	return NULL;
}

static const char *check_special_v6(const struct hp_ip *ip)
{
	static const unsigned char zeros[15];

	if (!memcmp(ip->bytes, zeros, sizeof(zeros)) && ip->bytes[15] <= 1)
		return ip->bytes[15] ? "loopback addresses never leave a host"
				     : "it is the unspecified address";
	return ip->bytes[0] == 0xff ? "it is a multicast address" : NULL;
}

static const char *check_host_bits(const struct hp_ip *ip, enum hp_ip_form form)
{
	uint32_t host_mask;

	if (form == HP_IP_NETWORK) {
		struct hp_ip network = hp_ip_network(ip);

		return memcmp(network.bytes, ip->bytes, sizeof(network.bytes))
			       ? "it has bits set behind the prefix"
			       : NULL;
	}
	/*
	 * Networks of one or two addresses (/32, /31) have neither a network nor a broadcast
	 * address.
	 */
	if (form == HP_IP_PLAIN || ip->family != AF_INET || ip->prefix > 30)
		return ip->prefix ? NULL : "a prefix of 0 is every address there is";
	if (!ip->prefix)
		return "a prefix of 0 is every address there is";
	host_mask = UINT32_MAX >> ip->prefix;
	if (!(hp_ip_v4(ip) & host_mask))
		return "it is the network's own address, not a host's";
	return (hp_ip_v4(ip) & host_mask) == host_mask ? "it is the network's broadcast address"
						       : NULL;
}

const char *hp_value_ip(const char *text, enum hp_ip_form form, struct hp_ip *ip)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	const char *why;

	*ip = (struct hp_ip){ 0 };
	if (!slash != (form == HP_IP_PLAIN))
		return slash ? "no /PREFIX belongs here" : "the /PREFIX is missing";
	if (length >= sizeof(address))
		return "it is not an IP address";
	memcpy(address, text, length);
	address[length] = 0;
	ip->family = inet_pton(AF_INET, address, ip->bytes) == 1 ? AF_INET : AF_INET6;
	if (ip->family == AF_INET6 && inet_pton(AF_INET6, address, ip->bytes) != 1)
		return "it is not an IP address";
	ip->prefix = address_bits(ip);
	if (slash && !read_prefix(slash + 1, ip))
		return ip->family == AF_INET ? "the prefix is not 1 to 32"
					     : "the prefix is not 1 to 128";
	why = ip->family == AF_INET ? check_special_v4(ip) : check_special_v6(ip);
	return why ? why : check_host_bits(ip, form);
}
