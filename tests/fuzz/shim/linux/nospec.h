/* SPDX-License-Identifier: GPL-2.0 */
/* nospec.h: see kernel.h. */
#include "../kernel.h"
