/* evolution_call.c - see evolution_call.h. */
#include "flow/evolution/evolution_call.h"

enum rc evolution_call(struct worker *w, const struct evolution_asked *q, struct http_answer *ret,
		       struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	const struct channel *ch = q->channel;
	char *key = arena_dup(&w->arena, ch->api_key);
	struct http_header headers[2];

	if (key == NULL)
		return FAIL(e, RC_LIMIT, "no room for the api_key");
	headers[0] = (struct http_header){ "apikey", key };
	headers[1] = (struct http_header){ "Content-Type", "application/json" };
	TRY(evolution_send_url(ch->base_url, q->path, q->bare ? STR_NONE : ch->instance, &url, e));
	return http_do(w->http,
		       &(struct http_request){ .method = q->method,
					       .url = sbuf_c(&url),
					       .headers = headers,
					       .header_count = q->body.p != NULL ? 2 : 1,
					       .body = q->body,
					       .timeout_ms = ch->timeout_ms,
					       .answer_max = q->answer_max },
		       ret, e);
}
