// SPDX-License-Identifier: GPL-2.0
/* console.c: the operating system's console: a terminal, its last output, and everybody who is connected. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_unix.h"

#define CLIENTS_MAX (CONSOLE_FDS - 2)
#define KEPT_BYTES 65536
#define TAIL_LINES 4

static struct {
	int master, slave, listener;
	int clients[CLIENTS_MAX];
	char kept[KEPT_BYTES];		/* a ring: the last output */
	size_t kept_count;		/* bytes ever written */
} console = { .master = -1, .slave = -1, .listener = -1 };

static int open_terminal(struct hp_err *err)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int unlock = 0;

	console.master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (console.master < 0 || ioctl(console.master, TIOCSPTLCK, &unlock) < 0)
		return hp_err_errno(err, errno, "a terminal for the console (/dev/ptmx)");
	/* Held here as well: without anybody at that side, between two boots, the terminal would hang up. */
	console.slave = ioctl(console.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (console.slave < 0)
		return hp_err_errno(err, errno, "a terminal for the console");
	ioctl(console.master, TIOCSWINSZ, &size);
	return 0;
}

static int open_socket(const char *dir, struct hp_err *err)
{
	struct sockaddr_un address;
	int ret = hp_unix_address(&address, err, "%s/console", dir);

	if (ret)
		return ret;
	unlink(address.sun_path);
	console.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (console.listener < 0 || bind(console.listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0600) < 0 || listen(console.listener, CLIENTS_MAX) < 0)
		return hp_err_errno(err, errno, "socket %s", address.sun_path);
	return 0;
}

int console_open(const char *dir, struct hp_err *err)
{
	int ret = open_terminal(err);

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		console.clients[i] = -1;
	return ret ? ret : open_socket(dir, err);
}

int console_terminal(void)
{
	return console.slave;
}

size_t console_poll(struct pollfd *fds)
{
	size_t count = 0;

	fds[count++] = (struct pollfd){ .fd = console.master, .events = POLLIN };
	fds[count++] = (struct pollfd){ .fd = console.listener, .events = POLLIN };
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (console.clients[i] >= 0)
			fds[count++] = (struct pollfd){ .fd = console.clients[i], .events = POLLIN };
	return count;
}

static void drop(size_t client)
{
	close(console.clients[client]);
	console.clients[client] = -1;
}

/* A client that does not read loses output rather than holding everybody up. */
static void send_to(size_t client, const char *bytes, size_t count)
{
	if (count && send(console.clients[client], bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		drop(client);
}

static void keep(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		console.kept[console.kept_count++ % KEPT_BYTES] = bytes[i];
}

static void pass_output(void)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(console.master, bytes, sizeof(bytes))) > 0) {
		keep(bytes, (size_t)got);
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (console.clients[i] >= 0)
				send_to(i, bytes, (size_t)got);
	}
}

/* The last output in one piece; caller frees. */
static char *kept_text(size_t *count)
{
	size_t start = console.kept_count > KEPT_BYTES ? console.kept_count - KEPT_BYTES : 0;
	char *text = malloc(console.kept_count - start + 1);

	*count = 0;
	for (size_t i = start; text && i < console.kept_count; i++)
		text[(*count)++] = console.kept[i % KEPT_BYTES];
	if (text)
		text[*count] = '\0';
	return text;
}

static void welcome(void)
{
	int fd = accept4(console.listener, NULL, NULL, SOCK_CLOEXEC);
	hp_autofree char *text = NULL;
	size_t count;

	for (size_t i = 0; i < CLIENTS_MAX && fd >= 0; i++) {
		if (console.clients[i] >= 0)
			continue;
		console.clients[i] = hp_take_fd(fd);
		text = kept_text(&count);
		if (text)
			send_to(i, text, count);
	}
	if (fd >= 0)
		close(fd);	/* as many as there can be are connected */
}

static void pass_input(int fd)
{
	char bytes[1024];
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (console.clients[i] == fd && got <= 0 && (got == 0 || errno != EAGAIN))
			drop(i);
	/* What the terminal has no room for is lost, as with a serial line. */
	if (got > 0 && write(console.master, bytes, (size_t)got) < 0)
		return;
}

void console_serve(const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!fds[i].revents)
			continue;
		if (fds[i].fd == console.master)
			pass_output();
		else if (fds[i].fd == console.listener)
			welcome();
		else
			pass_input(fds[i].fd);
	}
}

char *console_tail(void)
{
	size_t count, lines = 0;
	char *text, *start;

	pass_output();
	text = kept_text(&count);
	if (!text)
		return NULL;
	while (count && (text[count - 1] == '\n' || text[count - 1] == '\r'))
		text[--count] = '\0';
	for (start = text + count; start > text && (start[-1] != '\n' || ++lines < TAIL_LINES); start--)
		;
	memmove(text, start, strlen(start) + 1);
	/* One line for whoever reads it from the pipe. */
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	return text;
}
