// SPDX-License-Identifier: GPL-2.0
/* compile.c: partctl compile: a policy as the file from which the module claims at boot. */
#include "agent.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apply/hp_engine.h"
#include "base/hp_file.h"
#include "base/hp_text.h"
#include "inventory/hp_inventory.h"
#include "kernel/hp_kernel.h"

#define BLOB_FILE_DEFAULT "/lib/firmware/hostpart/policy.bin"

struct compile {
	const char *out, *key, *certificate;
	bool is_showing;
};

static void print_identity(FILE *out, const struct hp_inv_pci *pci)
{
	const char *serial = pci->parked_serial, *mac = pci->parked_mac;

	for (size_t i = 0; i < pci->devs_count; i++) {
		serial = serial ? serial : pci->devs[i].serial;
		mac = mac ? mac : pci->devs[i].mac;
	}
	if (serial)
		fprintf(out, "%s serial %s\n", pci->bdf, serial);
	if (mac)
		fprintf(out, "%s mac %s\n", pci->bdf, mac);
}

/* What apply needs to know of the claimed functions while they are parked and no driver can tell. */
static char *list_identities(const struct hp_engine_result *result)
{
	const struct hp_assignment *assignment = result->assignment;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < assignment->domains_count; i++)
		for (size_t j = 0; j < assignment->domains[i].pci_count; j++)
			print_identity(out, &result->inventory->pci[assignment->domains[i].pci[j]]);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* The claims that FILE makes on this machine, as nobody has started them, and who the claimed functions are. */
static int resolve(struct run *run, const char *file, struct hp_kernel_table *table, char **identities,
		   struct hp_err *err)
{
	hp_autoresult result = HP_ENGINE_RESULT_INIT;
	hp_autofree char *text = NULL, *name = NULL, *claims = NULL;

	if (hp_root_is_live(run->ctx.root) && geteuid() != 0)
		return hp_err_set(err, EPERM,
				  "only root can read all of this machine; try sudo, or --root DIR for a recorded machine");
	if (policy_read(file, &text, err) < 0)
		return -err->errnum;
	name = policy_name(file);
	if (hp_engine_plan(&run->ctx, name, text, &result, err) < 0)
		return -err->errnum;
	claims = hp_plan_claims(result.policy, result.inventory, result.assignment, false);
	*identities = list_identities(&result);
	if (!claims || !*identities)
		return hp_err_errno(err, ENOMEM, "compiling %s", name);
	return hp_kernel_table_parse(claims, table, err);
}

/* The directories of these two files are ours to make; others are the caller's. */
static void make_directory(const char *path)
{
	hp_autofree char *copy = strdup(path);

	if (copy && (strcmp(path, BLOB_FILE_DEFAULT) == 0 || strcmp(path, HP_PARKED_FILE) == 0))
		(void)mkdir(dirname(copy), 0755);	/* when it fails, so does what follows, with words */
}

static int write_files(struct run *run, const char *path, const unsigned char *data, size_t size,
		       const char *identities, struct hp_err *err)
{
	int result;

	/* First: a policy in force without it could not be applied by serial number or address. */
	if (hp_root_is_live(run->ctx.root)) {
		make_directory(HP_PARKED_FILE);
		result = hp_file_replace(HP_PARKED_FILE, identities, strlen(identities), 0644, err);
		if (result)
			return result;
	}
	make_directory(path);
	return hp_file_replace(path, data, size, 0644, err);
}

static int tell(struct run *run, const struct hp_kernel_table *table, const char *file, size_t bytes,
		size_t signature_bytes, bool with_claims)
{
	hp_autofree char *text = hp_kernel_table_format(table);

	if (run->format != OUT_TABLE) {
		struct json_object *object = json_object_new_object();

		out_add_text(object, "file", file);
		out_add_number(object, "bytes", bytes);
		out_add_number(object, "signature_bytes", signature_bytes);
		out_add_number(object, "domains", table->domains_count);
		out_add_number(object, "claims", table->claims_count);
		out_add_text(object, "text", text ? text : "");
		out_object(run, object);
		return HP_EXIT_OK;
	}
	if (with_claims && text)
		puts(text);
	if (!run->is_quiet)
		printf("%s%s: %zu bytes, %zu domain%s, %zu claims, %s\n", with_claims ? "# " : "", file, bytes,
		       table->domains_count, table->domains_count == 1 ? "" : "s", table->claims_count,
		       signature_bytes ? "signed" : "not signed");
	return HP_EXIT_OK;
}

static int show(struct run *run, const char *file, struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *data = NULL;
	size_t size, signature_bytes;

	if (hp_file_read(file, HP_KERNEL_BLOB_MAX, &data, &size, err) < 0)
		return cli_fail(run, err);
	if (hp_kernel_blob_read((const unsigned char *)data, size, &table, &signature_bytes, err) < 0) {
		hp_err_wrap(err, "%s", file);
		return cli_fail(run, err);
	}
	return tell(run, &table, file, size, signature_bytes, true);
}

static int compile(struct run *run, const char *file, const struct compile *options, struct hp_err *err)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree unsigned char *data = NULL;
	hp_autofree char *identities = NULL;
	size_t size = 0, unsigned_size;
	int result = resolve(run, file, &table, &identities, err);

	if (!result)
		result = hp_kernel_blob_make(&table, &data, &size, err);
	unsigned_size = size;
	if (!result && options->key)
		result = hp_kernel_blob_sign(&data, &size, options->key, options->certificate, err);
	if (result < 0)
		return cli_fail(run, err);
	if (write_files(run, options->out, data, size, identities, err) < 0)
		return cli_fail(run, err);
	return tell(run, &table, options->out, size, size - unsigned_size, false);
}

static int run_compile(struct run *run, int argc, char **argv)
{
	struct compile asked = { .out = BLOB_FILE_DEFAULT };
	const struct option_spec options[] = {
		{ "out", 'o', "FILE", "where to write (default " BLOB_FILE_DEFAULT ")", .text = &asked.out },
		{ "sign", 0, "KEY", "sign with the private key in this PEM file", .text = &asked.key },
		{ "cert", 0, "FILE", "the certificate of that key, PEM or DER", .text = &asked.certificate },
		{ "show", 0, NULL, "print what is in a compiled file instead", .flag = &asked.is_showing },
		{ 0 },
	};
	hp_autoerr err = HP_ERR_INIT;
	int status, first = cli_parse(run, argc, argv, options, 0, 1, &status);

	if (first < 0)
		return status;
	if (!asked.key != !asked.certificate) {
		hp_err_usage(&err, "--sign and --cert belong together: a key, and the certificate that names it");
		return cli_fail(run, &err);
	}
	if (asked.is_showing)
		return show(run, first < argc ? argv[first] : BLOB_FILE_DEFAULT, &err);
	return compile(run, first < argc ? argv[first] : NULL, &asked, &err);
}

const struct verb verb_compile = {
	.name = "compile",
	.summary = "make the file from which the module claims at boot",
	.usage = "[FILE] [-o FILE] [--sign KEY --cert FILE] | --show [FILE]",
	.help = "Finds out what FILE (default " POLICY_FILE_DEFAULT ") claims on this machine and writes it in the form that\n"
		"hostpart.ko reads when it loads, so that the claims hold before any driver probes. Changes nothing\n"
		"else. With --show, prints the claims in a compiled file (default " BLOB_FILE_DEFAULT ").\n\n"
		"Example:\n  partctl compile policy.yaml && update-initramfs -u",
	.run = run_compile,
};
