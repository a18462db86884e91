/* SPDX-License-Identifier: GPL-2.0 */
/* list.h: see kernel.h. */
#include "../kernel.h"
