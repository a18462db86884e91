// SPDX-License-Identifier: GPL-2.0
/* main.c: partctl finds the verb and lets it run. */
#include "partctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "apply/hp_engine.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

const struct verb *const verbs[] = {
	&verb_inventory, &verb_validate, &verb_plan, &verb_diff, &verb_compile, &verb_apply, &verb_confirm, &verb_rollback,
	&verb_status, &verb_exec, &verb_shell, &verb_boot, &verb_stop, &verb_reboot, &verb_console, &verb_login,
	&verb_devices, &verb_verify, &verb_events, &verb_contention, &verb_trace, &verb_top,
	&verb_reclaim, &verb_seal, &verb_teardown, &verb_lruk_sim, &verb_lruk_gen, &verb_completion, &verb_help,
	NULL,
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

int verb_unknown(const char *name)
{
	const char *names[hp_array_size(verbs)];
	size_t i;

	for (i = 0; verbs[i]; i++)
		names[i] = verbs[i]->name;
	names[i] = NULL;
	fprintf(stderr, "partctl: unknown verb '%s'%s\n  'partctl help' lists the verbs\n", name,
		hp_did_you_mean(hp_word_nearest(name, names)).text);
	return HP_EXIT_USAGE;
}

/* The verb is the first word that is not a global option, so that "partctl -o json status" works too. */
static int verb_position(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return i;
		if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0 || strcmp(argv[i], "--root") == 0)
			i++;
	}
	return 0;
}

/*
 * A descriptor that the caller closed would be taken by the next file opened,
 * and output would go into it. In its place, one that refuses like a closed one.
 */
static void keep_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

static int run_verb(struct run *run, int argc, char **argv)
{
	hp_engine_ctx_init(&run->ctx);
	return run->verb->run(run, argc, argv);
}

/* No verb was given: help or the version when asked for, else what is wrong. */
static int run_without_verb(struct run *run, int argc, char **argv)
{
	const char *unknown = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("partctl %s\n", HP_VERSION);
			return HP_EXIT_OK;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			run->verb = &verb_help;
			return run_verb(run, 1, (char *[]){ (char[]){ "help" }, NULL });
		}
		unknown = unknown ? unknown : argv[i];
	}
	if (!unknown) {
		help_list_verbs(stderr);
		return HP_EXIT_USAGE;
	}
	fprintf(stderr, "partctl: a verb is missing beside %s\n  'partctl help' lists the verbs\n", unknown);
	return HP_EXIT_USAGE;
}

/* Makes argv = { verb, options before it..., rest... } in place. */
static void verb_to_front(char **argv, int position)
{
	char *name = argv[position];

	memmove(argv + 2, argv + 1, (size_t)(position - 1) * sizeof(*argv));
	argv[1] = name;
}

/* Output that did not arrive is a failure, however the verb went. */
static int finish_output(int status)
{
	bool had_failed = ferror(stdout);

	if ((fflush(stdout) == 0 && !had_failed) || status != HP_EXIT_OK)
		return status;
	/* errno belongs to the write that failed only when this was the first. */
	fprintf(stderr, "partctl: cannot write the output%s%s\n", had_failed ? "" : ": ", had_failed ? "" : strerror(errno));
	return HP_EXIT_FAIL;
}

int main(int argc, char **argv)
{
	struct run run = { .root_dir = "/" };
	int position, status;

	keep_standard_descriptors();
	hp_log_init("partctl", LOG_NOTICE);
	run.use_colour = wants_colour();
	position = verb_position(argc, argv);
	if (position == 0) {
		status = run_without_verb(&run, argc, argv);
	} else {
		run.verb = verb_find(argv[position]);
		if (!run.verb)
			return verb_unknown(argv[position]);
		verb_to_front(argv, position);
		status = run_verb(&run, argc - 1, argv + 1);
	}
	hp_root_close(run.ctx.root);
	return finish_output(status);
}
