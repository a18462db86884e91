/* SPDX-License-Identifier: GPL-2.0 */
/* metrics.h: what partd tells Prometheus, and where (private to partd). */
#ifndef PARTD_METRICS_H
#define PARTD_METRICS_H

#include "agent.h"
#include "bpf/hp_contention.h"
#include "metrics/hp_serve.h"
#include "metrics_load.h"

#define METRICS_SOCKET "unix:/run/hostpart/metrics.sock"
enum { METRICS_ADDRESSES_MAX = 8 };

/* From the command line. Starts zeroed. */
struct metrics_options {
	const char *addresses[METRICS_ADDRESSES_MAX];	/* none: METRICS_SOCKET */
	size_t count;
	bool is_off, is_without_contention;
	const char *certificate, *key, *client_ca;
};

/* The value of --metrics: an address, or "off". A usage error otherwise. */
int metrics_option(struct metrics_options *options, const char *value, struct hp_err *err);
/* When all are there: do they go together? */
int metrics_options_check(const struct metrics_options *options, struct hp_err *err);

/* The domains in force, as the contention programs and the metrics know them. Starts zeroed. */
struct metrics_domains {
	char **names, **cgroups;	/* owned */
	uint64_t *ids;			/* of the cgroups; owned */
	size_t count;
};
void metrics_domains_clear(struct metrics_domains *domains);
/* In the order of the policy. A domain whose cgroup is gone makes it fail. */
int metrics_domains_read(const struct hp_state *state, struct metrics_domains *domains, struct hp_err *err);

/* metrics_contention.c: the counting of waits for the domains in force. */
struct counting {
	struct hp_contention *contention;	/* NULL = nothing is counted */
	struct hp_waits *waits;			/* NULL = only waits for processors are */
	bool is_wanted;
	sd_event_source *begin;			/* while the programs are still to be loaded */
	struct load *load;			/* while they are being loaded, or that is being cancelled */
	char *pins;
};
/* For other domains than before: takes over what is pinned for them, else begins anew, soon; without domains it ends. */
void counting_adopt(struct agent *agent, const struct metrics_domains *domains);
void counting_stop(struct agent *agent);	/* the programs go on */

struct metrics {
	struct metrics_options options;
	struct hp_serve_tls tls;
	struct hp_serve_site *site;
	struct hp_server *servers[METRICS_ADDRESSES_MAX];
	sd_event_source *sources[METRICS_ADDRESSES_MAX], *timers[METRICS_ADDRESSES_MAX];
	size_t count;
	struct metrics_domains domains;
	struct counting counting;
	struct hp_counts drift, events;		/* kept beside the event log */
};

/* metrics_collect.c: hp_serve_fn; arg is the agent. */
int metrics_collect(void *arg, struct hp_metrics_text *text);

#endif
