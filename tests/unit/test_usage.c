// SPDX-License-Identifier: GPL-2.0
/* test_usage.c: what domains use is read from a made-up machine, and becomes rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hp_auto.h"
#include "usage/hp_usage.h"
#include "usage/usage_parse.h"

static char tree[] = "/tmp/hp-test-usage-XXXXXX";

static void put(const char *path, const char *text)
{
	hp_autofree char *full = NULL;
	hp_autofile FILE *file = NULL;

	assert_true(asprintf(&full, "%s%s", tree, path) > 0);
	for (char *slash = strchr(full + strlen(tree) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

#define CGROUP "/sys/fs/cgroup/hostpart/alpha"
#define NET_DEV \
	"Inter-|   Receive                                                |  Transmit\n" \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"

static void put_domain(void)
{
	put(CGROUP "/cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\nnr_periods 0\nnr_throttled 0\n"
				"throttled_usec 40\n");
	put(CGROUP "/cpuset.cpus.effective", "2-3,8\n");
	put(CGROUP "/memory.current", "1048576\n");
	put(CGROUP "/memory.min", "524288\n");
	put(CGROUP "/memory.max", "max\n");
	put(CGROUP "/pids.current", "7\n");
	put(CGROUP "/cpu.pressure", "some avg10=1.00 avg60=0.50 avg300=0.10 total=700\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=50\n");
	put(CGROUP "/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	/* A disk, device mapper on it, a loop device, and one that did nothing yet. */
	put(CGROUP "/io.stat", "259:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
			       "253:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
			       "7:0 rbytes=512 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n8:16 \n");
	put(CGROUP "/init/cgroup.procs", "321\n");
	put("/proc/321/net/dev", NET_DEV "    lo:  999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0\n"
					 "  eth0: 1000 10 0 1 0 0 0 0 2000 20 0 2 0 0 0 0\n"
					 "   hp0:  500 5 0 0 0 0 0 0 50 1 0 0 0 0 0 0\n"
					 "vlan.7:  77 7 0 7 0 0 0 0 77 7 0 7 0 0 0 0\n");
	put("/proc/321/root/sys/class/net/eth0/device/vendor", "0x8086\n");
}

static void put_machine(void)
{
	put("/sys/fs/cgroup/cpu.stat", "usage_usec 9000000\nuser_usec 6000000\nsystem_usec 3000000\n");
	put("/sys/fs/cgroup/cpuset.cpus.effective", "0-1\n");
	put("/sys/devices/system/cpu/online", "0-3,8\n");
	put("/proc/meminfo", "MemTotal:        8192 kB\nMemFree:         4096 kB\nMemAvailable:    6000 kB\n");
	put("/proc/loadavg", "0.10 0.20 0.30 2/107 4711\n");
	put("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=11\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n");
	put("/proc/diskstats", " 259       0 nvme0n1 10 0 100 0 20 0 200 0 0 0 0 0 0 0 0 0 0\n"
			       " 259       1 nvme0n1p1 10 0 100 0 20 0 200 0 0 0 0 0 0 0 0 0 0\n"
			       " 253       0 dm-0 10 0 100 0 20 0 200 0 0 0 0 0 0 0 0 0 0\n"
			       "   7       0 loop0 1 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	put("/sys/dev/block/259:1/partition", "1\n");
	put("/sys/dev/block/253:0/slaves/nvme0n1/dev", "259:0\n");
	put("/sys/dev/block/7:0/loop/backing_file", "/tmp/image\n");
	put("/proc/1/net/dev", NET_DEV "  eno1: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0\nhp-alpha: 50 1 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n");
	put("/sys/class/net/eno1/device/vendor", "0x8086\n");
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(tree));
	put_domain();
	put_machine();
	return 0;
}

static int remove_tree(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", tree);
	return system(command);
}

static const struct hp_usage_subject subjects[] = { { "hostpart/alpha", true }, { "hostpart/gone", true } };

static void take(struct hp_usage_sample *sample, uint64_t time_ns)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoroot *root = hp_root_open(tree, &err);

	assert_non_null(root);
	assert_int_equal(hp_usage_read(root, subjects, hp_array_size(subjects), sample, &err), 0);
	assert_int_equal(sample->count, hp_array_size(subjects));
	sample->time_ns = time_ns;
}

static void a_domain(void **state)
{
	hp_autosample sample = HP_USAGE_SAMPLE_INIT;
	const struct hp_usage *usage;

	(void)state;
	take(&sample, 0);
	usage = &sample.subjects[0];
	assert_int_equal(usage->cpu_us, 5000000);
	assert_int_equal(usage->user_us, 3000000);
	assert_int_equal(usage->system_us, 2000000);
	assert_int_equal(usage->throttled_us, 40);
	assert_int_equal(usage->processors, 3);
	assert_int_equal(usage->memory_bytes, 1048576);
	assert_int_equal(usage->memory_min_bytes, 524288);
	assert_true(usage->memory_max_bytes == HP_USAGE_UNLIMITED);
	assert_int_equal(usage->tasks, 7);
	assert_int_equal(usage->pressure[HP_USAGE_CPU].some_us, 700);
	assert_int_equal(usage->pressure[HP_USAGE_CPU].full_us, 50);
	assert_int_equal(usage->pressure[HP_USAGE_MEMORY].some_us, 0);
	assert_true(usage->pressure[HP_USAGE_IO].some_us == HP_USAGE_UNKNOWN);
}

/* What stands on others is counted there. */
static void disks_once(void **state)
{
	hp_autosample sample = HP_USAGE_SAMPLE_INIT;

	(void)state;
	take(&sample, 0);
	assert_int_equal(sample.subjects[0].read_bytes, 4096);
	assert_int_equal(sample.subjects[0].written_bytes, 8192);
	assert_int_equal(sample.subjects[0].reads, 1);
	assert_int_equal(sample.subjects[0].writes, 2);
	assert_int_equal(sample.machine.read_bytes, 100 * 512);
	assert_int_equal(sample.machine.written_bytes, 200 * 512);
	assert_int_equal(sample.machine.reads, 10);
	assert_int_equal(sample.machine.writes, 20);
}

static void ports(void **state)
{
	hp_autosample sample = HP_USAGE_SAMPLE_INIT;

	(void)state;
	take(&sample, 0);
	assert_int_equal(sample.subjects[0].received_bytes, 1500);
	assert_int_equal(sample.subjects[0].sent_bytes, 2050);
	assert_int_equal(sample.subjects[0].received_packets, 15);
	assert_int_equal(sample.subjects[0].sent_packets, 21);
	assert_int_equal(sample.subjects[0].dropped_packets, 3);
	assert_int_equal(sample.base.received_bytes, 100);
	assert_int_equal(sample.base.sent_bytes, 200);
}

static void the_machine(void **state)
{
	hp_autosample sample = HP_USAGE_SAMPLE_INIT;

	(void)state;
	take(&sample, 0);
	assert_int_equal(sample.machine.cpu_us, 9000000);
	assert_int_equal(sample.machine.processors, 5);
	assert_int_equal(sample.machine.memory_bytes, 4096 * 1024);
	assert_int_equal(sample.machine.memory_max_bytes, 8192 * 1024);
	assert_int_equal(sample.machine.tasks, 107);
	assert_int_equal(sample.machine.pressure[HP_USAGE_IO].full_us, 3);
	assert_true(sample.machine.memory_min_bytes == HP_USAGE_UNKNOWN);
	assert_int_equal(sample.base.memory_bytes, 4096 * 1024 - 1048576);
	assert_int_equal(sample.base.tasks, 100);
	assert_int_equal(sample.base.processors, 2);
	assert_true(sample.base.cpu_us == HP_USAGE_UNKNOWN);
}

static void absent_is_unknown(void **state)
{
	hp_autosample sample = HP_USAGE_SAMPLE_INIT;
	struct hp_usage nothing;

	(void)state;
	take(&sample, 0);
	memset(&nothing, 0xff, sizeof(nothing));
	assert_memory_equal(&sample.subjects[1], &nothing, sizeof(nothing));
}

#define close_to(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void rates(void **state)
{
	hp_autosample before = HP_USAGE_SAMPLE_INIT, after = HP_USAGE_SAMPLE_INIT;
	hp_autorates rates = HP_USAGE_RATES_INIT;

	(void)state;
	take(&before, 1000000000);
	put(CGROUP "/cpu.stat", "usage_usec 8000000\nuser_usec 5000000\nsystem_usec 3000000\nthrottled_usec 1000040\n");
	put(CGROUP "/cpu.pressure", "some avg10=9.00 avg60=0.50 avg300=0.10 total=1000700\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=50\n");
	put(CGROUP "/io.stat", "259:0 rbytes=8192 wbytes=8192 rios=3 wios=2 dbytes=0 dios=0\n");
	put("/sys/fs/cgroup/cpu.stat", "usage_usec 13000000\nuser_usec 8500000\nsystem_usec 4500000\n");
	put("/proc/diskstats", " 259       0 nvme0n1 14 0 116 0 20 0 200 0 0 0 0 0 0 0 0 0 0\n");
	put("/proc/1/net/dev", NET_DEV "  eno1: 2100 3 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n");
	take(&after, 3000000000);
	assert_int_equal(hp_usage_rates_between(&before, &after, &rates), 0);
	close_to(rates.seconds, 2);
	close_to(rates.subjects[0].processors, 1.5);
	close_to(rates.subjects[0].user_processors, 1);
	close_to(rates.subjects[0].system_processors, 0.5);
	close_to(rates.subjects[0].throttled_share, 0.5);
	close_to(rates.subjects[0].some_share[HP_USAGE_CPU], 0.5);
	close_to(rates.subjects[0].full_share[HP_USAGE_CPU], 0);
	close_to(rates.subjects[0].some_share[HP_USAGE_MEMORY], 0);
	assert_true(isnan(rates.subjects[0].some_share[HP_USAGE_IO]));
	close_to(rates.subjects[0].read_bytes, 2048);
	close_to(rates.subjects[0].reads, 1);
	close_to(rates.machine.processors, 2);
	close_to(rates.base.processors, 0.5);
	close_to(rates.machine.read_bytes, 16 * 512 / 2);
	close_to(rates.base.read_bytes, 16 * 512 / 2 - 2048);
	close_to(rates.base.received_bytes, 1000);
	close_to(rates.machine.received_bytes, 1000);
	assert_true(isnan(rates.subjects[1].processors));
	assert_true(isnan(rates.machine.throttled_share));
}

/* A domain that was restarted counts from 0 again; the base is never below 0. */
static void counters_begin_anew(void **state)
{
	hp_autosample before = HP_USAGE_SAMPLE_INIT, after = HP_USAGE_SAMPLE_INIT, other = HP_USAGE_SAMPLE_INIT;
	hp_autorates rates = HP_USAGE_RATES_INIT;

	(void)state;
	take(&before, 1000000000);
	put(CGROUP "/cpu.stat", "usage_usec 700000\nuser_usec 700000\nsystem_usec 0\n");
	take(&after, 2000000000);
	assert_int_equal(hp_usage_rates_between(&before, &after, &rates), 0);
	close_to(rates.subjects[0].processors, 0.7);
	close_to(rates.base.processors, 0);
	assert_int_equal(hp_usage_rates_between(&after, &before, &rates), -EINVAL);
	assert_int_equal(hp_usage_rates_between(&after, &after, &rates), -EINVAL);
	assert_int_equal(hp_usage_rates_between(&other, &after, &rates), -EINVAL);
}

static void count_disk(void *arg, const struct usage_disk *disk)
{
	*(uint64_t *)arg += disk->major;
}

static void count_port(void *arg, const struct usage_port *port)
{
	*(uint64_t *)arg += strlen(port->name);
}

static void odd_texts(void **state)
{
	uint64_t sum = 0;

	(void)state;
	assert_true(usage_parse_number(NULL) == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_number("") == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_number("-1") == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_key(NULL, "a") == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_key("ab 1\n", "a") == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_key("x 1\na", "a") == HP_USAGE_UNKNOWN);
	assert_int_equal(usage_parse_key("xa 1\na:   2", "a"), 2);
	assert_true(usage_parse_list("3-1") == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_list("") == HP_USAGE_UNKNOWN);
	assert_true(usage_parse_pressure("some avg10=x").some_us == HP_USAGE_UNKNOWN);
	usage_parse_io_stat("8:0\n8:0 rbytes=1\n8 0 1\n\n", count_disk, &sum);
	usage_parse_diskstats("8 0 sda 1 2 3\n", count_disk, &sum);
	usage_parse_net_dev("eth0\neth0: 1 2\n: 1 2 3 4 5 6 7 8 9 10 11 12\n", count_port, &sum);
	assert_int_equal(sum, 0);
	/* A name that fills its field leaves no space in front of the first number. */
	usage_parse_net_dev("abcdefghijklmno:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", count_port, &sum);
	assert_int_equal(sum, 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain),
		cmocka_unit_test(disks_once),
		cmocka_unit_test(ports),
		cmocka_unit_test(the_machine),
		cmocka_unit_test(absent_is_unknown),
		cmocka_unit_test(rates),
		cmocka_unit_test(counters_begin_anew),
		cmocka_unit_test(odd_texts),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
