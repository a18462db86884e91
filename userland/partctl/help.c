// SPDX-License-Identifier: GPL-2.0
/* help.c: partctl help [VERB]. */
#include "partctl.h"

void help_list_verbs(FILE *out)
{
	fprintf(out, "usage: partctl VERB [OPTIONS] ...\n\n"
		"Cuts this machine into hard host domains as a policy says, proves it, and undoes it.\n\nVerbs:\n");
	for (size_t i = 0; verbs[i]; i++)
		fprintf(out, "  %-11s %s\n", verbs[i]->name, verbs[i]->summary);
	fprintf(out, "\n'partctl VERB --help' explains one, with an example. The policy format: man hostpart-policy.\n");
}

static int run_help(struct run *run, int argc, char **argv)
{
	int status, first = cli_parse(run, argc, argv, NULL, 0, 1, &status);

	if (first < 0)
		return status;
	if (first < argc) {
		const struct verb *verb = verb_find(argv[first]);

		if (!verb)
			return verb_unknown(argv[first]);
		/* The verb prints its own help, as only it knows its options. */
		run->verb = verb;
		return verb->run(run, 2, (char *[]){ argv[first], (char[]){ "--help" }, NULL });
	}
	help_list_verbs(stdout);
	return HP_EXIT_OK;
}

const struct verb verb_help = {
	.name = "help",
	.summary = "list the verbs, or explain one",
	.usage = "[VERB]",
	.help = "Lists the verbs, or prints the help of one.\n\n"
		"Example:\n  partctl help apply",
	.run = run_help,
};
