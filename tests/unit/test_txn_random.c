// SPDX-License-Identifier: GPL-2.0
/* test_txn_random.c: random sequences of applies, failures, kills and rollbacks against a naive oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <hwloc.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "fake_machine.h"
#include "txn_scenes.h"

#define CPUS 12u
#define ROUNDS 400

/* A scene that owns its texts. */
struct made {
	struct scene scene;
	char texts[24][32];
	size_t used;
};

static const char *keep(struct made *made, const char *text)
{
	char *slot = made->texts[made->used++];

	assert_true(made->used < hp_array_size(made->texts));
	snprintf(slot, sizeof(made->texts[0]), "%s", text);
	return slot;
}

static const char *keep_set(struct made *made, hwloc_const_bitmap_t set)
{
	hp_autofree char *text = hp_cpulist_format(set);

	return keep(made, text);
}

static const char *const names[] = { "alpha", "beta", "gamma", "delta" };

/* Deals CPUs 1..11 to some of the domains at random; each gets at least one. */
static void make_scene(struct made *made)
{
	hp_autobitmap all = hwloc_bitmap_alloc();
	hwloc_bitmap_t sets[4] = { NULL };
	int port_owner[2] = { rand() % 6, rand() % 6 };
	size_t count = 0;

	*made = (struct made) { 0 };
	for (unsigned int i = 0; i < 4; i++)
		if (rand() % 4)
			sets[i] = hwloc_bitmap_alloc();
	for (unsigned int cpu = 1; cpu < CPUS; cpu++) {
		unsigned int owner = (unsigned int)rand() % 5;

		if (owner < 4 && sets[owner])
			hwloc_bitmap_set(sets[owner], cpu);
	}
	for (unsigned int i = 0; i < 4; i++) {
		struct scene_domain *domain = &made->scene.domains[count];

		if (!sets[i] || hwloc_bitmap_iszero(sets[i]))
			continue;
		hwloc_bitmap_or(all, all, sets[i]);
		domain->name = names[i];
		domain->cpus = keep_set(made, sets[i]);
		domain->port = port_owner[0] == (int)i ? "p0" : port_owner[1] == (int)i ? "p1" : NULL;
		count++;
	}
	for (unsigned int i = 0; i < 4; i++)
		hwloc_bitmap_free(hp_take(sets[i]));
	if (hwloc_bitmap_iszero(all))
		hwloc_bitmap_set(all, 1);
	made->scene.top_cpus = keep_set(made, all);
	made->scene.mask = keep(made, rand() % 2 ? "0f" : "f0");
	made->scene.nft = rand() % 3 ? keep(made, rand() % 2 ? "rules a" : "rules b") : NULL;
}

/*
 * The oracle knows nothing of steps or order: the machine as found, with the
 * wanted values laid over it (all but the gap).
 */
static char *expect(const struct scene *scene)
{
	hp_autosettings want = HP_SETTINGS_INIT;
	char *expected;

	scene_boot();
	if (scene)
		scene_settings(scene, &want);
	for (size_t i = 0; i < want.count; i++) {
		const struct hp_setting *s = &want.items[i];

		if (strcmp(s->backend, "registry") && strcmp(s->object, "13"))
			fake_machine_put(s->backend, s->object, s->attr, s->want);
	}
	expected = fake_machine_dump();
	fake_machine_reset();
	return expected;
}

/* Applies in a child with faults asked for, so that it may be killed; what it left is recovered. */
static void disturb(const struct scene *scene)
{
	char text[32];
	pid_t pid = fork();
	int recovered;

	assert_true(pid >= 0);
	if (!pid) {
		snprintf(text, sizeof(text), "record:%d", 1 + rand() % 30);
		if (rand() % 2)
			setenv("HOSTPART_KILL_AT", text, 1);
		snprintf(text, sizeof(text), "step:%d", 1 + rand() % 30);
		setenv("HOSTPART_FAIL_AT", text, 1);
		if (scene)
			scene_apply(scene, 0, NULL);
		else
			scene_teardown(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(hp_txn_recover(fake_ctx, &recovered, NULL), 0);
}

/* The oracle's answers are worked out first, because it needs the machine for itself. */
struct round {
	struct made made;
	char *expected;
};

static void test_random_walk(void **state)
{
	static struct round rounds[ROUNDS];
	unsigned int refused = 0, applied = 0, torn_down = 0, disturbed = 0;
	hp_autofree char *before = NULL, *found = expect(NULL);
	unsigned int seed = getenv("TXN_SEED") ? (unsigned int)atoi(getenv("TXN_SEED")) : 20261122;

	(void)state;
	srand(seed);
	for (size_t i = 0; i < ROUNDS; i++) {
		make_scene(&rounds[i].made);
		rounds[i].expected = expect(&rounds[i].made.scene);
	}
	scene_boot();
	before = fake_machine_dump();
	assert_string_equal(before, found);
	for (size_t i = 0; i < ROUNDS; i++) {
		const struct scene *scene = rand() % 8 ? &rounds[i].made.scene : NULL;
		const char *expected = scene ? rounds[i].expected : found;
		hp_autofree char *now = NULL;
		int ret;

		srand(seed + (unsigned int)i);
		if (rand() % 3 == 0) {
			disturb(scene);
			now = fake_machine_dump();
			if (strcmp(now, expected))
				assert_string_equal(now, before);
			disturbed++;
			free(hp_take(now));
		}
		ret = scene ? scene_apply(scene, 0, NULL) : scene_teardown(NULL);
		now = fake_machine_dump();
		if (ret == -EDEADLK) {
			assert_string_equal(now, before);
			refused++;
			continue;
		}
		assert_int_equal(ret, 0);
		assert_string_equal(now, expected);
		assert_false(scene_has_journal());
		applied += scene != NULL;
		torn_down += scene == NULL;
		free(before);
		before = hp_take(now);
	}
	for (size_t i = 0; i < ROUNDS; i++)
		free(rounds[i].expected);
	/* The walk went everywhere it was meant to go. */
	assert_true(applied > ROUNDS / 2 && torn_down > 10 && disturbed > ROUNDS / 5);
	assert_true(refused < ROUNDS / 20);
	assert_int_equal(scene_teardown(NULL), 0);
	free(before);
	before = fake_machine_dump();
	assert_string_equal(before, found);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_walk) };

	return cmocka_run_group_tests_name("random walk", tests, fake_machine_setup, fake_machine_teardown);
}
