/* route.h - the whole HTTP surface is one table (routes.c); this is its machinery.
 *
 *   request -> web.c (gate) -> route_handle: match row -> method -> who -> scope -> body limit -> handler -> answer
 *
 * A handler checks, queues or reads, and answers; it never calls a peer. It runs only after everything in its row was
 * checked. Errors leave through problem(): application/problem+json (RFC 9457) with request_id. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "base/lang.h"
#include "flow/app.h"
#include "flow/config.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "io/web.h"
#include "store/access/audit.h"
#include "store/access/session.h"
#include "store/access/token.h"

enum who {
	WHO_ANYONE, /* on the short list of a test */
	WHO_SIGNED, /* the handler checks a peer's signature */
	WHO_TOKEN,  /* a token or a person's session with the row's scope, see auth.h */
};

struct call {
	struct app *app;
	const struct config *config; /* this request's snapshot */
	struct req *q;
	struct res *r;
	const struct route *route;
	/* Who calls. A person counts here as a token with the scopes of their role and the negative number of their
	 * account as id, so that rights, idempotency and logs are the same for both. id 0: nobody, or a command. */
	struct token who;
	struct session session; /* id 0: no person */
	bool reveals;           /* the answer shows numbers in full to whom they are masked */
	/* What the row in the audit log says (audit_row.h). A handler that knows more than the path fills it in before it
	 * writes; borrowed until it returns. */
	struct {
		const char *action;         /* NULL: from method and path */
		struct str subject, detail; /* STR_NONE: the parameters of the path; no detail */
	} audit;
};

typedef void route_fn(struct call *c);

struct route {
	const char *method;
	const char *path; /* "/api/v1/messages/{id}"; "{x*}" takes the rest */
	route_fn *run;
	enum who who;
	enum token_scope scope; /* of WHO_TOKEN */
	unsigned where;         /* WEB_MAIN | WEB_HOOKS */
	size_t body_max;        /* 0: no body */
	bool quiet; /* changes nothing that the audit log is for: messages speak for themselves */
	const char *tag; /* group in the OpenAPI document; NULL: not documented there (assets) */
	const char *summary;
};

const struct route *route_table(size_t *ret_count);
/* The web_handler; arg is struct app *. Also called by the simulator and the CLI with a struct req made by hand. */
void route_handle(void *arg, struct req *q, struct res *r);

/* Answers. Each sets status and body. */
void answer_json(struct call *c, int status, struct jsonw *w); /* w wrote into c->r->body */
void answer_begin(struct call *c, struct jsonw *w);            /* empty body, writer ready */
/* A list: its rows are written behind the first of these. The second ends one that is always whole, cursor_rows_end (cursor.h)
 * a page; rc and `e` say how its rows went. */
void answer_rows_begin(struct call *c, struct jsonw *w);
void answer_rows_end(struct call *c, struct jsonw *w, enum rc rc, const struct err *e);
/* type: stable last part of the type URI ("not-found"); detail: a sentence for people, no secrets. */
void problem(struct call *c, int status, const char *type, const char *detail);
void problem_field(struct call *c, int status, const char *field,
		   const char *detail); /* type "invalid", with errors:[{field,detail}] */
/* 409 "window-closed" with window_closed_at (0: null, it was never open). */
void problem_window(struct call *c, const char *detail, int64_t window_closed_ms);
void problem_err(struct call *c, const struct err *e); /* verdict -> status, in one switch */

/* Input. Each answers the problem itself and returns false when it is not fine. */
bool body_json(struct call *c,
	       struct json **ret_root); /* object; caller frees (AUTO(json_freep)) */
bool query_i64(struct call *c, const char *name, int64_t otherwise, int64_t low, int64_t high,
	       int64_t *ret);
bool query_str(struct call *c, const char *name,
	       struct str *ret); /* in the request's arena; STR_NONE when absent */
/* RFC 3339; 0 when absent. */
bool query_time(struct call *c, const char *name, int64_t *ret_ms);
/* The language for people: `lang` (en, es, pt), else Accept-Language, else English. */
bool query_lang(struct call *c, enum lang *ret);
bool param_id(struct call *c, int i, int64_t *ret_created_ms,
	      int64_t *ret_rowid); /* UUIDv7 in the path; 404 */

#endif
