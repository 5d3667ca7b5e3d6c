/* message_acts.c - what people do to messages: cancel one that waits, decide about one in doubt, send one again, mark as
 * read, show typing, edit, revoke. Nothing here calls a peer: it changes rows or makes jobs. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/view.h"
#include "base/ids.h"
#include "flow/send/act.h"
#include "flow/send/attempt.h"
#include "flow/handlers.h"
#include "store/message/message_plan.h"

#define EDIT_MAX WA_TEXT_MAX

/* The message of the path, if it is the caller's; else the problem is answered. */
static bool load(struct call *c, struct message *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;
	struct db *db;
	enum rc rc;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	db = store_reader(c->app->store);
	rc = message_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->company_id == c->who.company_id && ret->created_at == created_ms)
		return true;
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no message with this id.");
	else
		problem_err(c, &e);
	return false;
}

/* The message as it is now. */
static void answer_message(struct call *c, int status, int64_t id)
{
	struct err e = { .rc = RC_OK };
	struct message m;
	struct jsonw w;
	struct view v = { .w = &w, .config = c->config };
	enum rc rc;

	v.db = store_reader(c->app->store);
	answer_begin(c, &w);
	jsonw_object(&w);
	rc = message_load(v.db, id, c->q->arena, &m, &e);
	if (rc == RC_OK)
		rc = view_message(&v, &m, &e);
	store_reader_done(c->app->store, v.db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&w);
	answer_json(c, status, &w);
}

/* Who decided, for the note: a person's session or an API token. */
static struct str actor_of(struct call *c)
{
	return str_of(c->who.user_id != 0
			      ? arena_printf(c->q->arena, "user %lld", (long long)c->who.user_id)
			      : arena_printf(c->q->arena, "token %lld", (long long)c->who.id));
}

/* ---- cancel ---- */

static bool is_at(const struct message *m, const char *sending)
{
	return m->outbound && m->sending != NULL && strcmp(m->sending, sending) == 0;
}

void message_cancel_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct message m;
	int64_t job;
	struct db *db;
	enum rc rc;

	if (!load(c, &m))
		return;
	if (is_at(&m, "cancelled")) {
		answer_message(c, 200, m.id);
		return;
	}
	if (!is_at(&m, "queued")) {
		problem(c, 409, "conflict",
			"This message does not wait any more; it cannot be cancelled.");
		return;
	}
	db = store_reader(c->app->store);
	rc = message_plan_job(db, &m, &job, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK)
		rc = queue_cancel(c->app->store, job, &e);
	if (rc == RC_OK)
		answer_message(c, 200, m.id);
	else if (rc == RC_ABSENT || rc == RC_CONFLICT)
		problem(c, 409, "conflict", "This message is leaving; it cannot be cancelled.");
	else
		problem_err(c, &e);
}

/* ---- in doubt, and again ---- */

struct decision {
	struct call *c;
	const struct message *m;
	bool sent, resend;
	int64_t answer_id; /* of the row that goes on */
};

/* RC_CONFLICT: a status or an answer has settled it since it was looked at; deciding now could send it twice. */
static enum rc still_so(struct tx *tx, const struct message *seen, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	struct message now;

	TRY(message_load(tx->db, seen->id, &a, &now, e));
	if (now.status == seen->status && now.sending != NULL && seen->sending != NULL &&
	    strcmp(now.sending, seen->sending) == 0)
		return RC_OK;
	return FAIL(e, RC_CONFLICT, "The message has changed in this moment: look at it again.");
}

static enum rc decide_unit(struct tx *tx, void *arg, struct err *e)
{
	struct decision *d = arg;
	struct attempt a = { .actor = actor_of(d->c),
			     .anew = true,
			     .note = "Decided: it was not sent. Sent again as a new message." };

	d->answer_id = d->m->id;
	TRY(still_so(tx, d->m, e));
	if (d->sent) {
		TRY(message_plan_sent(tx, d->m->id, e));
		TRY(dispatch_left(tx, d->m, e));
		return message_plan_note(tx, d->m->id, a.actor, "Decided: it was sent.", e);
	}
	if (is_at(d->m, "unknown"))
		TRY(message_failed(
			tx, d->m->id,
			STR("{\"class\":\"resolved\",\"text\":\"a person decided that it was "
			    "not sent\"}"),
			e));
	if (d->resend)
		return attempt_add(tx, d->m, &a, &d->answer_id, e);
	return message_plan_note(tx, d->m->id, a.actor, "Decided: it was not sent.", e);
}

static void decide(struct call *c, struct decision *d)
{
	struct err e = { .rc = RC_OK };

	if (store_write(c->app->store, STORE_NORMAL, decide_unit, d, &e) == RC_OK)
		answer_message(c, 200, d->answer_id);
	else
		problem_err(c, &e);
}

void message_resolve_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct message m;
	struct decision d = { .c = c, .m = &m };
	struct str as;

	if (!body_json(c, &root) || !load(c, &m))
		return;
	as = json_get_str(root, "as");
	d.sent = str_eqc(as, "sent");
	d.resend = json_get_bool(root, "resend", false);
	if (!d.sent && !str_eqc(as, "not_sent")) {
		problem_field(c, 422, "as", "This has to be sent or not_sent.");
		return;
	}
	if (d.sent && d.resend) {
		problem_field(c, 422, "resend", "What was sent is not sent again.");
		return;
	}
	if (!is_at(&m, "unknown")) {
		problem(c, 409, "conflict", "The outcome of this message is not unknown.");
		return;
	}
	decide(c, &d);
}

void message_resend_post(struct call *c)
{
	struct message m;
	struct decision d = { .c = c, .m = &m, .resend = true };

	if (!load(c, &m))
		return;
	if (!is_at(&m, "done") || m.status != MESSAGE_FAILED) {
		problem(c, 409, "conflict",
			"Only a message that failed can be sent again; decide about one in doubt "
			"with "
			"resolve.");
		return;
	}
	decide(c, &d);
}

/* ---- at WhatsApp ---- */

struct act_job_new {
	const struct act_wanted *act;
};

static enum rc act_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct act_job_new *n = arg;

	return act_add(tx, n->act, e);
}

static bool act_want(struct call *c, const struct act_wanted *a)
{
	struct act_job_new n = { a };
	struct err e = { .rc = RC_OK };
	const char *why = act_refused(a, c->q->now_ms);

	if (why != NULL) {
		problem(c, 409, "not-possible", why);
		return false;
	}
	if (store_write(c->app->store, STORE_NORMAL, act_unit, &n, &e) == RC_OK)
		return true;
	problem_err(c, &e);
	return false;
}

static void act_on(struct call *c, enum act_kind kind, const struct message *m, struct str text)
{
	struct act_wanted a = { .kind = kind,
				.channel = config_channel(c->config, m->channel_id),
				.m = m,
				.text = text,
				.correlation = str_of(c->q->request_id) };
	char user[ID_TEXT_MAX];

	if (c->session.id != 0) {
		id_text(c->session.user_created_ms, c->session.user_id, user);
		a.user_id = str_of(user);
	}
	if (act_want(c, &a))
		answer_message(c, 202, m->id);
}

void message_read_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct message m;

	if (body_json(c, &root) && load(c, &m))
		act_on(c, json_get_bool(root, "typing", false) ? ACT_TYPING : ACT_READ, &m,
		       STR_NONE);
}

void message_revoke_post(struct call *c)
{
	struct message m;

	if (load(c, &m))
		act_on(c, ACT_REVOKE, &m, STR_NONE);
}

void message_edit_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	AUTO(sbuf_release) struct sbuf b = SBUF(WA_CONTENT_MAX);
	AUTO(json_freep) struct json *content = NULL;
	struct wa_content_bad bad = { "" };
	struct err e = { .rc = RC_OK };
	struct message m;
	struct str text;
	struct jsonw w;

	if (!body_json(c, &root) || !load(c, &m))
		return;
	text = json_kind(json_get(root, "text")) == JSON_OBJECT
		       ? json_str(json_path(root, "text.body"))
		       : json_get_str(root, "text");
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kstr(&w, "body", text);
	jsonw_end(&w);
	if (json_parse(sbuf_view(&b), &content, &e) != RC_OK ||
	    wa_content_check(STR("text"), content, &bad, &e) != RC_OK) {
		problem_field(c, 422, "text.body", e.text);
		return;
	}
	act_on(c, ACT_EDIT, &m, text);
}

/* The customer's newest message of a conversation, for receipts; false: there is none young enough. */
static bool newest_inbound(struct call *c, const struct conversation *v, struct message *ret)
{
	const struct message at = { .company_id = v->company_id, .conversation_id = v->id };
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	int64_t id;
	enum rc rc = message_plan_newest_inbound(db, &at, c->q->now_ms - ACT_READ_AGE_MS, &id, &e);

	if (rc == RC_OK)
		rc = message_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	return rc == RC_OK;
}

bool message_conversation_act(struct call *c, const struct conversation *v, bool typing)
{
	struct message m;
	struct act_wanted a = { .kind = typing ? ACT_TYPING : ACT_READ,
				.channel = config_channel(c->config, v->channel_id),
				.m = &m,
				.correlation = str_of(c->q->request_id) };

	if (newest_inbound(c, v, &m))
		return act_want(c, &a);
	problem(c, 409, "not-possible",
		"The customer has written nothing in the last 30 days that could be marked.");
	return false;
}

/* ---- shown with a message ---- */

static enum rc note_row(void *arg, int64_t at_ms, struct str actor, struct str note, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	jsonw_ktime(w, "at", at_ms);
	jsonw_kstr(w, "actor", actor);
	jsonw_kstr(w, "note", note);
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_other(struct db *db, int64_t id, const char *key, struct jsonw *w,
			   struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	struct message m = { 0 };
	enum rc rc = id > 0 ? message_load(db, id, &a, &m, e) : RC_ABSENT;

	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	view_id(w, key, m.created_at, m.id);
	return RC_OK;
}

enum rc message_write_plan(struct db *db, const struct message *m, struct jsonw *w, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	struct message_plan p;
	int64_t due_ms = 0;

	TRY(message_plan_load(db, m->id, &a, &p, e));
	if (is_at(m, "queued"))
		TRY(message_plan_due(db, m, &due_ms, e));
	jsonw_ktime(w, "send_at", due_ms);
	jsonw_ktime(w, "expires_at", p.expires_ms);
	jsonw_kraw(w, "fallback_template", p.fallback);
	TRY(write_other(db, p.attempt_of, "attempt_of", w, e));
	TRY(write_other(db, p.replaced_by, "replaced_by", w, e));
	TRY(write_other(db, p.twin_of, "suspected_duplicate_of", w, e));
	jsonw_karray(w, "notes");
	TRY(message_plan_notes(db, m->id, note_row, w, e));
	jsonw_end(w);
	return RC_OK;
}

/* ---- in doubt, as a list ---- */

struct unsettled {
	struct view view;
	struct cursor cursor;
};

static enum rc unsettled_row(void *arg, const struct message *m, struct err *e)
{
	struct unsettled *p = arg;

	jsonw_object(p->view.w);
	TRY(view_message(&p->view, m, e));
	jsonw_end(p->view.w);
	cursor_row(&p->cursor, m->id, m->id);
	return RC_OK;
}

bool message_unsettled(struct call *c)
{
	static const char *const STEPS[] = { "unknown", "sending" };
	struct unsettled p = { .view = { .config = c->config } };
	struct message_plan_filter f = { .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	struct str sending;
	struct jsonw w;
	enum rc rc;

	if (!query_str(c, "sending", &sending))
		return true;
	if (sending.p == NULL)
		return false;
	for (size_t i = 0; i < COUNT(STEPS); i++)
		f.sending = str_eqc(sending, STEPS[i]) ? STEPS[i] : f.sending;
	if (f.sending == NULL) {
		problem_field(c, 422, "sending", "This has to be unknown or sending.");
		return true;
	}
	if (!cursor_read(c, &p.cursor))
		return true;
	f.before_id = p.cursor.b;
	f.limit = (int)p.cursor.limit;
	p.view.w = &w;
	answer_rows_begin(c, &w);
	p.view.db = store_reader(c->app->store);
	rc = message_plan_unsettled(p.view.db, &f, unsettled_row, &p, &e);
	store_reader_done(c->app->store, p.view.db);
	cursor_rows_end(c, &p.cursor, &w, rc, &e);
	return true;
}
