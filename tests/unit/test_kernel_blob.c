// SPDX-License-Identifier: GPL-2.0
/* test_kernel_blob.c: policy files for the boot: written, read back, damaged, signed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/hp_kernel.h"

static const char full[] =
	"domain alpha base cgroup 77 elastic-cpus 2-5,8 elastic-memory 4096-8192\n"
	"cpus alpha 2-3\n"
	"memory alpha 4096 nodes 0-1\n"
	"pci alpha 0000:03:00.0 driver nvme shared-group\n"
	"pci alpha 8086:10d3/1 driver e1000e port lan\n"
	"pci alpha 0000:00:1c.0/00.0\n"
	"domain beta\n"
	"memory beta 8192";

static void make(const char *text, unsigned char **data, size_t *size)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autoerr err = HP_ERR_INIT;

	if (hp_kernel_table_parse(text, &table, &err) || hp_kernel_blob_make(&table, data, size, &err))
		fail_msg("%s", err.text);
}

static void reads_as(const unsigned char *data, size_t size, const char *want, bool is_signed)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autofree char *text = NULL;
	hp_autoerr err = HP_ERR_INIT;
	size_t signature_bytes = 4711;

	if (hp_kernel_blob_read(data, size, &table, &signature_bytes, &err))
		fail_msg("%s", err.text);
	text = hp_kernel_table_format(&table);
	assert_string_equal(text, want);
	assert_int_equal(signature_bytes != 0, is_signed);
}

static void what_is_written_reads_back(void **state)
{
	static const char *const texts[] = { full, "", "domain a" };

	(void)state;
	for (size_t i = 0; i < hp_array_size(texts); i++) {
		hp_autofree unsigned char *data = NULL;
		size_t size;

		make(texts[i], &data, &size);
		assert_memory_equal(data, "hostpart\1\0\0\0\0\0\0\0", 16);
		reads_as(data, size, texts[i], false);
	}
}

static void nobody_is_started_by_a_file(void **state)
{
	hp_autofree unsigned char *data = NULL;
	size_t size;

	(void)state;
	make("domain alpha active\nmemory alpha 4096", &data, &size);
	reads_as(data, size, "domain alpha\nmemory alpha 4096", false);
}

static void is_refused(const unsigned char *data, size_t size, const char *words)
{
	hp_autokerneltable table = HP_KERNEL_TABLE_INIT;
	hp_autoerr err = HP_ERR_INIT;
	size_t signature_bytes;

	assert_true(hp_kernel_blob_read(data, size, &table, &signature_bytes, &err) < 0);
	assert_int_equal(table.domains_count, 0);
	if (words && !strstr(err.text, words))
		fail_msg("said: %s\nexpected: %s", err.text, words);
}

static void damage_is_seen(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
		const char *words;
	} changes[] = {
		{ 0, 'H', "no policy file" }, { 8, 2, "version is 2" }, { 12, 2, "flags" }, { 12, 1, "a signature" },
		{ 20, 1, "flags" }, { 16, 3, NULL }, { 17, 99, "truncated" }, { 26, 99, "attribute" },
	};
	hp_autofree unsigned char *data = NULL;
	size_t size;

	(void)state;
	make(full, &data, &size);
	for (size_t i = 0; i < hp_array_size(changes); i++) {
		unsigned char before = data[changes[i].at];

		data[changes[i].at] = changes[i].value;
		is_refused(data, size, changes[i].words);
		data[changes[i].at] = before;
	}
	for (size_t cut = 0; cut < size; cut++)
		is_refused(data, cut, "truncated");
	reads_as(data, size, full, false);
}

/* A key and its certificate in files below `dir`. */
static void make_key(const char *dir, const char *name)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	char path[128];
	FILE *out;

	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, subject);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	snprintf(path, sizeof(path), "%s/%s.key", dir, name);
	out = fopen(path, "w");
	assert_true(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
	fclose(out);
	snprintf(path, sizeof(path), "%s/%s.pem", dir, name);
	out = fopen(path, "w");
	assert_true(PEM_write_X509(out, certificate));
	fclose(out);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* Whether the signature behind the first `bytes` fits them and the certificate. */
static bool verifies(const unsigned char *data, size_t bytes, size_t size, const char *certificate_file)
{
	const unsigned char *at = data + bytes;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)(size - bytes));
	BIO *content = BIO_new_mem_buf(data, (int)bytes), *file = BIO_new_file(certificate_file, "r");
	STACK_OF(X509) *certificates = sk_X509_new_null();
	X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	bool is_good;

	assert_non_null(cms);
	sk_X509_push(certificates, certificate);
	is_good = CMS_verify(cms, certificates, NULL, content, NULL, CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	sk_X509_pop_free(certificates, X509_free);
	CMS_ContentInfo_free(cms);
	BIO_free(content);
	BIO_free(file);
	return is_good;
}

static void a_signature_signs_all_before_it(void **state)
{
	char dir[] = "/tmp/hp-blob-XXXXXX", key[64], certificate[64], other[64];
	hp_autofree unsigned char *data = NULL;
	hp_autofree char *command = NULL;
	hp_autoerr err = HP_ERR_INIT;
	size_t size, bytes;

	(void)state;
	assert_non_null(mkdtemp(dir));
	make_key(dir, "one");
	make_key(dir, "two");
	snprintf(key, sizeof(key), "%s/one.key", dir);
	snprintf(certificate, sizeof(certificate), "%s/one.pem", dir);
	snprintf(other, sizeof(other), "%s/two.pem", dir);
	make(full, &data, &size);
	bytes = size;
	assert_int_equal(hp_kernel_blob_sign(&data, &size, key, other, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not that of the certificate"));
	assert_int_equal(hp_kernel_blob_sign(&data, &size, "/nonexistent", certificate, &err), -EINVAL);
	assert_int_equal(size, bytes);
	assert_int_equal(hp_kernel_blob_sign(&data, &size, key, certificate, &err), 0);
	assert_true(size > bytes);
	reads_as(data, size, full, true);
	assert_true(verifies(data, bytes, size, certificate));
	data[30] ^= 1;
	assert_false(verifies(data, bytes, size, certificate));
	assert_true(asprintf(&command, "rm -r %s", dir) > 0);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(nobody_is_started_by_a_file),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(a_signature_signs_all_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
