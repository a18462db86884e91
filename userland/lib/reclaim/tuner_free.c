// SPDX-License-Identifier: GPL-2.0
/* tuner_free.c: frees the coldest memory of a domain in small chunks, and stops when its tasks begin to wait. */
#include "tuner_internal.h"

#include "base/hp_auto.h"

enum { COLDEST_MAX = 64, COLD_EVERY_MS = 10000 };
#define STEP_BYTES (UINT64_C(4) << 20)
/* The kernel takes 64 pages at a time (MIN_LRU_BATCH), and so many more than it is asked for; they would be hot ones. */
#define SLACK_BYTES (UINT64_C(256) << 10)
#define LOOK_MAX_BYTES (UINT64_C(256) << 20)	/* of page tables, in one turn */

/* One turn's work. */
struct turn {
	struct hp_tuner *tuner;
	enum hp_free_how how;
	bool is_dry;			/* observe */
	uint64_t left_bytes, look_bytes;
	uint64_t stalled_us, begun_us;
	pid_t pid;			/* whose mappings these are */
	struct hp_anons anons;
};

static bool has_pressure(const struct turn *turn, const struct hp_domain_memory *memory)
{
	const struct hp_pace_config config = { .pressure_milli = turn->tuner->spec.pressure_milli };

	return hp_pace_must_stop(&config, memory->stalled_us - turn->stalled_us, tuner_now_us() - turn->begun_us);
}

static bool must_stop_for_pressure(const struct turn *turn)
{
	struct hp_domain_memory memory;

	return hp_domain_memory_read(turn->tuner->root, turn->tuner->cgroup, &memory, NULL) < 0 || has_pressure(turn, &memory);
}

static bool must_stop(const struct turn *turn)
{
	const struct hp_tuner *tuner = turn->tuner;
	struct hp_domain_memory memory;

	if (hp_domain_memory_read(tuner->root, tuner->cgroup, &memory, NULL) < 0)
		return true;
	/* The guarantee may have been raised, or the memory given back, meanwhile. */
	return memory.current_bytes <= memory.min_bytes + tuner->leaving_bytes || has_pressure(turn, &memory);
}

static bool is_still_wanted(struct hp_tuner *tuner, enum hp_reclaim_mode mode)
{
	bool is_wanted;

	pthread_mutex_lock(&tuner->lock);
	is_wanted = tuner->mode == mode && !tuner->is_stopping;
	pthread_mutex_unlock(&tuner->lock);
	return is_wanted;
}

/* How much of the piece the process has no more. */
static uint64_t advise(struct turn *turn, const struct hp_process *process, uint64_t start, const struct hp_piece *piece)
{
	struct hp_tuner *tuner = turn->tuner;
	struct hp_piece after;

	if (!hp_process_is_in(tuner->root, process, tuner->cgroup) ||
	    hp_free_pages(process->pidfd, &turn->anons, start, piece->end, turn->how) < 0 || turn->how == HP_FREE_COLD)
		return 0;
	if (hp_piece_find(tuner->root, process->pid, &turn->anons, start, piece->end, UINT64_MAX, &after) < 0)
		return 0;
	return after.resident_bytes < piece->resident_bytes ? piece->resident_bytes - after.resident_bytes : 0;
}

static void note(struct turn *turn, const struct hp_region *region, uint64_t start, const struct hp_piece *piece,
		 uint64_t score, uint64_t taken)
{
	struct hp_tuner *tuner = turn->tuner;

	pthread_mutex_lock(&tuner->lock);
	if (turn->how == HP_FREE_COLD) {
		tuner->sums.made_cold += piece->resident_bytes;
	} else {
		hp_regions_take(tuner->regions, region->space, start, piece->end - start, taken, tuner_now_ms());
		hp_learn_took(&tuner->learn, score, taken);
		if (turn->is_dry)
			tuner->sums.would_anon += taken;
		else
			tuner->leaving_bytes += taken;
	}
	pthread_mutex_unlock(&tuner->lock);
}

/* A region chunk by chunk; false when the turn is over. */
static bool free_region(struct turn *turn, const struct hp_region *region, uint64_t score)
{
	struct hp_tuner *tuner = turn->tuner;
	const struct hp_process *process = hp_watched_find(&tuner->watched, region->space);
	uint64_t start = region->start;

	if (!process)
		return true;
	if (turn->pid != process->pid) {
		hp_anons_clear(&turn->anons);
		turn->pid = hp_anons_read(tuner->root, process->pid, &turn->anons) == 0 ? process->pid : 0;
	}
	while (start < region->end && turn->left_bytes) {
		uint64_t step = turn->left_bytes < STEP_BYTES ? turn->left_bytes : STEP_BYTES, taken;
		struct hp_piece piece;

		if (hp_piece_find(tuner->root, process->pid, &turn->anons, start, region->end, step, &piece) < 0)
			return true;
		taken = piece.resident_bytes;
		if (taken && !turn->is_dry)
			taken = advise(turn, process, start, &piece);
		note(turn, region, start, &piece, score, taken);
		turn->look_bytes += piece.looked_bytes;
		turn->left_bytes -= piece.resident_bytes < turn->left_bytes ? piece.resident_bytes : turn->left_bytes;
		start = piece.end;
		if (turn->look_bytes > LOOK_MAX_BYTES || (piece.resident_bytes && must_stop(turn)))
			return false;
	}
	return turn->left_bytes > 0;
}

static void free_regions(struct hp_tuner *tuner, const struct hp_pace_plan *plan, enum hp_reclaim_mode mode, struct turn *turn)
{
	struct hp_region coldest[COLDEST_MAX];
	uint64_t scores[COLDEST_MAX], threshold, now_ms = tuner_now_ms();
	size_t count;

	if (plan->is_cold_only && (mode != HP_RECLAIM_ON || now_ms - tuner->cooled_ms < COLD_EVERY_MS))
		return;
	turn->how = plan->is_cold_only ? HP_FREE_COLD : HP_FREE_OUT;
	turn->left_bytes = plan->anon_bytes;
	pthread_mutex_lock(&tuner->lock);
	count = hp_regions_rank(tuner->regions, now_ms, coldest, COLDEST_MAX);
	for (size_t i = 0; i < count; i++)
		scores[i] = hp_regions_score(tuner->regions, &coldest[i], now_ms);
	threshold = tuner_threshold_ms(tuner);
	pthread_mutex_unlock(&tuner->lock);
	for (size_t i = 0; i < count && turn->left_bytes && is_still_wanted(tuner, mode); i++)
		if (scores[i] >= threshold && !free_region(turn, &coldest[i], scores[i]))
			break;
	if (plan->is_cold_only)
		tuner->cooled_ms = now_ms;
	hp_anons_clear(&turn->anons);
}

static uint64_t current_bytes(const struct hp_tuner *tuner)
{
	struct hp_domain_memory memory;

	return hp_domain_memory_read(tuner->root, tuner->cgroup, &memory, NULL) == 0 ? memory.current_bytes : 0;
}

/* Asks the kernel for so many bytes; by how many memory.current fell, or -errno. */
static int64_t free_from_lists(struct hp_tuner *tuner, uint64_t bytes, enum hp_lists lists)
{
	uint64_t before = current_bytes(tuner), after;
	int ret = hp_free_from_lists(tuner->root, tuner->cgroup, bytes, lists, &tuner->knows_swappiness);

	if (ret < 0)
		return ret;
	after = current_bytes(tuner);
	return before > after && after ? (int64_t)(before - after) : 0;
}

static void free_cache(struct hp_tuner *tuner, const struct hp_pace_plan *plan, enum hp_reclaim_mode mode, struct turn *turn)
{
	uint64_t left = plan->file_bytes;

	if (turn->is_dry) {
		pthread_mutex_lock(&tuner->lock);
		/* Nothing is freed, so nothing can be learnt: the same memory would be counted again each turn. */
		tuner->sums.would_cache = left > tuner->sums.would_cache ? left : tuner->sums.would_cache;
		pthread_mutex_unlock(&tuner->lock);
		return;
	}
	while (left && is_still_wanted(tuner, mode) && !must_stop(turn)) {
		uint64_t step = left < STEP_BYTES ? left : STEP_BYTES;
		int64_t freed = free_from_lists(tuner, step, tuner->spec.is_ranked ? HP_LISTS_FILES : HP_LISTS_ANY);

		if (freed < 0)
			return;
		pthread_mutex_lock(&tuner->lock);
		tuner->sums.freed_cache += (uint64_t)freed;
		hp_pace_freed(&tuner->pace, (uint64_t)freed);
		pthread_mutex_unlock(&tuner->lock);
		left -= step;
	}
}

/*
 * What has been written waits at the cold end of the list of memory without
 * files, to which the kernel moves it then: reclaim of as much takes these pages.
 */
static void free_written(struct hp_tuner *tuner, enum hp_reclaim_mode mode, const struct turn *turn)
{
	const struct hp_domain_memory *memory = &tuner->memory;
	uint64_t left = memory->swap_cached_bytes > memory->writeback_bytes ? memory->swap_cached_bytes - memory->writeback_bytes : 0;

	left = left < tuner->leaving_bytes ? left : tuner->leaving_bytes;
	while (left > 2 * SLACK_BYTES && is_still_wanted(tuner, mode) && !must_stop_for_pressure(turn)) {
		uint64_t step = (left < STEP_BYTES ? left : STEP_BYTES) - SLACK_BYTES, taken = step;
		int64_t freed = free_from_lists(tuner, step, HP_LISTS_ANON);

		if (freed < 0)
			return;
		if ((uint64_t)freed > step)
			taken = (uint64_t)freed;
		left -= taken < left ? taken : left;
	}
}

void tuner_free_planned(struct hp_tuner *tuner, const struct hp_pace_plan *plan)
{
	enum hp_reclaim_mode mode = hp_tuner_mode(tuner);
	struct turn turn = { .tuner = tuner, .is_dry = mode != HP_RECLAIM_ON, .stalled_us = tuner->memory.stalled_us,
			     .begun_us = tuner_now_us() };

	if (mode == HP_RECLAIM_OFF)
		return;
	if (mode == HP_RECLAIM_ON && tuner->spec.is_ranked && !plan->is_cold_only)
		free_written(tuner, mode, &turn);
	if (plan->anon_bytes && tuner->spec.is_ranked)
		free_regions(tuner, plan, mode, &turn);
	if (plan->file_bytes)
		free_cache(tuner, plan, mode, &turn);
}
