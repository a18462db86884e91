// SPDX-License-Identifier: GPL-2.0
/* test_plan_oracle.c: placement of cores against every possible placement, and invariants on random machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "plan_fixture.h"

#define CORES_MAX 8
#define OWNERS_MAX 5
#define TERMS 8

/* ---- the oracle: deliberately naive, shares nothing with the planner but the inventory ---- */

struct oracle {
	const struct hp_inventory *inv;
	unsigned int owners;		/* domains + 1; the last is the base */
	unsigned int wants[OWNERS_MAX];
	int kind[OWNERS_MAX];		/* 0 any, 1 performance, 2 efficiency */
	unsigned int owner[CORES_MAX];	/* the assignment being tried */
	unsigned int best[TERMS];
	bool found, boot_core_is_base;
};

static int key_of(const struct hp_inv_core *core, int what, int fastest)
{
	switch (what) {
	case 0:
		return core->package;
	case 1:
		return core->node;
	case 2:
		return core->l3;
	default:
		return core->kind == fastest;
	}
}

static int fastest_kind(const struct hp_inventory *inv)
{
	int fastest = -1;

	for (size_t i = 0; i < inv->cores_count; i++)
		fastest = inv->cores[i].kind > fastest ? inv->cores[i].kind : fastest;
	return fastest;
}

/* For one sort of group: touches of domains, extra domains in a group, groups where base meets domains. */
static void count_groups(const struct hp_inventory *inv, const unsigned int *owner, unsigned int base, int what,
			 unsigned int *spans, unsigned int *shares, unsigned int *meets)
{
	int fastest = fastest_kind(inv);

	*spans = *shares = *meets = 0;
	for (int group = 0; group < 64; group++) {
		unsigned int present[OWNERS_MAX] = { 0 }, domains = 0;

		for (size_t i = 0; i < inv->cores_count; i++) {
			if (key_of(&inv->cores[i], what, fastest) == group)
				present[owner[i]] = 1;
		}
		for (unsigned int i = 0; i < base; i++)
			domains += present[i];
		*spans += domains;
		*shares += domains > 1 ? domains - 1 : 0;
		*meets += present[base] && domains;
	}
}

static void judge(const struct hp_inventory *inv, const unsigned int *owner, unsigned int base,
		  unsigned int terms[TERMS])
{
	unsigned int unused;

	count_groups(inv, owner, base, 0, &terms[0], &unused, &unused);
	count_groups(inv, owner, base, 1, &terms[1], &terms[2], &terms[7]);
	count_groups(inv, owner, base, 2, &terms[3], &terms[4], &terms[6]);
	count_groups(inv, owner, base, 3, &terms[5], &unused, &unused);
}

static int compare_terms(const unsigned int *a, const unsigned int *b)
{
	for (int i = 0; i < TERMS; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

static bool is_allowed(const struct oracle *o, size_t core, unsigned int owner)
{
	bool is_fast = o->inv->cores[core].kind == fastest_kind(o->inv);

	return !o->kind[owner] || (o->kind[owner] == 1) == is_fast;
}

/* The base needs at least what it asks for, of its kind; more of any kind is fine. */
static bool base_is_content(const struct oracle *o)
{
	unsigned int has = 0;

	for (size_t i = 0; i < o->inv->cores_count; i++)
		has += o->owner[i] == o->owners - 1 && is_allowed(o, i, o->owners - 1);
	return has >= o->wants[o->owners - 1];
}

static void try_all(struct oracle *o, size_t core, const unsigned int *left)
{
	unsigned int terms[TERMS], next[OWNERS_MAX];

	if (core == o->inv->cores_count) {
		for (unsigned int i = 0; i + 1 < o->owners; i++) {
			if (left[i])
				return;
		}
		if (!base_is_content(o))
			return;
		judge(o->inv, o->owner, o->owners - 1, terms);
		if (!o->found || compare_terms(terms, o->best) < 0)
			memcpy(o->best, terms, sizeof(terms));
		o->found = true;
		return;
	}
	for (unsigned int i = 0; i < o->owners; i++) {
		bool is_base = i == o->owners - 1;

		if (!core && o->boot_core_is_base && !is_base)
			continue;
		if (!is_base && (!left[i] || !is_allowed(o, core, i)))
			continue;
		memcpy(next, left, sizeof(next));
		next[i] -= !is_base;
		o->owner[core] = i;
		try_all(o, core + 1, next);
	}
}

/* The base gets CPU 0's core whenever that is possible at all and of its kind. */
static void solve(struct oracle *o)
{
	o->found = false;
	o->boot_core_is_base = is_allowed(o, 0, o->owners - 1);
	try_all(o, 0, o->wants);
	if (o->found || !o->boot_core_is_base)
		return;
	o->boot_core_is_base = false;
	try_all(o, 0, o->wants);
}

/* ---- random small machines ---- */

static struct hp_inventory *random_machine(uint64_t *seed)
{
	struct hp_inventory *inv = fixture_machine(8 * GIB);
	unsigned int cores = 2 + fixture_random(seed, CORES_MAX - 1), threads = 1 + fixture_random(seed, 2);
	unsigned int per_l3 = 1 + fixture_random(seed, 4), l3s = 1 + fixture_random(seed, 2);
	bool is_hybrid = fixture_random(seed, 3) == 0, is_flat = fixture_random(seed, 8) == 0;
	unsigned int cpu = fixture_random(seed, 2) * 4, node_count = 0;
	char list[32];

	for (unsigned int i = 0; i < cores; i++) {
		unsigned int l3 = i / per_l3, node = l3 / l3s, width = is_hybrid && i % 3 == 2 ? 1 : threads;

		if (width > 1)
			snprintf(list, sizeof(list), "%u-%u", cpu, cpu + 1);
		else
			snprintf(list, sizeof(list), "%u", cpu);
		cpu += width + (fixture_random(seed, 8) == 0);
		fixture_core(inv, list, (int)(node / 2), is_flat ? -1 : (int)l3, (int)node,
			     is_hybrid ? i % 3 != 2 : -1);
		node_count = node + 1;
	}
	for (unsigned int i = 0; i < node_count; i++)
		fixture_node(inv, i, 8 * GIB / node_count);
	return inv;
}

static const char *const kind_lines[] = { "", ", kind: performance", ", kind: efficiency" };

static bool has_two_kinds(const struct hp_inventory *inv)
{
	for (size_t i = 1; i < inv->cores_count; i++) {
		if (inv->cores[i].kind != inv->cores[0].kind)
			return true;
	}
	return false;
}

/* Fills the oracle's wishes and writes the same as a policy. */
static char *random_policy(uint64_t *seed, const struct hp_inventory *inv, struct oracle *o)
{
	unsigned int domains = 1 + fixture_random(seed, 3), base_cores = fixture_random(seed, 3);
	bool is_hybrid = has_two_kinds(inv);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	memset(o, 0, sizeof(*o));
	o->inv = inv;
	o->owners = domains + 1;
	o->wants[domains] = base_cores ? base_cores : 1;
	if (base_cores) {
		o->kind[domains] = is_hybrid ? (int)fixture_random(seed, 3) : 0;
		fprintf(out, "base:\n  cpus: {cores: %u%s}\n", base_cores, kind_lines[o->kind[domains]]);
	}
	fputs("domains:\n", out);
	for (unsigned int i = 0; i < domains; i++) {
		o->wants[i] = 1 + fixture_random(seed, 4);
		o->kind[i] = is_hybrid ? (int)fixture_random(seed, 3) : 0;
		fprintf(out, "  d%u:\n    cpus: {cores: %u%s}\n    memory: 64MiB\n", i, o->wants[i],
			kind_lines[o->kind[i]]);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void owners_of(const struct hp_inventory *inv, const struct hp_assignment *out, unsigned int *owner)
{
	for (size_t i = 0; i < inv->cores_count; i++) {
		owner[i] = (unsigned int)out->domains_count;
		for (size_t j = 0; j < out->domains_count; j++) {
			if (hwloc_bitmap_isincluded(inv->cores[i].cpus, out->domains[j].cpus))
				owner[i] = (unsigned int)j;
		}
	}
}

/* Every core whole, every CPU one owner, every count met. */
static void check_invariants(const struct hp_inventory *inv, const struct hp_assignment *out)
{
	hp_autobitmap all = hwloc_bitmap_dup(out->base_cpus);
	unsigned int cores = 0;

	for (size_t i = 0; i < out->domains_count; i++) {
		assert_false(hwloc_bitmap_intersects(all, out->domains[i].cpus));
		assert_int_equal(hwloc_bitmap_or(all, all, out->domains[i].cpus), 0);
		assert_true(out->domains[i].cores > 0);
		cores = 0;
		for (size_t j = 0; j < inv->cores_count; j++) {
			bool touches = hwloc_bitmap_intersects(inv->cores[j].cpus, out->domains[i].cpus);

			assert_int_equal(touches, hwloc_bitmap_isincluded(inv->cores[j].cpus,
									  out->domains[i].cpus));
			cores += touches;
		}
		assert_int_equal(cores, out->domains[i].cores);
		assert_false(hwloc_bitmap_iszero(out->domains[i].nodes));
	}
	assert_true(hwloc_bitmap_isequal(all, inv->online));
	assert_false(hwloc_bitmap_iszero(out->base_cpus));
}

static void explain(const struct hp_inventory *inv, const char *text, const struct hp_assignment *out)
{
	fprintf(stderr, "%s", text);
	for (size_t i = 0; i < inv->cores_count; i++)
		fprintf(stderr, "core %s package %d node %d l3 %d kind %d\n", fixture_list(inv->cores[i].cpus),
			inv->cores[i].package, inv->cores[i].node, inv->cores[i].l3, inv->cores[i].kind);
	for (size_t i = 0; out && i < out->domains_count; i++)
		fprintf(stderr, "%s: %s\n", out->domains[i].name, fixture_list(out->domains[i].cpus));
}

static void check_against_oracle(const struct hp_inventory *inv, const char *text, struct oracle *o,
				 unsigned int *refused)
{
	hp_autopolicy *policy = fixture_policy(text);
	hp_autoassignment *out = NULL;
	hp_autoerr err = HP_ERR_INIT;
	unsigned int owner[CORES_MAX], terms[TERMS];

	solve(o);
	if (hp_assign(policy, inv, NULL, &out, &err)) {
		++*refused;
		if (o->found)
			explain(inv, text, NULL);
		assert_false(o->found);
		assert_non_null(strstr(err.text, "wants"));
		return;
	}
	if (!o->found)
		explain(inv, text, out);
	assert_true(o->found);
	check_invariants(inv, out);
	for (unsigned int i = 0; i + 1 < o->owners; i++)
		assert_int_equal(out->domains[i].cores, o->wants[i]);
	owners_of(inv, out, owner);
	judge(inv, owner, o->owners - 1, terms);
	if (compare_terms(terms, o->best))
		explain(inv, text, out);
	assert_int_equal(compare_terms(terms, o->best), 0);
	if (o->boot_core_is_base)
		assert_int_equal(owner[0], o->owners - 1);
}

static void small_machines_get_the_best_placement(void **state)
{
	uint64_t seed = 20261122;
	unsigned int refused = 0, runs = 1500;

	(void)state;
	for (unsigned int i = 0; i < runs; i++) {
		hp_autoinventory *inv = random_machine(&seed);
		struct oracle o;
		hp_autofree char *text = random_policy(&seed, inv, &o);

		check_against_oracle(inv, text, &o, &refused);
	}
	/* The mixture must test both answers. */
	assert_in_range(refused, runs / 10, runs * 2 / 3);
}

/* ---- random larger machines: invariants, determinism, exact refusals ---- */

static struct hp_inventory *larger_machine(uint64_t *seed)
{
	struct hp_inventory *inv = fixture_machine(64 * GIB);
	unsigned int nodes = 1 + fixture_random(seed, 4), cpu = 0, l3 = 0;
	bool is_hybrid = fixture_random(seed, 2);
	char list[32];

	for (unsigned int node = 0; node < nodes; node++) {
		for (unsigned int group = 0, groups = 1 + fixture_random(seed, 4); group < groups; group++, l3++) {
			for (unsigned int i = 0, n = 1 + fixture_random(seed, 8); i < n; i++, cpu += 2) {
				snprintf(list, sizeof(list), "%u-%u", cpu, cpu + 1);
				fixture_core(inv, list, (int)node / 2, (int)l3, (int)node,
					     is_hybrid ? (int)fixture_random(seed, 2) : -1);
			}
		}
	}
	for (unsigned int i = 0; i < nodes; i++)
		fixture_node(inv, i, 64 * GIB / nodes);
	return inv;
}

static char *larger_policy(uint64_t *seed, const struct hp_inventory *inv)
{
	unsigned int domains = 1 + fixture_random(seed, 6), base = fixture_random(seed, 4);
	size_t size, listed = inv->cores_count - 1;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (base == 1)
		fprintf(out, "base:\n  cpus: {list: \"%s\"}\n", fixture_list(inv->cores[0].cpus));
	else if (base == 2)
		fprintf(out, "base:\n  cpus: {cores: %u%s}\n", 1 + fixture_random(seed, 4),
			kind_lines[inv->is_hybrid ? fixture_random(seed, 3) : 0]);
	fputs("domains:\n", out);
	for (unsigned int i = 0; i < domains; i++) {
		unsigned int how = fixture_random(seed, 4);

		fprintf(out, "  d%u:\n    memory: 64MiB\n", i);
		if (how == 0)
			fprintf(out, "    cpus: %u%%\n", 1 + fixture_random(seed, 16));
		else if (how == 1 && listed > 0)
			fprintf(out, "    cpus: {list: \"%s\"}\n", fixture_list(inv->cores[listed--].cpus));
		else
			fprintf(out, "    cpus: {cores: %u%s}\n", 1 + fixture_random(seed, 10),
				kind_lines[inv->is_hybrid ? fixture_random(seed, 3) : 0]);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

/* "at most N fit": with N it must be accepted, which also shows that N + 1 was rightly refused or N is exact. */
static void check_refusal(const char *text, const char *words, const struct hp_inventory *inv)
{
	unsigned int line, column, wants, most = 0;
	const char *at = strstr(words, "at most ");
	hp_autofree char *fixed = strdup(text);
	hp_autopolicy *policy = NULL;
	char old[32];
	char *spot;

	assert_int_equal(sscanf(words, "p.yaml:%u:%u: %*s wants %u", &line, &column, &wants), 3);
	if (!at) {
		assert_non_null(strstr(words, "none is left"));
		return;
	}
	assert_int_equal(sscanf(at, "at most %u fit", &most), 1);
	assert_true(most < wants);
	/* Line 1 is apiVersion, which fixture_policy() puts in front. */
	spot = fixed;
	for (unsigned int i = 2; i < line; i++)
		spot = strchr(spot, '\n') + 1;
	snprintf(old, sizeof(old), "cores: %u", wants);
	if (strncmp(strstr(spot, "cpus: "), "cpus: {cores", 12))
		return;		/* a share cannot be rewritten as a number here */
	for (unsigned int n = most; n <= most + 1; n++) {
		hp_autoassignment *out = NULL;
		hp_autoerr err = HP_ERR_INIT;
		char *number = strstr(spot, "cores: ") + 7;
		hp_autofree char *whole = NULL;
		unsigned int at_line = 0;

		assert_true(asprintf(&whole, "%.*s%u%s", (int)(number - fixed), fixed, n,
				     number + strspn(number, "0123456789")) > 0);
		hp_policy_freep(&policy);
		policy = fixture_policy(whole);
		if (hp_assign(policy, inv, NULL, &out, &err))
			assert_int_equal(sscanf(err.text, "p.yaml:%u", &at_line), 1);
		if (n == most)
			assert_true(at_line == 0 || at_line > line);
		else
			assert_int_equal(at_line, line);
	}
}

static void check_same(const struct hp_assignment *a, const struct hp_assignment *b)
{
	for (size_t i = 0; i < a->domains_count; i++) {
		assert_true(hwloc_bitmap_isequal(a->domains[i].cpus, b->domains[i].cpus));
		assert_true(hwloc_bitmap_isequal(a->domains[i].nodes, b->domains[i].nodes));
	}
	assert_true(hwloc_bitmap_isequal(a->base_cpus, b->base_cpus));
}

static void larger_machines_keep_the_invariants(void **state)
{
	uint64_t seed = 7;
	unsigned int refused = 0, runs = 300;

	(void)state;
	for (unsigned int i = 0; i < runs; i++) {
		hp_autoinventory *inv = larger_machine(&seed);
		hp_autofree char *text = larger_policy(&seed, inv);
		hp_autopolicy *policy = fixture_policy(text);
		hp_autoassignment *out = NULL, *again = NULL, *kept = NULL;
		hp_autoerr err = HP_ERR_INIT;

		if (hp_assign(policy, inv, NULL, &out, &err)) {
			check_refusal(text, err.text, inv);
			refused++;
			continue;
		}
		check_invariants(inv, out);
		again = fixture_assign(policy, inv, NULL);
		check_same(out, again);
		kept = fixture_assign(policy, inv, out);
		check_same(out, kept);
	}
	assert_in_range(refused, runs / 20, runs * 3 / 4);
}

/* A resize of one domain leaves every other where it is. */
static void a_resize_moves_nobody_else(void **state)
{
	uint64_t seed = 99;
	unsigned int done = 0;

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		hp_autoinventory *inv = fixture_regular(2, 2, 2 + fixture_random(&seed, 6), 2, 16 * GIB);
		unsigned int a = 1 + fixture_random(&seed, 6), b = 1 + fixture_random(&seed, 6);
		unsigned int c = 1 + fixture_random(&seed, 6);
		hp_autofree char *before = NULL, *after = NULL;
		hp_autopolicy *old = NULL, *new = NULL;
		hp_autoassignment *was = NULL, *is = NULL;

		if (inv->cores_count < 1 + b + (a > c ? a : c))
			continue;
		assert_true(asprintf(&before, "domains:\n  a: {cpus: %u, memory: 1GiB}\n  b: {cpus: %u, memory: "
			"1GiB}\n", a, b) > 0);
		assert_true(asprintf(&after, "domains:\n  a: {cpus: %u, memory: 1GiB}\n  b: {cpus: %u, memory: "
			"1GiB}\n", c, b) > 0);
		old = fixture_policy(before);
		new = fixture_policy(after);
		was = fixture_assign(old, inv, NULL);
		is = fixture_assign(new, inv, was);
		check_invariants(inv, is);
		assert_int_equal(is->domains[0].cores, c);
		assert_true(hwloc_bitmap_isequal(was->domains[1].cpus, is->domains[1].cpus));
		if (c <= a)
			assert_true(hwloc_bitmap_isincluded(is->domains[0].cpus, was->domains[0].cpus));
		else
			assert_true(hwloc_bitmap_isincluded(was->domains[0].cpus, is->domains[0].cpus));
		done++;
	}
	assert_in_range(done, 50, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_machines_get_the_best_placement),
		cmocka_unit_test(larger_machines_keep_the_invariants),
		cmocka_unit_test(a_resize_moves_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
