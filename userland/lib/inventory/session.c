// SPDX-License-Identifier: GPL-2.0
/* session.c: finds the machine's own address in the caller's ssh session. */
#include "inventory/session.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "base/hp_auto.h"

#define ANCESTORS_MAX 64
#define ENVIRONMENT_MAX_BYTES (128u * 1024u)

static const char variable[] = "SSH_CONNECTION=";

/* "client port server port" -> "server" */
static char *server_of(const char *connection)
{
	char server[64];	/* an IPv6 address with a port's name */

	return sscanf(connection, "%*63s %*7s %63s", server) == 1 ? strdup(server) : NULL;
}

/* Strings separated by NULs, which hp_root_read() cannot tell apart. */
static char *server_in_environment(struct hp_root *root, int pid)
{
	hp_autofree char *environment = malloc(ENVIRONMENT_MAX_BYTES + 1);
	hp_autofree char *path = NULL;
	hp_autofd int fd = -1;
	size_t len = 0;
	ssize_t got;

	if (!environment || asprintf(&path, "/proc/%d/environ", pid) < 0) {
		path = NULL;
		return NULL;
	}
	fd = hp_root_openat(root, path, O_RDONLY, NULL);
	while (fd >= 0 && len < ENVIRONMENT_MAX_BYTES &&
	       (got = read(fd, environment + len, ENVIRONMENT_MAX_BYTES - len)) > 0)
		len += (size_t)got;
	environment[len] = '\0';
	for (const char *entry = environment; entry < environment + len; entry += strlen(entry) + 1)
		if (!strncmp(entry, variable, strlen(variable)))
			return server_of(entry + strlen(variable));
	return NULL;
}

static int parent_of(struct hp_root *root, int pid)
{
	hp_autofree char *status = hp_root_readf(root, "/proc/%d/status", pid);
	const char *at = status ? strstr(status, "\nPPid:") : NULL;
	int parent;

	return at && sscanf(at, "\nPPid: %d", &parent) == 1 ? parent : 0;
}

char *inv_session_address(struct hp_root *root, pid_t pid)
{
	for (int i = 0; pid > 1 && i < ANCESTORS_MAX; i++, pid = parent_of(root, pid)) {
		char *server = server_in_environment(root, pid);

		if (server)
			return server;
	}
	return NULL;
}
