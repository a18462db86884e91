/* SPDX-License-Identifier: GPL-2.0 */
/* tls.h: who may come in by TLS (private to metrics). */
#ifndef METRICS_TLS_H
#define METRICS_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

/* TLS 1.3 alone. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3"

/* From now on the handshake fails for a client without a certificate that is good. */
void tls_demand_certificate(gnutls_session_t session);
/* Whether that was asked for and met. */
bool tls_is_proven(gnutls_session_t session);

#endif
