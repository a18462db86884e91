// SPDX-License-Identifier: GPL-2.0
/* log.c: one line per message on stderr, with the journal's priority prefix where the journal reads it. */
#include "base/hp_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hp_auto.h"

static const char *log_program = "hostpart";
static int log_max_level = LOG_INFO;
static bool log_to_journal;

/* systemd says in JOURNAL_STREAM which "device:inode" is the journal; stderr may have been redirected since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void hp_log_init(const char *program, int max_level)
{
	log_program = program;
	log_max_level = max_level;
	log_to_journal = stderr_is_journal();
}

/* Each line of the text gets its own prefix, and the whole goes out in one write. */
static void emit(int level, char *text)
{
	hp_autofree char *out = NULL;
	hp_autofile FILE *stream = NULL;
	size_t len = 0;
	char *rest = text;

	stream = open_memstream(&out, &len);
	if (!stream)
		return;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (!*line && !rest)
			break;
		if (log_to_journal)
			fprintf(stream, "<%d>%s\n", LOG_PRI(level), line);
		else
			fprintf(stream, "%s: %s\n", log_program, line);
	}
	if (!fflush(stream) && len)
		(void)!write(STDERR_FILENO, out, len);
}

void hp_log(int level, const char *fmt, ...)
{
	hp_autofree char *text = NULL;
	int saved = errno;
	va_list ap;

	if (LOG_PRI(level) > log_max_level)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		emit(level, text);
	errno = saved;	/* so that logging an error does not change it */
}
