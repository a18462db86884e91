/* SPDX-License-Identifier: GPL-2.0 */
/* hp_ksyms.h: names of the kernel's functions by address. */
#ifndef HP_KSYMS_H
#define HP_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/hp_err.h"

struct hp_ksyms;

/* Reads the running kernel's /proc/kallsyms: some 10 MB and 100 ms. -EPERM when the kernel hides the addresses. */
int hp_ksyms_open(struct hp_ksyms **out, struct hp_err *err);
/* The same from an open file, which stays the caller's. */
int hp_ksyms_parse(FILE *file, struct hp_ksyms **out, struct hp_err *err);
/* Frees; NULL is fine. */
void hp_ksyms_close(struct hp_ksyms *ksyms);

/* The function that the address is in, and how far in; NULL when there is none, or ksyms is NULL. Lives as long as ksyms. */
const char *hp_ksyms_find(const struct hp_ksyms *ksyms, uint64_t address, uint64_t *offset);
/* Is it a function by which a tracepoint calls a program? What is further in is the program. NULL is not. */
bool hp_ksyms_is_tracing(const char *name);
/*
 * Where a stack begins that was taken by a program at a tracepoint: the frames
 * of the program and of who called it are at its top, and nobody's own. Index
 * of the first other one; the stack ends at `count` or at 0.
 */
size_t hp_ksyms_first(const struct hp_ksyms *ksyms, const uint64_t *frames, size_t count);
/* "path_openat+0x123", or "0xffffffff81234567" where no function is known. */
void hp_ksyms_format(const struct hp_ksyms *ksyms, uint64_t address, char *text, size_t size);

#endif
