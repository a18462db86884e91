// SPDX-License-Identifier: GPL-2.0
/* hp-kernelbench.c: measures the module from user space; prints medians in ns. usage: hp-kernelbench commit|event|irq FILE|port NAME */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "kernel/hp_kernel.h"

#define SAMPLES_MAX 2000

static uint64_t samples[SAMPLES_MAX];
static unsigned int sample_count;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int print_median(void)
{
	qsort(samples, sample_count, sizeof(samples[0]), compare);
	printf("%" PRIu64 "\n", samples[sample_count / 2]);
	return 0;
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "hp-kernelbench: %s: %s\n", what, why);
	return 1;
}

/* 64 domains that claim 64 functions each; of no machine, so that nothing is taken over. */
static int fill(struct hp_kernel_table *table)
{
	for (unsigned int i = 0; i < 64; i++) {
		struct hp_kernel_domain domain = { .cgroup_id = 0 };

		snprintf(domain.name, sizeof(domain.name), "d%u", i);
		if (hp_kernel_table_add_domain(table, &domain) < 0)
			return -ENOMEM;
		for (unsigned int j = 0; j < 64; j++) {
			struct hp_kernel_claim claim = { .domain = i, .type = HP_KERNEL_PCI, .pci_segment = 0x7fff,
				.pci_bus = (uint8_t)i, .pci_device = (uint8_t)(j >> 3), .pci_function = j & 7 };

			if (hp_kernel_table_add_claim(table, &claim))
				return -ENOMEM;
		}
	}
	return 0;
}

static int bench_commit(void)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	uint64_t start;

	if (hp_kernel_open(&kernel, &err) || fill(&table))
		return fail("open", err.text ? err.text : "out of memory");
	for (sample_count = 0; sample_count < 21; sample_count++) {
		start = now_ns();
		if (hp_kernel_commit(kernel, &table, HP_KERNEL_ANY_GENERATION, NULL, &err))
			return fail("commit", err.text);
		samples[sample_count] = now_ns() - start;
	}
	if (hp_kernel_release_force(kernel, NULL, NULL, &err))
		return fail("release", err.text);
	return print_median();
}

/* From the event's own time stamp until a listener that waits in poll() has it. */
static int bench_event(void)
{
	hp_autokernelevents *events = NULL;
	hp_autokernel *kernel = NULL;
	hp_autoerr err = HP_ERR_INIT;
	struct hp_kernel_event event;
	struct pollfd wait = { .events = POLLIN };

	if (hp_kernel_open(&kernel, &err) || hp_kernel_events_open(&events, &err))
		return fail("open", err.text);
	wait.fd = hp_kernel_events_fd(events);
	for (sample_count = 0; sample_count < 201; sample_count++) {
		if (hp_kernel_release_force(kernel, NULL, NULL, &err) || poll(&wait, 1, 1000) != 1 ||
		    hp_kernel_events_read(events, &event, &err) != 1)
			return fail("event", err.text ? err.text : "none came");
		samples[sample_count] = now_ns() - event.time_ns;
	}
	return print_median();
}

/* One move of an interrupt there and back again counts as two. */
static int bench_irq(const char *file)
{
	static const char *const lists[] = { "0", "1" };
	uint64_t start;
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(file, strerror(errno));
	for (sample_count = 0; sample_count < 501; sample_count++) {
		start = now_ns();
		if (write(fd, lists[sample_count % 2], 1) != 1)
			return fail(file, strerror(errno));
		samples[sample_count] = now_ns() - start;
	}
	close(fd);
	return print_median();
}

/* Another MTU: two netdev events, and nothing in between that waits for other CPUs. */
static int bench_port(const char *name)
{
	struct ifreq request = { 0 };
	uint64_t start;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0)
		return fail(name, strerror(errno));
	for (sample_count = 0; sample_count < 501; sample_count++) {
		request.ifr_mtu = sample_count % 2 ? 1500 : 1400;
		start = now_ns();
		if (ioctl(fd, SIOCSIFMTU, &request))
			return fail(name, strerror(errno));
		samples[sample_count] = now_ns() - start;
	}
	close(fd);
	return print_median();
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "commit") == 0)
		return bench_commit();
	if (argc == 2 && strcmp(argv[1], "event") == 0)
		return bench_event();
	if (argc == 3 && strcmp(argv[1], "irq") == 0)
		return bench_irq(argv[2]);
	if (argc == 3 && strcmp(argv[1], "port") == 0)
		return bench_port(argv[2]);
	fprintf(stderr, "usage: hp-kernelbench commit|event|irq FILE|port NAME\n");
	return 2;
}
