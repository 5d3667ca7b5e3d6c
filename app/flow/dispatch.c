/* dispatch.c - queue `messages`: sends one message through the Graph API.
 *
 *   load -> rate of number and recipient -> breaker -> [commit: sending] -> POST -> judge -> [commit: outcome]
 *
 * Meta has no idempotency key. So `sending` is on the disk before the request leaves, and whatever is found in `sending`
 * without an answer becomes `unknown`: shown, settled by a later status, never sent again by itself. */
#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/backoff.h"
#include "flow/config.h"
#include "flow/handlers.h"
#include "flow/ingest.h"
#include "flow/outside.h"
#include "io/http.h"
#include "io/jsonw.h"
#include "peer/meta_send.h"
#include "store/message.h"
#include "store/topic.h"

#define PAUSE_CONFIG_MS \
	(2 * MINUTE_MS) /* wrong token, number not registered: asked again by one probe each */
#define PAUSE_POLICY_MS (15 * MINUTE_MS) /* spam or policy block: no hammering */

struct sending {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct channel *channel;
	struct topic_event event;
	struct message m;
	int64_t now_ms;
	struct wa_verdict verdict;
	int64_t due_ms;
	bool unsent; /* the peer was not reached */
};

/* ---- units ---- */

static enum rc begin_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;

	return message_sending(tx, s->m.id, e);
}

static enum rc publish_status(struct tx *tx, const struct sending *s, const char *status,
			      struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(4 * KIB);
	struct topic_event ev = { .topic = TOPIC_STATUS,
				  .company_id = s->m.company_id,
				  .okey = s->m.conversation_id,
				  .ref = s->m.id,
				  .hop = s->m.hop,
				  .prio = PRIO_NORMAL,
				  .correlation = s->m.correlation };
	struct jsonw j;

	jsonw_init(&j, &payload);
	jsonw_object(&j);
	jsonw_ktext(&j, "status", status);
	jsonw_ktime(&j, "timestamp", tx->now_ms);
	if (s->verdict.code >= 0)
		jsonw_ki64(&j, "code", s->verdict.code);
	jsonw_end(&j);
	ev.payload = sbuf_view(&payload);
	return topic_publish(tx, &ev, e);
}

/* Loop rule 2: what came from Chatwoot is not mirrored back; the assistant's answers have their own way there. */
enum rc dispatch_mirror(struct tx *tx, const struct message *m, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_MIRROR,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->id,
				  .hop = m->hop,
				  .prio = PRIO_NORMAL,
				  .correlation = m->correlation };

	if (strcmp(m->source, "support_bridge") == 0 || strcmp(m->source, "ai_response") == 0)
		return RC_OK;
	return topic_publish(tx, &ev, e);
}

static enum rc accepted_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;

	TRY(message_accepted(tx, s->m.id, str_of(s->verdict.wamid), e));
	TRY(publish_status(tx, s, "accepted", e));
	TRY(dispatch_mirror(tx, &s->m, e));
	return queue_done(tx, s->job, e);
}

/* A status settled the message while our own answer was lost: it left, and only its mirror is missing. */
static enum rc overtaken_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;

	if (s->m.status != MESSAGE_FAILED)
		TRY(dispatch_mirror(tx, &s->m, e));
	return queue_done(tx, s->job, e);
}

static enum rc requeue_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;

	TRY(message_requeued(tx, s->m.id, e));
	if (s->verdict.cls == WA_SEND_RETRY && !s->unsent)
		return queue_retry(tx, s->job, s->due_ms, "peer", s->verdict.text, e);
	return queue_snooze(tx, s->job, s->due_ms, s->verdict.text, e);
}

static void error_json(const struct wa_verdict *v, struct sbuf *to)
{
	struct jsonw j;

	jsonw_init(&j, to);
	jsonw_object(&j);
	jsonw_ki64(&j, "code", v->code);
	jsonw_ktext(&j, "class", wa_class_name(v->cls));
	jsonw_ktext(&j, "text", v->text);
	if (v->fbtrace_id[0] != '\0')
		jsonw_ktext(&j, "fbtrace_id", v->fbtrace_id);
	jsonw_end(&j);
}

static enum rc failed_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(sbuf_release) struct sbuf error = SBUF(4 * KIB);
	const struct sending *s = arg;
	char reason[48];

	error_json(&s->verdict, &error);
	TRY(message_failed(tx, s->m.id, sbuf_view(&error), e));
	TRY(publish_status(tx, s, "failed", e));
	TRY(chatwoot_status_wanted(tx, &s->m,
				   e)); /* the agent who wrote it sees that it did not go */
	if (s->verdict.code >= 0)
		(void)snprintf(reason, sizeof(reason), "meta %lld", (long long)s->verdict.code);
	else
		(void)snprintf(reason, sizeof(reason), "meta %s", wa_class_name(s->verdict.cls));
	return queue_dead(tx, s->job, "theirs", reason, s->verdict.text, e);
}

static enum rc unknown_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;

	TRY(message_unknown(tx, s->m.id, s->verdict.text, e));
	TRY(publish_status(tx, s, "unknown", e));
	return queue_done(tx, s->job, e);
}

/* ---- steps ---- */

static enum rc write_unit(struct sending *s, store_unit *unit, struct err *e)
{
	return store_write(s->w->app->store, STORE_NORMAL, unit, s, e);
}

static enum rc load(struct sending *s, struct err *e)
{
	struct db *db = store_reader(s->w->app->store);
	enum rc rc = topic_load(db, s->job->ref, &s->w->arena, &s->event, e);

	if (rc == RC_OK)
		rc = message_load(db, s->event.ref, &s->w->arena, &s->m, e);
	store_reader_done(s->w->app->store, db);
	return rc;
}

static enum rc post(struct sending *s, struct http_answer *ans, struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	AUTO(sbuf_release) struct sbuf body = SBUF(META_SEND_BODY_MAX);
	char tag[ID_TEXT_MAX];
	struct meta_text t = { .body = s->m.content,
			       .preview_url = str_find(s->m.content, STR("http")) >= 0,
			       .reply_to = s->m.reply_to };
	struct http_header headers[2];
	char *bearer;

	id_text(s->m.created_at, s->m.id, tag);
	t.tag = str_of(tag);
	if (s->m.wa_id.n > 2 && s->m.wa_id.p[2] == '.')
		t.recipient = s->m.wa_id;
	else
		t.to = s->m.wa_id;
	TRY(meta_send_url(s->channel->base_url, s->channel->version, s->channel->phone_number_id,
			  &url, e));
	TRY(meta_send_text(&t, &body, e));
	bearer = arena_printf(&s->w->arena, "Bearer %.*s", STRF(s->channel->token));
	if (bearer == NULL)
		return FAIL(e, RC_LIMIT, "no room for the token");
	headers[0] = (struct http_header){ "Authorization", bearer };
	headers[1] = (struct http_header){ "Content-Type", "application/json" };
	return http_do(s->w->http,
		       &(struct http_request){ .method = "POST",
					       .url = sbuf_c(&url),
					       .headers = headers,
					       .header_count = 2,
					       .body = sbuf_view(&body),
					       .timeout_ms = s->channel->timeout_ms },
		       ans, e);
}

/* Whether the peer itself is in order: it answered, and not with a fault of its own. */
static bool peer_works(enum rc rc, int status)
{
	return rc == RC_OK && status < 500;
}

static enum rc settle(struct sending *s, struct err *e)
{
	struct app *app = s->w->app;
	struct queue_config c = queue_get_config(store_queues(app->store), QUEUE_MESSAGES);
	const struct wa_verdict *v = &s->verdict;
	int64_t pause_ms;

	switch (v->cls) {
	case WA_SEND_ACCEPTED:
		return write_unit(s, accepted_unit, e);
	case WA_SEND_UNKNOWN:
		return write_unit(s, unknown_unit, e);
	case WA_SEND_PERMANENT:
	case WA_SEND_TEMPLATE:
		return write_unit(s, failed_unit, e);
	case WA_SEND_RETRY:
		if (v->code == 130429 || v->code == 80007 || v->code == 4)
			outside_throttled(app, s->channel->id, s->now_ms);
		if (s->unsent) { /* weather, not this message's fault: no attempt is burned */
			s->due_ms = s->now_ms + i64_min(v->retry_ms, BREAKER_COOL_CAP_MS);
			return write_unit(s, requeue_unit, e);
		}
		if (s->job->attempts + 1 >= c.attempts)
			return write_unit(s, failed_unit, e);
		s->due_ms =
			s->now_ms + backoff_ms(s->job->attempts + 1, c.backoff_ms, JOB_RETRY_CAP_MS,
					       work_random(s->w), v->retry_ms);
		return write_unit(s, requeue_unit, e);
	case WA_SEND_PAUSE_RECIPIENT:
	case WA_SEND_WAIT:
		s->due_ms = s->now_ms + v->retry_ms;
		if (v->cls == WA_SEND_PAUSE_RECIPIENT)
			outside_pause_recipient(app, s->channel->id, s->m.conversation_id,
						s->due_ms);
		return write_unit(s, requeue_unit, e);
	case WA_SEND_PAUSE_NUMBER:
	case WA_SEND_STOP:
		pause_ms = v->cls == WA_SEND_STOP ? PAUSE_POLICY_MS : PAUSE_CONFIG_MS;
		s->due_ms = s->now_ms; /* the gate holds it: a resume counts at once */
		outside_stop(app, s->channel->id, s->now_ms + i64_max(pause_ms, v->retry_ms),
			     v->text, s->now_ms);
		return write_unit(s, requeue_unit, e);
	case WA_SEND_CLASSES:
		break;
	}
	BUG("unknown class");
}

static void judge(struct sending *s, enum rc rc, const struct http_answer *ans)
{
	struct wa_answer a = { .rc = rc,
			       .status = ans->status,
			       .body = sbuf_view(&ans->body),
			       .retry_after_ms = ans->retry_after_ms,
			       .tries = s->job->attempts + s->job->snoozes + 1 };

	meta_send_judge(&a, &s->verdict);
	log_event(s->verdict.cls == WA_SEND_ACCEPTED ? LOG_INFO : LOG_WARN, "message.sent",
		  "message", LOG_I64(s->m.id), "class", wa_class_name(s->verdict.cls), "code",
		  LOG_I64(s->verdict.code), "status", LOG_I64(ans->status), "try", LOG_I64(a.tries),
		  "ms", LOG_I64(ans->duration_ms), "fbtrace",
		  s->verdict.fbtrace_id[0] != '\0' ? s->verdict.fbtrace_id : NULL, NULL);
}

static enum rc send_now(struct sending *s, struct err *e)
{
	struct http_answer ans = HTTP_ANSWER;
	struct err peer = { 0 };
	enum rc rc = write_unit(s, begin_unit, e);

	if (rc == RC_CONFLICT)
		err_clear(e);
	if (rc == RC_CONFLICT) /* somebody else has it, or it was cancelled a moment ago */
		return work_done(s->w, s->job, e);
	TRY(rc);
	rc = post(s, &ans, &peer);
	s->unsent = rc == RC_RETRY;
	judge(s, rc, &ans);
	if (rc == RC_INVALID || rc == RC_LIMIT ||
	    rc == RC_REFUSED) { /* our own encoder or the guard refused: nothing left */
		s->verdict =
			(struct wa_verdict){ .cls = WA_SEND_PERMANENT, .code = -1, .retry_ms = -1 };
		(void)snprintf(s->verdict.text, sizeof(s->verdict.text), "%.150s", peer.text);
	}
	if (s->verdict.cls != WA_SEND_PAUSE_NUMBER && s->verdict.cls != WA_SEND_STOP)
		outside_end(s->w->app, s->channel->id, peer_works(rc, ans.status), s->verdict.text,
			    clock_now_ms());
	http_answer_release(&ans);
	return settle(s, e);
}

/* Rate and breaker. RC_RETRY: the job was given back until then. */
static enum rc may_send(struct sending *s)
{
	struct queues *qs = store_queues(s->w->app->store);
	struct outside_rate rate = { s->channel->rate_per_second, s->channel->recipient_burst,
				     s->channel->recipient_every_ms };
	bool number;
	int64_t until = 0;
	enum rc rc;

	rc = outside_take(s->w->app, s->channel->id, s->m.conversation_id, &rate, s->now_ms, &until,
			  &number);
	if (rc == RC_OK) {
		rc = outside_begin(s->w->app, s->channel->id, s->now_ms, &until);
		until = i64_min(
			until, s->now_ms + SECOND_MS); /* the gate holds it, and may open earlier */
	}
	if (rc != RC_OK)
		queue_hold(qs, s->job, until);
	return rc;
}

static enum rc dispatch(struct sending *s, struct err *e)
{
	enum rc rc = load(s, e);

	if (rc == RC_ABSENT)
		return work_dead(s->w, s->job, "ours", "gone",
				 "the message or its event is not there any more", e);
	TRY(rc);
	log_set_request(s->m.correlation.n > 0 ? arena_dup(&s->w->arena, s->m.correlation) : "");
	if (s->m.sending != NULL && strcmp(s->m.sending, "sending") == 0) {
		(void)snprintf(s->verdict.text, sizeof(s->verdict.text),
			       "interrupted while it was being sent");
		s->verdict.code = -1;
		return write_unit(s, unknown_unit, e);
	}
	if (s->m.sending != NULL && strcmp(s->m.sending, "done") == 0)
		return write_unit(s, overtaken_unit, e);
	if (s->m.sending == NULL || strcmp(s->m.sending, "queued") != 0)
		return work_done(s->w, s->job, e);
	s->channel = config_channel(s->config, s->m.channel_id);
	if (s->channel == NULL || s->channel->token.n == 0 || s->channel->phone_number_id.n == 0) {
		queue_hold(store_queues(s->w->app->store), s->job, s->now_ms + MINUTE_MS);
		outside_stop(s->w->app, s->m.channel_id, s->now_ms + MINUTE_MS,
			     "the channel has no token or no phone number id", s->now_ms);
		return RC_OK;
	}
	if (may_send(s) != RC_OK)
		return RC_OK;
	return send_now(s, e);
}

enum rc dispatch_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct sending s = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };

	ASSERT(n == 1);
	return dispatch(&s, e);
}

enum rc dispatch_discard(struct tx *tx, int64_t ref, struct err *e)
{
	struct topic_brief m;
	enum rc rc = topic_message(tx->db, ref, &m, e);

	if (rc == RC_OK)
		rc = message_cancel(tx, m.message_id, e);
	if (rc ==
	    RC_CONFLICT) { /* its outcome could not be stored and nobody will look again: in doubt */
		err_clear(e);
		rc = message_unknown(tx, m.message_id, "discarded while it was being sent", e);
	}
	if (rc != RC_ABSENT && rc != RC_CONFLICT)
		return rc;
	err_clear(e); /* erased, or already settled: nothing to cancel */
	return RC_OK;
}
