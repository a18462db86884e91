// SPDX-License-Identifier: GPL-2.0
/* validate.c: partctl validate: is this a policy? */
#include "agent.h"

#include "policy/hp_policy.h"

static void count(char *into, size_t size, size_t n, const char *one)
{
	snprintf(into, size, "%zu %s%s", n, one, n == 1 ? "" : "s");
}

static int report(struct run *run, const char *file, const struct hp_policy *policy, struct hp_err *err)
{
	if (run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object();

		out_add_text(object, "file", file);
		out_add_flag(object, "valid", policy != NULL);
		if (policy) {
			out_add_number(object, "domains", policy->domains_count);
			out_add_number(object, "links", policy->links_count);
		} else {
			out_add_text(object, "error", err->text);
		}
		out_object(run, object);
		return policy ? HP_EXIT_OK : (int)err->exit;
	}
	if (!policy)
		return cli_fail(run, err);
	if (!run->is_quiet) {
		char domains[32], links[32];

		count(domains, sizeof(domains), policy->domains_count, "domain");
		count(links, sizeof(links), policy->links_count, "link");
		printf("%s: valid: %s, %s\n", file, domains, links);
	}
	return HP_EXIT_OK;
}

static int validate_one(struct run *run, const char *file)
{
	hp_autofree char *text = NULL;
	hp_autopolicy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (policy_read(file, &text, &err) == 0)
		hp_policy_parse(file, text, &policy, &err);
	return report(run, file, policy, &err);
}

static int run_validate(struct run *run, int argc, char **argv)
{
	int status, worst = HP_EXIT_OK, first = cli_parse(run, argc, argv, NULL, 0, -1, &status);

	if (first < 0)
		return status;
	if (first == argc)
		return validate_one(run, POLICY_FILE_DEFAULT);
	for (int i = first; i < argc; i++) {
		/* Several answers are several documents. */
		if (run->format == OUT_YAML)
			puts("---");
		status = validate_one(run, argv[i]);
		if (status > worst)
			worst = status;
	}
	return worst;
}

const struct verb verb_validate = {
	.name = "validate",
	.summary = "check a policy file by itself",
	.usage = "[FILE...]",
	.help = "Checks that each FILE (default " POLICY_FILE_DEFAULT "; - is standard input) is a policy:\n"
		"keys, values, names, references. Needs no machine; 'partctl plan' also asks whether it fits this one.\n"
		"Exit status 2 and FILE:LINE:COLUMN messages when it is not.\n\n"
		"Example:\n  partctl validate policy.yaml",
	.run = run_validate,
};
