// SPDX-License-Identifier: GPL-2.0
/* site.c: what is answered to which request. */
#include "metrics/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/hp_clock.h"
#include "base/hp_log.h"

/* The two formats, each with its latest answer. */
struct page {
	struct hp_metrics_text text;
	struct MHD_Response *response;	/* counted references: a slow client keeps the one it was given */
	uint64_t time_ns;
};

struct hp_serve_site {
	hp_serve_fn write;
	void *arg;
	struct page pages[2];	/* [1] is OpenMetrics */
};

static const char *const content_types[2] = {
	"text/plain; version=0.0.4; charset=utf-8",
	"application/openmetrics-text; version=1.0.0; charset=utf-8",
};

struct hp_serve_site *hp_serve_site_new(hp_serve_fn write, void *arg)
{
	struct hp_serve_site *site = calloc(1, sizeof(*site));

	if (!site)
		return NULL;
	site->write = write;
	site->arg = arg;
	site->pages[1].text.is_open = true;
	return site;
}

void hp_serve_site_free(struct hp_serve_site *site)
{
	if (!site)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (site->pages[i].response)
			MHD_destroy_response(site->pages[i].response);
		hp_metrics_text_clear(&site->pages[i].text);
	}
	free(site);
}

void hp_serve_site_stale(struct hp_serve_site *site)
{
	site->pages[0].time_ns = site->pages[1].time_ns = 0;
}

static int renew(struct hp_serve_site *site, struct page *page)
{
	struct MHD_Response *response;
	int ret = site->write(site->arg, &page->text);

	if (ret) {
		hp_metrics_text_clear(&page->text);
		return ret;
	}
	response = MHD_create_response_from_buffer(page->text.length, page->text.data, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return -ENOMEM;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_types[page->text.is_open]);
	if (page->response)
		MHD_destroy_response(page->response);
	page->response = response;
	page->time_ns = hp_clock_ns(CLOCK_MONOTONIC);
	return 0;
}

/* Prometheus names the formats that it takes, the preferred one first; no weights are needed to see that it takes ours. */
static bool wants_openmetrics(struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return accept && strcasestr(accept, "application/openmetrics-text");
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned int status, const char *text, const char *allow)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	if (allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result site_refuse(struct MHD_Connection *connection, unsigned int status, const char *why)
{
	return say(connection, status, why, NULL);
}

static enum MHD_Result answer_metrics(struct hp_serve_site *site, struct MHD_Connection *connection)
{
	struct page *page = &site->pages[wants_openmetrics(connection)];
	int ret = 0;

	if (!page->response || !page->time_ns || hp_clock_ns(CLOCK_MONOTONIC) - page->time_ns > HP_SERVE_FRESH_NS)
		ret = renew(site, page);
	if (ret) {
		hp_log(LOG_ERR, "metrics: %s", strerror(-ret));
		return say(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "the metrics could not be collected: see partd's log\n", NULL);
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, page->response);
}

enum MHD_Result site_answer(struct hp_serve_site *site, struct MHD_Connection *connection, const char *url,
			    const char *method)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n", "GET, HEAD");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(site, connection);
	if (strcmp(url, "/") == 0)
		return say(connection, MHD_HTTP_OK, "partd of hostpart; the metrics are at /metrics\n", NULL);
	return say(connection, MHD_HTTP_NOT_FOUND, "there is only /metrics\n", NULL);
}
