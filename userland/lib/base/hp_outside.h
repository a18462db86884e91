/* SPDX-License-Identifier: GPL-2.0 */
/* hp_outside.h: has systemd do what a confined process may not, and what it starts must not inherit. */
#ifndef HP_OUTSIDE_H
#define HP_OUTSIDE_H

#include <stdbool.h>
#include "base/hp_err.h"

/*
 * Whether this process is a service that systemd has confined: then what it
 * starts is confined with it, for good, and what it mounts only it sees.
 */
bool hp_outside_is_needed(void);

/*
 * Has systemd start LIBEXEC_DIR/outside with these arguments (NULL-terminated,
 * without the program itself) and waits until it has ended. It runs as root, in
 * the machine's mount namespace, without this process's restrictions; its main.c
 * lists what it can do. What it says becomes the text of err. -EIO when it fails.
 * run_dir: where a file for that text stands meanwhile.
 */
int hp_outside_run(const char *libexec_dir, const char *run_dir, const char *const *args, struct hp_err *err);

/* Has systemd start a unit, without waiting for it. */
int hp_outside_start_unit(const char *unit, struct hp_err *err);

#endif
