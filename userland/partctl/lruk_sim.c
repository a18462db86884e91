// SPDX-License-Identifier: GPL-2.0
/* lruk_sim.c: partctl lruk-sim: hit ratios of replacement policies on a trace. */
#include "partctl.h"

#include <errno.h>
#include <string.h>
#include "base/hp_clock.h"
#include "numbers.h"
#include "reclaim/hp_lruk.h"
#include "reclaim/hp_sim.h"

#define K_DEFAULT 3
#define POLICIES_MAX 8

struct policy_list {
	const struct hp_cache_policy *policies[POLICIES_MAX];
	size_t count;
};

struct request {
	const char *file;
	struct number_list capacities;
	struct policy_list policies;
	struct number k, crp, rip, warmup, measure;
};

/* ---- options ---- */

static int refuse_policy(const char *word, struct hp_err *err)
{
	const char *names[POLICIES_MAX + 1] = { NULL };

	for (size_t i = 0; hp_cache_policies[i]; i++)
		names[i] = hp_cache_policies[i]->name;
	return cli_refuse_word(word, names, err);
}

static int add_policy(struct policy_list *list, const char *word, struct hp_err *err)
{
	const struct hp_cache_policy *policy = hp_cache_policy_find(word);

	if (!policy)
		return refuse_policy(word, err);
	for (size_t i = 0; i < list->count; i++)
		if (list->policies[i] == policy)
			return hp_err_usage(err, "'%s' is given twice", word);
	list->policies[list->count++] = policy;
	return 0;
}

static int parse_policies(const char *value, void *into, struct hp_err *err)
{
	struct policy_list *list = into;
	hp_autofree char *words = strdup(value);
	char *rest = words, *word;
	int ret = 0;

	if (!words)
		return hp_err_set(err, ENOMEM, "out of memory");
	list->count = 0;
	while (ret == 0 && (word = strsep(&rest, ",")))
		ret = add_policy(list, word, err);
	return ret;
}

/* ---- progress ---- */

struct meter {
	const struct hp_sim_run *sim;
	uint64_t start_ns;
	bool is_on, has_shown;
};

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
	struct meter *meter = arg;

	if (!meter->is_on || hp_clock_ns(CLOCK_MONOTONIC) - meter->start_ns < HP_NS_PER_S)
		return;
	fprintf(stderr, "\r\033[K%s, %llu pages: %llu %%", meter->sim->policy->name,
		(unsigned long long)meter->sim->capacity, (unsigned long long)(done * 100 / total));
	meter->has_shown = true;
}

static void end_progress(const struct meter *meter)
{
	if (meter->has_shown)
		fputs("\r\033[K", stderr);
}

/* ---- output ---- */

struct outcome {
	const struct hp_cache_policy *policy;
	uint64_t capacity;
	struct hp_sim_result result;
};

static double ratio_of(const struct outcome *outcome)
{
	return (double)outcome->result.hits / (double)outcome->result.references;
}

/* The shortest number that reads back as the same. */
static struct json_object *ratio_json(double ratio)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, ratio);
		if (strtod(text, NULL) == ratio)
			break;
	}
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
	return json_object_new_double_s(ratio, text);
}

static void print_objects(const struct run *run, const struct request *request, const struct outcome *outcomes, size_t count)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		const struct outcome *o = &outcomes[i];
		struct json_object *object = json_object_new_object();

		out_add_text(object, "policy", o->policy->name);
		json_object_object_add(object, "k", o->policy->has_k ? json_object_new_int((int)request->k.value) : NULL);
		out_add_number(object, "capacity", o->capacity);
		out_add_number(object, "references", o->result.references);
		out_add_number(object, "hits", o->result.hits);
		json_object_object_add(object, "hit_ratio", ratio_json(ratio_of(o)));
		json_object_array_add(array, object);
	}
	out_object(run, array);
}

static void print_table(const struct run *run, const struct request *request, const struct outcome *outcomes, size_t count)
{
	static const char *const headers[] = { "POLICY", ">K", ">CAPACITY", ">REFERENCES", ">HITS", ">HIT RATIO", NULL };
	struct out_table *table = out_table_new(run, headers);

	for (size_t i = 0; i < count; i++) {
		const struct outcome *o = &outcomes[i];
		char k[24], capacity[24], references[24], hits[24], ratio[24];

		snprintf(k, sizeof(k), "%llu", (unsigned long long)request->k.value);
		snprintf(capacity, sizeof(capacity), "%llu", (unsigned long long)o->capacity);
		snprintf(references, sizeof(references), "%llu", (unsigned long long)o->result.references);
		snprintf(hits, sizeof(hits), "%llu", (unsigned long long)o->result.hits);
		snprintf(ratio, sizeof(ratio), "%.4f", ratio_of(o));
		out_table_row(table, o->policy->name, o->policy->has_k ? k : NULL, capacity, references, hits, ratio);
	}
	out_table_print(table, stdout);
}

/* ---- the verb ---- */

static int simulate_all(const struct run *run, const struct request *request, const struct hp_trace *trace,
			struct outcome *outcomes, struct hp_err *err)
{
	struct hp_sim_run sim = {
		.k = (unsigned int)request->k.value, .crp = request->crp.value, .rip = request->rip.value,
		.warmup = request->warmup.value, .measure = request->measure.value, .progress = show_progress,
	};
	struct meter meter = { .sim = &sim, .is_on = !run->is_quiet && isatty(STDERR_FILENO) };
	size_t count = 0;
	int ret = 0;

	sim.progress_arg = &meter;
	meter.start_ns = hp_clock_ns(CLOCK_MONOTONIC);
	for (size_t p = 0; p < request->policies.count && ret == 0; p++) {
		for (size_t c = 0; c < request->capacities.count && ret == 0; c++) {
			struct outcome *o = &outcomes[count++];

			sim.policy = o->policy = request->policies.policies[p];
			sim.capacity = o->capacity = request->capacities.values[c];
			ret = hp_sim_run(trace, &sim, &o->result, err);
		}
	}
	end_progress(&meter);
	return ret < 0 ? hp_err_wrap(err, "%s", strcmp(request->file, "-") == 0 ? "standard input" : request->file) : 0;
}

static int run_request(const struct run *run, const struct request *request)
{
	size_t count = request->policies.count * request->capacities.count;
	hp_autofree struct outcome *outcomes = calloc(count, sizeof(*outcomes));
	hp_autotrace *trace = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (!outcomes)
		hp_err_set(&err, ENOMEM, "out of memory");
	else if (hp_trace_read(request->file, &trace, &err) == 0)
		simulate_all(run, request, trace, outcomes, &err);
	if (hp_err_is_set(&err))
		return cli_fail(run, &err);
	if (run->format == OUT_TABLE)
		print_table(run, request, outcomes, count);
	else
		print_objects(run, request, outcomes, count);
	return HP_EXIT_OK;
}

static int check_request(struct request *request)
{
	const char *missing = !request->file ? "--trace" : !request->capacities.count ? "--capacity" : NULL;

	if (missing) {
		fprintf(stderr, "partctl: lruk-sim: %s is missing\n  'partctl lruk-sim --help' explains it\n", missing);
		return HP_EXIT_USAGE;
	}
	if (!request->policies.count)
		request->policies = (struct policy_list){ { &hp_cache_lruk }, 1 };
	return HP_EXIT_OK;
}

static int run_lruk_sim(struct run *run, int argc, char **argv)
{
	struct request request = {
		.k = { .value = K_DEFAULT, .min = 1, .max = HP_LRUK_K_MAX },
		.crp = { .max = UINT64_MAX },
		.rip = { .value = HP_LRUK_FOREVER, .max = UINT64_MAX },
		.warmup = { .max = UINT64_MAX },
		.measure = { .value = UINT64_MAX, .min = 1, .max = UINT64_MAX },
	};
	const struct option_spec options[] = {
		{ "trace", 't', "FILE", "one page id per line; - is standard input", .text = &request.file },
		{ "capacity", 'c', "PAGES[,...]", "sizes of the cache", .parse = number_list_parse, .into = &request.capacities },
		{ "policy", 'p', "NAME[,...]", "lru, lru-k (default), lfu, 2q, arc, opt", .parse = parse_policies, .into = &request.policies },
		{ "k", 'k', "K", "lru-k: references that are remembered, 1 to 8 (default 3)", .parse = number_parse, .into = &request.k },
		{ "crp", 0, "COUNT", "lru-k: references so close together are one (default 0)", .parse = number_parse, .into = &request.crp },
		{ "rip", 0, "COUNT", "lru-k: how long what left is remembered (default: for ever)", .parse = number_parse, .into = &request.rip },
		{ "warmup", 'w', "COUNT", "first references that do not count (default 0)", .parse = number_parse, .into = &request.warmup },
		{ "measure", 'm', "COUNT", "references that count after them (default: the rest)", .parse = number_parse, .into = &request.measure },
		{ 0 },
	};
	int status = HP_EXIT_USAGE;

	if (cli_parse(run, argc, argv, options, 0, 0, &status) >= 0) {
		status = check_request(&request);
		if (status == HP_EXIT_OK)
			status = run_request(run, &request);
	}
	free(request.capacities.values);
	return status;
}

const struct verb verb_lruk_sim = {
	.name = "lruk-sim",
	.summary = "hit ratios of LRU-K and other policies on a trace",
	.usage = "--trace FILE --capacity PAGES[,...] [--policy NAME[,...]] [OPTIONS]",
	.help = "Runs a trace of page references through replacement policies and counts the hits. A trace has one page id\n"
		"per line, a number from 0 to 18446744073709551615; # begins a comment. Time is the number of references.\n"
		"Needs no root and touches nothing. 'partctl lruk-gen' makes traces.\n\n"
		"Example:\n  partctl lruk-sim --trace pages.txt --capacity 100,200 --policy lru,lru-k,opt --k 2 --warmup 1000",
	.run = run_lruk_sim,
};
