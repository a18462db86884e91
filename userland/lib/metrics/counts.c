// SPDX-License-Identifier: GPL-2.0
/* counts.c: counters of things that happened, kept in a file. */
#include "metrics/hp_counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

void hp_counts_clear(struct hp_counts *counts)
{
	free(counts->items);
	*counts = (struct hp_counts){ NULL, 0 };
}

static struct hp_count *find(const struct hp_counts *counts, const struct hp_count *like)
{
	for (size_t i = 0; i < counts->count; i++)
		if (memcmp(counts->items[i].labels, like->labels, sizeof(like->labels)) == 0)
			return &counts->items[i];
	return NULL;
}

/* Tabs and line ends are the file's own. */
static void copy_label(char into[HP_COUNT_LABEL_MAX + 1], const char *from)
{
	size_t length = from ? strnlen(from, HP_COUNT_LABEL_MAX) : 0;

	for (size_t i = 0; i < length; i++)
		into[i] = from[i] == '\t' || from[i] == '\n' ? ' ' : from[i];
}

static int add(struct hp_counts *counts, const struct hp_count *what)
{
	struct hp_count *item = find(counts, what);

	if (!item) {
		struct hp_count *items = reallocarray(counts->items, counts->count + 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		counts->items = items;
		item = &items[counts->count++];
		*item = *what;
		return 0;
	}
	item->value += what->value;
	return 0;
}

int hp_counts_add(struct hp_counts *counts, const char *const labels[HP_COUNTS_LABELS])
{
	struct hp_count what = { .value = 1 };

	for (size_t i = 0; i < HP_COUNTS_LABELS; i++)
		copy_label(what.labels[i], labels[i]);
	if (counts->count >= HP_COUNTS_MAX && !find(counts, &what))
		for (size_t i = 0; i < HP_COUNTS_LABELS; i++)
			if (what.labels[i][0])
				memcpy(what.labels[i], "other", sizeof("other"));
	return add(counts, &what);
}

static void take_line(struct hp_counts *counts, char *line)
{
	struct hp_count what = { .value = 0 };
	char *rest = line, *field = strsep(&rest, "\t"), *end;

	line[strcspn(line, "\n")] = '\0';
	errno = 0;
	what.value = strtoull(field, &end, 10);
	if (errno || end == field || *end)
		return;
	for (size_t i = 0; i < HP_COUNTS_LABELS; i++) {
		field = strsep(&rest, "\t");
		if (!field)
			return;
		field[strcspn(field, "\n")] = '\0';
		copy_label(what.labels[i], field);
	}
	if (!rest && counts->count <= HP_COUNTS_MAX)
		add(counts, &what);
}

int hp_counts_load(struct hp_counts *counts, const char *path, struct hp_err *err)
{
	hp_autofile FILE *file = fopen(path, "re");
	hp_autofree char *line = NULL;
	size_t capacity = 0;

	if (!file)
		return errno == ENOENT ? 0 : hp_err_errno(err, errno, "reading %s", path);
	while (getline(&line, &capacity, file) > 0)
		take_line(counts, line);
	return ferror(file) ? hp_err_set(err, EIO, "reading %s failed", path) : 0;
}

static int write_all(const struct hp_counts *counts, FILE *file)
{
	for (size_t i = 0; i < counts->count; i++) {
		const struct hp_count *item = &counts->items[i];

		if (fprintf(file, "%" PRIu64 "\t%s\t%s\t%s\t%s\n", item->value, item->labels[0], item->labels[1],
			    item->labels[2], item->labels[3]) < 0)
			return -errno;
	}
	return fflush(file) ? -errno : 0;
}

int hp_counts_save(const struct hp_counts *counts, const char *path, struct hp_err *err)
{
	hp_autofree char *beside = hp_format("%s.new", path);
	hp_autofile FILE *file = NULL;
	int ret;

	if (!beside)
		return hp_err_errno(err, ENOMEM, "writing %s", path);
	file = fopen(beside, "we");
	if (!file)
		return hp_err_errno(err, errno, "writing %s", beside);
	ret = write_all(counts, file);
	if (!ret && rename(beside, path) < 0)
		ret = -errno;
	if (ret)
		unlink(beside);
	return ret ? hp_err_errno(err, -ret, "writing %s", path) : 0;
}
