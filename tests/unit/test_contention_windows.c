// SPDX-License-Identifier: GPL-2.0
/* test_contention_windows.c: the windows of the contention rate against an oracle that goes through every stretch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "contention_windows.h"
#include "draw.h"

enum { ROWS = 10, VICTIM = HP_ROW_DOMAIN, LIMIT_NS = 500000, STRETCHES_MAX = 4000, WINDOWS_MAX = 6000, PROCESSORS = 3 };

/* One processor: what the code keeps, and all that ever happened. */
struct processor {
	struct hp_history history;
	uint64_t starts[STRETCHES_MAX], rows[STRETCHES_MAX];
	size_t count;
};

struct scene {
	struct processor processors[PROCESSORS];
	struct hp_windows windows;
	uint64_t crossed, lost;		/* as the code says */
	uint64_t want_ns[WINDOWS_MAX];	/* what was lost in each window */
};

static void begin(struct processor *processor, uint64_t row, uint64_t now)
{
	assert_in_range(processor->count, 0, STRETCHES_MAX - 1);
	hp_history_begin(&processor->history, row, now);
	processor->starts[processor->count] = now;
	processor->rows[processor->count++] = row;
}

/* Others that are domains: by the words of the definition. */
static bool takes(uint64_t row)
{
	return row != VICTIM && (row == HP_ROW_BASE || row > HP_ROW_SOFTIRQ);
}

static void expect(struct scene *scene, const struct processor *processor, uint64_t from, uint64_t until)
{
	for (size_t i = 0; i < processor->count; i++) {
		uint64_t end = i + 1 < processor->count && processor->starts[i + 1] < until ? processor->starts[i + 1] : until;
		uint64_t at = processor->starts[i] > from ? processor->starts[i] : from;

		while (takes(processor->rows[i]) && at < end) {
			uint64_t border = (at / HP_WINDOW_NS + 1) * HP_WINDOW_NS, stop = border < end ? border : end;

			assert_in_range(at / HP_WINDOW_NS, 0, WINDOWS_MAX - 1);
			scene->want_ns[at / HP_WINDOW_NS] += stop - at;
			at = stop;
		}
	}
}

static void wait_for(struct scene *scene, struct processor *processor, uint64_t from, uint64_t until)
{
	struct hp_wait wait = { from, until, VICTIM, 0 };
	struct hp_row row = { 0 };
	struct hp_deal deal;

	assert_true(hp_history_charge(&processor->history, &wait, &row));
	expect(scene, processor, from, until);
	if (!wait.lost_ns)
		return;
	hp_windows_deal(&processor->history, &wait, &scene->windows, &deal);
	scene->crossed += deal.crossed;
	scene->lost += deal.lost != 0;
}

static struct scene *new_scene(void)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->windows.limit_ns = LIMIT_NS;
	return scene;
}

/* What the code remembers of each of the newest windows is what was lost in it, and as many crossed as did. */
static void compare(const struct scene *scene, uint64_t now)
{
	uint64_t newest = now / HP_WINDOW_NS, crossed = 0;

	for (uint64_t window = 0; window < WINDOWS_MAX; window++) {
		uint64_t word = scene->windows.words[window % HP_WINDOWS];

		crossed += scene->want_ns[window] > LIMIT_NS;
		if (window + HP_WINDOWS > newest && word >> 32 == window)
			assert_int_equal(word & 0xffffffff,
					 scene->want_ns[window] < 0xffffffff ? scene->want_ns[window] : 0xffffffff);
		else if (window + HP_WINDOWS > newest)
			assert_int_equal(scene->want_ns[window], 0);
	}
	assert_int_equal(scene->crossed, crossed);
	assert_int_equal(scene->lost, 0);
}

static uint64_t draw_row(void)
{
	uint64_t row = draw(ROWS);

	return row == HP_ROW_UNKNOWN ? HP_ROW_IDLE : row;
}

/* Several processors, stretches up to `stretch_ns`, waits up to `wait_ns`. */
static void run_schedule(uint64_t stretch_ns, uint64_t wait_ns)
{
	struct scene *scene = new_scene();
	uint64_t now[PROCESSORS] = { 0 }, newest = 0, first = 1000000 + draw(20000000);

	for (size_t i = 0; i < PROCESSORS; i++) {
		now[i] = first;
		begin(&scene->processors[i], draw_row(), first);
	}
	/* The processor that is furthest behind goes on, as time does. */
	for (int turn = 0; turn < 3 * (STRETCHES_MAX - 10) && newest < HP_WINDOW_NS * (WINDOWS_MAX - 600ull); turn++) {
		size_t at = 0;
		uint64_t age;

		for (size_t i = 1; i < PROCESSORS; i++)
			at = now[i] < now[at] ? i : at;
		now[at] += draw(stretch_ns);
		age = now[at] - first < wait_ns ? now[at] - first : wait_ns;
		if (scene->processors[at].count == STRETCHES_MAX)
			break;
		for (int waits = 0; waits < 3 && age; waits++)
			wait_for(scene, &scene->processors[at], now[at] - draw(age + 1), now[at]);
		newest = now[at] > newest ? now[at] : newest;
		begin(&scene->processors[at], draw_row(), now[at]);
	}
	compare(scene, newest);
	free(scene);
}

static void test_random_schedules(void **unused)
{
	(void)unused;
	for (int i = 0; i < 20; i++) {
		run_schedule(200000, 3 * HP_WINDOW_NS);			/* many stretches in a window */
		run_schedule(3 * HP_WINDOW_NS, 20 * HP_WINDOW_NS);	/* windows in which nobody comes or goes */
		run_schedule(20 * HP_WINDOW_NS, 100 * HP_WINDOW_NS);	/* as far back as it goes */
	}
}

/* Exactly the limit is not more than the limit; a window counts once. */
static void test_limit(void **unused)
{
	struct scene *scene = new_scene();
	struct processor *processor = &scene->processors[0];

	(void)unused;
	begin(processor, HP_ROW_DOMAIN + 1, 50 * HP_WINDOW_NS);
	wait_for(scene, processor, 50 * HP_WINDOW_NS, 50 * HP_WINDOW_NS + LIMIT_NS);
	assert_int_equal(scene->crossed, 0);
	wait_for(scene, processor, 50 * HP_WINDOW_NS + LIMIT_NS, 50 * HP_WINDOW_NS + LIMIT_NS + 1);
	assert_int_equal(scene->crossed, 1);
	wait_for(scene, processor, 50 * HP_WINDOW_NS, 51 * HP_WINDOW_NS);
	assert_int_equal(scene->crossed, 1);
	compare(scene, 51 * HP_WINDOW_NS - 1);
	free(scene);
}

/* Kernel threads, softirqs and the like are no domains: nothing is lost to them. */
static void test_who_takes(void **unused)
{
	static const uint64_t nobody[] = { HP_ROW_IDLE, HP_ROW_KERNEL, HP_ROW_IRQ, HP_ROW_SOFTIRQ, VICTIM };
	struct scene *scene = new_scene();
	struct processor *processor = &scene->processors[0];
	uint64_t now = 70 * HP_WINDOW_NS;

	(void)unused;
	for (size_t i = 0; i < sizeof(nobody) / sizeof(*nobody); i++, now += HP_WINDOW_NS)
		begin(processor, nobody[i], now);
	wait_for(scene, processor, 70 * HP_WINDOW_NS, now);
	assert_int_equal(scene->crossed, 0);
	begin(processor, HP_ROW_BASE, now);
	wait_for(scene, processor, 70 * HP_WINDOW_NS, now + HP_WINDOW_NS);
	assert_int_equal(scene->crossed, 1);
	compare(scene, now + HP_WINDOW_NS - 1);
	free(scene);
}

/* Of a wait that is longer than what is kept, the newest windows count, and it is said that others are missing. */
static void test_too_long(void **unused)
{
	struct scene *scene = new_scene();
	struct processor *processor = &scene->processors[0];
	uint64_t first = 200 * HP_WINDOW_NS;

	(void)unused;
	begin(processor, HP_ROW_DOMAIN + 1, first);
	wait_for(scene, processor, first, first + 300 * HP_WINDOW_NS);
	assert_int_equal(scene->crossed, HP_WINDOWS - 1);
	assert_int_equal(scene->lost, 1);
	/* And what belongs to a window whose word has been taken since. */
	wait_for(scene, processor, first + 300 * HP_WINDOW_NS, first + 301 * HP_WINDOW_NS);
	assert_int_equal(hp_window_add(&scene->windows, 200 + 300 - HP_WINDOWS, 1), HP_WINDOW_LOST);
	assert_int_equal(scene->crossed, HP_WINDOWS);
	free(scene);
}

/* Sums that do not fit into a word stay at its end and do not touch the number of the window. */
static void test_saturation(void **unused)
{
	struct hp_windows windows = { .limit_ns = 1 };

	(void)unused;
	assert_int_equal(hp_window_add(&windows, 77, 0xfffffff0), HP_WINDOW_CROSSED);
	assert_int_equal(hp_window_add(&windows, 77, 0xfffffff0), 0);
	assert_int_equal(windows.words[77], 77ull << 32 | 0xffffffff);
	/* The low halves of the numbers go round after 497 days. */
	assert_int_equal(hp_window_add(&windows, (1ull << 32) + 5, 9), HP_WINDOW_CROSSED);
	assert_int_equal(windows.words[5], 5ull << 32 | 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_schedules), cmocka_unit_test(test_limit),	cmocka_unit_test(test_who_takes),
		cmocka_unit_test(test_too_long),	 cmocka_unit_test(test_saturation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
