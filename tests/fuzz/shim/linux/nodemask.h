/* SPDX-License-Identifier: GPL-2.0 */
/* nodemask.h: see kernel.h. */
#include "../kernel.h"
