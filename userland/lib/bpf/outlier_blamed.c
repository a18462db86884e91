// SPDX-License-Identifier: GPL-2.0
/* outlier_blamed.c: because of whom a long wait was, in order; pure. */
#include "bpf/hp_outlier.h"

#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

uint64_t hp_outlier_wait_ns(const struct hp_outlier *outlier)
{
	return outlier->victim.time_ns + outlier->elsewhere_ns;
}

static int longest_first(const void *a, const void *b)
{
	const struct hp_outlier_task *left = a, *right = b;

	return left->time_ns > right->time_ns ? -1 : left->time_ns < right->time_ns;
}

size_t hp_outlier_sort(struct hp_outlier *outlier)
{
	size_t count = 0;

	qsort(outlier->blamed, HP_OUTLIER_BLAMED, sizeof(outlier->blamed[0]), longest_first);
	while (count < HP_OUTLIER_BLAMED && outlier->blamed[count].time_ns)
		count++;
	return count;
}

/* A task may have held the lock several times. */
static size_t add_task(struct hp_outlier_task *blamed, size_t count, const struct hp_outlier_task *task)
{
	for (size_t i = 0; i < count; i++)
		if (blamed[i].pid == task->pid && blamed[i].row == task->row &&
		    memcmp(blamed[i].comm, task->comm, sizeof(task->comm)) == 0) {
			blamed[i].time_ns += task->time_ns;
			return count;
		}
	blamed[count] = *task;
	return count + 1;
}

static size_t add_holders(const struct hp_outlier_wait *wait, struct hp_outlier_task blamed[HP_ROWS_MAX], uint64_t *unknown_ns)
{
	size_t count = 0;

	for (size_t i = 0; i < HP_OUTLIER_HOLDERS; i++) {
		const struct hp_outlier_task *holder = &wait->holders[i];

		if (!holder->time_ns)
			continue;
		if (holder->row == HP_ROW_UNKNOWN || holder->row >= HP_ROWS_MAX)
			*unknown_ns += holder->time_ns;
		else
			count = add_task(blamed, count, holder);
	}
	return count;
}

static size_t add_rows(const struct hp_outlier_wait *wait, struct hp_outlier_task blamed[HP_ROWS_MAX], uint64_t *unknown_ns)
{
	size_t count = 0;

	for (uint32_t row = 0; row < wait->rows && row < HP_ROWS_MAX; row++) {
		if (row == HP_ROW_UNKNOWN)
			*unknown_ns += wait->rows_ns[row];
		else if (wait->rows_ns[row])
			blamed[count++] = (struct hp_outlier_task){ .time_ns = wait->rows_ns[row], .row = row };
	}
	return count;
}

size_t hp_outlier_wait_blamed(const struct hp_outlier_wait *wait, struct hp_outlier_task blamed[HP_ROWS_MAX],
			      uint64_t *unknown_ns)
{
	size_t count;

	*unknown_ns = 0;
	count = wait->rows ? add_rows(wait, blamed, unknown_ns) : add_holders(wait, blamed, unknown_ns);
	qsort(blamed, count, sizeof(*blamed), longest_first);
	return count;
}

const char *hp_outlier_block_operation(unsigned int operation)
{
	/* enum req_op of <linux/blk_types.h>, which has been the same since 4.10 as far as it is here. */
	static const char *const words[] = { "read", "write", "flush", "discard", NULL, "secure erase" };

	if (operation == 9)
		return "write of zeroes";
	if (operation == 34 || operation == 35)
		return "command";
	return operation < hp_array_size(words) ? words[operation] : NULL;
}
