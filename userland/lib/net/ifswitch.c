// SPDX-License-Identifier: GPL-2.0
/* ifswitch.c: per-interface switches below /proc/sys/net. */
#include "net/hp_ifswitch.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "net/hp_netlink.h"
#include "net/hp_netns.h"

struct switching {
	struct hp_root *root;
	const char *interface;
	const struct hp_ifswitch *switches;
	FILE *problems;
};

static int check(void *arg, struct hp_err *err)
{
	const struct switching *s = arg;

	for (const struct hp_ifswitch *sw = s->switches; sw->name; sw++) {
		hp_autofree char *path = hp_format("/proc/sys/net/%s/conf/%s/%s", sw->family, s->interface, sw->name);
		hp_autofree char *now = NULL;

		if (!path)
			return hp_err_errno(err, ENOMEM, "look at %s", s->interface);
		if (!hp_root_read(s->root, path, &now, NULL) && strcmp(now, sw->want))
			fprintf(s->problems, "; %s %s is %s, not %s", s->interface, sw->name, now, sw->want);
	}
	return 0;
}

static int set(void *arg, struct hp_err *err)
{
	const struct switching *s = arg;

	for (const struct hp_ifswitch *sw = s->switches; sw->name; sw++) {
		hp_autofree char *path = hp_format("/proc/sys/net/%s/conf/%s/%s", sw->family, s->interface, sw->name);

		if (!path)
			return hp_err_errno(err, ENOMEM, "set the switches of %s", s->interface);
		if (hp_root_exists(s->root, path) && hp_root_write(s->root, path, sw->want, err))
			return -err->errnum;
	}
	return 0;
}

static int run(int netns_fd, int (*fn)(void *arg, struct hp_err *err), struct switching *s, struct hp_err *err)
{
	return netns_fd == HP_NETNS_OWN ? fn(s, err) : hp_netns_run(netns_fd, fn, s, err);
}

int hp_ifswitch_check(struct hp_root *root, int netns_fd, const char *interface,
		      const struct hp_ifswitch *switches, FILE *problems, struct hp_err *err)
{
	struct switching s = { root, interface, switches, problems };

	return run(netns_fd, check, &s, err);
}

int hp_ifswitch_set(struct hp_root *root, int netns_fd, const char *interface,
		    const struct hp_ifswitch *switches, struct hp_err *err)
{
	struct switching s = { root, interface, switches, NULL };

	return run(netns_fd, set, &s, err);
}
