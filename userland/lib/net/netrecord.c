// SPDX-License-Identifier: GPL-2.0
/* netrecord.c: lists of netlink objects kept for comparison and restoring. */
#include "net/hp_netrecord.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

int hp_netrecords_add(struct hp_netrecords *list, char *text, const void *bytes, size_t size,
		      size_t fixed_size)
{
	hp_autofree char *owned = text;
	hp_autofree unsigned char *copy = malloc(size ? size : 1);

	if (!owned || !copy)
		return -ENOMEM;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 8;
		struct hp_netrecord *items = reallocarray(list->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	memcpy(copy, bytes, size);
	list->items[list->count++] = (struct hp_netrecord){
		.text = hp_take(owned),
		.bytes = hp_take(copy),
		.size = size,
		.fixed_size = fixed_size,
	};
	return 0;
}

void hp_netrecords_clear(struct hp_netrecords *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].text);
		free(list->items[i].bytes);
	}
	free(list->items);
	*list = (struct hp_netrecords)HP_NETRECORDS_INIT;
}

bool hp_netrecord_is_same(const struct hp_netrecord *a, const struct hp_netrecord *b)
{
	return a->fixed_size == b->fixed_size && !memcmp(a->bytes, b->bytes, a->fixed_size);
}

bool hp_netrecords_has(const struct hp_netrecords *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].text, text))
			return true;
	return false;
}

bool hp_netrecords_are_same(const struct hp_netrecords *a, const struct hp_netrecords *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!hp_netrecord_is_same(&a->items[i], &b->items[i]))
			return false;
	return true;
}

char *hp_netrecord_hex(const struct hp_netrecord *record)
{
	char *hex = malloc(record->size * 2 + 1);

	if (!hex)
		return NULL;
	hex[0] = '\0';
	for (size_t i = 0; i < record->size; i++)
		snprintf(hex + 2 * i, 3, "%02x", record->bytes[i]);
	return hex;
}

static int parse_length(const char *text, unsigned int max, unsigned int *prefix)
{
	char *end;
	unsigned long value;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value > max)
		return -EINVAL;
	*prefix = value;
	return 0;
}

int hp_ip_parse(const char *text, unsigned char bytes[16], unsigned int *prefix)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchrnul(text, '/');
	size_t length = slash - text;
	int family;

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	memset(bytes, 0, 16);
	family = inet_pton(AF_INET, address, bytes) == 1 ? AF_INET :
		 inet_pton(AF_INET6, address, bytes) == 1 ? AF_INET6 : -EINVAL;
	if (family < 0)
		return family;
	*prefix = family == AF_INET ? 32 : 128;
	if (*slash && parse_length(slash + 1, *prefix, prefix))
		return -EINVAL;
	return family;
}
