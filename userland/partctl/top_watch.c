// SPDX-License-Identifier: GPL-2.0
/* top_watch.c: partctl top at a terminal: looks, draws, and does what the keys say. */
#include "top_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include "base/hp_clock.h"
#include "ending.h"
#include "top_screen.h"

/* The first look has no rates: the second one should not take long. */
enum { FIRST_MS = 500 };

struct watch {
	struct top_source *source;
	struct top_model model;
	struct top_state state;
	uint64_t looked_ns;	/* when the model was made */
	bool is_first;
};

/* Those that end a program come as something to read, so that the terminal is given back first. */
static const int more_signals[] = { SIGHUP, SIGQUIT, 0 };

static int draw(const struct watch *watch, struct hp_err *err)
{
	top_autogrid grid = { 0 };
	time_t now = time(NULL);
	char clock[16];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (top_screen_grid(&grid))
		return hp_err_errno(err, ENOMEM, "drawing the screen");
	top_draw(&grid, &watch->model, &watch->state, clock);
	top_screen_show(&grid);
	return 0;
}

static int look(struct watch *watch, struct hp_err *err)
{
	int ret = top_source_look(watch->source, &watch->model, err);

	top_state_fit(&watch->state, &watch->model);
	watch->is_first = watch->model.seconds <= 0;
	watch->looked_ns = hp_clock_ns(CLOCK_MONOTONIC);
	return ret;
}

/* Milliseconds until the next look; -1 = never. */
static int time_left(const struct watch *watch)
{
	uint64_t interval_ms = watch->state.interval_ms;

	if (watch->state.is_paused)
		return -1;
	if (watch->is_first && interval_ms > FIRST_MS)
		interval_ms = FIRST_MS;
	return ending_time_left(watch->looked_ns + interval_ms * 1000000);
}

/* All keys that wait; false to quit. */
static bool take_keys(struct watch *watch)
{
	top_autogrid grid = { 0 };
	int key;

	while ((key = top_screen_key()) >= 0)
		if (!top_state_key(&watch->state, &watch->model, key, top_screen_grid(&grid) ? 1 : top_page(grid.height)))
			return false;
	return true;
}

static int loop(struct watch *watch, int stop, struct hp_err *err)
{
	struct pollfd fds[] = { { STDIN_FILENO, POLLIN, 0 }, { stop, POLLIN, 0 } };
	int ret = look(watch, err);

	while (ret == 0) {
		ret = draw(watch, err);
		/* A change of the terminal's size interrupts it: curses then has a key for us. */
		if (ret || (poll(fds, 2, time_left(watch)) < 0 && errno != EINTR))
			break;
		if (fds[1].revents || (fds[0].revents & ~POLLIN) || !take_keys(watch))
			break;
		if (time_left(watch) == 0)
			ret = look(watch, err);
	}
	return ret;
}

int top_watch(struct run *run, struct top_source *source, unsigned int interval_ms, struct hp_err *err)
{
	struct watch watch = { .source = source, .state = { .interval_ms = interval_ms } };
	hp_autofd int stop = ending_open_signals(more_signals, err);
	int ret;

	if (stop < 0)
		return stop;
	ret = top_screen_open(run->use_colour, err);
	if (ret)
		return ret;
	ret = loop(&watch, stop, err);
	top_screen_close();
	top_model_clear(&watch.model);
	return ret;
}
