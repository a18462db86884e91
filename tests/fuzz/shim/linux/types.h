/* SPDX-License-Identifier: GPL-2.0 */
/* types.h: the types of the C library's kernel headers, and those they leave out. */
#ifndef HP_FUZZ_TYPES_H
#define HP_FUZZ_TYPES_H
#include <sys/types.h>
#include_next <linux/types.h>
#endif
