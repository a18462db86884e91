/* SPDX-License-Identifier: GPL-2.0 */
/* jhash.h: see kernel.h. */
#include "../kernel.h"
