// SPDX-License-Identifier: GPL-2.0
/* registry.c: backend for the kernel module's table of domains and claims, one setting as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"
#include "kernel/hp_kernel.h"
#include "net/hp_netns.h"

/*
 * The value is the canonical text of hp_kernel_table_format(); absent = an empty
 * table. A domain that is active there is one whose pinned network namespace the
 * module knows: started anew, it reads as not active until the table is written again.
 */

/* The pinned network namespace of a domain; -ENOENT when there is none. */
static int open_netns(const struct hp_ctx *ctx, const char *domain)
{
	hp_autoerr ignored = HP_ERR_INIT;

	return hp_netns_open_pinned(ctx->run_dir, domain, &ignored);
}

static void forget_stale(const struct hp_ctx *ctx, struct hp_kernel_table *table)
{
	for (size_t i = 0; i < table->domains_count; i++) {
		struct hp_kernel_domain *domain = &table->domains[i];
		hp_autofd int fd = domain->is_active ? open_netns(ctx, domain->name) : -1;

		if (fd >= 0 && hp_netns_id(fd) != domain->netns_ino)
			domain->is_active = false;
	}
}

/* Without a namespace of its own a domain is started all the same: its ports stay in the base. */
static void give_namespaces(const struct hp_ctx *ctx, struct hp_kernel_table *table)
{
	for (size_t i = 0; i < table->domains_count; i++) {
		if (table->domains[i].is_active)
			table->domains[i].netns_fd = open_netns(ctx, table->domains[i].name);
	}
}

static void take_namespaces(struct hp_kernel_table *table)
{
	for (size_t i = 0; i < table->domains_count; i++) {
		if (table->domains[i].netns_fd > 0)
			close(table->domains[i].netns_fd);
	}
}

static int probe(struct hp_ctx *ctx, struct hp_err *err)
{
	hp_autokernel *kernel = NULL;
	int result;

	if (!hp_root_is_live(ctx->root))
		return hp_err_set(err, EOPNOTSUPP, "a recorded machine has no kernel module to ask");
	result = hp_kernel_open(&kernel, err);
	if (result == -ENOENT)
		return hp_err_set(err, EOPNOTSUPP, "the hostpart kernel module is not loaded (modprobe hostpart)");
	return result;
}

static int check_name(const char *object, const char *attr, struct hp_err *err)
{
	if (strcmp(object, "table") == 0 && !*attr)
		return 0;
	return hp_err_set(err, EINVAL, "the registry has one setting, \"table\", not \"%s\" \"%s\"", object, attr);
}

/* *value NULL = the table is empty. */
static int read_text(const struct hp_ctx *ctx, struct hp_kernel *kernel, char **value, uint64_t *generation,
		     struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	int result;

	*value = NULL;
	result = hp_kernel_table_read(kernel, &table, err);
	if (result)
		return result;
	*generation = table.generation;
	if (!table.domains_count)
		return 0;
	forget_stale(ctx, &table);
	*value = hp_kernel_table_format(&table);
	return *value ? 0 : hp_err_errno(err, ENOMEM, "registry table");
}

static int read_setting(struct hp_ctx *ctx, const char *object, const char *attr, char **value, struct hp_err *err)
{
	hp_autokernel *kernel = NULL;
	uint64_t generation;
	int result;

	*value = NULL;
	result = check_name(object, attr, err);
	if (!result)
		result = hp_kernel_open(&kernel, err);
	if (!result)
		result = read_text(ctx, kernel, value, &generation, err);
	return result;
}

/* The generation read before makes sure that nobody else's change is overwritten unseen. */
static int write_setting(struct hp_ctx *ctx, const char *object, const char *attr, const char *value,
			 struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autokernel *kernel = NULL;
	hp_autofree char *live = NULL;
	uint64_t generation;
	int result;

	result = check_name(object, attr, err);
	if (!result && value)
		result = hp_kernel_table_parse(value, &table, err);
	if (!result)
		result = hp_kernel_open(&kernel, err);
	if (!result)
		result = read_text(ctx, kernel, &live, &generation, err);
	if (result)
		return result;
	if (value ? live && strcmp(live, value) == 0 : !live)
		return 0;
	give_namespaces(ctx, &table);
	result = hp_kernel_commit(kernel, &table, generation, NULL, err);
	take_namespaces(&table);
	return result;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Canonical lines of a value in alphabetical order, the one form in which the order of domains does not count. */
static char *sort_lines(const char *value)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = NULL;
	hp_autofree char **lines = NULL;
	size_t count = 0, length = 0, i;
	char *rest, *sorted, *end;

	if (hp_kernel_table_parse(value, &table, NULL) || !(text = hp_kernel_table_format(&table)))
		return NULL;
	lines = calloc(table.domains_count + table.claims_count + 1, sizeof(*lines));
	sorted = malloc(strlen(text) + 2);
	if (!lines || !sorted) {
		free(sorted);
		return NULL;
	}
	for (rest = text; rest; count++)
		lines[count] = strsep(&rest, "\n");
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (end = sorted, i = 0; i < count; i++, end += length) {
		length = strlen(lines[i]) + 1;
		memcpy(end, lines[i], length);
		end[length - 1] = '\n';
	}
	*end = '\0';
	return sorted;
}

static bool satisfies(const char *attr, const char *live, const char *want)
{
	hp_autofree char *live_lines = sort_lines(live), *want_lines = sort_lines(want);

	(void)attr;
	if (!live_lines || !want_lines)
		return strcmp(live, want) == 0;
	return strcmp(live_lines, want_lines) == 0;
}

static int meet(const char *live, const char *want, char **value, struct hp_err *err)
{
	hp_autokerneltable now = HP_KERNEL_TABLE_INIT, goal = HP_KERNEL_TABLE_INIT, stays = HP_KERNEL_TABLE_INIT;
	int result = hp_kernel_table_parse(live, &now, err);

	*value = NULL;
	if (!result)
		result = hp_kernel_table_parse(want, &goal, err);
	if (result)
		return result;
	if (hp_kernel_table_meet(&now, &goal, &stays))
		return hp_err_errno(err, ENOMEM, "registry table");
	if (!stays.domains_count)
		return 0;
	*value = hp_kernel_table_format(&stays);
	return *value ? 0 : hp_err_errno(err, ENOMEM, "registry table");
}

const struct hp_backend hp_backend_registry = {
	.name = "registry",
	.probe = probe,
	.read = read_setting,
	.write = write_setting,
	.satisfies = satisfies,
	.meet = meet,
};
