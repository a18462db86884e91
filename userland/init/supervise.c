// SPDX-License-Identifier: GPL-2.0
/* supervise.c: the life of a domain's PID 1: reap, and end on request. */
#include "domain_init.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_SECONDS 5
#define LOOK_AGAIN_NS 20000000L

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Joined commands are nobody's child here, so a pause bounds each wait. */
static void wait_until_alone(const sigset_t *signals)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NS };
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += GRACE_SECONDS;
	do {
		reap();
		if (kill(-1, 0) < 0 && errno == ESRCH)
			return;
		sigtimedwait(signals, NULL, &pause);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

/*
 * A signal from outside the PID namespace carries pid 0. From inside, "kill 1"
 * is not how a domain ends: that would be drift, and be healed.
 */
static int is_order_from_outside(const siginfo_t *info)
{
	return info->si_signo == SIGTERM && info->si_pid == 0;
}

void supervise(void)
{
	sigset_t all;
	siginfo_t info;

	sigfillset(&all);	/* blocked since before this process was found by anybody */
	do {
		reap();
		if (sigwaitinfo(&all, &info) < 0)
			info.si_signo = 0;
	} while (!is_order_from_outside(&info));
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	wait_until_alone(&all);
	/* The kernel kills what is left and waits for it before this process is gone. */
	_exit(0);
}
