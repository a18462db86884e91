// SPDX-License-Identifier: GPL-2.0
/* check_hosts.c: each domain runs, with its own hostname and namespaces. */
#include "verify/verify.h"

#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static const char *const namespaces[] = { "cgroup", "ipc", "mnt", "net", "pid", "uts" };

static void print_hostname(const void *arg, FILE *out)
{
	char name[256] = "";

	(void)arg;
	gethostname(name, sizeof(name) - 1);
	fprintf(out, "%s", name);
}

static char *namespace_of(const struct verify *verify, pid_t pid, const char *kind)
{
	hp_autofree char *path = hp_format("/proc/%d/ns/%s", pid, kind);

	if (!path)
		return NULL;
	return hp_root_readlink(verify->ctx->root, path);
}

/* Name of a namespace that a domain shares with somebody; NULL when it shares none. */
static const char *find_shared(const struct verify *verify, int domain, const char **with)
{
	for (size_t n = 0; n < hp_array_size(namespaces); n++) {
		hp_autofree char *own = namespace_of(verify, verify->inits[domain], namespaces[n]);

		if (!own) {
			*with = "unknown";
			return namespaces[n];
		}
		for (int other = -1; other < (int)verify->policy->domains_count; other++) {
			hp_autofree char *theirs = other == domain ? NULL :
				namespace_of(verify, other < 0 ? 1 : verify->inits[other], namespaces[n]);

			if (theirs && strcmp(own, theirs) == 0) {
				*with = verify_name(verify, other);
				return namespaces[n];
			}
		}
	}
	return NULL;
}

static void check_host(struct verify *verify, int domain)
{
	const char *want = verify->policy->domains[domain].hostname;
	const char *with = NULL, *shared;
	hp_autofree char *name = NULL;

	if (!verify->inits[domain]) {
		verify_say(verify, domain, "host", HP_BROKEN, "its init does not run");
		return;
	}
	if (verify_probe(verify, domain, print_hostname, NULL, &name) == 0 && strcmp(name, want) == 0)
		verify_say(verify, domain, "host", HP_KEPT, "runs (init is process %d) with hostname %s", verify->inits[domain],
			   want);
	else
		verify_say(verify, domain, "host", HP_BROKEN, "hostname should be %s, is %s", want, name ? name : "unknown");
	shared = find_shared(verify, domain, &with);
	if (shared)
		verify_say(verify, domain, "host", HP_BROKEN, "its %s namespace is shared with %s", shared, with);
	else
		verify_say(verify, domain, "host", HP_KEPT, "cgroup, ipc, mount, network, pid and uts namespaces are its own");
}

void verify_hosts(struct verify *verify)
{
	for (size_t i = 0; i < verify->policy->domains_count; i++)
		if (verify_wants(verify, i))
			check_host(verify, (int)i);
}
