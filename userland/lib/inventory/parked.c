// SPDX-License-Identifier: GPL-2.0
/* parked.c: remembers what is below functions that the module parks, as no driver can tell then. */
#include "inventory/inv_reader.h"

#include <errno.h>
#include "base/hp_auto.h"

static struct hp_inv_pci *find_parked(const struct inv_reader *reader, const char *bdf)
{
	for (size_t i = 0; i < reader->inv->pci_count; i++) {
		struct hp_inv_pci *pci = &reader->inv->pci[i];

		if (!strcmp(pci->bdf, bdf) && pci->driver && !strcmp(pci->driver, "hostpart"))
			return pci;
	}
	return NULL;
}

/* "BDF KIND TEXT"; a line of another form is a newer program's. */
static int take_line(const struct inv_reader *reader, char *line)
{
	char *bdf = strsep(&line, " "), *kind = line ? strsep(&line, " ") : NULL;
	struct hp_inv_pci *pci = line && *line ? find_parked(reader, bdf) : NULL;
	char **field = NULL;

	if (pci && !strcmp(kind, "serial"))
		field = &pci->parked_serial;
	else if (pci && !strcmp(kind, "mac"))
		field = &pci->parked_mac;
	if (!field || *field)
		return 0;
	*field = strdup(line);
	return *field ? 0 : -ENOMEM;
}

int inv_read_parked(struct inv_reader *reader)
{
	hp_autofree char *text = hp_root_readf(reader->root, HP_PARKED_FILE);
	char *rest = text;
	int ret = 0;

	while (rest && *rest && !ret)
		ret = take_line(reader, strsep(&rest, "\n"));
	return ret;
}
