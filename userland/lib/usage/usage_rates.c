// SPDX-License-Identifier: GPL-2.0
/* usage_rates.c: what happened between two looks, by the second. */
#include "usage/hp_usage.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "base/hp_auto.h"

enum { MICROSECONDS = 1000000 };

/* How the subjects', the base's and the machine's are related. */
enum kinship {
	EACH_ITS_OWN,
	BASE_HAS_THE_REST,	/* of the machine's */
	MACHINE_IS_THE_SUM,	/* of all the others' */
};

/* Which counter becomes which rate, and how many of the counter's units are one of the rate's. */
#define PRESSURE(r) \
	{ offsetof(struct hp_usage, pressure[r].some_us), offsetof(struct hp_usage_rate, some_share[r]), MICROSECONDS, EACH_ITS_OWN }, \
	{ offsetof(struct hp_usage, pressure[r].full_us), offsetof(struct hp_usage_rate, full_share[r]), MICROSECONDS, EACH_ITS_OWN }
#define COUNTER(counter, rate, unit, kinship) \
	{ offsetof(struct hp_usage, counter), offsetof(struct hp_usage_rate, rate), unit, kinship }
static const struct {
	size_t counter, rate;
	double unit;
	enum kinship kinship;
} fields[] = {
	COUNTER(cpu_us, processors, MICROSECONDS, BASE_HAS_THE_REST),
	COUNTER(user_us, user_processors, MICROSECONDS, BASE_HAS_THE_REST),
	COUNTER(system_us, system_processors, MICROSECONDS, BASE_HAS_THE_REST),
	COUNTER(throttled_us, throttled_share, MICROSECONDS, EACH_ITS_OWN),
	COUNTER(read_bytes, read_bytes, 1, BASE_HAS_THE_REST),
	COUNTER(written_bytes, written_bytes, 1, BASE_HAS_THE_REST),
	COUNTER(reads, reads, 1, BASE_HAS_THE_REST),
	COUNTER(writes, writes, 1, BASE_HAS_THE_REST),
	COUNTER(received_bytes, received_bytes, 1, MACHINE_IS_THE_SUM),
	COUNTER(sent_bytes, sent_bytes, 1, MACHINE_IS_THE_SUM),
	COUNTER(received_packets, received_packets, 1, MACHINE_IS_THE_SUM),
	COUNTER(sent_packets, sent_packets, 1, MACHINE_IS_THE_SUM),
	COUNTER(dropped_packets, dropped_packets, 1, MACHINE_IS_THE_SUM),
	PRESSURE(HP_USAGE_CPU),
	PRESSURE(HP_USAGE_MEMORY),
	PRESSURE(HP_USAGE_IO),
};

static uint64_t counter_of(const struct hp_usage *usage, size_t field)
{
	return *(const uint64_t *)((const char *)usage + fields[field].counter);
}

static double *rate_of(struct hp_usage_rate *rate, size_t field)
{
	return (double *)((char *)rate + fields[field].rate);
}

static void fill_rate(const struct hp_usage *before, const struct hp_usage *after, double seconds, struct hp_usage_rate *rate)
{
	for (size_t i = 0; i < hp_array_size(fields); i++) {
		uint64_t was = counter_of(before, i), is = counter_of(after, i);

		if (was == HP_USAGE_UNKNOWN || is == HP_USAGE_UNKNOWN)
			*rate_of(rate, i) = NAN;
		else
			*rate_of(rate, i) = (double)(is < was ? is : is - was) / fields[i].unit / seconds;
	}
}

static void fill_rest(struct hp_usage_rates *rates, size_t field)
{
	double rest = *rate_of(&rates->machine, field);

	for (size_t i = 0; i < rates->count; i++) {
		double part = *rate_of(&rates->subjects[i], field);

		rest -= isnan(part) ? 0 : part;
	}
	/* The kernel counts a cgroup's time to the nanosecond but the machine's by ticks. */
	*rate_of(&rates->base, field) = rest < 0 ? 0 : rest;
}

static void fill_sum(struct hp_usage_rates *rates, size_t field)
{
	double sum = *rate_of(&rates->base, field);

	for (size_t i = 0; i < rates->count; i++) {
		double part = *rate_of(&rates->subjects[i], field);

		if (!isnan(part))
			sum = isnan(sum) ? part : sum + part;
	}
	*rate_of(&rates->machine, field) = sum;
}

void hp_usage_rates_clear(struct hp_usage_rates *rates)
{
	free(rates->subjects);
	*rates = (struct hp_usage_rates)HP_USAGE_RATES_INIT;
}

int hp_usage_rates_between(const struct hp_usage_sample *before, const struct hp_usage_sample *after,
			   struct hp_usage_rates *rates)
{
	double seconds = (double)(after->time_ns - before->time_ns) / 1e9;

	if (before->count != after->count || after->time_ns <= before->time_ns)
		return -EINVAL;
	hp_usage_rates_clear(rates);
	rates->subjects = calloc(after->count + 1, sizeof(*rates->subjects));
	if (!rates->subjects)
		return -ENOMEM;
	rates->count = after->count;
	rates->seconds = seconds;
	for (size_t i = 0; i < after->count; i++)
		fill_rate(&before->subjects[i], &after->subjects[i], seconds, &rates->subjects[i]);
	fill_rate(&before->machine, &after->machine, seconds, &rates->machine);
	fill_rate(&before->base, &after->base, seconds, &rates->base);
	for (size_t i = 0; i < hp_array_size(fields); i++) {
		if (fields[i].kinship == BASE_HAS_THE_REST)
			fill_rest(rates, i);
		else if (fields[i].kinship == MACHINE_IS_THE_SUM)
			fill_sum(rates, i);
	}
	return 0;
}
