/* SPDX-License-Identifier: GPL-2.0 */
/* cpumask.h: see kernel.h. */
#include "../kernel.h"
