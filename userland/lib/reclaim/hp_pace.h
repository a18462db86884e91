/* SPDX-License-Identifier: GPL-2.0 */
/* hp_pace.h: how much memory of a domain to free now, from what its own tasks suffer. */
#ifndef HP_PACE_H
#define HP_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Pure: what was measured goes in, what to do comes out. Shares are in thousandths of a percent. */

struct hp_pace_config {
	unsigned int pressure_milli;	/* target of "some" in memory.pressure */
	unsigned int budget_milli;	/* of one core */
	bool is_ranked;
};

/* What happened since the last decision, and how things are. */
struct hp_pace_input {
	uint64_t now_ms, elapsed_us;
	uint64_t current_bytes, min_bytes;	/* memory.current, memory.min */
	uint64_t inactive_file_bytes;		/* memory.stat */
	uint64_t swap_free_bytes;		/* what the domain may still swap out */
	bool has_pressure;			/* there is a memory.pressure to go by */
	uint64_t stalled_us;			/* growth of "some total" */
	uint64_t refault_file_bytes, refault_anon_bytes;	/* growth of workingset_refault_* */
	uint64_t cost_ns;			/* processor time of sampling and freeing */
};

/* Why nothing, or not all, is freed. */
enum hp_pace_why {
	HP_PACE_FREEING,
	HP_PACE_NO_PRESSURE_FILE,	/* nothing to go by */
	HP_PACE_PRESSURE,		/* above the target: stopped */
	HP_PACE_BACKOFF,		/* not yet again after that */
	HP_PACE_GUARANTEE,		/* at the guaranteed memory */
	HP_PACE_BUDGET,			/* earlier turns took more processor time than allowed */
	HP_PACE_WHYS,
};
extern const char *const hp_pace_words[HP_PACE_WHYS];

struct hp_pace_plan {
	enum hp_pace_why why;
	uint64_t anon_bytes;	/* of ranked regions, coldest first */
	bool is_cold_only;	/* only to make them the kernel's first choice, without I/O */
	uint64_t file_bytes;	/* of page cache; without ranking, of anything */
};

/* Starts zeroed. */
struct hp_pace {
	uint64_t anon_chunk, file_chunk;
	uint64_t backoff_ms, backoff_until_ms;
	uint64_t file_freed, file_refaulted;	/* lately: halved every minute */
	uint64_t decay_ms;
	uint64_t debt_ns;			/* processor time taken beyond the budget, not yet waited for */
	unsigned int pressure_milli;		/* of the last interval */
};

enum {
	HP_PACE_CHUNK_MIN = 1 << 20, HP_PACE_CHUNK_MAX = 64 << 20,	/* bytes for one decision */
	HP_PACE_BACKOFF_MIN_MS = 2000, HP_PACE_BACKOFF_MAX_MS = 60000,
};

struct hp_pace_plan hp_pace_decide(struct hp_pace *pace, const struct hp_pace_config *config,
				   const struct hp_pace_input *input);
/* How many bytes of page cache the plan really freed. */
void hp_pace_freed(struct hp_pace *pace, uint64_t file_bytes);
/* Between two chunks of a plan: whether the pressure since then already forbids the next. */
bool hp_pace_must_stop(const struct hp_pace_config *config, uint64_t stalled_us, uint64_t elapsed_us);

/* ---- which distance is far enough: learnt from what comes back ---- */

enum { HP_LEARN_BANDS = 16 };

/* Band i: distances from distance_ms << i to twice that; the last one has no end. */
struct hp_learn {
	uint64_t distance_ms;		/* the least one ever */
	uint64_t taken[HP_LEARN_BANDS], returned[HP_LEARN_BANDS];	/* bytes, lately */
	uint64_t taken_total, returned_total;
	uint64_t raised_ms;		/* when the threshold rose last */
	uint64_t decay_ms;
	unsigned int band;		/* the threshold: first band to take from */
};

void hp_learn_start(struct hp_learn *learn, uint64_t distance_ms, uint64_t now_ms);
unsigned int hp_learn_band(const struct hp_learn *learn, uint64_t distance_ms);
uint64_t hp_learn_threshold_ms(const struct hp_learn *learn);
void hp_learn_took(struct hp_learn *learn, uint64_t distance_ms, uint64_t bytes);
void hp_learn_returned(struct hp_learn *learn, uint64_t distance_ms, uint64_t bytes);
/*
 * Moves the threshold: up past a band of which more than one byte in eight came
 * back, down by one when for five minutes it was not raised and less than one
 * in 32 came back of what is taken at that distance. Forgets by halves every ten minutes.
 */
void hp_learn_step(struct hp_learn *learn, uint64_t now_ms);

/* ---- what looking may cost ---- */

/* How closely a domain is looked at: level 0 is the closest. */
struct hp_look {
	unsigned int level;
	unsigned int calm;		/* evaluations in a row that took much less than allowed */
	unsigned int cost_milli;	/* of one core, at the last evaluation */
};

enum { HP_LOOK_LEVELS = 10, HP_LOOK_LEVEL_START = 2 };

/* Microseconds between samples, and to a window; regions at most; milliseconds between looks at the process list. */
struct hp_look_values {
	unsigned int sample_us, window_us, regions_max, scan_ms;
};

struct hp_look_values hp_look_values(unsigned int level);
/* Takes in what the last `elapsed_ns` cost; true when the level changed. */
bool hp_look_adapt(struct hp_look *look, unsigned int budget_milli, uint64_t cost_ns, uint64_t elapsed_ns);

#endif
