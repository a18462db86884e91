// SPDX-License-Identifier: GPL-2.0
/* trace.c: reads a trace and numbers its pages. */
#include "hp_trace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include "base/hp_auto.h"
#include "idmap.h"

#define CHUNK_BYTES (1 << 16)
#define ROOM_FIRST 1024u

/* Where in a line the reader stands. */
enum where { BEFORE, NUMBER, BEHIND, COMMENT, RETURN };

struct reader {
	const char *name;
	struct hp_trace *trace;
	struct idmap map;
	enum where where;
	uint64_t id;
	size_t line, column, id_column;	/* of the next byte, from 1; where the number began */
	struct hp_err *err;
};

static int complain(const struct reader *reader, size_t column, const char *what)
{
	return hp_err_usage(reader->err, "%s:%zu:%zu: %s", reader->name, reader->line, column, what);
}

static int complain_of_byte(const struct reader *reader, unsigned char byte)
{
	char what[160], shown[16];

	if (byte == '-' && reader->where == BEFORE)
		return complain(reader, reader->column, "a page id is not negative: it goes from 0 to 18446744073709551615");
	if (isdigit(byte))
		return complain(reader, reader->column, "a second number; a line has one page id");
	if (reader->where == RETURN)
		return complain(reader, reader->column, "a carriage return within a line");
	if (byte > ' ' && byte < 0x7f)
		snprintf(shown, sizeof(shown), "'%c'", byte);
	else
		snprintf(shown, sizeof(shown), "byte 0x%02x", byte);
	snprintf(what, sizeof(what), "%s does not belong here; a line is a page id (0 to 18446744073709551615) or a # comment", shown);
	return complain(reader, reader->column, what);
}

static int out_of_memory(const struct reader *reader)
{
	return hp_err_set(reader->err, ENOMEM, "%s: out of memory after %zu references", reader->name,
			  reader->trace->count);
}

/* Doubles an array; `max` elements are never exceeded by what is put in. */
static int widen(void *array, size_t *room, size_t max, size_t size)
{
	size_t more = *room ? 2 * *room : ROOM_FIRST;
	void *wider;

	if (more > max)
		more = max;
	wider = reallocarray(*(void **)array, more, size);
	if (!wider)
		return -ENOMEM;
	*(void **)array = wider;
	*room = more;
	return 0;
}

/* Gives a page that appears for the first time its number. */
static int number_page(struct reader *reader, uint32_t *page)
{
	struct hp_trace *trace = reader->trace;
	size_t room = trace->pages_room;

	if (trace->pages_count == room) {
		if (widen(&trace->ids, &room, HP_TRACE_MAX, sizeof(*trace->ids)) < 0)
			return -ENOMEM;
		trace->pages_room = (uint32_t)room;
		reader->map.ids = trace->ids;
	}
	trace->ids[trace->pages_count] = reader->id;
	if (idmap_add(&reader->map, trace->pages_count) < 0)
		return -ENOMEM;
	*page = trace->pages_count++;
	return 0;
}

static int end_number(struct reader *reader)
{
	struct hp_trace *trace = reader->trace;
	uint32_t page = idmap_find(&reader->map, reader->id);

	if (trace->count == HP_TRACE_MAX)
		return hp_err_set(reader->err, EFBIG, "%s has more than %u references", reader->name, HP_TRACE_MAX);
	if (page == IDMAP_NONE && number_page(reader, &page) < 0)
		return out_of_memory(reader);
	if (trace->count == trace->room &&
	    widen(&trace->pages, &trace->room, HP_TRACE_MAX, sizeof(*trace->pages)) < 0)
		return out_of_memory(reader);
	trace->pages[trace->count++] = page;
	return 0;
}

static int take_digit(struct reader *reader, unsigned int digit)
{
	if (reader->where == BEFORE) {
		reader->id = 0;
		reader->id_column = reader->column;
		reader->where = NUMBER;
	}
	if (__builtin_mul_overflow(reader->id, 10, &reader->id) || __builtin_add_overflow(reader->id, digit, &reader->id))
		return complain(reader, reader->id_column, "the page id is larger than 18446744073709551615");
	return 0;
}

/* Everything but a digit that goes on with a number and the end of a line. */
static int take_other(struct reader *reader, unsigned char byte)
{
	bool is_blank = byte == ' ' || byte == '\t';
	int ret = 0;

	if (reader->where == COMMENT)
		return 0;
	if (reader->where == RETURN || !(is_blank || byte == '#' || byte == '\r'))
		return complain_of_byte(reader, byte);
	if (reader->where == NUMBER) {
		ret = end_number(reader);
		reader->where = BEHIND;
	}
	if (!is_blank)
		reader->where = byte == '#' ? COMMENT : RETURN;
	return ret;
}

static int end_line(struct reader *reader)
{
	int ret = reader->where == NUMBER ? end_number(reader) : 0;

	reader->where = BEFORE;
	reader->line++;
	reader->column = 1;
	return ret;
}

static int feed(struct reader *reader, const char *bytes, size_t length)
{
	int ret = 0;

	for (size_t i = 0; i < length && ret == 0; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\n') {
			ret = end_line(reader);
			continue;
		}
		if (byte >= '0' && byte <= '9' && reader->where <= NUMBER)
			ret = take_digit(reader, byte - '0');
		else
			ret = take_other(reader, byte);
		reader->column++;
	}
	return ret;
}

static int begin(struct reader *reader, const char *name, struct hp_err *err)
{
	*reader = (struct reader){ .name = name, .line = 1, .column = 1, .err = err };
	reader->trace = calloc(1, sizeof(*reader->trace));
	if (reader->trace && idmap_init(&reader->map, NULL, sizeof(uint64_t), ROOM_FIRST) == 0)
		return 0;
	free(reader->trace);
	return hp_err_set(err, ENOMEM, "out of memory while reading %s", name);
}

/* The last line may lack its end. */
static int finish(struct reader *reader, int ret, struct hp_trace **trace)
{
	if (ret == 0)
		ret = end_line(reader);
	idmap_clear(&reader->map);
	if (ret < 0)
		hp_trace_free(reader->trace);
	else
		*trace = reader->trace;
	return ret;
}

int hp_trace_parse(const char *name, const char *text, size_t length, struct hp_trace **trace, struct hp_err *err)
{
	struct reader reader;
	int ret = begin(&reader, name, err);

	return ret < 0 ? ret : finish(&reader, feed(&reader, text, length), trace);
}

static int feed_file(struct reader *reader, int fd)
{
	hp_autofree char *chunk = malloc(CHUNK_BYTES);
	ssize_t got;
	int ret = 0;

	if (!chunk)
		return out_of_memory(reader);
	while (ret == 0 && (got = read(fd, chunk, CHUNK_BYTES)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		ret = got < 0 ? hp_err_errno(reader->err, errno, "cannot read %s", reader->name) :
				feed(reader, chunk, (size_t)got);
	}
	return ret;
}

int hp_trace_read(const char *file, struct hp_trace **trace, struct hp_err *err)
{
	const bool is_stdin = strcmp(file, "-") == 0;
	hp_autofd int own_fd = is_stdin ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	struct reader reader;
	int ret;

	if (!is_stdin && own_fd < 0)
		return hp_err_errno(err, errno, "cannot open %s", file);
	ret = begin(&reader, is_stdin ? "standard input" : file, err);
	return ret < 0 ? ret : finish(&reader, feed_file(&reader, is_stdin ? STDIN_FILENO : own_fd), trace);
}

void hp_trace_free(struct hp_trace *trace)
{
	if (!trace)
		return;
	free(trace->pages);
	free(trace->ids);
	free(trace);
}
