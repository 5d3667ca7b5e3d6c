/* stream.c - GET /api/v1/whatsapp/stream.
 *
 *   whatsapp_message  a customer wrote                 whatsapp_echo  something of ours goes out, or went from the phone
 *   status            what became of a message         conversation   its aggregate changed
 *   media             a message's file is here, or will not come
 *   alert             a person should know             reset          first event: the asked place is not kept any more
 *
 * Not kept, without an id (sse_shout): presence (presence.c), queue (flow/pulse.c), erased (erase.c).
 *
 * `id:` is the row of the event, so resuming is reading on. The source runs in the thread of io/sse.c. */
#include "api/stream.h"

#include "api/handlers.h"
#include "api/veil.h"
#include "api/view.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/queue/topic.h"

#define STREAM_ROWS  200
#define STREAM_BYTES (SSE_BUFFER_MAX / 2)
#define EVENT_ARENA  (1 * MIB)

static const char *const NAMES[TOPIC_COUNT] = {
	[TOPIC_INBOUND] = "whatsapp_message",
	[TOPIC_OUTBOUND_JOBS] = "whatsapp_echo",
	[TOPIC_ECHO] = "whatsapp_echo",
	[TOPIC_STATUS] = "status",
	[TOPIC_CONVERSATION] = "conversation",
	[TOPIC_ALERT] = "alert",
	[TOPIC_MEDIA] = "media",
};

struct feed {
	struct view view;
	struct sbuf *to;
	struct sbuf data; /* of one event */
	int64_t last;
	bool full;
};

static enum rc write_message(struct feed *f, const struct topic_event *ev, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(EVENT_ARENA);
	struct message m;

	TRY(message_load(f->view.db, ev->ref, &a, &m, e));
	TRY(view_message_event(&f->view, &m, e));
	jsonw_kstr(f->view.w, "correlation_id", ev->correlation);
	return RC_OK;
}

static enum rc write_conversation(struct feed *f, const struct topic_event *ev, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(EVENT_ARENA);
	struct conversation v;

	TRY(conversation_load(f->view.db, ev->okey, &a, &v, e));
	return view_conversation(&f->view, &v, e);
}

static enum rc write_data(struct feed *f, const struct topic_event *ev, struct err *e)
{
	struct jsonw w;

	f->view.w = &w;
	sbuf_reset(&f->data);
	jsonw_init(&w, &f->data);
	jsonw_object(&w);
	if (ev->topic == TOPIC_CONVERSATION)
		TRY(write_conversation(f, ev, e));
	else if (ev->topic != TOPIC_ALERT)
		TRY(write_message(f, ev, e));
	jsonw_ktime(&w, "event_at", ev->created_ms);
	if (ev->payload.n > 0)
		jsonw_kraw(&w, "payload", ev->payload);
	jsonw_end(&w);
	return RC_OK;
}

static void add_line(struct sbuf *to, const char *name, struct str value)
{
	sbuf_text(to, name);
	sbuf_str(to, value);
	sbuf_char(to, '\n');
}

/* A payload was written by us as one line; another would break the frame. */
static void one_line(struct sbuf *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->p[i] == '\n' || b->p[i] == '\r')
			b->p[i] = ' ';
	}
}

static enum rc event_row(void *arg, const struct topic_event *ev, struct err *e)
{
	struct feed *f = arg;
	const char *name = (unsigned)ev->topic < TOPIC_COUNT ? NAMES[ev->topic] : NULL;
	enum rc rc;

	if (f->to->n >= STREAM_BYTES) {
		f->full = true;
		return RC_LIMIT; /* ends the reading; what is there is sent */
	}
	if (name != NULL) {
		struct err missing = { .rc = RC_OK };

		rc = write_data(f, ev, &missing);
		if (rc == RC_IO)
			return FAIL(e, RC_IO, "%s", missing.text);
		if (rc == RC_OK && sbuf_ok(&f->data)) {
			one_line(&f->data);
			add_line(f->to, "event: ", str_of(name));
			sbuf_text(f->to, "id: ");
			sbuf_i64(f->to, ev->id);
			add_line(f->to, "\ndata: ", sbuf_view(&f->data));
			sbuf_char(f->to, '\n');
		} /* else: its message is gone (retention, erasure), there is nothing to tell */
	}
	f->last = ev->id;
	return RC_OK;
}

enum rc stream_source(void *arg, struct sse_filter filter, int64_t after_id, struct sbuf *to,
		      int64_t *ret_last, struct err *e)
{
	struct app *app = arg;
	AUTO(config_putp) const struct config *config = config_get(app);
	struct feed f = { .view = { .config = config },
			  .to = to,
			  .data = SBUF(SSE_BUFFER_MAX),
			  .last = after_id };
	size_t before = to->n;
	enum rc rc;

	f.view.db = store_reader(app->store);
	rc = topic_each_after(f.view.db, filter.company, after_id, STREAM_ROWS, event_row, &f, e);
	store_reader_done(app->store, f.view.db);
	sbuf_release(&f.data);
	if (rc != RC_OK && !f.full)
		return rc;
	if (filter.masked && to->n > before)
		veil_json(to->p + before, to->n - before);
	*ret_last = f.last;
	return RC_OK;
}

/* Another role is another stream: who listens comes again, and asks first what they may do now. A database that cannot be
 * read just now cuts nobody off. */
bool stream_alive(void *arg, struct sse_filter filter, int64_t pass)
{
	struct app *app = arg;
	struct err e = { .rc = RC_OK };
	struct session_rights now = { filter.rights, filter.masked };
	struct db *db = store_reader(app->store);
	enum rc rc = pass > 0 ? session_alive(db, pass, clock_now_ms(), &now, &e)
			      : token_alive(db, -pass, &e);

	store_reader_done(app->store, db);
	return rc != RC_ABSENT && now.masked == filter.masked && now.scopes == filter.rights;
}

/* Where to begin. `*ret_reset`: the asked place is not kept any more, or not of this database. */
static enum rc place(struct call *c, struct str asked, int64_t *ret_after, bool *ret_reset,
		     struct err *e)
{
	struct db *db = store_reader(c->app->store);
	int64_t last = 0, first = 0, after;
	enum rc rc = topic_last_id(db, &last, e);

	if (rc == RC_OK || rc == RC_ABSENT)
		rc = topic_first_id(db, &first, e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	*ret_reset = false;
	*ret_after = last;
	if (asked.p == NULL)
		return RC_OK;
	if (str_i64(asked, 0, INT64_MAX, &after) && after <= last &&
	    (first == 0 || after >= first - 1)) {
		*ret_after = after;
		return RC_OK;
	}
	*ret_reset = true;
	return RC_OK;
}

static void add_reset(struct sbuf *to, int64_t after)
{
	struct jsonw w;

	sbuf_text(to, "event: reset\nid: ");
	sbuf_i64(to, after);
	sbuf_text(to, "\ndata: ");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ktext(&w, "detail",
		    "Events before this one are not kept any more: load the lists again.");
	jsonw_end(&w);
	sbuf_text(to, "\n\n");
}

void stream_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct str asked = web_req_header(c->q, "Last-Event-ID");
	int64_t after = 0;
	bool reset = false;
	enum rc rc;

	if (asked.n == 0 && !query_str(c, "last_event_id", &asked))
		return;
	if (asked.n == 0)
		asked = STR_NONE;
	if (c->app->sse == NULL) {
		problem(c, 503, "busy", "Event streams are not served here.");
		return;
	}
	rc = place(c, asked, &after, &reset, &e);
	if (rc == RC_OK)
		rc = sse_accept(
			c->app->sse, c->r,
			(struct sse_filter){ c->who.company_id, c->who.masked, c->who.scopes },
			c->session.id != 0 ? c->session.id : -c->who.id, after, &e);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	if (reset)
		add_reset(&c->r->body, after);
}
