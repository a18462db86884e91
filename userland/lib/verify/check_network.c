// SPDX-License-Identifier: GPL-2.0
/* check_network.c: only what the links allow crosses between domains (tried with real connections). */
#include "verify/verify.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "base/hp_auto.h"
#include "base/hp_clock.h"

/*
 * A dropped packet is known by its silence: this long for a forbidden port,
 * and up to ALLOWED_MS for an allowed one on a busy machine.
 */
enum { FORBIDDEN_MS = 400, ALLOWED_MS = 5000, PORTS_MAX = 16 };

struct knock {
	const char *address;
	uint16_t ports[PORTS_MAX];
	size_t count;
	int wait_ms;
};

static int start_connect(const char *address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	hp_autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS && errno != ECONNREFUSED)
		return -1;
	return hp_take_fd(fd);
}

static int64_t now_ms(void)
{
	return (int64_t)(hp_clock_ns(CLOCK_MONOTONIC) / 1000000);
}

/* Prints "PORT answered" or "PORT silent": a refusal is an answer too, the packet crossed and came back. */
static void try_ports(const void *arg, FILE *out)
{
	const struct knock *knock = arg;
	struct pollfd polls[PORTS_MAX];
	int64_t end = now_ms() + knock->wait_ms;
	size_t waiting = knock->count;

	for (size_t i = 0; i < knock->count; i++)
		polls[i] = (struct pollfd){ .fd = start_connect(knock->address, knock->ports[i]), .events = POLLOUT };
	while (waiting && now_ms() < end) {
		if (poll(polls, knock->count, (int)(end - now_ms()) + 1) <= 0)
			break;
		for (size_t i = 0; i < knock->count; i++) {
			int error = 0;
			socklen_t length = sizeof(error);

			if (polls[i].fd < 0 || !polls[i].revents)
				continue;
			getsockopt(polls[i].fd, SOL_SOCKET, SO_ERROR, &error, &length);
			fprintf(out, "%u %s\n", knock->ports[i],
				error == 0 || error == ECONNREFUSED ? "answered" : "silent");
			close(polls[i].fd);
			polls[i].fd = -1;
			waiting--;
		}
	}
	fprintf(out, "end\n");
}

static bool is_allowed(const struct verify *verify, int from, int to, uint16_t port)
{
	for (size_t i = 0; i < verify->policy->links_count; i++) {
		const struct hp_link_spec *link = &verify->policy->links[i];

		if (link->from != from || link->to != to || link->protocol != HP_LINK_TCP)
			continue;
		for (size_t p = 0; p < link->ports_count; p++)
			if (port >= link->ports[p].first && port <= link->ports[p].last)
				return true;
	}
	return false;
}

/* A few ports that must be silent: well-known ones and neighbours of allowed ones. */
static void choose_forbidden(const struct verify *verify, int from, int to, struct knock *knock)
{
	static const uint16_t usual[] = { 22, 80, 443, 8080, 111, 5432, 50000, 1 };

	for (size_t i = 0; i < hp_array_size(usual) && knock->count < PORTS_MAX; i++)
		if (!is_allowed(verify, from, to, usual[i]))
			knock->ports[knock->count++] = usual[i];
}

static void choose_allowed(const struct verify *verify, int from, int to, struct knock *knock)
{
	for (size_t i = 0; i < verify->policy->links_count; i++) {
		const struct hp_link_spec *link = &verify->policy->links[i];

		if (link->from != from || link->to != to || link->protocol != HP_LINK_TCP)
			continue;
		for (size_t p = 0; p < link->ports_count && knock->count < PORTS_MAX; p++)
			knock->ports[knock->count++] = link->ports[p].first;
	}
}

static const char *address_of(const struct verify *verify, int domain)
{
	return domain < 0 ? verify->assignment->base_link_address : verify->assignment->domains[domain].link_address;
}

static unsigned int count_answered(const char *answer)
{
	unsigned int count = 0;

	for (const char *at = answer; (at = strstr(at, "answered")); at++)
		count++;
	return count;
}

static void check_pair(struct verify *verify, int from, int to)
{
	struct knock forbidden = { .address = address_of(verify, to), .wait_ms = FORBIDDEN_MS };
	struct knock allowed = { .address = address_of(verify, to), .wait_ms = ALLOWED_MS };
	int owner = to < 0 ? from : to;
	hp_autofree char *answer = NULL;
	hp_autofree char *allowed_answer = NULL;

	choose_forbidden(verify, from, to, &forbidden);
	choose_allowed(verify, from, to, &allowed);
	if (verify_probe(verify, from, try_ports, &forbidden, &answer) < 0 || !strstr(answer, "end")) {
		verify_say(verify, owner, "network", HP_BROKEN, "could not be tried from %s: %s", verify_name(verify, from),
			   verify_why(answer));
		return;
	}
	if (count_answered(answer))
		verify_say(verify, owner, "network", HP_BROKEN, "%s reaches %s on a port no link allows: %.*s",
			   verify_name(verify, from), verify_name(verify, to), (int)strcspn(answer, "\n"), answer);
	else
		verify_say(verify, owner, "network", HP_KEPT, "nothing from %s reaches %s (%zu TCP ports tried)%s",
			   verify_name(verify, from), verify_name(verify, to), forbidden.count,
			   allowed.count ? " but the links" : "");
	if (!allowed.count)
		return;
	if (verify_probe(verify, from, try_ports, &allowed, &allowed_answer) == 0 &&
	    count_answered(allowed_answer) == allowed.count)
		verify_say(verify, owner, "network", HP_KEPT, "%s reaches %s on all %zu linked TCP ports tried",
			   verify_name(verify, from), verify_name(verify, to), allowed.count);
	else
		verify_say(verify, owner, "network", HP_BROKEN, "%s does not reach %s on %zu linked TCP ports, only on %u",
			   verify_name(verify, from), verify_name(verify, to), allowed.count,
			   allowed_answer ? count_answered(allowed_answer) : 0);
}

static void list_ports(const void *arg, FILE *out)
{
	struct if_nameindex *names = if_nameindex();

	(void)arg;
	for (size_t i = 0; names && names[i].if_index; i++)
		fprintf(out, "%s\n", names[i].if_name);
	if_freenameindex(names);
	fprintf(out, "end\n");
}

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[length] == '\n')
			return true;
	return false;
}

/* The named ports are inside the domain and not in the base. */
static void check_ports(struct verify *verify, int domain)
{
	const struct hp_assigned_domain *assigned = &verify->assignment->domains[domain];
	hp_autofree char *inside = NULL;

	for (size_t p = 0; p < assigned->pci_count; p++) {
		const struct hp_device_spec *spec = assigned->pci_specs[p];

		if (!spec->port || !spec->port->name)
			continue;
		if (!inside && verify_probe(verify, domain, list_ports, NULL, &inside) < 0) {
			verify_say(verify, domain, "network", HP_BROKEN, "its ports could not be listed: %s", verify_why(inside));
			return;
		}
		if (has_line(inside, spec->port->name))
			verify_say(verify, domain, "network", HP_KEPT, "port %s (%s) is inside", spec->port->name,
				   verify->inv->pci[assigned->pci[p]].bdf);
		else
			verify_say(verify, domain, "network", HP_BROKEN, "port %s (%s) is not inside", spec->port->name,
				   verify->inv->pci[assigned->pci[p]].bdf);
	}
}

/* Asked of the kernel through the same backends that made them: links, checks and NAT as they are now. */
static void check_setting(struct verify *verify, const struct hp_setting *setting, const char *what)
{
	const struct hp_backend *backend = hp_backend_find(setting->backend);
	const char *slash = strchr(setting->object, '/');
	const char *name = slash ? slash + 1 : setting->object;
	hp_autofree char *live = NULL;
	hp_autoerr err = HP_ERR_INIT;

	if (!backend || backend->read(verify->ctx, setting->object, setting->attr, &live, &err) < 0)
		verify_say(verify, setting->domain, "network", HP_BROKEN, "%s: %s could not be read: %s", name, what,
			   err.text ? err.text : "no such backend");
	else if (hp_backend_satisfies(backend, setting->attr, live, setting->want))
		verify_say(verify, setting->domain, "network", HP_KEPT, "%s: %s", name, what);
	else
		verify_say(verify, setting->domain, "network", HP_BROKEN, "%s: not so: %s; it is %s", name, what,
			   live ? live : "absent");
}

static void check_uplinks(struct verify *verify)
{
	static const struct {
		const char *backend, *attr, *what;
	} kinds[] = {
		{ "uplink", "", "the uplink is inside, with its MAC, addresses and parent" },
		{ "uplink", "up", "the uplink is up" },
		{ "spoof", "", "frames with a foreign MAC, VLAN or address are dropped" },
		{ "nat", "", "only answers come back through NAT" },
	};
	hp_autosettings settings = HP_SETTINGS_INIT;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_plan_settings(verify->policy, verify->inv, verify->assignment, &settings, &err) < 0) {
		verify_say(verify, -1, "network", HP_BROKEN, "uplinks could not be checked: %s", err.text ? err.text : "no memory");
		return;
	}
	for (size_t i = 0; i < settings.count; i++) {
		const struct hp_setting *setting = &settings.items[i];

		for (size_t k = 0; k < hp_array_size(kinds); k++)
			if (!strcmp(setting->backend, kinds[k].backend) && !strcmp(setting->attr, kinds[k].attr) &&
			    (setting->domain < 0 ? verify->only < 0 : verify_wants(verify, (size_t)setting->domain)))
				check_setting(verify, setting, kinds[k].what);
	}
}

void verify_network(struct verify *verify)
{
	int count = (int)verify->policy->domains_count;

	check_uplinks(verify);
	for (int to = -1; to < count; to++) {
		if (to >= 0 && verify_wants(verify, (size_t)to))
			check_ports(verify, to);
		for (int from = -1; from < count; from++) {
			if (from == to || !address_of(verify, to) || !address_of(verify, from))
				continue;
			if ((to >= 0 && verify_wants(verify, (size_t)to)) || (from >= 0 && verify_wants(verify, (size_t)from)))
				check_pair(verify, from, to);
		}
	}
}
