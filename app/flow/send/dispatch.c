/* dispatch.c - queue `messages`: sends one message through its provider (provider.h).
 *
 *   load -> content and files -> rate of number and recipient -> breaker -> [commit: sending] -> request -> judge
 *        -> [commit: outcome]
 *
 * Meta has no idempotency key. So `sending` is on the disk before the request leaves, and whatever is found in `sending`
 * without an answer becomes `unknown`: shown, settled by a later status, never sent again by itself. A provider that
 * can be asked whether it has the message (Evolution) is asked: found settles it, all else leaves it `unknown`. Only a
 * provider that can prove a "no" would send again (judge_find); none can today. */
#include "flow/send/dispatch_priv.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/outside/called.h"
#include "flow/outside/backoff.h"
#include "flow/media/media.h"
#include "flow/outside/outside.h"
#include "flow/send/trouble.h"
#include "io/jsonw.h"
#include "peer/meta/meta_health.h"
#include "store/conversation/conversation.h"

static enum rc load(struct sending *s, struct err *e)
{
	struct db *db = store_reader(s->w->app->store);
	enum rc rc = topic_load(db, s->job->ref, &s->w->arena, &s->event, e);

	if (rc == RC_OK)
		rc = message_load(db, s->event.ref, &s->w->arena, &s->m, e);
	if (rc == RC_OK)
		rc = message_plan_load(db, s->event.ref, &s->w->arena, &s->plan, e);
	store_reader_done(s->w->app->store, db);
	return rc;
}

/* ---- content ---- */

/* Plain text is stored as text, with the preview beside it when somebody decided about it. */
static enum rc text_content(struct sending *s, struct err *e)
{
	AUTO(json_freep) struct json *kept = NULL;
	AUTO(sbuf_release) struct sbuf b = SBUF(WA_CONTENT_MAX);
	bool link = str_find(s->m.content, STR("http")) >= 0;
	struct jsonw w;

	if (s->m.content_json.n > 0)
		TRY(json_parse(s->m.content_json, &kept, e));
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kbool(&w, "preview_url", json_get_bool(kept, "preview_url", link));
	jsonw_kstr(&w, "body", s->m.content);
	jsonw_end(&w);
	if (!sbuf_ok(&b))
		return FAIL(e, RC_LIMIT, "the text is too long");
	return json_parse(sbuf_view(&b), &s->content, e);
}

static enum rc look(struct sending *s, struct err *e)
{
	struct db *db;
	enum rc rc;

	if (s->provider->look == NULL)
		return RC_OK;
	db = store_reader(s->w->app->store);
	rc = s->provider->look(db, &s->out, e);
	store_reader_done(s->w->app->store, db);
	return rc;
}

/* Fills s->out but for the provider's ids of the files. */
static enum rc prepare(struct sending *s, struct err *e)
{
	char tag[ID_TEXT_MAX];
	struct str type = str_of(s->m.type);

	if (str_eqc(type, "text"))
		TRY(text_content(s, e));
	else
		TRY(json_parse(s->m.content_json, &s->content, e));
	id_text(s->m.created_at, s->m.id, tag);
	s->out = (struct outgoing){ .channel = s->channel,
				    .m = &s->m,
				    .type = type,
				    .content = s->content,
				    .tag = arena_str(&s->w->arena, str_of(tag)),
				    .leaves = s->plan.leaves + 1,
				    .arena = &s->w->arena };
	TRY(wa_content_files(type, s->content, s->out.files, &s->out.file_count, e));
	return look(s, e);
}

/* Every file gets its id at the provider; false: s->verdict says what to do now instead. */
static enum rc bring_files(struct sending *s, bool *ret_there, struct err *e)
{
	*ret_there = false;
	for (size_t i = 0; i < s->out.file_count; i++) {
		struct wa_content_file *f = &s->out.files[i];
		struct media_asked asked = { .kind = f->voice ? "voice" : f->kind };
		struct media_ready ready;
		int64_t created_ms;

		if (!id_parse(f->media_id, &created_ms, &asked.media_id)) {
			dispatch_refuse(s, "the id of a file is not one of this box");
			return RC_OK;
		}
		if (s->provider->inline_files)
			TRY(media_inline(s->w, s->channel, &asked, &s->out.file, &ready, e));
		else
			TRY(media_ready(s->w, s->job, s->channel, &asked, &ready, e));
		if (ready.verdict.cls != WA_SEND_ACCEPTED) {
			s->verdict = ready.verdict;
			s->unsent = ready.unsent;
			return RC_OK;
		}
		f->provider_id = arena_str(&s->w->arena, str_of(ready.peer_id));
	}
	*ret_there = true;
	return RC_OK;
}

/* ---- the request ---- */

/* RC_INVALID, RC_LIMIT: our own encoder refused, nothing left. */
static enum rc request(struct sending *s, struct provider_request *r, struct http_answer *ans,
		       struct err *e)
{
	return http_do(s->w->http,
		       &(struct http_request){ .method = r->method,
					       .url = sbuf_c(&r->url),
					       .headers = r->headers,
					       .header_count = r->header_count,
					       .body = sbuf_view(&r->body),
					       .timeout_ms = s->channel->timeout_ms },
		       ans, e);
}

/* Whether the peer itself is in order: it answered, and not with a fault of its own. */
static bool peer_works(enum rc rc, int status)
{
	return rc == RC_OK && status < 500;
}

static struct wa_answer answer_of(const struct sending *s, enum rc rc,
				  const struct http_answer *ans)
{
	return (struct wa_answer){ .rc = rc,
				   .status = ans->status,
				   .body = sbuf_view(&ans->body),
				   .retry_after_ms = ans->retry_after_ms,
				   .tries = (int)i64_max(s->job->refusals, s->plan.tries) + 1,
				   .runs = s->job->attempts + s->job->snoozes + 1 };
}

/* The provider's id as it is stored. */
static void name_it(struct sending *s)
{
	if (s->verdict.cls != WA_SEND_ACCEPTED || s->provider->stored_id == NULL ||
	    s->provider->stored_id(s->channel, s->verdict.wamid))
		return;
	s->verdict.cls = WA_SEND_UNKNOWN;
	(void)snprintf(s->verdict.text, sizeof(s->verdict.text),
		       "accepted with an id that cannot be stored");
}

static void judge(struct sending *s, enum rc rc, const struct http_answer *ans)
{
	struct wa_answer a = answer_of(s, rc, ans);

	s->provider->judge(&a, &s->verdict);
	name_it(s);
	log_event(s->verdict.cls == WA_SEND_ACCEPTED ? LOG_INFO : LOG_WARN, "message.sent",
		  "message", LOG_I64(s->m.id), "class", wa_class_name(s->verdict.cls), "code",
		  LOG_I64(s->verdict.code), "status", LOG_I64(ans->status), "try", LOG_I64(a.runs),
		  "ms", LOG_I64(ans->duration_ms), "fbtrace",
		  s->verdict.fbtrace_id[0] != '\0' ? s->verdict.fbtrace_id : NULL, NULL);
}

static void note(struct sending *s, enum rc rc, const struct http_answer *ans,
		 const struct err *why)
{
	called_note(s->w,
		    &(struct called_peer){ .message_id = s->m.id,
					   .kind = "channel",
					   .slug = s->channel->slug,
					   .class = wa_class_name(s->verdict.cls),
					   .rc = rc,
					   .why = why },
		    ans, clock_now_ms());
}

static void told_outside(struct sending *s, enum rc rc, const struct http_answer *ans)
{
	struct meta_usage usage;

	if (!trouble_is(&s->verdict)) /* else dispatch_settle tells it */
		outside_end_send(s->w->app, s->channel->id, s->bulk, peer_works(rc, ans->status),
				 s->verdict.text, clock_now_ms());
	if (ans->usage[0] == '\0')
		return;
	meta_health_usage(str_of(ans->usage), &usage);
	outside_usage(s->w->app, s->channel->id, usage.percent, usage.regain_ms, s->now_ms);
}

static enum rc send_now(struct sending *s, struct err *e)
{
	AUTO(provider_request_release) struct provider_request r;
	struct http_answer ans = HTTP_ANSWER;
	struct err peer = { 0 };
	enum rc rc;

	provider_request_init(&r);
	if (s->provider->build(&s->out, &r, &peer) != RC_OK) {
		outside_forget(s->w->app, s->channel->id);
		dispatch_refuse(s, peer.text);
		return dispatch_settle(s, e);
	}
	rc = dispatch_write(s, dispatch_begin_unit, e);
	if (rc != RC_OK) /* the place at the breaker is given back */
		outside_forget(s->w->app, s->channel->id);
	if (rc == RC_CONFLICT || rc == RC_REFUSED)
		err_clear(e);
	if (rc == RC_REFUSED)
		return s->arrived ? dispatch_needless(s, e) : dispatch_expire(s, e);
	if (rc == RC_CONFLICT) /* somebody else has it, or it was cancelled a moment ago */
		return work_done(s->w, s->job, e);
	TRY(rc);
	s->begun = true;
	rc = request(s, &r, &ans, &peer);
	s->unsent = rc == RC_RETRY;
	judge(s, rc, &ans);
	note(s, rc, &ans, &peer);
	if (rc == RC_INVALID || rc == RC_LIMIT || rc == RC_REFUSED) /* the guard: nothing left */
		dispatch_refuse(s, peer.text);
	told_outside(s, rc, &ans);
	http_answer_release(&ans);
	rc = dispatch_settle(s, e);
	if (rc == RC_OK)
		dispatch_learn(s);
	return rc;
}

/* ---- in doubt ---- */

/* Asks the provider for a message whose sending had no answer. */
static enum rc find_now(struct sending *s, struct err *e)
{
	AUTO(provider_request_release) struct provider_request r;
	struct queue_config c = queue_get_config(store_queues(s->w->app->store), QUEUE_MESSAGES);
	struct http_answer ans = HTTP_ANSWER;
	struct err peer = { 0 };
	struct wa_answer a;
	int64_t until;
	enum rc rc;

	if (outside_begin(s->w->app, s->channel->id, s->now_ms, &until) != RC_OK) {
		queue_hold(store_queues(s->w->app->store), s->job,
			   i64_min(until, s->now_ms + SECOND_MS));
		return RC_OK;
	}
	provider_request_init(&r);
	rc = s->provider->build_find(&s->out, &r, &peer);
	if (rc == RC_OK)
		rc = request(s, &r, &ans, &peer);
	a = answer_of(s, rc, &ans);
	s->out.db = store_reader(s->w->app->store);
	s->provider->judge_find(&a, &s->out, &s->verdict);
	store_reader_done(s->w->app->store, s->out.db);
	name_it(s);
	told_outside(s, rc, &ans);
	note(s, rc, &ans, &peer);
	http_answer_release(&ans);
	log_event(LOG_INFO, "message.found", "message", LOG_I64(s->m.id), "class",
		  wa_class_name(s->verdict.cls), NULL);
	if (s->verdict.cls == WA_SEND_ACCEPTED)
		return dispatch_write(s, dispatch_accepted_unit, e);
	if (s->verdict.cls == WA_SEND_RETRY && rc == RC_OK)
		return dispatch_write(s, dispatch_reopen_unit, e);
	s->due_ms = s->now_ms + backoff_ms(s->job->attempts + 1, c.backoff_ms, JOB_RETRY_CAP_MS,
					   work_random(s->w), s->verdict.retry_ms);
	return dispatch_write(s, dispatch_again_unit, e);
}

static enum rc in_doubt(struct sending *s, struct err *e)
{
	if (strcmp(s->m.sending, "sending") == 0) {
		(void)snprintf(s->verdict.text, sizeof(s->verdict.text),
			       "interrupted while it was being sent");
		s->verdict.code = -1;
		return dispatch_write(s, dispatch_unknown_unit, e);
	}
	if (s->provider == NULL || s->provider->build_find == NULL)
		return work_done(s->w, s->job, e);
	TRY(prepare(s, e));
	return find_now(s, e);
}

/* ---- the way ---- */

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
		rc = outside_begin_send(s->w->app, s->channel->id, s->bulk, s->now_ms, &until);
		until = i64_min(
			until, s->now_ms + SECOND_MS); /* the gate holds it, and may open earlier */
	}
	if (rc != RC_OK)
		queue_hold(qs, s->job, until);
	return rc;
}

/* What a person wrote to a customer whose window is open: it may go even when the number is restricted. */
static enum rc is_reply(struct sending *s, bool *ret, struct err *e)
{
	bool person = strcmp(s->m.sender_type, "crm_agent") == 0 ||
		      strcmp(s->m.sender_type, "chatwoot_agent") == 0;
	struct conversation c;
	struct db *db;
	enum rc rc;

	/* A program that names nobody is no person. */
	*ret = person && (strcmp(s->m.source, "api") != 0 || s->m.sender_user_id.n > 0);
	if (!*ret)
		return RC_OK;
	db = store_reader(s->w->app->store);
	rc = conversation_load(db, s->m.conversation_id, &s->w->arena, &c, e);
	store_reader_done(s->w->app->store, db);
	if (rc == RC_OK)
		*ret = s->now_ms - c.last_inbound_ms < config_window_ms(s->channel);
	return rc;
}

/* RC_RETRY: the number is restricted and this has to wait; the job was given back. */
static enum rc bulk_waits(struct sending *s, struct err *e)
{
	int64_t until;
	bool reply;

	TRY(is_reply(s, &reply, e));
	s->bulk = !reply;
	if (!s->bulk || !outside_bulk_waits(s->w->app, s->channel->id, s->now_ms, &until))
		return RC_OK;
	queue_hold(store_queues(s->w->app->store), s->job, until);
	return RC_RETRY;
}

/* The number waits a minute, and its messages with it. */
static void stand_still(struct sending *s, const char *why)
{
	queue_hold(store_queues(s->w->app->store), s->job, s->now_ms + MINUTE_MS);
	outside_stop(s->w->app, s->m.channel_id, s->now_ms + MINUTE_MS, why, s->now_ms);
}

static bool channel_ready(struct sending *s)
{
	const char *why = "the provider of the channel is not known";

	if (s->channel != NULL && s->provider != NULL && s->provider->ready(s->channel, &why))
		return true;
	stand_still(s, s->channel != NULL ? why : "the channel is not configured any more");
	return false;
}

static enum rc send_queued(struct sending *s, struct err *e)
{
	struct err bad = { 0 };
	bool there, go;
	enum rc rc;

	if (!channel_ready(s))
		return RC_OK;
	if (prepare(s, &bad) != RC_OK) {
		dispatch_refuse(s, bad.text);
		return dispatch_settle(s, e);
	}
	if (s->out.not_now != NULL) {
		stand_still(s, s->out.not_now);
		return RC_OK;
	}
	TRY(dispatch_rules(s, &go, e));
	if (!go)
		return RC_OK;
	rc = bulk_waits(s, e);
	if (rc == RC_RETRY)
		return RC_OK;
	TRY(rc);
	TRY(bring_files(s, &there, e));
	if (!there)
		return dispatch_settle(s, e);
	if (may_send(s) != RC_OK)
		return RC_OK;
	return send_now(s, e);
}

static enum rc dispatch(struct sending *s, struct err *e)
{
	enum rc rc = load(s, e);
	const char *at;

	if (rc == RC_ABSENT)
		return work_dead(s->w, s->job, "ours", "gone",
				 "the message or its event is not there any more", e);
	TRY(rc);
	log_set_request(s->m.correlation.n > 0 ? arena_dup(&s->w->arena, s->m.correlation) : "");
	s->channel = config_channel(s->config, s->m.channel_id);
	s->provider = s->channel != NULL ? provider_of(s->channel) : NULL;
	at = s->m.sending != NULL ? s->m.sending : "";
	if (strcmp(at, "sending") == 0 || strcmp(at, "unknown") == 0)
		return in_doubt(s, e);
	if (strcmp(at, "done") == 0)
		return dispatch_write(s, dispatch_overtaken_unit, e);
	if (strcmp(at, "queued") != 0)
		return work_done(s->w, s->job, e);
	return send_queued(s, e);
}

enum rc dispatch_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct sending s = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	enum rc rc;

	ASSERT(n == 1);
	rc = dispatch(&s, e);
	json_free(s.content);
	return rc;
}

static enum rc discard(struct tx *tx, int64_t message_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(2 * MIB);
	struct sending s = { .verdict = { .code = -1 } };
	enum rc rc;

	TRY(message_load(tx->db, message_id, &a, &s.m, e));
	rc = dispatch_cancelled(tx, &s, e);
	if (rc != RC_CONFLICT)
		return rc;
	/* Its outcome could not be stored and nobody will look again: in doubt. */
	err_clear(e);
	(void)snprintf(s.verdict.text, sizeof(s.verdict.text), "discarded while it was being sent");
	return dispatch_doubt(tx, &s, e);
}

enum rc dispatch_discard(struct tx *tx, int64_t ref, struct err *e)
{
	struct topic_brief m;
	enum rc rc = topic_message(tx->db, ref, &m, e);

	if (rc == RC_OK)
		rc = discard(tx, m.message_id, e);
	if (rc != RC_ABSENT && rc != RC_CONFLICT)
		return rc;
	err_clear(e); /* erased, or already settled: nothing to cancel */
	return RC_OK;
}
