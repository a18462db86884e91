// SPDX-License-Identifier: GPL-2.0
/* read.c: reads mappings and lists by tables. */
#include "policy/read.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "base/hp_text.h"

char *hp_reader_copy(struct hp_reader *in, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		in->bad->is_out_of_memory = true;
	return copy;
}

void hp_reject(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
	       const char *why, const char *suggestion)
{
	hp_complain(in->bad, node->loc, "%s cannot be %s%s%s; allowed: %s%s%s%s", key->name,
		    hp_yaml_show(node).text, why ? ": " : "", why ? why : "", key->allowed,
		    suggestion ? "; did you mean " : "", suggestion ? hp_show(suggestion).text : "",
		    suggestion ? "?" : "");
}

static void complain_unknown(struct hp_reader *in, const struct hp_shape *shape,
			     const struct hp_yaml *node)
{
	const char *names[HP_KEYS_MAX + 1] = { NULL };
	hp_autofree char *allowed = NULL;
	const char *nearest;

	for (size_t i = 0; i < shape->count; i++)
		names[i] = shape->keys[i].name;
	allowed = hp_words_join(names);
	nearest = hp_word_nearest(node->key, names);
	/* In {list: 2,3} the comma ends the value, and 3 is the next key. */
	hp_complain(in->bad, node->key_loc, "unknown key %s in %s; allowed: %s%s%s%s%s",
		    hp_show(node->key).text, shape->what, allowed ? allowed : "",
		    nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		    nearest ? "\"?" : "",
		    isdigit((unsigned char)node->key[0]) ? "; a list with commas needs quotes" : "");
}

static const struct hp_key *find_key(const struct hp_shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->count; i++) {
		if (!strcmp(shape->keys[i].name, name))
			return &shape->keys[i];
	}
	return NULL;
}

bool hp_reject_null(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node)
{
	if (node->kind != HP_YAML_SCALAR || node->type != HP_YAML_NULL)
		return false;
	hp_complain(in->bad, hp_yaml_where(node),
		    "%s has no value; write one or remove the key; allowed: %s", key->name,
		    key->allowed);
	return true;
}

static void read_entry(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       void *object)
{
	if (!hp_reject_null(in, key, node))
		key->read(in, key, node, (char *)object + key->offset);
}

static void complain_missing(struct hp_reader *in, const struct hp_shape *shape,
			     const struct hp_yaml *node, unsigned int seen)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct hp_key *key = &shape->keys[i];

		if (key->is_required && !(seen & 1u << i))
			hp_complain(in->bad, hp_yaml_where(node),
				    "%s is missing in %s; allowed: %s", key->name, shape->what,
				    key->allowed);
	}
}

unsigned int hp_read_map(struct hp_reader *in, const struct hp_shape *shape,
			 const struct hp_key *owner, const struct hp_yaml *node, void *object)
{
	struct hp_loc first[HP_KEYS_MAX];
	unsigned int seen = 0;

	if (node->kind != HP_YAML_MAP) {
		hp_reject(in, owner, node, "it is not a mapping of keys", NULL);
		return 0;
	}
	for (const struct hp_yaml *child = node->children; child && !hp_complaints_full(in->bad);
	     child = child->next) {
		const struct hp_key *key = find_key(shape, child->key);
		size_t i = key ? (size_t)(key - shape->keys) : 0;

		if (!key) {
			complain_unknown(in, shape, child);
		} else if (seen & 1u << i) {
			hp_complain(in->bad, child->key_loc,
				    "%s is given twice; it is already on line %u", key->name,
				    first[i].line);
		} else {
			seen |= 1u << i;
			first[i] = child->key_loc;
			read_entry(in, key, child, object);
		}
	}
	complain_missing(in, shape, node, seen);
	return seen;
}

static bool has_right_count(struct hp_reader *in, const struct hp_key *key,
			    const struct hp_list *list, const struct hp_yaml *node)
{
	if (node->kind != HP_YAML_LIST) {
		hp_reject(in, key, node, "it is not a list", NULL);
		return false;
	}
	if (node->count < list->min) {
		hp_complain(in->bad, hp_yaml_where(node),
			    "%s is empty; write at least %zu or remove the key; allowed: %s",
			    key->name, list->min, key->allowed);
		return false;
	}
	if (node->count > list->max) {
		hp_complain(in->bad, hp_yaml_where(node),
			    "%s has %zu entries; at most %zu are allowed", key->name, node->count,
			    list->max);
		return false;
	}
	return true;
}

void hp_read_list(struct hp_reader *in, const struct hp_key *key, const struct hp_list *list,
		  const struct hp_yaml *node, void **items, size_t *count)
{
	char *item;

	if (!has_right_count(in, key, list, node) || !node->count)
		return;
	item = calloc(node->count, list->item_size);
	if (!item) {
		in->bad->is_out_of_memory = true;
		return;
	}
	*items = item;
	*count = node->count;
	for (const struct hp_yaml *child = node->children; child && !hp_complaints_full(in->bad);
	     child = child->next) {
		list->read(in, key, child, item);
		item += list->item_size;
	}
}

/* Digits only: "+4", "0x10", "1_000" and "010" mean different things to different YAML readers. */
static const char *read_decimal(const char *text, uint64_t *value)
{
	*value = 0;
	if (text[0] == '0' && text[1])
		return "write it as a plain decimal number";
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return "write it as a plain decimal number";
		if (*value > (UINT64_MAX - (*text - '0')) / 10)
			return "the number is too large";
		*value = *value * 10 + (*text - '0');
	}
	return NULL;
}

bool hp_read_number(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		    uint64_t min, uint64_t max, uint64_t *value)
{
	const char *why = NULL;
	uint64_t number;

	if (node->kind != HP_YAML_SCALAR || node->type != HP_YAML_INT) {
		bool is_quoted = node->kind == HP_YAML_SCALAR &&
				 hp_yaml_resolve(node->text) == HP_YAML_INT;

		hp_reject(in, key, node,
			  is_quoted ? "write it without quotes" : "it is not a whole number", NULL);
		return false;
	}
	if (node->text[0] == '-')
		why = "it is negative";
	else
		why = read_decimal(node->text, &number);
	if (!why && (number < min || number > max))
		why = number < min ? "it is too small" : "it is too large";
	if (why) {
		hp_reject(in, key, node, why, NULL);
		return false;
	}
	*value = number;
	return true;
}

bool hp_read_text(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  const char **text)
{
	const char *why = NULL;

	if (node->kind != HP_YAML_SCALAR)
		why = "it is not text";
	else if (node->type == HP_YAML_NULL)
		why = "it is empty";
	else if (node->type != HP_YAML_TEXT)
		why = node->type == HP_YAML_BOOL ? "it is a truth value; put text in quotes"
						 : "it is a number; put text in quotes";
	if (why) {
		hp_reject(in, key, node, why, NULL);
		return false;
	}
	*text = node->text;
	return true;
}

bool hp_read_list_text(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       const char **text)
{
	uint64_t unused;

	if (node->kind == HP_YAML_SCALAR && node->type == HP_YAML_INT &&
	    !read_decimal(node->text, &unused)) {
		*text = node->text;
		return true;
	}
	if (node->kind == HP_YAML_LIST) {
		hp_reject(in, key, node, "write it as one text", NULL);
		return false;
	}
	return hp_read_text(in, key, node, text);
}

bool hp_read_word(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  const char *const *words, unsigned int *word)
{
	const char *text;

	if (!hp_read_text(in, key, node, &text))
		return false;
	for (unsigned int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*word = i;
			return true;
		}
	}
	hp_reject(in, key, node, NULL, hp_word_nearest(text, words));
	return false;
}

/* What YAML 1.1 took for truth values, and people still do. */
static const char *guess_bool(const char *text)
{
	static const struct {
		const char *word, *meant;
	} table[] = {
		{ "yes", "true" }, { "on", "true" }, { "y", "true" }, { "1", "true" },
		{ "no", "false" }, { "off", "false" }, { "n", "false" }, { "0", "false" },
	};

	for (size_t i = 0; i < hp_array_size(table); i++) {
		if (!strcasecmp(text, table[i].word))
			return table[i].meant;
	}
	return hp_word_nearest(text, (const char *const[]){ "true", "false", NULL });
}

void hp_read_bool(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  void *field)
{
	bool *value = field;

	if (node->kind != HP_YAML_SCALAR || node->type != HP_YAML_BOOL) {
		bool is_scalar = node->kind == HP_YAML_SCALAR;
		bool is_quoted = is_scalar && hp_yaml_resolve(node->text) == HP_YAML_BOOL;

		hp_reject(in, key, node, is_quoted ? "write it without quotes" : NULL,
			  is_scalar && !is_quoted ? guess_bool(node->text) : NULL);
		return;
	}
	*value = node->text[0] == 't' || node->text[0] == 'T';
}
