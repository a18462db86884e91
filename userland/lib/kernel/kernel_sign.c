// SPDX-License-Identifier: GPL-2.0
/* kernel_sign.c: signs a policy file the way the kernel checks signatures, as detached PKCS#7. */
#include <endian.h>
#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "hostpart.h"
#include "kernel/hp_kernel.h"

struct signer {
	BIO *key_file, *certificate_file, *content, *output;
	EVP_PKEY *key;
	X509 *certificate;
	CMS_ContentInfo *cms;
};

static void clear_signer(struct signer *signer)
{
	CMS_ContentInfo_free(signer->cms);
	X509_free(signer->certificate);
	EVP_PKEY_free(signer->key);
	BIO_free(signer->key_file);
	BIO_free(signer->certificate_file);
	BIO_free(signer->content);
	BIO_free(signer->output);
}

#define autosigner __attribute__((cleanup(clear_signer))) struct signer

static int failed(struct hp_err *err, const char *what, const char *file)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	hp_err_set(err, EINVAL, "%s%s%s: %s", what, file ? " " : "", file ? file : "", why ? why : "out of memory");
	ERR_clear_error();
	return -EINVAL;
}

static int open_key(struct signer *signer, const char *file, struct hp_err *err)
{
	signer->key_file = BIO_new_file(file, "r");
	if (signer->key_file)
		signer->key = PEM_read_bio_PrivateKey(signer->key_file, NULL, NULL, NULL);
	return signer->key ? 0 : failed(err, "cannot read the private key in", file);
}

/* PEM, else DER. */
static int open_certificate(struct signer *signer, const char *file, struct hp_err *err)
{
	signer->certificate_file = BIO_new_file(file, "r");
	if (!signer->certificate_file)
		return failed(err, "cannot read the certificate in", file);
	signer->certificate = PEM_read_bio_X509(signer->certificate_file, NULL, NULL, NULL);
	if (!signer->certificate && BIO_seek(signer->certificate_file, 0) == 0)
		signer->certificate = d2i_X509_bio(signer->certificate_file, NULL);
	if (!signer->certificate)
		return failed(err, "cannot read the certificate in", file);
	if (!X509_check_private_key(signer->certificate, signer->key))
		return failed(err, "the key is not that of the certificate in", file);
	ERR_clear_error();
	return 0;
}

/* No certificates and no signed attributes: the kernel looks the signer up in its own keyrings. */
static int sign(struct signer *signer, const unsigned char *data, size_t size, struct hp_err *err)
{
	const unsigned int flags = CMS_BINARY | CMS_DETACHED | CMS_NOCERTS | CMS_NOSMIMECAP | CMS_NOATTR;

	signer->content = BIO_new_mem_buf(data, (int)size);
	signer->output = BIO_new(BIO_s_mem());
	signer->cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY | CMS_DETACHED | CMS_STREAM);
	if (!signer->content || !signer->output || !signer->cms ||
	    !CMS_add1_signer(signer->cms, signer->certificate, signer->key, EVP_sha256(), flags) ||
	    CMS_final(signer->cms, signer->content, NULL, CMS_BINARY | CMS_NOCERTS) != 1 ||
	    i2d_CMS_bio(signer->output, signer->cms) != 1)
		return failed(err, "cannot sign the policy file", NULL);
	return 0;
}

static int append(unsigned char **data, size_t *size, BIO *signature, struct hp_err *err)
{
	char *bytes;
	long count = BIO_get_mem_data(signature, &bytes);
	unsigned char *grown;

	if (count <= 0 || *size + (size_t)count > HP_POLICY_BYTES_MAX)
		return hp_err_set(err, EFBIG, "the policy file does not fit with its signature");
	grown = realloc(*data, *size + (size_t)count);
	if (!grown)
		return hp_err_errno(err, ENOMEM, "policy file");
	memcpy(grown + *size, bytes, (size_t)count);
	*data = grown;
	*size += (size_t)count;
	return 0;
}

int hp_kernel_blob_sign(unsigned char **data, size_t *size, const char *key_file, const char *certificate_file,
			struct hp_err *err)
{
	const uint32_t flags = htole32(HP_POLICY_F_SIGNED);
	autosigner signer = { 0 };
	int result = open_key(&signer, key_file, err);

	if (!result)
		result = open_certificate(&signer, certificate_file, err);
	if (result)
		return result;
	/* That it is signed is part of what is signed. */
	memcpy(*data + offsetof(struct hp_policy_header, flags), &flags, sizeof(flags));
	result = sign(&signer, *data, *size, err);
	return result ? result : append(data, size, signer.output, err);
}
