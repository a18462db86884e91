// SPDX-License-Identifier: GPL-2.0
/* top_source.c: looks at the machine, again and again, for partctl top. */
#include "top_source.h"

#include <errno.h>
#include <string.h>
#include "apply/hp_engine.h"
#include "base/hp_cgroup2.h"
#include "bpf/hp_waits.h"

struct top_source {
	struct run *run;
	struct contention_subject subject;
	struct hp_usage_subject *usage;		/* of the subject; owned */
	bool is_by;				/* cgroups were named: the policy does not matter */
	char *policy, *state_id;		/* in force when the subject was made */
	struct hp_usage_sample sample;		/* the look before */
	struct hp_contention *contention;	/* NULL = not counted, why says why */
	struct hp_waits *waits;
	char *why, *why_waits, *why_policy;	/* NULL = nothing to say */
	struct hp_blame blame;			/* all that was counted until the look before */
	struct hp_wait_matrix matrices[HP_WAIT_KINDS];
};

/* A note is one line. */
static char *first_line(const struct hp_err *err)
{
	const char *text = err->text ? err->text : "out of memory";

	return strndup(text, strcspn(text, "\n"));
}

static void stop_counting(struct top_source *source)
{
	hp_contention_close(source->contention);
	hp_waits_close(source->waits);
	source->contention = NULL;
	source->waits = NULL;
	hp_blame_clear(&source->blame);
	for (int i = 0; i < HP_WAIT_KINDS; i++)
		hp_wait_matrix_clear(&source->matrices[i]);
	free(source->why);
	free(source->why_waits);
	source->why = source->why_waits = NULL;
}

void top_source_close(struct top_source *source)
{
	if (!source)
		return;
	stop_counting(source);
	contention_subject_clear(&source->subject);
	hp_usage_sample_clear(&source->sample);
	free(source->usage);
	free(source->policy);
	free(source->state_id);
	free(source->why_policy);
	free(source);
}

void top_source_closep(struct top_source **source)
{
	top_source_close(*source);
}

/* ---- what to look at ---- */

static int list_usage(struct top_source *source, struct hp_err *err)
{
	free(source->usage);
	source->usage = calloc(source->subject.count + 1, sizeof(*source->usage));
	if (!source->usage)
		return hp_err_errno(err, ENOMEM, "listing the domains");
	for (size_t i = 0; i < source->subject.count; i++)
		source->usage[i] = (struct hp_usage_subject){ source->subject.cgroups[i], !source->is_by };
	return 0;
}

static void start_counting(struct top_source *source)
{
	const struct contention_subject *subject = &source->subject;
	const struct hp_contention_options options = {
		.cgroups = subject->ids, .cgroups_count = subject->count,
		.irqs = subject->irqs, .irqs_count = subject->irqs_count,
	};
	hp_autoerr err = HP_ERR_INIT;
	hp_autoerr waits_err = HP_ERR_INIT;

	if (contention_subject_find(source->run, &source->subject, &err) ||
	    hp_contention_open(&options, &source->contention, &err) ||
	    hp_contention_read(source->contention, &source->blame, &err)) {
		stop_counting(source);
		source->why = first_line(&err);
		return;
	}
	if (hp_waits_open(&options, (1u << HP_WAIT_KINDS) - 1, &source->waits, &waits_err) ||
	    hp_waits_read(source->waits, source->matrices, &waits_err)) {
		hp_waits_close(source->waits);
		source->waits = NULL;
		source->why_waits = first_line(&waits_err);
		return;
	}
	hp_waits_share_switch(source->waits, source->contention, NULL);	/* without that it only costs more */
}

static void replace(char **slot, const char *text)
{
	free(*slot);
	*slot = text ? strdup(text) : NULL;
}

/* Whose policy is in force now, by its state's id; NULL = none, or it cannot be read. */
static char *state_now(struct top_source *source, char **policy)
{
	hp_autostate *state = NULL;
	hp_autoerr err = HP_ERR_INIT;

	free(source->why_policy);
	source->why_policy = NULL;
	*policy = NULL;
	if (hp_engine_state(&source->run->ctx, &state, &err) < 0) {
		source->why_policy = first_line(&err);
		return NULL;
	}
	*policy = state ? strdup(state->policy_file) : NULL;
	return state ? strdup(state->id) : NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A cgroup that was made anew has another id. */
static bool has_new_cgroup(const struct top_source *source)
{
	for (size_t i = 0; i < source->subject.count; i++) {
		uint64_t id = 0;

		if (hp_cgroup_id(source->subject.cgroups[i], &id, NULL) == 0 && id != source->subject.ids[i])
			return true;
	}
	return false;
}

/*
 * The domains of the policy in force; none is fine. What is changing at this
 * moment may not be readable as a whole: then the next look tries again.
 */
static void take_domains(struct top_source *source, const char *id, const char *policy)
{
	hp_autoerr err = HP_ERR_INIT;
	int ret = 0;

	contention_subject_clear(&source->subject);
	if (id)
		ret = contention_subject_take_policy(source->run, &source->subject, &err);
	if (ret) {
		contention_subject_clear(&source->subject);
		free(source->why_policy);
		source->why_policy = first_line(&err);
	}
	replace(&source->state_id, ret ? "" : id);
	replace(&source->policy, ret ? NULL : policy);
}

/* Begins anew when there are other domains than before. */
static int follow_policy(struct top_source *source, struct hp_err *err)
{
	hp_autofree char *policy = NULL;
	hp_autofree char *id = source->is_by ? NULL : state_now(source, &policy);
	bool is_first = !source->usage, has_changed = !source->is_by && !is_same(id, source->state_id);
	int ret;

	if (!is_first && !has_changed && !has_new_cgroup(source))
		return 0;
	if (has_changed)
		take_domains(source, id, policy);
	ret = list_usage(source, err);
	if (ret)
		return ret;
	hp_usage_sample_clear(&source->sample);
	stop_counting(source);
	start_counting(source);
	return 0;
}

int top_source_open(struct run *run, struct contention_subject *subject, struct top_source **out, struct hp_err *err)
{
	top_autosource *source = calloc(1, sizeof(*source));
	int ret;

	if (!source)
		return hp_err_errno(err, ENOMEM, "looking at the machine");
	source->run = run;
	source->is_by = subject->count > 0;
	source->subject = *subject;
	*subject = (struct contention_subject){ 0 };
	/* A cgroup that was named and is not there is a mistake; one that goes later is not. */
	ret = source->is_by ? contention_subject_find(run, &source->subject, err) : 0;
	ret = ret ? ret : follow_policy(source, err);
	if (ret)
		return ret;
	*out = hp_take(source);
	return 0;
}

/* ---- looking ---- */

static int look_at_waits(struct top_source *source, struct top_model *model, struct hp_err *err)
{
	struct hp_wait_matrix news[HP_WAIT_KINDS] = { 0 };
	int ret = hp_waits_read(source->waits, news, err);

	for (int i = 0; i < HP_WAIT_KINDS; i++) {
		struct hp_wait_matrix *before = &source->matrices[i];

		if (ret == 0 && news[i].count && before->count == news[i].count) {
			hp_wait_matrix_subtract(&news[i], before);
			if (top_model_wait(model, hp_wait_resource(i), &news[i]))
				ret = hp_err_errno(err, ENOMEM, "looking at what is waited for");
			hp_wait_matrix_accumulate(before, &news[i]);
		}
		if (hp_wait_resource(i) && hp_waits_missing(source->waits, i))
			top_model_note(model, "%s waits: %s", hp_wait_resource(i), hp_waits_missing(source->waits, i));
		hp_wait_matrix_clear(&news[i]);
	}
	return ret;
}

static int look_at_blame(struct top_source *source, struct top_model *model, struct hp_err *err)
{
	hp_autoblame news = HP_BLAME_INIT;
	int ret;

	hp_contention_follow(source->contention);
	ret = hp_contention_read(source->contention, &news, err);
	if (ret)
		return ret;
	hp_blame_subtract(&news, &source->blame);
	if (top_model_blame(model, &news))
		return hp_err_errno(err, ENOMEM, "looking at who waits");
	hp_blame_accumulate(&source->blame, &news);
	return source->waits ? look_at_waits(source, model, err) : 0;
}

static int look_at_use(struct top_source *source, struct top_model *model, struct hp_err *err)
{
	hp_autosample now = HP_USAGE_SAMPLE_INIT;
	hp_autorates rates = HP_USAGE_RATES_INIT;
	int ret = hp_usage_read(source->run->ctx.root, source->usage, source->subject.count, &now, err);

	if (ret)
		return ret;
	if (source->sample.time_ns)
		ret = hp_usage_rates_between(&source->sample, &now, &rates);
	if (ret || top_model_name(model, source->subject.names, source->subject.cgroups, source->subject.count))
		return hp_err_errno(err, ENOMEM, "looking at what the domains use");
	top_model_use(model, &now, source->sample.time_ns ? &rates : NULL);
	hp_usage_sample_clear(&source->sample);
	source->sample = now;
	now = (struct hp_usage_sample)HP_USAGE_SAMPLE_INIT;
	return 0;
}

int top_source_look(struct top_source *source, struct top_model *model, struct hp_err *err)
{
	int ret = follow_policy(source, err);

	top_model_clear(model);
	ret = ret ? ret : look_at_use(source, model, err);
	ret = ret || !source->contention ? ret : look_at_blame(source, model, err);
	ret = ret ? ret : top_events_read(source->run, model, err);
	if (ret)
		return ret;
	model->policy = source->policy ? strdup(source->policy) : NULL;
	if (source->why)
		top_model_note(model, "no blame: %s", source->why);
	if (source->why_waits)
		top_model_note(model, "only waits for processors: %s", source->why_waits);
	if (source->why_policy)
		top_model_note(model, "no domains: %s", source->why_policy);
	return 0;
}
