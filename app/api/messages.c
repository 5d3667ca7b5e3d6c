/* messages.c - sending and reading messages.
 *
 * A send is one unit: message, job and (with an Idempotency-Key) the answer. Whoever repeats the request with the
 * same key gets that answer again; two at once: one of them finds the other's key and gives its answer. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/message_content.h"
#include "api/message_new.h"
#include "api/view.h"
#include "base/ids.h"
#include "io/crypto.h"
#include "store/change.h"
#include "store/idem.h"

#define ANSWER_MAX (256 * KIB)

struct send_job {
	struct call *c;
	const struct send_new *message;
	struct idem idem; /* key none: no idempotency */
	struct sbuf answer;
	int64_t conversation_id; /* 0: not found yet */
	bool key_taken;
};

static enum rc answer_make(struct tx *tx, struct send_job *j, int64_t id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ANSWER_MAX);
	struct message m;
	struct jsonw w;
	struct view v = { .w = &w, .db = tx->db, .config = j->c->config };

	TRY(message_load(tx->db, id, &a, &m, e));
	jsonw_init(&w, &j->answer);
	jsonw_object(&w);
	TRY(view_message(&v, &m, e));
	jsonw_end(&w);
	return sbuf_ok(&j->answer) ? RC_OK : FAIL(e, RC_LIMIT, "the answer is too long");
}

static enum rc send_unit(struct tx *tx, void *arg, struct err *e)
{
	struct send_job *j = arg;
	int64_t id;
	enum rc rc;

	sbuf_reset(&j->answer); /* the unit may run again alone */
	TRY(send_add(tx, j->c->app, j->c->config, j->message, &id, &j->conversation_id, e));
	TRY(answer_make(tx, j, id, e));
	if (j->idem.key.p == NULL)
		return RC_OK;
	j->idem.status = 202;
	j->idem.answer = sbuf_view(&j->answer);
	rc = idem_add(tx, &j->idem, e);
	j->key_taken = rc == RC_CONFLICT;
	return rc;
}

static void answer_replayed(struct call *c, const struct idem *kept)
{
	sbuf_reset(&c->r->body);
	sbuf_str(&c->r->body, kept->answer);
	c->r->status = kept->status;
	c->r->content_type = "application/json";
	web_header(c->r, "Idempotency-Replayed", STR("true"));
}

/* True: this request was answered before (or its key belongs to another): done. */
static bool answered_before(struct call *c, const struct idem *asked)
{
	struct err e = { .rc = RC_OK };
	struct idem kept;
	struct db *db = store_reader(c->app->store);
	enum rc rc = idem_find(db, asked, c->q->arena, &kept, &e);

	store_reader_done(c->app->store, db);
	if (rc == RC_ABSENT)
		return false;
	if (rc == RC_OK)
		answer_replayed(c, &kept);
	else if (rc == RC_CONFLICT)
		problem(c, 409, "idempotency-conflict",
			"This Idempotency-Key was used with another body.");
	else
		problem_err(c, &e);
	return true;
}

static bool key_read(struct call *c, struct idem *ret, uint8_t hash[SHA256_BYTES])
{
	struct str key = web_req_header(c->q, "Idempotency-Key");

	*ret = (struct idem){ .token_id = c->who.id };
	if (key.p == NULL)
		return true;
	if (key.n == 0 || key.n > IDEMPOTENCY_KEY_MAX) {
		problem_field(c, 422, "Idempotency-Key", "A key has 1 to 255 characters.");
		return false;
	}
	crypto_sha256(c->q->body, hash);
	ret->key = key;
	ret->body_hash = str_n((const char *)hash, SHA256_BYTES);
	return true;
}

static void send_answer(struct call *c, struct send_job *j)
{
	struct err e = { .rc = RC_OK }, stop = { .rc = RC_OK };
	enum rc rc = store_write(c->app->store, STORE_NORMAL, send_unit, j, &e), stopped = RC_OK;

	if (rc == RC_REFUSED && j->conversation_id != 0)
		stopped = send_stop_automation(c->app, c->config, j->conversation_id, &stop);
	/* Absent: a thread that the refused unit would have made. */
	if (stopped != RC_OK && stopped != RC_ABSENT)
		e = stop;
	if (rc == RC_OK) {
		sbuf_reset(&c->r->body);
		sbuf_str(&c->r->body, sbuf_view(&j->answer));
		c->r->status = 202;
		c->r->content_type = "application/json";
	} else if (!j->key_taken || !answered_before(c, &j->idem)) {
		problem_err(c, &e);
	}
}

void message_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct send_job j = { .c = c, .answer = SBUF(ANSWER_MAX) };
	uint8_t hash[SHA256_BYTES];
	struct send_new m;

	if (__atomic_load_n(&c->app->disk_low, __ATOMIC_RELAXED)) {
		problem(c, 503, "disk-low",
			"The disk is nearly full: nothing new is taken in until there is room.");
		return;
	}
	if (!body_json(c, &root) || !key_read(c, &j.idem, hash))
		return;
	if (j.idem.key.p != NULL && answered_before(c, &j.idem))
		return;
	if (!message_new_read(c, root, &m) || !message_content_allowed(c, &m))
		return;
	j.message = &m;
	send_answer(c, &j);
	sbuf_release(&j.answer);
}

/* --- reading --- */

/* The history; the highest word of it is the rank, which a failure does not lower. */
struct history {
	struct jsonw *w;
	enum message_status rank;
};

static enum rc status_row(void *arg, const struct message_word *word, struct err *e)
{
	struct history *h = arg;
	enum message_status s;

	(void)e;
	if (message_status_parse(str_of(word->status), &s) &&
	    message_status_rank(s) > message_status_rank(h->rank))
		h->rank = s;
	jsonw_object(h->w);
	jsonw_ktext(h->w, "status", word->status);
	jsonw_ktime(h->w, "at", word->at_ms);
	jsonw_kstr(h->w, "recipient", word->recipient.n > 0 ? word->recipient : STR_NONE);
	jsonw_kraw(h->w, "error", word->error);
	jsonw_end(h->w);
	return RC_OK;
}

static enum rc change_row(void *arg, const struct change *ch, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	jsonw_ktext(w, "kind", ch->kind);
	jsonw_kstr(w, "actor", ch->actor.n > 0 ? ch->actor : STR_NONE);
	jsonw_ktime(w, "at", ch->at_ms);
	jsonw_kstr(w, "text", ch->text);
	jsonw_kstr(w, "before", ch->before);
	view_id(w, "by", ch->by_created_ms, ch->by_message);
	jsonw_end(w);
	return RC_OK;
}

static enum rc reaction_row(void *arg, const struct change *ch, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	jsonw_kstr(w, "emoji", ch->text);
	jsonw_kstr(w, "actor", ch->actor.n > 0 ? ch->actor : STR_NONE);
	jsonw_ktime(w, "at", ch->at_ms);
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_reactions(struct db *db, int64_t id, struct jsonw *w, struct err *e)
{
	jsonw_karray(w, "reactions");
	TRY(change_each_reaction(db, id, reaction_row, w, e));
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_history(struct db *db, const struct message *m, struct jsonw *w, struct err *e)
{
	struct history h = { .w = w,
			     .rank = m->status == MESSAGE_FAILED ? MESSAGE_PENDING : m->status };

	jsonw_karray(w, "statuses");
	TRY(message_status_each(db, m->id, status_row, &h, e));
	jsonw_end(w);
	jsonw_ktext(w, "rank", message_status_text(h.rank));
	jsonw_karray(w, "changes");
	TRY(change_each(db, m->id, change_row, w, e));
	jsonw_end(w);
	return write_reactions(db, m->id, w, e);
}

static enum rc message_write(struct call *c, struct db *db, int64_t created_ms, int64_t id,
			     struct err *e)
{
	struct message m;
	struct jsonw w;
	struct view v = { .w = &w, .db = db, .config = c->config };

	TRY(message_load(db, id, c->q->arena, &m, e));
	if (m.company_id != c->who.company_id || m.created_at != created_ms)
		return FAIL(e, RC_ABSENT, "There is no message with this id.");
	answer_begin(c, &w);
	jsonw_object(&w);
	TRY(view_message(&v, &m, e));
	TRY(message_write_plan(db, &m, &w, e));
	TRY(write_history(db, &m, &w, e));
	jsonw_end(&w);
	answer_json(c, 200, &w);
	return RC_OK;
}

void message_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;
	struct db *db;

	if (!param_id(c, 0, &created_ms, &id))
		return;
	db = store_reader(c->app->store);
	enum rc rc = message_write(c, db, created_ms, id, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no message with this id.");
	else if (rc != RC_OK)
		problem_err(c, &e);
}

struct message_page {
	struct jsonw w; /* view.w */
	struct view view;
	struct cursor cursor;
	struct message_filter filter;
};

static enum rc message_row(void *arg, const struct message *m, struct err *e)
{
	struct message_page *p = arg;

	jsonw_object(p->view.w);
	TRY(view_message(&p->view, m, e));
	TRY(write_reactions(p->view.db, m->id, p->view.w, e));
	jsonw_end(p->view.w);
	cursor_row(&p->cursor, m->timestamp, m->id);
	return RC_OK;
}

static enum rc page_end(struct call *c, struct message_page *p)
{
	jsonw_end(&p->w);
	cursor_next(&p->cursor, &p->w);
	cursor_prev(&p->cursor, &p->w);
	jsonw_end(&p->w);
	answer_json(c, 200, &p->w);
	return RC_OK;
}

static enum rc page_write(struct call *c, struct message_page *p, struct err *e)
{
	struct message_filter f = p->filter;

	f.company_id = c->who.company_id;
	f.before_ts = p->cursor.a;
	f.before_id = p->cursor.b;
	f.limit = (int)p->cursor.limit;
	p->view.w = &p->w;
	answer_rows_begin(c, &p->w);
	TRY(message_each(p->view.db, &f, message_row, p, e));
	return page_end(c, p);
}

static void page_answer(struct call *c, struct message_page *p)
{
	struct err e = { .rc = RC_OK };

	p->view.db = store_reader(c->app->store);
	enum rc rc = page_write(c, p, &e);
	store_reader_done(c->app->store, p->view.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

/* Of a time: `from` is in it, `to` is not; each may be left out. A direction is looked for in a time only. */
static bool time_read(struct call *c, struct message_filter *f)
{
	static const char *const DIRECTIONS[] = { "inbound", "outbound" };
	struct str direction;

	if (!query_time(c, "from", &f->from_ms) || !query_time(c, "to", &f->to_ms) ||
	    !query_str(c, "direction", &direction))
		return false;
	if (f->to_ms != 0 && f->to_ms <= f->from_ms) {
		problem_field(c, 422, "to", "A range needs from and a later to.");
		return false;
	}
	for (size_t i = 0; i < COUNT(DIRECTIONS); i++)
		f->direction = str_eqc(direction, DIRECTIONS[i]) ? DIRECTIONS[i] : f->direction;
	if (direction.n > 0 && f->direction == NULL) {
		problem_field(c, 422, "direction", "This has to be inbound or outbound.");
		return false;
	}
	if (f->to_ms == 0 && (f->from_ms != 0 || f->direction != NULL))
		f->to_ms = INT64_MAX;
	return true;
}

void message_list(struct call *c)
{
	struct message_page p = { .view = { .config = c->config } };

	if (!message_unsettled(c) && cursor_read(c, &p.cursor) && time_read(c, &p.filter))
		page_answer(c, &p);
}

/* The page of newer messages in front of a place: read oldest first, given newest first as all pages. */
static enum rc newer_write(struct call *c, struct message_page *p, const struct message_place *at,
			   struct err *e)
{
	int64_t *ids = arena_alloc(c->q->arena, (size_t)p->cursor.limit * sizeof(*ids));
	int n;

	if (ids == NULL)
		return FAIL(e, RC_LIMIT, "no memory for this page");
	TRY(message_newer(p->view.db, at, (int)p->cursor.limit, ids, &n, e));
	p->view.w = &p->w;
	answer_rows_begin(c, &p->w);
	while (n-- > 0) {
		AUTO(arena_release) struct arena a = ARENA(ANSWER_MAX);
		struct message m;

		TRY(message_load(p->view.db, ids[n], &a, &m, e));
		TRY(message_row(p, &m, e));
	}
	return page_end(c, p);
}

/* `from`: the page begins with this message. False: answered. */
static bool from_read(struct call *c, int64_t conversation_id, struct message_page *p)
{
	struct err e = { .rc = RC_OK };
	struct message m = { 0 };
	int64_t created_ms, id;
	struct str from;
	struct db *db;
	enum rc rc = RC_ABSENT;

	if (!query_str(c, "from", &from))
		return false;
	if (from.n == 0)
		return true;
	if (id_parse(from, &created_ms, &id)) {
		db = store_reader(c->app->store);
		rc = message_load(db, id, c->q->arena, &m, &e);
		store_reader_done(c->app->store, db);
	}
	if (rc != RC_OK || m.conversation_id != conversation_id || m.created_at != created_ms) {
		problem_field(c, 422, "from", "There is no such message in this conversation.");
		return false;
	}
	p->cursor.a = m.timestamp;
	p->cursor.b = m.id + 1;
	return true;
}

void message_of_conversation(struct call *c, int64_t conversation_id)
{
	struct message_page p = { .view = { .config = c->config } };
	struct message_place at = { c->who.company_id, conversation_id, 0, 0 };
	struct err e = { .rc = RC_OK };

	if (!cursor_read(c, &p.cursor) || !cursor_query(c, "before", &at.ts, &at.id) ||
	    !from_read(c, conversation_id, &p))
		return;
	if (at.id == 0) {
		p.filter.conversation_id = conversation_id;
		page_answer(c, &p);
		return;
	}
	p.view.db = store_reader(c->app->store);
	enum rc rc = newer_write(c, &p, &at, &e);
	store_reader_done(c->app->store, p.view.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}
