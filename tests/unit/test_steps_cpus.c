// SPDX-License-Identifier: GPL-2.0
/* test_steps_cpus.c: the order in which CPU sets move is legal at every moment, and found when a search finds one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply/cpu_order.h"
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define NODES_MAX 8

struct tree {
	struct hp_cpu_node nodes[NODES_MAX];
	size_t count;
};

static void free_tree(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		hwloc_bitmap_free(tree->nodes[i].now);
		hwloc_bitmap_free(tree->nodes[i].goal);
	}
}
#define autotree __attribute__((cleanup(free_tree))) struct tree
#define automoves __attribute__((cleanup(hp_cpu_moves_clear))) struct hp_cpu_moves

static hwloc_bitmap_t parse(const char *text)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	assert_int_equal(hp_cpulist_parse(text, set), 0);
	return set;
}

static void add(struct tree *tree, int parent, bool is_exclusive, const char *now, const char *goal)
{
	tree->nodes[tree->count++] = (struct hp_cpu_node) { parent, is_exclusive, parse(now), parse(goal) };
}

static bool is_related(const struct tree *tree, int a, int b)
{
	for (int up = a; up >= 0; up = tree->nodes[up].parent)
		if (up == b)
			return true;
	for (int up = b; up >= 0; up = tree->nodes[up].parent)
		if (up == a)
			return true;
	return false;
}

/* The kernel's rules, written down without a thought for how to obey them. */
static bool is_legal(const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct hp_cpu_node *node = &tree->nodes[i];

		if (hwloc_bitmap_iszero(node->now))
			return false;
		if (node->parent >= 0 && !hwloc_bitmap_isincluded(node->now, tree->nodes[node->parent].now))
			return false;
		for (size_t j = 0; j < i; j++)
			if ((node->is_exclusive || tree->nodes[j].is_exclusive) && !is_related(tree, (int)i, (int)j) &&
			    hwloc_bitmap_intersects(node->now, tree->nodes[j].now))
				return false;
	}
	return true;
}

/* Replays the moves on a copy of the start, checking the rules after each. */
static void assert_legal_walk(const struct tree *start, const struct hp_cpu_moves *moves)
{
	autotree walk = { .count = 0 };

	for (size_t i = 0; i < start->count; i++) {
		walk.nodes[i] = start->nodes[i];
		walk.nodes[i].now = hwloc_bitmap_dup(start->nodes[i].now);
		walk.nodes[i].goal = hwloc_bitmap_dup(start->nodes[i].goal);
		walk.count++;
	}
	assert_true(is_legal(&walk));
	for (size_t i = 0; i < moves->count; i++) {
		struct hp_cpu_node *node = &walk.nodes[moves->items[i].node];

		assert_false(hwloc_bitmap_isequal(node->now, moves->items[i].to));
		hwloc_bitmap_copy(node->now, moves->items[i].to);
		assert_true(is_legal(&walk));
	}
	for (size_t i = 0; i < walk.count; i++)
		assert_true(hwloc_bitmap_isequal(walk.nodes[i].now, walk.nodes[i].goal));
}

static int run(struct tree *tree, struct hp_cpu_moves *moves)
{
	autotree start = { .count = 0 };
	int ret;

	for (size_t i = 0; i < tree->count; i++) {
		start.nodes[i] = tree->nodes[i];
		start.nodes[i].now = hwloc_bitmap_dup(tree->nodes[i].now);
		start.nodes[i].goal = hwloc_bitmap_dup(tree->nodes[i].goal);
		start.count++;
	}
	ret = hp_cpu_order(tree->nodes, tree->count, moves);
	if (!ret)
		assert_legal_walk(&start, moves);
	return ret;
}

static void test_nothing_to_move(void **state)
{
	autotree tree = { .count = 0 };
	automoves moves = { 0 };

	(void)state;
	add(&tree, -1, true, "2-5", "2-5");
	add(&tree, 0, true, "2-3", "2-3");
	assert_int_equal(run(&tree, &moves), 0);
	assert_int_equal(moves.count, 0);
}

static void test_shrink_before_grow(void **state)
{
	autotree tree = { .count = 0 };
	automoves moves = { 0 };

	(void)state;
	add(&tree, -1, true, "2-5", "2-5");
	add(&tree, 0, true, "2-3", "2");
	add(&tree, 0, true, "4-5", "3-5");
	assert_int_equal(run(&tree, &moves), 0);
	assert_int_equal(moves.count, 2);
	assert_int_equal(moves.items[0].node, 1);
}

static void test_base_and_top_move_together(void **state)
{
	autotree tree = { .count = 0 };
	automoves moves = { 0 };

	(void)state;
	add(&tree, -1, false, "0-3", "0-1,6-7");
	add(&tree, -1, false, "0-3", "0-1,6-7");
	add(&tree, -1, true, "4-7", "2-5");
	add(&tree, 2, true, "4-5", "2-3");
	add(&tree, 2, true, "6-7", "4-5");
	assert_int_equal(run(&tree, &moves), 0);
}

static void test_exchange_of_pairs(void **state)
{
	autotree tree = { .count = 0 };
	automoves moves = { 0 };

	(void)state;
	add(&tree, -1, true, "2-5", "2-5");
	add(&tree, 0, true, "2-3", "4-5");
	add(&tree, 0, true, "4-5", "2-3");
	assert_int_equal(run(&tree, &moves), 0);
}

static void test_ring_over_free_cpu(void **state)
{
	autotree tree = { .count = 0 };
	automoves moves = { 0 };

	(void)state;
	add(&tree, -1, true, "2-5", "2-5");
	add(&tree, 0, true, "2", "3");
	add(&tree, 0, true, "3", "4");
	add(&tree, 0, true, "4", "2");
	assert_int_equal(run(&tree, &moves), 0);
}

static void test_ring_without_free_cpu_is_refused(void **state)
{
	autotree tree = { .count = 0 };
	automoves moves = { 0 };

	(void)state;
	add(&tree, -1, true, "2-4", "2-4");
	add(&tree, 0, true, "2", "3");
	add(&tree, 0, true, "3", "4");
	add(&tree, 0, true, "4", "2");
	assert_int_equal(run(&tree, &moves), -EDEADLK);
}

/* ---- against a search over all states of small machines ---- */

#define SMALL_CPUS 5u
#define SMALL_SETS 3u
#define STATES (1u << (SMALL_CPUS * SMALL_SETS))

/* Each set's CPUs are SMALL_CPUS bits of the number; siblings in one parent that holds everything. */
static unsigned int set_of(unsigned int state, unsigned int n)
{
	return state >> (n * SMALL_CPUS) & ((1u << SMALL_CPUS) - 1);
}

static bool is_legal_state(unsigned int state)
{
	for (unsigned int i = 0; i < SMALL_SETS; i++) {
		if (!set_of(state, i))
			return false;
		for (unsigned int j = 0; j < i; j++)
			if (set_of(state, i) & set_of(state, j))
				return false;
	}
	return true;
}

/* Nobody may enter a CPU that somebody else has before and after. */
static bool is_intruding(unsigned int state, unsigned int from, unsigned int to)
{
	for (unsigned int i = 0; i < SMALL_SETS; i++)
		for (unsigned int j = 0; j < SMALL_SETS; j++)
			if (i != j && set_of(state, i) & set_of(from, j) & set_of(to, j))
				return true;
	return false;
}

/* Whether single writes lead from one state to the other. */
static bool is_reachable(unsigned int from, unsigned int to)
{
	static unsigned char seen[STATES];
	static unsigned int queue[STATES];
	size_t head = 0, tail = 0;

	memset(seen, 0, sizeof(seen));
	queue[tail++] = from;
	seen[from] = 1;
	while (head < tail) {
		unsigned int state = queue[head++];

		if (state == to)
			return true;
		for (unsigned int n = 0; n < SMALL_SETS; n++)
			for (unsigned int set = 1; set < 1u << SMALL_CPUS; set++) {
				unsigned int next = (state & ~(((1u << SMALL_CPUS) - 1) << (n * SMALL_CPUS))) |
						    set << (n * SMALL_CPUS);

				if (!seen[next] && is_legal_state(next) && !is_intruding(next, from, to)) {
					seen[next] = 1;
					queue[tail++] = next;
				}
			}
	}
	return false;
}

static void fill_tree(struct tree *tree, unsigned int from, unsigned int to)
{
	add(tree, -1, true, "0-4", "0-4");
	for (unsigned int n = 0; n < SMALL_SETS; n++) {
		hwloc_bitmap_t now = hwloc_bitmap_alloc(), goal = hwloc_bitmap_alloc();

		hwloc_bitmap_from_ulong(now, set_of(from, n));
		hwloc_bitmap_from_ulong(goal, set_of(to, n));
		tree->nodes[tree->count++] = (struct hp_cpu_node) { 0, true, now, goal };
	}
}

static void test_finds_what_a_search_finds(void **state)
{
	unsigned int tried = 0, refused = 0;

	(void)state;
	srand(7);
	while (tried < 400) {
		unsigned int from = (unsigned int)rand() % STATES, to = (unsigned int)rand() % STATES;
		autotree tree = { .count = 0 };
		automoves moves = { 0 };

		/* A full exchange hardly ever comes by chance. */
		if (tried % 4 == 0)
			to = set_of(from, 1) | set_of(from, 2) << SMALL_CPUS | set_of(from, 0) << 2 * SMALL_CPUS;
		else if (tried % 4 == 1)
			to = set_of(from, 1) | set_of(from, 0) << SMALL_CPUS | set_of(from, 2) << 2 * SMALL_CPUS;
		if (!is_legal_state(from) || !is_legal_state(to))
			continue;
		fill_tree(&tree, from, to);
		if (is_reachable(from, to)) {
			assert_int_equal(run(&tree, &moves), 0);
		} else {
			assert_int_equal(run(&tree, &moves), -EDEADLK);
			refused++;
		}
		tried++;
	}
	assert_true(refused > 0 && refused < tried / 2);
}

/* Bigger trees: whatever is found is legal all the way, and with a free CPU something is always found. */
static void test_random_trees(void **state)
{
	(void)state;
	srand(11);
	for (unsigned int round = 0; round < 3000; round++) {
		autotree tree = { .count = 5 };
		automoves moves = { 0 };

		for (size_t i = 0; i < tree.count; i++)
			tree.nodes[i] = (struct hp_cpu_node) { i < 2 ? -1 : 1, i > 0, hwloc_bitmap_alloc(), hwloc_bitmap_alloc() };
		/* CPU 0 is the base's, 1-3 belong to the domains, 15 to nobody; the rest is dealt. */
		for (unsigned int when = 0; when < 2; when++)
			for (unsigned int cpu = 0; cpu < 15; cpu++) {
				unsigned int owner = cpu == 0 ? 0 : cpu < 4 ? cpu + 1 : (unsigned int)rand() % 6;
				struct hp_cpu_node *node = &tree.nodes[owner];

				if (owner == 5 || owner == 1)
					continue;
				hwloc_bitmap_set(when ? node->goal : node->now, cpu);
				if (owner > 1)
					hwloc_bitmap_set(when ? tree.nodes[1].goal : tree.nodes[1].now, cpu);
			}
		assert_int_equal(run(&tree, &moves), 0);
		assert_true(moves.count < 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_move), cmocka_unit_test(test_shrink_before_grow),
		cmocka_unit_test(test_base_and_top_move_together), cmocka_unit_test(test_exchange_of_pairs),
		cmocka_unit_test(test_ring_over_free_cpu), cmocka_unit_test(test_ring_without_free_cpu_is_refused),
		cmocka_unit_test(test_finds_what_a_search_finds), cmocka_unit_test(test_random_trees),
	};

	return cmocka_run_group_tests_name("order of CPU sets", tests, NULL, NULL);
}
