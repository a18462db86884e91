// SPDX-License-Identifier: GPL-2.0
/* trace.c: partctl trace: waits that were too long, one by one as they end. */
#include "trace_print.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include "base/hp_clock.h"
#include "base/hp_text.h"
#include "ending.h"

enum { ABOVE_DEFAULT_NS = 10000000 };

struct wish {
	struct contention_subject subject;
	unsigned int seconds;	/* 0 = until interrupted */
	uint64_t above_ns;
	bool wants_stacks;
};

static void clear_wish(struct wish *wish)
{
	contention_subject_clear(&wish->subject);
}

/* "500us", "10ms", "2s": from 1us to 1h. */
static int parse_above(const char *value, void *into, struct hp_err *err)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	for (size_t i = 0; i < hp_array_size(units); i++)
		if (end != value && *value >= '0' && *value <= '9' && !errno && strcmp(end, units[i].unit) == 0 && n >= 1 &&
		    n <= 3600000000000 / units[i].ns) {
			*(uint64_t *)into = n * units[i].ns;
			return 0;
		}
	return hp_err_usage(err, "'%s' is not a time from 1us to 3600s with its unit, such as 500us, 10ms or 2s", value);
}

static int parse_resource(const char *value, void *into, struct hp_err *err)
{
	static const char *const words[] = { "cpu", NULL };
	const char *near = hp_word_nearest(value, words);

	(void)into;
	if (strcmp(value, "cpu") == 0)
		return 0;
	return hp_err_usage(err, "'%s' cannot be traced, only cpu%s%s%s", value, near ? "; did you mean '" : "",
			    near ? near : "", near ? "'?" : "");
}

/* Tells of outliers until the time is over, a signal comes, or nobody reads any more. */
static int follow(struct hp_outliers *outliers, struct trace_printer *printer, unsigned int seconds, int stop, struct hp_err *err)
{
	struct pollfd fds[] = { { hp_outliers_fd(outliers), POLLIN, 0 }, { stop, POLLIN, 0 } };
	uint64_t end_ns = ending_after(hp_clock_ns(CLOCK_MONOTONIC), seconds);
	bool is_over = false;
	int ret = 0, ready;

	while (ret >= 0 && !is_over && !ferror(stdout)) {
		ready = poll(fds, hp_array_size(fds), ret > 0 ? 0 : ending_time_left(end_ns));
		if (ready < 0 && errno != EINTR)
			return hp_err_errno(err, errno, "waiting for long waits");
		is_over = fds[1].revents || ending_time_left(end_ns) == 0;
		if (is_over)
			hp_outliers_stop(outliers);
		do
			ret = hp_outliers_read(outliers, trace_print, printer, err);
		while (ret > 0 && is_over && !ferror(stdout));
	}
	return ret < 0 ? ret : 0;
}

static int trace(struct run *run, const struct wish *wish, struct hp_err *err)
{
	struct hp_outlier_options options = {
		.cgroups = wish->subject.ids,
		.cgroups_count = wish->subject.count,
		.above_ns = wish->above_ns,
		.wants_stacks = wish->wants_stacks,
	};
	struct trace_printer printer = { .run = run, .subject = &wish->subject };
	struct hp_outliers *outliers = NULL;
	hp_autofd int stop = -1;
	int ret = 0;

	stop = ending_open_signals(NULL, err);
	if (stop < 0)
		return stop;
	if (wish->wants_stacks)
		ret = hp_ksyms_open(&printer.ksyms, err);
	if (ret == 0)
		ret = hp_outliers_open(&options, &outliers, err);
	if (ret == 0)
		ret = follow(outliers, &printer, wish->seconds, stop, err);
	if (ret == 0 && !ferror(stdout))
		ret = trace_print_summary(&printer, outliers, err);
	hp_outliers_close(outliers);
	hp_ksyms_close(printer.ksyms);
	return ret;
}

/* Without a policy and without a cgroup named, all tasks are watched. */
static int choose_subject(struct run *run, struct contention_subject *subject, struct hp_err *err)
{
	int ret = 0;

	if (subject->count == 0)
		ret = contention_subject_take_policy(run, subject, err);
	if (ret == -ENOENT && subject->count == 0) {
		hp_err_clear(err);
		return 0;
	}
	return ret ? ret : contention_subject_find(run, subject, err);
}

static int run_trace(struct run *run, int argc, char **argv)
{
	struct wish wish __attribute__((cleanup(clear_wish))) = { .above_ns = ABOVE_DEFAULT_NS };
	const struct option_spec options[] = {
		{ "above", 0, "TIME", "tell of waits as long as this or longer, such as 500us (default 10ms)",
		  .parse = parse_above, .into = &wish.above_ns },
		{ "resource", 0, "WORD", "what was waited for: cpu, the only one so far", .parse = parse_resource, .into = &wish },
		{ "stacks", 0, NULL, "with where in the kernel both tasks left the processor", .flag = &wish.wants_stacks },
		{ "by", 0, "cgroup:PATH", "waits in this cgroup instead of the policy's domains; again for more",
		  .parse = contention_subject_parse_by, .into = &wish.subject },
		{ "for", 0, "TIME", "how long (default: until interrupted)", .parse = cli_parse_seconds, .into = &wish.seconds },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, ret, first = cli_parse(run, argc, argv, options, 0, 0, &status);

	if (first < 0)
		return status;
	ret = cli_refuse_recorded(run, &err);
	if (ret == 0)
		ret = choose_subject(run, &wish.subject, &err);
	if (ret == 0)
		ret = trace(run, &wish, &err);
	return ret < 0 ? cli_fail(run, &err) : HP_EXIT_OK;
}

const struct verb verb_trace = {
	.name = "trace",
	.summary = "waits for a processor that were too long, and who had it",
	.usage = "[--above TIME] [--by cgroup:PATH]... [--for TIME] [--stacks]",
	.help = "Prints a line for each wait for a processor that took as long as --above or longer, when it ends: the task\n"
		"that waited, and the tasks that had the processor meanwhile, the longest first. The kernel picks them out;\n"
		"shorter waits reach nobody. Watched are the domains of the policy in force, else the cgroups named, else all\n"
		"tasks. At the end it says how many there were and how many were lost. With -o json one object per line, the\n"
		"last of which has these counts. Waits for disks, memory and locks are not traced yet, only counted.\n\n"
		"Example:\n  partctl trace --above 5ms --by cgroup:/sys/fs/cgroup/system.slice --stacks",
	.run = run_trace,
	.needs_root = true,
};
