// SPDX-License-Identifier: GPL-2.0
/* actor.c: remembers who wrote to control files lately, and finds who broke a setting. */
#include "agent.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_cgroup2.h"
#include "base/hp_clock.h"
#include "base/hp_irq.h"
#include "base/hp_log.h"
#include "base/hp_text.h"
#include "bpf/hp_witness.h"

/* Who wrote longer ago than this did not cause a drift that is only noticed now. */
#define RECENT_NS (15 * 1000000000ull)
enum { SEEN_MAX = 128 };

struct seen {
	uint64_t time_ns;
	char backend[16];	/* "cgroup", "sysfile", "irq", "port", "nft" */
	char path[512];		/* what was touched, as in hp_witness.h; the object for nft */
	char cgroup[256];	/* the actor's, looked up while it lives */
	pid_t pid;
	char comm[17];
};

struct actors {
	struct hp_witness *witness;	/* NULL without BPF */
	sd_event_source *source;
	struct seen ring[SEEN_MAX];
	size_t next;
};

static struct seen *next_slot(struct actors *actors)
{
	struct seen *slot = &actors->ring[actors->next++ % SEEN_MAX];

	*slot = (struct seen){ 0 };
	return slot;
}

/* Which backend's settings such a write can break. */
static const char *backend_of(const struct hp_witnessed *seen)
{
	switch (seen->source) {
	case HP_WITNESSED_CGROUP:
		return "cgroup";
	case HP_WITNESSED_SYSFS:
		return "sysfile";
	case HP_WITNESSED_PROC:
		return strstr(seen->path, "default") ? "sysfile" : "irq";
	default:
		return "port";
	}
}

static void on_seen(void *arg, const struct hp_witnessed *seen)
{
	struct agent *agent = arg;
	struct seen *slot = next_slot(agent->actors);
	hp_autofree char *cgroup = hp_cgroup_name(seen->cgroup_id);

	slot->time_ns = seen->time_ns;
	slot->pid = seen->pid;
	snprintf(slot->comm, sizeof(slot->comm), "%s", seen->comm);
	snprintf(slot->path, sizeof(slot->path), "%s", seen->path);
	snprintf(slot->backend, sizeof(slot->backend), "%s", backend_of(seen));
	if (cgroup)
		snprintf(slot->cgroup, sizeof(slot->cgroup), "/%s", cgroup);
	drift_suspect(agent, watch_backend_bit(slot->backend));
}

void actors_drain(struct agent *agent)
{
	if (agent->actors && agent->actors->witness)
		hp_witness_drain(agent->actors->witness, on_seen, agent);
}

static int on_witness(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source;
	(void)fd;
	(void)revents;
	actors_drain(arg);
	return 0;
}

void actors_note(struct agent *agent, const char *backend, const char *object, const struct hp_actor *actor)
{
	struct seen *slot;

	if (!agent->actors || !actor->known)
		return;
	slot = next_slot(agent->actors);
	slot->time_ns = hp_clock_ns(CLOCK_BOOTTIME);
	slot->pid = actor->pid;
	snprintf(slot->backend, sizeof(slot->backend), "%s", backend);
	snprintf(slot->path, sizeof(slot->path), "%s", object);
	snprintf(slot->comm, sizeof(slot->comm), "%s", actor->comm);
	snprintf(slot->cgroup, sizeof(slot->cgroup), "%s", actor->cgroup);
}

/*
 * A partition is broken by a write to its own files or to the cpuset of any
 * cgroup that overlaps it: a write to the very file is the better match.
 */
static int match_cgroup(const struct hp_setting *setting, const struct seen *seen)
{
	char own[600];

	snprintf(own, sizeof(own), "/%s/%s", setting->object, setting->attr);
	if (strcmp(seen->path, own) == 0)
		return 2;
	if (strncmp(setting->attr, "cpuset.", 7) == 0 && strstr(seen->path, "/cpuset."))
		return 1;
	return 0;
}

static int match(const struct agent *agent, const struct hp_setting *setting, const struct seen *seen)
{
	unsigned int number;
	char irq[64];

	if (strcmp(seen->backend, setting->backend) != 0)
		return 0;
	if (strcmp(setting->backend, "cgroup") == 0)
		return match_cgroup(setting, seen);
	if (strcmp(setting->backend, "sysfile") == 0)
		return hp_text_ends_with(seen->path, setting->object) ? 2 : 0;
	if (strcmp(setting->backend, "irq") == 0) {
		if (hp_irq_number(agent->ctx.root, setting->object, &number, NULL))
			return 0;
		snprintf(irq, sizeof(irq), "/proc/irq/%u/", number);
		return strncmp(seen->path, irq, strlen(irq)) == 0 ? 2 : 0;
	}
	/* Ports are told by their name at the time, which the setting's object (a BDF) does not hold. */
	return 1;
}

struct hp_actor actors_find(struct agent *agent, const struct hp_setting *setting)
{
	struct hp_actor actor = { .known = false };
	const struct seen *best = NULL;
	uint64_t now = hp_clock_ns(CLOCK_BOOTTIME);
	int best_score = 0;

	for (size_t i = 0; agent->actors && i < SEEN_MAX; i++) {
		const struct seen *seen = &agent->actors->ring[i];
		int score;

		if (!seen->time_ns || now - seen->time_ns > RECENT_NS)
			continue;
		score = match(agent, setting, seen);
		if (score > best_score || (score && score == best_score && seen->time_ns > best->time_ns)) {
			best = seen;
			best_score = score;
		}
	}
	if (!best)
		return actor;
	actor.known = true;
	actor.pid = best->pid;
	snprintf(actor.comm, sizeof(actor.comm), "%.15s", best->comm);
	snprintf(actor.cgroup, sizeof(actor.cgroup), "%s", best->cgroup);
	return actor;
}

static void tell_missing(const struct hp_witness *witness)
{
	const char *const *missing = hp_witness_missing(witness);

	for (size_t i = 0; missing[i]; i++)
		hp_log(LOG_NOTICE, "this kernel has no %s(): some actors stay unknown", missing[i]);
}

int actors_start(struct agent *agent)
{
	hp_autoerr err = HP_ERR_INIT;

	agent->actors = calloc(1, sizeof(*agent->actors));
	if (!agent->actors)
		return 0;
	if (hp_witness_open(getpid(), &agent->actors->witness, &err) < 0) {
		hp_log(LOG_WARNING, "actors stay unknown: %s", err.text);
		return 0;
	}
	tell_missing(agent->actors->witness);
	sd_event_add_io(agent->loop, &agent->actors->source, hp_witness_fd(agent->actors->witness), EPOLLIN, on_witness,
			agent);
	return 0;
}

void actors_stop(struct agent *agent)
{
	if (!agent->actors)
		return;
	sd_event_source_disable_unref(agent->actors->source);
	hp_witness_close(agent->actors->witness);
	free(agent->actors);
	agent->actors = NULL;
}
