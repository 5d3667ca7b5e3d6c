/* problem.c - errors as application/problem+json, and the one place where a verdict becomes a status. */
#include "api/problem.h"

#include "api/route.h"
#include "base/log.h"

#define RETRY_AFTER_S "2"

static const struct problem_kind KINDS[] = {
	{ "bad-request", "The request cannot be read" },
	{ "unauthorized", "A login or a valid API token is needed" },
	{ "login-failed", "The login or the password is wrong" },
	{ "code-needed", "A code of the second factor is needed" },
	{ "slow-down", "Too many calls: wait a moment" },
	{ "csrf", "The request does not come from the page of this box" },
	{ "forbidden", "The caller may not do that" },
	{ "bad-signature", "The signature is missing or wrong" },
	{ "not-found", "There is no such thing" },
	{ "method-not-allowed", "This address does not know that method" },
	{ "conflict", "The state does not allow that now" },
	{ "idempotency-conflict", "This Idempotency-Key was used with another body" },
	{ "refused", "That is not allowed now" },
	{ "window-closed", "Only a template may be sent to this customer now" },
	{ "template-unusable", "This template cannot be sent now" },
	{ "template-unknown", "The account has no such template" },
	{ "marketing-stopped", "This customer wants no advertising" },
	{ "not-possible", "The provider cannot do this" },
	{ "too-long", "The body is too long" },
	{ "not-json", "The body has to be JSON" },
	{ "invalid", "A field breaks a rule" },
	{ "confirmation-needed", "This needs an explicit confirmation" },
	{ "busy", "The box cannot take this now; try again" },
	{ "disk-low", "The disk is nearly full" },
	{ "storage", "The box cannot write to its disk" },
	{ "damaged", "The database of the box is damaged" },
	{ "no-server", "Only a running server can do that" },
	{ "outcome-unknown", "It may or may not have happened" },
	{ "internal", "The box made a mistake" },
};

const struct problem_kind *problem_kind_at(size_t i)
{
	return i < COUNT(KINDS) ? &KINDS[i] : NULL;
}

const struct problem_kind *problem_kind_find(const char *type)
{
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		if (strcmp(KINDS[i].type, type) == 0)
			return &KINDS[i];
	}
	return NULL;
}

/* Members beside those of every problem. */
struct more {
	const char *field; /* errors: [{field, detail}] */
	bool window;       /* window_closed_at */
	int64_t window_closed_ms;
};

static void write_problem(struct call *c, int status, const char *type, const char *detail,
			  const struct more *more)
{
	const struct problem_kind *k = problem_kind_find(type);
	char uri[80];
	struct jsonw w;

	if (NEVER(k == NULL))
		k = problem_kind_find("internal");
	(void)snprintf(uri, sizeof(uri), "urn:totem:problem:%s", k->type);
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "type", uri);
	jsonw_ktext(&w, "title", k->title);
	jsonw_ki64(&w, "status", status);
	jsonw_ktext(&w, "detail", detail);
	jsonw_ktext(&w, "request_id", c->q->request_id);
	if (more->window)
		jsonw_ktime(&w, "window_closed_at", more->window_closed_ms);
	if (more->field != NULL) {
		jsonw_karray(&w, "errors");
		jsonw_object(&w);
		jsonw_ktext(&w, "field", more->field);
		jsonw_ktext(&w, "detail", detail);
		jsonw_end(&w);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	answer_json(c, status, &w);
	c->r->content_type = "application/problem+json";
}

void problem(struct call *c, int status, const char *type, const char *detail)
{
	ASSERT(status >= 400 && status <= 599);
	if (status == 503)
		web_header(c->r, "Retry-After", STR(RETRY_AFTER_S));
	write_problem(c, status, type, detail, &(struct more){ .field = NULL });
}

void problem_field(struct call *c, int status, const char *field, const char *detail)
{
	write_problem(c, status, "invalid", detail, &(struct more){ .field = field });
}

void problem_window(struct call *c, const char *detail, int64_t window_closed_ms)
{
	write_problem(c, 409, "window-closed", detail,
		      &(struct more){ .window = true, .window_closed_ms = window_closed_ms });
}

void problem_err(struct call *c, const struct err *e)
{
	switch (e->rc) {
	case RC_ABSENT:
		problem(c, 404, "not-found", e->text);
		return;
	case RC_CONFLICT:
		problem(c, 409, "conflict", e->text);
		return;
	case RC_INVALID:
		problem(c, 422, "invalid", e->text);
		return;
	case RC_REFUSED:
		problem(c, 409, "refused", e->text);
		return;
	case RC_LIMIT:
	case RC_RETRY:
		log_err(LOG_WARN, "request.delayed", e);
		problem(c, 503, "busy", e->text);
		return;
	case RC_UNKNOWN:
		log_err(LOG_ERROR, "request.unsettled", e);
		problem(c, 500, "outcome-unknown",
			"It is not known whether this was done; look before trying again.");
		return;
	case RC_IO:
		log_err(LOG_ERROR, "request.failed", e);
		problem(c, 503, "storage",
			"The box could not read or write its data. Nothing was changed.");
		return;
	case RC_OK: /* "nothing there" comes without a text */
		problem(c, 404, "not-found", "There is no such thing.");
		return;
	case RC_COUNT:
		break;
	}
	(void)NEVER(true);
	problem(c, 500, "internal", "An error without a reason.");
}
