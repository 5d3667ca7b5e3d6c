/* orchestrator.c - POST /api/v1/orchestrator/replies: the answer of an assistant that comes after its webhook was answered.
 *
 * Who may: the reply token of the message (its conversation only, for a while), or an API token with the scope
 * `orchestrator`. The idempotency key is required: the same answer twice is one send (R18). */
#include "api/auth.h"
#include "api/handlers.h"
#include "base/ids.h"
#include "flow/n8n/orchestrate.h"
#include "flow/send/send.h"
#include "io/crypto.h"
#include "store/conversation/conversation.h"
#include "store/message/message.h"

struct replying {
	struct call *c;
	struct orchestrate_token token; /* target_id 0: an API token */
	struct orchestrate_answer ans;
	struct str replies[N8N_REPLIES_MAX];
	struct orchestrate_done done;
};

/* False: answered. */
static bool identify(struct call *c, struct replying *r)
{
	struct str h = web_req_header(c->q, "Authorization"), scheme;

	if (h.p != NULL && str_cut(&h, ' ', &scheme) && str_ieq(scheme, STR("Bearer")) &&
	    str_starts(str_trim(h), STR("tr1."))) {
		if (orchestrate_token_read(c->app->seal_key, str_trim(h), c->q->now_ms,
					   &r->token)) {
			c->who = (struct token){ .company_id = 1 };
			return true;
		}
		web_header(c->r, "WWW-Authenticate", STR("Bearer realm=\"totem\""));
		problem(c, 401, "unauthorized", "This reply token is not ours or has ended.");
		return false;
	}
	return auth_scope(c, SCOPE_ORCHESTRATOR);
}

static bool wrong(struct call *c, const char *field, const char *detail)
{
	problem_field(c, 422, field, detail);
	return false;
}

/* The caller's conversation; with a reply token only the token's. */
static bool read_place(struct replying *r, const struct json *root)
{
	struct call *c = r->c;
	struct str text = json_get_str(root, "conversation_id");
	struct conversation conv = { 0 };
	struct err e = { .rc = RC_OK };
	struct conversation_name name = { .id = r->token.conversation_id };
	struct db *db;
	enum rc rc;

	if (text.p == NULL)
		text = json_get_str(root, "conversation");
	if (text.p != NULL && !id_parse(text, &name.created_ms, &name.id))
		return wrong(c, "conversation_id", "There is no conversation with this id.");
	if (name.id == 0)
		return wrong(c, "conversation_id", "This is missing.");
	if (r->token.target_id != 0 && name.id != r->token.conversation_id) {
		problem(c, 403, "forbidden", "This reply token is for another conversation.");
		return false;
	}
	db = store_reader(c->app->store);
	rc = text.p != NULL ? conversation_load_named(db, &name, c->q->arena, &conv, &e)
			    : conversation_load(db, name.id, c->q->arena, &conv, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK || conv.company_id != c->who.company_id)
		return wrong(c, "conversation_id", "There is no conversation with this id.");
	r->ans.conversation_id = conv.id;
	r->ans.message_id = r->token.message_id;
	return true;
}

/* The hop that came with the message; the answer is one more. */
static bool read_hop(struct replying *r, const struct json *root)
{
	int64_t hop = 0;

	if (json_get(root, "hop") != NULL &&
	    (!json_get_i64(root, "hop", &hop) || hop < 0 || hop > 1000))
		return wrong(r->c, "hop", "This has to be the number that came with the message.");
	r->ans.hop = i64_max(hop, r->token.hop) + 1;
	return true;
}

static bool read_replies(struct replying *r, const struct json *root)
{
	const struct json *n = json_get(root, "reply");

	r->ans.replies = r->replies;
	if (n == NULL)
		n = json_get(root, "output"); /* as a Chat Trigger would answer */
	if (json_kind(n) == JSON_TEXT) {
		if (str_trim(json_str(n)).n > 0)
			r->replies[r->ans.reply_count++] = json_str(n);
		return true;
	}
	if (n != NULL && json_kind(n) != JSON_ARRAY)
		return wrong(r->c, "reply", "This has to be a text or a list of texts.");
	for (const struct json *t = json_first(n); t != NULL; t = json_next(t)) {
		if (json_kind(t) != JSON_TEXT)
			return wrong(r->c, "reply", "This has to be a text or a list of texts.");
		if (r->ans.reply_count == N8N_REPLIES_MAX)
			return wrong(r->c, "reply", "These are more than 10 texts.");
		if (str_trim(json_str(t)).n > 0)
			r->replies[r->ans.reply_count++] = json_str(t);
	}
	return true;
}

static bool read_actions(struct replying *r, const struct json *root)
{
	const struct json *n = json_get(root, "actions");
	struct err e = { .rc = RC_OK };

	if (n == NULL)
		return true;
	if (json_kind(n) != JSON_ARRAY && json_kind(n) != JSON_OBJECT)
		return wrong(r->c, "actions", "This has to be a list of actions.");
	if (n8n_actions_read(n, r->c->q->arena, &r->ans.actions, &e) == RC_OK)
		return true;
	return wrong(r->c, "actions", e.text);
}

static bool read_key(struct replying *r, const struct json *root)
{
	r->ans.key = web_req_header(r->c->q, "Idempotency-Key");
	if (r->ans.key.p == NULL)
		r->ans.key = json_get_str(root, "idempotency_key");
	crypto_sha256(r->c->q->body, r->ans.hash);
	if (r->ans.key.n > 0 && r->ans.key.n <= IDEMPOTENCY_KEY_MAX)
		return true;
	return wrong(r->c, "idempotency_key",
		     "An answer needs a key of 1 to 255 characters: the one that came with the "
		     "message, or one of its own.");
}

static enum rc reply_unit(struct tx *tx, void *arg, struct err *e)
{
	struct replying *r = arg;

	return orchestrate_apply(tx, r->c->app, r->c->config, &r->ans, &r->done, e);
}

static void answer(struct replying *r)
{
	struct jsonw w;

	answer_begin(r->c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "sent", r->done.sent);
	jsonw_kbool(&w, "duplicate", r->done.duplicate);
	jsonw_kbool(&w, "silenced", r->done.silenced);
	jsonw_end(&w);
	if (r->done.duplicate)
		web_header(r->c->r, "Idempotency-Replayed", STR("true"));
	answer_json(r->c, 202, &w);
}

static void apply(struct replying *r)
{
	struct call *c = r->c;
	struct err e = { .rc = RC_OK }, stop = { .rc = RC_OK };
	enum rc rc = store_write(c->app->store, STORE_NORMAL, reply_unit, r, &e);

	if (rc == RC_REFUSED &&
	    send_stop_automation(c->app, c->config, r->ans.conversation_id, &stop) != RC_OK)
		e = stop;
	if (rc == RC_OK)
		answer(r);
	else if (rc == RC_CONFLICT)
		problem(c, 409, "idempotency-conflict",
			"This key was used with another answer: nothing was sent.");
	else if (rc == RC_INVALID)
		problem_field(c, 422, "actions", e.text);
	else
		problem_err(c, &e);
}

void orchestrator_reply_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct replying r = { .c = c, .ans = { .correlation = str_of(c->q->request_id) } };

	if (!identify(c, &r))
		return;
	if (__atomic_load_n(&c->app->disk_low, __ATOMIC_RELAXED)) {
		problem(c, 503, "busy",
			"The disk is nearly full: nothing new is taken in until there is room.");
		return;
	}
	if (!body_json(c, &root) || !read_key(&r, root) || !read_place(&r, root) ||
	    !read_hop(&r, root) || !read_replies(&r, root) || !read_actions(&r, root))
		return;
	apply(&r);
}
