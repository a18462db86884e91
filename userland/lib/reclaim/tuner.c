// SPDX-License-Identifier: GPL-2.0
/* tuner.c: the thread of a domain's tuner: turns of looking, deciding and freeing. */
#include "tuner_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_clock.h"

enum { TURN_MS = 1000, ADAPT_MS = 5000, BANDS_MS = 30000, BANDS_SAMPLES = 4 };

uint64_t tuner_now_us(void)
{
	return hp_clock_ns(CLOCK_MONOTONIC) / 1000;
}

uint64_t tuner_now_ms(void)
{
	return tuner_now_us() / 1000;
}

/* ---- one turn ---- */

static struct hp_pace_input make_input(const struct hp_tuner *tuner, const struct hp_domain_memory *now, uint64_t now_us)
{
	const struct hp_domain_memory *last = &tuner->memory;
	uint64_t leaving = tuner->leaving_bytes < now->current_bytes ? tuner->leaving_bytes : now->current_bytes;

	return (struct hp_pace_input){
		.now_ms = now_us / 1000, .elapsed_us = now_us - tuner->turned_us,
		/* What is on its way out must not be counted on: the guarantee holds also when it is gone. */
		.current_bytes = now->current_bytes - leaving, .min_bytes = now->min_bytes,
		.inactive_file_bytes = now->inactive_file_bytes, .swap_free_bytes = now->swap_free_bytes,
		.has_pressure = now->has_pressure, .stalled_us = now->stalled_us - last->stalled_us,
		.refault_file_bytes = now->refault_file_bytes - last->refault_file_bytes,
		.refault_anon_bytes = now->refault_anon_bytes - last->refault_anon_bytes,
		.cost_ns = tuner->turn_cost_ns,
	};
}

static void add_sums(struct hp_tuner *tuner, const struct hp_domain_memory *now, const struct hp_pace_input *input)
{
	tuner->sums.freed_anon += hp_leaving_settle(&tuner->leaving_bytes, &tuner->memory, now);
	tuner->sums.active_ns += input->elapsed_us * 1000;
	tuner->sums.refault_anon += input->refault_anon_bytes;
	tuner->sums.refault_file += input->refault_file_bytes;
	tuner->sums.major_faults += now->major_faults - tuner->memory.major_faults;
	tuner->sums.stops += tuner->plan.why == HP_PACE_PRESSURE;
	tuner->sums.budget_waits += tuner->plan.why == HP_PACE_BUDGET;
}

/* Reads, decides; true when there is something to do. */
static bool decide(struct hp_tuner *tuner, struct hp_pace_plan *plan)
{
	const struct hp_pace_config config = { tuner->spec.pressure_milli, tuner->spec.budget_milli, tuner->spec.is_ranked };
	struct hp_domain_memory memory;
	hp_autoerr err = HP_ERR_INIT;
	uint64_t now_us = tuner_now_us();
	bool had_memory = tuner->has_memory;
	struct hp_pace_input input;

	tuner->has_memory = hp_domain_memory_read(tuner->root, tuner->cgroup, &memory, &err) == 0;
	if (!tuner->has_memory) {
		snprintf(tuner->problem, sizeof(tuner->problem), "%s", err.text ? err.text : "memory.stat cannot be read");
		return false;
	}
	if (had_memory) {
		input = make_input(tuner, &memory, now_us);
		tuner->plan = hp_pace_decide(&tuner->pace, &config, &input);
		add_sums(tuner, &memory, &input);
	}
	tuner->memory = memory;
	tuner->turned_us = now_us;
	tuner->turn_cost_ns = 0;
	*plan = tuner->plan;
	/* At the guarantee nothing more is taken, but what was taken still has to go. */
	return had_memory && (plan->why == HP_PACE_FREEING || (plan->why == HP_PACE_GUARANTEE && tuner->leaving_bytes));
}

static void count_cost(struct hp_tuner *tuner)
{
	uint64_t cost_ns = tuner_sample_cost_ns(tuner);

	tuner->turn_cost_ns += cost_ns;
	tuner->adapt_cost_ns += cost_ns;
	tuner->sums.cost_ns += cost_ns;
}

static void adapt(struct hp_tuner *tuner, uint64_t now_ms)
{
	if (now_ms - tuner->adapted_ms < ADAPT_MS)
		return;
	if (hp_look_adapt(&tuner->look, tuner->spec.budget_milli, tuner->adapt_cost_ns, (now_ms - tuner->adapted_ms) * 1000000))
		tuner_sample_retune(tuner);
	tuner->adapt_cost_ns = 0;
	tuner->adapted_ms = now_ms;
}

/* For those who ask often, so that their asking costs nothing. */
static void measure_working_set(struct hp_tuner *tuner, uint64_t now_ms)
{
	uint64_t bands[HP_TUNER_BANDS];
	struct told told;

	if (!tuner->spec.is_ranked || now_ms - tuner->banded_ms < BANDS_MS)
		return;
	pthread_mutex_lock(&tuner->lock);
	told_copy(tuner, &told);
	pthread_mutex_unlock(&tuner->lock);
	told_bands(&told, BANDS_SAMPLES, bands);
	free(told.items);
	pthread_mutex_lock(&tuner->lock);
	memcpy(tuner->working_set, bands, sizeof(bands));
	tuner->banded_ms = now_ms;
	pthread_mutex_unlock(&tuner->lock);
}

static void turn(struct hp_tuner *tuner)
{
	uint64_t now_ms = tuner_now_ms();
	struct hp_pace_plan plan;
	bool is_worth_it;

	pthread_mutex_lock(&tuner->lock);
	if (tuner->spec.is_ranked) {
		tuner_sample_look(tuner, now_ms);
		tuner_sample_smaps(tuner, now_ms);
		tuner_sample_returns(tuner, now_ms);
		hp_learn_step(&tuner->learn, now_ms);
	}
	count_cost(tuner);
	adapt(tuner, now_ms);
	is_worth_it = decide(tuner, &plan);
	pthread_mutex_unlock(&tuner->lock);
	if (is_worth_it)
		tuner_free_planned(tuner, &plan);
	measure_working_set(tuner, now_ms);
}

/* ---- the thread ---- */

static enum hp_reclaim_mode read_mode(struct hp_tuner *tuner, bool *is_stopping)
{
	enum hp_reclaim_mode mode;

	pthread_mutex_lock(&tuner->lock);
	mode = tuner->mode;
	*is_stopping = tuner->is_stopping;
	pthread_mutex_unlock(&tuner->lock);
	return mode;
}

/* Until the next turn, a window, or a wish from outside. */
static void wait_for_something(struct hp_tuner *tuner, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = tuner->wake, .events = POLLIN },
				{ .fd = tuner->events ? hp_damon_events_fd(tuner->events) : -1, .events = POLLIN } };
	eventfd_t unused;

	if (poll(fds, 2, timeout_ms) <= 0)
		return;
	if (fds[0].revents)
		eventfd_read(tuner->wake, &unused);
	if (fds[1].revents) {
		pthread_mutex_lock(&tuner->lock);
		tuner_sample_drain(tuner);
		pthread_mutex_unlock(&tuner->lock);
		/* Its kdamond ended: the descriptor would stay readable for ever. */
		if (fds[1].revents & (POLLHUP | POLLERR))
			poll(fds, 1, timeout_ms < 100 ? timeout_ms : 100);
	}
}

static void rest(struct hp_tuner *tuner)
{
	pthread_mutex_lock(&tuner->lock);
	tuner_sample_stop(tuner);
	tuner->has_memory = false;
	tuner->leaving_bytes = 0;
	tuner->returns_count = 0;
	memset(tuner->working_set, 0, sizeof(tuner->working_set));
	tuner->problem[0] = '\0';
	pthread_mutex_unlock(&tuner->lock);
}

/*
 * What mode observe took in thought only is in memory, and what came back of it
 * never left: both would mislead. The next windows tell anew what there is.
 */
static void forget_what_was_thought(struct hp_tuner *tuner)
{
	pthread_mutex_lock(&tuner->lock);
	for (size_t i = 0; i < tuner->watched.count; i++)
		hp_regions_drop(tuner->regions, tuner->watched.items[i].space);
	tuner->returns_count = 0;
	hp_learn_start(&tuner->learn, tuner->spec.distance_ms, tuner_now_ms());
	pthread_mutex_unlock(&tuner->lock);
}

static void *run(void *arg)
{
	struct hp_tuner *tuner = arg;
	enum hp_reclaim_mode mode, last = HP_RECLAIM_OFF;
	bool is_stopping = false;

	for (;;) {
		uint64_t now_ms = tuner_now_ms();

		mode = read_mode(tuner, &is_stopping);
		if (is_stopping)
			break;
		if (mode == HP_RECLAIM_OFF) {
			if (last != HP_RECLAIM_OFF)
				rest(tuner);
			last = mode;
			wait_for_something(tuner, -1);
			continue;
		}
		if (mode == HP_RECLAIM_ON && last == HP_RECLAIM_OBSERVE)
			forget_what_was_thought(tuner);
		last = mode;
		if (now_ms - tuner->turned_ms >= TURN_MS) {
			turn(tuner);
			tuner->turned_ms = now_ms;
		}
		now_ms = tuner_now_ms() - tuner->turned_ms;
		wait_for_something(tuner, now_ms < TURN_MS ? (int)(TURN_MS - now_ms) : 0);
	}
	rest(tuner);
	return NULL;
}

/* ---- making ---- */

static void free_tuner(struct hp_tuner *tuner)
{
	hp_watched_clear(&tuner->watched);
	hp_regions_free(tuner->regions);
	if (tuner->wake >= 0)
		close(tuner->wake);
	free(tuner->domain);
	free(tuner->cgroup);
	free(tuner);
}

static int fill(struct hp_tuner *tuner, const struct hp_tuner_config *config, struct hp_err *err)
{
	const struct hp_regions_config regions = { .k = config->spec.k, .crp_ms = config->spec.crp_ms,
						   .rip_ms = config->spec.rip_ms, .max = TUNER_REGIONS_MAX };

	tuner->root = config->root;
	tuner->domain = strdup(config->domain);
	tuner->cgroup = strdup(config->cgroup);
	tuner->spec = config->spec;
	tuner->mode = config->spec.mode;
	tuner->damon = config->damon;
	tuner->slot = config->slot;
	tuner->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	tuner->knows_swappiness = true;
	tuner->look.level = HP_LOOK_LEVEL_START;
	tuner->started_ms = tuner->adapted_ms = tuner_now_ms();
	hp_learn_start(&tuner->learn, config->spec.distance_ms, tuner->started_ms);
	if (!tuner->domain || !tuner->cgroup || tuner->wake < 0)
		return hp_err_set(err, ENOMEM, "out of memory for the tuner of %s", config->domain);
	/* Looked up once, before there are threads. */
	if (!hp_cgroup_root(err))
		return -EOPNOTSUPP;
	return hp_regions_new(&regions, &tuner->regions, err);
}

int hp_tuner_start(const struct hp_tuner_config *config, struct hp_tuner **tuner, struct hp_err *err)
{
	struct hp_tuner *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory for the tuner of %s", config->domain);
	made->wake = -1;
	ret = fill(made, config, err);
	if (ret < 0) {
		free_tuner(made);
		return ret;
	}
	pthread_mutex_init(&made->lock, NULL);
	ret = pthread_create(&made->thread, NULL, run, made);
	if (ret) {
		free_tuner(made);
		return hp_err_errno(err, ret, "starting the tuner of %s", config->domain);
	}
	*tuner = made;
	return 0;
}

void hp_tuner_stop(struct hp_tuner *tuner)
{
	if (!tuner)
		return;
	pthread_mutex_lock(&tuner->lock);
	tuner->is_stopping = true;
	pthread_mutex_unlock(&tuner->lock);
	eventfd_write(tuner->wake, 1);
	pthread_join(tuner->thread, NULL);
	pthread_mutex_destroy(&tuner->lock);
	free_tuner(tuner);
}

const char *hp_tuner_domain(const struct hp_tuner *tuner)
{
	return tuner->domain;
}

void hp_tuner_set_mode(struct hp_tuner *tuner, enum hp_reclaim_mode mode)
{
	pthread_mutex_lock(&tuner->lock);
	tuner->mode = mode;
	pthread_mutex_unlock(&tuner->lock);
	eventfd_write(tuner->wake, 1);
}

enum hp_reclaim_mode hp_tuner_mode(struct hp_tuner *tuner)
{
	bool unused;

	return read_mode(tuner, &unused);
}
