// SPDX-License-Identifier: GPL-2.0
/* complain.c: gathers complaints about a policy, then tells them in text order. */
#include "policy/complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

/*
 * Complaints come in any order, so more are kept than shown; beyond this the file is simply not a
 * policy.
 */
#define KEPT_MAX 1000

bool hp_complaints_full(const struct hp_complaints *bad)
{
	return bad->is_out_of_memory || bad->count >= KEPT_MAX;
}

static bool make_room(struct hp_complaints *bad)
{
	size_t capacity = bad->capacity ? 2 * bad->capacity : 16;
	struct hp_complaint *items;

	if (bad->count < bad->capacity)
		return true;
	items = reallocarray(bad->items, capacity, sizeof(*items));
	if (!items)
		return false;
	bad->items = items;
	bad->capacity = capacity;
	return true;
}

void hp_complain(struct hp_complaints *bad, struct hp_loc loc, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (hp_complaints_full(bad))
		return;
	va_start(ap, fmt);
	text = hp_vformat(fmt, ap);
	va_end(ap);
	if (!text || !make_room(bad)) {
		free(text);
		bad->is_out_of_memory = true;
		return;
	}
	bad->items[bad->count] =
		(struct hp_complaint){ .loc = loc, .order = bad->count, .text = text };
	bad->count++;
}

static int compare(const void *a, const void *b)
{
	const struct hp_complaint *one = a, *two = b;

	if (one->loc.line != two->loc.line)
		return one->loc.line < two->loc.line ? -1 : 1;
	if (one->loc.column != two->loc.column)
		return one->loc.column < two->loc.column ? -1 : 1;
	return one->order < two->order ? -1 : 1;
}

static char *write_all(const struct hp_complaints *bad)
{
	size_t size, shown = bad->count < HP_COMPLAINTS_SHOWN ? bad->count : HP_COMPLAINTS_SHOWN;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	for (size_t i = 0; i < shown; i++)
		fprintf(out, "%s%s:%u:%u: %s", i ? "\n" : "", bad->file, bad->items[i].loc.line,
			bad->items[i].loc.column, bad->items[i].text);
	if (shown < bad->count)
		fprintf(out, "\n%s: %zu%s more errors", bad->file, bad->count - shown,
			bad->count == KEPT_MAX ? " or" : "");
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

int hp_complaints_tell(struct hp_complaints *bad, struct hp_err *err)
{
	hp_autofree char *text = NULL;

	if (!hp_complaints_any(bad))
		return 0;
	if (!bad->is_out_of_memory) {
		qsort(bad->items, bad->count, sizeof(*bad->items), compare);
		text = write_all(bad);
	}
	if (!text)
		return hp_err_set(err, ENOMEM, "%s: out of memory while reading the policy",
				  bad->file);
	return hp_err_usage(err, "%s", text);
}

void hp_complaints_clear(struct hp_complaints *bad)
{
	for (size_t i = 0; i < bad->count; i++)
		free(bad->items[i].text);
	free(bad->items);
	*bad = (struct hp_complaints){ .file = bad->file };
}

struct hp_shown hp_show(const char *value)
{
	const size_t room = sizeof(((struct hp_shown *)NULL)->text) - sizeof("\"...");
	struct hp_shown shown;
	size_t used = 0;

	shown.text[used++] = '"';
	for (; *value && used < room; value++)
		shown.text[used++] = (unsigned char)*value < ' ' || *value == 0x7f ? '?' : *value;
	if (*value) {
		/* Do not cut a UTF-8 character in two. */
		if (((unsigned char)*value & 0xc0) == 0x80) {
			while (((unsigned char)shown.text[used - 1] & 0xc0) == 0x80)
				used--;
			used--;
		}
		memcpy(shown.text + used, "...", 3);
		used += 3;
	}
	shown.text[used++] = '"';
	shown.text[used] = 0;
	return shown;
}
