// SPDX-License-Identifier: GPL-2.0
/* cgroup_lib.c: creates and removes cgroups and sets plain values through libcgroup. */
#include "apply/backends/cgroup_parts.h"

#include <errno.h>
#include <libcgroup.h>
#include <string.h>
#include "base/hp_auto.h"

static void free_cgroup(struct cgroup **cgroup)
{
	if (*cgroup)
		cgroup_free(cgroup);
}
#define autocgroup __attribute__((cleanup(free_cgroup))) struct cgroup

/*
 * libcgroup reads the mount table once and keeps it; a hierarchy that is
 * mounted later is found by asking again after a failure.
 */
static int init_library(bool again, struct hp_err *err)
{
	static bool is_ready;
	int ret;

	if (is_ready && !again)
		return 0;
	ret = cgroup_init();
	if (ret)
		return hp_err_set(err, EOPNOTSUPP, "libcgroup: %s", cgroup_strerror(ret));
	is_ready = true;
	return 0;
}

/* libcgroup's own codes keep little of the kernel's answer; errno has it for the one that matters. */
static int report(int code, const char *what, const char *object, const char *file, struct hp_err *err)
{
	const char *separator = file ? "/" : "";
	int errnum = EIO;

	if (code == ECGOTHER && cgroup_get_last_errno())
		return hp_err_errno(err, cgroup_get_last_errno(), "%s %s%s%s", what, object, separator,
				    file ? file : "");
	if (code == ECGNONEMPTY)
		errnum = EBUSY;
	else if (code == ECGROUPVALUENOTEXIST || code == ECGROUPNOTEXIST)
		errnum = ENOENT;
	else if (code == ECGROUPNOTALLOWED || code == ECGROUPNOTOWNER)
		errnum = EPERM;
	return hp_err_set(err, errnum, "%s %s%s%s: %s", what, object, separator, file ? file : "",
			  cgroup_strerror(code));
}

/* A handle on one cgroup with one controller: on v2 all controllers are the same directory. */
static struct cgroup *make_handle(const char *object, const char *controller, struct cgroup_controller **out)
{
	autocgroup *cgroup = cgroup_new_cgroup(object);

	if (!cgroup)
		return NULL;
	*out = cgroup_add_controller(cgroup, controller);
	return *out ? hp_take(cgroup) : NULL;
}

static int with_handle(const char *object, const char *what, int (*act)(struct cgroup *cgroup),
		       struct hp_err *err)
{
	int code = ECGROUPSUBSYSNOTMOUNTED;

	for (int tries = 0; tries < 2 && code == ECGROUPSUBSYSNOTMOUNTED; tries++) {
		struct cgroup_controller *controller;
		autocgroup *cgroup = NULL;
		int ret = init_library(tries > 0, err);

		if (ret)
			return ret;
		cgroup = make_handle(object, "cpuset", &controller);
		if (!cgroup)
			return hp_err_set(err, ENOMEM, "out of memory");
		code = act(cgroup);
	}
	return code ? report(code, what, object, NULL, err) : 0;
}

static int create(struct cgroup *cgroup)
{
	return cgroup_create_cgroup(cgroup, 1);
}

static int remove_empty(struct cgroup *cgroup)
{
	return cgroup_delete_cgroup_ext(cgroup, CGFLAG_DELETE_EMPTY_ONLY);
}

int hp_cglib_create(const char *object, struct hp_err *err)
{
	return with_handle(object, "create cgroup", create, err);
}

int hp_cglib_remove(const char *object, struct hp_err *err)
{
	return with_handle(object, "remove cgroup", remove_empty, err);
}

int hp_cglib_set(const char *object, const char *file, const char *value, struct hp_err *err)
{
	hp_autofree char *name = strndup(file, strcspn(file, "."));
	struct cgroup_controller *controller;
	autocgroup *cgroup = NULL;
	int code, ret = init_library(false, err);

	if (ret)
		return ret;
	cgroup = name ? make_handle(object, name, &controller) : NULL;
	if (!cgroup)
		return hp_err_set(err, ENOMEM, "out of memory");
	code = cgroup_add_value_string(controller, file, value);
	if (!code)
		code = cgroup_modify_cgroup(cgroup);
	if (!code)
		return 0;
	ret = report(code, "write", object, file, err);
	hp_err_wrap(err, "\"%s\"", value);
	return ret;
}
