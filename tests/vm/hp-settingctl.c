// SPDX-License-Identifier: GPL-2.0
/* hp-settingctl.c: reads, writes and compares one setting through its backend, for tests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apply/hp_backend.h"
#include "base/hp_auto.h"

#ifndef HP_LIBEXECDIR
#define HP_LIBEXECDIR "/usr/libexec/hostpart"
#endif

static const char usage[] =
	"usage: hp-settingctl probe BACKEND\n"
	"       hp-settingctl read BACKEND OBJECT ATTR            exit status 3: absent\n"
	"       hp-settingctl write BACKEND OBJECT ATTR [VALUE]   without VALUE: make absent; VALUE - reads stdin\n"
	"       hp-settingctl satisfies BACKEND OBJECT ATTR VALUE exit status 0: holds, 1: does not\n"
	"$HOSTPART_RUN (default /run/hostpart) is the run directory.\n";

enum { ABSENT = 3 };

static char *read_stdin(void)
{
	char *text = NULL;
	size_t capacity = 0;
	ssize_t length = getdelim(&text, &capacity, '\0', stdin);

	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return length < 0 ? NULL : text;
}

static int fail(const struct hp_err *err)
{
	fprintf(stderr, "hp-settingctl: %s\n", err->text ? err->text : "failed without a reason");
	return 1;
}

static int do_read(const struct hp_backend *b, struct hp_ctx *ctx, char **argv, struct hp_err *err)
{
	hp_autofree char *value = NULL;

	if (b->read(ctx, argv[0], argv[1], &value, err))
		return fail(err);
	if (!value)
		return ABSENT;
	puts(value);
	return 0;
}

static int do_write(const struct hp_backend *b, struct hp_ctx *ctx, char **argv, struct hp_err *err)
{
	hp_autofree char *stdin_text = argv[2] && !strcmp(argv[2], "-") ? read_stdin() : NULL;

	if (b->write(ctx, argv[0], argv[1], stdin_text ? stdin_text : argv[2], err))
		return fail(err);
	return 0;
}

static int do_satisfies(const struct hp_backend *b, struct hp_ctx *ctx, char **argv,
			struct hp_err *err)
{
	hp_autofree char *value = NULL;

	if (b->read(ctx, argv[0], argv[1], &value, err))
		return fail(err);
	return hp_backend_satisfies(b, argv[1], value, argv[2]) ? 0 : 1;
}

int main(int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoroot *root = hp_root_open("/", &err);
	const char *run = getenv("HOSTPART_RUN"), *libexec = getenv("HOSTPART_LIBEXEC");
	struct hp_ctx ctx = {
		.root = root, .run_dir = run ? run : "/run/hostpart", .lib_dir = "/var/lib/hostpart",
		.libexec_dir = libexec ? libexec : HP_LIBEXECDIR, .bpffs_dir = "/sys/fs/bpf/hostpart",
	};
	const struct hp_backend *backend = argc > 2 ? hp_backend_find(argv[2]) : NULL;

	if (!root)
		return fail(&err);
	mkdir(ctx.run_dir, 0755);
	if (backend && argc == 3 && !strcmp(argv[1], "probe"))
		return backend->probe && backend->probe(&ctx, &err) ? fail(&err) : 0;
	if (backend && argc == 5 && !strcmp(argv[1], "read"))
		return do_read(backend, &ctx, argv + 3, &err);
	if (backend && (argc == 5 || argc == 6) && !strcmp(argv[1], "write"))
		return do_write(backend, &ctx, argv + 3, &err);
	if (backend && argc == 6 && !strcmp(argv[1], "satisfies"))
		return do_satisfies(backend, &ctx, argv + 3, &err);
	if (argc > 2 && !backend)
		fprintf(stderr, "hp-settingctl: no backend is named %s\n", argv[2]);
	fputs(usage, stderr);
	return 2;
}
