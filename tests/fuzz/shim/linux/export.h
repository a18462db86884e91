/* SPDX-License-Identifier: GPL-2.0 */
/* export.h: see kernel.h. */
#include "../kernel.h"
