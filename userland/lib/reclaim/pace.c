// SPDX-License-Identifier: GPL-2.0
/* pace.c: decides how much to free now, and stops at once when the domain's tasks wait for memory. */
#include "hp_pace.h"

const char *const hp_pace_words[HP_PACE_WHYS] = {
	[HP_PACE_FREEING] = "looking for memory to free",
	[HP_PACE_NO_PRESSURE_FILE] = "the kernel does not tell the pressure",
	[HP_PACE_PRESSURE] = "stopped: tasks wait for memory",
	[HP_PACE_BACKOFF] = "waiting after tasks waited for memory",
	[HP_PACE_GUARANTEE] = "no more than the guaranteed memory is used",
	[HP_PACE_BUDGET] = "waiting: the budget of processor time is used up",
};

enum { DECAY_MS = 60000, FILE_REFAULTS_MAX = 8, INACTIVE_PART = 16, MILLI = 100000 };

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t clamp(uint64_t value, uint64_t min, uint64_t max)
{
	return value < min ? min : smaller(value, max);
}

static unsigned int share_milli(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)smaller(part * MILLI / whole, MILLI) : 0;
}

bool hp_pace_must_stop(const struct hp_pace_config *config, uint64_t stalled_us, uint64_t elapsed_us)
{
	/* Less than a tenth of a second says little: one fault of many milliseconds is no trend. */
	uint64_t window = elapsed_us < 100000 ? 100000 : elapsed_us;

	return share_milli(stalled_us, window) > config->pressure_milli;
}

static void back_off(struct hp_pace *pace, uint64_t now_ms)
{
	pace->backoff_ms = clamp(pace->backoff_ms * 2, HP_PACE_BACKOFF_MIN_MS, HP_PACE_BACKOFF_MAX_MS);
	pace->backoff_until_ms = now_ms + pace->backoff_ms;
	pace->anon_chunk = pace->file_chunk = HP_PACE_CHUNK_MIN;
}

/* Page cache that comes back soon was in use: less of it next time, more when it stays away. */
static void adapt_file(struct hp_pace *pace, const struct hp_pace_config *config, const struct hp_pace_input *input)
{
	/* Without ranking the same chunk frees any memory. */
	pace->file_refaulted += input->refault_file_bytes + (config->is_ranked ? 0 : input->refault_anon_bytes);
	if (pace->file_refaulted * FILE_REFAULTS_MAX > pace->file_freed)
		pace->file_chunk /= 2;
	else
		pace->file_chunk += pace->file_chunk / 4;
	if (input->now_ms - pace->decay_ms >= DECAY_MS) {
		pace->file_freed /= 2;
		pace->file_refaulted /= 2;
		pace->decay_ms = input->now_ms;
	}
	pace->file_chunk = clamp(pace->file_chunk, HP_PACE_CHUNK_MIN, HP_PACE_CHUNK_MAX);
}

/* A turn that frees takes more than its share: the next ones wait until the mean is within the budget again. */
static void count_debt(struct hp_pace *pace, const struct hp_pace_config *config, const struct hp_pace_input *input)
{
	uint64_t allowed_ns = input->elapsed_us * config->budget_milli / (MILLI / 1000), taken_ns = pace->debt_ns + input->cost_ns;

	pace->debt_ns = taken_ns > allowed_ns ? taken_ns - allowed_ns : 0;
}

static enum hp_pace_why reason(struct hp_pace *pace, const struct hp_pace_config *config, const struct hp_pace_input *input)
{
	if (!input->has_pressure)
		return HP_PACE_NO_PRESSURE_FILE;
	if (hp_pace_must_stop(config, input->stalled_us, input->elapsed_us)) {
		back_off(pace, input->now_ms);
		return HP_PACE_PRESSURE;
	}
	if (input->now_ms < pace->backoff_until_ms)
		return HP_PACE_BACKOFF;
	if (input->current_bytes <= input->min_bytes)
		return HP_PACE_GUARANTEE;
	if (pace->debt_ns) {
		pace->anon_chunk = clamp(pace->anon_chunk / 2, HP_PACE_CHUNK_MIN, HP_PACE_CHUNK_MAX);
		return HP_PACE_BUDGET;
	}
	return HP_PACE_FREEING;
}

static void share_out(struct hp_pace *pace, const struct hp_pace_config *config, const struct hp_pace_input *input,
		      struct hp_pace_plan *plan)
{
	uint64_t room = input->current_bytes - input->min_bytes;

	/* Half way to the target the kernel is told what is cold, but nothing is written to swap. */
	plan->is_cold_only = pace->pressure_milli > config->pressure_milli / 2;
	if (config->is_ranked) {
		plan->anon_bytes = smaller(smaller(room, pace->anon_chunk), input->swap_free_bytes);
		room -= plan->is_cold_only ? 0 : plan->anon_bytes;
		plan->file_bytes = smaller(smaller(room, pace->file_chunk), input->inactive_file_bytes / INACTIVE_PART);
	} else {
		plan->file_bytes = smaller(room, pace->file_chunk);
	}
	if (plan->is_cold_only)
		plan->file_bytes = 0;
}

struct hp_pace_plan hp_pace_decide(struct hp_pace *pace, const struct hp_pace_config *config,
				   const struct hp_pace_input *input)
{
	struct hp_pace_plan plan = { 0 };

	pace->pressure_milli = share_milli(input->stalled_us, input->elapsed_us);
	pace->anon_chunk = clamp(pace->anon_chunk, HP_PACE_CHUNK_MIN, HP_PACE_CHUNK_MAX);
	adapt_file(pace, config, input);
	count_debt(pace, config, input);
	plan.why = reason(pace, config, input);
	if (plan.why != HP_PACE_FREEING)
		return plan;
	share_out(pace, config, input, &plan);
	/* A calm turn: the next may take more, and the next stop need not be long. */
	pace->anon_chunk = smaller(pace->anon_chunk * 2, HP_PACE_CHUNK_MAX);
	if (!plan.is_cold_only && input->now_ms - pace->backoff_until_ms > HP_PACE_BACKOFF_MAX_MS)
		pace->backoff_ms = 0;
	return plan;
}

void hp_pace_freed(struct hp_pace *pace, uint64_t file_bytes)
{
	pace->file_freed += file_bytes;
}
