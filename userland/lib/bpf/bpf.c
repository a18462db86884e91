// SPDX-License-Identifier: GPL-2.0
/* bpf.c: keeps libbpf's messages for our errors, and finds a place for pins. */
#include "bpf/hp_bpf.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define BPFFS_ROOT "/sys/fs/bpf"

/* The last of what libbpf said: a verifier log is long, and its end is what matters. */
static __thread char said[1024];

__attribute__((format(printf, 2, 0)))
static int keep_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	hp_autofree char *text = NULL;
	size_t have = strlen(said), len, drop;

	if (level != LIBBPF_WARN || vasprintf(&text, fmt, ap) < 0)
		return 0;
	len = strlen(text);
	if (len >= sizeof(said)) {
		memcpy(said, text + len - (sizeof(said) - 1), sizeof(said));
		return 0;
	}
	drop = have + len < sizeof(said) ? 0 : have + len + 1 - sizeof(said);
	memmove(said, said + drop, have - drop);
	memcpy(said + have - drop, text, len + 1);
	return 0;
}

void hp_bpf_log_begin(void)
{
	said[0] = '\0';
	libbpf_set_print(keep_message);
}

int hp_bpf_error(struct hp_err *err, int errnum, const char *fmt, ...)
{
	hp_autofree char *what = NULL;
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	what = hp_vformat(fmt, ap);
	va_end(ap);
	hp_err_errno(err, errnum, "%s", what ? what : "out of memory");
	len = strlen(said);
	if (len > 0 && said[len - 1] == '\n')
		said[len - 1] = '\0';
	if (said[0])
		hp_err_hint(err, "libbpf: %s", said);
	return -errnum;
}

static bool is_bpffs(const char *dir)
{
	struct statfs fs;

	return statfs(dir, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* Left mounted at teardown: by then others may have pinned there too. */
static int mount_bpffs(struct hp_err *err)
{
	if (is_bpffs(BPFFS_ROOT))
		return 0;
	if (mount("bpf", BPFFS_ROOT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return hp_err_errno(err, errno, "mounting bpffs on " BPFFS_ROOT);
	return 0;
}

int hp_bpf_pin_prepare(const char *pin, struct hp_err *err)
{
	hp_autofree char *dir = strdup(pin);
	char *end;
	int ret;

	if (!dir)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (strncmp(pin, BPFFS_ROOT "/", strlen(BPFFS_ROOT "/")) == 0) {
		ret = mount_bpffs(err);
		if (ret)
			return ret;
	}
	for (end = strchr(dir + 1, '/'); end; end = strchr(end + 1, '/')) {
		*end = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST)
			return hp_err_errno(err, errno, "mkdir %s", dir);
		*end = '/';
	}
	return 0;
}

void hp_bpf_pin_sweep(const char *pin)
{
	hp_autofree char *dir = strdup(pin);
	char *slash;

	/* bpffs refuses to remove what is not empty, and its own root is busy. */
	while (dir && (slash = strrchr(dir, '/')) && slash != dir) {
		*slash = '\0';
		if (!is_bpffs(dir) || rmdir(dir) < 0)
			return;
	}
}
