/* dispatch_settle.c - how a send ends: its units, and what each class of verdict means for message, job and number. */
#include "flow/send/dispatch_priv.h"

#include "base/limits.h"
#include "flow/send/attempt.h"
#include "flow/outside/backoff.h"
#include "flow/outside/breaker.h"
#include "flow/ingest/ingest.h"
#include "flow/send/send_files.h"
#include "flow/send/trouble.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "store/conversation/conversation.h"
#include "store/change.h"
#include "store/conversation/contact.h"

#define CODE_STOPPED_MARKETING 131050 /* meta-cloud-api.md 4.2 */
#define APART_MS               (10 * MINUTE_MS) /* who waits longer holds back nobody else of the conversation */
#define FIND_FIRST_MS \
	(5 *          \
	 SECOND_MS) /* after an unknown outcome: the provider has had time to store the message */

/* ---- units ---- */

enum rc dispatch_begin_unit(struct tx *tx, void *arg, struct err *e)
{
	struct sending *s = arg;

	/* Once more: files were brought and the rate waited for since these were asked. */
	TRY(message_plan_arrived(tx->db, s->m.id, &s->arrived, e));
	if (s->arrived)
		return FAIL(e, RC_REFUSED, "the earlier message arrived");
	if (s->plan.expires_ms > 0 && tx->now_ms >= s->plan.expires_ms)
		return FAIL(e, RC_REFUSED, "expired");
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
	struct topic_event ev = message_event(m, TOPIC_MIRROR);

	ev.hop = m->hop;
	if (strcmp(m->source, "support_bridge") == 0 || strcmp(m->source, "ai_response") == 0)
		return RC_OK;
	return topic_publish(tx, &ev, e);
}

/* A reaction stands at its message as the customer's do. */
static enum rc keep_reaction(struct tx *tx, const struct message *m, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	struct change_new c = { .kind = "reaction",
				.by_message = m->id,
				.conversation_id = m->conversation_id,
				.outbound = true,
				.at_ms = tx->now_ms };
	int64_t target;

	if (strcmp(m->type, "reaction") != 0)
		return RC_OK;
	TRY(json_parse(m->content_json, &content, e));
	c.target = json_get_str(content, "message_id");
	c.text = json_get_str(content, "emoji");
	return change_add(tx, &c, &target, e);
}

enum rc dispatch_left(struct tx *tx, const struct message *m, struct err *e)
{
	TRY(keep_reaction(tx, m, e));
	return dispatch_mirror(tx, m, e);
}

static enum rc tell_provider(struct tx *tx, const struct sending *s, struct err *e)
{
	if (s->provider == NULL || s->provider->settled == NULL)
		return RC_OK;
	return s->provider->settled(tx, s->channel, &s->m, &s->verdict, e);
}

static enum rc is_failed(struct tx *tx, const struct sending *s, bool *ret, struct err *e)
{
	int64_t code;
	enum rc rc = message_plan_failure(tx->db, s->m.id, &code, e);

	*ret = rc == RC_OK;
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

/* A status overtook the provider's answer and had no tag: joined now, it says already that the message did not go. */
static enum rc failed_before(struct tx *tx, const struct sending *s, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(2 * MIB);
	struct contact contact;
	struct message m;
	bool replaced;
	int64_t code, who;
	enum rc rc = message_plan_failure(tx->db, s->m.id, &code, e);

	if (rc != RC_OK) {
		err_clear(e);
		return rc == RC_ABSENT ? RC_OK : rc;
	}
	TRY(message_load(tx->db, s->m.id, &a, &m, e));
	TRY(contact_of_conversation(tx->db, m.conversation_id, &who, e));
	TRY(contact_load(tx->db, who, &a, &contact, e));
	TRY(attempt_later(tx,
			  &(struct attempt_failure){ .app = s->w->app,
						     .config = s->config,
						     .m = &m,
						     .code = code,
						     .news = true,
						     .group = contact.group },
			  &replaced, e));
	return replaced ? RC_OK : chatwoot_status_wanted(tx, &m, e);
}

enum rc dispatch_accepted_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;
	bool failed;

	TRY(is_failed(tx, s, &failed, e)); /* then whoever stored that did what follows */
	TRY(message_accepted(tx, s->m.id, str_of(s->verdict.wamid), e));
	if (s->verdict.held)
		TRY(message_plan_note(
			tx, s->m.id, STR("totem"),
			"Meta holds this template back for a quality check: it may leave later "
			"or fail (132015).",
			e));
	TRY(publish_status(tx, s, "accepted", e));
	TRY(tell_provider(tx, s, e));
	TRY(dispatch_left(tx, &s->m, e));
	if (!failed)
		TRY(failed_before(tx, s, e));
	return queue_done(tx, s->job, e);
}

/* Somebody else settled it: what left is mirrored; what failed or was cancelled was told by whoever stored that. */
static enum rc settled_elsewhere(struct tx *tx, const struct sending *s, const struct message *now,
				 struct err *e)
{
	if (str_eqc(str_of(now->sending), "done") && now->status != MESSAGE_FAILED)
		TRY(dispatch_left(tx, now, e));
	return queue_done(tx, s->job, e);
}

enum rc dispatch_overtaken_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(2 * MIB);
	const struct sending *s = arg;
	struct message now;

	TRY(message_load(tx->db, s->m.id, &a, &now, e));
	return settled_elsewhere(tx, s, &now, e);
}

enum rc dispatch_overtaken(struct tx *tx, const struct sending *s, bool *ret_gone, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(2 * MIB);
	struct message now;

	TRY(message_load(tx->db, s->m.id, &a, &now, e));
	*ret_gone =
		str_eqc(str_of(now.sending), "done") || str_eqc(str_of(now.sending), "cancelled");
	return *ret_gone ? settled_elsewhere(tx, s, &now, e) : RC_OK;
}

static enum rc requeue_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;
	bool gone;

	TRY(send_files_forget(tx, &s->m, s->verdict.code, e));
	TRY(tell_provider(tx, s, e));
	TRY(dispatch_overtaken(tx, s, &gone, e));
	if (gone)
		return RC_OK;
	if (s->begun)
		TRY(message_requeued(tx, s->m.id, e));
	if (!s->blameless)
		TRY(queue_refused(tx, s->job, e));
	if (!s->blameless)
		TRY(message_plan_tried(tx, s->m.id, e));
	if (s->verdict.cls == WA_SEND_RETRY && !s->blameless)
		return queue_retry(tx, s->job, s->due_ms, "peer", s->verdict.text, e);
	if (s->verdict.cls == WA_SEND_WAIT && s->due_ms - s->now_ms >= APART_MS)
		return queue_snooze_apart(tx, s->job, s->due_ms, s->verdict.text, e);
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

enum rc dispatch_cancelled(struct tx *tx, const struct sending *s, struct err *e)
{
	TRY(message_cancel(tx, s->m.id, e));
	TRY(message_plan_give_back(tx, s->m.id, e));
	TRY(publish_status(tx, s, "cancelled", e));
	return chatwoot_status_wanted(tx, &s->m, e);
}

enum rc dispatch_failed_quietly(struct tx *tx, const struct sending *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf error = SBUF(4 * KIB);

	error_json(&s->verdict, &error);
	TRY(message_failed(tx, s->m.id, sbuf_view(&error), e));
	TRY(publish_status(tx, s, "failed", e));
	TRY(chatwoot_status_wanted(tx, &s->m, e));
	return queue_done(tx, s->job, e);
}

/* Meta knows of a wish that we had not heard: no advertising (also as a failed status, flow/ingest/ingest_status.c). */
static enum rc keep_wish(struct tx *tx, const struct sending *s, struct err *e)
{
	int64_t contact;

	if (s->verdict.code != CODE_STOPPED_MARKETING)
		return RC_OK;
	TRY(contact_of_conversation(tx->db, s->m.conversation_id, &contact, e));
	return contact_set_marketing(tx, contact, "stop", tx->now_ms, e);
}

/* What a person wrote and could not be sent stands in the thread at Chatwoot, if there is one, with its reason. */
static enum rc mirror_failed(struct tx *tx, const struct sending *s, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct conversation c;

	if (s->m.chatwoot_message_id != 0)
		return RC_OK;
	TRY(conversation_load(tx->db, s->m.conversation_id, &a, &c, e));
	return c.chatwoot_conversation_id != 0 ? dispatch_mirror(tx, &s->m, e) : RC_OK;
}

static enum rc failed_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(sbuf_release) struct sbuf error = SBUF(4 * KIB);
	const struct sending *s = arg;
	char reason[48];
	bool replaced = false, gone = false;

	error_json(&s->verdict, &error);
	TRY(send_files_forget(tx, &s->m, s->verdict.code, e));
	TRY(keep_wish(tx, s, e));
	TRY(trouble_tell(tx, s->m.channel_id, &s->verdict, e));
	TRY(dispatch_overtaken(tx, s, &gone, e));
	if (gone)
		return RC_OK;
	TRY(message_failed(tx, s->m.id, sbuf_view(&error), e));
	if (s->begun)
		TRY(message_plan_tried(tx, s->m.id, e));
	TRY(publish_status(tx, s, "failed", e));
	TRY(attempt_after(tx, s->config, &s->m, s->verdict.code, &replaced, e));
	if (replaced)
		return queue_done(tx, s->job, e);
	TRY(chatwoot_status_wanted(tx, &s->m,
				   e)); /* the agent who wrote it sees that it did not go */
	TRY(mirror_failed(tx, s, e));
	if (s->verdict.code >= 0)
		(void)snprintf(reason, sizeof(reason), "%s %lld", s->provider->name,
			       (long long)s->verdict.code);
	else
		(void)snprintf(reason, sizeof(reason), "%s %s", s->provider->name,
			       wa_class_name(s->verdict.cls));
	return queue_dead(tx, s->job, "theirs", reason, s->verdict.text, e);
}

enum rc dispatch_doubt(struct tx *tx, const struct sending *s, struct err *e)
{
	TRY(message_unknown(tx, s->m.id, s->verdict.text, e));
	return publish_status(tx, s, "unknown", e);
}

/* Where the provider can be asked, the job goes on: the question is its next run. */
enum rc dispatch_unknown_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;
	bool gone;

	TRY(dispatch_overtaken(tx, s, &gone, e));
	if (gone)
		return RC_OK;
	TRY(dispatch_doubt(tx, s, e));
	if (s->provider == NULL || s->provider->build_find == NULL)
		return queue_done(tx, s->job, e);
	return queue_snooze(tx, s->job, s->now_ms + FIND_FIRST_MS, s->verdict.text, e);
}

enum rc dispatch_reopen_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;
	bool gone;

	TRY(dispatch_overtaken(tx, s, &gone, e));
	if (gone)
		return RC_OK;
	TRY(message_reopened(tx, s->m.id, e));
	return queue_snooze(tx, s->job, s->now_ms, s->verdict.text, e);
}

enum rc dispatch_again_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;
	struct queue_config c = queue_get_config(store_queues(s->w->app->store), QUEUE_MESSAGES);

	if (s->job->attempts + 1 >= c.attempts)
		return queue_done(tx, s->job, e); /* stays unknown, for a status or a person */
	return queue_retry(tx, s->job, s->due_ms, s->provider->name, s->verdict.text, e);
}

enum rc dispatch_write(struct sending *s, store_unit *unit, struct err *e)
{
	return store_write(s->w->app->store, STORE_NORMAL, unit, s, e);
}

void dispatch_refuse(struct sending *s, const char *why)
{
	s->verdict = (struct wa_verdict){
		.cls = WA_SEND_PERMANENT, .code = -1, .subcode = -1, .retry_ms = -1
	};
	(void)snprintf(s->verdict.text, sizeof(s->verdict.text), "%.150s", why);
}

enum rc dispatch_settle(struct sending *s, struct err *e)
{
	struct app *app = s->w->app;
	struct queue_config c = queue_get_config(store_queues(app->store), QUEUE_MESSAGES);
	const struct wa_verdict *v = &s->verdict;
	const struct trouble_at at = { .app = app,
				       .config = s->config,
				       .channel = s->channel,
				       .conversation_id = s->m.conversation_id,
				       .now_ms = s->now_ms,
				       .bulk = s->bulk };

	s->blameless = trouble_holds(&at, v, &s->due_ms);
	if (s->blameless)
		return dispatch_write(s, requeue_unit, e);
	switch (v->cls) {
	case WA_SEND_ACCEPTED:
		return dispatch_write(s, dispatch_accepted_unit, e);
	case WA_SEND_UNKNOWN:
		return dispatch_write(s, dispatch_unknown_unit, e);
	case WA_SEND_PERMANENT:
	case WA_SEND_TEMPLATE:
		return dispatch_write(s, failed_unit, e);
	case WA_SEND_RETRY:
		if (s->unsent) { /* weather, not this message's fault: no attempt is burned */
			s->blameless = true;
			s->due_ms = s->now_ms + i64_min(v->retry_ms, BREAKER_COOL_CAP_MS);
			return dispatch_write(s, requeue_unit, e);
		}
		if (s->job->attempts + 1 >= c.attempts)
			return dispatch_write(s, failed_unit, e);
		s->due_ms =
			s->now_ms + backoff_ms(s->job->attempts + 1, c.backoff_ms, JOB_RETRY_CAP_MS,
					       work_random(s->w), v->retry_ms);
		return dispatch_write(s, requeue_unit, e);
	case WA_SEND_PAUSE_RECIPIENT:
	case WA_SEND_WAIT:
		return dispatch_write(s, requeue_unit, e);
	case WA_SEND_PAUSE_NUMBER:
	case WA_SEND_STOP:
	case WA_SEND_CLASSES:
		break;
	}
	BUG("unknown class");
}
