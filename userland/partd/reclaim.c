// SPDX-License-Identifier: GPL-2.0
/* reclaim.c: a reclaim tuner for each domain in force, and what partctl asks of them. */
#include "agent.h"

#include <errno.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_json.h"
#include "base/hp_leg.h"
#include "base/hp_log.h"
#include "base/hp_text.h"
#include "metrics/hp_metrics.h"
#include "policy/hp_policy.h"
#include "reclaim/hp_tuner.h"

struct reclaim {
	struct hp_damon *damon;
	struct hp_tuner **tuners;	/* in the policy's order */
	struct hp_reclaim_spec *specs;	/* as the policy has them */
	size_t count;
	uint32_t policy;		/* hash of its text: a mode that was set by hand lasts as long as it */
};

/* ---- modes set by hand: RUN/reclaim, a line "HASH DOMAIN MODE" each ---- */

static char *modes_path(const struct agent *agent)
{
	return hp_format("%s/reclaim", agent->ctx.run_dir);
}

static void save_modes(const struct agent *agent)
{
	const struct reclaim *reclaim = agent->reclaim;
	hp_autofree char *path = modes_path(agent);
	hp_autofile FILE *file = path ? fopen(path, "we") : NULL;
	bool is_bad = !file;

	for (size_t i = 0; file && i < reclaim->count; i++) {
		enum hp_reclaim_mode mode = hp_tuner_mode(reclaim->tuners[i]);

		if (mode != reclaim->specs[i].mode)
			is_bad |= fprintf(file, "%08x %s %s\n", reclaim->policy, hp_tuner_domain(reclaim->tuners[i]),
					  hp_reclaim_mode_words[mode]) < 0;
	}
	if (is_bad || (file && fflush(file) != 0))
		hp_log(LOG_WARNING, "%s cannot be written: after a restart the policy's modes hold", path ? path : "reclaim");
}

static bool find_mode(const char *word, enum hp_reclaim_mode *mode)
{
	for (size_t i = 0; word && hp_reclaim_mode_words[i]; i++) {
		if (strcmp(hp_reclaim_mode_words[i], word) == 0) {
			*mode = (enum hp_reclaim_mode)i;
			return true;
		}
	}
	return false;
}

static struct hp_tuner *find_tuner(const struct reclaim *reclaim, const char *domain)
{
	for (size_t i = 0; i < reclaim->count; i++)
		if (strcmp(hp_tuner_domain(reclaim->tuners[i]), domain) == 0)
			return reclaim->tuners[i];
	return NULL;
}

static void load_modes(const struct agent *agent)
{
	hp_autofree char *path = modes_path(agent);
	hp_autofile FILE *file = path ? fopen(path, "re") : NULL;
	char domain[HP_NAME_MAX + 1], word[16];
	uint32_t policy;

	while (file && fscanf(file, "%x %32s %15s", &policy, domain, word) == 3) {
		struct hp_tuner *tuner = find_tuner(agent->reclaim, domain);
		enum hp_reclaim_mode mode;

		if (tuner && policy == agent->reclaim->policy && find_mode(word, &mode))
			hp_tuner_set_mode(tuner, mode);
	}
}

/* ---- following the state in force ---- */

static bool is_same_spec(const struct hp_reclaim_spec *a, const struct hp_reclaim_spec *b)
{
	return a->mode == b->mode && a->k == b->k && a->crp_ms == b->crp_ms && a->rip_ms == b->rip_ms &&
	       a->distance_ms == b->distance_ms && a->budget_milli == b->budget_milli &&
	       a->pressure_milli == b->pressure_milli && a->is_ranked == b->is_ranked;
}

static bool is_same(const struct reclaim *reclaim, const struct hp_policy *policy)
{
	if (reclaim->count != policy->domains_count)
		return false;
	for (size_t i = 0; i < reclaim->count; i++)
		if (strcmp(hp_tuner_domain(reclaim->tuners[i]), policy->domains[i].name) != 0 ||
		    !is_same_spec(&reclaim->specs[i], &policy->domains[i].reclaim))
			return false;
	return true;
}

/* "TOP/alpha", among what was applied. */
static const char *cgroup_of(const struct agent *agent, const char *domain)
{
	for (size_t i = 0; i < agent->state->count; i++) {
		const struct hp_setting *setting = &agent->state->items[i].setting;
		const char *slash = strcmp(setting->backend, "cgroup") == 0 ? strchr(setting->object, '/') : NULL;

		if (slash && strcmp(slash + 1, domain) == 0)
			return setting->object;
	}
	return NULL;
}

static void stop_tuners(struct agent *agent)
{
	struct reclaim *reclaim = hp_take(agent->reclaim);

	if (!reclaim)
		return;
	for (size_t i = 0; i < reclaim->count; i++)
		hp_tuner_stop(reclaim->tuners[i]);
	hp_damon_close(reclaim->damon);
	free(reclaim->tuners);
	free(reclaim->specs);
	free(reclaim);
}

static int start_one(struct agent *agent, const struct hp_domain_spec *domain, struct hp_err *err)
{
	struct reclaim *reclaim = agent->reclaim;
	const struct hp_tuner_config config = {
		.root = agent->ctx.root, .domain = domain->name, .cgroup = cgroup_of(agent, domain->name),
		.spec = domain->reclaim, .damon = reclaim->damon, .slot = (unsigned int)reclaim->count,
	};
	int ret;

	if (!config.cgroup)
		return hp_err_set(err, ENOENT, "domain %s has no cgroup in the state in force", domain->name);
	ret = hp_tuner_start(&config, &reclaim->tuners[reclaim->count], err);
	if (ret < 0)
		return ret;
	reclaim->specs[reclaim->count++] = domain->reclaim;
	return 0;
}

static int start_tuners(struct agent *agent, const struct hp_policy *policy, uint32_t hash, struct hp_err *err)
{
	struct reclaim *reclaim = calloc(1, sizeof(*reclaim));
	int ret;

	agent->reclaim = reclaim;
	if (reclaim) {
		reclaim->policy = hash;
		reclaim->tuners = calloc(policy->domains_count, sizeof(struct hp_tuner *));
		reclaim->specs = calloc(policy->domains_count, sizeof(*reclaim->specs));
	}
	if (!reclaim || !reclaim->tuners || !reclaim->specs)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_damon_open(agent->ctx.root, agent->ctx.run_dir, (unsigned int)policy->domains_count, &reclaim->damon, err);
	for (size_t i = 0; ret == 0 && i < policy->domains_count; i++)
		ret = start_one(agent, &policy->domains[i], err);
	if (ret == 0)
		load_modes(agent);
	return ret;
}

void reclaim_adopt(struct agent *agent)
{
	hp_autopolicy *policy = NULL;
	hp_autoerr err = HP_ERR_INIT;
	const char *text = agent->state ? agent->state->policy_text : NULL;
	uint32_t hash = text ? hp_fnv1a(text, strlen(text)) : 0;

	if (!text) {
		stop_tuners(agent);
		return;
	}
	if (agent->reclaim && agent->reclaim->policy == hash)
		return;
	if (hp_policy_parse(agent->state->policy_file, text, &policy, &err) < 0) {
		hp_log(LOG_ERR, "reclaim: %s", err.text);
		return;
	}
	if (agent->reclaim && is_same(agent->reclaim, policy)) {
		/* Something else in the policy changed: what was learnt stays, what was set by hand ends. */
		agent->reclaim->policy = hash;
		for (size_t i = 0; i < agent->reclaim->count; i++)
			hp_tuner_set_mode(agent->reclaim->tuners[i], agent->reclaim->specs[i].mode);
		return;
	}
	stop_tuners(agent);
	if (start_tuners(agent, policy, hash, &err) < 0) {
		hp_log(LOG_ERR, "reclaim: %s", err.text);
		stop_tuners(agent);
	}
}

void reclaim_start(struct agent *agent)
{
	struct hp_damon *damon = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_damon_open(agent->ctx.root, agent->ctx.run_dir, 0, &damon, &err) < 0)
		hp_log(LOG_WARNING, "reclaim: %s", err.text);
	hp_damon_close(damon);
}

void reclaim_stop(struct agent *agent)
{
	stop_tuners(agent);
}

int reclaim_look(const struct agent *agent, struct hp_metrics_reclaim **looked, size_t *count)
{
	const struct reclaim *reclaim = agent->reclaim;

	*count = reclaim ? reclaim->count : 0;
	*looked = calloc(*count + 1, sizeof(**looked));
	if (!*looked)
		return -ENOMEM;
	for (size_t i = 0; i < *count; i++) {
		(*looked)[i].domain = hp_tuner_domain(reclaim->tuners[i]);
		hp_tuner_numbers_read(reclaim->tuners[i], &(*looked)[i].numbers);
	}
	return 0;
}

/* ---- what partctl asks ---- */

static int no_such_domain(const struct reclaim *reclaim, const char *domain, struct hp_err *err)
{
	const char *names[HP_DOMAINS_MAX + 1] = { NULL };

	for (size_t i = 0; i < reclaim->count; i++)
		names[i] = hp_tuner_domain(reclaim->tuners[i]);
	return hp_err_usage(err, "partctl: reclaim: there is no domain '%s'%s", domain,
			    hp_did_you_mean(hp_word_nearest(domain, names)).text);
}

static int tell_domains(const struct reclaim *reclaim, const char *domain, struct json_object *(*tell)(struct hp_tuner *tuner),
			struct json_object **result, struct hp_err *err)
{
	struct json_object *list;

	if (domain && !find_tuner(reclaim, domain))
		return no_such_domain(reclaim, domain, err);
	list = json_object_new_array();
	for (size_t i = 0; i < reclaim->count; i++)
		if (!domain || strcmp(hp_tuner_domain(reclaim->tuners[i]), domain) == 0)
			json_object_array_add(list, tell(reclaim->tuners[i]));
	json_object_object_add(*result, "domains", list);
	return 0;
}

static int set_mode(struct agent *agent, struct json_object *request, pid_t caller, struct json_object **result, struct hp_err *err)
{
	const char *domain = hp_json_text(request, "domain"), *word = hp_json_text(request, "mode");
	struct hp_tuner *tuner = domain ? find_tuner(agent->reclaim, domain) : NULL;
	struct hp_event event = { .type = "reclaim", .domain = domain, .what = "mode", .done = word,
				  .actor = { .known = true, .pid = caller } };
	enum hp_reclaim_mode mode, was;

	if (!find_mode(word, &mode))
		return hp_err_usage(err, "partctl: reclaim: '%s' is not off, observe or on", word ? word : "");
	if (!tuner)
		return no_such_domain(agent->reclaim, domain ? domain : "", err);
	was = hp_tuner_mode(tuner);
	if (mode != was) {
		hp_tuner_set_mode(tuner, mode);
		save_modes(agent);
		hp_actor_describe(&event.actor);
		agent_tell(agent, &event);
	}
	json_object_object_add(*result, "domain", json_object_new_string(domain));
	json_object_object_add(*result, "mode", json_object_new_string(word));
	json_object_object_add(*result, "was", json_object_new_string(hp_reclaim_mode_words[was]));
	return 0;
}

static int explain(const struct reclaim *reclaim, struct json_object *request, struct json_object **result, struct hp_err *err)
{
	struct json_object *field, *answer = NULL;
	uint64_t address = 0;
	bool has_address;
	pid_t pid;

	if (!json_object_object_get_ex(request, "pid", &field))
		return hp_err_usage(err, "explain needs pid");
	pid = json_object_get_int(field);
	has_address = json_object_object_get_ex(request, "address", &field);
	if (has_address)
		address = json_object_get_uint64(field);
	for (size_t i = 0; i < reclaim->count && !answer; i++) {
		int ret = hp_tuner_explain(reclaim->tuners[i], pid, has_address ? &address : NULL, &answer, err);

		if (ret < 0)
			return ret;
	}
	if (!answer)
		return hp_err_set(err, ESRCH, "process %d is not watched: it is in no domain whose mode is observe or on, "
				  "or smaller than those that are", pid);
	json_object_put(*result);
	*result = answer;
	return 0;
}

int reclaim_request(struct agent *agent, struct json_object *request, pid_t caller, struct json_object **result,
		    struct hp_err *err)
{
	static const struct reclaim nothing;
	const struct reclaim *reclaim = agent->reclaim ? agent->reclaim : &nothing;
	const char *what = hp_json_text(request, "what"), *domain = hp_json_text(request, "domain");

	if (what && strcmp(what, "status") == 0)
		return tell_domains(reclaim, domain, hp_tuner_status, result, err);
	if (what && strcmp(what, "regions") == 0)
		return tell_domains(reclaim, domain, hp_tuner_regions, result, err);
	if (what && strcmp(what, "explain") == 0)
		return explain(reclaim, request, result, err);
	if (what && strcmp(what, "set") == 0 && agent->reclaim)
		return set_mode(agent, request, caller, result, err);
	if (what && strcmp(what, "set") == 0)
		return no_such_domain(reclaim, domain ? domain : "", err);
	return hp_err_usage(err, "partd knows no reclaim request '%s'; is partctl newer than partd?", what ? what : "");
}
