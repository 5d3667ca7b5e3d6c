/* chatwoot_talk.c - see chatwoot_talk.h. */
#include "flow/chatwoot/chatwoot_talk.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/outside/called.h"
#include "flow/outside/backoff.h"
#include "flow/outside/outside.h"
#include "flow/outside/posting.h"
#include "io/http.h"

#define PARK_MS  (5 * MINUTE_MS)
#define BODY_MAX (1 * MIB)
/* A file: as long as it takes, as long as bytes flow. */
#define FORM_MS   (10 * MINUTE_MS)
#define SPEED_MIN 1024
#define SPEED_S   30
/* After so many waits for an answer while other calls do get one, it is this message that makes Chatwoot hang. */
#define HUNG_MAX 20

static enum rc load(struct talk *t, struct err *e)
{
	struct arena *a = &t->w->arena;
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = RC_OK;

	if (t->job->queue == QUEUE_SUPPORT_STATUS || t->job->queue == QUEUE_SUPPORT_FILE)
		t->event.ref = t->job->ref; /* refers to the message itself */
	else
		rc = topic_load(db, t->job->ref, a, &t->event, e);
	if (rc == RC_OK)
		rc = message_load(db, t->event.ref, a, &t->m, e);
	if (rc == RC_OK)
		rc = conversation_load(db, t->m.conversation_id, a, &t->conv, e);
	store_reader_done(t->w->app->store, db);
	return rc;
}

enum rc chatwoot_talk_begin(struct talk *t, struct err *e)
{
	int64_t until;
	enum rc rc;

	t->target = config_chatwoot(t->config, t->job->lane);
	if (t->target == NULL || t->target->url.n == 0) { /* switched off since */
		TRY(work_done(t->w, t->job, e));
		return RC_ABSENT;
	}
	rc = load(t, e);
	if (rc == RC_ABSENT) {
		TRY(work_dead(t->w, t->job, "ours", "gone",
			      "the message or its event is not there any more", e));
		return RC_ABSENT;
	}
	TRY(rc);
	log_set_request(t->m.correlation.n > 0 ? arena_dup(&t->w->arena, t->m.correlation) : "");
	if (outside_begin(t->w->app, t->target->id, t->now_ms, &until) != RC_OK) {
		/* Not until then: the gate holds it, and may open earlier. */
		queue_hold(store_queues(t->w->app->store), t->job,
			   i64_min(until, t->now_ms + SECOND_MS));
		return RC_ABSENT;
	}
	return RC_OK;
}

bool chatwoot_talk_ran_before(const struct talk *t)
{
	const struct job *j = t->job;

	return j->attempts > 0 || j->snoozes > 0 || j->recovered ||
	       (t->event.created_ms != 0 && j->created_ms != t->event.created_ms);
}

static bool peer_works(enum chatwoot_class cls)
{
	switch (cls) {
	case CHATWOOT_DONE:
	case CHATWOOT_REUSE:
	case CHATWOOT_BACKOFF:
	case CHATWOOT_GONE:
	case CHATWOOT_REJECTED:
	case CHATWOOT_PARK:
		return true;
	case CHATWOOT_RETRY:
	case CHATWOOT_UNKNOWN:
		return false;
	case CHATWOOT_CLASSES:
		break;
	}
	BUG("unknown class");
}

enum rc chatwoot_talk_call(struct talk *t, enum chatwoot_call call,
			   const struct chatwoot_place *place, struct str body, struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	struct chatwoot_place p = *place;
	struct http_answer ans = HTTP_ANSWER;
	const struct http_form *form = t->form;
	struct http_header headers[2];
	struct err peer = { 0 };
	enum rc rc;

	t->form = NULL;
	if (!queue_renew(store_queues(t->w->app->store),
			 t->job)) /* many slow calls: another has the job now */
		return FAIL(e, RC_CONFLICT, "job %lld: the lease ended", (long long)t->job->id);
	p.base = t->target->url;
	p.account_id = t->target->account_id;
	TRY(chatwoot_url(call, &p, &url, e));
	headers[0] = (struct http_header){ "api_access_token",
					   t->as_token != NULL
						   ? t->as_token
						   : arena_dup(&t->w->arena, t->target->token) };
	headers[1] = (struct http_header){ "Content-Type", "application/json" };
	rc = http_do(t->w->http,
		     &(struct http_request){ .method = chatwoot_method(call),
					     .url = sbuf_c(&url),
					     .headers = headers,
					     .header_count = form != NULL ? 1 : 2,
					     .body = body,
					     .form = form,
					     .low_speed_bytes = form != NULL ? SPEED_MIN : 0,
					     .low_speed_s = form != NULL ? SPEED_S : 0,
					     .timeout_ms = form != NULL ? FORM_MS
									: t->target->timeout_ms },
		     &ans, &peer);
	chatwoot_answer_judge(&(struct chatwoot_answer){ .call = call,
							 .rc = rc,
							 .status = ans.status,
							 .body = sbuf_view(&ans.body),
							 .retry_after_ms = ans.retry_after_ms,
							 .tries = t->job->attempts + 1 },
			      &t->verdict);
	if (form != NULL && (rc == RC_IO || rc == RC_CONFLICT)) { /* our own file or lease */
		outside_forget(t->w->app, t->target->id);
		http_answer_release(&ans);
		return FAIL(e, rc, "%s", peer.text);
	}
	t->answer = arena_str(&t->w->arena, sbuf_view(&ans.body));
	t->hung = rc == RC_UNKNOWN;
	t->down = rc == RC_RETRY || (rc == RC_OK && ans.status >= 502 && ans.status <= 504);
	log_event(LOG_DEBUG, "chatwoot.called", "call", chatwoot_method(call), "class",
		  chatwoot_answer_class_name(t->verdict.cls), "status", LOG_I64(ans.status), "ms",
		  LOG_I64(ans.duration_ms), NULL);
	called_note(t->w,
		    &(struct called_peer){ .message_id = t->m.id,
					   .kind = "chatwoot",
					   .slug = t->target->slug,
					   .class = chatwoot_answer_class_name(t->verdict.cls),
					   .rc = rc,
					   .why = &peer },
		    &ans, clock_now_ms());
	http_answer_release(&ans);
	if (t->verdict.cls !=
	    CHATWOOT_PARK) /* settling it stops the target: its incident must not close in between */
		outside_end(t->w->app, t->target->id, peer_works(t->verdict.cls), t->verdict.text,
			    clock_now_ms());
	return RC_OK;
}

/* ---- verdicts ---- */

struct snooze_work {
	const struct job *job;
	int64_t due_ms;
	const char *why;
};

static enum rc snooze_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct snooze_work *w = arg;

	return queue_snooze(tx, w->job, w->due_ms, w->why, e);
}

static enum rc snooze(struct talk *t, int64_t wait_ms, struct err *e)
{
	struct snooze_work w = { .job = t->job,
				 .why = t->verdict.text,
				 .due_ms = t->now_ms + wait_ms };

	return store_write(t->w->app->store, STORE_NORMAL, snooze_unit, &w, e);
}

static enum rc slow_down(struct talk *t, struct err *e)
{
	return snooze(t,
		      backoff_ms(1, 1000, JOB_RETRY_CAP_MS, work_random(t->w), t->verdict.retry_ms),
		      e);
}

/* Weather, not this message's fault (R14): no attempt is burned, however long it lasts. The breaker's rhythm. */
static enum rc wait_for_peer(struct talk *t, struct err *e)
{
	return snooze(t,
		      backoff_ms(t->job->attempts + t->job->snoozes + 1, BREAKER_COOL_MS,
				 BREAKER_COOL_CAP_MS, work_random(t->w), -1),
		      e);
}

/* A message that alone gets no answer, time and again, while Chatwoot answers others. */
static bool hangs_alone(struct talk *t)
{
	struct outside_view v;

	return t->job->snoozes >= HUNG_MAX && outside_view_get(t->w->app, t->target->id, &v) &&
	       v.state == BREAKER_CLOSED;
}

static enum rc forget_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct talk *t = arg;

	return conversation_set_chatwoot(tx, t->conv.id, 0, 0, STR_NONE, e);
}

static enum rc forget_thread(struct talk *t, struct err *e)
{
	return store_write(t->w->app->store, STORE_NORMAL, forget_unit, t, e);
}

enum rc chatwoot_talk_settle(struct talk *t, struct err *e)
{
	const char *why = t->verdict.text;

	switch (t->verdict.cls) {
	case CHATWOOT_DONE:
		return work_done(t->w, t->job, e);
	case CHATWOOT_GONE: /* deleted there: the next try makes a new thread */
		TRY(forget_thread(t, e));
		return work_retry(t->w, t->job, t->now_ms, -1, "gone", why, e);
	case CHATWOOT_RETRY:
	case CHATWOOT_REUSE:
	case CHATWOOT_UNKNOWN: /* the next try asks for the list first (R7) */
		if (t->down || (t->hung && !hangs_alone(t)))
			return wait_for_peer(t, e);
		return work_retry(t->w, t->job, t->now_ms, t->verdict.retry_ms, "chatwoot", why, e);
	case CHATWOOT_BACKOFF:
		return slow_down(t, e);
	case CHATWOOT_PARK:
		outside_stop(t->w->app, t->target->id, t->now_ms + PARK_MS, why, t->now_ms);
		queue_hold(store_queues(t->w->app->store), t->job,
			   t->now_ms); /* the gate holds it: a resume counts at once */
		return RC_OK;
	case CHATWOOT_REJECTED:
		return work_dead(t->w, t->job, "theirs", "rejected", why, e);
	case CHATWOOT_CLASSES:
		break;
	}
	BUG("unknown class");
}
