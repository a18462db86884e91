// SPDX-License-Identifier: GPL-2.0
/* irq.c: from an interrupt's lasting name to its number of the moment. */
#include "base/hp_irq.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_pci.h"
#include "base/hp_text.h"

bool hp_irq_parse(const char *text, unsigned int *number)
{
	unsigned long value;

	if (!*text || text[strspn(text, "0123456789")])
		return false;
	errno = 0;
	value = strtoul(text, NULL, 10);
	*number = (unsigned int)value;
	return !errno && value <= INT32_MAX;
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

/* The kernel gives a function's vectors ascending numbers, so their order is that of the numbers. */
int hp_irq_vectors(struct hp_root *root, const char *function, unsigned int **numbers, size_t *count)
{
	hp_autofree char *dir = NULL;
	char **names;
	size_t length = 0;

	*numbers = NULL;
	*count = 0;
	dir = hp_format("/sys/bus/pci/devices/%s/msi_irqs", function);
	if (!dir)
		return -ENOMEM;
	if (hp_root_list(root, dir, &names, NULL))
		return -ENOENT;
	while (names[length])
		length++;
	*numbers = calloc(length + 1, sizeof(**numbers));
	for (size_t i = 0; *numbers && i < length; i++)
		*count += hp_irq_parse(names[i], &(*numbers)[*count]);
	hp_root_list_free(names);
	if (!*numbers)
		return -ENOMEM;
	qsort(*numbers, *count, sizeof(**numbers), compare);
	return *count ? 0 : -ENOENT;
}

/* "0000:01:00.0" up to the end. */
static bool is_function(const char *text, const char *end)
{
	struct hp_pci_address address;

	return hp_pci_parse(text, &address, &text) && text == end;
}

static int find_vector(struct hp_root *root, const char *name, const char *slash, unsigned int *number,
		       struct hp_err *err)
{
	hp_autofree char *function = strndup(name, (size_t)(slash - name));
	hp_autofree unsigned int *numbers = NULL;
	unsigned int index;
	size_t count;
	int ret;

	if (!hp_irq_parse(slash + 1, &index) || !is_function(name, slash))
		return hp_err_set(err, EINVAL, "an interrupt is a number or FUNCTION/N, not \"%s\"", name);
	ret = function ? hp_irq_vectors(root, function, &numbers, &count) : -ENOMEM;
	if (ret == -ENOMEM)
		return hp_err_set(err, ENOMEM, "out of memory");
	if (ret || index >= count)
		return hp_err_set(err, ENOENT, "function %s has no interrupt %u", function, index);
	*number = numbers[index];
	return 0;
}

int hp_irq_number(struct hp_root *root, const char *name, unsigned int *number, struct hp_err *err)
{
	const char *slash = strchr(name, '/');

	if (slash)
		return find_vector(root, name, slash, number, err);
	if (!hp_irq_parse(name, number))
		return hp_err_set(err, EINVAL, "an interrupt is a number or FUNCTION/N, not \"%s\"", name);
	return 0;
}
