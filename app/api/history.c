/* history.c - a day of a queue, minute by minute. */
#include "api/handlers.h"
#include "api/queue_json.h"
#include "store/queue/queue_history.h"

#define MINUTES_MAX 1440

struct history {
	struct jsonw w;
	struct queue_minute before;
	bool any;
};

/* What happened in a minute is the difference of two rows. After a gap (the box was away) it is that of the gap. */
static enum rc minute_row(void *arg, const struct queue_minute *m, struct err *e)
{
	struct history *h = arg;

	(void)e;
	if (h->any) {
		jsonw_object(&h->w);
		jsonw_ktime(&h->w, "at", m->minute * MINUTE_MS);
		jsonw_ki64(&h->w, "minutes", m->minute - h->before.minute);
		jsonw_ki64(&h->w, "accepted", m->accepted - h->before.accepted);
		jsonw_ki64(&h->w, "done", m->done - h->before.done);
		jsonw_ki64(&h->w, "failed", m->failed - h->before.failed);
		jsonw_ki64(&h->w, "dead", m->dead);
		jsonw_ki64(&h->w, "waiting", m->waiting);
		jsonw_ki64(&h->w, "oldest_ms", m->oldest_ms);
		jsonw_end(&h->w);
	}
	h->before = *m;
	h->any = true;
	return RC_OK;
}

void queue_history_get(struct call *c)
{
	struct history h = { .any = false };
	struct err e = { .rc = RC_OK };
	int64_t minutes;
	enum queue_id q;

	if (!queue_json_param(c, &q) || !query_i64(c, "minutes", 180, 1, MINUTES_MAX, &minutes))
		return;
	answer_begin(c, &h.w);
	jsonw_object(&h.w);
	jsonw_ktext(&h.w, "queue", queue_name(q));
	jsonw_karray(&h.w, "data");
	struct db *db = store_reader(c->app->store);
	enum rc rc =
		queue_history_each(db, q, c->q->now_ms / MINUTE_MS - minutes, minute_row, &h, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&h.w);
	jsonw_end(&h.w);
	answer_json(c, 200, &h.w);
}
