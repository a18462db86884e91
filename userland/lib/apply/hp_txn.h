/* SPDX-License-Identifier: GPL-2.0 */
/* hp_txn.h: journalled transactions of reversible steps, and the state they leave. */
#ifndef HP_TXN_H
#define HP_TXN_H

#include <json-c/json.h>
#include <stdint.h>
#include <time.h>
#include "apply/hp_backend.h"
#include "plan/hp_plan.h"

/* A setting in force, with what was there before hostpart first touched it. */
struct hp_applied {
	struct hp_setting setting;	/* want = what was applied */
	char *original;			/* NULL = absent */
	char *gap;			/* an optional setting that could not be made: why; NULL = it was made */
};

/*
 * RUN/state.json (0600), written whole (temp + fsync + rename) at the commit
 * point; absent = nothing applied. The state that rollback returns to is part
 * of the same file, so one rename changes both. Everything applied is runtime
 * state of the kernel, so RUN (tmpfs) is the right place: both vanish together
 * at reboot.
 */
struct hp_state {
	char *id;			/* unique per commit */
	char *policy_file, *policy_text;
	struct hp_applied *items;	/* in application order */
	size_t count;
	time_t applied_at;		/* CLOCK_REALTIME seconds */
	int64_t confirm_by_ns;		/* CLOCK_BOOTTIME deadline, 0 = confirmed */
	/*
	 * Where rollback goes: the last confirmed state before this one, or what
	 * rollback came from; its own `previous` is NULL. NULL = to nothing applied.
	 */
	struct hp_state *previous;
};

int hp_state_load(const struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err); /* *state NULL = none */
void hp_state_free(struct hp_state *state);
void hp_state_freep(struct hp_state **state);
#define hp_autostate __attribute__((cleanup(hp_state_freep))) struct hp_state

enum hp_step_kind {
	HP_STEP_SET,		/* to the wanted value */
	HP_STEP_RESTORE,	/* back to what was there before hostpart */
	HP_STEP_SHRINK,		/* a CPU set or the registry gives away what another takes, perhaps on its way */
};

/* One reversible change: from (read live, NULL = absent) -> to (NULL = make absent). */
struct hp_step {
	enum hp_step_kind kind;
	const char *backend;
	char *object, *attr, *from, *to;
	int domain;
	bool is_optional;
	struct hp_loc loc;
};

struct hp_steps {
	struct hp_step *items;
	size_t count, capacity;
	size_t satisfied;	/* settings that already hold */
	size_t gaps;		/* optional settings that cannot hold here: no step is made for them */
};

/*
 * What has to change from the live machine (read through the backends) and the
 * state in force (may be NULL) to `want` (empty = teardown): settings no
 * longer wanted go back to their originals first, in reverse order; then CPU
 * sets that exist move to their new value in an order in which no set is ever
 * empty, outside its parent or in a sibling partition (children shrink, then
 * parents, then parents grow, then children; exchanges go over CPUs that are
 * free for the moment); then `want` in its order. An exchange that no such
 * order reaches is refused with what would help.
 *
 * Restoring compares texts, setting asks the backend's satisfies(). Undoing
 * the steps backwards, from any of them, leads back to where they began.
 */
int hp_steps_compute(struct hp_ctx *ctx, const struct hp_state *state, const struct hp_settings *want,
		     struct hp_steps *out, struct hp_err *err);
void hp_steps_clear(struct hp_steps *steps);
/* Copies the texts (from and to may be NULL). Returns the new item or NULL when out of memory. */
struct hp_step *hp_steps_add(struct hp_steps *steps, enum hp_step_kind kind, const struct hp_setting *setting,
			     const char *from, const char *to);
#define HP_STEPS_INIT { NULL, 0, 0, 0, 0 }
#define hp_autosteps __attribute__((cleanup(hp_steps_clear))) struct hp_steps

/* Progress: called before each step (done = false) and after it. */
struct hp_txn_watch {
	void (*step)(void *arg, const struct hp_step *step, size_t index, size_t total, bool done);
	void *arg;
};

struct hp_txn_request {
	const char *policy_file, *policy_text;	/* recorded in the state; NULL for a teardown */
	const struct hp_settings *want;		/* empty = teardown */
	unsigned int confirm_seconds;		/* 0 = final at once */
	/*
	 * Completes the change in force for what has appeared on the machine
	 * since (an interrupt that a driver asked for when its port was taken
	 * up): rollback and confirmation stay as that change left them.
	 */
	bool is_settling;
	const struct hp_txn_watch *watch;
};

/*
 * Takes RUN/lock (flock, refused with EBUSY and the holder's pid), recovers a
 * left journal, computes the steps and makes them: each is journalled (fsync)
 * with its `from` before it happens. Then every wanted setting is read back;
 * one that another step broke is made again (journalled too, twice at most).
 * A failing step, or a setting that does not hold in the end, undoes all
 * earlier ones in reverse and reports both. An optional setting that its
 * backend refuses with EOPNOTSUPP becomes a gap in the state.
 *
 * *changed tells how many steps were made (0 = nothing to do; then only the
 * recorded policy text and the confirmation can change). Applying without
 * confirm_seconds confirms what was pending.
 *
 * Fault injection for tests: HOSTPART_FAIL_AT=backend:n or step:n (from 1)
 * makes that write fail with EIO; HOSTPART_KILL_AT=record:n raises SIGKILL
 * right after the n-th record of this call is on disk (undo and recovery
 * write records too; the last, "committed", follows the new state). Both are
 * always compiled in, need root like everything else, and say so in the log.
 */
int hp_txn_run(struct hp_ctx *ctx, const struct hp_txn_request *request, size_t *changed, struct hp_err *err);

/*
 * Undoes or completes what a killed process left; *recovered: 0 nothing, 1
 * back to old, 2 new was complete. When an undo fails the journal stays, and
 * the next call tries again.
 */
int hp_txn_recover(struct hp_ctx *ctx, int *recovered, struct hp_err *err);

/*
 * Writes the applied value of every setting that no longer holds; one call of
 * `drift` for each (live NULL = absent; healed: 0 or -errno). Gaps are left
 * alone. Takes the lock; -ESTALE when `state` is no longer the state in force.
 */
typedef void (*hp_drift_fn)(void *arg, const struct hp_applied *item, const char *live, int healed,
			    const char *error);
int hp_txn_heal(struct hp_ctx *ctx, const struct hp_state *state, const char *backend /* NULL = all */,
		hp_drift_fn drift, void *arg, struct hp_err *err);

/* -ENOENT: nothing is applied or nothing waits for confirmation. */
int hp_txn_confirm(struct hp_ctx *ctx, struct hp_err *err);
/* To state->previous, or teardown when there is none; -ENOENT: nothing is applied. */
int hp_txn_rollback(struct hp_ctx *ctx, size_t *changed, struct hp_err *err);
/* Rollback if an unconfirmed state's deadline has passed; *expired says whether. */
int hp_txn_expire(struct hp_ctx *ctx, bool *expired, struct hp_err *err);

#endif
