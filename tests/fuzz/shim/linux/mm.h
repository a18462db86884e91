/* SPDX-License-Identifier: GPL-2.0 */
/* mm.h: see kernel.h. */
#include "../kernel.h"
