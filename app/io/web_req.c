/* web_req.c - headers of requests and answers: the part of web.h that needs no server, so that
 * tests and the simulator can have it alone. */
#include "io/web.h"

#include <strings.h>

struct str web_req_header(const struct req *q, const char *name)
{
	for (size_t i = 0; i < q->header_count; i++) {
		if (strcasecmp(q->headers[i].name, name) == 0)
			return str_of(q->headers[i].value);
	}
	return STR_NONE;
}

void web_header(struct res *r, const char *name, struct str value)
{
	ASSERT(name[0] != '\0' && strpbrk(name, "\r\n: ") == NULL);
	sbuf_text(&r->headers, name);
	sbuf_str(&r->headers, STR(": "));
	for (size_t i = 0; i < value.n; i++) {
		/* A line break would start a header of somebody else's choice. */
		if (value.p[i] != '\r' && value.p[i] != '\n' && value.p[i] != '\0')
			sbuf_char(&r->headers, value.p[i]);
	}
	sbuf_str(&r->headers, STR("\r\n"));
}

enum rc web_push_run(struct res *r, web_sink_fn *sink, void *sink_arg, struct err *e)
{
	web_push_fn *push = TAKE(r->push);

	return push != NULL ? push(r->push_arg, sink, sink_arg, e) : RC_OK;
}
