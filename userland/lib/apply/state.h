/* SPDX-License-Identifier: GPL-2.0 */
/* state.h: making and storing states, for the transaction engine only. */
#ifndef HP_APPLY_STATE_H
#define HP_APPLY_STATE_H

#include "apply/hp_txn.h"

/* An empty state with a fresh id; NULL when out of memory. */
struct hp_state *hp_state_new(void);
/* Appends a copy of the setting; NULL when out of memory. */
struct hp_applied *hp_state_add(struct hp_state *state, const struct hp_setting *setting, const char *original);
struct hp_applied *hp_state_find(const struct hp_state *state, const struct hp_setting *setting);
/* Moves or drops what rollback returns to: keeps one level. */
void hp_state_set_previous(struct hp_state *state, struct hp_state *previous);
/* The settings of a state (texts borrowed from it); free only ->items. */
int hp_state_settings(const struct hp_state *state, struct hp_settings *out);

/* RUN/state.json whole: temporary file, fsync, rename. */
int hp_state_save(const struct hp_ctx *ctx, const struct hp_state *state, struct hp_err *err);
/* Like hp_state_load(), but an empty state (a teardown's commit point) is returned as it is. */
int hp_state_load_raw(const struct hp_ctx *ctx, struct hp_state **state, struct hp_err *err);
int hp_state_remove(const struct hp_ctx *ctx, struct hp_err *err);

#endif
