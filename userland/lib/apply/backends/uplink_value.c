// SPDX-License-Identifier: GPL-2.0
/* uplink_value.c: the value of an uplink, to and from text. */
#include "uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

void uplink_value_clear(struct uplink_value *value)
{
	hp_netrecords_clear(&value->addresses);
	*value = (struct uplink_value)UPLINK_VALUE_INIT;
}

static int parse_mac(const char *text, struct uplink_value *value)
{
	unsigned char *m = value->mac;
	int used = 0;

	value->has_mac = true;
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m[0], &m[1], &m[2], &m[3], &m[4],
		      &m[5], &used) == 6 && !text[used] ? 0 : -EINVAL;
}

static int parse_number(const char *text, unsigned int *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	return *text < '0' || *text > '9' || *end ? -EINVAL : 0;
}

static int copy(const char *text, char *to, size_t size)
{
	return snprintf(to, size, "%s", text) < (int)size && *text ? 0 : -EINVAL;
}

static bool is_key(const char *word, const char *key)
{
	return !strncmp(word, key, strlen(key));
}

static int parse_word(const char *word, struct uplink_value *value)
{
	const char *text = strchr(word, '=');

	if (!text++)
		return -EINVAL;
	if (is_key(word, "kind="))
		return copy(text, value->kind, sizeof(value->kind));
	if (is_key(word, "parent="))
		return copy(text, value->parent, sizeof(value->parent));
	if (is_key(word, "base="))
		return copy(text, value->base, sizeof(value->base));
	if (is_key(word, "mac="))
		return parse_mac(text, value);
	if (is_key(word, "vlan="))
		return parse_number(text, &value->vlan);
	if (is_key(word, "mtu="))
		return parse_number(text, &value->mtu);
	if (is_key(word, "ra="))
		return parse_number(text, &value->ra);
	return is_key(word, "address=") ? hp_ipaddr_from_text(text, &value->addresses) : -EINVAL;
}

bool uplink_is_kind(const char *kind)
{
	static const char *const kinds[] = { "macvlan", "ipvlan", "vlan", "veth" };

	for (size_t i = 0; i < hp_array_size(kinds); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

static bool is_sound(const struct uplink_value *value)
{
	bool is_veth = !strcmp(value->kind, "veth");

	return uplink_is_kind(value->kind) && is_veth == !value->parent[0] && is_veth == (value->base[0] != '\0') &&
	       !strcmp(value->kind, "vlan") == (value->vlan != 0);
}

int uplink_value_parse(const char *text, struct uplink_value *value, struct hp_err *err)
{
	hp_autofree char *words = strdup(text);
	char *rest = words, *word;
	int rc = words ? 0 : -ENOMEM;

	while (!rc && (word = strsep(&rest, " ")))
		rc = parse_word(word, value);
	if (!rc && !is_sound(value))
		rc = -EINVAL;
	if (rc == -EINVAL)
		return hp_err_set(err, EINVAL, "\"%s\" is not of the form \"kind=macvlan parent=eth0 "
				  "mac=02:00:00:00:00:01 ra=0 address=192.0.2.1/24\"", text);
	return rc ? hp_err_errno(err, -rc, "parse an uplink") : 0;
}

char *uplink_value_format(const struct uplink_value *value)
{
	const unsigned char *m = value->mac;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "kind=%s", value->kind);
	if (value->parent[0])
		fprintf(out, " parent=%s", value->parent);
	if (value->has_mac)
		fprintf(out, " mac=%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	if (value->vlan)
		fprintf(out, " vlan=%u", value->vlan);
	if (value->mtu)
		fprintf(out, " mtu=%u", value->mtu);
	fprintf(out, " ra=%u", value->ra);
	for (size_t i = 0; i < value->addresses.count; i++)
		fprintf(out, " address=%s", value->addresses.items[i].text);
	if (value->base[0])
		fprintf(out, " base=%s", value->base);
	return fclose(out) ? NULL : text;
}

bool uplink_value_satisfies(const struct uplink_value *live, const struct uplink_value *want)
{
	if (strcmp(live->kind, want->kind) || strcmp(live->parent, want->parent) ||
	    strcmp(live->base, want->base) || live->vlan != want->vlan || live->ra != want->ra ||
	    (want->mtu && live->mtu != want->mtu) ||
	    (want->has_mac && memcmp(live->mac, want->mac, HP_MAC_BYTES)))
		return false;
	for (size_t i = 0; i < want->addresses.count; i++)
		if (!hp_netrecords_has(&live->addresses, want->addresses.items[i].text))
			return false;
	return true;
}
