// SPDX-License-Identifier: GPL-2.0
/* tls.c: certificates: those of this server, and who may come in. */
#include "metrics/tls.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include "base/hp_auto.h"
#include "base/hp_file.h"
#include "metrics/hp_serve.h"

enum { PEM_BYTES_MAX = 1 << 20 };

void hp_serve_tls_clear(struct hp_serve_tls *tls)
{
	if (tls->key)
		explicit_bzero(tls->key, strlen(tls->key));
	free(tls->certificate);
	free(tls->key);
	free(tls->client_ca);
	*tls = (struct hp_serve_tls)HP_SERVE_TLS_INIT;
}

static int read_pem(const char *file, char **text, struct hp_err *err)
{
	size_t length;
	int ret = hp_file_read(file, PEM_BYTES_MAX, text, &length, err);

	if (ret == 0 && strlen(*text) != length)
		return hp_err_set(err, EINVAL, "%s is not a PEM file: it holds a NUL byte", file);
	return ret;
}

static gnutls_datum_t datum(char *text)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned int)strlen(text) };
}

static int look_at(const struct hp_serve_tls *tls, const char *const files[3], struct hp_err *err)
{
	gnutls_datum_t certificate = datum(tls->certificate), key = datum(tls->key), client_ca = datum(tls->client_ca);
	gnutls_certificate_credentials_t credentials;
	int ret;

	if (gnutls_certificate_allocate_credentials(&credentials) < 0)
		return hp_err_set(err, ENOMEM, "out of memory");
	ret = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
	if (ret < 0) {
		hp_err_set(err, EINVAL, "the certificate %s with the key %s cannot be used: %s", files[0], files[1],
			   gnutls_strerror(ret));
	} else {
		ret = gnutls_certificate_set_x509_trust_mem(credentials, &client_ca, GNUTLS_X509_FMT_PEM);
		if (ret <= 0)
			hp_err_set(err, EINVAL, "%s holds no certificate of those who vouch for clients%s%s", files[2],
				   ret < 0 ? ": " : "", ret < 0 ? gnutls_strerror(ret) : "");
	}
	gnutls_certificate_free_credentials(credentials);
	return hp_err_is_set(err) ? -EINVAL : 0;
}

int hp_serve_tls_load(struct hp_serve_tls *tls, const char *certificate, const char *key, const char *client_ca,
		      struct hp_err *err)
{
	int ret = read_pem(certificate, &tls->certificate, err);

	if (!ret)
		ret = read_pem(key, &tls->key, err);
	if (!ret)
		ret = read_pem(client_ca, &tls->client_ca, err);
	if (!ret)
		ret = look_at(tls, (const char *const[]){ certificate, key, client_ca }, err);
	if (ret)
		hp_serve_tls_clear(tls);
	return ret ? hp_err_wrap(err, "TLS for metrics") : 0;
}

void tls_demand_certificate(gnutls_session_t session)
{
	/* Looked at during the handshake, so it has to outlast this function. */
	static gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (void *)GNUTLS_KP_TLS_WWW_CLIENT };

	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_cert2(session, &purpose, 1, 0);
}

bool tls_is_proven(gnutls_session_t session)
{
	unsigned int count = 0;

	return gnutls_certificate_get_peers(session, &count) && count > 0 &&
	       gnutls_session_get_verify_cert_status(session) == 0;
}
