// SPDX-License-Identifier: GPL-2.0
/* sysfile.c: backend for plain files of /sys and /proc; the object is the path, CPU masks compare as masks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"

static int read_setting(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	int ret;

	(void)attr;
	*value = NULL;
	ret = hp_root_read(ctx->root, object, value, err);
	if (ret != -ENOENT)
		return ret;
	if (err)
		hp_err_clear(err);
	return 0;
}

/* Absent: the kernel makes and removes these files, nobody else; there is nothing to undo. */
static int write_setting(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			 struct hp_err *err)
{
	int ret;

	(void)attr;
	if (!value)
		return 0;
	ret = hp_root_write(ctx->root, object, value, err);
	if (ret == -ENOENT)
		return hp_err_set(err, EOPNOTSUPP, "this kernel has no %s", object);
	return ret;
}

static bool is_mask(const char *text)
{
	return *text && !text[strspn(text, "0123456789abcdefABCDEF,")];
}

/* The last `digit`-th hexadecimal digit of a kernel mask (commas are only for reading); 0 beyond its start. */
static int mask_digit(const char *mask, size_t digit)
{
	for (size_t at = strlen(mask); at-- > 0;) {
		char c[2] = { mask[at], '\0' };

		if (*c == ',')
			continue;
		if (!digit--)
			return (int)strtol(c, NULL, 16);
	}
	return 0;
}

/* "ff" = "000000ff" = "00000000,000000ff". */
static bool satisfies(const char *attr, const char *live, const char *want)
{
	size_t longest = strlen(live) > strlen(want) ? strlen(live) : strlen(want);

	(void)attr;
	if (!is_mask(live) || !is_mask(want))
		return !strcmp(live, want);
	for (size_t i = 0; i < longest; i++)
		if (mask_digit(live, i) != mask_digit(want, i))
			return false;
	return true;
}

const struct hp_backend hp_backend_sysfile = {
	.name = "sysfile",
	.probe = NULL,			/* each file tells for itself */
	.read = read_setting,
	.write = write_setting,
	.satisfies = satisfies,
	.reads_root_only = true,
};
