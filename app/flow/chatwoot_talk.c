/* chatwoot_talk.c - see chatwoot_talk.h. */
#include "flow/chatwoot_talk.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/called.h"
#include "flow/backoff.h"
#include "flow/outside.h"
#include "flow/posting.h"
#include "io/http.h"

#define PARK_MS  (5 * MINUTE_MS)
#define BODY_MAX (1 * MIB)

static enum rc load(struct talk *t, struct err *e)
{
	struct arena *a = &t->w->arena;
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = RC_OK;

	if (t->job->queue == QUEUE_SUPPORT_STATUS)
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
	struct http_header headers[2];
	struct err peer = { 0 };
	enum rc rc;

	if (!queue_renew(store_queues(t->w->app->store),
			 t->job)) /* many slow calls: another has the job now */
		return FAIL(e, RC_CONFLICT, "job %lld: the lease ended", (long long)t->job->id);
	p.base = t->target->url;
	p.account_id = t->target->account_id;
	TRY(chatwoot_url(call, &p, &url, e));
	headers[0] = (struct http_header){ "api_access_token",
					   arena_dup(&t->w->arena, t->target->token) };
	headers[1] = (struct http_header){ "Content-Type", "application/json" };
	rc = http_do(t->w->http,
		     &(struct http_request){ .method = chatwoot_method(call),
					     .url = sbuf_c(&url),
					     .headers = headers,
					     .header_count = 2,
					     .body = body,
					     .timeout_ms = t->target->timeout_ms },
		     &ans, &peer);
	chatwoot_answer_judge(&(struct chatwoot_answer){ .call = call,
							 .rc = rc,
							 .status = ans.status,
							 .body = sbuf_view(&ans.body),
							 .retry_after_ms = ans.retry_after_ms,
							 .tries = t->job->attempts + 1 },
			      &t->verdict);
	t->answer = arena_str(&t->w->arena, sbuf_view(&ans.body));
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

/* ---- contact and thread ---- */

/* "wa:5511...": how this person is known in the API inbox; stable, and never a LID in the phone number (R13). */
static struct str source_of(struct talk *t)
{
	return str_of(arena_printf(&t->w->arena, "wa:%.*s", STRF(t->conv.wa_id)));
}

/* E.164 has at most 15 digits; more are a LID's (R13), and user ids have letters: known by identifier only. */
static bool has_phone(const struct talk *t)
{
	struct str id = t->conv.wa_id;
	bool digits = id.n >= 2 && id.n <= 15;

	for (size_t i = 0; i < id.n && digits; i++)
		digits = id.p[i] >= '0' && id.p[i] <= '9';
	return digits;
}

/* A call that must succeed: RC_RETRY leaves the verdict for chatwoot_talk_settle. */
static enum rc must(struct talk *t, enum chatwoot_call call, const struct chatwoot_place *p,
		    struct str body, struct err *e)
{
	TRY(chatwoot_talk_call(t, call, p, body, e));
	return t->verdict.cls == CHATWOOT_DONE ? RC_OK : RC_RETRY;
}

/* The contact exists already (422 taken): find it by number or identifier and attach it to our inbox if needed. */
static enum rc reuse_contact(struct talk *t, struct str source, struct chatwoot_contact *ret,
			     struct err *e)
{
	static const char *const BY[] = { "phone_number", "identifier" };
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_contacts found = { 0 };

	for (size_t i = has_phone(t) ? 0 : 1; i < COUNT(BY) && found.count == 0; i++) {
		sbuf_reset(&body);
		TRY(chatwoot_contact_filter(BY[i], i == 0 ? t->conv.wa_id : source, &body, e));
		TRY(must(t, CHATWOOT_CONTACT_FILTER, &(struct chatwoot_place){ 0 },
			 sbuf_view(&body), e));
		TRY(chatwoot_answer_contacts(t->answer, t->target->inbox_id, &t->w->arena, &found,
					     e));
	}
	if (found.count == 0) {
		t->verdict = (struct chatwoot_verdict){
			.cls = CHATWOOT_RETRY,
			.retry_ms = -1,
			.text = "Chatwoot says the contact exists, but does not find it"
		};
		return RC_RETRY;
	}
	*ret = found.items[0];
	if (ret->source_id.n > 0)
		return RC_OK;
	sbuf_reset(&body);
	TRY(chatwoot_contact_inbox_new(t->target->inbox_id, source, &body, e));
	TRY(must(t, CHATWOOT_CONTACT_INBOX_CREATE,
		 &(struct chatwoot_place){ .contact_id = ret->id }, sbuf_view(&body), e));
	return chatwoot_answer_contact_inbox(t->answer, &t->w->arena, &ret->source_id, e);
}

static enum rc get_contact(struct talk *t, struct chatwoot_contact *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct str source = source_of(t);
	struct chatwoot_contact_new n = { .inbox_id = t->target->inbox_id,
					  .source_id = source,
					  .name = t->conv.contact_name.n > 0 ? t->conv.contact_name
									     : t->conv.wa_id,
					  .identifier = source,
					  .phone = has_phone(t) ? t->conv.wa_id : STR_NONE };

	TRY(chatwoot_contact_new(&n, &body, e));
	TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_CREATE, &(struct chatwoot_place){ 0 },
			       sbuf_view(&body), e));
	/* An earlier try may have made it: the same question answers both. */
	if (t->verdict.cls == CHATWOOT_REUSE)
		return reuse_contact(t, source, ret, e);
	if (t->verdict.cls != CHATWOOT_DONE)
		return RC_RETRY;
	TRY(chatwoot_answer_contact(t->answer, &t->w->arena, ret, e));
	if (ret->source_id.n == 0)
		ret->source_id = source;
	return RC_OK;
}

struct thread_work {
	int64_t id, contact_id, conversation_id;
	struct str source_id;
};

static enum rc thread_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct thread_work *w = arg;

	return conversation_set_chatwoot(tx, w->id, w->contact_id, w->conversation_id, w->source_id,
					 e);
}

/* An open thread of this contact in our inbox is used again: a try that timed out may have made it. */
static enum rc find_thread(struct talk *t, int64_t contact_id, int64_t *ret_id, struct err *e)
{
	struct chatwoot_conversations list;

	*ret_id = 0;
	TRY(must(t, CHATWOOT_CONTACT_CONVERSATIONS,
		 &(struct chatwoot_place){ .contact_id = contact_id }, STR_NONE, e));
	TRY(chatwoot_answer_conversations(t->answer, &t->w->arena, &list, e));
	for (size_t i = 0; i < list.count && *ret_id == 0; i++) {
		if (list.items[i].inbox_id == t->target->inbox_id)
			*ret_id = list.items[i].id;
	}
	return RC_OK;
}

static enum rc make_thread(struct talk *t, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_contact contact;
	struct thread_work w = { .id = t->conv.id };

	TRY(get_contact(t, &contact, e));
	TRY(find_thread(t, contact.id, &w.conversation_id, e));
	if (w.conversation_id == 0) {
		TRY(chatwoot_conversation_new(
			&(struct chatwoot_conversation_new){ .inbox_id = t->target->inbox_id,
							     .contact_id = contact.id,
							     .source_id = contact.source_id },
			&body, e));
		TRY(must(t, CHATWOOT_CONVERSATION_CREATE, &(struct chatwoot_place){ 0 },
			 sbuf_view(&body), e));
		TRY(chatwoot_answer_id(t->answer, &w.conversation_id, e));
	}
	w.contact_id = contact.id;
	w.source_id = contact.source_id;
	TRY(store_write(t->w->app->store, STORE_NORMAL, thread_unit, &w, e));
	t->conv.chatwoot_conversation_id = w.conversation_id;
	t->conv.chatwoot_contact_id = w.contact_id;
	t->conv.chatwoot_source_id = w.source_id;
	return RC_OK;
}

/* Somebody may have made it since we looked. */
static enum rc look_again(struct talk *t, struct err *e)
{
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = conversation_load(db, t->conv.id, &t->w->arena, &t->conv, e);

	store_reader_done(t->w->app->store, db);
	return rc;
}

enum rc chatwoot_talk_thread(struct talk *t, struct err *e)
{
	struct posting *posting = t->w->app->posting;
	enum rc rc;

	if (t->conv.chatwoot_conversation_id != 0)
		return RC_OK;
	if (!posting_try(posting, t->target->id, -t->conv.id)) {
		t->verdict = (struct chatwoot_verdict){ .cls = CHATWOOT_BACKOFF,
							.retry_ms = -1,
							.text = "the thread is just being made" };
		return RC_RETRY;
	}
	rc = look_again(t, e);
	if (rc == RC_OK && t->conv.chatwoot_conversation_id == 0)
		rc = make_thread(t, e);
	posting_end(posting, t->target->id, -t->conv.id);
	return rc;
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

static enum rc forget_thread(struct talk *t, struct err *e)
{
	struct thread_work w = { .id = t->conv.id };

	return store_write(t->w->app->store, STORE_NORMAL, thread_unit, &w, e);
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
		if (t->down)
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
