/* act.c - see act.h. */
#include "flow/send/act.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/outside/backoff.h"
#include "flow/chatwoot/chatwoot_note.h"
#include "flow/handlers.h"
#include "flow/outside/outside.h"
#include "flow/send/trouble.h"
#include "io/jsonw.h"
#include "store/message/message_plan.h"
#include "store/queue/topic.h"

static const char *const NAMES[ACT_KINDS] = {
	[ACT_READ] = "read",
	[ACT_TYPING] = "typing",
	[ACT_REVOKE] = "revoke",
	[ACT_EDIT] = "edit",
};

const char *act_refused(const struct act_wanted *a, int64_t now_ms)
{
	bool theirs = a->kind == ACT_READ || a->kind == ACT_TYPING;
	const struct provider *p = a->channel != NULL ? provider_of(a->channel) : NULL;

	if (p == NULL)
		return "The channel of this message is not configured any more.";
	if (p->cannot_act(a->kind) != NULL)
		return p->cannot_act(a->kind);
	if (a->m->outbound == theirs)
		return theirs ? "This is not a message of the customer."
			      : "This is not a message of this business.";
	if (a->m->meta_message_id.n == 0)
		return "The provider has given this message no id.";
	if (theirs && a->m->timestamp < now_ms - ACT_READ_AGE_MS)
		return "This message is older than 30 days.";
	if (a->kind == ACT_EDIT && strcmp(a->m->type, "text") != 0)
		return "Only a text message can be changed.";
	return NULL;
}

enum rc act_add(struct tx *tx, const struct act_wanted *a, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(64 * KIB);
	struct job_new n = { .queue = QUEUE_ACTS,
			     .prio = PRIO_NORMAL,
			     .okey = a->m->conversation_id,
			     .lane = a->channel->id,
			     .ref = a->m->id,
			     .correlation = a->correlation };
	struct jsonw w;
	int64_t id;

	jsonw_init(&w, &payload);
	jsonw_object(&w);
	jsonw_ktext(&w, "act", NAMES[a->kind]);
	if (a->kind == ACT_TYPING)
		jsonw_ki64(&w, "until_ms", tx->now_ms + ACT_TYPING_LIFE_MS);
	if (a->kind == ACT_EDIT)
		jsonw_kstr(&w, "text", a->text);
	if (a->user_id.n > 0)
		jsonw_kstr(&w, "user", a->user_id);
	if (a->chatwoot_message_id != 0) {
		jsonw_ki64(&w, "target", a->chatwoot_target);
		jsonw_ki64(&w, "chatwoot_message_id", a->chatwoot_message_id);
	}
	jsonw_end(&w);
	n.payload = sbuf_view(&payload);
	return queue_add(tx, &n, &id, e);
}

/* ---- the job ---- */

struct acting {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct provider *provider;
	struct message m;
	struct act act;
	int64_t until_ms;              /* typing */
	struct chatwoot_note_new note; /* for the agent who wanted it; of message 0: nobody */
	int64_t now_ms;
	int64_t due_ms; /* of the next run */
	bool unsent;    /* the peer was not reached */
	struct wa_verdict verdict;
};

static enum rc load(struct acting *a, struct json **ret_payload, struct err *e)
{
	struct db *db = store_reader(a->w->app->store);
	struct job_text text;
	enum rc rc = queue_text(db, a->job->id, &a->w->arena, &text, e);

	if (rc == RC_OK)
		rc = message_load(db, a->job->ref, &a->w->arena, &a->m, e);
	store_reader_done(a->w->app->store, db);
	if (rc == RC_OK)
		rc = json_parse(text.payload, ret_payload, e);
	return rc;
}

static enum rc read_payload(struct acting *a, const struct json *payload, struct err *e)
{
	struct str name = json_get_str(payload, "act");
	int i = 0;

	while (i < ACT_KINDS && !str_eqc(name, NAMES[i]))
		i++;
	if (i == ACT_KINDS)
		return FAIL(e, RC_INVALID, "this version does not know this act");
	a->act.kind = (enum act_kind)i;
	a->act.text = json_get_str(payload, "text");
	a->act.user_id = json_get_str(payload, "user");
	a->until_ms = json_get_i64_or(payload, "until_ms", 0);
	a->note = (struct chatwoot_note_new){ .target_id = json_get_i64_or(payload, "target", 0),
					      .chatwoot_message_id = json_get_i64_or(
						      payload, "chatwoot_message_id", 0),
					      .what = CHATWOOT_NOTE_DELETE_FAILED };
	return RC_OK;
}

/* What changes here when the provider did it. */
static enum rc done_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(4 * KIB);
	const struct acting *a = arg;
	struct topic_event ev = { .topic = TOPIC_STATUS,
				  .company_id = a->m.company_id,
				  .okey = a->m.conversation_id,
				  .ref = a->m.id,
				  .hop = a->m.hop,
				  .prio = PRIO_NORMAL,
				  .correlation = a->m.correlation };
	struct jsonw j;

	if (a->act.kind == ACT_REVOKE || a->act.kind == ACT_EDIT) {
		TRY(message_plan_note(tx, a->m.id, STR("totem"),
				      a->act.kind == ACT_EDIT ? "Changed at WhatsApp."
							      : "Deleted at WhatsApp.",
				      e));
		jsonw_init(&j, &payload);
		jsonw_object(&j);
		jsonw_ktext(&j, "status", a->act.kind == ACT_EDIT ? "edited" : "revoked");
		jsonw_ktime(&j, "timestamp", tx->now_ms);
		jsonw_end(&j);
		ev.payload = sbuf_view(&payload);
		TRY(topic_publish(tx, &ev, e));
	}
	if (a->provider->acted != NULL)
		TRY(a->provider->acted(tx, &a->act, e));
	return queue_done(tx, a->job, e);
}

static enum rc call(struct acting *a, struct err *e)
{
	AUTO(provider_request_release) struct provider_request r;
	struct http_answer ans = HTTP_ANSWER;
	struct wa_answer got = { .tries = a->job->attempts + 1,
				 .runs = a->job->attempts + a->job->snoozes + 1 };
	enum rc rc;

	provider_request_init(&r);
	rc = a->provider->build_act(&a->act, &r, e);
	if (rc == RC_OK)
		rc = http_do(a->w->http,
			     &(struct http_request){ .method = r.method,
						     .url = sbuf_c(&r.url),
						     .headers = r.headers,
						     .header_count = r.header_count,
						     .body = sbuf_view(&r.body),
						     .timeout_ms = a->act.channel->timeout_ms },
			     &ans, e);
	a->unsent = rc == RC_RETRY;
	got.rc = rc;
	got.status = ans.status;
	got.body = sbuf_view(&ans.body);
	got.retry_after_ms = ans.retry_after_ms;
	a->provider->judge_act(&got, &a->verdict);
	if (!trouble_is(&a->verdict)) /* else settle tells it */
		outside_end(a->w->app, a->act.channel->id, rc == RC_OK && ans.status < 500,
			    a->verdict.text, clock_now_ms());
	log_event(a->verdict.cls == WA_SEND_ACCEPTED ? LOG_INFO : LOG_WARN, "message.act",
		  "message", LOG_I64(a->m.id), "act", NAMES[a->act.kind], "class",
		  wa_class_name(a->verdict.cls), "code", LOG_I64(a->verdict.code), "status",
		  LOG_I64(ans.status), NULL);
	http_answer_release(&ans);
	return rc;
}

/* Worth another try: it may work later, or nobody knows whether it worked, and twice does no harm. */
static bool may_repeat(const struct acting *a)
{
	switch (a->verdict.cls) {
	case WA_SEND_RETRY:
	case WA_SEND_PAUSE_RECIPIENT:
	case WA_SEND_PAUSE_NUMBER:
	case WA_SEND_UNKNOWN:
		return true;
	case WA_SEND_ACCEPTED:
	case WA_SEND_WAIT:
	case WA_SEND_PERMANENT:
	case WA_SEND_TEMPLATE:
	case WA_SEND_STOP:
		return false;
	case WA_SEND_CLASSES:
		break;
	}
	BUG("unknown class");
}

static enum rc later_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct acting *a = arg;

	return queue_snooze(tx, a->job, a->due_ms, a->verdict.text, e);
}

static enum rc note_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct acting *a = arg;

	return chatwoot_note_want(tx, &a->m, &a->note, e);
}

/* Before the job ends: a crash in between says it twice here and once there (chatwoot_note.h). */
static enum rc tell_agent(struct acting *a, struct err *e)
{
	if (a->note.chatwoot_message_id == 0)
		return RC_OK;
	return store_write(a->w->app->store, STORE_NORMAL, note_unit, a, e);
}

static enum rc settle(struct acting *a, struct err *e)
{
	struct app *app = a->w->app;
	struct queue_config c = queue_get_config(store_queues(app->store), QUEUE_ACTS);
	bool wanted = a->act.kind == ACT_REVOKE || a->act.kind == ACT_EDIT;
	const struct trouble_at at = { .app = app,
				       .config = a->config,
				       .channel = a->act.channel,
				       .conversation_id = a->m.conversation_id,
				       .now_ms = a->now_ms,
				       .act = true };

	if (a->verdict.cls == WA_SEND_ACCEPTED)
		return store_write(app->store, STORE_NORMAL, done_unit, a, e);
	/* The same table as for sends. What became too old while it waited is left out by its next run. */
	if (trouble_holds(&at, &a->verdict, &a->due_ms) || a->unsent)
		return store_write(app->store, STORE_NORMAL, later_unit, a, e);
	if (may_repeat(a) && a->act.kind != ACT_TYPING && a->job->attempts + 1 < c.attempts)
		return work_retry(a->w, a->job, a->now_ms, a->verdict.retry_ms, a->provider->name,
				  a->verdict.text, e);
	/* Nobody waits for a read receipt; that an edit or revoke did not happen, a person has to know. */
	TRY(tell_agent(a, e));
	if (wanted)
		return work_dead(a->w, a->job, "theirs", NAMES[a->act.kind], a->verdict.text, e);
	return work_done(a->w, a->job, e);
}

static enum rc act(struct acting *a, struct err *e)
{
	struct err peer = { 0 };
	const char *why;
	int64_t until;

	a->act.channel = config_channel(a->config, a->m.channel_id);
	a->act.m = &a->m;
	a->act.arena = &a->w->arena;
	a->provider = a->act.channel != NULL ? provider_of(a->act.channel) : NULL;
	if (a->provider == NULL || !a->provider->ready(a->act.channel, &why) ||
	    a->provider->cannot_act(a->act.kind) != NULL) {
		TRY(tell_agent(a, e));
		return work_done(a->w, a->job, e);
	}
	if (a->act.kind == ACT_TYPING && a->now_ms >= a->until_ms)
		return work_done(a->w, a->job, e);
	if (a->act.kind == ACT_READ && a->m.timestamp < a->now_ms - ACT_READ_AGE_MS)
		return work_done(a->w, a->job, e);
	if (outside_begin_act(a->w->app, a->act.channel->id, a->now_ms, &until) != RC_OK) {
		queue_hold(store_queues(a->w->app->store), a->job,
			   until); /* woken when it is over */
		return RC_OK;
	}
	(void)call(a, &peer); /* the verdict says it */
	return settle(a, e);
}

enum rc act_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	AUTO(json_freep) struct json *payload = NULL;
	struct acting a = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	enum rc rc = load(&a, &payload, e);

	ASSERT(n == 1);
	if (rc == RC_ABSENT) { /* the message was erased meanwhile */
		err_clear(e);
		return work_done(w, a.job, e);
	}
	if (rc == RC_OK)
		rc = read_payload(&a, payload, e);
	if (rc == RC_INVALID) {
		err_clear(e);
		return work_dead(w, a.job, "ours", "unreadable", "the payload is not an act", e);
	}
	TRY(rc);
	return act(&a, e);
}
