// SPDX-License-Identifier: GPL-2.0
/* policy.c: reads a whole policy from text into the model. */
#include "policy/hp_policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"
#include "policy/parts.h"
#include "policy/values.h"

#define SUBNET_PREFIX_MIN 8
#define SUBNET_PREFIX_MAX 30

static void read_api(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		     void *field)
{
	static const char *const words[] = { HP_POLICY_API, NULL };
	unsigned int word;

	(void)field;
	hp_read_word(in, key, node, words, &word);
}

static void read_base_devices(struct hp_reader *in, const struct hp_key *key,
			      const struct hp_yaml *node, void *field)
{
	struct hp_base_spec *base = field;

	hp_read_devices(in, key, node, true, &base->devices, &base->devices_count);
}

static const struct hp_key base_keys[] = {
	{ "cpus", HP_CPUS_ALLOWED, hp_read_base_cpus, 0, false },
	{ "memory", HP_AMOUNT_ALLOWED, hp_read_memory_size, offsetof(struct hp_base_spec, memory),
	  false },
	{ "devices", "a list such as [{class: nvme, index: 0}]", read_base_devices, 0, false },
};
static const struct hp_shape base_shape = HP_SHAPE("base", base_keys);

static void read_base(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		      void *field)
{
	struct hp_base_spec *base = field;

	base->loc = hp_yaml_where(node);
	hp_read_map(in, &base_shape, key, node, base);
}

static void read_subnet(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			void *field)
{
	struct hp_policy *policy = field;
	char text[HP_IP_TEXT_MAX];
	const char *written, *why;
	struct hp_ip ip, network;

	policy->star_subnet_loc = node->loc;
	if (!hp_read_text(in, key, node, &written))
		return;
	why = hp_value_ip(written, HP_IP_NETWORK, &ip);
	if (ip.family == AF_INET6)
		why = "it is not IPv4";
	else if (!why && (ip.prefix < SUBNET_PREFIX_MIN || ip.prefix > SUBNET_PREFIX_MAX))
		why = "the prefix is not 8 to 30";
	if (why) {
		/* An address inside a network was meant to be the network. */
		network = hp_ip_network(&ip);
		hp_ip_format(&network, HP_IP_NETWORK, text);
		hp_reject(in, key, node, why,
			  ip.family == AF_INET && strcmp(text, written) &&
			  !hp_value_ip(text, HP_IP_NETWORK, &ip) ? text : NULL);
		return;
	}
	free(policy->star_subnet);
	hp_ip_format(&ip, HP_IP_NETWORK, text);
	policy->star_subnet = hp_reader_copy(in, text);
}

static const struct hp_key network_keys[] = {
	{ "subnet", "an IPv4 network for the links, such as " HP_STAR_SUBNET, read_subnet, 0,
	  false },
};
static const struct hp_shape network_shape = HP_SHAPE("network", network_keys);

static void read_network(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			 void *field)
{
	hp_read_map(in, &network_shape, key, node, field);
}

/* Links name domains, which may stand further down. */
static void keep_links(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *field)
{
	(void)key;
	(void)field;
	in->links = node;
}

static const struct hp_key policy_keys[] = {
	{ "apiVersion", HP_POLICY_API, read_api, 0, true },
	{ "base", "a mapping of cpus, memory and devices", read_base,
	  offsetof(struct hp_policy, base), false },
	{ "domains", "a mapping of at least one name to its cpus, memory and others",
	  hp_read_domains, 0, true },
	{ "network", "a mapping of subnet", read_network, 0, false },
	{ "links", "a list such as [{from: alpha, to: beta, protocol: tcp, ports: [8080]}]",
	  keep_links, 0, false },
};
static const struct hp_shape policy_shape = HP_SHAPE("a policy", policy_keys);
static const struct hp_key policy_owner = {
	.name = "the policy", .allowed = "apiVersion, base, domains, network and links"
};
static const struct hp_key links_key = { .name = "links",
					 .allowed = "a list of from, to, protocol and ports" };

static void clear_port(struct hp_port_spec *port)
{
	for (char **address = port->addresses; address && *address; address++)
		free(*address);
	free(port->addresses);
	free(port->gateway);
	free(port->name);
}

static void free_devices(struct hp_device_spec *devices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(devices[i].text);
		if (devices[i].port)
			clear_port(devices[i].port);
		free(devices[i].port);
	}
	free(devices);
}

static void free_uplinks(struct hp_network_spec *network)
{
	for (size_t i = 0; i < network->uplinks_count; i++) {
		free(network->uplinks[i].parent);
		free(network->uplinks[i].mac);
		clear_port(&network->uplinks[i].port);
	}
	free(network->uplinks);
}

static void free_domain(struct hp_domain_spec *domain)
{
	free(domain->name);
	free(domain->hostname);
	free(domain->root);
	free(domain->network.link_address);
	free_uplinks(&domain->network);
	hwloc_bitmap_free(domain->cpus.list);
	hwloc_bitmap_free(domain->memory.nodes);
	hwloc_bitmap_free(domain->elastic.cpus);
	free_devices(domain->devices, domain->devices_count);
}

void hp_policy_free(struct hp_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->domains_count; i++)
		free_domain(&policy->domains[i]);
	for (size_t i = 0; i < policy->links_count; i++)
		free(policy->links[i].ports);
	free(policy->domains);
	free(policy->links);
	hwloc_bitmap_free(policy->base.cpus.list);
	free_devices(policy->base.devices, policy->base.devices_count);
	free(policy->star_subnet);
	free(policy->file);
	free(policy->text);
	free(policy);
}

void hp_policy_freep(struct hp_policy **policy)
{
	hp_policy_free(*policy);
}

int hp_policy_find(const struct hp_policy *policy, const char *domain)
{
	for (size_t i = 0; i < policy->domains_count; i++) {
		if (policy->domains[i].name && !strcmp(policy->domains[i].name, domain))
			return i;
	}
	return -1;
}

const char *hp_policy_nearest(const struct hp_policy *policy, const char *name)
{
	const char *names[HP_DOMAINS_MAX + 1] = { NULL };
	size_t count = 0;

	for (size_t i = 0; i < policy->domains_count; i++)
		if (policy->domains[i].name)
			names[count++] = policy->domains[i].name;
	return hp_word_nearest(name, names);
}

static void read_policy(struct hp_reader *in, const struct hp_yaml *root)
{
	hp_read_map(in, &policy_shape, &policy_owner, root, in->policy);
	if (in->links)
		hp_read_links(in, &links_key, in->links, in->policy);
	hp_policy_check(in->policy, in->bad);
}

/* A policy with its texts and defaults, nothing read yet; NULL when out of memory. */
static struct hp_policy *new_policy(const char *file, const char *text)
{
	hp_autopolicy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->file = strdup(file);
	policy->text = strdup(text);
	policy->star_subnet = strdup(HP_STAR_SUBNET);
	return policy->file && policy->text && policy->star_subnet ? hp_take(policy) : NULL;
}

int hp_policy_parse(const char *file, const char *text, struct hp_policy **policy,
		    struct hp_err *err)
{
	struct hp_complaints bad = { .file = file };
	hp_autopolicy *fresh = NULL;
	hp_autoyaml *root = hp_yaml_load(text, &bad);
	struct hp_reader in = { .bad = &bad };
	int ret;

	if (root) {
		fresh = new_policy(file, text);
		if (fresh) {
			in.policy = fresh;
			read_policy(&in, root);
		} else {
			bad.is_out_of_memory = true;
		}
	}
	ret = hp_complaints_tell(&bad, err);
	hp_complaints_clear(&bad);
	if (!ret)
		*policy = hp_take(fresh);
	return ret;
}
