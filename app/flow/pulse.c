/* pulse.c - see pulse.h. */
#include "flow/pulse.h"

#include "base/log.h"
#include "io/jsonw.h"
#include "io/sse.h"
#include "store/queue/queue_history.h"

static void queue_write(struct app *app, enum queue_id q, int64_t now_ms, struct jsonw *w)
{
	struct queue_counts n;

	queue_get_counts(store_queues(app->store), q, now_ms, &n);
	jsonw_object(w);
	jsonw_ktext(w, "name", queue_name(q));
	jsonw_ktext(w, "state", n.state);
	jsonw_ki64(w, "waiting", n.waiting);
	jsonw_ki64(w, "delayed", n.delayed);
	jsonw_ki64(w, "running", n.running);
	jsonw_ki64(w, "done", n.done);
	jsonw_ki64(w, "failed", n.failed);
	jsonw_ki64(w, "dead", n.dead);
	jsonw_ktime(w, "oldest_at", n.oldest_ms);
	jsonw_end(w);
}

static void tell(struct app *app, int64_t now_ms)
{
	AUTO(sbuf_release) struct sbuf frame = SBUF(SSE_SHOUT_MAX);
	struct jsonw w;
	uint64_t hash;

	sbuf_text(&frame, "event: queue\ndata: ");
	jsonw_init(&w, &frame);
	jsonw_object(&w);
	jsonw_karray(&w, "data");
	for (int q = 0; q < QUEUE_COUNT; q++)
		queue_write(app, (enum queue_id)q, now_ms, &w);
	jsonw_end(&w);
	jsonw_end(&w);
	sbuf_text(&frame, "\n\n");
	hash = str_hash(sbuf_view(&frame));
	if (!sbuf_ok(&frame) || hash == app->pulse_hash)
		return;
	app->pulse_hash = hash;
	sse_shout(app->sse, 0, sbuf_view(&frame));
}

static enum rc minute_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *minute = arg;

	return queue_history_add(tx, *minute, e);
}

void pulse_one(struct app *app, int64_t now_ms)
{
	int64_t minute = now_ms / MINUTE_MS;
	struct err e = { .rc = RC_OK };

	if (app->sse != NULL && sse_clients(app->sse) > 0)
		tell(app, now_ms);
	if (app->pulse_minute == minute || __atomic_load_n(&app->disk_low, __ATOMIC_RELAXED))
		return;
	app->pulse_minute = minute;
	if (store_write(app->store, STORE_NORMAL, minute_unit, &minute, &e) != RC_OK)
		log_err(LOG_WARN, "pulse.minute_not_kept", &e);
}
