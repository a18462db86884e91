// SPDX-License-Identifier: GPL-2.0
/* yaml.c: turns libfyaml's events into a tree, refusing what a policy does not need of YAML. */
#include "policy/yaml.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "base/hp_auto.h"
#include "policy/utf8.h"

struct loader {
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct hp_complaints *bad;
	struct hp_loc last;	/* where the newest event with a place stood */
	unsigned int depth;
};

void hp_yaml_free(struct hp_yaml *node)
{
	while (node) {
		struct hp_yaml *next = node->next;

		hp_yaml_free(node->children);
		free(node->text);
		free(node->key);
		free(node);
		node = next;
	}
}

void hp_yaml_freep(struct hp_yaml **node)
{
	hp_yaml_free(*node);
}

struct hp_shown hp_yaml_show(const struct hp_yaml *node)
{
	switch (node->kind) {
	case HP_YAML_LIST:
		return (struct hp_shown){ "a list" };
	case HP_YAML_MAP:
		return (struct hp_shown){ "a mapping" };
	default:
		return hp_show(node->text);
	}
}

/* What libfyaml says, and what to look for; its words are kept because they can be searched for. */
static const char *advise(const char *message)
{
	static const struct {
		const char *part, *advice;
	} table[] = {
		{ "tab character", "indent with spaces" },
		{ "multiline plain key",
		  "the next line has a key where this value would go on: check its indentation" },
		{ "nested block mapping",
		  "there are two colons in one entry: put text that contains \": \" in quotes" },
		{ "closing bracket", "a [ is not closed" },
		{ "missing comma", "a [ or { is not closed, or a comma is missing" },
		{ "extra closing", "a ] or } too many" },
		{ "quoted", "check the quotes and what is between them" },
		{ "cannot start with", "put the value in quotes" },
		{ "node content", "a [ or { is not closed, or a value is missing" },
	};

	for (size_t i = 0; i < hp_array_size(table); i++) {
		if (strstr(message, table[i].part))
			return table[i].advice;
	}
	return "check the indentation, colons, quotes and brackets here and just above";
}

static void complain_syntax(struct loader *in)
{
	struct fy_diag_error *error;
	void *iterator = NULL;

	while ((error = fy_diag_errors_iterate(in->diag, &iterator))) {
		if (error->type != FYET_ERROR)
			continue;
		hp_complain(in->bad, (struct hp_loc){ error->line, error->column },
			    "not valid YAML: %s; %s", error->msg, advise(error->msg));
		return;
	}
	hp_complain(in->bad, in->last, "not valid YAML; %s", advise(""));
}

/* Notes where a mark stands; libfyaml leaves the sign (a quote, & or *) before it out. */
static void note_place(struct loader *in, const struct fy_mark *mark, bool has_sign)
{
	if (mark)
		in->last = (struct hp_loc){ mark->line + 1, mark->column + !has_sign };
}

static bool starts_with_quote(struct fy_event *event)
{
	enum fy_scalar_style style;

	if (event->type != FYET_SCALAR)
		return false;
	style = fy_token_scalar_style(event->scalar.value);
	return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

/* The next event; NULL at the end or, with a complaint, at an error. */
static struct fy_event *next_event(struct loader *in)
{
	struct fy_event *event = fy_parser_parse(in->parser);

	if (!event) {
		if (fy_parser_get_stream_error(in->parser))
			complain_syntax(in);
		return NULL;
	}
	note_place(in, fy_event_start_mark(event),
		   starts_with_quote(event) || event->type == FYET_ALIAS);
	return event;
}

/* Anchors and tags would make the text mean something else than it shows. */
static bool refuse_decoration(struct loader *in, struct fy_event *event)
{
	struct fy_token *anchor = fy_event_get_anchor_token(event);
	struct fy_token *tag = fy_event_get_tag_token(event);

	if (event->type == FYET_ALIAS) {
		hp_complain(
			in->bad, in->last,
			"YAML aliases (*name) are not allowed in a policy; write the value out");
		return true;
	}
	if (!anchor && !tag)
		return false;
	note_place(in, fy_token_start_mark(anchor ? anchor : tag), anchor);
	hp_complain(in->bad, in->last,
		    anchor ? "YAML anchors (&name) are not allowed in a policy; remove it"
			   : "YAML tags (!name) are not allowed in a policy; remove it");
	return true;
}

static struct hp_yaml *new_node(struct loader *in, enum hp_yaml_kind kind)
{
	struct hp_yaml *node = calloc(1, sizeof(*node));

	if (!node) {
		in->bad->is_out_of_memory = true;
		return NULL;
	}
	node->kind = kind;
	node->loc = in->last;
	return node;
}

static struct hp_yaml *load_scalar(struct loader *in, struct fy_event *event)
{
	hp_autoyaml *node = new_node(in, HP_YAML_SCALAR);
	size_t length;
	const char *text = fy_token_get_text(event->scalar.value, &length);

	if (!node)
		return NULL;
	/* "\0" in double quotes would end the text early. */
	if (text && memchr(text, 0, length)) {
		hp_complain(in->bad, in->last, "a NUL character; a policy is plain text");
		return NULL;
	}
	node->text = text ? strndup(text, length) : NULL;
	if (!node->text) {
		in->bad->is_out_of_memory = true;
		return NULL;
	}
	node->type = fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN
			     ? hp_yaml_resolve(node->text)
			     : HP_YAML_TEXT;
	return hp_take(node);
}

static struct hp_yaml *load_node(struct loader *in, struct fy_event *event);

/* The key of a mapping entry as `event`; *key is owned by the caller. */
static bool load_key(struct loader *in, struct fy_event *event, char **key, struct hp_loc *loc)
{
	hp_autoyaml *node = NULL;

	if (refuse_decoration(in, event))
		return false;
	*loc = in->last;
	if (event->type != FYET_SCALAR) {
		hp_complain(in->bad, *loc, "a key must be a plain word, not a list or mapping");
		return false;
	}
	node = load_scalar(in, event);
	if (!node)
		return false;
	*key = hp_take(node->text);
	return true;
}

/* Reads one entry of a mapping or list that starts with `event`, which it leaves to the caller. */
static struct hp_yaml *load_entry(struct loader *in, enum hp_yaml_kind kind, struct fy_event *event)
{
	hp_autofree char *key = NULL;
	struct fy_event *value;
	struct hp_yaml *node;
	struct hp_loc loc;

	if (kind == HP_YAML_LIST)
		return load_node(in, event);
	if (!load_key(in, event, &key, &loc))
		return NULL;
	value = next_event(in);
	if (!value)
		return NULL;
	node = load_node(in, value);
	fy_parser_event_free(in->parser, value);
	if (node) {
		node->key = hp_take(key);
		node->key_loc = loc;
	}
	return node;
}

static struct hp_yaml *load_collection(struct loader *in, enum hp_yaml_kind kind)
{
	const enum fy_event_type end = kind == HP_YAML_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END;
	hp_autoyaml *node = new_node(in, kind);
	struct hp_yaml **tail, *child;
	struct fy_event *event;

	if (!node)
		return NULL;
	if (++in->depth > HP_YAML_DEPTH_MAX) {
		hp_complain(in->bad, in->last,
			    "nested more than %u levels deep; no part of a policy is",
			    HP_YAML_DEPTH_MAX);
		return NULL;
	}
	for (tail = &node->children; (event = next_event(in)); tail = &child->next, node->count++) {
		if (event->type == end) {
			fy_parser_event_free(in->parser, event);
			in->depth--;
			return hp_take(node);
		}
		child = load_entry(in, kind, event);
		fy_parser_event_free(in->parser, event);
		if (!child)
			return NULL;
		*tail = child;
	}
	return NULL;
}

/* NULL only with a complaint. The event stays the caller's. */
static struct hp_yaml *load_node(struct loader *in, struct fy_event *event)
{
	if (refuse_decoration(in, event))
		return NULL;
	switch (event->type) {
	case FYET_SCALAR:
		return load_scalar(in, event);
	case FYET_MAPPING_START:
		return load_collection(in, HP_YAML_MAP);
	case FYET_SEQUENCE_START:
		return load_collection(in, HP_YAML_LIST);
	default:
		hp_complain(in->bad, in->last, "not valid YAML; %s", advise(""));
		return NULL;
	}
}

/* Takes events until one of `type`; false at the end of the stream or an error. */
static bool skip_to(struct loader *in, enum fy_event_type type)
{
	struct fy_event *event;
	bool found = false;

	while (!found && (event = next_event(in))) {
		found = event->type == type;
		fy_parser_event_free(in->parser, event);
	}
	return found;
}

static struct hp_yaml *load_document(struct loader *in)
{
	hp_autoyaml *root = NULL;
	struct fy_event *event;

	if (!skip_to(in, FYET_DOCUMENT_START)) {
		if (!hp_complaints_any(in->bad))
			hp_complain(in->bad, (struct hp_loc){ 1, 1 },
				    "the policy is empty; it needs apiVersion and domains");
		return NULL;
	}
	event = next_event(in);
	if (!event)
		return NULL;
	root = load_node(in, event);
	fy_parser_event_free(in->parser, event);
	if (!root)
		return NULL;
	if (skip_to(in, FYET_DOCUMENT_START))
		hp_complain(in->bad, in->last,
			    "a second YAML document (---); a policy is one document");
	return hp_complaints_any(in->bad) ? NULL : hp_take(root);
}

/* A line that starts with % before the document; libfyaml only warns about unknown ones. */
static bool refuse_directive(const char *text, struct hp_complaints *bad)
{
	struct hp_loc loc = { 1, 1 };

	for (; *text; loc.line++) {
		if (*text == '%') {
			hp_complain(
				bad, loc,
				"YAML directives (%%...) are not allowed; remove the line");
			return true;
		}
		if (*text != '#' && *text != '\n' && *text != '\r')
			return false;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

static bool open_parser(struct loader *in, const char *text)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .search_path = "",
				    .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
					     FYPCF_JSON_NONE };

	/* Errors are collected; with neither stream nor callback nothing can be printed. */
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = NULL;
	in->diag = fy_diag_create(&diag_cfg);
	if (!in->diag)
		return false;
	fy_diag_set_collect_errors(in->diag, true);
	cfg.diag = in->diag;
	in->parser = fy_parser_create(&cfg);
	return in->parser && !fy_parser_set_string(in->parser, text, strlen(text));
}

struct hp_yaml *hp_yaml_load(const char *text, struct hp_complaints *bad)
{
	struct loader in = { .bad = bad, .last = { 1, 1 } };
	struct hp_yaml *root = NULL;

	if (!strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	if (strnlen(text, HP_YAML_BYTES_MAX + 1) > HP_YAML_BYTES_MAX) {
		hp_complain(bad, in.last, "the policy is larger than 1 MiB; at most 1 MiB is read");
		return NULL;
	}
	if (!hp_utf8_check(text, bad) || refuse_directive(text, bad))
		return NULL;
	if (open_parser(&in, text))
		root = load_document(&in);
	else
		bad->is_out_of_memory = true;
	if (in.parser)
		fy_parser_destroy(in.parser);
	if (in.diag)
		fy_diag_destroy(in.diag);
	return root;
}
