/* SPDX-License-Identifier: GPL-2.0 */
/* selftest.h: what the parts of the self-test share, and its one call from outside. */
#ifndef HP_SELFTEST_H
#define HP_SELFTEST_H

#ifdef HP_SELFTEST
/* 0, or -EBADE when the registry and the oracle differ. Leaves the registry empty. */
int hp_selftest(void);
/* Logs what a lookup costs in a full table, when asked to by a parameter. */
int hp_selftest_bench(void);
#else
static inline int hp_selftest(void)
{
	return 0;
}
#endif

#ifdef HP_SELFTEST
#include <linux/prandom.h>
#include <linux/types.h>

/* One thing to be staged, told to the registry and to the oracle alike. */
enum hp_wish_kind { HP_WISH_DOMAIN, HP_WISH_CPUS, HP_WISH_MEMORY, HP_WISH_PCI };

struct hp_wish_pci {
	u32 kind;			/* by address, by ids, by path */
	u32 value[4];			/* one number each, or the number of a path */
};

struct hp_wish {
	u32 kind;			/* enum hp_wish_kind */
	const char *domain;
	u64 cgroup_id;
	bool is_base;
	u32 range_count;
	u32 ranges[2][2];		/* CPUs, first and last */
	u64 memory_bytes;
	struct hp_wish_pci pci;
};

/* ---- wish.c ---- */

struct hp_table;

void hp_wish_draw(struct rnd_state *rnd, struct hp_wish *wish);
/* Through the same attributes and the same parser that user space uses. */
int hp_wish_stage(const struct hp_wish *wish, struct hp_table *table);
/* The claim in @table that names what @pci names. */
const struct hp_claim *hp_wish_find_pci(const struct hp_table *table,
					const struct hp_wish_pci *pci);
u32 hp_wish_below(struct rnd_state *rnd, u32 limit);

/* ---- oracle.c: the rules once more, as plainly as they can be said ---- */

struct hp_oracle;

struct hp_oracle *hp_oracle_new(void);
void hp_oracle_free(struct hp_oracle *oracle);
/* What staging must return. */
int hp_oracle_judge(const struct hp_oracle *oracle, const struct hp_wish *wish);
/* The same, and a wish that is granted is remembered. */
int hp_oracle_stage(struct hp_oracle *oracle, const struct hp_wish *wish);
/* What committing must return, on this machine, generation aside. */
int hp_oracle_check(const struct hp_oracle *oracle);
/* Whether @table is what the oracle says; logs the first difference. */
bool hp_oracle_agrees(const struct hp_oracle *oracle, const struct hp_table *table);
#endif

#endif
