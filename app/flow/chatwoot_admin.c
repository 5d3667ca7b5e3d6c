/* chatwoot_admin.c - calls of the set-up to Chatwoot; see chatwoot_setup.h. */
#include "flow/chatwoot_setup.h"

#include "io/http.h"

#define CALL_MS    30000
#define ANSWER_MAX (4 * MIB)

enum rc chatwoot_admin_refuse(struct chatwoot_admin *a, const char *why, struct err *e)
{
	a->refused = true;
	(void)snprintf(a->why, sizeof(a->why), "%s", why); /* cut is fine */
	return FAIL(e, RC_REFUSED, "%s", a->why);
}

static const char *url_of(struct chatwoot_admin *a, const char *path)
{
	struct arena *arena = &a->u->w->arena;
	struct str base = a->t->url;

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (strncmp(path, "{A}", 3) == 0)
		return arena_printf(arena, "%.*s/api/v1/accounts/%lld%s", STRF(base),
				    (long long)a->account_id, path + 3);
	return arena_printf(arena, "%.*s%s", STRF(base), path);
}

static enum rc judge(struct chatwoot_admin *a, const struct chatwoot_ask *q, struct err *e)
{
	if (a->status >= 200 && a->status < 300)
		return RC_OK;
	if (a->status >= 500 || a->status == 429)
		return FAIL(e, RC_RETRY, "Chatwoot answered HTTP %d", a->status);
	if (a->status == 401 || a->status == 403)
		return chatwoot_admin_refuse(
			a,
			q->platform
				? "Chatwoot refuses the platform token, or it may not touch this "
				  "account."
				: "Chatwoot refuses the token: it has to be an administrator's.",
			e);
	(void)snprintf(a->why, sizeof(a->why),
		       "Chatwoot answered HTTP %d to %s %s: is this its address?", a->status,
		       q->method, q->path);
	a->refused = true;
	return FAIL(e, RC_REFUSED, "%s", a->why);
}

enum rc chatwoot_admin_call(struct chatwoot_admin *a, const struct chatwoot_ask *q, struct err *e)
{
	struct http_answer ans = HTTP_ANSWER;
	struct str token = q->platform ? a->t->platform_token : a->t->token;
	struct http_header headers[2] = {
		{ "api_access_token", arena_dup(&a->u->w->arena, token) },
		{ "Content-Type", "application/json" },
	};
	const char *url = url_of(a, q->path);
	enum rc rc;

	if (url == NULL || headers[0].value == NULL)
		return FAIL(e, RC_LIMIT, "no room for the request");
	rc = http_do(a->u->w->http,
		     &(struct http_request){ .method = q->method,
					     .url = url,
					     .headers = headers,
					     .header_count = q->body.p != NULL ? 2 : 1,
					     .body = q->body,
					     .answer_max = ANSWER_MAX,
					     .timeout_ms = CALL_MS },
		     &ans, e);
	if (rc == RC_OK) {
		a->status = ans.status;
		a->answer = arena_str(&a->u->w->arena, sbuf_view(&ans.body));
		rc = judge(a, q, e);
	} else if (rc == RC_UNKNOWN) {
		err_clear(e);
		rc = FAIL(e, RC_RETRY, "Chatwoot did not answer");
	} else if (rc == RC_INVALID) {
		err_clear(e);
		rc = chatwoot_admin_refuse(a, "The address of Chatwoot is not one.", e);
	}
	http_answer_release(&ans);
	return rc;
}
