// SPDX-License-Identifier: GPL-2.0
/* contention.c: partctl contention: who waited for a processor, disk, memory, lock or port, and who had it. */
#include "contention_print.h"

#include <string.h>
#include "base/hp_clock.h"
#include "ending.h"

enum { SECONDS_DEFAULT = 10 };

struct wish {
	struct contention_subject subject;
	unsigned int seconds;	/* 0 = not said */
	bool is_watching;
	unsigned int without;
	struct contention_waits waits;
};

static void clear_wish(struct wish *wish)
{
	contention_waits_close(&wish->waits);
	contention_subject_clear(&wish->subject);
}

static int parse_without(const char *value, void *into, struct hp_err *err)
{
	static const enum hp_contention_hook hooks[] = { HP_HOOK_MOVE, HP_HOOK_IRQ, HP_HOOK_SOFTIRQ };
	const char *words[hp_array_size(hooks) + HP_WAIT_KINDS + 1] = { "move", "irq", "softirq" };
	size_t count = hp_array_size(hooks);
	struct wish *wish = into;

	for (size_t i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0) {
			wish->without |= 1u << hooks[i];
			return 0;
		}
	if (contention_waits_kind(value) < HP_WAIT_KINDS) {
		wish->waits.without |= 1u << contention_waits_kind(value);
		return 0;
	}
	for (int kind = 0; kind < HP_WAIT_KINDS; kind++)
		if (hp_wait_resource(kind))
			words[count++] = hp_wait_resource(kind);
	return cli_refuse_word(value, words, err);
}

static void show_progress(const struct run *run, uint64_t end_ns)
{
	if (!run->is_quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\rcounting, %d s left (Ctrl-C ends it now)  ", (ending_time_left(end_ns) + 999) / 1000);
}

static void end_progress(const struct run *run)
{
	if (!run->is_quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

/* One result, when the time is over or a signal comes. */
static int count_once(struct run *run, struct wish *wish, struct hp_contention *contention, int stop,
		      struct hp_err *err)
{
	uint64_t begin_ns = hp_clock_ns(CLOCK_MONOTONIC), end_ns = ending_after(begin_ns, wish->seconds);
	uint64_t next_ns = begin_ns;
	hp_autoblame blame = HP_BLAME_INIT;
	int ret;

	do {
		show_progress(run, end_ns);
		hp_contention_follow(contention);
		next_ns += 1000000000;
	} while (!ending_sleep(stop, next_ns < end_ns ? next_ns : end_ns) && next_ns < end_ns);
	end_progress(run);
	hp_contention_stop(contention);
	contention_waits_stop(&wish->waits);
	ret = hp_contention_read(contention, &blame, err);
	ret = ret ? ret : contention_waits_read(&wish->waits, err);
	if (ret)
		return ret;
	blame.time_ns -= begin_ns;
	contention_print(run, &wish->subject, contention, &blame, &wish->waits);
	return 0;
}

/* What each second brought, until the time is over (if one was given) or a signal comes. */
static int watch(struct run *run, struct wish *wish, struct hp_contention *contention, int stop, struct hp_err *err)
{
	uint64_t next_ns = hp_clock_ns(CLOCK_MONOTONIC), end_ns = ending_after(next_ns, wish->seconds);
	hp_autoblame before = HP_BLAME_INIT, news = HP_BLAME_INIT;
	bool is_stopped = false;
	int ret = hp_contention_read(contention, &before, err);

	ret = ret ? ret : contention_waits_read_news(&wish->waits, err);
	while (ret == 0 && !is_stopped && next_ns < end_ns && !ferror(stdout)) {
		next_ns += 1000000000;
		is_stopped = ending_sleep(stop, next_ns);
		hp_contention_follow(contention);
		ret = hp_contention_read(contention, &news, err);
		ret = ret ? ret : contention_waits_read_news(&wish->waits, err);
		if (ret)
			break;
		hp_blame_subtract(&news, &before);
		if (run->format == OUT_TABLE && isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
		contention_print(run, &wish->subject, contention, &news, &wish->waits);
		fflush(stdout);
		hp_blame_accumulate(&before, &news);
	}
	return ret;
}

static int count(struct run *run, struct wish *wish, struct hp_err *err)
{
	const struct contention_subject *subject = &wish->subject;
	struct hp_contention_options options = {
		.cgroups = subject->ids,
		.cgroups_count = subject->count,
		.irqs = subject->irqs,
		.irqs_count = subject->irqs_count,
		.without = wish->without,
	};
	struct hp_contention *contention = NULL;
	hp_autofd int stop = -1;
	int ret;

	stop = ending_open_signals(NULL, err);
	if (stop < 0)
		return stop;
	ret = hp_contention_open(&options, &contention, err);
	if (ret)
		return ret;
	ret = contention_waits_open(&wish->waits, &options, contention, err);
	ret = ret ? ret : contention_cache_open(&wish->waits.cache, subject, err);
	if (ret) {
		hp_contention_close(contention);
		return ret;
	}
	if (wish->is_watching) {
		ret = watch(run, wish, contention, stop, err);
	} else {
		wish->seconds = wish->seconds ? wish->seconds : SECONDS_DEFAULT;
		ret = count_once(run, wish, contention, stop, err);
	}
	hp_contention_close(contention);
	return ret;
}

static int run_contention(struct run *run, int argc, char **argv)
{
	struct wish wish __attribute__((cleanup(clear_wish))) = { 0 };
	const struct option_spec options[] = {
		{ "by", 0, "cgroup:PATH", "count for this cgroup instead of the policy's domains; again for more", .parse = contention_subject_parse_by,
		  .into = &wish.subject },
		{ "for", 0, "TIME", "how long (default 10s; with --watch until interrupted)", .parse = cli_parse_seconds,
		  .into = &wish.seconds },
		{ "watch", 'w', NULL, "show every second what it brought", .flag = &wish.is_watching },
		{ "locks", 0, NULL, "with the functions of the kernel that waited for locks", .flag = &wish.waits.locks.is_wanted },
		{ "without", 0, "WHAT", "leave move, irq, softirq, block, memory, lock or network out; again for more",
		  .parse = parse_without, .into = &wish },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, ret, first = cli_parse(run, argc, argv, options, 0, 0, &status);

	if (first < 0)
		return status;
	ret = cli_refuse_recorded(run, &err);
	if (ret == 0 && wish.subject.count == 0)
		ret = contention_subject_take_policy(run, &wish.subject, &err);
	if (ret == 0)
		ret = contention_subject_find(run, &wish.subject, &err);
	if (ret == 0)
		ret = count(run, &wish, &err);
	return ret < 0 ? cli_fail(run, &err) : HP_EXIT_OK;
}

const struct verb verb_contention = {
	.name = "contention",
	.summary = "who waited for a processor, a disk or a port, and who had it meanwhile",
	.usage = "[--by cgroup:PATH]... [--for TIME] [--watch] [--locks] [--without WHAT]...",
	.help = "Counts in the kernel, by eBPF, how long the tasks of each domain waited for a processor, and divides every\n"
		"wait among those who had the processor meanwhile: other domains, base, kernel threads, interrupts, softirqs.\n"
		"Also: who preempted whom, how long waits were, and how much time interrupts took from running tasks.\n"
		"Waits for disks (block) and in the queues of ports (network) are divided in the same way, those for locks of\n"
		"the kernel (lock) by who held them, those for memory by who took it.\n"
		"Without a policy, or to look closer, name cgroups: whatever is in none of them is 'base'. Ctrl-C ends the\n"
		"counting and shows what there is. The columns are explained in partctl(1).\n\n"
		"Example:\n  partctl contention --by cgroup:/sys/fs/cgroup/system.slice --for 10s",
	.run = run_contention,
	.needs_root = true,
};
