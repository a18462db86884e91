// SPDX-License-Identifier: GPL-2.0
/* test_txn_crash.c: a failure at every step and a kill at every record leave the old or the new machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "fake_machine.h"
#include "txn_scenes.h"

/*
 * A fork costs a hundred times as much under ASan, and the native run tries
 * every record anyway: the sanitizers see a sample.
 */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 5u
#else
#define STRIDE 1u
#endif

/* From one scene (NULL = nothing applied) to another (NULL = teardown). */
struct move {
	const struct scene *from, *to;
};

static const struct move moves[] = {
	{ NULL, &scene_two }, { &scene_two, &scene_three }, { &scene_three, &scene_swapped },
	{ &scene_two, &scene_swapped }, { &scene_three, &scene_two }, { &scene_three, NULL },
};

static int go(const struct scene *to)
{
	return to ? scene_apply(to, 0, NULL) : scene_teardown(NULL);
}

static void prepare(const struct move *move)
{
	unsetenv("HOSTPART_KILL_AT");
	unsetenv("HOSTPART_FAIL_AT");
	scene_boot();
	if (move->from)
		assert_int_equal(scene_apply(move->from, 0, NULL), 0);
}

/* What the machine is before and after the move, and which state tells so. */
struct ends {
	char *before, *after;
};

static void free_ends(struct ends *ends)
{
	free(ends->before);
	free(ends->after);
}
#define autoends __attribute__((cleanup(free_ends))) struct ends

static void find_ends(const struct move *move, struct ends *ends)
{
	prepare(move);
	ends->before = fake_machine_dump();
	assert_int_equal(go(move->to), 0);
	ends->after = fake_machine_dump();
	assert_string_not_equal(ends->before, ends->after);
}

/* The state file says the same as the machine. */
static void assert_state_is(const struct scene *scene)
{
	hp_autostate *state = NULL;

	assert_int_equal(hp_state_load(fake_ctx, &state, NULL), 0);
	assert_int_equal(state != NULL, scene != NULL);
	if (scene)
		assert_string_equal(state->policy_text, scene->top_cpus);
}

/* Old or new, never a third; whichever it is, running again reaches the new. */
static void assert_old_or_new(const struct move *move, const struct ends *ends, bool *is_new)
{
	hp_autofree char *now = fake_machine_dump(), *final = NULL;

	*is_new = !strcmp(now, ends->after);
	if (!*is_new)
		assert_string_equal(now, ends->before);
	assert_false(scene_has_journal());
	assert_state_is(*is_new ? move->to : move->from);
	assert_int_equal(go(move->to), 0);
	final = fake_machine_dump();
	assert_string_equal(final, ends->after);
}

enum child { CHILD_MOVE, CHILD_RECOVER };

/* Runs the work in a child that may be killed; true = it was. */
static bool run_child(enum child work, const struct move *move, const char *kill_at, const char *fail_at)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		int recovered;

		if (kill_at)
			setenv("HOSTPART_KILL_AT", kill_at, 1);
		if (fail_at)
			setenv("HOSTPART_FAIL_AT", fail_at, 1);
		if (work == CHILD_MOVE)
			go(move->to);
		else
			hp_txn_recover(fake_ctx, &recovered, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return true;
	}
	return false;
}

static bool killed_at(enum child work, const struct move *move, unsigned int record, const char *fail_at)
{
	char text[32];

	snprintf(text, sizeof(text), "record:%u", record);
	return run_child(work, move, text, fail_at);
}

static void recover(void)
{
	int recovered;

	assert_int_equal(hp_txn_recover(fake_ctx, &recovered, NULL), 0);
}

static void test_fail_every_step(void **state)
{
	(void)state;
	for (size_t m = 0; m < hp_array_size(moves); m++) {
		autoends ends = { 0 };
		unsigned int step = 1;

		find_ends(&moves[m], &ends);
		for (;; step++) {
			hp_autofree char *now = NULL;
			char text[32];
			int ret;

			prepare(&moves[m]);
			snprintf(text, sizeof(text), "step:%u", step);
			setenv("HOSTPART_FAIL_AT", text, 1);
			ret = go(moves[m].to);
			unsetenv("HOSTPART_FAIL_AT");
			now = fake_machine_dump();
			assert_string_equal(now, ret ? ends.before : ends.after);
			assert_false(scene_has_journal());
			assert_state_is(ret ? moves[m].from : moves[m].to);
			if (!ret)
				break;
			assert_int_equal(ret, -EIO);
		}
		assert_true(step > 8);
	}
}

static void test_kill_every_record(void **state)
{
	(void)state;
	for (size_t m = 0; m < hp_array_size(moves); m++) {
		autoends ends = { 0 };
		unsigned int record = 1, olds = 0, news = 0;
		bool is_new;

		find_ends(&moves[m], &ends);
		for (;; record++) {
			prepare(&moves[m]);
			if (!killed_at(CHILD_MOVE, &moves[m], record, NULL))
				break;
			recover();
			assert_old_or_new(&moves[m], &ends, &is_new);
			olds += !is_new;
			news += is_new;
		}
		/* begin, steps and "written" leave the old machine, only "committed" the new one. */
		assert_true(olds > 8);
		assert_int_equal(news, 1);
	}
}

/* The next apply recovers by itself; the machine need not be recovered by a separate call. */
static void test_apply_after_kill_reaches_new(void **state)
{
	(void)state;
	for (size_t m = 0; m < hp_array_size(moves); m++) {
		autoends ends = { 0 };

		find_ends(&moves[m], &ends);
		for (unsigned int record = 1;; record += STRIDE) {
			hp_autofree char *now = NULL;

			prepare(&moves[m]);
			if (!killed_at(CHILD_MOVE, &moves[m], record, NULL))
				break;
			assert_int_equal(go(moves[m].to), 0);
			now = fake_machine_dump();
			assert_string_equal(now, ends.after);
		}
	}
}

static void test_kill_after_every_write(void **state)
{
	(void)state;
	for (size_t m = 0; m < hp_array_size(moves); m++) {
		autoends ends = { 0 };
		bool is_new;

		find_ends(&moves[m], &ends);
		for (unsigned int n = 1;; n += STRIDE) {
			bool was_killed;

			prepare(&moves[m]);
			fake_machine_kill_after_write(n);
			was_killed = run_child(CHILD_MOVE, &moves[m], NULL, NULL);
			fake_machine_kill_after_write(0);
			if (!was_killed)
				break;
			recover();
			assert_old_or_new(&moves[m], &ends, &is_new);
			assert_false(is_new);
		}
	}
}

/* Killed at record k, the recovery killed at record r, then recovered for good. */
static void test_kill_during_recovery(void **state)
{
	(void)state;
	for (size_t m = 0; m < hp_array_size(moves); m++) {
		autoends ends = { 0 };
		unsigned int killed = 0;
		bool is_new, is_over = false;

		find_ends(&moves[m], &ends);
		for (unsigned int k = 4; !is_over; k += 6 * STRIDE)
			for (unsigned int r = 1;; r += STRIDE) {
				prepare(&moves[m]);
				if (!killed_at(CHILD_MOVE, &moves[m], k, NULL)) {
					is_over = true;
					break;
				}
				if (!killed_at(CHILD_RECOVER, NULL, r, NULL))
					break;
				killed++;
				recover();
				assert_old_or_new(&moves[m], &ends, &is_new);
			}
		assert_true(killed > (STRIDE == 1 ? 10 : 0));
	}
}

/* A step fails, and the process dies while it undoes the others. */
static void test_kill_during_undo(void **state)
{
	(void)state;
	for (size_t m = 0; m < hp_array_size(moves); m++) {
		autoends ends = { 0 };
		unsigned int during_undo = 0;
		bool is_new;

		find_ends(&moves[m], &ends);
		for (unsigned int step = 4; step < 12; step += 4) {
			char fail_at[32];

			snprintf(fail_at, sizeof(fail_at), "step:%u", step);
			/* begin + step records come first, everything later is an undo record. */
			for (unsigned int record = step + 2;; record += STRIDE) {
				prepare(&moves[m]);
				if (!killed_at(CHILD_MOVE, &moves[m], record, fail_at))
					break;
				during_undo++;
				recover();
				assert_old_or_new(&moves[m], &ends, &is_new);
				assert_false(is_new);
			}
		}
		assert_int_equal(during_undo, STRIDE == 1 ? 4 + 8 : 1 + 2);
	}
}

/* The journal cut at every byte: a torn line was never acted on. */
static void test_torn_journal(void **state)
{
	const struct move *move = &moves[1];
	autoends ends = { 0 };
	hp_autofree char *path = NULL, *text = NULL;
	unsigned int torn = 0;
	size_t size = 0;

	(void)state;
	find_ends(move, &ends);
	assert_true(asprintf(&path, "%s/journal", fake_ctx->run_dir) > 0);
	for (unsigned int cut = 1; cut < 120; cut += 7) {
		hp_autofile FILE *file = NULL;
		ssize_t len;
		bool is_new;
		char *last;

		prepare(move);
		assert_true(killed_at(CHILD_MOVE, move, 6, NULL));
		file = fopen(path, "r+e");
		assert_non_null(file);
		len = getdelim(&text, &size, '\0', file);
		assert_true(len > 0);
		/* Up to the last line: the step of that line was not made when the kill came. */
		text[len - 1] = '\0';
		last = strrchr(text, '\n');
		assert_non_null(last);
		if ((ssize_t)cut > len - 1 - (last - text))
			break;
		assert_int_equal(truncate(path, len - (ssize_t)cut), 0);
		recover();
		assert_old_or_new(move, &ends, &is_new);
		assert_false(is_new);
		torn++;
	}
	assert_true(torn > 5);
}

static void test_damaged_journal_is_refused(void **state)
{
	hp_autofree char *path = NULL, *before = NULL, *after = NULL;
	hp_autoerr err = HP_ERR_INIT;
	hp_autofile FILE *file = NULL;
	int recovered;

	(void)state;
	prepare(&moves[1]);
	assert_true(killed_at(CHILD_MOVE, &moves[1], 6, NULL));
	before = fake_machine_dump();
	assert_true(asprintf(&path, "%s/journal", fake_ctx->run_dir) > 0);
	file = fopen(path, "r+e");
	assert_non_null(file);
	fputs("garbage", file);
	fclose(hp_take(file));
	assert_int_equal(hp_txn_recover(fake_ctx, &recovered, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "journal:1"));
	after = fake_machine_dump();
	assert_string_equal(after, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_every_step),
		cmocka_unit_test(test_kill_every_record),
		cmocka_unit_test(test_apply_after_kill_reaches_new),
		cmocka_unit_test(test_kill_after_every_write),
		cmocka_unit_test(test_kill_during_recovery),
		cmocka_unit_test(test_kill_during_undo),
		cmocka_unit_test(test_torn_journal),
		cmocka_unit_test(test_damaged_journal_is_refused),
	};

	return cmocka_run_group_tests_name("crashes", tests, fake_machine_setup, fake_machine_teardown);
}
