/* SPDX-License-Identifier: GPL-2.0 */
/* read.h: reads mappings and lists by const tables of keys, with messages made from the tables. */
#ifndef HP_READ_H
#define HP_READ_H

#include <stdint.h>
#include "policy/complain.h"
#include "policy/yaml.h"

#define HP_KEYS_MAX 16

struct hp_reader {
	struct hp_complaints *bad;
	struct hp_policy *policy;
	const struct hp_yaml *links;	/* kept until all domains are known */
};

struct hp_key;
/* Fills `field` from `node`, or complains and leaves it as it was. */
typedef void hp_read_fn(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
			void *field);

/* One key of a mapping. */
struct hp_key {
	const char *name;
	const char *allowed;	/* what may stand there, for messages */
	hp_read_fn *read;
	size_t offset;		/* of the field in the object that the mapping fills */
	bool is_required;
};

struct hp_shape {
	const char *what;	/* "a domain" */
	const struct hp_key *keys;
	size_t count;
};

#define HP_SHAPE(noun, table) { .what = (noun), .keys = (table), .count = hp_array_size(table) }

/*
 * Reads a mapping into `object`. Complains about unknown keys (with the
 * nearest), repeated ones, missing ones, keys without a value. Returns a bit
 * per table entry that was there; 0 when node is no mapping. `owner` is the
 * key or list entry that the mapping belongs to, for messages.
 */
unsigned int hp_read_map(struct hp_reader *in, const struct hp_shape *shape,
			 const struct hp_key *owner, const struct hp_yaml *node, void *object);

/* How many items a list may have, and what to do with each. */
struct hp_list {
	size_t min, max, item_size;
	hp_read_fn *read;	/* `field` is the item, zeroed */
};

/*
 * Reads a list into a new array, one item per entry (an item that was
 * complained about stays as its reader left it). *items is NULL for an empty
 * list and when node is no list.
 */
void hp_read_list(struct hp_reader *in, const struct hp_key *key, const struct hp_list *list,
		  const struct hp_yaml *node, void **items, size_t *count);

/*
 * "KEY cannot be VALUE: WHY; allowed: KEY->ALLOWED; did you mean SUGGESTION?"
 * why and suggestion may be NULL.
 */
void hp_reject(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
	       const char *why, const char *suggestion);

/* Complains when a key has nothing behind it; true then. */
bool hp_reject_null(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node);

/*
 * Scalars. Each returns false after complaining. A whole number is written in
 * decimal without quotes; text that any YAML reader would take for a number
 * or a truth value must be in quotes.
 */
bool hp_read_number(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		    uint64_t min, uint64_t max, uint64_t *value);
bool hp_read_text(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  const char **text);
/* hp_read_text() for lists of CPUs, nodes or ports, where "3" and 3 are the same. */
bool hp_read_list_text(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		       const char **text);
/* Index of the word in a NULL-terminated list. */
bool hp_read_word(struct hp_reader *in, const struct hp_key *key, const struct hp_yaml *node,
		  const char *const *words, unsigned int *word);
hp_read_fn hp_read_bool;	/* field: bool */

/* strdup that notes a lack of memory. */
char *hp_reader_copy(struct hp_reader *in, const char *text);

#endif
