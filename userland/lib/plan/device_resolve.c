// SPDX-License-Identifier: GPL-2.0
/* device_resolve.c: finds the function that a selector means, or says what there is instead. */
#include "plan/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

#define LISTED_MAX 8	/* functions that a message names at most */

bool device_is_class(const struct hp_inv_pci *pci, enum hp_device_class dev_class)
{
	unsigned int top = pci->class_code >> 16 & 0xff, sub = pci->class_code >> 8 & 0xff;

	if (pci->is_bridge)
		return false;
	switch (dev_class) {
	case HP_CLASS_NVME:
		return top == 0x01 && sub == 0x08;
	case HP_CLASS_SATA:
		return top == 0x01 && sub == 0x06;
	case HP_CLASS_NET:
		return top == 0x02;
	case HP_CLASS_GPU:
		return top == 0x03;
	case HP_CLASS_AUDIO:
		return top == 0x04 && (sub == 0x01 || sub == 0x03);
	case HP_CLASS_USB:
		return top == 0x0c && sub == 0x03;
	}
	return false;
}

/* The device below a function that a person would name it by: a whole disk, a port, a card. */
static const char *best_name(const struct hp_inv_pci *pci)
{
	const struct hp_inv_dev *best = NULL;

	for (size_t i = 0; i < pci->devs_count; i++) {
		const struct hp_inv_dev *dev = &pci->devs[i];
		bool is_better = !best ||
			(dev->kind == HP_DEV_BLOCK && best->kind != HP_DEV_BLOCK) ||
			(dev->kind == HP_DEV_NET && best->kind != HP_DEV_NET);

		if (is_better && dev->name)
			best = dev;
	}
	return best ? best->name : pci->device_name;
}

char *device_describe(const struct hp_inv_pci *pci)
{
	const char *name = best_name(pci);
	char *text;

	if (name ? asprintf(&text, "%s (%s)", pci->bdf, name) < 0 :
		   asprintf(&text, "%s", pci->bdf) < 0)
		return NULL;
	return text;
}

char *device_spec_text(const struct hp_device_spec *spec)
{
	char *text = NULL;
	int n = -1;

	switch (spec->how) {
	case HP_SELECT_BDF:
		n = asprintf(&text, "function %s", spec->text);
		break;
	case HP_SELECT_CLASS:
		n = asprintf(&text, "class %s index %u", hp_device_class_words[spec->dev_class],
			     spec->index);
		break;
	case HP_SELECT_SERIAL:
		n = asprintf(&text, "serial %s", spec->text);
		break;
	case HP_SELECT_MAC:
		n = asprintf(&text, "mac %s", spec->text);
		break;
	case HP_SELECT_ID:
		n = asprintf(&text, "id %s index %u", spec->text, spec->index);
		break;
	}
	return n < 0 ? NULL : text;
}

static void list_function(FILE *out, const struct hp_inventory *inv, size_t pci, const char *before,
			  size_t nth)
{
	hp_autofree char *text = device_describe(&inv->pci[pci]);

	fputs(nth ? ", " : "", out);
	if (before)
		fprintf(out, "%s%s", before, *before ? " " : "");
	else
		fprintf(out, "index %zu is ", nth);
	fputs(text ? text : inv->pci[pci].bdf, out);
}

static size_t list_functions(FILE *out, const struct hp_inventory *inv)
{
	size_t listed = 0, count = 0;

	for (size_t i = 0; i < inv->pci_count; i++) {
		if (inv->pci[i].is_bridge || count++ >= LISTED_MAX)
			continue;
		list_function(out, inv, i, listed ? "" : "there is", listed);
		listed++;
	}
	return count;
}

static size_t list_class(FILE *out, const struct hp_inventory *inv,
			 const struct device_index *index, enum hp_device_class dev_class)
{
	for (size_t i = 0; i < index->class_count[dev_class] && i < LISTED_MAX; i++)
		list_function(out, inv, index->of_class[dev_class][i], NULL, i);
	return index->class_count[dev_class];
}

static size_t list_id(FILE *out, const struct hp_inventory *inv, const struct device_index *index,
		      const char *id)
{
	size_t count;
	const struct device_key *key = device_keys_find(&index->id, id, &count);

	for (size_t i = 0; i < count && i < LISTED_MAX; i++)
		list_function(out, inv, key[i].pci, NULL, i);
	return count;
}

static size_t list_texts(FILE *out, const struct hp_inventory *inv, const struct device_keys *keys)
{
	for (size_t i = 0; i < keys->count && i < LISTED_MAX; i++)
		fprintf(out, "%s%s is below %s", i ? ", " : "", keys->items[i].text,
			inv->pci[keys->items[i].pci].bdf);
	return keys->count;
}

static const struct device_keys *keys_of(const struct device_index *index, enum hp_select_how how)
{
	switch (how) {
	case HP_SELECT_BDF:
		return &index->bdf;
	case HP_SELECT_SERIAL:
		return &index->serial;
	case HP_SELECT_MAC:
		return &index->mac;
	default:
		return &index->id;
	}
}

/* What there is instead, a short list; NULL when out of memory. */
static char *list_choices(const struct plan_run *run, const struct device_index *index,
			  const struct hp_device_spec *spec)
{
	char *text = NULL;
	size_t size, count;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (spec->how == HP_SELECT_CLASS)
		count = list_class(out, run->inv, index, spec->dev_class);
	else if (spec->how == HP_SELECT_ID)
		count = list_id(out, run->inv, index, spec->text);
	else if (spec->how == HP_SELECT_BDF)
		count = list_functions(out, run->inv);
	else
		count = list_texts(out, run->inv, keys_of(index, spec->how));
	if (count > LISTED_MAX)
		fprintf(out, " and %zu more", count - LISTED_MAX);
	if (!count)
		fputs("there is none to claim", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* The nearest existing text, when a misspelling is likely. */
static char *guess(const struct hp_inventory *inv, const struct device_keys *keys, const char *text)
{
	hp_autofree const char **words = calloc(keys->count + 1, sizeof(*words));
	const char *word;
	size_t count = 0;
	char *out = NULL;

	if (!words)
		return NULL;
	for (size_t i = 0; i < keys->count; i++) {
		if (!inv->pci[keys->items[i].pci].is_bridge)
			words[count++] = keys->items[i].text;
	}
	word = hp_word_nearest(text, words);
	if (!word || !strcmp(word, text) || asprintf(&out, "; did you mean %s?", word) < 0)
		return NULL;
	return out;
}

static int refuse_missing(struct plan_run *run, const struct device_index *index,
			  const struct hp_device_spec *spec)
{
	hp_autofree char *text = device_spec_text(spec);
	hp_autofree char *choices = list_choices(run, index, spec);
	hp_autofree char *near = NULL;

	if (!text || !choices)
		return -ENOMEM;
	/* Addresses differ in few digits without being meant: no guess at them. */
	if (spec->how == HP_SELECT_SERIAL || spec->how == HP_SELECT_ID)
		near = guess(run->inv, keys_of(index, spec->how), spec->text);
	plan_refuse(run, spec->loc, "this machine has no %s%s; %s", text, near ? near : "",
		    choices);
	return 0;
}

/* By position among the functions of a class or id, in BDF order. */
static long find_nth(const struct device_index *index, const struct hp_device_spec *spec)
{
	const struct device_key *key;
	size_t count;

	if (spec->how == HP_SELECT_CLASS) {
		if (spec->index >= index->class_count[spec->dev_class])
			return -1;
		return (long)index->of_class[spec->dev_class][spec->index];
	}
	key = device_keys_find(&index->id, spec->text, &count);
	return spec->index < count ? (long)key[spec->index].pci : -1;
}

static long find_text(struct plan_run *run, const struct device_keys *keys,
		      const struct hp_device_spec *spec, bool *is_refused)
{
	size_t count;
	const struct device_key *key = device_keys_find(keys, spec->text, &count);

	if (!key)
		return -1;
	if (count > 1) {
		plan_refuse(run, spec->loc,
			    "%s %s is below both %s and %s; name the function by bdf instead",
			    spec->how == HP_SELECT_SERIAL ? "serial" : "mac", spec->text,
			    run->inv->pci[key[0].pci].bdf, run->inv->pci[key[1].pci].bdf);
		*is_refused = true;
		return -1;
	}
	return (long)key->pci;
}

long device_resolve(struct plan_run *run, const struct device_index *index,
		    const struct hp_device_spec *spec, int *rc)
{
	bool is_refused = false;
	long found;

	if (spec->how == HP_SELECT_CLASS || spec->how == HP_SELECT_ID)
		found = find_nth(index, spec);
	else
		found = find_text(run, keys_of(index, spec->how), spec, &is_refused);
	if (found < 0 && !is_refused)
		*rc = refuse_missing(run, index, spec);
	return found;
}
