/* provider.c - the table of providers. Promises: provider.h. */
#include "flow/send/provider.h"

#include "base/limits.h"

#define REQUEST_BODY_MAX \
	(32 * MIB) /* a file inside the JSON (base64); Meta's bodies are far below */

static const struct provider *const PROVIDERS[] = {
	&provider_meta,
	&provider_evolution,
};

const struct provider *provider_of(const struct channel *c)
{
	for (size_t i = 0; i < COUNT(PROVIDERS); i++)
		if (strcmp(c->provider, PROVIDERS[i]->name) == 0)
			return PROVIDERS[i];
	return NULL;
}

void provider_request_init(struct provider_request *r)
{
	*r = (struct provider_request){ .method = "POST",
					.url = SBUF(HTTP_URL_MAX),
					.body = SBUF(REQUEST_BODY_MAX) };
}

void provider_request_release(struct provider_request *r)
{
	sbuf_release(&r->url);
	sbuf_release(&r->body);
}

void provider_request_header(struct provider_request *r, const char *name, const char *value)
{
	ASSERT(r->header_count < PROVIDER_HEADERS_MAX);
	r->headers[r->header_count++] = (struct http_header){ name, value };
}
