// SPDX-License-Identifier: GPL-2.0
/* test_state.c: the state file holds everything, replaces itself whole, and refuses what it does not understand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apply/state.h"
#include "base/hp_auto.h"
#include "fake_machine.h"

static int setup(void **state)
{
	fake_machine_setup(state);
	return mkdir(fake_ctx->run_dir, 0755);
}

static void put_file(const char *text)
{
	hp_autofree char *path = NULL;
	hp_autofile FILE *file = NULL;

	assert_true(asprintf(&path, "%s/state.json", fake_ctx->run_dir) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
}

static struct hp_state *make_state(void)
{
	struct hp_state *state = hp_state_new();
	struct hp_setting setting = {
		.backend = "cgroup", .object = (char *)"a/b", .attr = (char *)"memory.max", .want = (char *)"1\n\"\xc3\xa9\"",
		.domain = 3, .loc = { 7, 9 }, .is_optional = true,
	};
	struct hp_applied *item;

	assert_non_null(state);
	state->policy_file = strdup("some file.yaml");
	state->policy_text = strdup("line one\n\tline two\n");
	state->applied_at = 1234567890;
	state->confirm_by_ns = 9007199254740993;
	assert_non_null(hp_state_add(state, &setting, "was"));
	setting.object = (char *)"c";
	item = hp_state_add(state, &setting, NULL);
	assert_non_null(item);
	item->gap = strdup("cannot");
	return state;
}

static void assert_same(const struct hp_state *a, const struct hp_state *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->policy_file, b->policy_file);
	assert_string_equal(a->policy_text, b->policy_text);
	assert_int_equal(a->applied_at, b->applied_at);
	assert_true(a->confirm_by_ns == b->confirm_by_ns);
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct hp_applied *x = &a->items[i], *y = &b->items[i];

		assert_string_equal(x->setting.backend, y->setting.backend);
		assert_string_equal(x->setting.object, y->setting.object);
		assert_string_equal(x->setting.attr, y->setting.attr);
		assert_string_equal(x->setting.want, y->setting.want);
		assert_int_equal(x->setting.domain, y->setting.domain);
		assert_int_equal(x->setting.loc.line, y->setting.loc.line);
		assert_int_equal(x->setting.loc.column, y->setting.loc.column);
		assert_int_equal(x->setting.is_optional, y->setting.is_optional);
		assert_int_equal(x->original != NULL, y->original != NULL);
		if (x->original)
			assert_string_equal(x->original, y->original);
		assert_int_equal(x->gap != NULL, y->gap != NULL);
		if (x->gap)
			assert_string_equal(x->gap, y->gap);
	}
	assert_int_equal(a->previous != NULL, b->previous != NULL);
	if (a->previous)
		assert_same(a->previous, b->previous);
}

static void test_round_trip(void **state)
{
	hp_autostate *saved = make_state(), *loaded = NULL;

	(void)state;
	hp_state_set_previous(saved, make_state());
	assert_string_not_equal(saved->id, saved->previous->id);
	assert_int_equal(hp_state_save(fake_ctx, saved, NULL), 0);
	assert_int_equal(hp_state_load(fake_ctx, &loaded, NULL), 0);
	assert_non_null(loaded);
	assert_same(saved, loaded);
}

static void test_previous_keeps_one_level(void **state)
{
	hp_autostate *newest = make_state();
	struct hp_state *middle = make_state();

	(void)state;
	hp_state_set_previous(middle, make_state());
	hp_state_set_previous(newest, middle);
	assert_ptr_equal(newest->previous, middle);
	assert_null(middle->previous);
}

static void test_absent_and_empty_mean_nothing_applied(void **state)
{
	hp_autostate *empty = hp_state_new(), *loaded = NULL;

	(void)state;
	assert_int_equal(hp_state_remove(fake_ctx, NULL), 0);
	assert_int_equal(hp_state_load(fake_ctx, &loaded, NULL), 0);
	assert_null(loaded);
	assert_int_equal(hp_state_save(fake_ctx, empty, NULL), 0);
	assert_int_equal(hp_state_load(fake_ctx, &loaded, NULL), 0);
	assert_null(loaded);
	assert_int_equal(hp_state_load_raw(fake_ctx, &loaded, NULL), 0);
	assert_non_null(loaded);
	assert_string_equal(loaded->id, empty->id);
}

static void test_bad_files_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "{}", "{\"version\":2,\"id\":\"x\",\"items\":[]}", "{\"version\":1,\"items\":[]}",
		"{\"version\":1,\"id\":\"x\"}", "{\"version\":1,\"id\":\"x\",\"items\":[{}]}",
		"{\"version\":1,\"id\":\"x\",\"items\":[{\"backend\":\"nobody\",\"object\":\"a\",\"attr\":\"b\"}]}",
		"{\"version\":1,\"id\":\"x\",\"items\":[],\"previous\":{\"version\":1}}",
	};

	(void)state;
	for (size_t i = 0; i < hp_array_size(bad); i++) {
		hp_autostate *loaded = NULL;
		hp_autoerr err = HP_ERR_INIT;

		put_file(bad[i]);
		assert_int_equal(hp_state_load(fake_ctx, &loaded, &err), -EBADMSG);
		assert_null(loaded);
		assert_non_null(strstr(err.text, "state.json"));
	}
}

static void test_every_prefix_is_refused(void **state)
{
	hp_autostate *saved = make_state();
	hp_autofree char *path = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(hp_state_save(fake_ctx, saved, NULL), 0);
	assert_true(asprintf(&path, "%s/state.json", fake_ctx->run_dir) > 0);
	assert_int_equal(stat(path, &st), 0);
	for (off_t size = st.st_size - 1; size >= 0; size -= 13) {
		hp_autostate *loaded = NULL;

		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(hp_state_load(fake_ctx, &loaded, NULL), -EBADMSG);
	}
}

static void test_failed_save_leaves_the_old(void **state)
{
	hp_autostate *first = make_state(), *second = make_state(), *loaded = NULL;
	hp_autofree char *blocker = NULL;

	(void)state;
	assert_int_equal(hp_state_save(fake_ctx, first, NULL), 0);
	/* A directory where the temporary file should go: nobody, not even root, can open that for writing. */
	assert_true(asprintf(&blocker, "%s/state.json.new", fake_ctx->run_dir) > 0);
	assert_int_equal(mkdir(blocker, 0700), 0);
	assert_true(hp_state_save(fake_ctx, second, NULL) < 0);
	assert_int_equal(rmdir(blocker), 0);
	assert_int_equal(hp_state_load(fake_ctx, &loaded, NULL), 0);
	assert_string_equal(loaded->id, first->id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_previous_keeps_one_level),
		cmocka_unit_test(test_absent_and_empty_mean_nothing_applied), cmocka_unit_test(test_bad_files_are_refused),
		cmocka_unit_test(test_every_prefix_is_refused), cmocka_unit_test(test_failed_save_leaves_the_old),
	};

	return cmocka_run_group_tests_name("state file", tests, setup, fake_machine_teardown);
}
