// SPDX-License-Identifier: GPL-2.0
/* machine.c: makes, reads and removes machines for the tests. */
#include "machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/hp_auto.h"

static char *make(const char *how, const char *what)
{
	/* Tens of thousands of files: in memory where possible. */
	const char *where = access("/dev/shm", W_OK | X_OK) ? "/tmp" : "/dev/shm";
	char *dir = NULL;
	hp_autofree char *command = NULL;

	assert_true(asprintf(&dir, "%s/hp-test-machine-XXXXXX", where) > 0);
	assert_non_null(mkdtemp(dir));
	assert_true(asprintf(&command, "tests/fixtures/mkmachine %s'%s' '%s'", how, what, dir) > 0);
	assert_int_equal(system(command), 0);
	return dir;
}

char *machine_make(const char *name)
{
	return make("", name);
}

char *machine_unpack(const char *name)
{
	hp_autofree char *file = NULL;

	assert_true(asprintf(&file, "tests/fixtures/machines/%s.machine", name) > 0);
	return make("--unpack ", file);
}

void machine_remove(char *dir)
{
	hp_autofree char *command = NULL;

	assert_true(asprintf(&command, "rm -rf '%s'", dir) > 0);
	assert_int_equal(system(command), 0);
	free(dir);
}

void machine_put(const char *dir, const char *path, const char *text)
{
	hp_autofree char *full = NULL;
	FILE *file;

	assert_true(asprintf(&full, "%s%s", dir, path) > 0);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	unlink(full);
	file = fopen(full, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	assert_int_equal(fclose(file), 0);
}

struct hp_inventory *machine_read(const char *dir)
{
	hp_autoerr err = HP_ERR_INIT;
	hp_autoroot *root = hp_root_open(dir, &err);
	struct hp_inventory *inv = NULL;

	assert_non_null(root);
	if (hp_inventory_read(root, getpid(), &inv, &err))
		fail_msg("%s", err.text);
	return inv;
}

static struct hp_inventory *read_and_remove(char *dir)
{
	struct hp_inventory *inv = machine_read(dir);

	machine_remove(dir);
	return inv;
}

struct hp_inventory *machine_inventory(const char *name)
{
	return read_and_remove(machine_make(name));
}

struct hp_inventory *machine_recorded(const char *name)
{
	return read_and_remove(machine_unpack(name));
}

const struct hp_inv_pci *machine_function(const struct hp_inventory *inv, const char *bdf)
{
	for (size_t i = 0; i < inv->pci_count; i++)
		if (!strcmp(inv->pci[i].bdf, bdf))
			return &inv->pci[i];
	fail_msg("no function %s", bdf);
	return NULL;
}

const struct hp_inv_dev *machine_device(const struct hp_inventory *inv, const char *bdf,
					const char *name)
{
	const struct hp_inv_pci *pci = machine_function(inv, bdf);

	for (size_t i = 0; i < pci->devs_count; i++)
		if (!strcmp(pci->devs[i].name, name))
			return &pci->devs[i];
	fail_msg("nothing called %s below %s", name, bdf);
	return NULL;
}

const struct hp_inv_irq *machine_irq(const struct hp_inventory *inv, const char *action)
{
	for (size_t i = 0; i < inv->irqs_count; i++)
		if (inv->irqs[i].action && !strcmp(inv->irqs[i].action, action))
			return &inv->irqs[i];
	fail_msg("no interrupt of %s", action);
	return NULL;
}
