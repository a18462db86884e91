// SPDX-License-Identifier: GPL-2.0
/* damon.c: starts and stops kdamonds through sysfs, and finds those that a killed run left. */
#include "hp_damon.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define ADMIN "/sys/kernel/mm/damon/admin/kdamonds"

/* How often the kernel looks for new mappings; this number of microseconds is also how our own are known. */
#define UPDATE_US 2000003u
enum { REGIONS_MIN = 10 };

struct hp_damon {
	struct hp_root *root;
	char *mark;		/* RUN/damon */
	unsigned int count, running;
	bool *is_running;
	bool is_made;		/* the directories are there, and ours */
	pthread_mutex_t lock;
};

/* ---- sysfs ---- */

__attribute__((format(printf, 3, 0)))
static int vput(struct hp_damon *damon, const char *text, const char *fmt, va_list args)
{
	hp_autofree char *path = hp_vformat(fmt, args);

	return path ? hp_root_write(damon->root, path, text, NULL) : -ENOMEM;
}

__attribute__((format(printf, 3, 4)))
static int put(struct hp_damon *damon, const char *text, const char *fmt, ...)
{
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = vput(damon, text, fmt, args);
	va_end(args);
	return ret;
}

__attribute__((format(printf, 3, 4)))
static int put_number(struct hp_damon *damon, unsigned long number, const char *fmt, ...)
{
	char text[24];
	va_list args;
	int ret;

	snprintf(text, sizeof(text), "%lu", number);
	va_start(args, fmt);
	ret = vput(damon, text, fmt, args);
	va_end(args);
	return ret;
}

static long number_of(const char *text)
{
	return text ? strtol(text, NULL, 10) : -1;
}

static long count_kdamonds(struct hp_root *root)
{
	hp_autofree char *text = hp_root_readf(root, ADMIN "/nr_kdamonds");

	return number_of(text);
}

static bool is_on(struct hp_root *root, unsigned int slot)
{
	hp_autofree char *state = hp_root_readf(root, ADMIN "/%u/state", slot);

	return state && strcmp(state, "on") == 0;
}

static long pid_of(struct hp_root *root, unsigned int slot)
{
	hp_autofree char *pid = hp_root_readf(root, ADMIN "/%u/pid", slot);

	return number_of(pid);
}

/* ---- whose they are ---- */

/* The mark: how many, and in which boot. */
static int write_mark(const struct hp_damon *damon)
{
	hp_autofree char *boot = hp_root_readf(damon->root, "/proc/sys/kernel/random/boot_id");
	hp_autofile FILE *file = fopen(damon->mark, "we");

	if (!file || !boot || fprintf(file, "%u %s\n", damon->count, boot) < 0 || fflush(file) != 0)
		return -EIO;
	return 0;
}

/* How many were ours; 0 = none in this boot. */
static unsigned int read_mark(const struct hp_damon *damon)
{
	hp_autofree char *boot = hp_root_readf(damon->root, "/proc/sys/kernel/random/boot_id");
	hp_autofile FILE *file = fopen(damon->mark, "re");
	char marked[64] = "";
	unsigned int count = 0;

	if (!file || !boot || fscanf(file, "%u %63s", &count, marked) != 2 || strcmp(boot, marked) != 0)
		return 0;
	return count;
}

/* Ours: our interval, or nothing set up yet. */
static bool looks_ours(struct hp_root *root, unsigned int slot)
{
	hp_autofree char *contexts = hp_root_readf(root, ADMIN "/%u/contexts/nr_contexts", slot);
	hp_autofree char *update = hp_root_readf(root, ADMIN "/%u/contexts/0/monitoring_attrs/intervals/update_us", slot);

	return number_of(contexts) == 0 ? !is_on(root, slot) : number_of(update) == UPDATE_US;
}

static bool all_look_ours(struct hp_root *root, long count)
{
	for (long i = 0; i < count; i++)
		if (!looks_ours(root, (unsigned int)i))
			return false;
	return true;
}

static void turn_off(struct hp_damon *damon, unsigned int slot)
{
	if (is_on(damon->root, slot))
		put(damon, "off", ADMIN "/%u/state", slot);
}

/* Takes back all directories; only when they are ours. */
static void unmake(struct hp_damon *damon, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		turn_off(damon, i);
	if (put(damon, "0", ADMIN "/nr_kdamonds") == 0)
		unlink(damon->mark);
	damon->is_made = false;
}

static void take_back_left(struct hp_damon *damon)
{
	unsigned int marked = read_mark(damon);
	long count = count_kdamonds(damon->root);

	if (!marked)
		return;
	if (count == (long)marked && all_look_ours(damon->root, count))
		unmake(damon, marked);
	else
		unlink(damon->mark);
}

/* Modules of the kernel that use DAMON without these directories. */
static const char *find_module(struct hp_root *root)
{
	static const char *const modules[] = { "damon_reclaim", "damon_lru_sort" };

	for (size_t i = 0; i < hp_array_size(modules); i++) {
		hp_autofree char *enabled = hp_root_readf(root, "/sys/module/%s/parameters/enabled", modules[i]);

		if (enabled && *enabled == 'Y')
			return modules[i];
	}
	return NULL;
}

static int say_busy(struct hp_damon *damon, long count, struct hp_err *err)
{
	const char *module = find_module(damon->root);

	if (module)
		hp_err_set(err, EBUSY, "DAMON is in use by the kernel's own %s", module);
	else if (count > 0)
		hp_err_set(err, EBUSY, "DAMON is in use by somebody else: %ld kdamond%s in " ADMIN "%s", count,
			   count == 1 ? "" : "s", is_on(damon->root, 0) ? ", running" : "");
	else
		hp_err_set(err, EBUSY, "DAMON is in use by somebody else");
	return -EBUSY;
}

static int make(struct hp_damon *damon, struct hp_err *err)
{
	long count = count_kdamonds(damon->root);
	int ret;

	if (damon->is_made && count == (long)damon->count && all_look_ours(damon->root, count))
		return 0;
	damon->is_made = false;
	if (count < 0)
		return hp_err_set(err, EOPNOTSUPP, "this kernel has no DAMON");
	if (count > 0 || find_module(damon->root))
		return say_busy(damon, count, err);
	/* The mark first: who is killed between the two finds nothing to take back, and that is right. */
	ret = write_mark(damon);
	if (ret < 0)
		return hp_err_errno(err, -ret, "writing %s", damon->mark);
	ret = put_number(damon, damon->count, ADMIN "/nr_kdamonds");
	if (ret < 0)
		return hp_err_errno(err, -ret, "making %u kdamonds", damon->count);
	damon->is_made = true;
	return 0;
}

/* ---- one slot ---- */

static int set_targets(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch)
{
	int ret = put_number(damon, watch->count, ADMIN "/%u/contexts/0/targets/nr_targets", slot);

	for (size_t i = 0; ret == 0 && i < watch->count; i++)
		ret = put_number(damon, (unsigned long)watch->pids[i], ADMIN "/%u/contexts/0/targets/%zu/pid_target", slot, i);
	return ret;
}

static int set_pace(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch)
{
	int ret = put_number(damon, watch->sample_us, ADMIN "/%u/contexts/0/monitoring_attrs/intervals/sample_us", slot);

	if (ret == 0)
		ret = put_number(damon, watch->window_us, ADMIN "/%u/contexts/0/monitoring_attrs/intervals/aggr_us", slot);
	if (ret == 0)
		ret = put_number(damon, REGIONS_MIN, ADMIN "/%u/contexts/0/monitoring_attrs/nr_regions/min", slot);
	if (ret == 0)
		ret = put_number(damon, watch->regions_max, ADMIN "/%u/contexts/0/monitoring_attrs/nr_regions/max", slot);
	return ret;
}

static int set_up(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch)
{
	int ret = put(damon, "1", ADMIN "/%u/contexts/nr_contexts", slot);

	/* Our interval before anything else: by it the slot is known as ours. */
	if (ret == 0)
		ret = put_number(damon, UPDATE_US, ADMIN "/%u/contexts/0/monitoring_attrs/intervals/update_us", slot);
	if (ret == 0)
		ret = put(damon, "vaddr", ADMIN "/%u/contexts/0/operations", slot);
	if (ret == 0)
		ret = set_pace(damon, slot, watch);
	return ret == 0 ? set_targets(damon, slot, watch) : ret;
}

static int start(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch, pid_t *kdamond,
		 struct hp_err *err)
{
	int ret = make(damon, err);

	if (ret < 0)
		return ret;
	ret = set_up(damon, slot, watch);
	if (ret < 0)
		return hp_err_errno(err, -ret, "setting up kdamond %u", slot);
	ret = put(damon, "on", ADMIN "/%u/state", slot);
	if (ret == -EBUSY)
		return say_busy(damon, 0, err);
	if (ret == -EINVAL)
		return hp_err_set(err, ESRCH, "a process ended before it could be watched");
	if (ret < 0)
		return hp_err_errno(err, -ret, "starting kdamond %u", slot);
	*kdamond = (pid_t)pid_of(damon->root, slot);
	if (*kdamond <= 0) {
		turn_off(damon, slot);
		return hp_err_set(err, ESRCH, "kdamond %u ended at once", slot);
	}
	damon->running += !damon->is_running[slot];
	damon->is_running[slot] = true;
	return 0;
}

int hp_damon_start(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch, pid_t *kdamond,
		   struct hp_err *err)
{
	int ret;

	pthread_mutex_lock(&damon->lock);
	ret = start(damon, slot, watch, kdamond, err);
	if (ret < 0 && damon->is_made && !damon->running)
		unmake(damon, damon->count);
	pthread_mutex_unlock(&damon->lock);
	return ret;
}

int hp_damon_retune(struct hp_damon *damon, unsigned int slot, const struct hp_damon_watch *watch)
{
	int ret = -ENOENT;

	pthread_mutex_lock(&damon->lock);
	if (damon->is_running[slot] && is_on(damon->root, slot) && looks_ours(damon->root, slot))
		ret = set_pace(damon, slot, watch);
	if (ret == 0)
		ret = put(damon, "commit", ADMIN "/%u/state", slot);
	pthread_mutex_unlock(&damon->lock);
	return ret;
}

void hp_damon_stop(struct hp_damon *damon, unsigned int slot)
{
	pthread_mutex_lock(&damon->lock);
	if (damon->is_running[slot]) {
		damon->is_running[slot] = false;
		damon->running--;
		if (looks_ours(damon->root, slot))
			turn_off(damon, slot);
		if (!damon->running && damon->is_made && count_kdamonds(damon->root) == (long)damon->count &&
		    all_look_ours(damon->root, (long)damon->count))
			unmake(damon, damon->count);
	}
	pthread_mutex_unlock(&damon->lock);
}

bool hp_damon_runs(struct hp_damon *damon, unsigned int slot)
{
	bool runs;

	pthread_mutex_lock(&damon->lock);
	runs = damon->is_running[slot] && is_on(damon->root, slot) && looks_ours(damon->root, slot);
	pthread_mutex_unlock(&damon->lock);
	return runs;
}

int hp_damon_open(struct hp_root *root, const char *run_dir, unsigned int count, struct hp_damon **damon, struct hp_err *err)
{
	struct hp_damon *made = calloc(1, sizeof(*made));

	if (!made)
		return hp_err_set(err, ENOMEM, "out of memory");
	made->root = root;
	made->count = count;
	made->is_running = calloc(count ? count : 1, sizeof(*made->is_running));
	if (!made->is_running || asprintf(&made->mark, "%s/damon", run_dir) < 0) {
		free(made->is_running);
		free(made);
		return hp_err_set(err, ENOMEM, "out of memory");
	}
	pthread_mutex_init(&made->lock, NULL);
	take_back_left(made);
	*damon = made;
	return 0;
}

void hp_damon_close(struct hp_damon *damon)
{
	if (!damon)
		return;
	for (unsigned int i = 0; i < damon->count; i++)
		hp_damon_stop(damon, i);
	pthread_mutex_destroy(&damon->lock);
	free(damon->is_running);
	free(damon->mark);
	free(damon);
}
