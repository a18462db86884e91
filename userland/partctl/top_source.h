/* SPDX-License-Identifier: GPL-2.0 */
/* top_source.h: looks at the machine, again and again, for partctl top. */
#ifndef TOP_SOURCE_H
#define TOP_SOURCE_H

#include "contention_subject.h"
#include "top_model.h"

enum { TOP_EVENTS_MAX = 200 };

struct top_source;

/*
 * Of the cgroups in *subject, which is taken over and may be empty: then the
 * domains in force, which may change meanwhile. What cannot be counted here is
 * no error but a note in the model. Close with top_source_close().
 */
int top_source_open(struct run *run, struct contention_subject *subject, struct top_source **out, struct hp_err *err);
void top_source_close(struct top_source *source);
void top_source_closep(struct top_source **source);
#define top_autosource __attribute__((cleanup(top_source_closep))) struct top_source

/* A look; *model is replaced. Rates and waits are those since the look before; the first has none. */
int top_source_look(struct top_source *source, struct top_model *model, struct hp_err *err);

/* The last events of the log, or a note why they cannot be read. */
int top_events_read(struct run *run, struct top_model *model, struct hp_err *err);

#endif
