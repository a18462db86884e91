/* SPDX-License-Identifier: GPL-2.0 */
/* partctl.h: what every verb of the command line shares: its run, options, output. */
#ifndef PARTCTL_H
#define PARTCTL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "base/hp_err.h"

enum out_format { OUT_TABLE, OUT_JSON, OUT_YAML };

/* One run of partctl. */
struct run {
	const struct verb *verb;
	enum out_format format;
	bool is_local;		/* --local: never ask partd */
	bool use_colour;	/* standard output is a terminal and NO_COLOR is unset */
	bool is_quiet;		/* -q: only errors */
	const char *root_dir;	/* --root DIR, "/" by default */
	struct hp_ctx ctx;	/* ctx.root opened by main */
};

/* An option of a verb. Exactly one of flag, text, number is set. */
struct option_spec {
	const char *name;	/* long name without dashes */
	char letter;		/* 0 = none */
	const char *value;	/* "SECONDS", NULL for a flag */
	const char *help;
	bool *flag;
	const char **text;
	int (*parse)(const char *value, void *into, struct hp_err *err);	/* with `into`, instead of text */
	void *into;
};

/*
 * A verb. run() returns the exit status (enum hp_exit, or a command's own for
 * exec). It parses its own options with cli_parse() first.
 */
struct verb {
	const char *name, *summary;
	const char *usage;	/* after "partctl NAME " */
	const char *help;	/* paragraphs, with "Example:" */
	int (*run)(struct run *run, int argc, char **argv);
	bool needs_root;
	bool stops_at_operand;	/* exec: options end at the first operand */
};

/* Each verb is defined in the file of its name and listed in main.c. */
extern const struct verb verb_inventory, verb_validate, verb_plan, verb_diff, verb_compile, verb_apply, verb_confirm,
	verb_rollback, verb_seal, verb_status, verb_exec, verb_shell, verb_boot, verb_stop,
	verb_reboot, verb_console, verb_login, verb_devices, verb_verify, verb_events, verb_contention,
	verb_trace, verb_top, verb_reclaim, verb_teardown, verb_lruk_sim, verb_lruk_gen, verb_completion, verb_help;
extern const struct verb *const verbs[];	/* NULL-terminated */
const struct verb *verb_find(const char *name);
void help_list_verbs(FILE *out);
/* Says that there is no such verb, with the nearest; returns the exit status. */
int verb_unknown(const char *name);

/*
 * Parses argv (argv[0] = verb name) with the verb's options plus the global
 * ones (-o, --root, --local, -q, --help, --version) in any position. Returns the index of
 * the first operand, or -1 when the verb should return *status at once (help
 * printed, or bad usage reported with the nearest option). min/max bound the
 * number of operands; max -1 = any.
 */
int cli_parse(struct run *run, int argc, char **argv, const struct option_spec *options, int min, int max,
	      int *status);
void cli_help(const struct verb *verb, const struct option_spec *options, FILE *out);
/* Prints "partctl: VERB: text" to stderr, returns err->exit. */
int cli_fail(const struct run *run, const struct hp_err *err);
/* "'WORD' is not a, b or c; did you mean 'b'?" for a word that is not in the NULL-terminated list; bad usage. */
int cli_refuse_word(const char *word, const char *const *words, struct hp_err *err);
/* Parses "60", "60s", "5m" into unsigned int seconds. */
int cli_parse_seconds(const char *value, void *into, struct hp_err *err);
/* Bad usage with --root: what goes on cannot be watched in what was recorded. */
int cli_refuse_recorded(const struct run *run, struct hp_err *err);

/* Prints json or yaml as run->format says (puts the object); only for OUT_JSON and OUT_YAML. */
void out_object(const struct run *run, struct json_object *object);

/* Fields of an object. Text may be NULL, which is null. */
void out_add_number(struct json_object *object, const char *key, uint64_t number);
void out_add_text(struct json_object *object, const char *key, const char *text);
void out_add_real(struct json_object *object, const char *key, double number);
void out_add_flag(struct json_object *object, const char *key, bool is_set);

/* Three digits and a unit: "1.20 ms". Returns text, as the others do. */
const char *out_time(char text[16], uint64_t ns);
const char *out_count(char text[24], uint64_t count);
/* "12.34 %" of a share of 1. */
const char *out_percent(char text[16], double share);
/* Which share of the whole the part is; 0 of nothing. */
double out_part(uint64_t part, uint64_t whole);

enum out_colour { OUT_PLAIN, OUT_GREEN, OUT_YELLOW, OUT_RED, OUT_BOLD, OUT_DIM };
/* The escape sequence to start a colour ("" without colour); OUT_PLAIN ends it. */
const char *out_colour(const struct run *run, enum out_colour colour);

/* A table with aligned columns; columns whose header starts with '>' are right-aligned. Cells are copied. */
struct out_table;
struct out_table *out_table_new(const struct run *run, const char *const *headers);	/* NULL-terminated */
void out_table_row(struct out_table *table, ...);	/* one const char * per column; NULL prints "-" */
void out_table_colour(struct out_table *table, int column, enum out_colour colour);	/* of the last row */
void out_table_print(struct out_table *table, FILE *out);	/* prints and frees */

#endif
