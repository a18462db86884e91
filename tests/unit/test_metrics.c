// SPDX-License-Identifier: GPL-2.0
/* test_metrics.c: the text for Prometheus, its table and its manual page say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "metrics/hp_metrics.h"

enum { ROWS = HP_ROW_DOMAIN + 2, ALPHA = HP_ROW_DOMAIN, BETA };

static const char *const rows[ROWS] = { "idle", "unknown", "base", "kernel", "irq", "softirq", "alpha", "be\"ta\\" };
static const char *const hooks[] = { "switch", "irq", NULL };
static const bool is_hooked[] = { true, false };

/* A look at a machine that never was; everything is told. */
struct scene {
	struct hp_metrics metrics;
	struct hp_metrics_contention contention;
	struct hp_blame blame;
	struct hp_usage usage[2];
	struct hp_counts drift, events;
	struct hp_metrics_reclaim reclaim[2];
	struct hp_metrics_text text;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	assert_int_equal(hp_blame_init(&scene->blame, ROWS), 0);
	scene->blame.rows[ALPHA].by_ns[BETA] = 1500000000;
	scene->blame.rows[ALPHA].by_ns[ALPHA] = 500000000;
	scene->blame.rows[ALPHA].by_ns[HP_ROW_IDLE] = 7;
	scene->blame.rows[ALPHA].stolen_ns[HP_ROW_SOFTIRQ] = 250;
	scene->blame.rows[ALPHA].preempted_by[BETA] = 12;
	scene->blame.rows[ALPHA].latency[0] = 1;
	scene->blame.rows[ALPHA].latency[10] = 2;	/* up to 1024 ns */
	scene->blame.rows[ALPHA].latency[11] = 3;
	scene->blame.rows[ALPHA].latency[HP_LATENCY_BUCKETS - 1] = 4;	/* longer than all bounds */
	scene->blame.rows[ALPHA].contended = 123;
	scene->blame.lost[HP_LOST_HISTORY] = 5;
	scene->contention = (struct hp_metrics_contention){ &scene->blame, rows, hooks, is_hooked, 4096, NULL, 0, NULL };
	memset(&scene->usage[1], 0xff, sizeof(scene->usage[1]));	/* nothing is known of beta */
	scene->usage[0].processors = 2;
	scene->usage[0].user_us = 1234567;
	scene->usage[0].memory_max_bytes = HP_USAGE_UNLIMITED;
	hp_counts_add(&scene->drift, (const char *[HP_COUNTS_LABELS]){ "alpha", "cgroup", "known", "yes" });
	hp_counts_add(&scene->events, (const char *[HP_COUNTS_LABELS]){ "refused" });
	scene->reclaim[0] = (struct hp_metrics_reclaim){ .domain = "alpha", .numbers = {
		.mode = HP_RECLAIM_ON, .source = HP_SOURCE_DAMON, .leaving_bytes = 8192, .returned_bytes = 4096, .distance_ms = 8500,
		.policy_distance_ms = 4000, .working_set = { [HP_TUNER_IN_USE] = 1 << 20, [HP_TUNER_COLD + 1] = 2 << 20 },
		.pressure_milli = 250, .pressure_target_milli = 500, .cost_milli = 900, .budget_milli = 1000, .window_us = 100000,
		.regions = 12, .processes = 5, .watched = 2,
		.sums = { .freed_anon = 123, .freed_cache = 456, .refault_anon = 7, .stops = 3, .budget_waits = 2,
			  .cost_ns = 1500000000, .windows = 9 } } };
	scene->reclaim[1] = (struct hp_metrics_reclaim){ .domain = "be\"ta\\" };
	scene->metrics = (struct hp_metrics){
		.version = "1", .has_module = true, .is_applied = true, .is_confirm_pending = true, .applied_at_s = 1700000000,
		.confirm_left_s = 12.5, .last_check_s = 1700000001, .drift = &scene->drift, .events = &scene->events,
		.domains = rows + HP_ROW_DOMAIN, .usage = scene->usage, .domains_count = 2, .reclaim = scene->reclaim,
		.reclaim_count = 2, .contention = &scene->contention,
	};
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	hp_blame_clear(&scene->blame);
	hp_counts_clear(&scene->drift);
	hp_counts_clear(&scene->events);
	hp_metrics_text_clear(&scene->text);
	free(scene);
	return 0;
}

/* The text with a NUL behind it; the caller frees. */
static char *write_scene(struct scene *scene, bool is_open)
{
	char *text;

	scene->text.is_open = is_open;
	assert_int_equal(hp_metrics_write(&scene->text, &scene->metrics), 0);
	text = strndup(scene->text.data, scene->text.length);
	assert_non_null(text);
	assert_int_equal(strlen(text), scene->text.length);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	hp_autofree char *whole = NULL;

	assert_true(asprintf(&whole, "\n%s\n", line) > 0);
	if (!strstr(text, whole))
		fail_msg("no line %s in:\n%s", line, text);
}

static void assert_no(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s is in:\n%s", part, text);
}

static void test_values(void **state)
{
	hp_autofree char *text = write_scene(*state, false);

	assert_line(text, "hostpart_blame_seconds_total{resource=\"cpu\",victim=\"alpha\",aggressor=\"be\\\"ta\\\\\"} 1.5");
	assert_line(text, "hostpart_blame_seconds_total{resource=\"interrupts\",victim=\"alpha\",aggressor=\"softirq\"} 0.00000025");
	assert_line(text, "hostpart_blame_seconds_total{resource=\"cpu\",victim=\"be\\\"ta\\\\\",aggressor=\"alpha\"} 0.0");
	assert_no(text, "victim=\"alpha\",aggressor=\"alpha\"");
	assert_no(text, "aggressor=\"idle\"");
	assert_no(text, "victim=\"softirq\"");
	assert_line(text, "hostpart_wait_seconds_total{resource=\"cpu\",victim=\"alpha\"} 2.000000007");
	assert_line(text, "hostpart_preemptions_total{victim=\"alpha\",aggressor=\"be\\\"ta\\\\\"} 12");
	assert_line(text, "hostpart_lost_events_total{resource=\"cpu\",reason=\"history\"} 5");
	assert_line(text, "hostpart_contended_seconds_total{domain=\"alpha\"} 1.23");
	assert_line(text, "hostpart_contention_hook{hook=\"irq\"} 0");
	assert_line(text, "hostpart_domain_cpu_seconds_total{domain=\"alpha\",mode=\"user\"} 1.234567");
	assert_line(text, "hostpart_domain_memory_max_bytes{domain=\"alpha\"} +Inf");
	assert_line(text, "hostpart_drift_events_total{domain=\"alpha\",kind=\"cgroup\",actor=\"known\",mended=\"yes\"} 1");
	assert_line(text, "hostpart_events_total{type=\"refused\",domain=\"\"} 1");
	assert_line(text, "hostpart_confirm_remaining_seconds 12.5");
}

static void test_reclaim(void **state)
{
	hp_autofree char *text = write_scene(*state, false);

	assert_line(text, "hostpart_reclaim_mode{domain=\"alpha\",mode=\"on\"} 1");
	assert_line(text, "hostpart_reclaim_mode{domain=\"alpha\",mode=\"off\"} 0");
	assert_line(text, "hostpart_reclaim_mode{domain=\"be\\\"ta\\\\\",mode=\"off\"} 1");
	assert_line(text, "hostpart_reclaim_source_info{domain=\"alpha\",source=\"damon\"} 1");
	assert_line(text, "hostpart_reclaim_freed_bytes_total{domain=\"alpha\",kind=\"anon\"} 123");
	assert_line(text, "hostpart_reclaim_freed_bytes_total{domain=\"alpha\",kind=\"cache\"} 456");
	assert_line(text, "hostpart_reclaim_leaving_bytes{domain=\"alpha\"} 8192");
	assert_line(text, "hostpart_reclaim_stops_total{domain=\"alpha\",reason=\"pressure\"} 3");
	assert_line(text, "hostpart_reclaim_stops_total{domain=\"alpha\",reason=\"budget\"} 2");
	assert_line(text, "hostpart_reclaim_pressure_ratio{domain=\"alpha\"} 0.0025");
	assert_line(text, "hostpart_reclaim_budget_ratio{domain=\"alpha\"} 0.01");
	assert_line(text, "hostpart_reclaim_distance_seconds{domain=\"alpha\"} 8.5");
	assert_line(text, "hostpart_reclaim_cpu_seconds_total{domain=\"alpha\"} 1.5");
	assert_line(text, "hostpart_reclaim_working_set_bytes{domain=\"alpha\",band=\"in use\",from_seconds=\"0\"} 1048576");
	assert_line(text, "hostpart_reclaim_working_set_bytes{domain=\"alpha\",band=\"cold\",from_seconds=\"8\"} 2097152");
	assert_line(text, "hostpart_reclaim_processes{domain=\"alpha\",state=\"small\"} 3");
	assert_no(text, "working_set_bytes{domain=\"be");
}

static void test_histogram(void **state)
{
	hp_autofree char *text = write_scene(*state, false);

	assert_line(text, "hostpart_runqueue_latency_seconds_bucket{domain=\"alpha\",le=\"1.024e-06\"} 3");
	assert_line(text, "hostpart_runqueue_latency_seconds_bucket{domain=\"alpha\",le=\"2.048e-06\"} 6");
	assert_line(text, "hostpart_runqueue_latency_seconds_bucket{domain=\"alpha\",le=\"8.589934592\"} 6");
	assert_line(text, "hostpart_runqueue_latency_seconds_bucket{domain=\"alpha\",le=\"+Inf\"} 10");
	assert_line(text, "hostpart_runqueue_latency_seconds_count{domain=\"alpha\"} 10");
	assert_line(text, "hostpart_runqueue_latency_seconds_sum{domain=\"alpha\"} 2.000000007");
}

/* Every family once, before its series, in both formats. */
static void check_families(const char *text, bool is_open)
{
	for (size_t i = 0; i < HP_METRICS; i++) {
		const struct hp_metric *metric = &hp_metrics_table[i];
		hp_autofree char *help = NULL, *type = NULL;
		int cut = 0;
		const char *at;

		if (is_open && metric->type == HP_COUNTER)
			cut = (int)strlen("_total");
		if (is_open && metric->type == HP_INFO)
			cut = (int)strlen("_info");
		assert_true(asprintf(&help, "# HELP %.*s %s\n", (int)strlen(metric->name) - cut, metric->name, metric->help) > 0);
		assert_true(asprintf(&type, "# TYPE %.*s ", (int)strlen(metric->name) - cut, metric->name) > 0);
		at = strstr(text, help);
		if (!at || strstr(at + 1, help) || strncmp(at + strlen(help), type, strlen(type)) != 0)
			fail_msg("%s: HELP and TYPE are not there once, together", metric->name);
	}
}

/* The other waits are more resources of the same matrix; a kind that is not at work is not told. */
static void test_waits(void **state)
{
	struct scene *scene = *state;
	struct hp_wait_matrix waits[HP_WAIT_KINDS] = { [HP_WAIT_LOCK] = HP_WAIT_MATRIX_INIT };
	const char *const missing[HP_WAIT_KINDS] = { [HP_WAIT_NETWORK] = "no hook" };
	hp_autofree char *text = NULL;

	assert_int_equal(hp_wait_matrix_init(&waits[HP_WAIT_LOCK], ROWS), 0);
	waits[HP_WAIT_LOCK].by_ns[ALPHA * ROWS + BETA] = 3000000;
	waits[HP_WAIT_LOCK].by_ns[ALPHA * ROWS + ALPHA] = 1000000;
	waits[HP_WAIT_LOCK].phase_ns[ALPHA][0] = 4000000;
	waits[HP_WAIT_LOCK].latency[ALPHA][0][12] = 8;
	waits[HP_WAIT_LOCK].lost[HP_WAIT_LOST_ROOM] = 9;
	scene->contention.waits = waits;
	scene->contention.waits_memory_bytes = 17;
	scene->contention.missing = missing;
	text = write_scene(scene, false);
	hp_wait_matrix_clear(&waits[HP_WAIT_LOCK]);
	assert_line(text, "hostpart_blame_seconds_total{resource=\"lock\",victim=\"alpha\",aggressor=\"be\\\"ta\\\\\"} 0.003");
	assert_no(text, "resource=\"lock\",victim=\"alpha\",aggressor=\"alpha\"");
	assert_line(text, "hostpart_wait_seconds_total{resource=\"lock\",victim=\"alpha\"} 0.004");
	assert_line(text, "hostpart_lost_events_total{resource=\"lock\",reason=\"room\"} 9");
	assert_line(text, "hostpart_bpf_map_memory_bytes{programs=\"waits\"} 17");
	assert_line(text, "hostpart_contention_resource{resource=\"lock\"} 1");
	assert_line(text, "hostpart_contention_resource{resource=\"network\"} 0");
	assert_line(text, "hostpart_contention_lack_info{resource=\"network\",reason=\"no hook\"} 1");
	if (hp_wait_phase(HP_WAIT_LOCK, 0))
		assert_non_null(strstr(text, "hostpart_wait_latency_seconds_count{resource=\"lock\",phase="));
	assert_no(text, "resource=\"memory\",victim");
	check_families(text, false);
}

static void test_unknown_is_not_zero(void **state)
{
	struct scene *scene = *state;
	hp_autofree char *text = write_scene(scene, false), *without = NULL;

	assert_no(text, "hostpart_domain_cpus{domain=\"be");
	assert_no(text, "hostpart_domain_cpu_seconds_total{domain=\"be");
	scene->metrics.contention = NULL;
	scene->metrics.has_module = false;
	scene->metrics.is_applied = false;
	scene->metrics.last_check_s = 0;
	without = write_scene(scene, false);
	assert_line(without, "hostpart_contention_counted 0");
	assert_no(without, "hostpart_blame_seconds_total");
	assert_no(without, "hostpart_module_generation");
	assert_no(without, "hostpart_policy_applied_timestamp_seconds");
	assert_no(without, "hostpart_reconcile_last_check");
}

static void test_large_matrix_has_no_zeros(void **state)
{
	struct scene *scene = *state;
	hp_autoblame blame = HP_BLAME_INIT;
	const char *names[HP_ROWS_MAX];
	hp_autofree char *text = NULL;

	assert_int_equal(hp_blame_init(&blame, HP_ROWS_MAX), 0);
	for (size_t i = 0; i < HP_ROWS_MAX; i++)
		names[i] = "x";
	names[20] = "victim";
	names[21] = "aggressor";
	blame.rows[20].by_ns[21] = 1;
	scene->contention.blame = &blame;
	scene->contention.rows = names;
	text = write_scene(scene, false);
	assert_line(text, "hostpart_blame_seconds_total{resource=\"cpu\",victim=\"victim\",aggressor=\"aggressor\"} 0.000000001");
	assert_no(text, "aggressor=\"x\"");
}

static void test_formats(void **state)
{
	hp_autofree char *plain = write_scene(*state, false), *open = write_scene(*state, true);

	check_families(plain, false);
	check_families(open, true);
	assert_no(plain, "# UNIT");
	assert_no(plain, "# EOF");
	assert_line(plain, "# TYPE hostpart_build_info gauge");
	assert_line(open, "# TYPE hostpart_build info");
	assert_line(open, "# UNIT hostpart_blame_seconds seconds");
	assert_string_equal(open + strlen(open) - strlen("\n# EOF\n"), "\n# EOF\n");
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void test_table_is_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < HP_METRICS; i++) {
		const struct hp_metric *metric = &hp_metrics_table[i];
		hp_autofree char *unit = NULL;

		assert_non_null(metric->name);
		assert_true(asprintf(&unit, "_%s%s", metric->unit, metric->type == HP_COUNTER ? "_total" : "") > 0);
		assert_true(strncmp(metric->name, "hostpart_", 9) == 0);
		assert_int_equal(metric->type == HP_COUNTER, ends_with(metric->name, "_total"));
		assert_int_equal(metric->type == HP_INFO, ends_with(metric->name, "_info"));
		if (*metric->unit && !ends_with(metric->name, unit))
			fail_msg("%s does not end in its unit, %s", metric->name, unit);
		assert_true(ends_with(metric->help, "."));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(metric->name, hp_metrics_table[j].name);
	}
}

/* The real one judges, where it is installed (scripts/deps does it). */
static void test_promtool(void **state)
{
	char name[] = "/tmp/hostpart-metrics-XXXXXX";
	hp_autofree char *text = write_scene(*state, false), *command = NULL;
	hp_autofd int fd = mkstemp(name);
	int status;

	if (system("command -v promtool > /dev/null 2>&1") != 0) {
		unlink(name);
		skip();
	}
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_true(asprintf(&command, "promtool check metrics < %s", name) > 0);
	status = system(command);
	unlink(name);
	assert_int_equal(status, 0);
}

/* ---- the manual page ---- */

/* "*name* type, unit, by label, label" and the help, as the page has them: words in one line. */
static char *entry_of(const struct hp_metric *metric)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fprintf(out, "*%s* %s", metric->name, hp_metric_type_words[metric->type]);
	if (*metric->unit)
		fprintf(out, ", %s", metric->unit);
	for (size_t i = 0; i < HP_METRIC_LABELS_MAX && metric->labels[i]; i++)
		fprintf(out, "%s_%s_", i ? ", " : "; by ", metric->labels[i]);
	fprintf(out, " %s", metric->help);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		char c = *from == '\n' || *from == '\t' ? ' ' : *from;

		if (c != ' ' || (to > text && to[-1] != ' '))
			*to++ = c;
	}
	*to = '\0';
}

static void test_manual(void **state)
{
	hp_autofree char *page = NULL;
	size_t length, told = 0;

	(void)state;
	assert_int_equal(hp_file_read("userland/man/hostpart-metrics.7.scd", 1 << 20, &page, &length, NULL), 0);
	squeeze(page);
	for (size_t i = 0; i < HP_METRICS; i++) {
		hp_autofree char *entry = entry_of(&hp_metrics_table[i]);

		if (!strstr(page, entry))
			fail_msg("hostpart-metrics(7) does not say: %s", entry);
	}
	for (const char *at = page; (at = strstr(at, "*hostpart_")); at++)
		told++;
	assert_int_equal(told, HP_METRICS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reclaim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_histogram, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_is_not_zero, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_matrix_has_no_zeros, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_formats, set_up, tear_down),
		cmocka_unit_test(test_table_is_in_order),
		cmocka_unit_test_setup_teardown(test_promtool, set_up, tear_down),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
