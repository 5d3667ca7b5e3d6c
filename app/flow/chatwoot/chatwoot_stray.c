/* chatwoot_stray.c - see chatwoot_stray.h. */
#include "flow/chatwoot/chatwoot_stray.h"

#include "base/log.h"
#include "flow/chatwoot/chatwoot_talk.h"
#include "flow/ingest/ingest.h"
#include "flow/outside/outside.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/chatwoot/chatwoot_gate.h"
#include "peer/chatwoot/chatwoot_text.h"
#include "store/chatwoot/chatwoot_mark.h"

#define BODY_MAX (4 * KIB)

static enum rc make_failed(struct tx *tx, const struct chatwoot_agent *s, struct err *e)
{
	struct chatwoot_link l = { .target_id = s->target->id,
				   .chatwoot_message_id = s->ev->message_id,
				   .parts = 1 };
	enum rc rc = chatwoot_link_load(tx->db, &l, e);

	if (rc == RC_ABSENT)
		rc = message_link_chatwoot(tx, l.target_id, l.chatwoot_message_id, 0, "agent", e);
	TRY(rc);
	l.failed_ms = tx->now_ms;
	return chatwoot_link_put(tx, &l, e);
}

enum rc chatwoot_stray_take(struct tx *tx, const struct chatwoot_agent *s, const char *why,
			    struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(BODY_MAX);
	struct job_new n = { .queue = QUEUE_SUPPORT_AGENT,
			     .prio = PRIO_HIGH,
			     .lane = s->target->id,
			     .correlation = s->correlation };
	struct jsonw w;
	int64_t id;

	TRY(make_failed(tx, s, e));
	jsonw_init(&w, &payload);
	jsonw_object(&w);
	jsonw_ki64(&w, "conversation_id", s->ev->conversation_id);
	jsonw_ki64(&w, "message_id", s->ev->message_id);
	jsonw_ktext(&w, "why", why);
	jsonw_end(&w);
	n.payload = sbuf_view(&payload);
	return queue_add(tx, &n, &id, e);
}

/* ---- the job ---- */

struct ending {
	const struct talk *t;
	const struct chatwoot_link *l;
};

/* Retry was pressed and the message went, but "failed" may have come to Chatwoot behind it: its state is told anew. */
static enum rc overtaken_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	const struct ending *end = arg;
	struct message m;
	enum rc rc = message_load(tx->db, end->l->message_id, &a, &m, e);

	if (rc == RC_ABSENT) { /* erased meanwhile: there is no state to tell */
		err_clear(e);
		return queue_done(tx, end->t->job, e);
	}
	TRY(rc);
	TRY(chatwoot_mark_told(tx, m.id, "failed", e));
	TRY(chatwoot_status_wanted(tx, &m, e));
	return queue_done(tx, end->t->job, e);
}

/* RC_ABSENT: it is not the stray any more that was to be told of; the job is done. */
static enum rc look(const struct talk *t, int64_t chatwoot_message_id, struct err *e)
{
	struct chatwoot_link l = { .target_id = t->target->id,
				   .chatwoot_message_id = chatwoot_message_id };
	struct ending end = { t, &l };
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = chatwoot_link_load(db, &l, e);

	store_reader_done(t->w->app->store, db);
	if (rc == RC_OK && l.failed_ms != 0 && l.message_id == 0 && l.deleted_ms == 0)
		return RC_OK;
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	if (rc == RC_OK && l.message_id != 0)
		TRY(store_write(t->w->app->store, STORE_NORMAL, overtaken_unit, &end, e));
	else
		TRY(work_done(t->w, t->job, e));
	return RC_ABSENT;
}

static enum rc tell(struct talk *t, const struct json *said, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX), why = SBUF(BODY_MAX);
	const struct chatwoot_place place = { .conversation_id =
						      json_get_i64_or(said, "conversation_id", 0),
					      .message_id =
						      json_get_i64_or(said, "message_id", 0) };

	enum rc rc;

	chatwoot_text_reason(t->target->lang, json_get_str(said, "why"), &why);
	TRY(chatwoot_message_status(STR("failed"), sbuf_view(&why), &body, e));
	TRY(chatwoot_talk_call(t, CHATWOOT_MESSAGE_STATUS, &place, sbuf_view(&body), e));
	if (t->verdict.cls == CHATWOOT_DONE) {
		rc = look(t, place.message_id, e); /* pressed while the call was under way? */
		return rc == RC_ABSENT ? RC_OK : rc == RC_OK ? work_done(t->w, t->job, e) : rc;
	}
	if (t->verdict.cls == CHATWOOT_GONE) /* deleted there meanwhile */
		return work_done(t->w, t->job, e);
	return chatwoot_talk_settle(t, e);
}

enum rc chatwoot_stray_job(struct worker *w, const struct job *job, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	AUTO(json_freep) struct json *said = NULL;
	struct talk t = { .w = w,
			  .job = job,
			  .config = config,
			  .now_ms = now_ms,
			  .target = config_chatwoot(config, job->lane) };
	struct job_text text;
	struct db *db;
	int64_t until;
	enum rc rc;

	if (t.target == NULL || t.target->url.n == 0 ||
	    !chatwoot_gate_open(CHATWOOT_GATE_STATUS, t.target->version))
		return work_done(w, job, e);
	db = store_reader(w->app->store);
	rc = queue_text(db, job->id, &w->arena, &text, e);
	store_reader_done(w->app->store, db);
	TRY(rc);
	if (json_parse(text.payload, &said, NULL) != RC_OK)
		return work_dead(w, job, "ours", "unreadable", "the job cannot be read", e);
	rc = look(&t, json_get_i64_or(said, "message_id", 0), e);
	if (rc != RC_OK)
		return rc == RC_ABSENT ? RC_OK : rc;
	log_set_request(text.correlation.n > 0 ? arena_dup(&w->arena, text.correlation) : "");
	if (outside_begin(w->app, t.target->id, now_ms, &until) != RC_OK) {
		queue_hold(store_queues(w->app->store), job, i64_min(until, now_ms + SECOND_MS));
		return RC_OK;
	}
	return tell(&t, said, e);
}
