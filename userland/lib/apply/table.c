// SPDX-License-Identifier: GPL-2.0
/* table.c: finds a backend by name. */
#include "apply/hp_backend.h"

#include <string.h>

/* Not written yet: the table has a hole there until it is. */
extern const struct hp_backend hp_backend_systemd __attribute__((weak));

#define TABLE_SIZE 12

static const struct hp_backend *const built_in[TABLE_SIZE] = {
	&hp_backend_systemd, &hp_backend_cgroup, &hp_backend_netns, &hp_backend_devacl,
	&hp_backend_domain, &hp_backend_port, &hp_backend_star, &hp_backend_nft,
	&hp_backend_sysfile, &hp_backend_irq, &hp_backend_registry,
};

static const struct hp_backend *const *override;

void hp_backends_override(const struct hp_backend *const *table)
{
	override = table;
}

const struct hp_backend *hp_backend_find(const char *name)
{
	for (size_t i = 0; override && override[i]; i++)
		if (!strcmp(override[i]->name, name))
			return override[i];
	for (size_t i = 0; !override && i < TABLE_SIZE; i++)
		if (built_in[i] && !strcmp(built_in[i]->name, name))
			return built_in[i];
	return NULL;
}

bool hp_backend_satisfies(const struct hp_backend *backend, const char *attr, const char *live, const char *want)
{
	if (!live || !want)
		return live == want;
	return backend->satisfies ? backend->satisfies(attr, live, want) : !strcmp(live, want);
}
