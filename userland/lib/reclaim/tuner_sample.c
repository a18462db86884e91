// SPDX-License-Identifier: GPL-2.0
/* tuner_sample.c: keeps a domain's source of references going and takes in what it saw. */
#include "tuner_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_clock.h"
#include "hp_smaps.h"

/* A new kdamond begins with a few large regions: not more often than it takes to make good ones of them. */
enum { RESTART_MS = 5000, RETRY_MS = 30000, WARM_UP_WINDOWS = 10, REFAULT_SAMPLES = 64, RETURN_MS = 3000 };

/* How much of what was taken there is in memory again. */
static uint64_t count_back(struct hp_tuner *tuner, const struct tuner_return *part)
{
	const struct hp_process *process = hp_watched_find(&tuner->watched, part->space);
	uint64_t back = process ? hp_resident_estimate(tuner->root, process->pid, part->start, part->end, REFAULT_SAMPLES) : 0;

	return back < part->taken_bytes ? back : part->taken_bytes;
}

/* A source sees ranges: of one that counts as used, only what is in memory again has come back, and more may follow. */
static void on_refault(void *arg, const struct hp_refault *refault)
{
	struct hp_tuner *tuner = arg;
	struct tuner_return part = {
		.space = refault->space, .start = refault->start, .end = refault->end, .distance = refault->distance,
		.taken_bytes = refault->bytes, .back_bytes = refault->bytes, .due_ms = tuner_now_ms() + RETURN_MS,
	};

	if (tuner->mode == HP_RECLAIM_ON)
		part.back_bytes = count_back(tuner, &part);
	hp_learn_returned(&tuner->learn, part.distance, part.back_bytes);
	if (part.back_bytes < part.taken_bytes && tuner->returns_count < RETURNS_MAX)
		tuner->returns[tuner->returns_count++] = part;
}

void tuner_sample_returns(struct hp_tuner *tuner, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < tuner->returns_count; i++) {
		struct tuner_return part = tuner->returns[i];
		uint64_t back = now_ms < part.due_ms ? part.back_bytes : count_back(tuner, &part);

		/* As long as it grows there is more to come. */
		if (now_ms >= part.due_ms && back <= part.back_bytes)
			continue;
		hp_learn_returned(&tuner->learn, part.distance, back - part.back_bytes);
		if (back > part.back_bytes)
			part.due_ms = now_ms + RETURN_MS;
		part.back_bytes = back;
		tuner->returns[kept++] = part;
	}
	tuner->returns_count = kept;
}

static void take_window(struct hp_tuner *tuner, uint64_t space, const struct hp_window *windows, size_t count)
{
	if (hp_regions_observe(tuner->regions, space, windows, count, tuner_now_ms(), on_refault, tuner) < 0)
		tuner->sums.windows_broken++;
	else
		tuner->sums.windows++;
}

/* ---- DAMON ---- */

static void on_seen(void *arg, const struct hp_damon_seen *seen)
{
	struct hp_tuner *tuner = arg;
	struct tuner_batch *batch = &tuner->batch;
	bool is_next = batch->count && batch->target == seen->target && seen->start >= batch->windows[batch->count - 1].end;

	if (!is_next) {
		/* What came before broke off: some of it was lost. */
		tuner->sums.windows_broken += batch->count > 0;
		batch->count = 0;
		batch->target = seen->target;
	}
	if (seen->start >= seen->end || batch->count == WINDOW_MAX)
		return;
	batch->windows[batch->count++] = (struct hp_window){ seen->start, seen->end, seen->accesses > 0 };
	if (batch->count < seen->regions)
		return;
	/* The first regions of a new kdamond are so large that each holds something that is used. */
	if (tuner->warm_up[seen->target % HP_WATCHED_MAX]) {
		tuner->warm_up[seen->target % HP_WATCHED_MAX]--;
		batch->count = 0;
		return;
	}
	if (seen->target < tuner->targets_count && hp_watched_find(&tuner->watched, tuner->targets[seen->target]))
		take_window(tuner, tuner->targets[seen->target], batch->windows, batch->count);
	batch->count = 0;
}

void tuner_sample_drain(struct hp_tuner *tuner)
{
	if (tuner->events)
		hp_damon_events_read(tuner->events, on_seen, tuner);
}

/* Nanoseconds that the kdamond ran: the first number of schedstat. */
static uint64_t kdamond_ns(const struct hp_tuner *tuner)
{
	hp_autofree char *text = tuner->kdamond ? hp_root_readf(tuner->root, "/proc/%d/schedstat", tuner->kdamond) : NULL;

	return text ? strtoull(text, NULL, 10) : 0;
}

static void count_kdamond(struct hp_tuner *tuner)
{
	uint64_t now_ns = kdamond_ns(tuner);

	if (now_ns > tuner->kdamond_ns) {
		tuner->kdamond_cost_ns += now_ns - tuner->kdamond_ns;
		tuner->kdamond_ns = now_ns;
	}
}

static void stop_damon(struct hp_tuner *tuner)
{
	hp_damon_events_close(hp_take(tuner->events));
	count_kdamond(tuner);
	hp_damon_stop(tuner->damon, tuner->slot);
	tuner->kdamond = 0;
	tuner->kdamond_ns = 0;
	tuner->batch.count = 0;
	tuner->targets_count = 0;
}

static int start_damon(struct hp_tuner *tuner, struct hp_err *err)
{
	struct hp_look_values values = hp_look_values(tuner->look.level);
	pid_t pids[HP_WATCHED_MAX];
	const struct hp_damon_watch watch = { .sample_us = values.sample_us, .window_us = values.window_us,
					      .regions_max = values.regions_max, .pids = pids,
					      .count = tuner->watched.count };
	int ret;

	for (size_t i = 0; i < tuner->watched.count; i++) {
		pids[i] = tuner->watched.items[i].pid;
		tuner->targets[i] = tuner->watched.items[i].space;
		tuner->warm_up[i] = WARM_UP_WINDOWS;
	}
	ret = hp_damon_start(tuner->damon, tuner->slot, &watch, &tuner->kdamond, err);
	if (ret < 0)
		return ret;
	tuner->targets_count = watch.count;
	ret = hp_damon_events_open(tuner->kdamond, &tuner->events, err);
	if (ret < 0)
		stop_damon(tuner);
	return ret;
}

void tuner_sample_retune(struct hp_tuner *tuner)
{
	struct hp_look_values values = hp_look_values(tuner->look.level);
	const struct hp_damon_watch watch = { .sample_us = values.sample_us, .window_us = values.window_us,
					      .regions_max = values.regions_max };

	/* Another kdamond where this one takes no new intervals, as when a process of its has ended. */
	if (tuner->kdamond && hp_damon_retune(tuner->damon, tuner->slot, &watch) < 0)
		tuner->is_stale = true;
}

/* Which source this machine has, and why not a better one. */
static void restart(struct hp_tuner *tuner, uint64_t now_ms)
{
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	tuner_sample_drain(tuner);
	stop_damon(tuner);
	tuner->restarted_ms = now_ms;
	tuner->is_stale = false;
	tuner->problem[0] = '\0';
	if (!tuner->watched.count)
		return;
	ret = start_damon(tuner, &err);
	if (ret == 0) {
		tuner->source = HP_SOURCE_DAMON;
		return;
	}
	if (ret == -ESRCH) {
		/* Somebody ended meanwhile: the next look knows who. */
		tuner->is_stale = true;
		tuner->scanned_ms = 0;
		return;
	}
	tuner->source = ret == -EOPNOTSUPP ? HP_SOURCE_SMAPS : HP_SOURCE_NONE;
	tuner->retry_ms = now_ms + RETRY_MS;
	if (ret != -EOPNOTSUPP)
		snprintf(tuner->problem, sizeof(tuner->problem), "%s", err.text ? err.text : "out of memory");
}

static bool needs_restart(struct hp_tuner *tuner, uint64_t now_ms)
{
	if (tuner->source == HP_SOURCE_SMAPS)
		return false;
	if (tuner->source == HP_SOURCE_NONE && tuner->retry_ms && now_ms < tuner->retry_ms)
		return false;
	if (!tuner->watched.count)
		return tuner->kdamond != 0;
	if (tuner->restarted_ms && now_ms - tuner->restarted_ms < RESTART_MS)
		return false;
	return tuner->is_stale || !tuner->kdamond || !hp_damon_runs(tuner->damon, tuner->slot);
}

void tuner_sample_look(struct hp_tuner *tuner, uint64_t now_ms)
{
	struct hp_watched_change change;
	hp_autoerr err = HP_ERR_INIT;

	if (!tuner->scanned_ms || now_ms - tuner->scanned_ms >= hp_look_values(tuner->look.level).scan_ms) {
		tuner->scanned_ms = now_ms;
		if (hp_watched_look(&tuner->watched, tuner->root, tuner->cgroup, &change, &err) < 0) {
			snprintf(tuner->problem, sizeof(tuner->problem), "%s", err.text ? err.text : "out of memory");
			return;
		}
		for (size_t i = 0; i < change.gone_count; i++)
			hp_regions_drop(tuner->regions, change.gone[i]);
		tuner->is_stale |= change.is_any;
	}
	if (needs_restart(tuner, now_ms))
		restart(tuner, now_ms);
}

/* ---- smaps ---- */

void tuner_sample_smaps(struct hp_tuner *tuner, uint64_t now_ms)
{
	if (tuner->source != HP_SOURCE_SMAPS || now_ms - tuner->smaps_ms < hp_look_values(tuner->look.level).scan_ms)
		return;
	tuner->smaps_ms = now_ms;
	for (size_t i = 0; i < tuner->watched.count; i++) {
		hp_autofree struct hp_window *windows = NULL;
		ssize_t count = hp_smaps_look(tuner->root, tuner->watched.items[i].pid, &windows);

		if (count >= 0)
			take_window(tuner, tuner->watched.items[i].space, windows, (size_t)count);
	}
}

/* ---- common ---- */

void tuner_sample_stop(struct hp_tuner *tuner)
{
	stop_damon(tuner);
	for (size_t i = 0; i < tuner->watched.count; i++)
		hp_regions_drop(tuner->regions, tuner->watched.items[i].space);
	hp_watched_clear(&tuner->watched);
	tuner->source = HP_SOURCE_NONE;
	tuner->scanned_ms = tuner->restarted_ms = tuner->retry_ms = 0;
}

uint64_t tuner_threshold_ms(const struct hp_tuner *tuner)
{
	struct hp_look_values values = hp_look_values(tuner->look.level);
	uint64_t apart_ms = tuner->source == HP_SOURCE_SMAPS ? values.scan_ms : values.window_us / 1000;
	uint64_t learnt_ms = hp_learn_threshold_ms(&tuner->learn), least_ms;

	/* Uses that count are at least so far apart; K of them, and one window to see that there is no other. */
	if (apart_ms < tuner->spec.crp_ms)
		apart_ms = tuner->spec.crp_ms;
	least_ms = apart_ms * (tuner->spec.k + 1);
	return learnt_ms > least_ms ? learnt_ms : least_ms;
}

uint64_t tuner_sample_cost_ns(struct hp_tuner *tuner)
{
	uint64_t own = hp_clock_ns(CLOCK_THREAD_CPUTIME_ID), cost;

	count_kdamond(tuner);
	cost = own - tuner->thread_ns + tuner->kdamond_cost_ns;
	tuner->thread_ns = own;
	tuner->kdamond_cost_ns = 0;
	return cost;
}
