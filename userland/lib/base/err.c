// SPDX-License-Identifier: GPL-2.0
/* err.c: errors that gather context. */
#include "base/hp_err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_text.h"

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

int hp_err_set(struct hp_err *err, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	assign(err, errnum, HP_EXIT_FAIL, hp_vformat(fmt, ap));
	va_end(ap);
	return errnum ? -errnum : -EIO;
}

int hp_err_errno(struct hp_err *err, int errnum, const char *fmt, ...)
{
	char *what, *text;
	va_list ap;

	va_start(ap, fmt);
	what = hp_vformat(fmt, ap);
	va_end(ap);
	text = hp_format("%s: %s", what ? what : "out of memory", strerror(errnum));
	free(what);
	assign(err, errnum, HP_EXIT_FAIL, text);
	return errnum ? -errnum : -EIO;
}

int hp_err_usage(struct hp_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	assign(err, EINVAL, HP_EXIT_USAGE, hp_vformat(fmt, ap));
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
	context = hp_vformat(fmt, ap);
	va_end(ap);
	text = hp_format("%s: %s", context ? context : "?", err->text ? err->text : "?");
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
	hint = hp_vformat(fmt, ap);
	va_end(ap);
	text = hp_format("%s\n  %s", err->text ? err->text : "?", hint ? hint : "?");
	free(hint);
	assign(err, err->errnum, err->exit, text);
}
