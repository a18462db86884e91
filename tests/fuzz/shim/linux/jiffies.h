/* SPDX-License-Identifier: GPL-2.0 */
/* jiffies.h: see kernel.h. */
#include "../kernel.h"
