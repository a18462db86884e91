// SPDX-License-Identifier: GPL-2.0
/* cpus_place.c: turns cores into cells for the placement and its answer back into cores. */
#include "plan/cpus.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"

/* A core with what decides its cell. */
struct keyed_core {
	int key[PLACE_LEVELS];
	size_t core;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed_core *x = a, *y = b;

	for (int level = 0; level < PLACE_LEVELS; level++) {
		if (x->key[level] != y->key[level])
			return x->key[level] < y->key[level] ? -1 : 1;
	}
	return x->core < y->core ? -1 : 1;
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return x < y ? -1 : x > y;
}

/* Replaces the system's numbers of one level by 0, 1, 2 …; -1 stays. Returns how many there are. */
static int make_dense(struct keyed_core *keyed, size_t count, enum place_level level,
		      size_t *groups)
{
	hp_autofree int *numbers = calloc(count + 1, sizeof(*numbers));
	size_t used = 0;

	if (!numbers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		numbers[i] = keyed[i].key[level];
	qsort(numbers, count, sizeof(*numbers), by_number);
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] >= 0 && (!used || numbers[used - 1] != numbers[i]))
			numbers[used++] = numbers[i];
	}
	for (size_t i = 0; i < count; i++) {
		int *key = &keyed[i].key[level];
		const int *at = bsearch(key, numbers, used, sizeof(*numbers), by_number);

		*key = at ? (int)(at - numbers) : -1;
	}
	*groups = used;
	return 0;
}

static int key_cores(const struct cpu_table *table, struct keyed_core *keyed, size_t *groups)
{
	const struct hp_inventory *inv = table->run->inv;

	for (size_t i = 0; i < inv->cores_count; i++) {
		const struct hp_inv_core *core = &inv->cores[i];

		keyed[i] = (struct keyed_core){
			{ core->package, core->node, core->l3, table->core_class[i] }, i };
	}
	for (int level = 0; level < PLACE_KIND; level++) {
		if (make_dense(keyed, inv->cores_count, level, &groups[level]))
			return -ENOMEM;
	}
	groups[PLACE_KIND] = CLASS_COUNT;
	qsort(keyed, inv->cores_count, sizeof(*keyed), by_key);
	return 0;
}

static bool is_same_cell(const struct keyed_core *a, const struct keyed_core *b)
{
	for (int level = 0; level < PLACE_LEVELS; level++) {
		if (a->key[level] != b->key[level])
			return false;
	}
	return true;
}

/* Fills cells and fixed; cell_of gives the cell of keyed[i]. Returns the number of cells. */
static size_t make_cells(const struct cpu_table *table, const struct keyed_core *keyed,
			 struct place_cell *cells, size_t *cell_of)
{
	size_t count = 0;

	for (size_t i = 0; i < table->run->inv->cores_count; i++) {
		if (!i || !is_same_cell(&keyed[i - 1], &keyed[i])) {
			for (int level = 0; level < PLACE_LEVELS; level++)
				cells[count].group[level] = keyed[i].key[level];
			count++;
		}
		cell_of[i] = count - 1;
		cells[count - 1].free += table->owner[keyed[i].core] == CORE_FREE;
	}
	return count;
}

/* Hands each domain, in file order, the lowest free cores of its cells. */
static void hand_out(struct cpu_table *table, const struct place_problem *problem,
		     const struct keyed_core *keyed, const size_t *cell_of, unsigned int *amounts)
{
	for (size_t i = 0; i < table->run->inv->cores_count; i++) {
		if (table->owner[keyed[i].core] != CORE_FREE)
			continue;
		for (size_t owner = 0; owner < table->base; owner++) {
			unsigned int *open = &amounts[owner * problem->cells_count + cell_of[i]];

			if (!*open)
				continue;
			--*open;
			cpus_settle(table, keyed[i].core, owner);
			break;
		}
	}
}

static int solve(struct cpu_table *table, struct place_problem *problem,
		 const struct keyed_core *keyed, const size_t *cell_of)
{
	size_t size = problem->owners_count * problem->cells_count;
	hp_autofree unsigned int *fixed = calloc(size + 1, sizeof(*fixed));
	hp_autofree unsigned int *amounts = NULL;

	if (!fixed)
		return -ENOMEM;
	for (size_t i = 0; i < table->run->inv->cores_count; i++) {
		int owner = table->owner[keyed[i].core];

		if (owner != CORE_FREE)
			fixed[(size_t)owner * problem->cells_count + cell_of[i]]++;
	}
	problem->fixed = fixed;
	amounts = place_solve(problem);
	if (!amounts)
		return -ENOMEM;
	hand_out(table, problem, keyed, cell_of, amounts);
	/*
	 * Counts were checked before; a domain left short would be a mistake in here,
	 * never to be applied.
	 */
	for (size_t owner = 0; owner < table->base; owner++) {
		if (table->claims[owner].has != table->claims[owner].cores)
			return -ENOTRECOVERABLE;
	}
	return 0;
}

int cpus_place_rest(struct cpu_table *table)
{
	size_t cores = table->run->inv->cores_count;
	hp_autofree struct keyed_core *keyed = calloc(cores + 1, sizeof(*keyed));
	hp_autofree struct place_cell *cells = calloc(cores + 1, sizeof(*cells));
	hp_autofree size_t *cell_of = calloc(cores + 1, sizeof(*cell_of));
	hp_autofree struct place_owner *owners = calloc(table->base + 1, sizeof(*owners));
	struct place_problem problem = { .owners = owners,
					 .owners_count = table->base + 1,
					 .cells = cells };

	if (!keyed || !cells || !cell_of || !owners || key_cores(table, keyed, problem.groups))
		return -ENOMEM;
	problem.cells_count = make_cells(table, keyed, cells, cell_of);
	for (size_t i = 0; i <= table->base; i++) {
		const struct cpu_claim *claim = &table->claims[i];

		owners[i].kind = claim->kind;
		owners[i].need = claim->cores > claim->has ? claim->cores - claim->has : 0;
	}
	return solve(table, &problem, keyed, cell_of);
}
