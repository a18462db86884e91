/* SPDX-License-Identifier: GPL-2.0 */
/* skbuff.h: see kernel.h. */
#include "../kernel.h"
