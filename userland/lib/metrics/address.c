// SPDX-License-Identifier: GPL-2.0
/* address.c: where to serve, from text. */
#include "metrics/hp_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

static int parse_unix(const char *text, const char *path, struct hp_serve_address *address, struct hp_err *err)
{
	if (*path != '/')
		return hp_err_usage(err, "'%s': the path of a socket begins with /", text);
	if (strlen(path) >= sizeof(address->path))
		return hp_err_usage(err, "'%s': the path of a socket has at most %zu letters", text, sizeof(address->path) - 1);
	snprintf(address->path, sizeof(address->path), "%s", path);
	snprintf(address->shown, sizeof(address->shown), "unix:%s", path);
	address->is_loopback = true;
	return 0;
}

static int parse_port(const char *text, const char *port, in_port_t *out, struct hp_err *err)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	if (*port < '0' || *port > '9' || *end || number < 1 || number > 65535)
		return hp_err_usage(err, "'%s': '%s' is not a port (1 to 65535)", text, port);
	*out = htons((uint16_t)number);
	return 0;
}

static int parse_ip(const char *text, const char *host, const char *port, struct hp_serve_address *address, struct hp_err *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->tcp;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->tcp;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		address->tcp_size = sizeof(*v4);
		address->is_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		return parse_port(text, port, &v4->sin_port, err);
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		address->tcp_size = sizeof(*v6);
		address->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return parse_port(text, port, &v6->sin6_port, err);
	}
	return hp_err_usage(err, "'%s': '%s' is not an IP address in numbers", text, host);
}

int hp_serve_address_parse(const char *text, struct hp_serve_address *address, struct hp_err *err)
{
	const char *colon = strrchr(text, ':');
	hp_autofree char *host = NULL;
	size_t length;

	*address = (struct hp_serve_address){ .is_loopback = false };
	if (*text == '/')
		return parse_unix(text, text, address, err);
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text, text + 5, address, err);
	if (!colon)
		return hp_err_usage(err, "'%s' is not unix:PATH, IP:PORT or [IP6]:PORT", text);
	length = (size_t)(colon - text);
	if (length > 2 && text[0] == '[' && text[length - 1] == ']')
		host = strndup(text + 1, length - 2);
	else if (!memchr(text, ':', length))
		host = strndup(text, length);
	else
		return hp_err_usage(err, "'%s': an IPv6 address stands in brackets: [::1]:9847", text);
	if (!host)
		return hp_err_set(err, ENOMEM, "out of memory");
	snprintf(address->shown, sizeof(address->shown), "%s", text);
	return parse_ip(text, host, colon + 1, address, err);
}

int hp_serve_address_check(const struct hp_serve_address *address, bool is_tls, struct hp_err *err)
{
	if (address->is_loopback || is_tls)
		return 0;
	hp_err_usage(err, "metrics on %s: what leaves the machine is told by TLS only, to clients with a certificate",
		     address->shown);
	hp_err_hint(err, "name the files of both (--metrics-cert, --metrics-key, --metrics-client-ca), or a loopback address "
		    "or unix:PATH");
	return -EINVAL;
}
