// SPDX-License-Identifier: GPL-2.0
/* gaps_uplinks.c: what cannot be promised about the senders of frames. */
#include "plan/gaps.h"

#include <errno.h>

/* A port that has no driver yet has no MAC to hold it to. */
static bool has_mac(const struct hp_inv_pci *pci)
{
	for (size_t i = 0; i < pci->devs_count; i++)
		if (pci->devs[i].kind == HP_DEV_NET)
			return pci->devs[i].mac != NULL;
	return false;
}

static int add_gap(struct plan_run *run, size_t domain, const char *name, const char *further)
{
	return plan_gap(run->out, (int)domain,
			"the sender check of %s does not bind root in 'partctl exec'|it is in the domain's own network "
			"namespace, over which exec and shell keep CAP_NET_ADMIN: root there can lift it until partd puts "
			"it back%s (a system that 'partctl boot' started without privileged has no such power)",
			name, further);
}

int gaps_of_uplinks(struct plan_run *run)
{
	for (size_t i = 0; i < run->out->domains_count; i++) {
		const struct hp_network_spec *network = &run->policy->domains[i].network;
		const struct hp_assigned_domain *it = &run->out->domains[i];

		for (size_t j = 0; j < network->uplinks_count; j++) {
			const struct hp_uplink_spec *spec = &network->uplinks[j];

			if ((spec->kind == HP_UPLINK_MACVLAN || spec->kind == HP_UPLINK_IPVLAN) &&
			    add_gap(run, i, spec->port.name, ", or make another link on the same parent"))
				return -ENOMEM;
		}
		for (size_t j = 0; j < it->pci_count; j++) {
			const struct hp_port_spec *port = it->pci_specs[j]->port;
			const struct hp_inv_pci *pci = &run->inv->pci[it->pci[j]];

			if (!port || !port->is_bound)
				continue;
			if (has_mac(pci) && add_gap(run, i, port->name ? port->name : pci->bdf, ""))
				return -ENOMEM;
			if (!has_mac(pci) &&
			    plan_gap(run->out, (int)i, "the senders of %s are not checked|it has no driver, and so no "
				     "MAC, before its domain starts; apply again then", pci->bdf))
				return -ENOMEM;
		}
	}
	return 0;
}
