// SPDX-License-Identifier: GPL-2.0
/* port_value.c: the value of a network port, to and from JSON. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "port.h"

static void put_json(struct json_object **object)
{
	json_object_put(*object);
}

#define JSON_STYLE (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define autojson __attribute__((cleanup(put_json))) struct json_object

void port_value_clear(struct port_value *value)
{
	hp_netrecords_clear(&value->addresses);
	hp_netrecords_clear(&value->routes);
	hp_netrecords_clear(&value->sysctls);
}

/* ---- writing ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct json_object *texts(const struct hp_netrecords *list, bool is_sorted)
{
	hp_autofree const char **words = calloc(list->count + 1, sizeof(*words));
	struct json_object *array = words ? json_object_new_array() : NULL;

	if (!array)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		words[i] = list->items[i].text;
	if (is_sorted)
		qsort(words, list->count, sizeof(*words), by_text);
	for (size_t i = 0; i < list->count; i++)
		json_object_array_add(array, json_object_new_string(words[i]));
	return array;
}

static struct json_object *hexes(const struct hp_netrecords *list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < list->count; i++) {
		hp_autofree char *hex = hp_netrecord_hex(&list->items[i]);

		json_object_array_add(array, hex ? json_object_new_string(hex) : NULL);
	}
	return array;
}

/* "raw" is for putting things back, the texts are for people and comparisons. */
static void add_capture(struct json_object *object, const struct port_value *value)
{
	struct json_object *raw;

	json_object_object_add(object, "routes", texts(&value->routes, false));
	if (value->sysctls.count)
		json_object_object_add(object, "sysctls", texts(&value->sysctls, false));
	if (!value->addresses.count && !value->routes.count)
		return;
	raw = json_object_new_object();
	json_object_object_add(object, "raw", raw);
	json_object_object_add(raw, "addresses", hexes(&value->addresses));
	json_object_object_add(raw, "routes", hexes(&value->routes));
}

char *port_value_format(const struct port_value *value)
{
	autojson *object = json_object_new_object();

	if (!object)
		return NULL;
	json_object_object_add(object, "netns", json_object_new_string(value->netns));
	if (value->name[0])
		json_object_object_add(object, "name", json_object_new_string(value->name));
	if (value->mtu)
		json_object_object_add(object, "mtu", json_object_new_int64(value->mtu));
	json_object_object_add(object, "addresses", texts(&value->addresses, true));
	if (value->gateway[0])
		json_object_object_add(object, "gateway", json_object_new_string(value->gateway));
	if (value->has_up)
		json_object_object_add(object, "up", json_object_new_boolean(value->is_up));
	if (value->is_capture)
		add_capture(object, value);
	return strdup(json_object_to_json_string_ext(object, JSON_STYLE));
}

/* ---- reading ---- */

static int take_text(struct json_object *object, const char *key, char *out, size_t size,
		     struct hp_err *err)
{
	struct json_object *field;
	const char *text;

	if (!json_object_object_get_ex(object, key, &field) || !field)
		return 0;
	text = json_object_get_string(field);
	if (!json_object_is_type(field, json_type_string) || strlen(text) >= size)
		return hp_err_set(err, EINVAL, "\"%s\" must be a text of at most %zu characters", key, size - 1);
	strcpy(out, text);
	return 0;
}

static int take_numbers(struct json_object *object, struct port_value *value, struct hp_err *err)
{
	struct json_object *field;

	if (json_object_object_get_ex(object, "mtu", &field) && field) {
		int64_t mtu = json_object_get_int64(field);

		if (!json_object_is_type(field, json_type_int) || mtu < 0 || mtu > 65535)
			return hp_err_set(err, EINVAL, "\"mtu\" must be a number up to 65535");
		value->mtu = mtu;
	}
	if (json_object_object_get_ex(object, "up", &field) && field) {
		if (!json_object_is_type(field, json_type_boolean))
			return hp_err_set(err, EINVAL, "\"up\" must be true or false");
		value->has_up = true;
		value->is_up = json_object_get_boolean(field);
	}
	return 0;
}

/* Calls add() for every text of an array. */
static int take_list(struct json_object *object, const char *key,
		     int (*add)(const char *, struct hp_netrecords *), struct hp_netrecords *out,
		     struct hp_err *err)
{
	struct json_object *array;

	if (!json_object_object_get_ex(object, key, &array) || !array)
		return 0;
	if (!json_object_is_type(array, json_type_array))
		return hp_err_set(err, EINVAL, "\"%s\" must be a list of texts", key);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		int rc = -EINVAL;

		if (json_object_is_type(item, json_type_string))
			rc = add(json_object_get_string(item), out);

		if (rc)
			return hp_err_set(err, -rc, "\"%s\" holds %s, which is not an address such as 192.0.2.1/24 "
					  "or 2001:db8::1/64", key, json_object_to_json_string(item));
	}
	return 0;
}

static int add_sysctl(const char *text, struct hp_netrecords *out)
{
	return hp_netrecords_add(out, strdup(text), "", 0, 0);
}

/* What a capture holds exactly comes from "raw"; then the texts are only for people. */
static int take_lists(struct json_object *object, struct port_value *value, struct hp_err *err)
{
	struct json_object *raw = NULL;

	value->is_capture = json_object_object_get_ex(object, "routes", NULL);
	if (take_list(object, "sysctls", add_sysctl, &value->sysctls, err))
		return -err->errnum;
	if (!value->is_capture || !json_object_object_get_ex(object, "raw", &raw))
		return take_list(object, "addresses", hp_ipaddr_from_text, &value->addresses, err);
	if (take_list(raw, "addresses", hp_ipaddr_from_hex, &value->addresses, err))
		return -err->errnum;
	return take_list(raw, "routes", hp_iproute_from_hex, &value->routes, err);
}

static int take_object(struct json_object *object, struct port_value *value, struct hp_err *err)
{
	unsigned char bytes[16];
	unsigned int prefix;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "netns", NULL))
		return hp_err_set(err, EINVAL, "the value must be one JSON object with at least \"netns\"");
	if (take_text(object, "netns", value->netns, sizeof(value->netns), err) ||
	    take_text(object, "name", value->name, sizeof(value->name), err) ||
	    take_text(object, "gateway", value->gateway, sizeof(value->gateway), err) ||
	    take_numbers(object, value, err) || take_lists(object, value, err))
		return -err->errnum;
	if (value->gateway[0] &&
	    (strchr(value->gateway, '/') || hp_ip_parse(value->gateway, bytes, &prefix) < 0))
		return hp_err_set(err, EINVAL, "\"gateway\" is \"%s\", which is not an IP address", value->gateway);
	return 0;
}

int port_value_parse(const char *text, struct port_value *value, struct hp_err *err)
{
	autojson *object = json_tokener_parse(text);

	if (!object)
		return hp_err_set(err, EINVAL, "\"%s\" is not JSON", text);
	return take_object(object, value, err);
}

/* ---- comparing ---- */

static bool has_same_texts(const struct hp_netrecords *a, const struct hp_netrecords *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!hp_netrecords_has(b, a->items[i].text))
			return false;
	return true;
}

/* A gateway in another spelling is the same gateway. */
static bool is_same_address(const char *a, const char *b)
{
	unsigned char x[16], y[16];
	unsigned int prefix;

	return hp_ip_parse(a, x, &prefix) == hp_ip_parse(b, y, &prefix) && !memcmp(x, y, sizeof(x));
}

static bool has_gateway(const struct port_value *live, const char *gateway)
{
	char other[64];

	for (size_t i = 0; i < live->routes.count; i++)
		if (hp_iproute_default_gateway(&live->routes.items[i], other, sizeof(other)) &&
		    is_same_address(other, gateway))
			return true;
	return false;
}

bool port_value_satisfies(const struct port_value *live, const struct port_value *want)
{
	if (strcmp(live->netns, want->netns) || (want->name[0] && strcmp(live->name, want->name)))
		return false;
	if ((want->mtu && live->mtu != want->mtu) || (want->has_up && live->is_up != want->is_up))
		return false;
	if (want->is_capture)
		return hp_netrecords_are_same(&live->addresses, &want->addresses) &&
		       hp_netrecords_are_same(&live->routes, &want->routes) &&
		       has_same_texts(&live->sysctls, &want->sysctls);
	if (want->addresses.count && !has_same_texts(&live->addresses, &want->addresses))
		return false;
	return !want->gateway[0] || has_gateway(live, want->gateway);
}
