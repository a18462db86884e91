/* SPDX-License-Identifier: GPL-2.0 */
/* agent.h: changes go through partd when it runs, and are made in this process when it does not. */
#ifndef PARTCTL_AGENT_H
#define PARTCTL_AGENT_H

#include <stddef.h>
#include "partctl.h"

#define POLICY_FILE_DEFAULT "/etc/hostpart/policy.yaml"

/* The policy named by an operand ("-" = standard input, NULL = the default file). Caller frees *text. */
int policy_read(const char *file, char **text, struct hp_err *err);
/* The name that messages use for it: absolute, so that partd and later runs know the same file. Caller frees. */
char *policy_name(const char *file);

enum change { CHANGE_APPLY, CHANGE_CONFIRM, CHANGE_ROLLBACK, CHANGE_TEARDOWN };

struct change_request {
	enum change what;
	const char *policy_file, *policy_text;	/* apply */
	unsigned int confirm_seconds;		/* apply */
};

/*
 * Makes a change and shows progress on a terminal. *changed = steps made.
 * With --local while partd runs: refused, as partd is the only writer.
 */
int change_make(struct run *run, const struct change_request *request, size_t *changed, struct hp_err *err);

#endif
