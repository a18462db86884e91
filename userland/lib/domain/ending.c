// SPDX-License-Identifier: GPL-2.0
/* ending.c: waits for processes that were told to end. */
#include "domain/ending.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "base/hp_cgroup2.h"

#define LOOK_MS 25

bool hp_process_ends_within(int pidfd, int timeout_ms)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int ret;

	do
		ret = poll(&ended, 1, timeout_ms);
	while (ret < 0 && errno == EINTR);
	return ret > 0;
}

int hp_cgroup_await_empty(const char *cgroup, int timeout_ms, struct hp_err *err)
{
	for (int waited_ms = 0; waited_ms < timeout_ms && hp_cgroup_is_populated(cgroup); waited_ms += LOOK_MS)
		usleep(LOOK_MS * 1000);
	if (hp_cgroup_is_populated(cgroup))
		return hp_err_set(err, EBUSY, "processes in cgroup %s do not die", cgroup);
	return 0;
}
