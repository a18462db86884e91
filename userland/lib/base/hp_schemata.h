/* SPDX-License-Identifier: GPL-2.0 */
/* hp_schemata.h: the kernel's resctrl file system: where it is, and the text of its schemata files. */
#ifndef HP_SCHEMATA_H
#define HP_SCHEMATA_H

#include <stdbool.h>
#include <stddef.h>

/* Documentation/arch/x86/resctrl.rst */
#define HP_RESCTRL "/sys/fs/resctrl"
/* Our groups are named by this and the domain. */
#define HP_RESCTRL_PREFIX "hostpart-"

/*
 * A schemata file has a line for each resource, padded with blanks: "    L3:0=7ff;1=7ff", "    MB:0=100;1= 50".
 * Masks (L2, L3, with code/data prioritization L3CODE and L3DATA) are hexadecimal, the others decimal.
 * Numbers of caches may have holes.
 */

/* The nth (from 0) value of a resource: its cache and the value. False when there are no more. */
bool hp_schemata_nth(const char *text, const char *resource, size_t n, unsigned int *cache, unsigned long *value);
/* The value of a resource for one cache; false when there is none. */
bool hp_schemata_get(const char *text, const char *resource, unsigned int cache, unsigned long *value);
/* Whether each value of `want` is in `live`, whatever the padding and order. */
bool hp_schemata_holds(const char *live, const char *want);
/* The lines of L3 and MB without padding, as they may be written back; caller frees, NULL = out of memory. */
char *hp_schemata_tidy(const char *text);

#endif
