// SPDX-License-Identifier: GPL-2.0
/* watch_network.c: placeholder until landed. */
#include "watch.h"

void watch_network(struct agent *agent)
{
	(void)agent;
}
