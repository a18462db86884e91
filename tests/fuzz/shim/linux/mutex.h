/* SPDX-License-Identifier: GPL-2.0 */
/* mutex.h: see kernel.h. */
#include "../kernel.h"
