/* chatwoot_admin.c - calls of the set-up to Chatwoot; see chatwoot_setup.h. */
#include "flow/chatwoot/chatwoot_setup.h"

#include "base/enc.h"
#include "flow/check/setup_test.h"
#include "flow/clock/clockdoubt.h"
#include "io/http.h"

#define CALL_MS    30000
#define ANSWER_MAX (4 * MIB)

static void note(struct chatwoot_admin *a, enum setup_code code, struct str about)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);

	a->code = code;
	if (!str_copy(enc_utf8_ok(about) ? enc_utf8_cut(about, SETUP_ARG_MAX - 1) : STR("?"),
		      a->about, sizeof(a->about)))
		a->about[0] = '\0';
	setup_text(code, str_of(a->about), LANG_EN, &text);
	(void)snprintf(a->why, sizeof(a->why), "%s", sbuf_c(&text)); /* cut is fine */
}

enum rc chatwoot_admin_refuse(struct chatwoot_admin *a, enum setup_code code, struct str about,
			      struct err *e)
{
	note(a, code, about);
	a->refused = true;
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
	char text[SETUP_ARG_MAX];

	if (a->status >= 200 && a->status < 300)
		return RC_OK;
	(void)snprintf(text, sizeof(text), "HTTP %d", a->status);
	if (a->status >= 500 || a->status == 429) {
		note(a, SETUP_CHATWOOT_DOWN, str_of(text));
		return FAIL(e, RC_RETRY, "Chatwoot answered HTTP %d", a->status);
	}
	if (a->status == 401 || a->status == 403)
		return chatwoot_admin_refuse(
			a, q->platform ? SETUP_WRONG_PLATFORM_TOKEN : SETUP_WRONG_TOKEN, STR(""),
			e);
	(void)snprintf(text, sizeof(text), "HTTP %d (%s %.200s)", a->status, q->method, q->path);
	return chatwoot_admin_refuse(a, SETUP_CHATWOOT_SAYS, str_of(text), e);
}

/* No answer came. `rc` is http_do's, and `e` its text: for the log, which knows more than people have to. */
static enum rc unanswered(struct chatwoot_admin *a, const struct http_answer *ans, enum rc rc,
			  struct err *e)
{
	if (rc == RC_INVALID) {
		err_clear(e);
		return chatwoot_admin_refuse(a, SETUP_NO_ADDRESS, a->t->url, e);
	}
	if (ans->cert_refused)
		note(a, setup_test_refused(ans->refused, a->u->now_ms, clockdoubt_is(a->u->w->app)),
		     chatwoot_admin_host(a->t->url));
	else if (rc == RC_RETRY || rc == RC_UNKNOWN)
		note(a, SETUP_UNREACHABLE, chatwoot_admin_host(a->t->url));
	if (rc != RC_UNKNOWN)
		return rc;
	err_clear(e);
	return FAIL(e, RC_RETRY, "Chatwoot did not answer");
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
					     .look_at_cert = true,
					     .timeout_ms = CALL_MS },
		     &ans, e);
	if (rc == RC_OK) {
		a->status = ans.status;
		a->answer = arena_str(&a->u->w->arena, sbuf_view(&ans.body));
		rc = judge(a, q, e);
	} else {
		rc = unanswered(a, &ans, rc, e);
	}
	http_answer_release(&ans);
	return rc;
}
