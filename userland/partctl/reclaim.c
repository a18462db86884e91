// SPDX-License-Identifier: GPL-2.0
/* reclaim.c: partctl reclaim: asks partd's reclaim tuners, and sets their modes. */
#include "reclaim_print.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_text.h"
#include "ctl/hp_ctl.h"
#include "policy/hp_policy.h"

enum question { ASK_STATUS, ASK_REGIONS, ASK_EXPLAIN, ASK_SET };

static const struct {
	const char *request;
	int min, max;		/* operands behind the word */
} questions[] = {
	[ASK_STATUS] = { "status", 0, 1 },  [ASK_REGIONS] = { "regions", 0, 1 }, [ASK_EXPLAIN] = { "explain", 1, 1 },
	[ASK_SET] = { "set", 2, 2 },
};
static const char *const question_words[] = { "status", "regions", "explain", "set", NULL };

static int word_of(const char *what, const char *word, const char *const *words, unsigned int *found, struct hp_err *err)
{
	hp_autofree char *all = hp_words_join(words);

	for (*found = 0; words[*found]; (*found)++)
		if (strcmp(words[*found], word) == 0)
			return 0;
	return hp_err_usage(err, "partctl: reclaim: %s'%s' is not %s%s", what, word, all ? all : "known",
			    hp_did_you_mean(hp_word_nearest(word, words)).text);
}

/* "1234" or "1234:0x7f0000000000" */
static int add_place(struct json_object *request, const char *text, struct hp_err *err)
{
	char *end = NULL;
	long pid = strtol(text, &end, 10);
	const char *colon = end;
	uint64_t address;

	if (end == text || pid < 1 || pid > INT_MAX || (*colon && *colon != ':') || *text == '+' || *text == ' ')
		return hp_err_usage(err, "partctl: reclaim: '%s' is not PID or PID:ADDRESS, such as 1234 or 1234:0x7f12a4000000", text);
	json_object_object_add(request, "pid", json_object_new_int((int)pid));
	if (!*colon)
		return 0;
	errno = 0;
	address = strtoull(colon + 1, &end, 16);
	if (end == colon + 1 || *end || errno || strchr("+- ", colon[1]))
		return hp_err_usage(err, "partctl: reclaim: '%s' is not an address in hexadecimal digits, such as 0x7f12a4000000",
				    colon + 1);
	json_object_object_add(request, "address", json_object_new_uint64(address));
	return 0;
}

static int add_operands(struct json_object *request, enum question what, char **operands, int count, struct hp_err *err)
{
	unsigned int mode;
	int ret;

	if (what == ASK_EXPLAIN)
		return add_place(request, operands[0], err);
	if (count)
		json_object_object_add(request, "domain", json_object_new_string(operands[0]));
	if (what != ASK_SET)
		return 0;
	ret = word_of("mode ", operands[1], hp_reclaim_mode_words, &mode, err);
	if (ret == 0)
		json_object_object_add(request, "mode", json_object_new_string(operands[1]));
	return ret;
}

static void show(const struct run *run, enum question what, struct json_object *answer)
{
	struct json_object *field;

	if (run->format != OUT_TABLE) {
		out_object(run, json_object_get(answer));
	} else if (what == ASK_STATUS) {
		reclaim_print_status(run, answer);
	} else if (what == ASK_REGIONS) {
		reclaim_print_regions(run, answer);
	} else if (what == ASK_EXPLAIN) {
		reclaim_print_explain(run, answer);
	} else if (!run->is_quiet && json_object_object_get_ex(answer, "was", &field)) {
		struct json_object *domain, *mode;

		json_object_object_get_ex(answer, "domain", &domain);
		json_object_object_get_ex(answer, "mode", &mode);
		printf("%s: %s (was %s), until the policy changes\n", json_object_get_string(domain),
		       json_object_get_string(mode), json_object_get_string(field));
	}
}

static int ask(struct run *run, enum question what, struct json_object *request, struct hp_err *err)
{
	struct json_object *answer = NULL;
	int ret = hp_ctl_call(&run->ctx, request, NULL, NULL, &answer, err);

	if (ret == -ENOTCONN) {
		hp_err_set(err, ENOTCONN, "partd does not run, and it is partd that frees memory");
		hp_err_hint(err, "'systemctl start partd' starts it");
	}
	if (ret == 0)
		show(run, what, answer);
	json_object_put(answer);
	return ret;
}

static int run_reclaim(struct run *run, int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	struct json_object *request;
	int status, first = cli_parse(run, argc, argv, NULL, 0, 3, &status);
	unsigned int what = ASK_STATUS;
	int count;

	if (first < 0)
		return status;
	count = argc - first;
	if (count && word_of("", argv[first], question_words, &what, &err) < 0)
		return cli_fail(run, &err);
	count -= count > 0;
	if (count < questions[what].min || count > questions[what].max) {
		fprintf(stderr, "partctl: reclaim: %s\n  usage: partctl reclaim %s\n",
			count < questions[what].min ? "an operand is missing" : "too many operands", run->verb->usage);
		return HP_EXIT_USAGE;
	}
	request = json_object_new_object();
	json_object_object_add(request, "verb", json_object_new_string("reclaim"));
	json_object_object_add(request, "what", json_object_new_string(questions[what].request));
	if (add_operands(request, what, argv + first + 1, count, &err) < 0) {
		json_object_put(request);
		return cli_fail(run, &err);
	}
	return ask(run, what, request, &err) < 0 ? cli_fail(run, &err) : HP_EXIT_OK;
}

const struct verb verb_reclaim = {
	.name = "reclaim",
	.summary = "which memory is used, what was freed, and why",
	.usage = "[status|regions [DOMAIN] | explain PID[:ADDRESS] | set DOMAIN off|observe|on]",
	.help = "Shows what partd's reclaim tuners know and do: the working set by how far back its K-th use lies,\n"
		"what was freed and what of it came back, the pressure, and what looking costs.\n\n"
		"status (default)  a line for each domain, and its working set\n"
		"regions           a picture of hot and cold memory, process by process\n"
		"explain           why the memory of a process is ranked as it is\n"
		"set               the mode of a domain, until its policy changes\n\n"
		"Example:\n  partctl reclaim set alpha observe",
	.run = run_reclaim,
	.needs_root = true,
};
