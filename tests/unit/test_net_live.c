// SPDX-License-Identifier: GPL-2.0
/* test_net_live.c: namespaces, star and firewall on this kernel, in a namespace of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave its types alone */
#include <linux/netfilter.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "net/hp_netns.h"
#include "net/hp_netwatch.h"
#include "own_network.h"

/*
 * Without root or network namespaces all of it is skipped, without nf_tables the
 * firewall; with the reason.
 */

static const char alpha[] = "inside=10.203.0.2 hub=10.203.0.1 subnet=10.203.0.0/24";
static const char legs[] = "leg alpha hp-alpha 10.203.0.2\nleg beta hp-beta 10.203.0.3\nallow alpha beta tcp 1-65535";

static struct hp_ctx ctx;
static char run_dir[] = "/tmp/hp-net-test.XXXXXX";

static int set_up(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	if (!enter_own_network())
		return 0;
	ctx.root = hp_root_open("/", &err);
	ctx.run_dir = mkdtemp(run_dir);
	return ctx.root && ctx.run_dir ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hp_root_close(ctx.root);
	return !ctx.run_dir || !rmdir(run_dir) ? 0 : -1;	/* fails when a pin was left */
}

static void put(const struct hp_backend *backend, const char *object, const char *value)
{
	hp_autoerr err = HP_ERR_INIT;

	if (backend->write(&ctx, object, "", value, &err))
		fail_msg("write %s %s: %s", backend->name, object, err.text);
}

static void assert_reads(const struct hp_backend *backend, const char *object, const char *want)
{
	hp_autofree char *value = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (backend->read(&ctx, object, "", &value, &err))
		fail_msg("read %s %s: %s", backend->name, object, err.text);
	if (want)
		assert_string_equal(value ? value : "absent", want);
	else
		assert_null(value);
}

static void test_caller_keeps_its_namespaces(void **state)
{
	struct stat net_before, net_after, mnt_before, mnt_after;

	(void)state;
	need();
	stat("/proc/self/ns/net", &net_before);
	stat("/proc/self/ns/mnt", &mnt_before);
	put(&hp_backend_netns, "alpha", "present");
	put(&hp_backend_star, "alpha", alpha);
	put(&hp_backend_star, "alpha", NULL);
	put(&hp_backend_netns, "alpha", NULL);
	stat("/proc/self/ns/net", &net_after);
	stat("/proc/self/ns/mnt", &mnt_after);
	assert_int_equal(net_before.st_ino, net_after.st_ino);
	assert_int_equal(mnt_before.st_ino, mnt_after.st_ino);
}

static void test_namespace_lives_and_dies(void **state)
{
	(void)state;
	need();
	assert_reads(&hp_backend_netns, "alpha", NULL);
	put(&hp_backend_netns, "alpha", "present");
	put(&hp_backend_netns, "alpha", "present");
	assert_reads(&hp_backend_netns, "alpha", "present");
	put(&hp_backend_netns, "alpha", NULL);
	put(&hp_backend_netns, "alpha", NULL);
	assert_reads(&hp_backend_netns, "alpha", NULL);
}

static void test_star_needs_a_namespace(void **state)
{
	hp_autoerr err = HP_ERR_INIT;

	(void)state;
	need();
	assert_int_equal(hp_backend_star.write(&ctx, "alpha", "", alpha, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no network namespace"));
}

static void test_star_round_trip(void **state)
{
	(void)state;
	need();
	put(&hp_backend_netns, "alpha", "present");
	assert_reads(&hp_backend_star, "alpha", NULL);
	for (int i = 0; i < 3; i++) {
		put(&hp_backend_star, "alpha", alpha);
		put(&hp_backend_star, "alpha", alpha);
		assert_reads(&hp_backend_star, "alpha", alpha);
	}
	put(&hp_backend_star, "alpha", NULL);
	put(&hp_backend_star, "alpha", NULL);
	assert_reads(&hp_backend_star, "alpha", NULL);
	put(&hp_backend_netns, "alpha", NULL);
}

static void need_firewall(void)
{
	hp_autoerr err = HP_ERR_INIT;

	need();
	if (hp_backend_nft.probe(&ctx, &err)) {
		print_message("# SKIP %s\n", err.text);
		skip();
	}
}

static void test_firewall_round_trip(void **state)
{
	(void)state;
	need_firewall();
	assert_reads(&hp_backend_nft, "hostpart", NULL);
	put(&hp_backend_nft, "hostpart", legs);
	assert_reads(&hp_backend_nft, "hostpart", legs);
	put(&hp_backend_nft, "hostpart", "leg alpha hp-alpha 10.203.0.2");
	assert_reads(&hp_backend_nft, "hostpart", "leg alpha hp-alpha 10.203.0.2");
	put(&hp_backend_nft, "hostpart", NULL);
	put(&hp_backend_nft, "hostpart", NULL);
	assert_reads(&hp_backend_nft, "hostpart", NULL);
}

/* 64 legs and many rules in one batch. */
static void test_biggest_firewall(void **state)
{
	hp_autofree char *text = NULL;
	size_t size;
	FILE *out;

	(void)state;
	need_firewall();
	out = open_memstream(&text, &size);
	for (int i = 0; i < 64; i++)
		fprintf(out, "%sleg d%d hp-d%d 10.203.0.%d", i ? "\n" : "", i, i, i + 2);
	for (int i = 0; i < 63; i++)
		fprintf(out, "\nallow d%d d%d tcp 1000-%d", i, i + 1, 2000 + i);
	fclose(out);
	put(&hp_backend_nft, "hostpart", text);
	assert_reads(&hp_backend_nft, "hostpart", text);
	put(&hp_backend_nft, "hostpart", NULL);
}

/* Everything that is readable within five seconds of the last event. */
static bool wait_for(struct hp_netwatch *watch, enum hp_net_event_kind kind,
		     struct hp_net_event *event)
{
	hp_autoerr err = HP_ERR_INIT;
	struct pollfd pfd = { .fd = hp_netwatch_fd(watch), .events = POLLIN };

	while (poll(&pfd, 1, 5000) > 0)
		while (hp_netwatch_read(watch, event, &err) > 0)
			if (event->kind == kind)
				return true;
	return false;
}

static void test_watch_tells_the_actor(void **state)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autonetwatch *watch = NULL;
	struct hp_net_event event;

	(void)state;
	need_firewall();
	watch = hp_netwatch_table(HP_NETNS_OWN, NFPROTO_INET, "hostpart", &err);
	assert_non_null(watch);
	assert_int_equal(hp_netwatch_read(watch, &event, &err), 0);
	put(&hp_backend_nft, "hostpart", legs);
	assert_true(wait_for(watch, HP_NET_TABLE_ADDED, &event));
	put(&hp_backend_nft, "hostpart", NULL);
	assert_true(wait_for(watch, HP_NET_TABLE_REMOVED, &event));
	assert_int_equal(event.pid, getpid());
	assert_string_equal(event.table, "hostpart");
}

static void test_watch_tells_links_inside(void **state)
{
	hp_autofree char *path = NULL;
	hp_autoerr err = HP_ERR_INIT;
	hp_autonetwatch *watch = NULL;
	hp_autofd int fd = -1;
	struct hp_net_event event;

	(void)state;
	need();
	put(&hp_backend_netns, "alpha", "present");
	assert_true(asprintf(&path, "%s/netns/alpha", run_dir) > 0);
	fd = hp_netns_open(path, &err);
	watch = hp_netwatch_links(fd, &err);
	assert_non_null(watch);
	put(&hp_backend_star, "alpha", alpha);
	assert_true(wait_for(watch, HP_NET_LINK_CHANGED, &event));
	assert_string_equal(event.link.name, "hp0");
	put(&hp_backend_star, "alpha", NULL);
	assert_true(wait_for(watch, HP_NET_LINK_GONE, &event));
	assert_false(event.has_moved);
	put(&hp_backend_netns, "alpha", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caller_keeps_its_namespaces),
		cmocka_unit_test(test_namespace_lives_and_dies),
		cmocka_unit_test(test_star_needs_a_namespace),
		cmocka_unit_test(test_star_round_trip),
		cmocka_unit_test(test_firewall_round_trip),
		cmocka_unit_test(test_biggest_firewall),
		cmocka_unit_test(test_watch_tells_the_actor),
		cmocka_unit_test(test_watch_tells_links_inside),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
