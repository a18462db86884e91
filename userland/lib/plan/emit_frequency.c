// SPDX-License-Identifier: GPL-2.0
/* emit_frequency.c: frequency and wake-up latency of the domains' CPUs, as files of /sys. */
#include "plan/emit.h"

#include <errno.h>
#include <string.h>
#include "plan/frequency.h"

struct emit_to {
	struct emit *emit;
	size_t domain;
};

/* Firmware and thermal limits may keep a value elsewhere: then it is a gap, not a failure. */
static int emit_file(void *arg, const struct plan_freq_item *item)
{
	const struct emit_to *to = arg;
	const struct hp_domain_spec *spec = &to->emit->policy->domains[to->domain];
	bool is_latency = strstr(item->path, "/power/") != NULL;
	struct emit_for whose = { (int)to->domain, is_latency ? spec->wake_latency.loc : spec->frequency.loc };

	if (*item->why)
		return 0;
	if (emit_text(to->emit, whose, "sysfile", item->path, "", item->want))
		return -ENOMEM;
	to->emit->out->items[to->emit->out->count - 1].is_optional = true;
	return 0;
}

int emit_frequencies(struct emit *emit)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < emit->policy->domains_count; i++) {
		struct emit_to to = { emit, i };

		rc = plan_freq_each(emit->policy, emit->inv, emit->assignment, i, emit_file, &to);
	}
	return rc;
}
