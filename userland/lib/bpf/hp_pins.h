/* SPDX-License-Identifier: GPL-2.0 */
/* hp_pins.h: keeps the maps and programs of a skeleton in bpffs, and finds them again. */
#ifndef HP_PINS_H
#define HP_PINS_H

#include <bpf/libbpf.h>
#include "base/hp_err.h"

/*
 * Below DIR there is one directory for the build of the programs (a hash of
 * them), with a pin for each map and each attached program, named as in the
 * source; a program that another calls has NAME_called instead. Maps are pinned last: who finds all of them finds everything.
 */

/* Pins what is loaded and attached; what was below DIR goes. On failure nothing is left there. */
int hp_pins_save(const struct bpf_object_skeleton *skeleton, const char *dir, struct hp_err *err);
/*
 * Gives the maps of an object that is open but not loaded those that are
 * pinned for the same build. -ENOENT when nothing is pinned; -ESTALE when what
 * is pinned is of another build or not whole, as err says.
 */
int hp_pins_take(const struct bpf_object_skeleton *skeleton, const char *dir, struct hp_err *err);
/* A pinned program that is still attached or called: a descriptor of it, the caller's to close; -ENOENT. */
int hp_pins_program(const struct bpf_object_skeleton *skeleton, const char *dir, const char *name);
/* Removes all below DIR, DIR itself, and the directories above it while they are empty. Success when there is nothing. */
int hp_pins_remove(const char *dir, struct hp_err *err);

#endif
