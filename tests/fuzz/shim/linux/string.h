/* SPDX-License-Identifier: GPL-2.0 */
/* string.h: see kernel.h. */
#include "../kernel.h"
