/* SPDX-License-Identifier: GPL-2.0 */
/* err.h: see kernel.h. */
#include "../kernel.h"
