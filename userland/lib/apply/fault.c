// SPDX-License-Identifier: GPL-2.0
/* fault.c: failures and kills asked for by HOSTPART_FAIL_AT and HOSTPART_KILL_AT. */
#include "apply/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_log.h"

#define BACKENDS_MAX 16

static unsigned long steps, records;
static struct {
	const char *backend;	/* name in its const table, compared by text */
	unsigned long writes;
} per_backend[BACKENDS_MAX];

void hp_fault_reset(void)
{
	steps = 0;
	records = 0;
	memset(per_backend, 0, sizeof(per_backend));
}

/* The number behind "word:" in an environment variable, 0 when it says something else. */
static unsigned long wanted(const char *variable, const char *word)
{
	const char *text = getenv(variable);
	size_t len = strlen(word);

	if (!text || strncmp(text, word, len) || text[len] != ':')
		return 0;
	return strtoul(text + len + 1, NULL, 10);
}

static unsigned long count_write(const char *backend)
{
	for (size_t i = 0; i < BACKENDS_MAX; i++) {
		if (!per_backend[i].backend)
			per_backend[i].backend = backend;
		if (!strcmp(per_backend[i].backend, backend))
			return ++per_backend[i].writes;
	}
	return 0;
}

int hp_fault_write(const char *backend, struct hp_err *err)
{
	unsigned long of_backend = count_write(backend);

	steps++;
	if (steps != wanted("HOSTPART_FAIL_AT", "step") &&
	    (!of_backend || of_backend != wanted("HOSTPART_FAIL_AT", backend)))
		return 0;
	hp_log(LOG_WARNING, "HOSTPART_FAIL_AT=%s: step %lu fails on purpose", getenv("HOSTPART_FAIL_AT"), steps);
	return hp_err_errno(err, EIO, "failed on purpose by HOSTPART_FAIL_AT");
}

void hp_fault_record(void)
{
	records++;
	if (records != wanted("HOSTPART_KILL_AT", "record"))
		return;
	hp_log(LOG_WARNING, "HOSTPART_KILL_AT=%s: killed on purpose", getenv("HOSTPART_KILL_AT"));
	raise(SIGKILL);
}
