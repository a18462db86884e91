// SPDX-License-Identifier: GPL-2.0
/* spoof.c: backend "spoof": which frames a domain may send through a port. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <string.h>
#include "apply/hp_backend.h"
#include "apply/hp_spoof.h"
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "net/hp_netns.h"
#include "spoof.h"

/*
 * Object "alpha/eth0": a table "netdev hostpart-alpha-eth0" with one chain, in
 * the namespace and at the device that the value names. Read back, the value is
 * what the table says that it was made from, with "altered" behind it unless
 * every expression is what that means. Writing that leaves the word out: damage
 * is repaired, not restored.
 */
#define ALTERED "; altered"

static void table_name(const char *object, char name[HP_FENCE_TABLE_SIZE])
{
	snprintf(name, HP_FENCE_TABLE_SIZE, "hostpart-%s", object);
	for (char *slash = strchr(name, '/'); slash; slash = strchr(slash, '/'))
		*slash = '-';
}

/* The table may be in the domain's namespace or in the base. NULL without err: there is no such namespace. */
static struct hp_netlink *open_in(struct hp_ctx *ctx, const char *object, bool is_base, struct hp_err *err)
{
	hp_autofree char *domain = hp_text_before(object, "/");
	hp_autofd int fd = -1;

	if (is_base || !domain)
		return hp_netlink_open(NETLINK_NETFILTER, HP_NETNS_OWN, err);
	fd = hp_netns_open_pinned(ctx->run_dir, domain, err);
	if (fd == -ENOENT || fd == -EINVAL) {
		hp_err_clear(err);
		return NULL;
	}
	return fd < 0 ? NULL : hp_netlink_open(NETLINK_NETFILTER, fd, err);
}

static int describe(const struct hp_fence_found *found, const char *table, char **text, struct hp_err *err)
{
	hp_autospoof struct spoof_value value = SPOOF_VALUE_INIT;
	hp_autofence *want = NULL;
	hp_autoerr ignored = HP_ERR_INIT;

	if (!spoof_value_parse(found->value, &value, &ignored)) {
		want = spoof_rules(&value, table, found->value);
		if (!want)
			return hp_err_errno(err, ENOMEM, "read the table %s", table);
	}
	*text = hp_fence_tell(found, want, ALTERED);
	return *text ? 0 : hp_err_errno(err, ENOMEM, "read the table %s", table);
}

static int read_in(struct hp_ctx *ctx, const char *object, bool is_base, char **text, struct hp_err *err)
{
	hp_autonetlink *nl = open_in(ctx, object, is_base, err);
	hp_autofencefound found = { NULL, NULL };
	char table[HP_FENCE_TABLE_SIZE];

	if (!nl)
		return hp_err_is_set(err) ? -err->errnum : 0;
	table_name(object, table);
	if (hp_fence_read(nl, NFPROTO_NETDEV, table, &found, err))
		return -err->errnum;
	return found.value ? describe(&found, table, text, err) : 0;
}

static int read_spoof(struct hp_ctx *ctx, const char *object, const char *attr, char **text,
		      struct hp_err *err)
{
	int rc;

	(void)attr;
	*text = NULL;
	rc = read_in(ctx, object, true, text, err);
	if (!rc && !*text)
		rc = read_in(ctx, object, false, text, err);
	return rc ? hp_err_wrap(err, "sender check of %s", object) : 0;
}

static int remove_in(struct hp_ctx *ctx, const char *object, bool is_base, struct hp_err *err)
{
	hp_autonetlink *nl = open_in(ctx, object, is_base, err);
	char table[HP_FENCE_TABLE_SIZE];

	if (!nl)
		return hp_err_is_set(err) ? -err->errnum : 0;
	table_name(object, table);
	return hp_fence_remove(nl, NFPROTO_NETDEV, table, err);
}

/* Counters would start again from zero: an equal table is left alone. */
static bool is_there(struct hp_ctx *ctx, const char *object, bool is_base, const char *text)
{
	hp_autofree char *live = NULL;
	hp_autoerr ignored = HP_ERR_INIT;

	return !read_in(ctx, object, is_base, &live, &ignored) && live && !strcmp(live, text);
}

static int write_value(struct hp_ctx *ctx, const char *object, const char *text, struct hp_err *err)
{
	hp_autospoof struct spoof_value value = SPOOF_VALUE_INIT;
	hp_autonetlink *nl = NULL;
	hp_autofence *fence = NULL;
	char table[HP_FENCE_TABLE_SIZE];
	bool is_base;

	if (spoof_value_parse(text, &value, err))
		return -err->errnum;
	is_base = !strcmp(value.in, "base");
	/* One check is enough, and two would count the same frame in one place only. */
	if (remove_in(ctx, object, !is_base, err))
		return -err->errnum;
	if (is_there(ctx, object, is_base, text))
		return 0;
	nl = open_in(ctx, object, is_base, err);
	if (!nl)
		return hp_err_is_set(err) ? -err->errnum : hp_err_set(err, ENOENT, "%s has no network namespace", value.in);
	table_name(object, table);
	fence = spoof_rules(&value, table, text);
	if (!fence)
		return hp_err_errno(err, ENOMEM, "build the table %s", table);
	if (hp_fence_write(nl, fence, err))
		return -err->errnum;
	return is_there(ctx, object, is_base, text) ? 0 :
		hp_err_set(err, EIO, "the table netdev %s does not read back as it was written", table);
}

static bool is_value(const char *text)
{
	hp_autospoof struct spoof_value value = SPOOF_VALUE_INIT;
	hp_autoerr ignored = HP_ERR_INIT;

	return !spoof_value_parse(text, &value, &ignored);
}

/* A damaged text of which nothing can be made is as good as none. */
static int write_spoof(struct hp_ctx *ctx, const char *object, const char *attr, const char *text,
		       struct hp_err *err)
{
	hp_autofree char *sound = text ? hp_text_before(text, ALTERED) : NULL;
	int rc;

	(void)attr;
	if (text && !sound)
		return hp_err_errno(err, ENOMEM, "write the sender check of %s", object);
	if (sound && (!strstr(text, ALTERED) || is_value(sound)))
		rc = write_value(ctx, object, sound, err);
	else
		rc = remove_in(ctx, object, true, err) || remove_in(ctx, object, false, err) ? -err->errnum : 0;
	return rc ? hp_err_wrap(err, "sender check of %s", object) : 0;
}

static void add_count(const char *comment, uint64_t packets, void *arg)
{
	struct hp_spoof_counts *counts = arg;

	if (!strcmp(comment, SPOOF_MAC))
		counts->mac += packets;
	else if (!strcmp(comment, SPOOF_VLAN))
		counts->vlan += packets;
	else if (!strcmp(comment, SPOOF_ADDRESS))
		counts->address += packets;
}

bool hp_spoof_is_in_base(const struct hp_setting *setting)
{
	return !strncmp(setting->want, "in=base ", strlen("in=base "));
}

int hp_spoof_read_counts(struct hp_ctx *ctx, const struct hp_setting *setting, struct hp_spoof_counts *counts,
			 struct hp_err *err)
{
	hp_autonetlink *nl = open_in(ctx, setting->object, hp_spoof_is_in_base(setting), err);
	char table[HP_FENCE_TABLE_SIZE];

	*counts = (struct hp_spoof_counts){ 0, 0, 0 };
	if (!nl)
		return hp_err_is_set(err) ? -err->errnum : hp_err_set(err, ENOENT, "%s has no network namespace", setting->object);
	table_name(setting->object, table);
	return hp_fence_counts(nl, NFPROTO_NETDEV, table, add_count, counts, err);
}

void hp_spoof_table(const struct hp_setting *setting, char name[HP_SPOOF_TABLE_SIZE])
{
	table_name(setting->object, name);
}

const struct hp_backend hp_backend_spoof = {
	.name = "spoof",
	.read = read_spoof,
	.write = write_spoof,
};
