/* orchestrate.c - orchestrator-inbound: a customer's message goes to n8n; its answers become messages.
 *
 * n8n is slow and forgetful (chatwoot-n8n-evolution.md 2.3): only an answer with our id counts. The answers and the
 * end of the job are one transaction, so that an answer that comes twice is sent once. */
#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/backoff.h"
#include "flow/config.h"
#include "flow/handlers.h"
#include "flow/media.h"
#include "flow/outside.h"
#include "flow/send.h"
#include "io/http.h"
#include "peer/n8n.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/topic.h"

#define PARK_MS (5 * MINUTE_MS)
/* An assistant that gets a picture wants to see it: so long its message waits for the file, then goes without. */
#define MEDIA_WAIT_MS (20 * SECOND_MS)
#define MEDIA_LOOK_MS 500

struct asking {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct n8n_target *target;
	struct topic_event event;
	struct message m;
	struct conversation conv;
	struct contact contact;
	int64_t now_ms;
	char id[ID_TEXT_MAX];
	char key[ID_TEXT_MAX + 8];
	struct n8n_verdict verdict;
	bool unsent;      /* n8n was not reached */
	struct str media; /* JSON of the message's file; none */
	bool media_comes;
};

static enum rc load_media(struct asking *s, struct db *db, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(8 * KIB);
	struct message_media f;
	struct jsonw w;
	enum rc rc;

	if (strcmp(s->m.type, "text") == 0)
		return RC_OK;
	rc = message_media_load(db, s->m.id, &s->w->arena, &f, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	s->media_comes = f.state != NULL && strcmp(f.state, "wanted") == 0;
	jsonw_init(&w, &b);
	media_json(&w, &f);
	s->media = arena_str(&s->w->arena, sbuf_view(&b));
	return s->media.p != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for a file's description");
}

static enum rc load(struct asking *s, struct err *e)
{
	struct arena *a = &s->w->arena;
	struct db *db = store_reader(s->w->app->store);
	enum rc rc = topic_load(db, s->job->ref, a, &s->event, e);

	if (rc == RC_OK)
		rc = message_load(db, s->event.ref, a, &s->m, e);
	if (rc == RC_OK)
		rc = conversation_load(db, s->m.conversation_id, a, &s->conv, e);
	if (rc == RC_OK)
		rc = contact_load(db, s->conv.contact_id, a, &s->contact, e);
	if (rc == RC_OK)
		rc = load_media(s, db, e);
	store_reader_done(s->w->app->store, db);
	return rc;
}

/* Not a user id, a LID or a group. */
static bool is_phone(struct str address)
{
	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] < '0' || address.p[i] > '9')
			return false;
	return address.n > 0;
}

static enum rc encode(struct asking *s, struct sbuf *body, struct err *e)
{
	char conversation[ID_TEXT_MAX], contact[ID_TEXT_MAX];
	const struct channel *ch = config_channel(s->config, s->m.channel_id);
	bool phone = is_phone(s->m.wa_id);
	struct n8n_message n;

	id_text(s->m.created_at, s->m.id, s->id);
	id_text(s->conv.created_ms, s->conv.id, conversation);
	id_text(s->contact.created_ms, s->contact.id, contact);
	(void)snprintf(s->key, sizeof(s->key), "n8n:%s", s->id);
	n = (struct n8n_message){
		.id = str_of(s->id),
		.conversation = str_of(conversation),
		.contact_id = str_of(contact),
		.contact_name = s->contact.name,
		.contact_phone = phone ? s->m.wa_id : STR_NONE,
		.contact_user_id = phone ? STR_NONE : s->m.wa_id,
		.channel = str_of(ch != NULL ? ch->slug : NULL),
		.text = s->m.content,
		.type = str_of(s->m.type),
		.media = s->media,
		.origin = STR("wa"),
		.hop = (int)s->event.hop,
		.reply_url = s->target->reply_url,
		.idempotency_key = str_of(s->key),
		.created_ms = s->m.timestamp,
	};
	return n8n_encode(&n, body, e);
}

static enum rc ask(struct asking *s, struct str body, struct http_answer *ans, struct err *e)
{
	struct http_header headers[2] = { { "Content-Type", "application/json" } };
	size_t count = 1;

	if (s->target->header_name.n > 0) {
		const char *name = arena_dup(&s->w->arena, s->target->header_name);
		const char *value = arena_dup(&s->w->arena, s->target->header_value);

		if (name == NULL || value == NULL)
			return FAIL(e, RC_LIMIT, "no room for the header");
		headers[count++] = (struct http_header){ name, value };
	}
	return http_do(s->w->http,
		       &(struct http_request){ .method = "POST",
					       .url = arena_dup(&s->w->arena, s->target->url),
					       .headers = headers,
					       .header_count = count,
					       .body = body,
					       .timeout_ms = s->target->timeout_ms },
		       ans, e);
}

static enum rc answers_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct asking *s = arg;
	const struct channel *ch = config_channel(s->config, s->m.channel_id);
	int64_t message, conversation;

	if (ch == NULL)
		return FAIL(e, RC_ABSENT, "the channel is not configured any more");
	for (size_t i = 0; i < s->verdict.reply_count; i++) {
		struct send_new n = { .channel = ch,
				      .conversation_id = s->m.conversation_id,
				      .type = "text",
				      .text = s->verdict.reply[i],
				      .prio = PRIO_NORMAL,
				      .sender_type = "ai",
				      .source = "ai_response",
				      .sender_name = STR("n8n"),
				      .hop = s->event.hop + 1,
				      .correlation = s->m.correlation };
		struct wa_content_bad field;

		TRY(send_check(&n, &field, e));
		TRY(send_add(tx, s->w->app, s->config, &n, &message, &conversation, e));
	}
	return queue_done(tx, s->job, e);
}

static enum rc accept(struct asking *s, struct err *e)
{
	enum rc rc = store_write(s->w->app->store, STORE_NORMAL, answers_unit, s, e);
	struct err why;

	if (rc != RC_REFUSED && rc != RC_INVALID && rc != RC_ABSENT)
		return rc;
	why = *e;
	err_clear(e);
	if (rc == RC_REFUSED)
		TRY(send_stop_automation(s->w->app, s->config, s->m.conversation_id, why.text, e));
	return work_dead(s->w, s->job, rc == RC_REFUSED ? "ours" : "theirs",
			 rc == RC_REFUSED ? "loop" : "answer", why.text, e);
}

static enum rc wait_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct asking *s = arg;
	int64_t wait = backoff_ms(s->job->attempts + s->job->snoozes + 1, BREAKER_COOL_MS,
				  BREAKER_COOL_CAP_MS, work_random(s->w), -1);

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
		queue_hold(qs, s->job, s->now_ms); /* the gate holds it: a resume counts at once */
		return RC_OK;
	case N8N_CLASSES:
		break;
	}
	BUG("unknown class");
}

static enum rc call(struct asking *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(API_BODY_MAX);
	struct http_answer ans = HTTP_ANSWER;
	struct err peer = { 0 };
	enum rc rc = encode(s, &body, e);

	if (rc == RC_REFUSED || rc == RC_INVALID)
		return work_dead(s->w, s->job, "ours", rc == RC_REFUSED ? "loop" : "encode",
				 e->text, e);
	TRY(rc);
	rc = ask(s, sbuf_view(&body), &ans, &peer);
	s->unsent = rc == RC_RETRY;
	TRY(n8n_judge(&(struct n8n_answer){ .rc = rc,
					    .status = ans.status,
					    .body = sbuf_view(&ans.body),
					    .retry_after_ms = ans.retry_after_ms,
					    .tries = s->job->attempts + 1,
					    .id = str_of(s->id),
					    .idempotency_key = str_of(s->key) },
		      &s->w->arena, &s->verdict, e));
	log_event(LOG_INFO, "orchestrator.asked", "message", s->id, "class",
		  n8n_class_name(s->verdict.cls), "status", LOG_I64(ans.status), "ms",
		  LOG_I64(ans.duration_ms), "replies", LOG_I64(s->verdict.reply_count), NULL);
	http_answer_release(&ans);
	if (s->verdict.cls != N8N_PARK)
		outside_end(s->w->app, s->target->id, s->verdict.cls != N8N_RETRY, s->verdict.text,
			    clock_now_ms());
	return settle(s, e);
}

enum rc orchestrate_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct asking s = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	int64_t until;
	enum rc rc;

	ASSERT(n == 1);
	s.target = config_n8n(config, jobs[0].lane);
	if (s.target == NULL || s.target->url.n == 0)
		return work_done(w, &jobs[0], e); /* switched off since */
	rc = load(&s, e);
	if (rc == RC_ABSENT)
		return work_dead(w, &jobs[0], "ours", "gone",
				 "the message or its event is not there any more", e);
	TRY(rc);
	log_set_request(s.m.correlation.n > 0 ? arena_dup(&w->arena, s.m.correlation) : "");
	if (s.conv.automation_off_until_ms > now_ms)
		return work_done(w, &jobs[0], e);
	if (s.media_comes && now_ms - jobs[0].created_ms < MEDIA_WAIT_MS) {
		queue_hold(store_queues(w->app->store), &jobs[0], now_ms + MEDIA_LOOK_MS);
		return RC_OK;
	}
	if (outside_begin(w->app, s.target->id, now_ms, &until) != RC_OK) {
		/* Not until then: the gate holds it, and may open earlier. */
		queue_hold(store_queues(w->app->store), &jobs[0],
			   i64_min(until, now_ms + SECOND_MS));
		return RC_OK;
	}
	return call(&s, e);
}
