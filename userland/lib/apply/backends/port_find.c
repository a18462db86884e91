// SPDX-License-Identifier: GPL-2.0
/* port_find.c: finds the network port of a PCI function in whatever namespace it is. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_pci.h"
#include "net/hp_netns.h"
#include "port.h"

#define MACHINE_PINS "/run/netns"	/* where ip-netns(8) pins */

struct search {
	struct hp_ctx *ctx;
	const struct port_object *object;
	ino_t *seen;			/* identities of the namespaces looked at */
	size_t seen_count;
	struct port_place *found;	/* every port of the function, in the order of discovery */
	size_t found_count;
};

void port_place_close(struct port_place *place)
{
	hp_netlink_close(place->nl);
	hp_close_fd(&place->netns_fd);
	place->nl = NULL;
	place->netns_fd = -1;
}

static bool is_bdf(const char *text, size_t length)
{
	struct hp_pci_address address;
	const char *rest;

	return length < sizeof(((struct port_object *)0)->bdf) && hp_pci_parse(text, &address, &rest) &&
	       rest == text + length;
}

int port_object_parse(const char *text, struct port_object *object, struct hp_err *err)
{
	size_t length = strcspn(text, "#");
	char *end = NULL;

	object->nth = 0;
	if (text[length] == '#' && isdigit((unsigned char)text[length + 1]))
		object->nth = strtoul(text + length + 1, &end, 10);
	if (!is_bdf(text, length) || (text[length] && (!end || *end)))
		return hp_err_set(err, EINVAL, "\"%s\" is not a PCI function such as 0000:03:00.0 or 0000:03:00.0#1", text);
	memcpy(object->bdf, text, length);
	object->bdf[length] = '\0';
	return 0;
}

/*
 * The device below a function may be virtioN, usb 1-2:1.0 …: the last PCI
 * address on its path is the function.
 */
static bool is_below(struct hp_root *root, const struct hp_link *link, const char *bdf)
{
	hp_autofree char *path = NULL, *target = NULL;
	char *rest, *part;
	const char *last = NULL;

	if (!strcmp(link->parent_bus, "pci"))
		return !strcasecmp(link->parent, bdf);
	if (asprintf(&path, "/sys/bus/%s/devices/%s", link->parent_bus, link->parent) < 0) {
		path = NULL;
		return false;
	}
	target = hp_root_readlink(root, path);
	for (rest = target; rest && (part = strsep(&rest, "/"));)
		if (is_bdf(part, strlen(part)))
			last = part;
	return last && !strcasecmp(last, bdf);
}

static int add_found(struct search *s, const char *netns, int fd, const struct hp_link *link,
		     struct hp_err *err)
{
	struct port_place *found = reallocarray(s->found, s->found_count + 1, sizeof(*found));
	struct port_place place = PORT_PLACE_INIT;

	if (!found)
		return hp_err_errno(err, ENOMEM, "look for a network port");
	s->found = found;
	snprintf(place.netns, sizeof(place.netns), "%s", netns);
	place.link = *link;
	if (fd >= 0) {
		place.netns_fd = dup(fd);
		if (place.netns_fd < 0)
			return hp_err_errno(err, errno, "keep a network namespace open");
	}
	found[s->found_count++] = place;
	return 0;
}

static int look_in(struct search *s, const char *netns, int fd, struct hp_err *err)
{
	hp_autonetlink *nl = hp_netlink_open(NETLINK_ROUTE, fd, err);
	hp_autofree struct hp_link *links = NULL;
	size_t count = 0;
	int rc = nl ? hp_link_list(nl, &links, &count, err) : -err->errnum;

	for (size_t i = 0; !rc && i < count; i++)
		if (links[i].parent[0] && !links[i].kind[0] &&
		    is_below(s->ctx->root, &links[i], s->object->bdf))
			rc = add_found(s, netns, fd, &links[i], err);
	return rc;
}

/* True the first time. */
static bool is_new(struct search *s, ino_t id)
{
	ino_t *seen;

	for (size_t i = 0; i < s->seen_count; i++)
		if (s->seen[i] == id)
			return false;
	seen = reallocarray(s->seen, s->seen_count + 1, sizeof(*seen));
	if (!seen)
		return true;
	s->seen = seen;
	seen[s->seen_count++] = id;
	return true;
}

/* Namespaces come and go while we look: what cannot be opened is not there. */
static int look_at_path(struct search *s, const char *netns, const char *path, struct hp_err *err)
{
	hp_autofd int fd = hp_netns_open(path, err);

	if (fd < 0) {
		hp_err_clear(err);
		return 0;
	}
	return is_new(s, hp_netns_id(fd)) ? look_in(s, netns, fd, err) : 0;
}

/* Names the namespaces of a directory: plainly (a domain's) or by path. */
static int look_at_pins(struct search *s, const char *dir, bool is_domains, struct hp_err *err)
{
	hp_autodir DIR *stream = opendir(dir);
	const struct dirent *entry;
	int rc = 0;

	while (!rc && stream && (entry = readdir(stream))) {
		hp_autofree char *path = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0) {
			path = NULL;
			return hp_err_errno(err, ENOMEM, "look for a network port");
		}
		rc = look_at_path(s, is_domains ? entry->d_name : path, path, err);
	}
	return rc;
}

static int look_at_processes(struct search *s, struct hp_err *err)
{
	char **names = NULL;
	int rc = hp_root_list(s->ctx->root, "/proc", &names, err);

	for (size_t i = 0; !rc && names[i]; i++) {
		char path[300], netns[300];

		if (!isdigit((unsigned char)names[i][0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", names[i]);
		snprintf(netns, sizeof(netns), "pid %s", names[i]);
		rc = look_at_path(s, netns, path, err);
	}
	hp_root_list_free(names);
	return rc;
}

/*
 * A stable order: the permanent hardware address does not change when a port
 * moves, its index may.
 */
static int by_hardware(const void *a, const void *b)
{
	const struct port_place *x = a, *y = b;
	int order = memcmp(x->link.perm_mac, y->link.perm_mac, HP_MAC_BYTES);

	return order ? order : x->link.index - y->link.index;
}

static int search_all(struct search *s, struct hp_err *err)
{
	hp_autofree char *dir = NULL;
	hp_autofd int own = hp_netns_open_own(err);
	int rc = own < 0 ? own : 0;

	if (asprintf(&dir, "%s/netns", s->ctx->run_dir) < 0) {
		dir = NULL;
		return hp_err_errno(err, ENOMEM, "look for a network port");
	}
	if (!rc) {
		is_new(s, hp_netns_id(own));
		rc = look_in(s, "", HP_NETNS_OWN, err);
	}
	if (!rc)
		rc = look_at_pins(s, dir, true, err);
	/*
	 * Far corners only when the near ones cannot answer: a lone port was found, or
	 * several must be counted.
	 */
	if (!rc && (s->found_count != 1 || s->object->nth)) {
		rc = look_at_pins(s, MACHINE_PINS, false, err);
		if (!rc)
			rc = look_at_processes(s, err);
	}
	if (!rc && s->found_count)
		qsort(s->found, s->found_count, sizeof(*s->found), by_hardware);
	return rc;
}

static int explain_absence(struct search *s, struct hp_err *err)
{
	const char *bdf = s->object->bdf;
	hp_autofree char *dir = NULL, *link = NULL, *driver = NULL;

	if (asprintf(&dir, "/sys/bus/pci/devices/%s", bdf) < 0 || asprintf(&link, "%s/driver", dir) < 0)
		return hp_err_errno(err, ENOMEM, "look for a network port");
	if (!hp_root_exists(s->ctx->root, dir))
		return hp_err_set(err, ENOENT, "the PCI function %s is not there; was it unplugged?", bdf);
	driver = hp_root_readlink(s->ctx->root, link);
	if (!driver)
		return hp_err_set(err, ENOENT, "the PCI function %s has no driver, so it has no network port", bdf);
	return hp_err_set(err, ENOENT, "the PCI function %s (driver %s) has %zu network ports in the namespaces that can be "
			  "seen, number %u is not among them", bdf, strrchr(driver, '/') ? strrchr(driver, '/') + 1 : driver,
			  s->found_count, s->object->nth);
}

int port_find(struct hp_ctx *ctx, const struct port_object *object, struct port_place *place,
	      struct hp_err *err)
{
	struct search s = { .ctx = ctx, .object = object };
	int rc = search_all(&s, err);

	if (!rc && object->nth >= s.found_count)
		rc = explain_absence(&s, err);
	for (size_t i = 0; i < s.found_count; i++) {
		if (!rc && i == object->nth)
			*place = s.found[i];
		else
			port_place_close(&s.found[i]);
	}
	free(s.found);
	free(s.seen);
	if (rc)
		return rc;
	place->nl = hp_netlink_open(NETLINK_ROUTE, place->netns_fd, err);
	return place->nl ? 0 : -err->errnum;
}

int port_open_netns(struct hp_ctx *ctx, const char *netns, struct port_place *place,
		    struct hp_err *err)
{
	hp_autofree char *path = NULL;
	int length = 0;

	snprintf(place->netns, sizeof(place->netns), "%s", netns);
	if (netns[0] == '/')
		path = strdup(netns);
	else if (!strncmp(netns, "pid ", 4))
		length = asprintf(&path, "/proc/%s/ns/net", netns + 4);
	else if (netns[0])
		length = asprintf(&path, "%s/netns/%s", ctx->run_dir, netns);
	if (length < 0 || (netns[0] && !path)) {
		path = NULL;
		return hp_err_errno(err, ENOMEM, "open a network namespace");
	}
	if (path) {
		place->netns_fd = hp_netns_open(path, err);
		if (place->netns_fd < 0)
			return -err->errnum;
	}
	place->nl = hp_netlink_open(NETLINK_ROUTE, place->netns_fd, err);
	return place->nl ? 0 : -err->errnum;
}
