// SPDX-License-Identifier: GPL-2.0
/* console.c: partctl console and login: a terminal in a domain's operating system. */
#include "partctl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include "base/hp_unix.h"
#include "domain/hp_os.h"

#define LEAVE 0x1d		/* Ctrl-] */
#define QUIET_MS 500		/* without a terminal: nothing more for so long is the end */
#define MACHINECTL "/usr/bin/machinectl"

static int connect_console(struct run *run, const char *domain, struct hp_err *err)
{
	hp_autofree char *path = hp_os_path(run->ctx.run_dir, domain, "/console");
	struct sockaddr_un address;
	int fd;

	if (!path)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (hp_unix_address(&address, err, "%s", path) < 0)
		return hp_err_wrap(err, "the console of %s", domain);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int errnum = errno;

		hp_close_fd(&fd);
		return hp_err_errno(err, errnum, "the console of %s (%s)", domain, path);
	}
	return fd;
}

static bool put_all(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t put = write(fd, bytes, count);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			bytes += put;
			count -= (size_t)put;
		}
	}
	return true;
}

/* False when the person leaves, or there is no more input. */
static bool pass_input(int console, bool is_terminal)
{
	char bytes[1024], *leave;
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EINTR;
	leave = is_terminal ? memchr(bytes, LEAVE, (size_t)got) : NULL;
	if (leave)
		got = leave - bytes;
	return put_all(console, bytes, (size_t)got) && got > 0 && !leave;
}

/* Until the person leaves, the operating system ends, or (without a terminal) input ended and it is quiet. */
static void talk(int console, bool is_terminal)
{
	struct pollfd fds[] = { { .fd = console, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	char bytes[4096];

	for (;;) {
		int ready = poll(fds, 2, fds[1].fd < 0 ? QUIET_MS : -1);

		if (ready == 0)
			return;
		if (ready < 0)
			continue;
		if (fds[0].revents) {
			ssize_t got = read(console, bytes, sizeof(bytes));

			if (got <= 0 || !put_all(STDOUT_FILENO, bytes, (size_t)got))
				return;
		}
		if (fds[1].fd >= 0 && fds[1].revents && !pass_input(console, is_terminal)) {
			if (is_terminal)
				return;
			fds[1].fd = -1;
		}
	}
}

static int run_console(struct run *run, int argc, char **argv)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoos os = HP_OS_INIT;
	struct termios saved, raw;
	hp_autofd int console = -1;
	bool is_terminal;
	int status, first = cli_parse(run, argc, argv, NULL, 1, 1, &status);

	if (first < 0)
		return status;
	if (hp_os_open(run->ctx.run_dir, argv[first], &os, &err) < 0)
		return cli_fail(run, &err);
	console = connect_console(run, argv[first], &err);
	if (console < 0)
		return cli_fail(run, &err);
	is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &saved) == 0;
	if (is_terminal) {
		if (!run->is_quiet)
			printf("the console of %s; Ctrl-] leaves it\n", argv[first]);
		fflush(stdout);
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	}
	talk(console, is_terminal);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
		putchar('\n');
	}
	return HP_EXIT_OK;
}

static int run_login(struct run *run, int argc, char **argv)
{
	const char *user = NULL;
	const struct option_spec options[] = {
		{ "user", 'u', "USER", "be USER there at once, without a password", .text = &user },
		{ 0 },
	};
	hp_autofree char *whom = NULL;
	hp_autoerr err = HP_ERR_INIT;
	hp_autoos os = HP_OS_INIT;
	int status, first = cli_parse(run, argc, argv, options, 1, 1, &status);

	if (first < 0)
		return status;
	if (hp_os_open(run->ctx.run_dir, argv[first], &os, &err) < 0)
		return cli_fail(run, &err);
	if (!hp_os_has_machined() || access(MACHINECTL, X_OK) < 0) {
		hp_err_set(&err, EOPNOTSUPP, "a login needs systemd-machined, which this machine does not run");
		hp_err_hint(&err, "its console works: partctl console %s", argv[first]);
		return cli_fail(run, &err);
	}
	if (asprintf(&whom, "%s@%s", user ? user : "", argv[first]) < 0) {
		whom = NULL;
		hp_err_set(&err, ENOMEM, "out of memory");
		return cli_fail(run, &err);
	}
	if (user)
		execl(MACHINECTL, "machinectl", "-q", "shell", whom, (char *)NULL);
	else
		execl(MACHINECTL, "machinectl", "-q", "login", argv[first], (char *)NULL);
	hp_err_errno(&err, errno, "%s", MACHINECTL);
	return cli_fail(run, &err);
}

const struct verb verb_console = {
	.name = "console",
	.summary = "the console of a domain's operating system",
	.usage = "DOMAIN",
	.help = "Shows what the console said last and connects to it; Ctrl-] leaves. Several may be connected.\n"
		"When standard input is no terminal, it is typed there, and the answer printed until the console\n"
		"has been quiet for half a second.\n\n"
		"Example:\n  partctl console alpha\n  partctl console alpha < /dev/null   # what it said last",
	.run = run_console,
	.needs_root = true,
};

const struct verb verb_login = {
	.name = "login",
	.summary = "log in to a domain's operating system",
	.usage = "DOMAIN [-u USER]",
	.help = "Opens a terminal in the operating system and asks for a name and a password there; with -u it is a\n"
		"shell of that user at once. \"partctl shell\" is another thing: a shell in the domain with the\n"
		"machine's own files. Needs systemd-machined on this machine and D-Bus in the domain.\n\n"
		"Example:\n  partctl login alpha -u root",
	.run = run_login,
	.needs_root = true,
};
