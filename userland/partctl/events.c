// SPDX-License-Identifier: GPL-2.0
/* events.c: partctl events: what happened, and who did it. */
#include "partctl.h"

#include <errno.h>
#include <string.h>
#include "base/hp_json.h"
#include "ctl/hp_events.h"
#include "ending.h"

/* A process chooses its own name: no byte of it may reach the terminal as a command. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
}

static void print_actor(struct json_object *event)
{
	struct json_object *actor, *pid;

	if (!json_object_object_get_ex(event, "actor", &actor) || !json_object_is_type(actor, json_type_object)) {
		printf("  by unknown");
		return;
	}
	json_object_object_get_ex(actor, "pid", &pid);
	printf("  by ");
	print_name(hp_json_text(actor, "comm") ? hp_json_text(actor, "comm") : "?");
	printf("[%d]", json_object_get_int(pid));
	if (hp_json_text(actor, "cgroup")) {
		printf(" in ");
		print_name(hp_json_text(actor, "cgroup"));
	}
}

static void print_field(struct json_object *event, const char *key, const char *word)
{
	const char *text = hp_json_text(event, key);

	if (!text)
		return;
	printf("  %s%s", word, *word ? " " : "");
	print_name(text);
}

struct printer {
	const struct run *run;
	int64_t last_ns;	/* boottime of the last event printed, 0 = none yet */
};

static int print_event(void *arg, struct json_object *event)
{
	struct printer *printer = arg;
	const struct run *run = printer->run;
	struct json_object *boottime;
	const char *type = hp_json_text(event, "type");
	bool is_bad = type && (strcmp(type, "drift") == 0 || strcmp(type, "refused") == 0);

	if (json_object_object_get_ex(event, "boottime_ns", &boottime))
		printer->last_ns = json_object_get_int64(boottime);
	if (run->format != OUT_TABLE) {
		/* One object per line in both (in YAML each is a document), so that a follower can read them as they come. */
		printf("%s%s\n", run->format == OUT_YAML ? "--- " : "",
		       json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		return fflush(stdout) != 0;
	}
	printf("%s  %s%-9s%s  %-8s", hp_json_text(event, "time"), is_bad ? out_colour(run, OUT_YELLOW) : "", type ? type : "?",
	       is_bad ? out_colour(run, OUT_PLAIN) : "", hp_json_text(event, "domain") ? hp_json_text(event, "domain") : "-");
	print_field(event, "what", "");
	print_field(event, "was", "should be");
	print_field(event, "found", "found");
	print_field(event, "done", "→");
	print_actor(event);
	putchar('\n');
	return fflush(stdout) != 0;
}

static int parse_count(const char *value, void *into, struct hp_err *err)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end || *value == '-' || n < 1 || n > 1000000)
		return hp_err_usage(err, "'%s' is not a number from 1 to 1000000", value);
	*(size_t *)into = n;
	return 0;
}

static int follow(struct run *run, struct printer *printer, struct hp_err *err)
{
	hp_autofd int stop = ending_open_signals(NULL, err);

	if (stop < 0)
		return stop;
	return hp_events_follow(&run->ctx, printer->last_ns, print_event, printer, stop, err);
}

static int run_events(struct run *run, int argc, char **argv)
{
	bool is_following = false;
	size_t limit = 0;
	const struct option_spec options[] = {
		{ "follow", 'f', NULL, "wait for new ones, until interrupted", .flag = &is_following },
		{ "last", 'n', "COUNT", "only the last COUNT", .parse = parse_count, .into = &limit },
		{ 0 },
	};
	struct printer printer = { .run = run };
	hp_autoerr err = HP_ERR_INIT;
	int status, ret, first = cli_parse(run, argc, argv, options, 0, 0, &status);

	if (first < 0)
		return status;
	ret = hp_events_read(&run->ctx, limit, print_event, &printer, &err);
	if (ret == 0 && is_following && !ferror(stdout))
		ret = follow(run, &printer, &err);
	return ret < 0 ? cli_fail(run, &err) : HP_EXIT_OK;
}

const struct verb verb_events = {
	.name = "events",
	.summary = "what happened to the domains, and who did it",
	.usage = "[--follow] [--last COUNT]",
	.help = "Prints drift (with the actor, as far as the kernel knows it, and what was done), refusals and changes,\n"
		"oldest first. With -o json one JSON object per line; with -o yaml the same, each as a document.\n\n"
		"Example:\n  partctl events --follow",
	.run = run_events,
	.needs_root = true,
};
