/* SPDX-License-Identifier: GPL-2.0 */
/* kernel.h: see kernel.h. */
#include "../kernel.h"
