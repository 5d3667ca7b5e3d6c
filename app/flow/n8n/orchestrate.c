/* orchestrate.c - orchestrator-inbound: a customer's message goes to n8n; its answers become messages.
 *
 * n8n is slow and forgetful (chatwoot-n8n-evolution.md 2.3): only an answer with our id counts. The answers and the
 * end of the job are one transaction, so that an answer that comes twice is sent once. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/outside/called.h"
#include "flow/outside/backoff.h"
#include "flow/handlers.h"
#include "flow/n8n/orchestrate.h"
#include "flow/n8n/orchestrate_body.h"
#include "flow/outside/outside.h"
#include "flow/send/send.h"
#include "io/crypto.h"
#include "io/http.h"
#include "store/conversation/conversation_automatic.h"
#include "store/incident.h"

#define PARK_MS      (5 * MINUTE_MS)
#define STOP_LOOK_MS MINUTE_MS /* a person may end the stop earlier */

struct asking {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct n8n_target *target;
	struct orchestrate_subject s;
	int64_t now_ms;
	struct n8n_verdict verdict;
	struct orchestrate_answer answer;
	struct orchestrate_done done;
	struct conversation_automatic before; /* it was asked */
	int64_t asked_ms;
	struct err wrong; /* the part of its answer that cannot be done; else RC_OK */
	bool unsent;      /* n8n was not reached */
	bool flood;       /* more questions than people have: they would be paced for ever */
	bool ran;         /* and answered something that counts for nothing */
};

static enum rc ask(struct asking *s, struct str body, struct http_answer *ans, struct err *e)
{
	struct http_header headers[2] = { { "Content-Type", "application/json" } };
	size_t count = 1;
	enum rc rc = n8n_target_header(s->target, s->now_ms, &s->w->arena, &headers[1].name,
				       &headers[1].value, e);

	if (rc == RC_OK)
		count++;
	else if (rc != RC_ABSENT)
		return rc;
	return http_do(s->w->http,
		       &(struct http_request){ .method = "POST",
					       .url = arena_dup(&s->w->arena, s->target->url),
					       .headers = headers,
					       .header_count = count,
					       .body = body,
					       .timeout_ms = s->target->timeout_ms },
		       ans, e);
}

/* ---- the answer ---- */

/* What n8n said cannot be done, or not all of it: a person is told, because the workflow never hears of it. */
static enum rc tell_wrong(struct tx *tx, void *arg, struct err *e)
{
	const struct asking *s = arg;
	char subject[TARGET_SLUG_MAX + 8];

	(void)snprintf(subject, sizeof(subject), "n8n.%s", s->target->slug);
	return incident_raise(tx, INCIDENT_ANSWER_WRONG, subject,
			      &(struct incident_args){ { s->wrong.text } }, e);
}

static enum rc answers_unit(struct tx *tx, void *arg, struct err *e)
{
	struct asking *s = arg;

	TRY(orchestrate_apply(tx, s->w->app, s->config, &s->answer, &s->done, e));
	if (s->wrong.rc != RC_OK && !s->done.duplicate)
		TRY(tell_wrong(tx, s, e));
	return queue_done(tx, s->job, e);
}

static enum rc parse_actions(struct asking *s, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	if (s->verdict.actions.n == 0)
		return RC_OK;
	TRY(json_parse(s->verdict.actions, &root, e));
	return n8n_actions_read(root, &s->w->arena, &s->answer.actions, e);
}

/* What is wrong ends the answer: s->wrong. RC_INVALID: nothing is before it. */
static enum rc read_actions(struct asking *s, struct err *e)
{
	enum rc rc = parse_actions(s, e);

	if (rc == RC_OK && s->verdict.wrong != NULL)
		rc = FAIL(e, RC_INVALID, "%s", s->verdict.wrong);
	if (rc != RC_INVALID || s->answer.reply_count + s->answer.actions.count == 0)
		return rc;
	s->wrong = *e;
	err_clear(e);
	return RC_OK;
}

static void shorten(struct orchestrate_answer *ans, size_t parts)
{
	ans->actions.count = parts > ans->reply_count ? parts - ans->reply_count : 0;
	ans->reply_count = size_min(ans->reply_count, parts);
}

/* What stands before the first wrong part is done: nobody else could say it again, the workflow has run. */
static enum rc apply(struct asking *s, struct err *e)
{
	enum rc rc;

	s->answer = (struct orchestrate_answer){ .conversation_id = s->s.conv.id,
						 .message_id = s->s.m.id,
						 .hop = s->s.event.hop + 1,
						 .key = str_of(s->s.key),
						 .correlation = s->s.m.correlation,
						 .replies = s->verdict.reply,
						 .reply_count = s->verdict.reply_count };
	crypto_sha256(str_of(s->s.key), s->answer.hash);
	TRY(read_actions(s, e));
	rc = store_write(s->w->app->store, STORE_NORMAL, answers_unit, s, e);
	if (rc != RC_INVALID || s->done.good == 0)
		return rc;
	s->wrong = *e;
	err_clear(e);
	shorten(&s->answer, s->done.good);
	return store_write(s->w->app->store, STORE_NORMAL, answers_unit, s, e);
}

static void log_done(const struct asking *s)
{
	if (s->done.silenced)
		log_event(LOG_INFO, "orchestrator.silenced", "message", s->s.id, "why",
			  "a person has the conversation", NULL);
	if (s->wrong.rc != RC_OK)
		log_event(LOG_WARN, "orchestrator.partly", "message", s->s.id, "why", s->wrong.text,
			  NULL);
}

static enum rc accept(struct asking *s, struct err *e)
{
	enum rc rc = apply(s, e);

	if (rc == RC_OK)
		log_done(s);
	if (rc == RC_CONFLICT && queue_renew(store_queues(s->w->app->store), s->job)) {
		/* Answered through the other door already, with this key. */
		err_clear(e);
		return work_done(s->w, s->job, e);
	}
	if (rc != RC_REFUSED && rc != RC_INVALID && rc != RC_ABSENT)
		return rc;
	s->wrong = *e;
	err_clear(e);
	if (rc == RC_REFUSED)
		TRY(send_stop_automation(s->w->app, s->config, s->s.m.conversation_id, e));
	if (rc == RC_INVALID)
		TRY(store_write(s->w->app->store, STORE_NORMAL, tell_wrong, s, e));
	return work_dead(s->w, s->job, rc == RC_REFUSED ? "ours" : "theirs",
			 rc == RC_REFUSED ? "loop" : "answer", s->wrong.text, e);
}

static enum rc wait_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct asking *s = arg;
	int64_t wait = backoff_ms(s->job->attempts + s->job->snoozes + 1, BREAKER_COOL_MS,
				  BREAKER_COOL_CAP_MS, work_random(s->w), -1);

	/* It never heard of the message: nobody answers for it. */
	TRY(conversation_automatic_unasked(tx, s->s.conv.id, &s->before, s->asked_ms, e));
	return queue_snooze(tx, s->job, s->now_ms + wait, s->verdict.text, e);
}

static enum rc settle(struct asking *s, struct err *e)
{
	struct queues *qs = store_queues(s->w->app->store);

	switch (s->verdict.cls) {
	case N8N_DONE:
	case N8N_STARTED:
		return accept(s, e);
	case N8N_RETRY:
		if (s->unsent) /* weather: no attempt is burned */
			return store_write(s->w->app->store, STORE_NORMAL, wait_unit, s, e);
		return work_retry(s->w, s->job, s->now_ms, s->verdict.retry_ms, "n8n",
				  s->verdict.text, e);
	case N8N_PARK:
		/* The workflow's configuration is wrong: hold the lane, ask again later, keep the job. */
		outside_stop(s->w->app, s->target->id, s->now_ms + PARK_MS, s->verdict.text,
			     s->now_ms);
		if (s->ran) /* again would do its work twice: only when a person wants that */
			return work_dead(s->w, s->job, "theirs", "answer", s->verdict.text, e);
		queue_hold(qs, s->job, s->now_ms); /* the gate holds it: a resume counts at once */
		return RC_OK;
	case N8N_CLASSES:
		break;
	}
	BUG("unknown class");
}

/* Before it is asked: it may answer by another door before its own answer is here, and this box may be killed meanwhile. */
static enum rc asked_unit(struct tx *tx, void *arg, struct err *e)
{
	struct asking *s = arg;

	s->asked_ms = tx->now_ms;
	return conversation_automatic_asked(tx, s->s.conv.id, s->s.event.hop, &s->before, e);
}

static enum rc call(struct asking *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(API_BODY_MAX);
	const struct orchestrate_place place = { s->w->app, s->config, s->target, s->now_ms };
	struct http_answer ans = HTTP_ANSWER;
	struct err peer = { 0 };
	enum rc rc = orchestrate_body_write(&place, &s->s, &s->w->arena, &body, e);

	if (rc == RC_REFUSED || rc == RC_INVALID)
		return work_dead(s->w, s->job, "ours", rc == RC_REFUSED ? "loop" : "encode",
				 e->text, e);
	TRY(rc);
	TRY(store_write(s->w->app->store, STORE_NORMAL, asked_unit, s, e));
	rc = ask(s, sbuf_view(&body), &ans, &peer);
	s->unsent = rc == RC_RETRY;
	s->ran = rc == RC_OK && ans.status >= 200 && ans.status < 300;
	TRY(n8n_judge(&(struct n8n_answer){ .rc = rc,
					    .status = ans.status,
					    .body = sbuf_view(&ans.body),
					    .retry_after_ms = ans.retry_after_ms,
					    .tries = s->job->attempts + 1,
					    .id = str_of(s->s.id),
					    .idempotency_key = str_of(s->s.key),
					    .chat = s->target->chat },
		      &s->w->arena, &s->verdict, e));
	log_event(LOG_INFO, "orchestrator.asked", "message", s->s.id, "target", s->target->slug,
		  "class", n8n_class_name(s->verdict.cls), "status", LOG_I64(ans.status), "ms",
		  LOG_I64(ans.duration_ms), "replies", LOG_I64(s->verdict.reply_count), NULL);
	called_note(s->w,
		    &(struct called_peer){ .message_id = s->s.m.id,
					   .kind = "n8n",
					   .slug = s->target->slug,
					   .class = n8n_class_name(s->verdict.cls),
					   .rc = rc,
					   .why = &peer },
		    &ans, clock_now_ms());
	http_answer_release(&ans);
	if (s->verdict.cls != N8N_PARK)
		outside_end(s->w->app, s->target->id, s->verdict.cls != N8N_RETRY, s->verdict.text,
			    clock_now_ms());
	return settle(s, e);
}

#define NOT_AT_ALL INT64_MAX

/* The breaker's stop drops what comes while it lasts; what waited already is asked when it ends. A person's silence drops all. */
static int64_t after_stop(const struct asking *s, const struct conversation_automatic *a)
{
	int64_t created_ms = s->s.event.created_ms;

	if (a->off_by_loop && created_ms >= a->off_from_ms && created_ms < a->off_until_ms)
		return NOT_AT_ALL;
	if (a->off_until_ms <= s->now_ms)
		return s->now_ms;
	return a->off_by_loop ? i64_min(a->off_until_ms, s->now_ms + STOP_LOOK_MS) : NOT_AT_ALL;
}

/* A customer may send an album, or have many messages waiting after an outage of n8n: their answers are spread over minutes,
 * else the loop breaker would take them for two machines. */
static enum rc when_of(struct asking *s, struct db *db, int64_t *ret_ms, struct err *e)
{
	const struct automatic_question q = { s->s.conv.id,
					      s->now_ms - s->s.event.created_ms >= MINUTE_MS };
	const struct automatic_limits *max = &s->config->automatic;
	struct conversation_automatic a;

	TRY(conversation_automatic_load(db, s->s.conv.id, &a, e));
	*ret_ms = after_stop(s, &a);
	if (*ret_ms > s->now_ms)
		return RC_OK;
	TRY(conversation_automatic_room(db, &q, max, s->now_ms, ret_ms, e));
	if (*ret_ms <= s->now_ms)
		return RC_OK;
	return conversation_automatic_heard(
		db,
		&(struct automatic_heard){ s->s.conv.company_id, s->s.conv.id, s->now_ms - HOUR_MS,
					   max->max[AUTOMATIC_HOUR] },
		&s->flood, e);
}

/* *ret_ms: when it may be asked; <= now_ms: at once. */
static enum rc when(struct asking *s, int64_t *ret_ms, struct err *e)
{
	struct db *db = store_reader(s->w->app->store);
	enum rc rc = when_of(s, db, ret_ms, e);

	store_reader_done(s->w->app->store, db);
	return rc;
}

static bool is_wanted(const struct asking *s)
{
	const struct channel *ch = config_channel(s->config, s->s.m.channel_id);
	const struct n8n_subject m = { .channel = str_of(ch != NULL ? ch->slug : ""),
				       .type = str_of(s->s.m.type),
				       .status = s->s.conv.status,
				       .text = s->s.m.content,
				       .group = s->s.contact.group };

	return n8n_target_wants(s->target, &m);
}

enum rc orchestrate_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct asking s = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	struct queues *qs = store_queues(w->app->store);
	int64_t until;
	enum rc rc;

	ASSERT(n == 1);
	s.target = config_n8n(config, jobs[0].lane);
	if (s.target == NULL || s.target->url.n == 0)
		return work_done(w, &jobs[0], e); /* switched off since */
	rc = orchestrate_body_load(w->app, s.target, jobs[0].ref, &w->arena, &s.s, e);
	if (rc == RC_ABSENT)
		return work_dead(w, &jobs[0], "ours", "gone",
				 "the message or its event is not there any more", e);
	TRY(rc);
	log_set_request(s.s.m.correlation.n > 0 ? arena_dup(&w->arena, s.s.m.correlation) : "");
	TRY(when(&s, &until, e));
	if (s.flood) /* what waited is asked afterwards */
		TRY(send_stop_automation(w->app, config, s.s.conv.id, e));
	if (until == NOT_AT_ALL || !is_wanted(&s))
		return work_done(w, &jobs[0], e);
	if (orchestrate_body_waits(&s.s, now_ms)) {
		queue_hold(qs, &jobs[0], now_ms + ORCHESTRATE_MEDIA_LOOK_MS);
		return RC_OK;
	}
	if (until > now_ms) {
		queue_hold(qs, &jobs[0], until);
		return RC_OK;
	}
	if (outside_begin(w->app, s.target->id, now_ms, &until) != RC_OK) {
		/* Not until then: the gate holds it, and may open earlier. */
		queue_hold(qs, &jobs[0], i64_min(until, now_ms + SECOND_MS));
		return RC_OK;
	}
	return call(&s, e);
}
