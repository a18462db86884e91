// SPDX-License-Identifier: GPL-2.0
/* hp-witness.c: prints who writes to control files, one line each, until killed; for tests. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "bpf/hp_witness.h"

static const char *const sources[] = {
	[HP_WITNESSED_CGROUP] = "cgroup", [HP_WITNESSED_SYSFS] = "sysfs",
	[HP_WITNESSED_PROC] = "proc", [HP_WITNESSED_NETDEV] = "netdev",
};

static void print(void *arg, const struct hp_witnessed *seen)
{
	hp_autofree char *cgroup = hp_cgroup_name(seen->cgroup_id);

	(void)arg;
	printf("%s %s pid=%d comm=%s uid=%u cgroup=/%s ifindex=%d time=%llu value=%s\n", sources[seen->source],
	       seen->path, seen->pid, seen->comm, seen->uid, cgroup ? cgroup : "?", seen->ifindex,
	       (unsigned long long)seen->time_ns, seen->value);
}

/* usage: hp-witness [PID]: PID's own writes are left out. The first line is "ready", with the missing hooks. */
int main(int argc, char **argv)
{
	struct hp_witness *witness;
	hp_autoerr err = HP_ERR_INIT;
	struct pollfd ready;

	if (hp_witness_open(argc > 1 ? atoi(argv[1]) : getpid(), &witness, &err)) {
		fprintf(stderr, "hp-witness: %s\n", err.text ? err.text : "failed without a reason");
		return 1;
	}
	printf("ready");
	for (const char *const *missing = hp_witness_missing(witness); *missing; missing++)
		printf(" missing:%s", *missing);
	putchar('\n');
	fflush(stdout);
	ready = (struct pollfd){ .fd = hp_witness_fd(witness), .events = POLLIN };
	while (poll(&ready, 1, -1) >= 0 || errno == EINTR) {
		if (hp_witness_drain(witness, print, NULL) < 0)
			return 1;
		fflush(stdout);
	}
	return 1;
}
