/* SPDX-License-Identifier: GPL-2.0 */
/* txn_scenes.h: wanted settings that look like the planner's, for the transaction tests. */
#ifndef TXN_SCENES_H
#define TXN_SCENES_H

#include "apply/hp_txn.h"

/* One domain: NULL name ends a list. */
struct scene_domain {
	const char *name, *cpus, *port;
};

struct scene {
	const char *top_cpus;
	struct scene_domain domains[9];
	const char *mask, *nft;
};

/* The settings of a scene, in the planner's order; adds to an empty list. */
void scene_settings(const struct scene *scene, struct hp_settings *out);
/* Empties the machine and makes it what a boot leaves: masks, interrupts, ports at home. */
void scene_boot(void);

/* Three states that differ in everything: domains come, go, grow, shrink, exchange; ports move. */
extern const struct scene scene_two, scene_three, scene_swapped;

/* 0 or the error code; texts are freed. */
int scene_apply(const struct scene *scene, unsigned int confirm_seconds, size_t *changed);
int scene_teardown(size_t *changed);
/* RUN/journal exists. */
bool scene_has_journal(void);

#endif
