/* SPDX-License-Identifier: GPL-2.0 */
/* utf8.h: text that may be handed to a YAML reader. */
#ifndef HP_UTF8_H
#define HP_UTF8_H

#include <stdbool.h>
#include "policy/complain.h"

/*
 * Complains about the first byte that is not UTF-8 or is a control character; true when there is
 * none.
 */
bool hp_utf8_check(const char *text, struct hp_complaints *bad);

#endif
