// SPDX-License-Identifier: GPL-2.0
/* devacl_rules.c: device rules from canonical text and back. */
#include "bpf/hp_devacl.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"

void hp_devacl_clear(struct hp_devacl_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->items[i].owner);
	free(rules->items);
	free(rules->cgroup);
	*rules = (struct hp_devacl_rules)HP_DEVACL_RULES_INIT;
}

int hp_devacl_add(struct hp_devacl_rules *rules, const struct hp_devacl_item *item)
{
	struct hp_devacl_item copy = *item;

	if (rules->count == rules->capacity) {
		size_t capacity = rules->capacity ? 2 * rules->capacity : 32;
		void *grown = reallocarray(rules->items, capacity, sizeof(*rules->items));

		if (!grown)
			return -ENOMEM;
		rules->items = grown;
		rules->capacity = capacity;
	}
	if (item->owner) {
		copy.owner = strdup(item->owner);
		if (!copy.owner)
			return -ENOMEM;
	}
	rules->items[rules->count++] = copy;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct hp_devacl_key *x = &((const struct hp_devacl_item *)a)->key;
	const struct hp_devacl_key *y = &((const struct hp_devacl_item *)b)->key;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	/* HP_DEVACL_ANY_MINOR + 1 is 0: the wildcard comes first. */
	if (x->minor != y->minor)
		return x->minor + 1 < y->minor + 1 ? -1 : 1;
	return 0;
}

static char *format_node(const struct hp_devacl_key *key)
{
	char *text;
	int done;

	if (key->minor == HP_DEVACL_ANY_MINOR)
		done = asprintf(&text, "%c %u:*", key->type == HP_DEVACL_BLOCK ? 'b' : 'c', key->major);
	else
		done = asprintf(&text, "%c %u:%u", key->type == HP_DEVACL_BLOCK ? 'b' : 'c', key->major,
				key->minor);
	return done < 0 ? NULL : text;
}

/* Folds `from` into `into`, which has the same key. */
static int merge(struct hp_devacl_item *into, struct hp_devacl_item *from, struct hp_err *err)
{
	hp_autofree char *node = format_node(&into->key);
	hp_autofree char *owner = from->owner;

	from->owner = NULL;
	if (into->owner && owner && strcmp(into->owner, owner) != 0)
		return hp_err_set(err, EINVAL, "device %s belongs to both %s and %s", node ? node : "?", into->owner,
				  owner);
	into->access |= from->access;
	return 0;
}

int hp_devacl_sort(struct hp_devacl_rules *rules, struct hp_err *err)
{
	size_t kept = 0;
	int ret = 0;

	if (rules->count == 0)
		return 0;
	qsort(rules->items, rules->count, sizeof(*rules->items), compare_keys);
	for (size_t i = 1; i < rules->count; i++) {
		if (compare_keys(&rules->items[kept], &rules->items[i]) != 0)
			rules->items[++kept] = rules->items[i];
		else if (ret == 0)
			ret = merge(&rules->items[kept], &rules->items[i], err);
		else
			free(rules->items[i].owner);
		if (kept != i)
			rules->items[i].owner = NULL;
	}
	rules->count = kept + 1;
	return ret;
}

/* "MAJ:MIN" or "MAJ:*". */
static bool parse_numbers(const char *text, struct hp_devacl_key *key)
{
	unsigned int minor;
	char star, rest;

	if (strspn(text, "0123456789:*") != strlen(text))
		return false;
	if (sscanf(text, "%u:%c%c", &key->major, &star, &rest) == 2 && star == '*') {
		key->minor = HP_DEVACL_ANY_MINOR;
		return key->major < 1u << 12;
	}
	if (sscanf(text, "%u:%u%c", &key->major, &minor, &rest) != 2)
		return false;
	key->minor = minor;
	return key->major < 1u << 12 && minor < 1u << 20;
}

static bool parse_access(const char *text, unsigned int *access)
{
	*access = 0;
	for (; *text; text++)
		*access |= *text == 'r' ? HP_DEVACL_READ : *text == 'w' ? HP_DEVACL_WRITE :
			   *text == 'm' ? HP_DEVACL_MKNOD : 1u << 31;
	return *access != 0 && *access < 1u << 31;
}

static bool parse_words(char *words[4], struct hp_devacl_item *item, bool is_deny)
{
	if (strcmp(words[1], "b") == 0)
		item->key.type = HP_DEVACL_BLOCK;
	else if (strcmp(words[1], "c") == 0)
		item->key.type = HP_DEVACL_CHAR;
	else
		return false;
	if (!parse_numbers(words[2], &item->key))
		return false;
	if (!is_deny)
		return parse_access(words[3], &item->access);
	item->owner = words[3];
	return true;
}

static int parse_line(char *line, unsigned int number, struct hp_devacl_rules *rules, struct hp_err *err)
{
	struct hp_devacl_item item = { .owner = NULL };
	hp_autofree char *whole = strdup(line);
	char *words[4] = { NULL }, *save = NULL, *extra;
	bool is_deny;

	for (size_t i = 0; i < 4; i++)
		words[i] = strtok_r(i ? NULL : line, " ", &save);
	extra = strtok_r(NULL, " ", &save);
	if (!words[0])
		return 0;
	if (strcmp(words[0], "cgroup") == 0 && words[1] && !words[2] && !rules->cgroup && rules->count == 0) {
		rules->cgroup = strdup(words[1]);
		return rules->cgroup ? 0 : hp_err_set(err, ENOMEM, "out of memory");
	}
	is_deny = strcmp(words[0], "deny") == 0;
	if (!words[3] || extra || (!is_deny && strcmp(words[0], "allow") != 0) || is_deny == !!rules->cgroup ||
	    !parse_words(words, &item, is_deny))
		return hp_err_set(err, EINVAL, "device rules, line %u: '%s' is neither \"cgroup NAME\" (first), \"allow b|c "
				  "MAJOR:MINOR|* rwm\" (after it) nor \"deny b|c MAJOR:MINOR|* CGROUP\" (without it)",
				  number, whole ? whole : "?");
	return hp_devacl_add(rules, &item) ? hp_err_set(err, ENOMEM, "out of memory") : 0;
}

int hp_devacl_parse(const char *text, struct hp_devacl_rules *rules, struct hp_err *err)
{
	hp_autodevacl parsed = HP_DEVACL_RULES_INIT;
	hp_autofree char *copy = strdup(text);
	unsigned int number = 0;
	char *rest = copy;
	int ret;

	if (!copy)
		return hp_err_set(err, ENOMEM, "out of memory");
	while (rest) {
		ret = parse_line(strsep(&rest, "\n"), ++number, &parsed, err);
		if (ret)
			return ret;
	}
	if (parsed.count > HP_DEVACL_RULES_MAX)
		return hp_err_set(err, E2BIG, "%zu device rules: at most %u", parsed.count, HP_DEVACL_RULES_MAX);
	ret = hp_devacl_sort(&parsed, err);
	if (ret)
		return ret;
	*rules = parsed;
	parsed = (struct hp_devacl_rules)HP_DEVACL_RULES_INIT;
	return 0;
}

static void print_item(FILE *out, const struct hp_devacl_item *item)
{
	hp_autofree char *node = format_node(&item->key);

	if (item->owner)
		fprintf(out, "deny %s %s", node, item->owner);
	else
		fprintf(out, "allow %s %s%s%s", node, item->access & HP_DEVACL_READ ? "r" : "",
			item->access & HP_DEVACL_WRITE ? "w" : "", item->access & HP_DEVACL_MKNOD ? "m" : "");
}

char *hp_devacl_format(const struct hp_devacl_rules *rules)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (rules->cgroup)
		fprintf(out, "cgroup %s", rules->cgroup);
	for (size_t i = 0; i < rules->count; i++) {
		if (i > 0 || rules->cgroup)
			fputc('\n', out);
		print_item(out, &rules->items[i]);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
