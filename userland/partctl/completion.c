// SPDX-License-Identifier: GPL-2.0
/* completion.c: partctl completion bash: the shell asks partctl itself what fits. */
#include "partctl.h"

#include <string.h>

/* Between the two halves stands the list of verbs. */
static const char script_head[] =
	"# bash completion for partctl; source it or put it into /etc/bash_completion.d/\n"
	"_partctl()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' words='' operands=0 i\n"
	"\tlocal valued=' -o --output --root -u --user -C --directory -e --env -c --confirm --timeout --last --out --sign --cert --by --for --without --interval --above --resource"
	" --trace --capacity -p --policy -k --k --crp --rip -w --warmup -m --measure"
	" --n1 --n2 --n --alpha --beta --hot --loop --refs --seed '\n"
	"\tlocal verbs='";

static const char script_tail[] =
	"'\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-n) [[ $verb = events ]] && ((i++)) ;;\n"
	"\t\t-t) [[ $verb = lruk-sim ]] && ((i++)) ;;\n"
	"\t\t-*) [[ $valued = *\" ${COMP_WORDS[i]} \"* ]] && ((i++)) ;;\n"
	"\t\t*) if [[ $verb ]]; then ((operands++)); else verb=${COMP_WORDS[i]}; fi ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t# Behind the domain of exec comes another command, with its own options and files.\n"
	"\tif [[ $verb = exec && $operands -gt 1 ]]; then\n"
	"\t\tcompopt -o default 2> /dev/null\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $verb$prev in\n"
	"\tcompile-o|compile--out|compile--sign|compile--cert|lruk-sim-t|lruk-sim--trace)\n"
	"\t\tcompopt -o filenames 2> /dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\treturn ;;\n"
	"\t*-o|*--output) words='table json yaml' ;;\n"
	"\t*--root|*-C|*--directory)\n"
	"\t\tcompopt -o filenames 2> /dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\t\treturn ;;\n"
	"\t*-u|*--user) mapfile -t COMPREPLY < <(compgen -u -- \"$cur\"); return ;;\n"
	"\t*--by) compopt -o nospace 2> /dev/null; words=cgroup: ;;\n"
	"\tcontentioncgroup|contention:|tracecgroup|trace:|topcgroup|top:)\t# the shell takes a colon for a word of its own\n"
	"\t\tcompopt -o filenames 2> /dev/null\n"
	"\t\t[[ $cur = : || -z $cur ]] && cur=/sys/fs/cgroup/\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\t\treturn ;;\n"
	"\t*--without) words='move irq softirq block memory lock network' ;;\n"
	"\ttrace--resource)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -P \"${cur%\"${cur##*,}\"}\" -W 'cpu block memory lock network' -- \"${cur##*,}\")\n"
	"\t\treturn ;;\n"
	"\t*-e|*--env|*-c|*--confirm|*--timeout|*--last|*--for|*--above|*--interval|events-n) return ;;\n"
	"\tlruk-sim-p|lruk-sim--policy)\n"
	"\t\t# A list: what stands before the last comma stays.\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -P \"${cur%\"${cur##*,}\"}\" -W 'lru lru-k lfu 2q arc opt' -- \"${cur##*,}\")\n"
	"\t\treturn ;;\n"
	"\tlruk-*-[kwm]|lruk-*--capacity|lruk-*--k|lruk-*--crp|lruk-*--rip|lruk-*--warmup|lruk-*--measure) return ;;\n"
	"\tlruk-*--n|lruk-*--n[12]|lruk-*--alpha|lruk-*--beta|lruk-*--hot|lruk-*--loop|lruk-*--refs|lruk-*--seed) return ;;\n"
	"\t*)\n"
	"\t\tif [[ $cur = -* ]]; then\n"
	"\t\t\twords=$(partctl \"${verb:-help}\" --help 2> /dev/null |\n"
	"\t\t\t\tgrep -oE '^ +(-[a-zA-Z], |    )--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+')\n"
	"\t\telif [[ -z $verb ]]; then\n"
	"\t\t\twords=$verbs\n"
	"\t\telif [[ $verb = exec && $operands = 1 ]]; then\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	"\t\t\treturn\n"
	"\t\telse\n"
	"\t\t\tcase $verb in\n"
	"\t\t\tvalidate|plan|diff|compile|apply)\n"
	"\t\t\t\tcompopt -o filenames 2> /dev/null\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- \"$cur\"; compgen -d -- \"$cur\")\n"
	"\t\t\t\treturn ;;\n"
	"\t\t\texec|shell|verify|boot|stop|reboot|console|login|devices) words=$(ls /run/hostpart/netns 2> /dev/null) ;;\n"
	"\t\t\treclaim)\n"
	"\t\t\t\tcase $prev in\n"
	"\t\t\t\treclaim) words='status regions explain set' ;;\n"
	"\t\t\t\tstatus|regions|set) words=$(ls /run/hostpart/netns 2> /dev/null) ;;\n"
	"\t\t\t\t*) [[ $operands = 2 ]] && words='off observe on' ;;\n"
	"\t\t\t\tesac ;;\n"
	"\t\t\thelp) words=$verbs ;;\n"
	"\t\t\tlruk-gen) words='two-pool zipf scan' ;;\n"
	"\t\t\tcompletion) words=bash ;;\n"
	"\t\t\tesac\n"
	"\t\tfi ;;\n"
	"\tesac\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"}\n"
	"complete -F _partctl partctl\n";

static void print_bash(void)
{
	fputs(script_head, stdout);
	for (size_t i = 0; verbs[i]; i++)
		printf("%s%s", i ? " " : "", verbs[i]->name);
	fputs(script_tail, stdout);
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
	.help = "Prints a completion script: verbs, options, policy files, domains and their commands.\n\n"
		"Example:\n  partctl completion bash > /etc/bash_completion.d/partctl",
	.run = run_completion,
};
