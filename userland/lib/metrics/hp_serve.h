/* SPDX-License-Identifier: GPL-2.0 */
/* hp_serve.h: answers scrapes over HTTP, from somebody else's event loop and without a thread. */
#ifndef HP_SERVE_H
#define HP_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/hp_err.h"
#include "metrics/hp_metrics.h"

/* ---- where ---- */

struct hp_serve_address {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];	/* of a Unix socket; "" = TCP */
	struct sockaddr_storage tcp;
	socklen_t tcp_size;
	bool is_loopback;
	char shown[128];	/* as the caller wrote it, less what is redundant */
};

/*
 * "unix:/run/x.sock", "/run/x.sock", "127.0.0.1:9847", "[::1]:9847": numbers
 * only, since a name can change its meaning. Errors are usage errors.
 */
int hp_serve_address_parse(const char *text, struct hp_serve_address *address, struct hp_err *err);

/*
 * What may be told there: without TLS only what stays on the machine. A usage
 * error says what is missing.
 */
int hp_serve_address_check(const struct hp_serve_address *address, bool is_tls, struct hp_err *err);

/* ---- with what proof ---- */

/* PEM texts; owned. Starts as HP_SERVE_TLS_INIT; all or none are set. */
struct hp_serve_tls {
	char *certificate, *key;	/* of this server */
	char *client_ca;		/* who vouches for the clients */
};

#define HP_SERVE_TLS_INIT { NULL, NULL, NULL }
void hp_serve_tls_clear(struct hp_serve_tls *tls);
/* Reads the three files and has gnutls look at them, so that a mistake is told at the start. */
int hp_serve_tls_load(struct hp_serve_tls *tls, const char *certificate, const char *key, const char *client_ca,
		      struct hp_err *err);

/* ---- what ---- */

/*
 * The content behind all servers of a process. Values are collected at most
 * once in HP_SERVE_FRESH_NS for each format: whoever asks more often gets the
 * same text again, so that no client can keep the caller busy.
 */
#define HP_SERVE_FRESH_NS (250 * 1000000ull)
typedef int (*hp_serve_fn)(void *arg, struct hp_metrics_text *text);	/* writes, text->is_open says what; 0 or -errno */
struct hp_serve_site;
struct hp_serve_site *hp_serve_site_new(hp_serve_fn write, void *arg);	/* NULL: out of memory */
void hp_serve_site_free(struct hp_serve_site *site);			/* after its servers */
/* The next scrape collects anew, however soon. */
void hp_serve_site_stale(struct hp_serve_site *site);

/* ---- serving ---- */

#define HP_SERVE_CONNECTIONS_MAX 16u	/* of one server at once; others wait in the kernel's queue */
#define HP_SERVE_IDLE_SECONDS 15u	/* then a silent connection is closed */

struct hp_server;
/*
 * Binds and listens. A Unix socket gets mode 0600, and one that was left over
 * is replaced. TCP: with tls (not NULL) only TLS 1.3 with a client certificate
 * that client_ca vouches for; without, a loopback address or a usage error. An
 * address that the machine does not have yet is fine.
 */
int hp_server_open(struct hp_serve_site *site, const struct hp_serve_address *address, const struct hp_serve_tls *tls,
		   struct hp_server **server, struct hp_err *err);
/* Removes a Unix socket; NULL is fine. */
void hp_server_close(struct hp_server *server);
/* To be watched for input by the caller's loop (it is an epoll). */
int hp_server_fd(const struct hp_server *server);
/*
 * Does what there is to do and never waits for a client. To be called when the
 * descriptor is ready, and after *wait_us at the latest (UINT64_MAX = need not).
 */
void hp_server_run(struct hp_server *server, uint64_t *wait_us);

#endif
