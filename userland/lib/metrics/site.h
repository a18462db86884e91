/* SPDX-License-Identifier: GPL-2.0 */
/* site.h: the answers that a server gives (private to metrics). */
#ifndef METRICS_SITE_H
#define METRICS_SITE_H

#include <microhttpd.h>
#include "metrics/hp_serve.h"

/* Answers one request; what MHD's handler returns. */
enum MHD_Result site_answer(struct hp_serve_site *site, struct MHD_Connection *connection, const char *url,
			    const char *method);
enum MHD_Result site_refuse(struct MHD_Connection *connection, unsigned int status, const char *why);

#endif
