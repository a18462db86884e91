/* SPDX-License-Identifier: GPL-2.0 */
/* xarray.h: see kernel.h. */
#include "../kernel.h"
