// SPDX-License-Identifier: GPL-2.0
/* cli.c: options of the verbs, over getopt_long, with help made from the same table. */
#include "partctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_text.h"

enum { OPTIONS_MAX = 24, FIRST_CODE = 256 };

struct global {
	const char *format;
	bool help, version;
};

static const char *const format_words[] = { "table", "json", "yaml", NULL };

static size_t count_specs(const struct option_spec *options)
{
	size_t n = 0;

	while (options && options[n].name)
		n++;
	return n;
}

static bool has_letter(const struct option_spec *options, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++)
		if (options[i].letter == letter)
			return true;
	return false;
}

/* The verb's own options followed by the global ones; returns how many. */
static size_t gather(struct run *run, struct global *global, const struct option_spec *own,
		     struct option_spec *all)
{
	const struct option_spec shared[] = {
		{ "output", 'o', "FORMAT", "table (default), json or yaml", NULL, &global->format, NULL, NULL },
		{ "root", 0, "DIR", "read a recorded machine below DIR instead of this one", NULL, &run->root_dir, NULL, NULL },
		{ "local", 0, NULL, "work in this process even when asking partd would do", &run->is_local, NULL, NULL, NULL },
		{ "quiet", 'q', NULL, "print nothing but errors and what was asked for", &run->is_quiet, NULL, NULL, NULL },
		{ "help", 'h', NULL, "show this help", &global->help, NULL, NULL, NULL },
		{ "version", 0, NULL, "show the version", &global->version, NULL, NULL, NULL },
	};
	size_t n = count_specs(own);

	if (n + hp_array_size(shared) > OPTIONS_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		all[i] = own[i];
	for (size_t i = 0; i < hp_array_size(shared); i++) {
		all[n + i] = shared[i];
		/* A verb may want a letter for itself (compile -o FILE). */
		if (shared[i].letter && has_letter(own, n, shared[i].letter))
			all[n + i].letter = 0;
	}
	return n + hp_array_size(shared);
}

static void build_getopt(const struct option_spec *specs, size_t count, bool stops, struct option *longs,
			 char *shorts)
{
	*shorts++ = stops ? '+' : '-';
	*shorts++ = ':';
	for (size_t i = 0; i < count; i++) {
		longs[i] = (struct option){ specs[i].name, specs[i].value ? required_argument : no_argument,
					    NULL, FIRST_CODE + (int)i };
		if (specs[i].letter) {
			*shorts++ = specs[i].letter;
			if (specs[i].value)
				*shorts++ = ':';
		}
	}
	longs[count] = (struct option){ 0 };
	*shorts = '\0';
}

static const struct option_spec *spec_of(const struct option_spec *specs, size_t count, int code)
{
	if (code >= FIRST_CODE)
		return &specs[code - FIRST_CODE];
	for (size_t i = 0; i < count; i++)
		if (specs[i].letter == code)
			return &specs[i];
	return NULL;
}

static int store(const struct option_spec *spec, const char *value, struct hp_err *err)
{
	if (spec->flag)
		*spec->flag = true;
	else if (spec->parse)
		return spec->parse(value, spec->into, err);
	else
		*spec->text = value;
	return 0;
}

/* What the user wrote: getopt has stepped past a long option, but may stand inside a cluster of letters. */
static void option_word(char *const argv[], char *word, size_t size)
{
	if (optopt > 0 && optopt < FIRST_CODE)
		snprintf(word, size, "-%c", optopt);
	else
		snprintf(word, size, "%.*s", (int)strcspn(argv[optind - 1], "="), argv[optind - 1]);
}

static void complain(const struct run *run, int code, char *const argv[], const struct option_spec *specs, size_t count)
{
	const char *names[OPTIONS_MAX + 1];
	const char *near;
	char word[64];

	option_word(argv, word, sizeof(word));
	if (code == ':' || optopt >= FIRST_CODE) {
		fprintf(stderr, "partctl: %s: option '%s' %s\n", run->verb->name, word,
			code == ':' ? "needs a value" : "takes no value");
		return;
	}

	for (size_t i = 0; i < count; i++)
		names[i] = specs[i].name;
	names[count] = NULL;
	fprintf(stderr, "partctl: %s: unknown option '%s'", run->verb->name, word);
	near = strncmp(word, "--", 2) == 0 ? hp_word_nearest(word + 2, names) : NULL;
	if (near)
		fprintf(stderr, "; did you mean '--%s'?", near);
	fprintf(stderr, "\n  'partctl %s --help' lists them\n", run->verb->name);
}

/* Walks argv; operands are moved to its end, in order. Returns the index of the first one or -1. */
static int walk(struct run *run, int argc, char **argv, const struct option_spec *specs, size_t count)
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	hp_autofree char **operands = calloc((size_t)argc + 1, sizeof(*operands));
	int code, operands_count = 0;

	if (!operands)
		return -1;
	build_getopt(specs, count, run->verb->stops_at_operand, longs, shorts);
	opterr = 0;
	optind = 1;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_spec *spec;
		hp_autoerr err = HP_ERR_INIT;

		if (code == 1) {
			operands[operands_count++] = optarg;
			continue;
		}
		if (code == '?' || code == ':') {
			complain(run, code, argv, specs, count);
			return -1;
		}
		spec = spec_of(specs, count, code);
		if (store(spec, optarg, &err) < 0) {
			fprintf(stderr, "partctl: %s: --%s: %s\n", run->verb->name, spec->name, err.text);
			return -1;
		}
	}
	while (optind < argc)
		operands[operands_count++] = argv[optind++];
	memcpy(argv + argc - operands_count, operands, (size_t)operands_count * sizeof(*operands));
	return argc - operands_count;
}

int cli_refuse_word(const char *word, const char *const *words, struct hp_err *err)
{
	hp_autofree char *all = hp_words_join(words);

	return hp_err_usage(err, "'%s' is not %s%s", word, all ? all : "a word that is known here",
			    hp_did_you_mean(hp_word_nearest(word, words)).text);
}

static bool take_format(struct run *run, const char *word)
{
	hp_autoerr err = HP_ERR_INIT;

	for (int i = 0; word && format_words[i]; i++)
		if (strcmp(word, format_words[i]) == 0) {
			run->format = (enum out_format)i;
			return true;
		}
	if (!word)
		return true;
	cli_refuse_word(word, format_words, &err);
	fprintf(stderr, "partctl: %s: --output: %s\n", run->verb->name, err.text);
	return false;
}

static bool check_operands(const struct run *run, int have, int min, int max)
{
	if (have >= min && (max < 0 || have <= max))
		return true;
	fprintf(stderr, "partctl: %s: %s\n  usage: partctl %s %s\n", run->verb->name,
		have < min ? "an operand is missing" : "too many operands", run->verb->name, run->verb->usage);
	return false;
}

static bool open_root(struct run *run)
{
	hp_autoerr err = HP_ERR_INIT;

	if (run->verb->needs_root && geteuid() != 0) {
		fprintf(stderr, "partctl: %s: only root may do this; try sudo\n", run->verb->name);
		return false;
	}
	run->ctx.root = hp_root_open(run->root_dir, &err);
	if (!run->ctx.root)
		cli_fail(run, &err);
	return run->ctx.root;
}

int cli_parse(struct run *run, int argc, char **argv, const struct option_spec *options, int min, int max,
	      int *status)
{
	struct option_spec all[OPTIONS_MAX];
	struct global global = { 0 };
	size_t count = gather(run, &global, options, all);
	int first = walk(run, argc, argv, all, count);

	*status = HP_EXIT_USAGE;
	if (first < 0)
		return -1;
	if (global.help || global.version) {
		if (global.help)
			cli_help(run->verb, options, stdout);
		else
			printf("partctl %s\n", HP_VERSION);
		*status = HP_EXIT_OK;
		return -1;
	}
	if (!take_format(run, global.format) || !check_operands(run, argc - first, min, max))
		return -1;
	if (!open_root(run)) {
		*status = HP_EXIT_FAIL;
		return -1;
	}
	return first;
}

static void print_option(const struct option_spec *spec, FILE *out)
{
	char left[64];

	if (spec->letter)
		snprintf(left, sizeof(left), "-%c, --%s%s%s", spec->letter, spec->name, spec->value ? " " : "",
			 spec->value ? spec->value : "");
	else
		snprintf(left, sizeof(left), "    --%s%s%s", spec->name, spec->value ? " " : "",
			 spec->value ? spec->value : "");
	fprintf(out, "  %-26s %s\n", left, spec->help);
}

void cli_help(const struct verb *verb, const struct option_spec *options, FILE *out)
{
	struct option_spec all[OPTIONS_MAX];
	struct global global = { 0 };
	struct run unused = { 0 };
	size_t count = gather(&unused, &global, options, all);

	fprintf(out, "usage: partctl %s %s\n\n%s\n\nOptions:\n", verb->name, verb->usage, verb->help);
	for (size_t i = 0; i < count; i++)
		print_option(&all[i], out);
}

int cli_fail(const struct run *run, const struct hp_err *err)
{
	/* A policy error starts with FILE:LINE:COLUMN so that editors can jump to it: keep it in front. */
	if (err->exit == HP_EXIT_USAGE)
		fprintf(stderr, "%s\n", err->text ? err->text : "out of memory");
	else
		fprintf(stderr, "partctl: %s: %s\n", run->verb->name, err->text ? err->text : "out of memory");
	return (int)err->exit;
}

int cli_refuse_recorded(const struct run *run, struct hp_err *err)
{
	if (hp_root_is_live(run->ctx.root))
		return 0;
	return hp_err_usage(err, "partctl: %s: only the live machine can be watched, not a recorded one", run->verb->name);
}

int cli_parse_seconds(const char *value, void *into, struct hp_err *err)
{
	unsigned int *seconds = into;
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (*end == 'm' && end[1] == '\0' && n <= 60)
		n *= 60;
	else if (!(*end == '\0' || (*end == 's' && end[1] == '\0')))
		n = 0;
	if (end == value || errno || *value == '-' || n < 1 || n > 3600)
		return hp_err_usage(err, "'%s' is not a time from 1s to 60m, such as 60, 60s or 5m", value);
	*seconds = (unsigned int)n;
	return 0;
}
