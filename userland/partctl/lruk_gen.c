// SPDX-License-Identifier: GPL-2.0
/* lruk_gen.c: partctl lruk-gen: a made-up trace for lruk-sim. */
#include "partctl.h"

#include <string.h>
#include "numbers.h"
#include "reclaim/hp_tracegen.h"

/* The options that say what a trace is like, each for one kind only. */
enum { N1, N2, N, ALPHA, BETA, HOT, LOOP, SHAPES };

static const struct {
	const char *name;
	enum hp_tracegen_kind kind;
} shapes[SHAPES] = {
	[N1] = { "n1", HP_TRACEGEN_TWO_POOL }, [N2] = { "n2", HP_TRACEGEN_TWO_POOL },
	[N] = { "n", HP_TRACEGEN_ZIPF }, [ALPHA] = { "alpha", HP_TRACEGEN_ZIPF }, [BETA] = { "beta", HP_TRACEGEN_ZIPF },
	[HOT] = { "hot", HP_TRACEGEN_SCAN }, [LOOP] = { "loop", HP_TRACEGEN_SCAN },
};

static const char *const kinds[] = {
	[HP_TRACEGEN_TWO_POOL] = "two-pool", [HP_TRACEGEN_ZIPF] = "zipf", [HP_TRACEGEN_SCAN] = "scan", NULL,
};

static int find_kind(const char *word, enum hp_tracegen_kind *kind, struct hp_err *err)
{
	for (int i = 0; kinds[i]; i++)
		if (strcmp(kinds[i], word) == 0) {
			*kind = (enum hp_tracegen_kind)i;
			return 0;
		}
	cli_refuse_word(word, kinds, err);
	return hp_err_wrap(err, "partctl: lruk-gen");
}

static int check_given(enum hp_tracegen_kind kind, const struct number *given, const struct number *refs, struct hp_err *err)
{
	for (int i = 0; i < SHAPES; i++) {
		if (given[i].is_given && shapes[i].kind != kind)
			return hp_err_usage(err, "partctl: lruk-gen: --%s is for %s, not for %s", shapes[i].name,
					    kinds[shapes[i].kind], kinds[kind]);
		if (!given[i].is_given && shapes[i].kind == kind)
			return hp_err_usage(err, "partctl: lruk-gen: %s needs --%s", kinds[kind], shapes[i].name);
	}
	if (!refs->is_given)
		return hp_err_usage(err, "partctl: lruk-gen: --refs is missing");
	return 0;
}

static char *put_decimal(char *end, uint64_t value)
{
	do
		*--end = (char)('0' + value % 10);
	while (value /= 10);
	return end;
}

static int print_trace(const struct hp_tracegen_config *config, uint64_t refs)
{
	struct hp_tracegen gen;
	hp_autoerr err = HP_ERR_INIT;
	char line[24];

	if (hp_tracegen_init(&gen, config, &err) < 0) {
		fprintf(stderr, "partctl: lruk-gen: %s\n", err.text ? err.text : "out of memory");
		return (int)err.exit;
	}
	line[sizeof(line) - 1] = '\n';
	for (uint64_t i = 0; i < refs && !ferror(stdout); i++) {
		char *text = put_decimal(line + sizeof(line) - 1, hp_tracegen_next(&gen));

		fwrite_unlocked(text, 1, (size_t)(line + sizeof(line) - text), stdout);
	}
	return HP_EXIT_OK;
}

static int generate(const struct run *run, const char *word, const struct number *given, const struct number *refs,
		    uint64_t seed)
{
	hp_autoerr err = HP_ERR_INIT;
	struct hp_tracegen_config config = {
		.n1 = given[N1].value, .n2 = given[N2].value, .n = given[N].value,
		.alpha = (uint32_t)given[ALPHA].value, .beta = (uint32_t)given[BETA].value,
		.hot = given[HOT].value, .loop = given[LOOP].value, .seed = seed,
	};

	if (find_kind(word, &config.kind, &err) < 0 || check_given(config.kind, given, refs, &err) < 0)
		return cli_fail(run, &err);
	if (run->format != OUT_TABLE) {
		fprintf(stderr, "partctl: lruk-gen: --output: a trace is text, one page id per line; it has no other form\n");
		return HP_EXIT_USAGE;
	}
	return print_trace(&config, refs->value);
}

static int run_lruk_gen(struct run *run, int argc, char **argv)
{
	struct number given[SHAPES] = { 0 };
	struct number refs = { .min = 1, .max = UINT64_MAX }, seed = { .value = 1, .max = UINT64_MAX };
	const struct option_spec options[] = {
		{ "n1", 0, "PAGES", "two-pool: pages of the small pool", .parse = number_parse, .into = &given[N1] },
		{ "n2", 0, "PAGES", "two-pool: pages of the large pool", .parse = number_parse, .into = &given[N2] },
		{ "alpha", 0, "FRACTION", "zipf: this part of the references ...", .parse = number_fraction_parse, .into = &given[ALPHA] },
		{ "beta", 0, "FRACTION", "zipf: ... goes to this part of the pages", .parse = number_fraction_parse, .into = &given[BETA] },
		{ "n", 0, "PAGES", "zipf: pages", .parse = number_parse, .into = &given[N] },
		{ "hot", 0, "PAGES", "scan: pages that are in use all the time", .parse = number_parse, .into = &given[HOT] },
		{ "loop", 0, "PAGES", "scan: pages that are read in order, over and over", .parse = number_parse, .into = &given[LOOP] },
		{ "refs", 0, "COUNT", "references to make", .parse = number_parse, .into = &refs },
		{ "seed", 0, "NUMBER", "another number makes another trace (default 1)", .parse = number_parse, .into = &seed },
		{ 0 },
	};
	int status, first;

	for (int i = 0; i < SHAPES; i++)
		given[i] = (struct number){ .min = 1, .max = UINT64_MAX };
	first = cli_parse(run, argc, argv, options, 1, 1, &status);
	return first < 0 ? status : generate(run, argv[first], given, &refs, seed.value);
}

const struct verb verb_lruk_gen = {
	.name = "lruk-gen",
	.summary = "make up a trace for lruk-sim",
	.usage = "two-pool|zipf|scan OPTIONS --refs COUNT [--seed NUMBER]",
	.help = "Prints a trace, one page id per line, the same on every machine for the same seed:\n"
		"  two-pool --n1 --n2         in turn a random page of a small pool (0 to n1-1) and of a large one (from n1)\n"
		"  zipf --alpha --beta --n    ALPHA of the references go to the first BETA of the N pages, and so on within\n"
		"  scan --hot --loop          in turn a random hot page (0 to hot-1) and the next page of a loop (from hot)\n\n"
		"Example:\n  partctl lruk-gen two-pool --n1 100 --n2 10000 --refs 4000 --seed 1 |\n"
		"    partctl lruk-sim --trace - --capacity 60,100 --policy lru,lru-k,opt --k 2 --warmup 1000",
	.run = run_lruk_gen,
};
