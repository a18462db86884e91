// SPDX-License-Identifier: GPL-2.0
/* read_domain.c: reads the domains. */
#include "policy/parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/hp_auto.h"
#include "policy/values.h"

static void read_hostname(struct hp_reader *in, const struct hp_key *key,
			  const struct hp_yaml *node, void *field)
{
	char **hostname = field;
	const char *text, *why;

	if (!hp_read_text(in, key, node, &text))
		return;
	why = hp_value_hostname(text);
	if (why)
		hp_reject(in, key, node, why, NULL);
	else
		*hostname = hp_reader_copy(in, text);
}

static void read_pids(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	uint64_t *pids_max = field;

	if (node->kind == HP_YAML_SCALAR && !strcmp(node->text, "max"))
		*pids_max = 0;
	else
		hp_read_number(in, key, node, 1, HP_PIDS_MAX, pids_max);
}

static void read_devices(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			 void *field)
{
	struct hp_domain_spec *domain = field;

	hp_read_devices(in, key, node, false, &domain->devices, &domain->devices_count);
}

static void read_link_address(struct hp_reader *in, const struct hp_key *key,
			      const struct hp_yaml *node, void *field)
{
	struct hp_network_spec *network = field;
	char canonical[HP_IP_TEXT_MAX];
	const char *text, *why;
	struct hp_ip ip;

	if (!hp_read_text(in, key, node, &text))
		return;
	why = hp_value_ip(text, HP_IP_PLAIN, &ip);
	if (!why && ip.family != AF_INET)
		why = "it is not IPv4";
	if (why) {
		hp_reject(in, key, node, why, NULL);
		return;
	}
	network->address_loc = node->loc;
	hp_ip_format(&ip, HP_IP_PLAIN, canonical);
	network->link_address = hp_reader_copy(in, canonical);
}

static const struct hp_key network_keys[] = {
	{ "link", "true or false", hp_read_bool, offsetof(struct hp_network_spec, is_linked),
	  false },
	{ "address", "an IPv4 address in the subnet of the links, such as 10.203.0.10",
	  read_link_address, 0, false },
	{ "uplinks", HP_UPLINKS_ALLOWED, hp_read_uplinks, 0, false },
};
static const struct hp_shape network_shape = HP_SHAPE("a domain's network", network_keys);

static void read_network(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			 void *field)
{
	struct hp_network_spec *network = field;

	network->loc = hp_yaml_where(node);
	hp_read_map(in, &network_shape, key, node, network);
	if (!network->is_linked && network->link_address)
		hp_complain(in->bad, network->address_loc,
			    "address is that of the link, but link is false; remove one");
}

static const struct hp_key domain_keys[] = {
	{ "hostname", "a host name, such as alpha or alpha.example.org", read_hostname,
	  offsetof(struct hp_domain_spec, hostname), false },
	{ "cpus", HP_CPUS_ALLOWED, hp_read_cpus, offsetof(struct hp_domain_spec, cpus), true },
	{ "memory", HP_AMOUNT_ALLOWED ", or {size: 1GiB, guarantee: 512MiB, swap: 0, nodes: \"0\"}",
	  hp_read_memory, offsetof(struct hp_domain_spec, memory), true },
	{ "pids", "1 to 4194304, or max", read_pids, offsetof(struct hp_domain_spec, pids_max),
	  false },
	{ "devices", "a list such as [{class: nvme, index: 0}]", read_devices, 0, false },
	{ "network", "a mapping of link, address and uplinks", read_network,
	  offsetof(struct hp_domain_spec, network), false },
	{ "elastic", "a mapping of cpus and memory", hp_read_elastic,
	  offsetof(struct hp_domain_spec, elastic), false },
	{ "reclaim", "a mapping such as {mode: on}", hp_read_reclaim,
	  offsetof(struct hp_domain_spec, reclaim), false },
	{ "cache", "a mapping such as {l3: 50%}", hp_read_cache,
	  offsetof(struct hp_domain_spec, cache), false },
	{ "frequency", "a mapping such as {governor: performance}", hp_read_frequency,
	  offsetof(struct hp_domain_spec, frequency), false },
	{ "wake_latency", HP_WAKE_LATENCY_ALLOWED, hp_read_wake_latency,
	  offsetof(struct hp_domain_spec, wake_latency), false },
	{ "root", "overlay, a directory such as /srv/alpha, or a device such as /dev/nvme0n1p1",
	  hp_read_root, offsetof(struct hp_domain_spec, root), false },
	{ "autostart", "true or false", hp_read_bool, offsetof(struct hp_domain_spec, autostart), false },
	{ "privileged", "true or false", hp_read_bool, offsetof(struct hp_domain_spec, is_privileged),
	  false },
};
static const struct hp_shape domain_shape = HP_SHAPE("a domain", domain_keys);

/* "Alpha_1" was probably meant to be "alpha-1". */
static const char *guess_name(const char *name, char guess[HP_NAME_MAX + 1])
{
	size_t i;

	for (i = 0; name[i] && i < HP_NAME_MAX; i++)
		guess[i] = name[i] == '_' || name[i] == '.' || name[i] == ' '
				   ? '-'
				   : tolower((unsigned char)name[i]);
	guess[i] = 0;
	return name[i] || hp_value_domain_name(guess) ? NULL : guess;
}

static void check_name(struct hp_reader *in, const struct hp_yaml *node, size_t index)
{
	const char *why = hp_value_domain_name(node->key);
	char guess[HP_NAME_MAX + 1];
	const char *better = why ? guess_name(node->key, guess) : NULL;

	if (why)
		hp_complain(
			in->bad, node->key_loc,
			"a domain cannot be named %s: %s; allowed: "
			"lower-case letters, digits and hyphens, first a letter, "
			"at most 32%s%s%s",
			hp_show(node->key).text, why, better ? "; did you mean \"" : "",
			better ? better : "", better ? "\"?" : "");
	for (size_t i = 0; i < index; i++) {
		const struct hp_domain_spec *other = &in->policy->domains[i];

		if (other->name && !strcmp(other->name, node->key)) {
			hp_complain(in->bad, node->key_loc,
				    "domain %s is given twice; it is already on line %u",
				    hp_show(node->key).text, other->loc.line);
			return;
		}
	}
}

static void read_domain(struct hp_reader *in, const struct hp_yaml *node,
			struct hp_domain_spec *domain)
{
	struct hp_shown name = hp_show(node->key);
	const struct hp_key owner = { .name = name.text,
				      .allowed = "a mapping of cpus, memory and others" };

	check_name(in, node, domain - in->policy->domains);
	domain->name = hp_reader_copy(in, node->key);
	domain->loc = node->key_loc;
	domain->network = (struct hp_network_spec){ .is_linked = true, .loc = node->key_loc };
	domain->reclaim = (struct hp_reclaim_spec)HP_RECLAIM_DEFAULT;
	if (!hp_reject_null(in, &owner, node))
		hp_read_map(in, &domain_shape, &owner, node, domain);
	if (!domain->hostname && domain->name)
		domain->hostname = hp_reader_copy(in, domain->name);
}

void hp_read_domains(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	struct hp_policy *policy = field;

	if (node->kind != HP_YAML_MAP || !node->count) {
		hp_reject(in, key, node,
			  node->kind == HP_YAML_MAP ? "there is no domain in it"
						    : "it is not a mapping of names",
			  NULL);
		return;
	}
	if (node->count > HP_DOMAINS_MAX) {
		hp_complain(in->bad, hp_yaml_where(node),
			    "there are %zu domains; at most %d are allowed", node->count,
			    HP_DOMAINS_MAX);
		return;
	}
	policy->domains = calloc(node->count, sizeof(*policy->domains));
	if (!policy->domains) {
		in->bad->is_out_of_memory = true;
		return;
	}
	for (const struct hp_yaml *child = node->children; child; child = child->next)
		read_domain(in, child, &policy->domains[policy->domains_count++]);
}
