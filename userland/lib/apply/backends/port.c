// SPDX-License-Identifier: GPL-2.0
/* port.c: backend "port": a PCI function's network port, wherever it is. */
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

/*
 * The value is one JSON object; see port_value.c. A value that was read also
 * has "routes" and "raw", enough to put addresses and routes back exactly.
 * Not part of it: what the kernel makes by itself (link-local addresses,
 * connected and advertised routes), queueing disciplines, alternative names
 * (they stay with the device). Moving a port resets its per-interface sysctls:
 * those of a port in the base that differ from the defaults are in "sysctls".
 *
 * A function without a visible port reads as absent. Writing NULL ("as if
 * hostpart had never seen it") takes a port out of a domain and leaves it in
 * the base, down and without addresses.
 */

static int read_port(struct hp_ctx *ctx, const char *object, const char *attr, char **text,
		     struct hp_err *err)
{
	port_autoplace place = PORT_PLACE_INIT;
	port_autovalue value = PORT_VALUE_INIT;
	struct port_object port;
	int rc;

	(void)attr;
	*text = NULL;
	if (port_object_parse(object, &port, err))
		return -err->errnum;
	rc = port_find(ctx, &port, &place, err);
	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	if (!rc)
		rc = port_capture(ctx, &place, &value, err);
	if (rc)
		return hp_err_wrap(err, "port %s", object);
	*text = port_value_format(&value);
	return *text ? 0 : hp_err_errno(err, ENOMEM, "port %s", object);
}

static int write_absent(struct hp_ctx *ctx, const struct port_object *port, struct hp_err *err)
{
	port_autoplace place = PORT_PLACE_INIT;
	port_autovalue base = { .netns = "", .has_up = true, .is_up = false };
	int rc = port_find(ctx, port, &place, err);

	if (rc == -ENOENT) {
		hp_err_clear(err);
		return 0;
	}
	/* Only what is in a domain is ours to take. */
	if (rc || !place.netns[0] || place.netns[0] == '/' || !strncmp(place.netns, "pid ", 4))
		return rc;
	return port_put(ctx, &place, &base, err);
}

/* Held by the module's stub, a function has no port until its domain starts. */
static bool is_parked(struct hp_ctx *ctx, const struct port_object *port)
{
	hp_autofree char *path = NULL, *driver = NULL;
	const char *name;

	if (asprintf(&path, "/sys/bus/pci/devices/%s/driver", port->bdf) < 0) {
		path = NULL;
		return false;
	}
	driver = hp_root_readlink(ctx->root, path);
	name = driver ? strrchr(driver, '/') : NULL;
	return name && !strcmp(name, "/hostpart");
}

static int write_port(struct hp_ctx *ctx, const char *object, const char *attr, const char *text,
		      struct hp_err *err)
{
	port_autoplace place = PORT_PLACE_INIT;
	port_autovalue want = PORT_VALUE_INIT;
	struct port_object port;
	int rc;

	(void)attr;
	if (port_object_parse(object, &port, err))
		return -err->errnum;
	if (!text) {
		rc = write_absent(ctx, &port, err);
	} else {
		rc = port_value_parse(text, &want, err);
		if (!rc)
			rc = port_find(ctx, &port, &place, err);
		if (!rc)
			rc = port_put(ctx, &place, &want, err);
		/* Nothing to write to, as in write_absent(); whoever wants more reads it back. */
		if (rc == -ENOENT && !place.nl && is_parked(ctx, &port)) {
			hp_err_clear(err);
			rc = 0;
		}
	}
	return rc ? hp_err_wrap(err, "port %s", object) : 0;
}

static bool satisfies_port(const char *attr, const char *live, const char *want)
{
	port_autovalue is = PORT_VALUE_INIT, should = PORT_VALUE_INIT;
	hp_autoerr ignored = HP_ERR_INIT;

	(void)attr;
	return !port_value_parse(live, &is, &ignored) &&
	       !port_value_parse(want, &should, &ignored) && port_value_satisfies(&is, &should);
}

const struct hp_backend hp_backend_port = {
	.name = "port",
	.read = read_port,
	.write = write_port,
	.satisfies = satisfies_port,
};
