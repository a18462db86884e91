/* SPDX-License-Identifier: GPL-2.0 */
/* overflow.h: see kernel.h. */
#include "../kernel.h"
