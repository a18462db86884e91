// SPDX-License-Identifier: GPL-2.0
/* journal.c: what a running transaction is about to do, one durable JSON line at a time. */
#include "apply/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "apply/fault.h"
#include "apply/runfile.h"
#include "apply/setting_json.h"
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "base/hp_json.h"
#include "base/hp_text.h"

void hp_journal_close(struct hp_journal *journal)
{
	hp_close_fd(&journal->fd);
	journal->fd = -1;
}

static int open_file(const struct hp_ctx *ctx, int flags, struct hp_err *err)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/journal", ctx->run_dir) >= (int)sizeof(path))
		return hp_err_errno(err, ENAMETOOLONG, "%s", ctx->run_dir);
	fd = open(path, flags | O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? hp_err_errno(err, errno, "open %s", path) : fd;
}

static int append(struct hp_journal *journal, struct json_object *obj, struct hp_err *err)
{
	hp_autofree char *line = hp_format("%s\n", json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN));
	int ret;

	if (!line)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = hp_file_write_all(journal->fd, line, strlen(line));
	if (!ret && fsync(journal->fd))
		ret = -errno;
	if (ret)
		return hp_err_errno(err, -ret, "write the journal");
	hp_fault_record();
	return 0;
}

static struct json_object *record(const char *what)
{
	struct json_object *obj = json_object_new_object();

	hp_json_add_text(obj, "record", what);
	return obj;
}

int hp_journal_begin(const struct hp_ctx *ctx, struct hp_journal *journal, const char *id, size_t steps,
		     struct hp_err *err)
{
	hp_autojson *obj = record("begin");
	int ret;

	journal->fd = open_file(ctx, O_CREAT | O_EXCL, err);
	if (journal->fd < 0)
		return journal->fd;
	ret = hp_runfile_sync_dir(ctx->run_dir, err);
	if (ret)
		return ret;
	hp_json_add_text(obj, "id", id);
	json_object_object_add(obj, "steps", json_object_new_int64((int64_t)steps));
	return append(journal, obj, err);
}

int hp_journal_step(struct hp_journal *journal, size_t n, const struct hp_step *step, struct hp_err *err)
{
	hp_autojson *obj = record("step");

	json_object_object_add(obj, "n", json_object_new_int64((int64_t)n));
	hp_setting_name_to_json(obj, step->backend, step->object, step->attr);
	hp_json_add_text(obj, "from", step->from);
	hp_json_add_text(obj, "to", step->to);
	return append(journal, obj, err);
}

int hp_journal_undo(struct hp_journal *journal, const char *what, size_t n, struct hp_err *err)
{
	hp_autojson *obj = record(what);

	json_object_object_add(obj, "n", json_object_new_int64((int64_t)n));
	return append(journal, obj, err);
}

int hp_journal_mark(struct hp_journal *journal, const char *what, struct hp_err *err)
{
	hp_autojson *obj = record(what);

	return append(journal, obj, err);
}

int hp_journal_drop(const struct hp_ctx *ctx, struct hp_err *err)
{
	int ret = hp_runfile_remove(ctx->run_dir, "journal", err);

	return ret ? ret : hp_runfile_sync_dir(ctx->run_dir, err);
}

void hp_journal_rest_clear(struct hp_journal_rest *rest)
{
	free(rest->id);
	hp_steps_clear(&rest->begun);
	free(rest->undone);
	*rest = (struct hp_journal_rest)HP_JOURNAL_REST_INIT;
}

struct reader {
	struct hp_journal_rest *rest;
	size_t whole;		/* length of the text up to the last newline */
	unsigned int line;
	size_t undoing;		/* 1 + the step of the last undo record; 0 = none */
};

static int take_begin(struct json_object *obj, struct hp_journal_rest *rest)
{
	const char *id = hp_json_text(obj, "id");

	if (rest->id || !id)
		return -EBADMSG;
	rest->id = strdup(id);
	return rest->id ? 0 : -ENOMEM;
}

static int take_step(struct json_object *obj, struct hp_journal_rest *rest)
{
	struct hp_setting setting = { .domain = -1 };
	bool *undone;

	if (hp_setting_name_from_json(obj, &setting) || hp_json_int(obj, "n") != (int64_t)rest->begun.count)
		return -EBADMSG;
	if (!hp_steps_add(&rest->begun, HP_STEP_RESTORE, &setting, hp_json_text(obj, "from"),
			  hp_json_text(obj, "to")))
		return -ENOMEM;
	undone = realloc(rest->undone, rest->begun.count);
	if (!undone)
		return -ENOMEM;
	rest->undone = undone;
	undone[rest->begun.count - 1] = false;
	return 0;
}

/* Any record after an undo record shows that this undo was made; unless it says that it failed. */
static int take_undo(struct json_object *obj, struct reader *reader, bool was_kept)
{
	int64_t n = hp_json_int(obj, "n");

	if (n < 0 || (size_t)n >= reader->rest->begun.count)
		return -EBADMSG;
	if (was_kept)
		reader->rest->undone[n] = false;
	else
		reader->undoing = (size_t)n + 1;
	return 0;
}

static int take_line(const char *line, struct reader *reader)
{
	hp_autojson *obj = json_tokener_parse(line);
	const char *what = obj ? hp_json_text(obj, "record") : NULL;

	if (!what)
		return -EBADMSG;
	if (!strcmp(what, "begin"))
		return take_begin(obj, reader->rest);
	if (!reader->rest->id)
		return -EBADMSG;
	if (!strcmp(what, "step"))
		return take_step(obj, reader->rest);
	if (reader->undoing)
		reader->rest->undone[reader->undoing - 1] = true;
	reader->undoing = 0;
	if (!strcmp(what, "undo") || !strcmp(what, "kept"))
		return take_undo(obj, reader, !strcmp(what, "kept"));
	return 0;
}

/* Whole lines only. */
static int take_lines(char *text, struct reader *reader)
{
	char *next;

	for (reader->line = 1; (next = strchr(text + reader->whole, '\n')); reader->line++) {
		int ret;

		*next = '\0';
		ret = take_line(text + reader->whole, reader);
		if (ret)
			return ret;
		reader->whole = (size_t)(next - text) + 1;
	}
	return 0;
}

int hp_journal_reopen(const struct hp_ctx *ctx, struct hp_journal *journal, struct hp_journal_rest *rest,
		      struct hp_err *err)
{
	struct reader reader = { .rest = rest };
	hp_autofree char *text = NULL;
	int ret = hp_runfile_read(ctx->run_dir, "journal", &text, err);

	if (ret)
		return ret;
	ret = take_lines(text, &reader);
	if (ret) {
		hp_err_errno(err, -ret, "%s/journal:%u", ctx->run_dir, reader.line);
		hp_err_hint(err, "the record of an interrupted change cannot be read; restart the machine, "
			    "or undo the change by hand and remove the file");
		return ret;
	}
	journal->fd = open_file(ctx, 0, err);
	if (journal->fd < 0)
		return journal->fd;
	/* Cut a torn line off, or the next record would be glued to it. */
	if (ftruncate(journal->fd, (off_t)reader.whole) || fsync(journal->fd))
		return hp_err_errno(err, errno, "repair %s/journal", ctx->run_dir);
	return 0;
}
