// SPDX-License-Identifier: GPL-2.0
/* plan_phrase.c: a step in a person's words. */
#include "plan_phrase.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_schemata.h"
#include "base/hp_text.h"

/* ---- what ---- */

static const char *const cgroup_words[][2] = {
	{ "", "cgroup" },
	{ "cpuset.cpus", "CPUs" },
	{ "cpuset.mems", "memory nodes" },
	{ "cpuset.cpus.partition", "kind of CPU partition" },
	{ "memory.min", "guaranteed memory" },
	{ "memory.max", "memory limit" },
	{ "memory.swap.max", "swap limit" },
	{ "pids.max", "process limit" },
	{ "cgroup.subtree_control", "controllers" },
	{ "mount.nsdelegate", "delegation (nsdelegate)" },
};

static char *cgroup_what(const struct hp_step *step)
{
	const char *slash = strchr(step->object, '/');
	const char *word = step->attr;

	for (size_t i = 0; i < hp_array_size(cgroup_words); i++) {
		if (!strcmp(step->attr, cgroup_words[i][0]))
			word = cgroup_words[i][1];
	}
	if (!strcmp(step->object, "/"))
		return hp_format("%s of the cgroup root", word);
	return hp_format("%s of %s", word, slash ? slash + 1 : "all domains together");
}

static bool has_name(const struct hp_inventory *inv, const struct hp_inv_irq *irq, const char *name)
{
	const char *slash = strchr(name, '/');
	size_t length = slash ? (size_t)(slash - name) : 0;

	if (!slash)
		return irq->number == strtoul(name, NULL, 10);
	return irq->pci >= 0 && irq->vector == (int)strtol(slash + 1, NULL, 10) &&
	       strlen(inv->pci[irq->pci].bdf) == length && !strncmp(inv->pci[irq->pci].bdf, name, length);
}

const struct hp_inv_irq *plan_phrase_irq(const struct hp_inventory *inv, const char *name)
{
	for (size_t i = 0; inv && i < inv->irqs_count; i++) {
		if (has_name(inv, &inv->irqs[i], name))
			return &inv->irqs[i];
	}
	return NULL;
}

static char *irq_what(const struct hp_step *step, const struct hp_inventory *inv)
{
	const struct hp_inv_irq *irq = plan_phrase_irq(inv, step->object);

	if (!irq)
		return hp_format("interrupt %s", step->object);
	return irq->action ? hp_format("interrupt %u (%s)", irq->number, irq->action) : hp_format("interrupt %u", irq->number);
}

/* The interface below a port's function, for a function with one. */
static const char *port_name(const struct hp_inventory *inv, const char *bdf)
{
	for (size_t i = 0; inv && i < inv->pci_count; i++) {
		const struct hp_inv_pci *pci = &inv->pci[i];

		for (size_t j = 0; !strcmp(pci->bdf, bdf) && j < pci->devs_count; j++) {
			if (pci->devs[j].kind == HP_DEV_NET)
				return pci->devs[j].name;
		}
	}
	return NULL;
}

static char *port_what(const struct hp_step *step, const struct hp_inventory *inv)
{
	const char *name = port_name(inv, step->object);

	if (name)
		return hp_format("network port %s (%s)", step->object, name);
	return hp_format("network port %s", step->object);
}

/* Frequency and latency files: the last part of the path, in words. */
static const char *const speed_words[][2] = {
	{ "scaling_governor", "frequency governor" },
	{ "energy_performance_preference", "energy preference" },
	{ "scaling_min_freq", "lowest frequency" },
	{ "scaling_max_freq", "highest frequency" },
	{ "pm_qos_resume_latency_us", "wake-up latency" },
};

/* The word for a file about CPUs' speed, NULL for another; *number is the CPU's or cpufreq policy's. */
static const char *speed_word(const char *path, unsigned int *number)
{
	const char *file = strrchr(path, '/');

	if (sscanf(path, "/sys/devices/system/cpu/cpufreq/policy%u/", number) != 1 &&
	    sscanf(path, "/sys/devices/system/cpu/cpu%u/", number) != 1)
		return NULL;
	for (size_t i = 0; file && i < hp_array_size(speed_words); i++) {
		if (!strcmp(file + 1, speed_words[i][0]))
			return speed_words[i][1];
	}
	return NULL;
}

/* The CPUs behind a cpufreq policy, where the inventory knows them. */
static char *policy_cpus(const struct hp_inventory *inv, unsigned int number)
{
	for (size_t i = 0; inv && i < inv->freqs_count; i++) {
		if (inv->freqs[i].number == number)
			return hp_cpulist_format(inv->freqs[i].cpus);
	}
	return hp_format("%u", number);
}

static char *sysfile_what(const struct hp_step *step, const struct hp_inventory *inv)
{
	unsigned int number;
	const char *word = speed_word(step->object, &number);

	if (word) {
		hp_autofree char *cpus = strstr(step->object, "/cpufreq/") ? policy_cpus(inv, number) :
									     hp_format("%u", number);

		return hp_format("%s of CPU %s", word, cpus ? cpus : "?");
	}
	if (strstr(step->object, "/workqueue/"))
		return hp_format("CPUs of unbound kernel work");
	if (strstr(step->object, "/default_smp_affinity"))
		return hp_format("CPUs of new interrupts");
	return hp_format("%s", step->object);
}

static char *systemd_what(const struct hp_step *step)
{
	static const char *const words[][2] = {
		{ "", "systemd unit" },
		{ "AllowedCPUs", "CPUs of" },
		{ "AllowedMemoryNodes", "memory nodes of" },
		{ "MemoryMin", "guaranteed memory of" },
	};

	for (size_t i = 0; i < hp_array_size(words); i++) {
		if (!strcmp(step->attr, words[i][0]))
			return hp_format("%s %s", words[i][1], step->object);
	}
	return hp_format("%s of %s", step->attr, step->object);
}

static char *resctrl_what(const struct hp_step *step)
{
	static const char *const words[][2] = {
		{ "", "resctrl group" },
		{ "schemata", "cache and bandwidth" },
		{ "cpus_list", "CPUs of resctrl group" },
		{ "mode", "guard of the cache ways" },
	};
	const char *name = strstr(step->object, HP_RESCTRL_PREFIX);

	if (!strcmp(step->object, "/"))
		return hp_format("%s", *step->attr ? "cache that stays with the base" : "resctrl file system");
	name = name ? name + strlen(HP_RESCTRL_PREFIX) : step->object;
	for (size_t i = 0; i < hp_array_size(words); i++) {
		if (!strcmp(step->attr, words[i][0]))
			return hp_format("%s of %s", words[i][1], name);
	}
	return hp_format("%s of %s", step->attr, name);
}

/* The lines of a schemata file as one; a group's existence in a word. */
static char *resctrl_value(const char *value)
{
	char *text = strdup(value);

	for (char *at = text; at && (at = strchr(at, '\n')); )
		*at = ' ';
	return text;
}

static char *uplink_what(const struct hp_step *step)
{
	const char *slash = strchr(step->object, '/');
	int domain = slash ? (int)(slash - step->object) : 0;

	if (!slash)
		return hp_format("%s %s", strcmp(step->attr, "forwarding") ? "shared port" : "forwarding of", step->object);
	if (!strcmp(step->backend, "spoof"))
		return hp_format("sender check of %s of %.*s", slash + 1, domain, step->object);
	return hp_format("%s %s of %.*s", *step->attr ? "state of uplink" : "uplink", slash + 1, domain, step->object);
}

static char *simple_what(const struct hp_step *step)
{
	bool is_base = !strcmp(step->object, "base");

	if (!strcmp(step->backend, "systemd"))
		return systemd_what(step);
	if (!strcmp(step->backend, "netns"))
		return hp_format("network namespace of %s", step->object);
	if (!strcmp(step->backend, "devacl"))
		return is_base ? hp_format("device nodes kept from all others") :
				 hp_format("device nodes of %s", step->object);
	if (!strcmp(step->backend, "domain"))
		return hp_format("init process of %s", step->object);
	if (!strcmp(step->backend, "star"))
		return hp_format("network link of %s", step->object);
	if (!strcmp(step->backend, "nft"))
		return hp_format("firewall between the domains");
	if (!strcmp(step->backend, "resctrl"))
		return resctrl_what(step);
	if (!strcmp(step->backend, "uplink") || !strcmp(step->backend, "spoof"))
		return uplink_what(step);
	if (!strcmp(step->backend, "nat"))
		return hp_format("NAT of uplinks");
	if (!strcmp(step->backend, "registry"))
		return hp_format("claims in the kernel module");
	return hp_format("%s %s%s%s", step->backend, step->object, *step->attr ? " " : "", step->attr);
}

char *plan_phrase_what(const struct hp_step *step, const struct hp_inventory *inv)
{
	if (!strcmp(step->backend, "cgroup"))
		return cgroup_what(step);
	if (!strcmp(step->backend, "irq"))
		return irq_what(step, inv);
	if (!strcmp(step->backend, "port"))
		return port_what(step, inv);
	if (!strcmp(step->backend, "sysfile"))
		return sysfile_what(step, inv);
	return simple_what(step);
}

/* ---- values ---- */

static size_t count_lines(const char *text, const char *prefix)
{
	size_t count = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += *line && !strncmp(line, prefix, strlen(prefix));
	}
	return count;
}

static char *counted(const char *value, const char *prefix, const char *one, const char *many)
{
	size_t count = count_lines(value, prefix);

	return hp_format("%zu %s", count, count == 1 ? one : many);
}

static char *firewall_value(const char *value)
{
	hp_autofree char *links = counted(value, "leg ", "link", "links");
	hp_autofree char *rules = counted(value, "allow ", "rule", "rules");

	return links && rules ? hp_format("%s, %s", links, rules) : NULL;
}

static char *registry_value(const char *value)
{
	hp_autofree char *domains = counted(value, "domain ", "domain", "domains");
	size_t claims = count_lines(value, "") - count_lines(value, "domain ");

	return domains ? hp_format("%s, %zu claims", domains, claims) : NULL;
}

static const char *json_text(struct json_object *object, const char *key)
{
	struct json_object *field;

	return json_object_object_get_ex(object, key, &field) && field ?
		json_object_get_string(field) :
		"";
}

/* "eth0 in alpha, 192.0.2.1/24, mtu 9000" */
static char *port_value(const char *value)
{
	struct json_object *object = json_tokener_parse(value), *list = NULL;
	const char *netns = json_text(object, "netns"), *name = json_text(object, "name");
	const char *mtu = json_text(object, "mtu"), *gateway = json_text(object, "gateway");
	char *text = NULL;
	size_t size;
	FILE *out = object ? open_memstream(&text, &size) : NULL;

	if (!out) {
		json_object_put(object);
		return strdup(value);
	}
	fprintf(out, "%s%s%s", name, *name ? " in " : "in ", *netns ? netns : "the base");
	json_object_object_get_ex(object, "addresses", &list);
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		fprintf(out, ", %s", json_object_get_string(json_object_array_get_idx(list, i)));
	fprintf(out, "%s%s%s%s", *gateway ? ", gateway " : "", gateway, *mtu ? ", mtu " : "", mtu);
	fclose(out);
	json_object_put(object);
	return text;
}

static char *size_value(const char *value)
{
	uint64_t bytes;

	if (hp_size_parse(value, &bytes) || strspn(value, "0123456789") != strlen(value))
		return strdup(value);
	return bytes % (1 << 20) ? hp_size_human(bytes) : hp_size_format(bytes);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The kernel's CPU mask ("3,ffffffff") as a list. */
static char *mask_value(const char *value)
{
	hp_autobitmap set = hwloc_bitmap_alloc();
	unsigned int bit = 0;

	for (size_t i = strlen(value); set && i--;) {
		int digit = hex_digit(value[i]);

		if (value[i] == ',')
			continue;
		if (digit < 0)
			return strdup(value);
		for (int shift = 0; shift < 4; shift++, bit++) {
			if (digit >> shift & 1)
				hwloc_bitmap_set(set, bit);
		}
	}
	return set ? hp_cpulist_format(set) : NULL;
}

static char *first_line(const char *value)
{
	size_t length = strcspn(value, "\n"), lines = count_lines(value, "");

	if (lines > 1)
		return hp_format("%.*s (and %zu lines more)", (int)length, value, lines - 1);
	return strndup(value, length);
}

static char *sysfile_value(const struct hp_step *step, const char *value)
{
	unsigned int number;

	if (!speed_word(step->object, &number))
		return mask_value(value);
	if (strstr(step->object, "_freq"))
		return hp_format("%.10g MHz", (double)strtoull(value, NULL, 10) / 1000);
	if (!strstr(step->object, "_latency_us"))
		return strdup(value);
	/* The file's own words: 0 bounds nothing, n/a allows none. */
	if (!strcmp(value, "0"))
		return strdup("any");
	return strcmp(value, "n/a") ? hp_format("%s us", value) : strdup("none: no idle state");
}

char *plan_phrase_value(const struct hp_step *step, const char *value)
{
	if (!value)
		return strdup("absent");
	if (!*value)
		return strdup("none");
	if (!strcmp(step->backend, "port"))
		return port_value(value);
	if (!strcmp(step->backend, "nft"))
		return firewall_value(value);
	if (!strcmp(step->backend, "registry"))
		return registry_value(value);
	if (!strcmp(step->backend, "devacl"))
		return counted(value, strcmp(step->object, "base") ? "allow " : "deny ", "rule",
			       "rules");
	if (!strcmp(step->backend, "resctrl"))
		return resctrl_value(value);
	if (!strcmp(step->backend, "nat"))
		return counted(value, "veth ", "uplink", "uplinks");
	if (!strcmp(step->attr, "forwarding"))
		return strdup(*value == '1' ? "on" : "off");
	if (!strcmp(step->backend, "sysfile"))
		return sysfile_value(step, value);
	if (!strncmp(step->attr, "memory.", 7) || !strcmp(step->attr, "MemoryMin"))
		return size_value(value);
	return first_line(value);
}
