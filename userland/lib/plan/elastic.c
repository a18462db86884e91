// SPDX-License-Identifier: GPL-2.0
/* elastic.c: refuses an assignment that lies outside of what its policy calls elastic. */
#include "plan/plan_run.h"

#include <errno.h>
#include <stdlib.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static int check_cpus(struct plan_run *run, const struct hp_elastic_spec *elastic,
		      const struct hp_assigned_domain *domain)
{
	hp_autofree char *has = NULL, *may = NULL;

	if (!elastic->cpus || hwloc_bitmap_isincluded(domain->cpus, elastic->cpus))
		return 0;
	has = hp_cpulist_format(domain->cpus);
	may = hp_cpulist_format(elastic->cpus);
	if (!has || !may)
		return -ENOMEM;
	plan_refuse(run, elastic->cpus_loc,
		    "%s gets CPUs %s, which its elastic CPUs %s leave out; add them, or place it with cpus: {list: \"...\"}",
		    domain->name, has, may);
	return 0;
}

static int check_memory(struct plan_run *run, const struct hp_elastic_spec *elastic,
			const struct hp_assigned_domain *domain)
{
	hp_autofree char *has = NULL, *min = NULL, *max = NULL;

	if (!elastic->memory_max.is_set || (domain->memory_bytes >= elastic->memory_min.bytes &&
					    domain->memory_bytes <= elastic->memory_max.bytes))
		return 0;
	has = plan_size_text(domain->memory_bytes);
	min = plan_size_text(elastic->memory_min.bytes);
	max = plan_size_text(elastic->memory_max.bytes);
	if (!has || !min || !max)
		return -ENOMEM;
	plan_refuse(run, elastic->memory_loc, "%s gets %s of memory, which is not within its elastic %s to %s",
		    domain->name, has, min, max);
	return 0;
}

int plan_check_elastic(struct plan_run *run)
{
	int rc = 0;

	for (size_t i = 0; i < run->policy->domains_count && !rc; i++) {
		const struct hp_elastic_spec *elastic = &run->policy->domains[i].elastic;

		rc = check_cpus(run, elastic, &run->out->domains[i]);
		if (!rc)
			rc = check_memory(run, elastic, &run->out->domains[i]);
	}
	return rc;
}
