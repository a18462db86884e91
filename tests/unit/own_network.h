/* SPDX-License-Identifier: GPL-2.0 */
/* own_network.h: a network namespace for a test program of its own, or the reason why there is none. */
#ifndef TEST_OWN_NETWORK_H
#define TEST_OWN_NETWORK_H

#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

static const char *missing;	/* why there is none; NULL = there is */

/* Makes one and enters it; false where that cannot be done. */
static bool enter_own_network(void)
{
	if (geteuid())
		missing = "not root";
	else if (unshare(CLONE_NEWNET))
		missing = "no network namespaces here";
	return !missing;
}

/* For each test that needs it: skips it without, with the reason. */
static void need(void)
{
	if (missing) {
		print_message("# SKIP %s\n", missing);
		skip();
	}
}

#endif
