// SPDX-License-Identifier: GPL-2.0
/* test_txn.c: applying, re-applying, confirming, rolling back, healing and tearing down on a fake machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "fake_machine.h"
#include "txn_scenes.h"

static int boot(void **state)
{
	(void)state;
	scene_boot();
	return 0;
}

static void assert_value(const char *backend, const char *object, const char *attr, const char *want)
{
	const char *live = fake_machine_get(backend, object, attr);

	if (!want) {
		assert_null(live);
		return;
	}
	assert_non_null(live);
	assert_string_equal(live, want);
}

static void test_apply_makes_everything(void **state)
{
	size_t changed;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, &changed), 0);
	assert_true(changed > 10);
	assert_value("cgroup", "hostpart/alpha", "cpuset.cpus", "2-3");
	assert_value("cgroup", "hostpart/beta", "cpuset.cpus.partition", "root");
	assert_value("port", "p0", "", "in alpha");
	assert_value("sysfile", "/cpumask", "", "03");
	assert_value("irq", "24", "affinity", "2-7");
	assert_false(scene_has_journal());
}

static void test_second_apply_changes_nothing(void **state)
{
	unsigned long writes;
	size_t changed;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	writes = fake_machine_writes();
	assert_int_equal(scene_apply(&scene_two, 0, &changed), 0);
	assert_int_equal(changed, 0);
	assert_int_equal(fake_machine_writes(), writes);
}

static void test_teardown_restores(void **state)
{
	hp_autofree char *before = fake_machine_dump(), *after = NULL;
	hp_autostate *left = NULL;
	size_t changed;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_int_equal(scene_apply(&scene_three, 0, NULL), 0);
	assert_int_equal(scene_apply(&scene_swapped, 0, NULL), 0);
	assert_int_equal(scene_teardown(&changed), 0);
	assert_true(changed > 10);
	after = fake_machine_dump();
	assert_string_equal(after, before);
	assert_int_equal(hp_state_load(fake_ctx, &left, NULL), 0);
	assert_null(left);
	assert_int_equal(scene_teardown(&changed), 0);
	assert_int_equal(changed, 0);
}

static void test_gap_is_recorded(void **state)
{
	hp_autostate *now = NULL;
	size_t gaps = 0;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_int_equal(hp_state_load(fake_ctx, &now, NULL), 0);
	assert_non_null(now);
	for (size_t i = 0; i < now->count; i++) {
		/* A backend that cannot work here leaves no trace, so it is asked again next time. */
		assert_string_not_equal(now->items[i].setting.backend, "registry");
		if (!now->items[i].gap)
			continue;
		gaps++;
		assert_string_equal(now->items[i].setting.object, "13");
	}
	assert_int_equal(gaps, 1);
	assert_value("irq", "13", "affinity", "5");
}

static void test_state_is_private(void **state)
{
	hp_autofree char *path = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_true(asprintf(&path, "%s/state.json", fake_ctx->run_dir) > 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(fake_ctx->run_dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void test_refused_write_undoes_everything(void **state)
{
	hp_autofree char *before = fake_machine_dump(), *after = NULL;
	hp_autosettings want = HP_SETTINGS_INIT;
	struct hp_txn_request request = { .want = &want };
	hp_autoerr err = HP_ERR_INIT;
	size_t changed;

	(void)state;
	scene_settings(&scene_two, &want);
	fake_machine_refuse("cgroup", "hostpart/beta", "memory.max");
	assert_int_equal(hp_txn_run(fake_ctx, &request, &changed, &err), -EIO);
	assert_non_null(strstr(err.text, "cgroup hostpart/beta memory.max"));
	assert_non_null(strstr(err.text, "undone"));
	assert_int_equal(changed, 0);
	after = fake_machine_dump();
	assert_string_equal(after, before);
	assert_false(scene_has_journal());
}

static void test_failed_undo_keeps_journal(void **state)
{
	hp_autofree char *before = fake_machine_dump(), *after = NULL;
	int recovered;

	(void)state;
	setenv("HOSTPART_FAIL_AT", "nft:1", 1);
	fake_machine_refuse("port", "p0", "");
	/* The port refuses going there, so that it never moved; the undo of it fails as well. */
	assert_int_equal(scene_apply(&scene_two, 0, NULL), -EIO);
	unsetenv("HOSTPART_FAIL_AT");
	assert_true(scene_has_journal());
	assert_int_equal(hp_txn_recover(fake_ctx, &recovered, NULL), -EIO);
	assert_true(scene_has_journal());
	fake_machine_refuse(NULL, NULL, NULL);
	assert_int_equal(hp_txn_recover(fake_ctx, &recovered, NULL), 0);
	assert_int_equal(recovered, 1);
	assert_false(scene_has_journal());
	after = fake_machine_dump();
	assert_string_equal(after, before);
}

static void test_side_effect_is_repaired(void **state)
{
	(void)state;
	fake_machine_break_after("hostpart/beta", "memory.max", "hostpart/alpha", "cpuset.cpus.partition", "root invalid");
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_value("cgroup", "hostpart/alpha", "cpuset.cpus.partition", "root");
}

static void test_repair_is_undone_too(void **state)
{
	hp_autofree char *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	before = fake_machine_dump();
	/* Breaks a setting that needed no step, and then its repair is refused. */
	fake_machine_break_after("hostpart", "cpuset.cpus", "hostpart/beta", "memory.max", "1");
	fake_machine_refuse("cgroup", "hostpart/beta", "memory.max");
	assert_int_equal(scene_apply(&scene_three, 0, NULL), -EIO);
	fake_machine_refuse(NULL, NULL, NULL);
	assert_true(scene_has_journal());
	assert_int_equal(hp_txn_recover(fake_ctx, &(int) { 0 }, NULL), 0);
	after = fake_machine_dump();
	assert_string_equal(after, before);
}

static void test_lock_names_holder(void **state)
{
	hp_autofree char *path = NULL, *pid = NULL;
	hp_autosettings want = HP_SETTINGS_INIT;
	struct hp_txn_request request = { .want = &want };
	hp_autoerr err = HP_ERR_INIT;
	hp_autofd int fd = -1;
	size_t changed;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_true(asprintf(&path, "%s/lock", fake_ctx->run_dir) > 0);
	assert_true(asprintf(&pid, "pid %d", (int)getpid()) > 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(hp_txn_run(fake_ctx, &request, &changed, &err), -EBUSY);
	assert_non_null(strstr(err.text, pid));
	assert_value("port", "p0", "", "in alpha");
}

static void test_confirm(void **state)
{
	hp_autostate *now = NULL;
	bool expired;

	(void)state;
	assert_int_equal(hp_txn_confirm(fake_ctx, NULL), -ENOENT);
	assert_int_equal(scene_apply(&scene_two, 1, NULL), 0);
	assert_int_equal(hp_txn_confirm(fake_ctx, NULL), 0);
	assert_int_equal(hp_txn_confirm(fake_ctx, NULL), -ENOENT);
	assert_int_equal(hp_state_load(fake_ctx, &now, NULL), 0);
	assert_int_equal(now->confirm_by_ns, 0);
	usleep(1100000);
	assert_int_equal(hp_txn_expire(fake_ctx, &expired, NULL), 0);
	assert_false(expired);
	assert_value("port", "p0", "", "in alpha");
}

static void test_expiry_returns_to_confirmed_state(void **state)
{
	hp_autofree char *confirmed = NULL, *after = NULL;
	bool expired;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	confirmed = fake_machine_dump();
	assert_int_equal(scene_apply(&scene_three, 60, NULL), 0);
	assert_int_equal(hp_txn_expire(fake_ctx, &expired, NULL), 0);
	assert_false(expired);
	/* Unconfirmed on top of unconfirmed: the way back skips both. */
	assert_int_equal(scene_apply(&scene_swapped, 1, NULL), 0);
	usleep(1100000);
	assert_int_equal(hp_txn_expire(fake_ctx, &expired, NULL), 0);
	assert_true(expired);
	after = fake_machine_dump();
	assert_string_equal(after, confirmed);
}

static void test_rollback_goes_back_and_forth(void **state)
{
	hp_autofree char *found = fake_machine_dump(), *two = NULL, *three = NULL, *now = NULL;
	size_t changed;

	(void)state;
	assert_int_equal(hp_txn_rollback(fake_ctx, &changed, NULL), -ENOENT);
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	two = fake_machine_dump();
	assert_int_equal(scene_apply(&scene_three, 0, NULL), 0);
	three = fake_machine_dump();
	assert_int_equal(hp_txn_rollback(fake_ctx, &changed, NULL), 0);
	assert_true(changed > 0);
	now = fake_machine_dump();
	assert_string_equal(now, two);
	assert_int_equal(hp_txn_rollback(fake_ctx, &changed, NULL), 0);
	free(now);
	now = fake_machine_dump();
	assert_string_equal(now, three);
	assert_int_equal(scene_teardown(NULL), 0);
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_int_equal(hp_txn_rollback(fake_ctx, &changed, NULL), 0);
	free(now);
	now = fake_machine_dump();
	assert_string_equal(now, found);
}

struct drifts {
	unsigned int count;
	char last[128];
	int healed;
};

static void note_drift(void *arg, const struct hp_applied *item, const char *live, int healed, const char *error)
{
	struct drifts *drifts = arg;

	assert_int_equal(healed != 0, error != NULL);
	drifts->count++;
	drifts->healed = healed;
	snprintf(drifts->last, sizeof(drifts->last), "%s %s %s", item->setting.object, item->setting.attr,
		 live ? live : "(absent)");
}

static void test_heal(void **state)
{
	hp_autofree char *before = NULL, *after = NULL;
	struct drifts drifts = { 0 };
	hp_autostate *now = NULL;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	assert_int_equal(hp_state_load(fake_ctx, &now, NULL), 0);
	before = fake_machine_dump();
	assert_int_equal(hp_txn_heal(fake_ctx, now, NULL, note_drift, &drifts, NULL), 0);
	assert_int_equal(drifts.count, 0);
	fake_machine_put("cgroup", "hostpart/alpha", "memory.max", "max");
	fake_machine_put("nft", "hostpart", "", NULL);
	assert_int_equal(hp_txn_heal(fake_ctx, now, "nft", note_drift, &drifts, NULL), 0);
	assert_int_equal(drifts.count, 1);
	assert_string_equal(drifts.last, "hostpart  (absent)");
	fake_machine_refuse("cgroup", "hostpart/alpha", "memory.max");
	assert_int_equal(hp_txn_heal(fake_ctx, now, NULL, note_drift, &drifts, NULL), 0);
	assert_int_equal(drifts.healed, -EIO);
	fake_machine_refuse(NULL, NULL, NULL);
	assert_int_equal(hp_txn_heal(fake_ctx, now, NULL, note_drift, &drifts, NULL), 0);
	assert_int_equal(drifts.count, 3);
	assert_string_equal(drifts.last, "hostpart/alpha memory.max max");
	after = fake_machine_dump();
	assert_string_equal(after, before);
	assert_int_equal(scene_apply(&scene_three, 0, NULL), 0);
	assert_int_equal(hp_txn_heal(fake_ctx, now, NULL, note_drift, &drifts, NULL), -ESTALE);
}

static void test_drift_does_not_spoil_teardown(void **state)
{
	hp_autofree char *before = fake_machine_dump(), *after = NULL;

	(void)state;
	assert_int_equal(scene_apply(&scene_two, 0, NULL), 0);
	fake_machine_put("sysfile", "/cpumask", "", "f0");
	fake_machine_put("nft", "hostpart", "", "other");
	fake_machine_put("cgroup", "hostpart/beta", "memory.max", "1");
	assert_int_equal(scene_teardown(NULL), 0);
	after = fake_machine_dump();
	assert_string_equal(after, before);
}

static void test_full_exchange_is_refused(void **state)
{
	static const struct scene one = { "2-3", { { "a", "2", NULL }, { "b", "3", NULL } }, "03", NULL };
	static const struct scene other = { "2-3", { { "a", "3", NULL }, { "b", "2", NULL } }, "03", NULL };
	hp_autofree char *before = NULL, *after = NULL;

	(void)state;
	assert_int_equal(scene_apply(&one, 0, NULL), 0);
	before = fake_machine_dump();
	assert_int_equal(scene_apply(&other, 0, NULL), -EDEADLK);
	after = fake_machine_dump();
	assert_string_equal(after, before);
}

struct watched {
	size_t calls, open, total;
};

static void count_steps(void *arg, const struct hp_step *step, size_t index, size_t total, bool done)
{
	struct watched *w = arg;

	assert_non_null(step->object);
	assert_int_equal(index, w->calls / 2);
	assert_int_equal(done, w->calls % 2);
	w->total = total;
	w->calls++;
}

static void test_watch_sees_every_step(void **state)
{
	hp_autosettings want = HP_SETTINGS_INIT;
	struct watched watched = { 0 };
	struct hp_txn_watch watch = { count_steps, &watched };
	struct hp_txn_request request = { .want = &want, .watch = &watch };
	size_t changed;

	(void)state;
	scene_settings(&scene_two, &want);
	assert_int_equal(hp_txn_run(fake_ctx, &request, &changed, NULL), 0);
	assert_int_equal(watched.calls, 2 * changed);
	assert_int_equal(watched.total, changed);
}

#define TEST(f) cmocka_unit_test_setup(f, boot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apply_makes_everything), TEST(test_second_apply_changes_nothing),
		TEST(test_teardown_restores), TEST(test_gap_is_recorded), TEST(test_state_is_private),
		TEST(test_refused_write_undoes_everything), TEST(test_failed_undo_keeps_journal),
		TEST(test_side_effect_is_repaired), TEST(test_repair_is_undone_too), TEST(test_lock_names_holder),
		TEST(test_confirm), TEST(test_expiry_returns_to_confirmed_state),
		TEST(test_rollback_goes_back_and_forth), TEST(test_heal), TEST(test_drift_does_not_spoil_teardown),
		TEST(test_full_exchange_is_refused), TEST(test_watch_sees_every_step),
	};

	return cmocka_run_group_tests_name("transactions", tests, fake_machine_setup, fake_machine_teardown);
}
