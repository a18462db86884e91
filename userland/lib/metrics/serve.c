// SPDX-License-Identifier: GPL-2.0
/* serve.c: one listening socket and its HTTP server. */
#include "metrics/hp_serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_log.h"
#include "base/hp_unix.h"
#include "metrics/site.h"
#include "metrics/tls.h"

enum { MEMORY_BYTES = 16 * 1024, BACKLOG = 16 };

struct hp_server {
	struct hp_serve_site *site;
	struct MHD_Daemon *daemon;
	char *path;		/* of a Unix socket, to be removed; NULL = TCP */
	bool is_tls;
	int epoll;		/* MHD's */
};

/* What clients do wrong is no news for the log. */
__attribute__((format(printf, 2, 0)))
static void log_line(void *arg, const char *fmt, va_list ap)
{
	hp_autofree char *line = NULL;

	(void)arg;
	if (vasprintf(&line, fmt, ap) < 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	hp_log(LOG_DEBUG, "metrics: %s", line);
}

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info ? (gnutls_session_t)info->tls_session : NULL;
}

/* MHD only asks for a certificate; here one has to come. The session exists, its handshake has not begun. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	const struct hp_server *server = arg;
	gnutls_session_t session = server->is_tls && code == MHD_CONNECTION_NOTIFY_STARTED ? session_of(connection) : NULL;

	(void)socket_context;
	if (session)
		tls_demand_certificate(session);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **request)
{
	struct hp_server *server = arg;

	(void)version;
	(void)upload;
	/* Called first with the headers alone: an answer to a request with a body has to wait for the second call. */
	if (!*request) {
		*request = server;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (server->is_tls && !(session_of(connection) && tls_is_proven(session_of(connection))))
		return site_refuse(connection, MHD_HTTP_FORBIDDEN, "a client certificate is needed\n");
	return site_answer(server->site, connection, url, method);
}

/* Replaces what a killed process left behind; nobody else can connect before the mode is right. */
static int listen_unix(const struct hp_serve_address *address, struct hp_err *err)
{
	hp_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un name;
	mode_t mask;
	int ret = hp_unix_address(&name, err, "%s", address->path);

	if (ret < 0)
		return ret;
	if (fd < 0)
		return hp_err_errno(err, errno, "metrics on %s", address->shown);
	unlink(address->path);
	mask = umask(0177);
	ret = bind(fd, (const struct sockaddr *)&name, sizeof(name));
	umask(mask);
	if (ret < 0 || listen(fd, BACKLOG) < 0)
		return hp_err_errno(err, errno, "metrics on %s", address->shown);
	return hp_take_fd(fd);
}

static int listen_tcp(const struct hp_serve_address *address, struct hp_err *err)
{
	hp_autofd int fd = socket(address->tcp.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0) {
		int errnum = errno;

		hp_err_errno(err, errnum, "metrics on %s", address->shown);
		if (errnum == EAFNOSUPPORT)
			hp_err_hint(err, "partd.service has no network of its own accord: partd(8), METRICS, says how to give it one");
		return -errnum;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* At boot the address may come later than partd; of IPv6 only what was named. */
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (address->tcp.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&address->tcp, address->tcp_size) < 0 || listen(fd, BACKLOG) < 0)
		return hp_err_errno(err, errno, "metrics on %s", address->shown);
	return hp_take_fd(fd);
}

static int start(struct hp_server *server, int listener, const struct hp_serve_tls *tls)
{
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, listener, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, HP_SERVE_CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, HP_SERVE_IDLE_SECONDS, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server },
		{ tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, tls ? tls->certificate : NULL },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls ? tls->key : NULL },
		{ MHD_OPTION_HTTPS_MEM_TRUST, 0, tls ? tls->client_ca : NULL },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
					  on_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
					  MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	info = server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return -EIO;
	server->epoll = info->epoll_fd;
	return 0;
}

int hp_server_open(struct hp_serve_site *site, const struct hp_serve_address *address, const struct hp_serve_tls *tls,
		   struct hp_server **out, struct hp_err *err)
{
	hp_autofd int listener = -1;
	struct hp_server *server;

	int ret = hp_serve_address_check(address, tls != NULL, err);

	if (ret)
		return ret;
	listener = *address->path ? listen_unix(address, err) : listen_tcp(address, err);
	if (listener < 0)
		return listener;
	server = calloc(1, sizeof(*server));
	if (!server)
		return hp_err_set(err, ENOMEM, "out of memory");
	server->site = site;
	server->is_tls = tls && !*address->path;
	if (*address->path)
		server->path = strdup(address->path);
	if (start(server, listener, server->is_tls ? tls : NULL) < 0) {
		hp_server_close(server);
		return hp_err_set(err, EIO, "metrics on %s: the HTTP server does not start", address->shown);
	}
	(void)hp_take_fd(listener);	/* MHD closes it */
	*out = server;
	return 0;
}

void hp_server_close(struct hp_server *server)
{
	if (!server)
		return;
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	if (server->path)
		unlink(server->path);
	free(server->path);
	free(server);
}

int hp_server_fd(const struct hp_server *server)
{
	return server->epoll;
}

void hp_server_run(struct hp_server *server, uint64_t *wait_us)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(server->daemon);
	*wait_us = MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES ? (uint64_t)wait_ms * 1000 : UINT64_MAX;
}
