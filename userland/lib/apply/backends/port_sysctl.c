// SPDX-License-Identifier: GPL-2.0
/* port_sysctl.c: keeps a port's per-interface sysctls over its stay in a domain. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "port.h"

/*
 * The kernel gives a link that enters a namespace that namespace's defaults.
 * So only what differs from the defaults is kept; on return it is set again.
 */
static const char *const rooms[] = { "ipv4/conf", "ipv6/conf", "ipv4/neigh", "ipv6/neigh" };

/* Follows the link's MTU by itself; unset until somebody sets it, and then secret. */
static bool is_left_alone(const char *name)
{
	return !strcmp(name, "mtu") || !strcmp(name, "stable_secret");
}

static int keep_difference(struct hp_root *root, const char *room, const char *link,
			   const char *name, struct hp_netrecords *out)
{
	hp_autofree char *own = hp_root_readf(root, "/proc/sys/net/%s/%s/%s", room, link, name);
	hp_autofree char *usual = hp_root_readf(root, "/proc/sys/net/%s/default/%s", room, name);
	char *text;

	if (!own || !usual || !strcmp(own, usual))
		return 0;
	if (asprintf(&text, "%s/%s=%s", room, name, own) < 0)
		return -ENOMEM;
	return hp_netrecords_add(out, text, "", 0, 0);
}

int port_sysctl_capture(struct hp_root *root, const char *link, struct hp_netrecords *out,
			struct hp_err *err)
{
	for (size_t i = 0; i < hp_array_size(rooms); i++) {
		hp_autofree char *dir = NULL;
		char **names = NULL;
		int rc = 0;

		if (asprintf(&dir, "/proc/sys/net/%s/%s", rooms[i], link) < 0) {
			dir = NULL;
			return hp_err_errno(err, ENOMEM, "read the sysctls of %s", link);
		}
		/* A kernel without IPv6, or a link without it, has no such room. */
		if (!hp_root_exists(root, dir))
			continue;
		if (hp_root_list(root, dir, &names, err))
			return -err->errnum;
		for (size_t j = 0; !rc && names[j]; j++)
			if (!is_left_alone(names[j]))
				rc = keep_difference(root, rooms[i], link, names[j], out);
		hp_root_list_free(names);
		if (rc)
			return hp_err_errno(err, -rc, "read the sysctls of %s", link);
	}
	return 0;
}

/* "ipv4/conf/rp_filter=2": the last slash before the sign separates room and name. */
static int set(struct hp_root *root, const char *link, const char *text, struct hp_err *err)
{
	const char *value = strchr(text, '='), *name;
	hp_autofree char *path = NULL;

	name = value ? memrchr(text, '/', value - text) : NULL;
	if (!name || strstr(text, ".."))
		return hp_err_set(err, EINVAL, "\"%s\" is not of the form ipv4/conf/rp_filter=2", text);
	if (asprintf(&path, "/proc/sys/net/%.*s/%s%.*s", (int)(name - text), text, link, (int)(value - name), name) < 0) {
		path = NULL;
		return hp_err_errno(err, ENOMEM, "set a sysctl of %s", link);
	}
	if (!hp_root_exists(root, path))
		return 0;
	return hp_root_write(root, path, value + 1, err);
}

int port_sysctl_restore(struct hp_root *root, const char *link, const struct hp_netrecords *kept,
			struct hp_err *err)
{
	for (size_t i = 0; i < kept->count; i++)
		if (set(root, link, kept->items[i].text, err))
			return hp_err_wrap(err, "restore the sysctls of %s", link);
	return 0;
}
