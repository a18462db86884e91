// SPDX-License-Identifier: GPL-2.0
/* exec.c: runs a command or a shell inside a domain. */
#include "partctl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "domain/hp_join.h"
#include "session.h"

/* As with ssh: this status is partctl's own failure, any other one is the command's. */
#define OWN_FAILURE 255
#define VARIABLES_MAX 256

struct exec_options {
	bool wants_tty;
	const char *user, *dir;
	char *variables[VARIABLES_MAX + 1];
	size_t variables_count;
};

static int add_variable(const char *value, void *into, struct hp_err *err)
{
	struct exec_options *options = into;

	if (!strchr(value, '=') || value[0] == '=')
		return hp_err_usage(err, "'%s' is not VARIABLE=VALUE", value);
	if (options->variables_count == VARIABLES_MAX)
		return hp_err_usage(err, "more than %d variables", VARIABLES_MAX);
	options->variables[options->variables_count++] = (char *)value;
	return 0;
}

/*
 * Options may stand before the domain or after it, up to the command; the
 * command's own are left alone. Returns the domain's index and that of what
 * follows it in *rest; -1 with *status set.
 */
static int parse(struct run *run, int argc, char **argv, struct exec_options *options, int max, int *rest,
		 int *status)
{
	const struct option_spec specs[] = {
		{ .name = "tty", .letter = 't', .help = "allocate a terminal inside the domain",
		  .flag = &options->wants_tty },
		{ .name = "user", .letter = 'u', .value = "USER", .help = "run as USER (name or number); root by default",
		  .text = &options->user },
		{ .name = "directory", .letter = 'C', .value = "DIR",
		  .help = "start in DIR instead of the user's home", .text = &options->dir },
		{ .name = "env", .letter = 'e', .value = "VAR=VALUE", .help = "set a variable (repeatable)",
		  .parse = add_variable, .into = options },
		{ 0 },
	};
	int domain = cli_parse(run, argc, argv, specs, 1, -1, status);
	int operand;

	if (domain < 0)
		return -1;
	hp_root_close(run->ctx.root);
	run->ctx.root = NULL;
	operand = cli_parse(run, argc - domain, argv + domain, specs, max == 0 ? 0 : 1, max, status);
	if (operand < 0)
		return -1;
	*rest = domain + operand;
	return domain;
}

static int fail(const struct run *run, const struct hp_err *err)
{
	int status = cli_fail(run, err);

	return status == HP_EXIT_USAGE ? status : OWN_FAILURE;
}

static int join(struct run *run, const struct hp_join *request)
{
	struct hp_joined joined = HP_JOINED_INIT;
	hp_autoerr err = HP_ERR_INIT;
	int status;

	session_prepare();
	if (hp_join_run(request, &joined, &status, &err)) {
		int own = fail(run, &err);

		return status > 0 ? status : own;
	}
	status = session_run(&joined, &err);
	hp_join_finish(&joined);
	return status < 0 ? fail(run, &err) : status;
}

static int run_exec(struct run *run, int argc, char **argv)
{
	struct exec_options options = { 0 };
	struct hp_join request = { .run_dir = run->ctx.run_dir };
	int status, rest, domain = parse(run, argc, argv, &options, -1, &rest, &status);

	if (domain < 0)
		return status == HP_EXIT_FAIL ? OWN_FAILURE : status;
	request.domain = argv[domain];
	request.argv = argv + rest;
	request.user = options.user;
	request.dir = options.dir;
	request.env = options.variables;
	request.wants_tty = options.wants_tty;
	return join(run, &request);
}

static int run_shell(struct run *run, int argc, char **argv)
{
	struct exec_options options = { 0 };
	struct hp_join request = { .run_dir = run->ctx.run_dir };
	int status, rest, domain = parse(run, argc, argv, &options, 0, &rest, &status);

	if (domain < 0)
		return status == HP_EXIT_FAIL ? OWN_FAILURE : status;
	request.domain = argv[domain];
	request.user = options.user;
	request.dir = options.dir;
	request.env = options.variables;
	request.wants_tty = options.wants_tty || isatty(STDIN_FILENO);
	return join(run, &request);
}

const struct verb verb_exec = {
	.name = "exec",
	.summary = "run a command in a domain",
	.usage = "DOMAIN [-t] [-u USER] [-C DIR] [-e VAR=VALUE]... [--] COMMAND [ARGUMENT]...",
	.help = "Runs a command on a domain's processors, memory, network and devices, under its\n"
		"hostname, seeing its processes only. Input, output and errors are this command's own,\n"
		"byte for byte; with -t it gets a terminal inside the domain instead. INT, QUIT and HUP\n"
		"are passed on to its process group, TERM, USR1 and USR2 to itself. The environment is a login's: HOME, USER, LOGNAME,\n"
		"SHELL, PATH and HOSTPART_DOMAIN, with TERM, LANG, LC_* and TZ passed on.\n\n"
		"Exit status: the command's; 128+N when signal N killed it; 127 when it was not found,\n"
		"126 when it could not be executed; 255 when partctl failed (no such domain); 2 bad usage.\n\n"
		"Works without partd.\n\n"
		"Example:\n  partctl exec alpha -- nproc\n  partctl exec -u build -C /srv/src alpha -- make -j4",
	.run = run_exec,
	.needs_root = true,
	.stops_at_operand = true,
};

const struct verb verb_shell = {
	.name = "shell",
	.summary = "open a login shell in a domain",
	.usage = "DOMAIN [-t] [-u USER] [-C DIR] [-e VAR=VALUE]...",
	.help = "Starts the user's login shell in a domain, like \"ssh DOMAIN\" would: on a terminal of\n"
		"the domain when this is one, reading commands from standard input otherwise. Exit\n"
		"status as of exec.\n\n"
		"Example:\n  partctl shell alpha\n  echo hostname | partctl shell -u build alpha",
	.run = run_shell,
	.needs_root = true,
	.stops_at_operand = true,
};
