// SPDX-License-Identifier: GPL-2.0
/* table.c: finds a backend by name. */
#include "apply/hp_backend.h"

#include <string.h>

static const struct hp_backend *const built_in[] = {
	&hp_backend_systemd, &hp_backend_cgroup, &hp_backend_netns, &hp_backend_devacl,
	&hp_backend_domain, &hp_backend_port, &hp_backend_star, &hp_backend_nft,
	&hp_backend_sysfile, &hp_backend_irq, &hp_backend_resctrl, &hp_backend_registry, &hp_backend_uplink,
	&hp_backend_spoof, &hp_backend_nat, NULL,
};

static const struct hp_backend *const *table = built_in;

void hp_backends_override(const struct hp_backend *const *other)
{
	table = other ? other : built_in;
}

const struct hp_backend *hp_backend_find(const char *name)
{
	for (size_t i = 0; table[i]; i++)
		if (!strcmp(table[i]->name, name))
			return table[i];
	return NULL;
}

bool hp_backend_satisfies(const struct hp_backend *backend, const char *attr, const char *live, const char *want)
{
	if (!live || !want)
		return live == want;
	return backend->satisfies ? backend->satisfies(attr, live, want) : !strcmp(live, want);
}
