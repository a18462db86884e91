// SPDX-License-Identifier: GPL-2.0
/* devacl.c: backend for device rules on a domain's cgroup ("NAME") and on the root cgroup ("base"). */
#include "apply/hp_backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "bpf/hp_devacl.h"

static char *pin_path(const struct hp_ctx *ctx, const char *object)
{
	return hp_format("%s/devacl/%s", ctx->bpffs_dir, object);
}

static int probe(struct hp_ctx *ctx, struct hp_err *err)
{
	if (!hp_root_is_live(ctx->root))
		return hp_err_set(err, EOPNOTSUPP, "device ACL: not the live machine");
	return hp_devacl_probe(err);
}

static int read_acl(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	hp_autodevacl rules = HP_DEVACL_RULES_INIT;
	hp_autofree char *pin = pin_path(ctx, object);
	bool is_attached;
	int ret;

	(void)attr;
	*value = NULL;
	if (!pin)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_devacl_query(pin, &is_attached, &rules, err);
	if (ret)
		return hp_err_wrap(err, "device ACL of %s", object);
	if (!is_attached)
		return 0;
	*value = hp_devacl_format(&rules);
	return *value ? 0 : hp_err_set(err, ENOMEM, "out of memory");
}

static bool is_same(const char *live, const struct hp_devacl_rules *rules)
{
	hp_autofree char *canonical = hp_devacl_format(rules);

	return live && canonical && strcmp(live, canonical) == 0;
}

/* Lines may come in another order. */
static bool satisfies(const char *attr, const char *live, const char *want)
{
	hp_autodevacl rules = HP_DEVACL_RULES_INIT;

	(void)attr;
	return hp_devacl_parse(want, &rules, NULL) == 0 && is_same(live, &rules);
}

static int attach(struct hp_ctx *ctx, const char *object, const char *pin, const char *value, struct hp_err *err)
{
	hp_autodevacl rules = HP_DEVACL_RULES_INIT;
	hp_autofree char *live = NULL;
	int ret = hp_devacl_parse(value, &rules, err);

	if (ret)
		return ret;
	if ((strcmp(object, "base") == 0) != !rules.cgroup)
		return hp_err_set(err, EINVAL, "\"cgroup NAME\" comes first, except for base");
	if (read_acl(ctx, object, "", &live, NULL) == 0 && is_same(live, &rules))
		return 0;
	return hp_devacl_attach(pin, &rules, err);
}

static int write_acl(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
		     struct hp_err *err)
{
	hp_autofree char *pin = pin_path(ctx, object);
	int ret;

	(void)attr;
	if (!pin)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = value ? attach(ctx, object, pin, value, err) : hp_devacl_detach(pin, err);
	return ret ? hp_err_wrap(err, "device ACL of %s", object) : 0;
}

const struct hp_backend hp_backend_devacl = {
	.name = "devacl",
	.probe = probe,
	.read = read_acl,
	.write = write_acl,
	.satisfies = satisfies,
};
