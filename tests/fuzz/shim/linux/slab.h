/* SPDX-License-Identifier: GPL-2.0 */
/* slab.h: see kernel.h. */
#include "../kernel.h"
