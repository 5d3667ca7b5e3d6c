/* timeline.c - GET /api/v1/messages/{id}/timeline: all that is known to have happened to a message, in order of time:
 * the webhook, storing, each call to a peer with its answer, statuses, dead letters. */
#include "api/handlers.h"
#include "api/view.h"
#include "store/peer_call.h"
#include "store/delivery.h"

#define EVENTS_MAX  400
#define EVENT_BYTES (8 * KIB)

struct event {
	int64_t at_ms;
	int order; /* of two at the same time */
	struct str json;
};

struct timeline {
	struct arena *arena;
	struct event events[EVENTS_MAX];
	int n;
	/* the open one */
	struct sbuf text;
	struct jsonw w;
	int64_t at_ms;
};

static struct jsonw *begin(struct timeline *t, int64_t at_ms, const char *what)
{
	sbuf_reset(&t->text);
	t->at_ms = at_ms;
	jsonw_init(&t->w, &t->text);
	jsonw_object(&t->w);
	jsonw_ktime(&t->w, "at", at_ms);
	jsonw_ktext(&t->w, "what", what);
	return &t->w;
}

static void end(struct timeline *t)
{
	struct str json;

	jsonw_end(&t->w);
	if (t->n == EVENTS_MAX || t->at_ms <= 0 || !sbuf_ok(&t->text))
		return;
	json = arena_str(t->arena, sbuf_view(&t->text));
	if (json.p != NULL) {
		t->events[t->n] = (struct event){ t->at_ms, t->n, json };
		t->n++;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->order - y->order;
}

static enum rc add_webhook(struct timeline *t, struct db *db, int64_t delivery_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(2 * HOOK_BODY_MAX);
	struct delivery d;
	struct jsonw *w;
	enum rc rc;

	if (delivery_id == 0)
		return RC_OK;
	rc = delivery_load(db, delivery_id, &a, &d, e);
	if (rc == RC_ABSENT)
		return RC_OK; /* older than what is kept */
	TRY(rc);
	w = begin(t, d.received_ms, "webhook");
	view_id(w, "delivery_id", d.received_ms, d.id);
	jsonw_ktext(w, "source", d.source);
	jsonw_ktext(w, "signature", d.signature);
	jsonw_kstr(w, "request_id", d.request_id);
	jsonw_ki64(w, "body_size", (int64_t)d.body.n);
	end(t);
	return RC_OK;
}

static void add_message(struct timeline *t, const struct message *m)
{
	struct jsonw *w = begin(t, m->created_at, m->outbound ? "accepted_here" : "stored");

	jsonw_ktext(w, "source", m->source);
	jsonw_kstr(w, "sender_name", m->sender_name);
	jsonw_kstr(w, "correlation_id", m->correlation);
	jsonw_ktime(w, "provider_time", m->outbound ? 0 : m->timestamp);
	end(t);
	if (m->outbound && m->sending != NULL && strcmp(m->sending, "done") != 0) {
		w = begin(t, m->created_at, "now");
		jsonw_ktext(w, "sending", m->sending);
		jsonw_kraw(w, "error", m->error);
		end(t);
	}
}

static enum rc attempt_row(void *arg, const struct peer_call *a, struct err *e)
{
	struct timeline *t = arg;
	struct jsonw *w = begin(t, a->at_ms, "call");

	(void)e;
	jsonw_kstr(w, "target", a->target);
	jsonw_ki64(w, "took_ms", a->took_ms);
	jsonw_ki64(w, "status", a->status);
	jsonw_kstr(w, "class", a->class);
	jsonw_kstr(w, "answer", a->answer);
	end(t);
	return RC_OK;
}

/* At our time, which has milliseconds; the provider's often has whole seconds. */
static enum rc status_row(void *arg, const struct peer_call_status *s, struct err *e)
{
	struct timeline *t = arg;
	struct jsonw *w = begin(t, s->recorded_ms > 0 ? s->recorded_ms : s->at_ms, "status");

	(void)e;
	jsonw_kstr(w, "status", s->status);
	if (s->recipient.n > 0)
		jsonw_kstr(w, "recipient", s->recipient);
	jsonw_ktime(w, "provider_time", s->at_ms);
	jsonw_kraw(w, "error", s->error);
	end(t);
	return RC_OK;
}

static enum rc letter_row(void *arg, const struct peer_call_letter *l, struct err *e)
{
	struct timeline *t = arg;
	struct jsonw *w = begin(t, l->created_ms, "dead_letter");

	(void)e;
	view_id(w, "id", l->created_ms, l->id);
	jsonw_kstr(w, "queue", l->queue);
	jsonw_kstr(w, "class", l->class);
	jsonw_kstr(w, "reason", l->reason);
	jsonw_kstr(w, "error", l->error);
	end(t);
	return RC_OK;
}

static enum rc gather(struct call *c, struct timeline *t, struct db *db, int64_t created_ms,
		      int64_t id, struct err *e)
{
	struct message m;

	TRY(message_load(db, id, c->q->arena, &m, e));
	if (m.company_id != c->who.company_id || m.created_at != created_ms)
		return FAIL(e, RC_ABSENT, "There is no message with this id.");
	TRY(add_webhook(t, db, m.delivery_id, e));
	add_message(t, &m);
	TRY(peer_call_each(db, id, attempt_row, t, e));
	TRY(peer_call_statuses(db, id, status_row, t, e));
	return peer_call_letters(db, id, letter_row, t, e);
}

void message_timeline_get(struct call *c)
{
	struct timeline *t = arena_alloc(c->q->arena, sizeof(*t));
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;
	struct jsonw w;

	if (!param_id(c, 0, &created_ms, &id))
		return;
	if (t == NULL) {
		problem(c, 503, "busy", "No memory for this request.");
		return;
	}
	t->arena = c->q->arena;
	t->text.max = EVENT_BYTES;
	struct db *db = store_reader(c->app->store);
	enum rc rc = gather(c, t, db, created_ms, id, &e);
	store_reader_done(c->app->store, db);
	sbuf_release(&t->text);
	if (rc == RC_ABSENT) {
		problem(c, 404, "not-found", "There is no message with this id.");
		return;
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	qsort(t->events, (size_t)t->n, sizeof(t->events[0]), by_time);
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", created_ms, id);
	jsonw_karray(&w, "data");
	for (int i = 0; i < t->n; i++)
		jsonw_raw(&w, t->events[i].json);
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
