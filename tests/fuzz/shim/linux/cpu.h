/* SPDX-License-Identifier: GPL-2.0 */
/* cpu.h: see kernel.h. */
#include "../kernel.h"
