/* SPDX-License-Identifier: GPL-2.0 */
/* hp_err.h: an error that gathers context as it rises; only the mains print it. */
#ifndef HP_ERR_H
#define HP_ERR_H

#include <stdbool.h>

/* What the command exits with when this error reaches its main. */
enum hp_exit {
	HP_EXIT_OK = 0,
	HP_EXIT_FAIL = 1,	/* it could not be done, or a check failed */
	HP_EXIT_USAGE = 2,	/* bad usage or bad policy: nothing was tried */
};

/*
 * Lives on the caller's stack, starts as HP_ERR_INIT, owns its text. Every
 * function that takes one also returns 0 or a negative errno; on failure
 * `text` says what was being done, to what, why not, and what to do about it.
 */
struct hp_err {
	int errnum;		/* positive errno, 0 = no error */
	enum hp_exit exit;	/* HP_EXIT_FAIL unless set by hp_err_usage() */
	char *text;
};

#define HP_ERR_INIT { 0, HP_EXIT_FAIL, NULL }

void hp_err_clear(struct hp_err *err);
#define hp_autoerr __attribute__((cleanup(hp_err_clear))) struct hp_err

/*
 * Sets the error, replacing what was there; returns -errnum so that
 * `return hp_err_set(err, ENOENT, "no domain %s", name);` reads well. err may
 * be NULL: then only the code is returned. The text of errno is not added by
 * itself; hp_err_errno() adds ": strerror".
 */
__attribute__((format(printf, 3, 4)))
int hp_err_set(struct hp_err *err, int errnum, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
int hp_err_errno(struct hp_err *err, int errnum, const char *fmt, ...);
/* The same for bad usage or a bad policy: EINVAL, exit status 2. */
__attribute__((format(printf, 2, 3)))
int hp_err_usage(struct hp_err *err, const char *fmt, ...);
/* Puts "context: " before the text; returns -err->errnum. */
__attribute__((format(printf, 2, 3)))
int hp_err_wrap(struct hp_err *err, const char *fmt, ...);
/* Appends a line of advice below the text. */
__attribute__((format(printf, 2, 3)))
void hp_err_hint(struct hp_err *err, const char *fmt, ...);

static inline bool hp_err_is_set(const struct hp_err *err)
{
	return err->errnum != 0;
}

#endif
