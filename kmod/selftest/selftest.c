// SPDX-License-Identifier: GPL-2.0
/* selftest.c: random operations on the registry, each compared with what the oracle says. */
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "hostpart.h"
#include "selftest.h"

static unsigned long selftest_seed;
module_param(selftest_seed, ulong, 0444);
MODULE_PARM_DESC(selftest_seed, "seed of the operations, 0 = a random one (it is logged)");

static unsigned int selftest_steps = 20000;
module_param(selftest_steps, uint, 0444);
MODULE_PARM_DESC(selftest_steps, "how many operations");

/* Sockets that no process has: the kernel gives these numbers to nobody while they are few. */
#define SOCKETS		3
#define FIRST_PORTID	0xfffffff0u

struct run {
	struct rnd_state rnd;
	struct hp_oracle *live;
	struct hp_oracle *staged[SOCKETS];	/* NULL = no transaction open */
	u64 generation;
	u32 step, commits, refusals;
};

static bool expect(struct run *run, const char *what, int got, int wanted)
{
	run->refusals += wanted < 0;
	if (got == wanted)
		return true;
	pr_err("hostpart: selftest: step %u: %s returned %d, should be %d\n", run->step, what, got,
	       wanted);
	return false;
}

static void forget(struct run *run, u32 socket)
{
	hp_oracle_free(run->staged[socket]);
	run->staged[socket] = NULL;
}

static bool begin(struct run *run, u32 socket)
{
	struct hp_refusal why = {};
	int wanted = run->staged[socket] ? -EBUSY : 0;
	int got;

	mutex_lock(&hp_registry_lock);
	got = hp_txn_begin(FIRST_PORTID + socket, &why);
	mutex_unlock(&hp_registry_lock);
	if (!got && !wanted)
		run->staged[socket] = hp_oracle_new();
	return expect(run, "begin", got, wanted) && run->staged[socket];
}

/* A refusal ends the table: most wishes are drawn until one can be granted, so that it grows. */
static void draw_wish(struct run *run, u32 socket, struct hp_wish *wish)
{
	u32 tries = hp_wish_below(&run->rnd, 5) ? 16 : 1;

	do
		hp_wish_draw(&run->rnd, wish);
	while (--tries && run->staged[socket] && hp_oracle_judge(run->staged[socket], wish));
}

static bool stage(struct run *run, u32 socket)
{
	struct hp_table *table;
	struct hp_wish wish;
	int got = -ENOENT, wanted = -ENOENT;

	draw_wish(run, socket, &wish);
	mutex_lock(&hp_registry_lock);
	table = hp_txn_table(FIRST_PORTID + socket);
	if (table)
		got = hp_wish_stage(&wish, table);
	if (table && got)
		hp_table_free(hp_txn_close(FIRST_PORTID + socket));
	mutex_unlock(&hp_registry_lock);
	if (run->staged[socket]) {
		wanted = hp_oracle_stage(run->staged[socket], &wish);
		if (wanted)
			forget(run, socket);
	}
	return expect(run, "stage", got, wanted);
}

static int replace(struct hp_table *table, const u64 *expected, u32 cause)
{
	struct hp_refusal why = {};
	struct hp_actor_info actor;
	int err;

	hp_actor_set_current(&actor);
	err = hp_registry_replace(table, expected, cause, &actor, &why);
	if (err)
		hp_table_free(table);
	return err;
}

static bool commit(struct run *run, u32 socket)
{
	u64 expected = run->generation + !hp_wish_below(&run->rnd, 8);
	struct hp_oracle *staged = run->staged[socket];
	struct hp_table *table;
	int got = -ENOENT, wanted = -ENOENT;

	mutex_lock(&hp_registry_lock);
	table = hp_txn_close(FIRST_PORTID + socket);
	if (table)
		got = replace(table, &expected, HP_EVENT_COMMIT);
	mutex_unlock(&hp_registry_lock);
	if (staged)
		wanted = expected == run->generation ? hp_oracle_check(staged) : -ESTALE;
	if (!wanted) {
		hp_oracle_free(run->live);
		run->live = staged;
		run->staged[socket] = NULL;
		run->generation++;
		run->commits++;
	} else if (staged) {
		forget(run, socket);
	}
	return expect(run, "commit", got, wanted);
}

static bool give_up(struct run *run, u32 socket)
{
	bool had = run->staged[socket];
	struct hp_table *table;

	mutex_lock(&hp_registry_lock);
	table = hp_txn_close(FIRST_PORTID + socket);
	mutex_unlock(&hp_registry_lock);
	forget(run, socket);
	hp_table_free(table);
	return expect(run, "abort", !table, !had);
}

static bool close_socket(struct run *run, u32 socket)
{
	hp_txn_forget(FIRST_PORTID + socket);
	forget(run, socket);
	return true;
}

static bool release(struct run *run)
{
	struct hp_table *empty = hp_table_new();
	struct hp_oracle *nothing = hp_oracle_new();
	int got = -ENOMEM;

	if (empty) {
		mutex_lock(&hp_registry_lock);
		got = replace(empty, NULL, HP_EVENT_RELEASE);
		mutex_unlock(&hp_registry_lock);
	}
	hp_oracle_free(run->live);
	run->live = nothing;
	run->generation++;
	return expect(run, "release", got, 0) && nothing;
}

static bool compare(struct run *run)
{
	const struct hp_table *table;
	bool agrees;

	/* Nobody else writes yet, so the table stays without a lock held through the comparison. */
	mutex_lock(&hp_registry_lock);
	table = hp_registry_table_locked();
	agrees = hp_oracle_agrees(run->live, table) &&
		 expect(run, "the generation's difference", table->generation - run->generation, 0);
	mutex_unlock(&hp_registry_lock);
	return agrees;
}

/* Mostly staging, so that tables grow; every operation now and then where it must be refused. */
static bool take_step(struct run *run)
{
	u32 socket = hp_wish_below(&run->rnd, SOCKETS), dice = hp_wish_below(&run->rnd, 100);

	if (!run->staged[socket] && dice < 85)
		return begin(run, socket);
	if (dice < 78)
		return stage(run, socket);
	if (dice < 93)
		return commit(run, socket) && compare(run);
	if (dice < 95)
		return give_up(run, socket);
	if (dice < 97)
		return close_socket(run, socket);
	if (dice < 98)
		return begin(run, socket);
	if (dice < 99)
		return compare(run);
	return release(run) && compare(run);
}

static bool run_all(struct run *run)
{
	bool agrees = true;
	u32 i;

	for (run->step = 1; agrees && run->step <= selftest_steps; run->step++) {
		agrees = take_step(run);
		cond_resched();
	}
	for (i = 0; i < SOCKETS; i++)
		close_socket(run, i);
	return release(run) && agrees;
}

int hp_selftest(void)
{
	unsigned long seed = selftest_seed ?: get_random_u32() | 1;
	struct run *run = kzalloc(sizeof(*run), GFP_KERNEL);
	bool agrees = false;

	if (!run)
		return -ENOMEM;
	prandom_seed_state(&run->rnd, seed);
	mutex_lock(&hp_registry_lock);
	run->generation = hp_registry_table_locked()->generation;
	mutex_unlock(&hp_registry_lock);
	run->live = hp_oracle_new();
	if (run->live)
		agrees = run_all(run);
	pr_info("hostpart: selftest: seed %lu: %u steps, %u commits, %u refusals: %s\n", seed,
		run->step - 1, run->commits, run->refusals, agrees ? "agrees" : "FAILED");
	hp_oracle_free(run->live);
	kfree(run);
	return agrees ? hp_selftest_bench() : -EBADE;
}
