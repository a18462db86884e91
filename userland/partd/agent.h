/* SPDX-License-Identifier: GPL-2.0 */
/* agent.h: partd's one object and what its rooms offer each other (private to partd). */
#ifndef PARTD_AGENT_H
#define PARTD_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include "apply/hp_txn.h"
#include "ctl/hp_events.h"

/* Which backends may have drifted; bit i = backend i of agent_backends[]. */
typedef unsigned int agent_mask;
#define AGENT_ALL (~0u)

struct watches;
struct hp_kernel_events;
struct actors;
struct reported;
struct metrics;
struct metrics_options;
struct reclaim;
struct hp_metrics_reclaim;

/* The latest event of the module that was told. */
struct agent_mark {
	uint64_t time_ns, seq;		/* CLOCK_BOOTTIME, and the module's number */
};

struct agent {
	struct hp_ctx ctx;
	sd_event *loop;
	const char *policy_file;
	struct hp_state *state;		/* in force; NULL = nothing applied */
	struct watches *watches;	/* watch.c */
	struct hp_kernel_events *module;	/* owned by the watches */
	struct agent_mark told;		/* watch_module.c */
	struct actors *actors;		/* actor.c */
	struct reported *reported;	/* drift.c */
	struct reclaim *reclaim;	/* reclaim.c; NULL = no domains */
	char *offender;			/* while healing: whose CPUs overlap a partition; drift.c */
	agent_mask dirty;		/* backends to look at when the check timer fires */
	struct metrics *metrics;	/* metrics.c */
	double last_check_s;		/* seconds since 1970 of the latest look at settings, 0 = none yet; drift.c */
	agent_mask second_look;		/* while healing: those where something could not be mended; drift.c */
	sd_event_source *check, *sweep, *confirm;
};

/* main.c: reloads the state in force and rebuilds what hangs on it (watches, confirm timer). */
int agent_adopt(struct agent *agent, struct hp_err *err);
/* Logs an event and appends it to the event log; a failing log is itself logged, never fatal. */
void agent_tell(struct agent *agent, const struct hp_event *event);
/* Gives back memory after something large. */
void agent_trim(void);
/* Boots what has autostart: true and is not up, and tells what is up which devices it has now. */
void agent_start_hosts(struct agent *agent);
void agent_refresh_hosts(struct agent *agent);
/* Name of a setting's domain, "" for the machine. */
void agent_domain_of(const struct agent *agent, const struct hp_setting *setting, char *name, size_t size);

/* refused.c: the policy cannot be applied at start: releases what the kernel holds for it, and leaves word for status. */
void refused_policy(struct agent *agent, const char *reason);
/* That word is history. */
void refused_clear(struct agent *agent);

/* server.c: the control socket. */
int server_start(struct agent *agent, struct hp_err *err);

/* watch.c: event sources that say which backend to look at. */
int watches_rebuild(struct agent *agent, struct hp_err *err);
void watches_free(struct agent *agent);
agent_mask watch_backend_bit(const char *backend);

/* drift.c: checks and heals what the mask names, and reports each drift once. */
int drift_start(struct agent *agent, struct hp_err *err);
/* Asks for a check soon (a burst of events makes one check). */
void drift_suspect(struct agent *agent, agent_mask backends);
void drift_stop(struct agent *agent);
/* Settings that do not hold and could not be mended. */
size_t drift_unmended(const struct agent *agent);

/* metrics.c: what is told to Prometheus. First without touching anything; then, as the only partd, it is served. */
int metrics_start(struct agent *agent, const struct metrics_options *options, struct hp_err *err);
int metrics_serve(struct agent *agent, struct hp_err *err);
void metrics_stop(struct agent *agent);
/* Takes up the domains in force. */
void metrics_adopt(struct agent *agent);
void metrics_event(struct agent *agent, const struct hp_event *event);

/* reclaim.c: lets the tuners follow the state in force; failures are logged. */
void reclaim_adopt(struct agent *agent);
/* Before the first of these: turns off what a partd that was killed left running. */
void reclaim_start(struct agent *agent);
void reclaim_stop(struct agent *agent);
/* What each tuner knows and did; the caller frees the array, the names are the tuners'. -ENOMEM. */
int reclaim_look(const struct agent *agent, struct hp_metrics_reclaim **looked, size_t *count);
/* Answers {"verb":"reclaim","what":...} in *result, an empty object of the caller's that may be replaced. */
int reclaim_request(struct agent *agent, struct json_object *request, pid_t caller, struct json_object **result,
		    struct hp_err *err);

/* actor.c: who wrote to control files lately. */
int actors_start(struct agent *agent);	/* never fails: without BPF every actor is unknown, and the log says so */
void actors_stop(struct agent *agent);
/* Takes in what the kernel has recorded up to now. */
void actors_drain(struct agent *agent);
/* Notes an actor learnt from another source (nftables' own notification). */
void actors_note(struct agent *agent, const char *backend, const char *object, const struct hp_actor *actor);
/* Who most likely caused this setting to drift; .known = false when nobody was seen. */
struct hp_actor actors_find(struct agent *agent, const struct hp_setting *setting);

#endif
