// SPDX-License-Identifier: GPL-2.0
/* ksyms.c: names of the kernel's functions by address, from /proc/kallsyms. */
#include "bpf/hp_ksyms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_root.h"

enum { OFFSET_CHARS = 20 };	/* "+0x", 16 digits and the end */

struct symbol {
	uint64_t address;
	size_t name;	/* offset in names */
};

struct hp_ksyms {
	struct symbol *symbols;	/* owned, sorted by address */
	size_t count, capacity;
	char *names;		/* owned, each ends with NUL */
	size_t names_size, names_capacity;
};

void hp_ksyms_close(struct hp_ksyms *ksyms)
{
	if (!ksyms)
		return;
	free(ksyms->symbols);
	free(ksyms->names);
	free(ksyms);
}

/* Room for one more element behind `used`, growing by doubling; false when there is no memory. */
static bool make_room(void **array, size_t *capacity, size_t used, size_t more, size_t size)
{
	size_t wanted = *capacity ? *capacity : 4096;
	void *grown;

	if (used + more <= *capacity)
		return true;
	while (wanted < used + more)
		wanted *= 2;
	grown = reallocarray(*array, wanted, size);
	if (!grown)
		return false;
	*array = grown;
	*capacity = wanted;
	return true;
}

static bool add_symbol(struct hp_ksyms *ksyms, uint64_t address, const char *name)
{
	size_t length = strlen(name) + 1;

	if (!make_room((void **)&ksyms->symbols, &ksyms->capacity, ksyms->count, 1, sizeof(*ksyms->symbols)) ||
	    !make_room((void **)&ksyms->names, &ksyms->names_capacity, ksyms->names_size, length, 1))
		return false;
	memcpy(ksyms->names + ksyms->names_size, name, length);
	ksyms->symbols[ksyms->count++] = (struct symbol){ address, ksyms->names_size };
	ksyms->names_size += length;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	/* Aliases: the one that the file has first. */
	return left->name < right->name ? -1 : left->name > right->name;
}

/* "ffffffff81000000 T _stext [module]": functions only. */
static bool parse_line(struct hp_ksyms *ksyms, char *line, bool *is_hidden)
{
	char *end, *name;
	uint64_t address = strtoull(line, &end, 16);
	char type = end[0] == ' ' ? end[1] : '\0';

	if (!strchr("tTwW", type) || !type || end[2] != ' ')
		return true;
	*is_hidden &= address == 0;
	name = end + 3;
	name[strcspn(name, "\t \n")] = '\0';
	return address == 0 || add_symbol(ksyms, address, name);
}

int hp_ksyms_parse(FILE *file, struct hp_ksyms **out, struct hp_err *err)
{
	struct hp_ksyms *ksyms = calloc(1, sizeof(*ksyms));
	hp_autofree char *line = NULL;
	bool is_hidden = true, has_memory = ksyms;
	size_t size = 0;

	while (has_memory && getline(&line, &size, file) > 0)
		has_memory = parse_line(ksyms, line, &is_hidden);
	if (!has_memory || is_hidden) {
		hp_ksyms_close(ksyms);
		return !has_memory ? hp_err_errno(err, ENOMEM, "reading the names of the kernel's functions")
				   : hp_err_set(err, EPERM, "the kernel hides where its functions are (kernel.kptr_restrict)");
	}
	qsort(ksyms->symbols, ksyms->count, sizeof(*ksyms->symbols), compare);
	*out = ksyms;
	return 0;
}

int hp_ksyms_open(struct hp_ksyms **out, struct hp_err *err)
{
	hp_autoroot *root = hp_root_open("/", err);
	hp_autofile FILE *file = NULL;
	int fd;

	if (!root)
		return -err->errnum;
	fd = hp_root_openat(root, "/proc/kallsyms", O_RDONLY | O_CLOEXEC, err);
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return hp_err_errno(err, ENOMEM, "reading /proc/kallsyms");
	}
	return hp_ksyms_parse(file, out, err);
}

const char *hp_ksyms_find(const struct hp_ksyms *ksyms, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = ksyms ? ksyms->count : 0;

	/* The last symbol at or below the address, the first of its aliases. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ksyms->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	for (low--; low > 0 && ksyms->symbols[low - 1].address == ksyms->symbols[low].address;)
		low--;
	*offset = address - ksyms->symbols[low].address;
	return ksyms->names + ksyms->symbols[low].name;
}

bool hp_ksyms_is_tracing(const char *name)
{
	/* Which of them there are depends on the kernel, and on how many programs a tracepoint has. */
	static const char *const beginnings[] = { "bpf_trace_run", "__bpf_trace_", "__traceiter_" };

	for (size_t i = 0; name && i < hp_array_size(beginnings); i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

size_t hp_ksyms_first(const struct hp_ksyms *ksyms, const uint64_t *frames, size_t count)
{
	size_t first = 0;
	uint64_t offset;

	/* The list of symbols may lack the program's own name: it is whatever stands before the last that is tracing. */
	for (size_t i = 0; i < count && frames[i]; i++)
		if (hp_ksyms_is_tracing(hp_ksyms_find(ksyms, frames[i], &offset)))
			first = i + 1;
	return first;
}

void hp_ksyms_format(const struct hp_ksyms *ksyms, uint64_t address, char *text, size_t size)
{
	uint64_t offset;
	const char *name = hp_ksyms_find(ksyms, address, &offset);

	/* A long name must not push the offset out. */
	if (name)
		snprintf(text, size, "%.*s+0x%" PRIx64, (int)size - OFFSET_CHARS, name, offset);
	else
		snprintf(text, size, "0x%" PRIx64, address);
}
