// SPDX-License-Identifier: GPL-2.0
/* trace.c: partctl trace: waits that were too long, one by one as they end. */
#include "trace_print.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include "base/hp_clock.h"
#include "ending.h"
#include "trace_words.h"

struct wish {
	struct contention_subject subject;
	struct trace_wish waits;
	unsigned int seconds;	/* 0 = until interrupted */
	bool wants_stacks;
};

static void clear_wish(struct wish *wish)
{
	contention_subject_clear(&wish->subject);
}

/* Tells of outliers until the time is over, a signal comes, or nobody reads any more. */
static int follow(struct hp_outliers *outliers, struct trace_printer *printer, unsigned int seconds, int stop, struct hp_err *err)
{
	const struct hp_outlier_reader reader = { trace_print, trace_print_wait, printer };
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
			ret = hp_outliers_read(outliers, &reader, err);
		while (ret > 0 && is_over && !ferror(stdout));
	}
	return ret < 0 ? ret : 0;
}

/* The function that asked for a lock is always named, other functions on request. */
static int open_names(struct trace_printer *printer, const struct hp_outlier_options *options, struct hp_err *err)
{
	printer->wants_stacks = options->wants_stacks;
	if (!options->wants_stacks && !options->above_ns[HP_OUTLIER_WAITS + HP_WAIT_LOCK])
		return 0;
	return hp_ksyms_open(&printer->ksyms, err);
}

static int trace(struct run *run, const struct wish *wish, struct hp_outlier_options *options, struct hp_err *err)
{
	struct trace_printer printer = { .run = run, .subject = &wish->subject };
	struct hp_outliers *outliers = NULL;
	hp_autofd int stop = -1;
	int ret;

	stop = ending_open_signals(NULL, err);
	if (stop < 0)
		return stop;
	ret = open_names(&printer, options, err);
	if (ret == 0)
		ret = hp_outliers_open(options, &outliers, err);
	if (ret == 0) {
		trace_print_missing(&printer, outliers);
		ret = follow(outliers, &printer, wish->seconds, stop, err);
	}
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
	struct wish wish __attribute__((cleanup(clear_wish))) = { 0 };
	struct hp_outlier_options outliers = { 0 };
	const struct option_spec options[] = {
		{ "above", 0, "[WORD=]TIME", "tell of waits (for WORD) as long as this or longer, such as 500us (default 10ms)",
		  .parse = trace_parse_above, .into = &wish.waits },
		{ "resource", 0, "WORD,...", "what was waited for: cpu (default), block, memory, lock, network; again for more",
		  .parse = trace_parse_resource, .into = &wish.waits },
		{ "stacks", 0, NULL, "with where in the kernel they waited; for cpu also where the last one left it", .flag = &wish.wants_stacks },
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
		ret = trace_choose(&wish.waits, outliers.above_ns, &err);
	if (ret == 0)
		ret = choose_subject(run, &wish.subject, &err);
	outliers.cgroups = wish.subject.ids;
	outliers.cgroups_count = wish.subject.count;
	outliers.wants_stacks = wish.wants_stacks;
	if (ret == 0)
		ret = trace(run, &wish, &outliers, &err);
	return ret < 0 ? cli_fail(run, &err) : HP_EXIT_OK;
}

const struct verb verb_trace = {
	.name = "trace",
	.summary = "waits that were too long, and because of whom",
	.usage = "[--above [WORD=]TIME]... [--resource WORD,...] [--by cgroup:PATH]... [--for TIME] [--stacks]",
	.help = "Prints a line for each wait that took as long as --above or longer, when it ends: the task that waited, and\n"
		"whom for, the longest first. The kernel picks them out; shorter waits reach nobody. Of a wait for a processor\n"
		"(cpu) it names the tasks that had it meanwhile; for a lock of the kernel (lock) those that were seen to hold\n"
		"it; for a disk (block), memory, or in the queue of a port (network) the domains that had it meanwhile. What\n"
		"the kernel does not tell is (unknown). Watched are the cgroups named, else the domains of the policy in\n"
		"force, else all tasks. At the end it says how many there were and how many were lost. With -o json one\n"
		"object per line, the last of which has these counts.\n\n"
		"Example:\n  partctl trace --resource cpu,lock --above 5ms --by cgroup:/sys/fs/cgroup/system.slice --stacks",
	.run = run_trace,
	.needs_root = true,
};
