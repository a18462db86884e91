/* SPDX-License-Identifier: GPL-2.0 */
/* rcupdate.h: see kernel.h. */
#include "../kernel.h"
