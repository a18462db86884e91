// SPDX-License-Identifier: GPL-2.0
/* check_memory.c: each domain's memory limit, guarantee, swap and nodes, as the kernel enforces them. */
#include "verify/verify.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

/* UINT64_MAX for "max", 0 for what cannot be read. */
static uint64_t amount_of(const char *text)
{
	if (!text)
		return 0;
	return strcmp(text, "max") == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* The kernel keeps whole pages. */
static bool same_pages(uint64_t a, uint64_t b)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return a / page == b / page;
}

static void check_amount(struct verify *verify, int domain, const char *attr, const char *what, uint64_t want)
{
	hp_autofree char *text = verify_cgroup_read(verify, domain, attr);
	hp_autofree char *human = hp_size_human(want);

	if (text && same_pages(amount_of(text), want))
		verify_say(verify, domain, "memory", HP_KEPT, "%s %s", what, human);
	else
		verify_say(verify, domain, "memory", HP_BROKEN, "%s should be %s (%" PRIu64 "); %s is %s", what, human, want,
			   attr, text ? text : "absent");
}

/* memory.min protects only as far as every ancestor grants it: the parent must hold the sum. */
static void check_guarantees_add_up(struct verify *verify)
{
	hp_autofree char *text = verify_cgroup_read(verify, -1, "memory.min");
	uint64_t sum = 0;

	for (size_t i = 0; i < verify->policy->domains_count; i++)
		sum += verify->assignment->domains[i].guarantee_bytes;
	if (text && (amount_of(text) >= sum || same_pages(amount_of(text), sum)))
		verify_say(verify, -1, "memory", HP_KEPT, "the guarantees add up: their parent grants %s bytes", text);
	else
		verify_say(verify, -1, "memory", HP_BROKEN, "the guarantees need %" PRIu64 " bytes; their parent grants %s", sum,
			   text ? text : "nothing");
}

static void check_nodes(struct verify *verify, int domain)
{
	hp_autofree char *want = hp_cpulist_format(verify->assignment->domains[domain].nodes);
	hp_autofree char *live = verify_cgroup_read(verify, domain, "cpuset.mems.effective");
	bool same = live && strcmp(live, want) == 0;

	if (same)
		verify_say(verify, domain, "memory", HP_KEPT, "from node%s %s only", strpbrk(want, ",-") ? "s" : "", want);
	else
		verify_say(verify, domain, "memory", HP_BROKEN, "should come from nodes %s; comes from %s", want,
			   live ? live : "anywhere");
}

void verify_memory(struct verify *verify)
{
	for (size_t i = 0; i < verify->policy->domains_count; i++) {
		const struct hp_assigned_domain *domain = &verify->assignment->domains[i];

		if (!verify_wants(verify, i))
			continue;
		check_amount(verify, (int)i, "memory.max", "at most", domain->memory_bytes);
		check_amount(verify, (int)i, "memory.min", "at least", domain->guarantee_bytes);
		if (verify->inv->swap_bytes)
			check_amount(verify, (int)i, "memory.swap.max", "swap at most", domain->swap_bytes);
		check_nodes(verify, (int)i);
	}
	if (verify->policy->domains_count)
		check_guarantees_add_up(verify);
}
