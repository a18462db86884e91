// SPDX-License-Identifier: GPL-2.0
/* ending.c: when a verb that goes on for a while has to end: at its time, or by a signal. */
#include "ending.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include "base/hp_clock.h"

int ending_open_signals(const int *more, struct hp_err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	for (; more && *more; more++)
		sigaddset(&set, *more);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? hp_err_errno(err, errno, "waiting for signals") : fd;
}

uint64_t ending_after(uint64_t begin_ns, unsigned int seconds)
{
	return seconds ? begin_ns + (uint64_t)seconds * 1000000000 : UINT64_MAX;
}

int ending_time_left(uint64_t end_ns)
{
	uint64_t now = hp_clock_ns(CLOCK_MONOTONIC);

	if (end_ns == UINT64_MAX)
		return -1;
	return end_ns > now ? (int)((end_ns - now + 999999) / 1000000) : 0;
}

bool ending_sleep(int signals, uint64_t end_ns)
{
	struct pollfd fd = { signals, POLLIN, 0 };
	int left = ending_time_left(end_ns);

	return left && poll(&fd, 1, left) > 0;
}
