/* SPDX-License-Identifier: GPL-2.0 */
/* hp_tuner.h: the reclaim tuner of one domain: a thread that looks, decides and frees. */
#ifndef HP_TUNER_H
#define HP_TUNER_H

#include <json-c/json.h>
#include "base/hp_root.h"
#include "policy/hp_policy.h"
#include "reclaim/hp_damon.h"
#include "reclaim/hp_tuner_numbers.h"

struct hp_tuner;

struct hp_tuner_config {
	struct hp_root *root;		/* the live machine; outlives the tuner, as `damon` does */
	const char *domain, *cgroup;	/* "alpha", "hostpart/alpha"; copied */
	struct hp_reclaim_spec spec;
	struct hp_damon *damon;
	unsigned int slot;		/* its kdamond */
};

/* Starts the thread, which sleeps while the mode is off. The caller stops it. */
int hp_tuner_start(const struct hp_tuner_config *config, struct hp_tuner **tuner, struct hp_err *err);
/* Waits for what the thread is doing: one chunk at most. Its kdamond is off then. */
void hp_tuner_stop(struct hp_tuner *tuner);

const char *hp_tuner_domain(const struct hp_tuner *tuner);
/* Takes effect at once. What was learnt is kept. */
void hp_tuner_set_mode(struct hp_tuner *tuner, enum hp_reclaim_mode mode);
enum hp_reclaim_mode hp_tuner_mode(struct hp_tuner *tuner);

/* Any thread may ask; never waits for what the tuner is doing to the domain's memory. */
void hp_tuner_numbers_read(struct hp_tuner *tuner, struct hp_tuner_numbers *numbers);
/* Any thread may ask; the caller puts the object. Keys: see partctl(1), "partctl reclaim". */
struct json_object *hp_tuner_status(struct hp_tuner *tuner);
struct json_object *hp_tuner_regions(struct hp_tuner *tuner);
/*
 * Why the regions of a process are ranked as they are, or the one that holds
 * an address. *answer stays NULL when the process is not watched by this tuner.
 * -ENOENT: it is, but no region holds the address.
 */
int hp_tuner_explain(struct hp_tuner *tuner, pid_t pid, const uint64_t *address, struct json_object **answer,
		     struct hp_err *err);

#endif
