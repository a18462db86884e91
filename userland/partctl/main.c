// SPDX-License-Identifier: GPL-2.0
/* main.c: partctl finds the verb and lets it run. */
#include "partctl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_log.h"
#include "base/hp_text.h"

const struct verb *const verbs[] = {
	&verb_inventory, &verb_validate, &verb_plan, &verb_diff, &verb_apply, &verb_confirm, &verb_rollback,
	&verb_status, &verb_exec, &verb_shell, &verb_verify, &verb_events, &verb_teardown, &verb_completion, &verb_help,
	NULL,
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int unknown_verb(const char *name)
{
	const char *names[hp_array_size(verbs)];
	const char *near;
	size_t i;

	for (i = 0; verbs[i]; i++)
		names[i] = verbs[i]->name;
	names[i] = NULL;
	near = hp_word_nearest(name, names);
	fprintf(stderr, "partctl: unknown verb '%s'", name);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fprintf(stderr, "\n  'partctl help' lists the verbs\n");
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

/* Makes argv = { verb, options before it..., rest... } in place. */
static void verb_to_front(char **argv, int position)
{
	char *name = argv[position];

	memmove(argv + 2, argv + 1, (size_t)(position - 1) * sizeof(*argv));
	argv[1] = name;
}

static int run_verb(struct run *run, int argc, char **argv)
{
	const char *libexec = getenv("HOSTPART_LIBEXEC");

	run->ctx.run_dir = "/run/hostpart";
	run->ctx.lib_dir = "/var/lib/hostpart";
	run->ctx.libexec_dir = libexec ? libexec : HP_LIBEXECDIR;
	run->ctx.bpffs_dir = "/sys/fs/bpf/hostpart";
	return run->verb->run(run, argc, argv);
}

int main(int argc, char **argv)
{
	struct run run = { .root_dir = "/" };
	int position, status;

	hp_log_init("partctl", LOG_NOTICE);
	run.use_colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	position = verb_position(argc, argv);
	if (position == 0) {
		for (int i = 1; i < argc; i++)
			if (strcmp(argv[i], "--version") == 0) {
				printf("partctl %s\n", HP_VERSION);
				return HP_EXIT_OK;
			}
		run.verb = &verb_help;
		status = run_verb(&run, 1, (char *[]){ "help", NULL });
		return argc > 1 && strcmp(argv[1], "--help") == 0 ? status : HP_EXIT_USAGE;
	}
	run.verb = verb_find(argv[position]);
	if (!run.verb)
		return unknown_verb(argv[position]);
	verb_to_front(argv, position);
	status = run_verb(&run, argc - 1, argv + 1);
	hp_root_close(run.ctx.root);
	if (fflush(stdout) != 0 && status == HP_EXIT_OK) {
		fprintf(stderr, "partctl: cannot write the output: %m\n");
		return HP_EXIT_FAIL;
	}
	return status;
}
