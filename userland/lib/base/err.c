// SPDX-License-Identifier: GPL-2.0
/* err.c: errors that gather context. */
#include "base/hp_err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hp_err_clear(struct hp_err *err)
{
	free(err->text);
	*err = (struct hp_err)HP_ERR_INIT;
}

static void assign(struct hp_err *err, int errnum, enum hp_exit code, char *text)
{
	if (!err) {
		free(text);
		return;
	}
	free(err->text);
	err->errnum = errnum ? errnum : EIO;
	err->exit = code;
	err->text = text;
}

__attribute__((format(printf, 1, 0)))
static char *vformat(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

int hp_err_set(struct hp_err *err, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	assign(err, errnum, HP_EXIT_FAIL, vformat(fmt, ap));
	va_end(ap);
	return errnum ? -errnum : -EIO;
}

int hp_err_errno(struct hp_err *err, int errnum, const char *fmt, ...)
{
	char *what, *text;
	va_list ap;

	va_start(ap, fmt);
	what = vformat(fmt, ap);
	va_end(ap);
	if (asprintf(&text, "%s: %s", what ? what : "out of memory", strerror(errnum)) < 0)
		text = NULL;
	free(what);
	assign(err, errnum, HP_EXIT_FAIL, text);
	return errnum ? -errnum : -EIO;
}

int hp_err_usage(struct hp_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	assign(err, EINVAL, HP_EXIT_USAGE, vformat(fmt, ap));
	va_end(ap);
	return -EINVAL;
}

int hp_err_wrap(struct hp_err *err, const char *fmt, ...)
{
	char *context, *text;
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	context = vformat(fmt, ap);
	va_end(ap);
	if (asprintf(&text, "%s: %s", context ? context : "?", err->text ? err->text : "?") < 0)
		text = NULL;
	free(context);
	assign(err, err->errnum, err->exit, text);
	return -err->errnum;
}

void hp_err_hint(struct hp_err *err, const char *fmt, ...)
{
	char *hint, *text;
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	hint = vformat(fmt, ap);
	va_end(ap);
	if (asprintf(&text, "%s\n  %s", err->text ? err->text : "?", hint ? hint : "?") < 0)
		text = NULL;
	free(hint);
	assign(err, err->errnum, err->exit, text);
}
