/* SPDX-License-Identifier: GPL-2.0 */
/* module_phrase.h: the module's events in the log's words. */
#ifndef PARTD_MODULE_PHRASE_H
#define PARTD_MODULE_PHRASE_H

#include <stdbool.h>
#include "ctl/hp_events.h"
#include "kernel/hp_kernel.h"

/* Holds the texts that a phrased event borrows. */
struct module_phrase {
	char what[192], found[160], done[96];
};

/*
 * Fills in all of *told but the actor, from *event and *phrase, which must
 * outlive it. False: nothing to log, the event is a change of the registry or
 * the outcome of one.
 */
bool module_phrase(const struct hp_kernel_event *event, struct module_phrase *phrase, struct hp_event *told);

#endif
