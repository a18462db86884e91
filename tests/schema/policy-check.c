// SPDX-License-Identifier: GPL-2.0
/* policy-check.c: tells whether the parser takes each policy named on the command line. */
#include <stdio.h>

#include "policy/hp_policy.h"

/* "ok FILE" or "bad FILE" per file, the parser's message behind it; the last line is "end". */
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		hp_autoerr err = HP_ERR_INIT;
		hp_autopolicy *policy = NULL;
		int ret = hp_policy_load(argv[i], &policy, &err);

		printf("%s %s\n", ret ? "bad" : "ok", argv[i]);
		if (ret)
			printf("exit %d\n%s\n", err.exit, err.text ? err.text : "");
	}
	puts("end");
	return 0;
}
