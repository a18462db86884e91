// SPDX-License-Identifier: GPL-2.0
/* top.c: partctl top: what each domain uses and whom it waits for, now. */
#include "top_source.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include "top_print.h"
#include "top_screen.h"
#include "top_watch.h"

enum { INTERVAL_MS = 1000 };

/* "2", "2s", "0.5s", "500ms", "1m". */
static int parse_interval(const char *value, void *into, struct hp_err *err)
{
	static const struct {
		const char *word;
		double ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 } };
	char *end = NULL;
	double number = *value >= '0' && *value <= '9' ? strtod(value, &end) : -1;

	for (size_t i = 0; end && i < hp_array_size(units); i++) {
		double ms = round(number * units[i].ms);

		/* strtod() takes hexadecimal too. */
		if (strcmp(end, units[i].word) != 0 || strpbrk(value, "xXeE") || ms < TOP_INTERVAL_MIN_MS || ms > TOP_INTERVAL_MAX_MS)
			continue;
		*(unsigned int *)into = (unsigned int)ms;
		return 0;
	}
	return hp_err_usage(err, "'%s' is not a time from 100ms to 60s, such as 500ms, 0.5s or 2", value);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static int show_once(struct run *run, struct top_source *source, unsigned int interval_ms, struct hp_err *err)
{
	top_automodel model = { 0 };
	int ret = top_source_look(source, &model, err);

	/* What is looked at may change in between; then there are no rates yet. */
	for (int tries = 0; ret == 0 && model.seconds <= 0 && tries < 3; tries++) {
		sleep_ms(interval_ms);
		ret = top_source_look(source, &model, err);
	}
	if (ret)
		return ret;
	top_print(run, &model);
	return 0;
}

static int show(struct run *run, struct contention_subject *subject, bool is_once, unsigned int interval_ms,
		struct hp_err *err)
{
	top_autosource *source = NULL;
	int ret = is_once ? 0 : top_screen_check(err);

	if (ret == 0 && !is_once && run->format != OUT_TABLE)
		ret = hp_err_usage(err, "partctl: top: --output is for --once");
	ret = ret ? ret : top_source_open(run, subject, &source, err);
	if (ret)
		return ret;
	return is_once ? show_once(run, source, interval_ms, err) : top_watch(run, source, interval_ms, err);
}

static int run_top(struct run *run, int argc, char **argv)
{
	struct contention_subject subject __attribute__((cleanup(contention_subject_clear))) = { 0 };
	unsigned int interval_ms = INTERVAL_MS;
	bool is_once = false;
	const struct option_spec options[] = {
		{ "by", 0, "cgroup:PATH", "this cgroup instead of the policy's domains; again for more",
		  .parse = contention_subject_parse_by, .into = &subject },
		{ "interval", 0, "TIME", "between two looks, from 100ms to 60s (default 1s)", .parse = parse_interval,
		  .into = &interval_ms },
		{ "once", 0, NULL, "print what one interval brought, and end: for scripts", .flag = &is_once },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, ret, first = cli_parse(run, argc, argv, options, 0, 0, &status);

	if (first < 0)
		return status;
	ret = cli_refuse_recorded(run, &err);
	if (ret == 0)
		ret = show(run, &subject, is_once, interval_ms, &err);
	return ret < 0 ? cli_fail(run, &err) : HP_EXIT_OK;
}

const struct verb verb_top = {
	.name = "top",
	.summary = "what each domain uses and whom it waits for, now",
	.usage = "[--once] [--interval TIME] [--by cgroup:PATH]...",
	.help = "Shows, at a terminal of 80x24 or more, what each domain, the base and the machine use: processors, memory,\n"
		"pressure, waits for a processor, disks, ports; who waited for whom as a matrix; waits as a histogram;\n"
		"and what happened to the domains. Keys are in the last line, h explains the figures. Without root, or\n"
		"where eBPF is not to be had, it says what it cannot show. With --once it prints one look, as text or\n"
		"with -o json or yaml as an object. The figures are explained in partctl(1).\n\n"
		"Example:\n  partctl top --once -o json | jq '.rows[] | {name, busy: .cpu.busy}'",
	.run = run_top,
};
