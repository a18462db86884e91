// SPDX-License-Identifier: GPL-2.0
/* leg.c: names of the legs of the star. */
#include "base/hp_leg.h"

#include <stdio.h>
#include <string.h>

uint32_t hp_fnv1a(const void *bytes, unsigned long size)
{
	const unsigned char *p = bytes;
	uint32_t hash = 2166136261u;

	while (size--)
		hash = (hash ^ *p++) * 16777619u;
	return hash;
}

void hp_leg_name(const char *domain, char name[HP_LEG_NAME_SIZE])
{
	if (strlen(domain) <= 12)
		snprintf(name, HP_LEG_NAME_SIZE, "hp-%.12s", domain);
	else
		snprintf(name, HP_LEG_NAME_SIZE, "hp-%.7s-%04x", domain,
			 hp_fnv1a(domain, strlen(domain)) & 0xffffu);
}

void hp_uplink_base_name(const char *object, char name[HP_LEG_NAME_SIZE])
{
	int length = (int)strcspn(object, "/");

	snprintf(name, HP_LEG_NAME_SIZE, HP_UPLINK_PREFIX "%.*s-%04x", length > 7 ? 7 : length, object,
		 hp_fnv1a(object, strlen(object)) & 0xffffu);
}
