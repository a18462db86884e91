/* SPDX-License-Identifier: GPL-2.0 */
/* yaml.h: the plain part of YAML that a policy may use, as a tree that knows its places. */
#ifndef HP_YAML_H
#define HP_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include "policy/complain.h"

enum hp_yaml_kind { HP_YAML_SCALAR, HP_YAML_LIST, HP_YAML_MAP };

/* What a scalar is to every YAML 1.2 reader (core schema); quoted ones are always text. */
enum hp_yaml_type { HP_YAML_NULL, HP_YAML_BOOL, HP_YAML_INT, HP_YAML_FLOAT, HP_YAML_TEXT };

/*
 * One value. Inside a mapping it carries its key; keys may repeat and keep
 * their order, the reader of the mapping judges that.
 */
struct hp_yaml {
	enum hp_yaml_kind kind;
	enum hp_yaml_type type;		/* scalars */
	char *text;			/* scalars */
	char *key;			/* NULL outside a mapping */
	struct hp_loc loc, key_loc;
	struct hp_yaml *children, *next;
	size_t count;			/* of children */
};

#define HP_YAML_BYTES_MAX (1024 * 1024)
#define HP_YAML_DEPTH_MAX 16

/*
 * Reads one document. Refuses, with a complaint: text that is no UTF-8, control
 * characters, more than HP_YAML_BYTES_MAX bytes, nesting below HP_YAML_DEPTH_MAX,
 * anchors, aliases, tags, directives, keys that are not scalars, a second
 * document. Returns NULL then; the tree belongs to the caller. Nothing is
 * printed. A byte order mark at the start is skipped.
 */
struct hp_yaml *hp_yaml_load(const char *text, struct hp_complaints *bad);
void hp_yaml_free(struct hp_yaml *node);
void hp_yaml_freep(struct hp_yaml **node);
#define hp_autoyaml __attribute__((cleanup(hp_yaml_freep))) struct hp_yaml

/* Where a person looks for it: its key when it has one, else the value. */
static inline struct hp_loc hp_yaml_where(const struct hp_yaml *node)
{
	return node->key ? node->key_loc : node->loc;
}

/* "a list", "a mapping", or the scalar in quotes, for messages. */
struct hp_shown hp_yaml_show(const struct hp_yaml *node);
enum hp_yaml_type hp_yaml_resolve(const char *plain);

#endif
