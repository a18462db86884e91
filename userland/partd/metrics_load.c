// SPDX-License-Identifier: GPL-2.0
/* metrics_load.c: loads what counts waits, in a thread, as the kernel takes its time. */
#include "metrics_load.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_text.h"

struct load {
	pthread_t thread;
	int ended;			/* eventfd: readable when the thread has nothing more to do */
	bool is_cancelled;		/* atomic; all else is the thread's until its end */
	struct hp_contention_options options;
	uint64_t *cgroups;		/* owned, as what follows; the options point there */
	struct hp_contention_irq *irqs;
	char *pins;
	struct load_result result;
	sd_event_source *source;	/* the loop's, as what follows */
	void (*done)(void *arg);
	void *arg;
};

bool load_is_cancelled(const struct load *load)
{
	return __atomic_load_n(&load->is_cancelled, __ATOMIC_ACQUIRE);
}

void load_cancel(struct load *load)
{
	__atomic_store_n(&load->is_cancelled, true, __ATOMIC_RELEASE);
}

/* ---- in the thread ---- */

/* Waits for processors. Without them nothing else is counted: their rows are everybody's. */
static void load_cpu(struct load *load)
{
	hp_autofree char *pins = hp_format("%s/cpu", load->pins);
	hp_autoerr err = HP_ERR_INIT;
	int ret;

	if (!pins)
		return;
	ret = hp_contention_adopt(&load->options, pins, &load->result.contention, &err);
	if (ret == -ESTALE)
		hp_log(LOG_NOTICE, "waits for processors are counted anew: %s", err.text);
	if (ret == 0)
		return;
	hp_err_clear(&err);
	ret = hp_contention_open(&load->options, &load->result.contention, &err);
	if (ret)
		hp_log(LOG_NOTICE, "waits are not counted: %s", err.text);
	else if (hp_contention_pin(load->result.contention, pins, &err) < 0)
		hp_log(LOG_WARNING, "waits are counted only while partd runs: %s", err.text);
}

/* What an earlier process left, or all anew, which then is to be pinned. */
static int begin_kind(struct load *load, enum hp_wait_kind kind, bool *is_new)
{
	const char *resource = hp_wait_resource(kind);
	hp_autoerr err = HP_ERR_INIT;
	int ret = hp_waits_adopt(load->result.waits, kind, load->pins, &err);

	*is_new = ret != 0;
	if (ret == -ESTALE)
		hp_log(LOG_NOTICE, "%s waits are counted anew: %s", resource, err.text);
	if (ret == 0)
		return 0;
	hp_err_clear(&err);
	ret = hp_waits_add(load->result.waits, kind, &err);
	if (ret)
		hp_log(LOG_NOTICE, "%s waits are not counted: %s", resource, err.text);
	return ret;
}

static void load_kind(struct load *load, enum hp_wait_kind kind)
{
	const char *resource = hp_wait_resource(kind);
	struct hp_waits *waits = load->result.waits;
	hp_autoerr err = HP_ERR_INIT;
	bool is_new;
	int ret = begin_kind(load, kind, &is_new);

	if (ret == 0 && hp_waits_share_switch(waits, load->result.contention, &err) < 0) {
		hp_log(LOG_NOTICE, "%s waits cost more than they have to: %s", resource, err.text);
		hp_err_clear(&err);
	}
	if (ret == 0 && is_new && hp_waits_pin(waits, kind, load->pins, &err) < 0)
		hp_log(LOG_WARNING, "%s waits are counted only while partd runs: %s", resource, err.text);
	if (hp_waits_missing(waits, kind))
		hp_log(LOG_NOTICE, "%s waits: %s", resource, hp_waits_missing(waits, kind));
}

static void *run(void *arg)
{
	struct load *load = arg;
	hp_autoerr err = HP_ERR_INIT;
	uint64_t one = 1;

	load_cpu(load);
	if (load->result.contention && !load_is_cancelled(load) &&
	    hp_waits_open(&load->options, 0, &load->result.waits, &err) < 0)
		hp_log(LOG_NOTICE, "only waits for processors are counted: %s", err.text);
	for (int kind = 0; load->result.waits && kind < HP_WAIT_KINDS && !load_is_cancelled(load); kind++)
		if (hp_wait_resource((enum hp_wait_kind)kind))
			load_kind(load, (enum hp_wait_kind)kind);
	if (write(load->ended, &one, sizeof(one)) < 0)
		hp_log(LOG_ERR, "waits: telling that the programs are loaded: %s", strerror(errno));
	return NULL;
}

/* ---- in the loop ---- */

static void free_load(struct load *load)
{
	if (!load)
		return;
	sd_event_source_disable_unref(load->source);
	hp_close_fd(&load->ended);
	free(load->cgroups);
	free(load->irqs);
	free(load->pins);
	free(load);
}

static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct load *load = arg;

	(void)fd;
	(void)revents;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	load->done(load->arg);
	return 0;
}

static int copy_options(struct load *load, const struct hp_contention_options *options, const char *pins)
{
	load->options = *options;
	load->cgroups = calloc(options->cgroups_count + 1, sizeof(*load->cgroups));
	load->irqs = calloc(options->irqs_count + 1, sizeof(*load->irqs));
	load->pins = strdup(pins);
	if (!load->cgroups || !load->irqs || !load->pins)
		return -ENOMEM;
	for (size_t i = 0; i < options->cgroups_count; i++)
		load->cgroups[i] = options->cgroups[i];
	for (size_t i = 0; i < options->irqs_count; i++)
		load->irqs[i] = options->irqs[i];
	load->options.cgroups = load->cgroups;
	load->options.irqs = load->irqs;
	return 0;
}

/* Signals are the loop's. */
static int start_thread(struct load *load)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&load->thread, NULL, run, load);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -ret;
}

struct load *load_start(sd_event *loop, const struct hp_contention_options *options, const char *pins,
			void (*done)(void *arg), void *arg)
{
	struct load *load = calloc(1, sizeof(*load));
	int ret = load ? copy_options(load, options, pins) : -ENOMEM;

	if (load) {
		load->done = done;
		load->arg = arg;
		load->ended = eventfd(0, EFD_CLOEXEC);
		ret = ret == 0 && load->ended < 0 ? -errno : ret;
	}
	if (ret >= 0)
		ret = sd_event_add_io(loop, &load->source, load->ended, EPOLLIN, on_ended, load);
	if (ret >= 0)
		ret = start_thread(load);
	if (ret >= 0)
		return load;
	hp_log(LOG_WARNING, "waits are not counted: %s", strerror(-ret));
	free_load(load);
	return NULL;
}

struct load_result load_finish(struct load *load)
{
	struct load_result result;

	pthread_join(load->thread, NULL);
	result = load->result;
	free_load(load);
	return result;
}
