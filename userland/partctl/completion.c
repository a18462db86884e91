// SPDX-License-Identifier: GPL-2.0
/* completion.c: partctl completion bash: the shell asks partctl itself what fits. */
#include "partctl.h"

#include <string.h>

static void print_bash(void)
{
	printf("# bash completion for partctl; source it or put it into /etc/bash_completion.d/\n"
	       "_partctl()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= i\n"
	       "\tlocal verbs='");
	for (size_t i = 0; verbs[i]; i++)
		printf("%s%s", i ? " " : "", verbs[i]->name);
	printf("'\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\t[[ \" $verbs \" == *\" ${COMP_WORDS[i]} \"* ]] && { verb=${COMP_WORDS[i]}; break; }\n"
	       "\tdone\n"
	       "\tcase $prev in\n"
	       "\t-o|--output) mapfile -t COMPREPLY < <(compgen -W 'table json yaml' -- \"$cur\"); return ;;\n"
	       "\t--root) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;\n"
	       "\tesac\n"
	       "\tif [[ -z $verb ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\")\n"
	       "\telif [[ $cur == -* ]]; then\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(partctl \"$verb\" --help 2>/dev/null |\n"
	       "\t\t\tgrep -oE '^ +(-[a-zA-Z], |    )--[a-z-]+' | grep -oE -- '--[a-z-]+')\" -- \"$cur\")\n"
	       "\telse\n"
	       "\t\tcase $verb in\n"
	       "\t\tvalidate|plan|diff|apply) mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- \"$cur\"; compgen -d -- \"$cur\") ;;\n"
	       "\t\texec|shell|verify) mapfile -t COMPREPLY < <(compgen -W \"$(ls /run/hostpart/netns 2>/dev/null)\" -- \"$cur\") ;;\n"
	       "\t\thelp) mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$cur\") ;;\n"
	       "\t\tcompletion) mapfile -t COMPREPLY < <(compgen -W bash -- \"$cur\") ;;\n"
	       "\t\tesac\n"
	       "\tfi\n"
	       "}\n"
	       "complete -o filenames -F _partctl partctl\n");
}

static int run_completion(struct run *run, int argc, char **argv)
{
	int status, first = cli_parse(run, argc, argv, NULL, 1, 1, &status);

	if (first < 0)
		return status;
	if (strcmp(argv[first], "bash") != 0) {
		fprintf(stderr, "partctl: completion: no completion for '%s'; there is one for bash\n", argv[first]);
		return HP_EXIT_USAGE;
	}
	print_bash();
	return HP_EXIT_OK;
}

const struct verb verb_completion = {
	.name = "completion",
	.summary = "print the completion script of a shell",
	.usage = "bash",
	.help = "Prints a completion script: verbs, options, policy files and domains.\n\n"
		"Example:\n  partctl completion bash > /etc/bash_completion.d/partctl",
	.run = run_completion,
};
