// SPDX-License-Identifier: GPL-2.0
/* netrecord_body.c: bodies of netlink messages to and from hexadecimal. */
#include "net/netrecord_body.h"

#include <errno.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hp_body_unhex(const char *hex, unsigned char *bytes, size_t max)
{
	size_t length = strlen(hex);

	if (length % 2 || length / 2 > max)
		return -EINVAL;
	for (size_t i = 0; i < length; i += 2) {
		int high = digit(hex[i]), low = digit(hex[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		bytes[i / 2] = high << 4 | low;
	}
	return length / 2;
}

void hp_body_load(struct hp_netlink_request *request, uint16_t type, uint16_t flags,
		  const unsigned char *bytes, size_t size)
{
	memcpy(hp_netlink_begin(request, type, flags, size), bytes, size);
}
