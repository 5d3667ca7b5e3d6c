/* chatwoot_post.c - the three groups that write messages into Chatwoot, and the one that brings delivery states there.
 *
 *   support-bridge-inbound      the customer's message, incoming
 *   support-bridge-crm-mirror   what page, API or CLI sent: outgoing, source=crm_mirror
 *   support-bridge-outbound     the assistant's answer: outgoing, source=ai_response
 *
 * Chatwoot has no idempotency either, but it lists: a job that ran before looks for its source_id first (R7). */
#include "base/ids.h"
#include "base/limits.h"
#include "flow/chatwoot_talk.h"
#include "flow/handlers.h"
#include "flow/posting.h"
#include "io/json.h"
#include "peer/markup.h"
#include "store/chatwoot_link.h"

#define BODY_MAX       (1 * MIB)
#define WAIT_MS        250 /* for the customer's earlier message to arrive first */
#define LIST_PAGE      100 /* messages in one answer of Chatwoot */
#define LIST_PAGES_MAX 100

struct way {
	bool incoming;
	const char *origin; /* mark o */
	const char *source; /* content_attributes.source or NULL */
};

static const struct way INBOUND = { true, "wa", NULL };
static const struct way MIRROR = { false, "api", "crm_mirror" };
static const struct way ANSWER = { false, "n8n", "ai_response" };

struct linked {
	struct talk *t;
	int64_t chatwoot_message_id;
};

static enum rc linked_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct linked *l = arg;
	enum rc rc = message_link_chatwoot(tx, l->t->target->id, l->chatwoot_message_id, l->t->m.id,
					   "totem", e);

	if (rc == RC_CONFLICT)
		err_clear(e); /* linked by an earlier try */
	else
		TRY(rc);
	TRY(message_set_chatwoot(tx, l->t->m.id, l->t->conv.chatwoot_conversation_id,
				 l->chatwoot_message_id, e));
	return queue_done(tx, l->t->job, e);
}

static enum rc linked(struct talk *t, int64_t chatwoot_message_id, struct err *e)
{
	struct linked l = { t, chatwoot_message_id };

	return store_write(t->w->app->store, STORE_NORMAL, linked_unit, &l, e);
}

static enum rc source_id(struct talk *t, struct sbuf *to, struct err *e)
{
	char id[ID_TEXT_MAX];

	/* The same at every try: an answer may be posted here before WhatsApp has given it an id. */
	if (t->m.meta_message_id.n > 0 && t->job->queue != QUEUE_SUPPORT_OUTBOUND)
		return chatwoot_source_id(STR("meta"), t->m.meta_message_id, to, e);
	id_text(t->m.created_at, t->m.id, id);
	return chatwoot_source_id(STR("totem"), str_of(id), to, e);
}

/* Did an earlier try arrive? *ret_id 0: no. RC_RETRY: the list could not be read. */
static enum rc reconcile(struct talk *t, struct str wanted, int64_t *ret_id, struct err *e)
{
	struct db *db = store_reader(t->w->app->store);
	int64_t after = 0;
	enum rc rc =
		message_chatwoot_newest(db, &t->m, t->target->id, t->event.created_ms, &after, e);

	store_reader_done(t->w->app->store, db);
	TRY(rc);
	*ret_id = 0;
	for (int page = 0; page < LIST_PAGES_MAX; page++) {
		struct chatwoot_messages list;
		const struct chatwoot_event *found;

		TRY(chatwoot_talk_call(t, CHATWOOT_MESSAGE_LIST,
				       &(struct chatwoot_place){
					       .conversation_id = t->conv.chatwoot_conversation_id,
					       .after_id = after },
				       STR_NONE, e));
		if (t->verdict.cls != CHATWOOT_DONE)
			return RC_RETRY;
		TRY(chatwoot_answer_messages(t->answer, &t->w->arena, &list, e));
		found = chatwoot_answer_find(&list, wanted);
		if (found != NULL)
			*ret_id = found->message_id;
		if (found != NULL || list.count + list.unreadable < LIST_PAGE || after == 0)
			break; /* without a known id Chatwoot lists its newest only */
		after = list.last_id;
	}
	return RC_OK;
}

static enum rc encode(struct talk *t, const struct way *way, struct str source, struct sbuf *body,
		      struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(BODY_MAX / 2);
	char id[ID_TEXT_MAX];

	id_text(t->m.created_at, t->m.id, id);
	markup_to_markdown(t->m.content, &text);
	return chatwoot_message_new(
		&(struct chatwoot_message_new){ .content = sbuf_view(&text),
						.incoming = way->incoming,
						.source_id = source,
						.origin = str_of(way->origin),
						.mark = str_of(id),
						.source = str_of(way->source),
						.external_created_ms = t->m.timestamp },
		body, e);
}

static enum rc create(struct talk *t, const struct way *way, struct str source, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_place place = { .conversation_id = t->conv.chatwoot_conversation_id };
	struct posting *posting = t->w->app->posting;
	int64_t id = 0;
	enum rc rc;

	rc = encode(t, way, source, &body, e);
	if (rc == RC_INVALID)
		return work_dead(t->w, t->job, "ours", "encode", e->text, e);
	TRY(rc);
	posting_begin(posting, t->target->id, place.conversation_id);
	rc = chatwoot_talk_call(t, CHATWOOT_MESSAGE_CREATE, &place, sbuf_view(&body), e);
	if (rc == RC_OK && t->verdict.cls == CHATWOOT_DONE)
		rc = chatwoot_answer_id(t->answer, &id, e);
	if (rc == RC_OK)
		rc = id != 0 ? linked(t, id, e) : chatwoot_talk_settle(t, e);
	posting_end(posting, t->target->id, place.conversation_id);
	return rc;
}

/* A retried dead letter is a new job of an older event. */
static bool ran_before(const struct job *j, const struct topic_event *ev)
{
	return j->attempts > 0 || j->snoozes > 0 || j->recovered || j->created_ms != ev->created_ms;
}

static enum rc post(struct talk *t, const struct way *way, struct err *e)
{
	AUTO(sbuf_release) struct sbuf source = SBUF(2 * KIB);
	int64_t id = 0;
	enum rc rc = chatwoot_talk_thread(t, e);

	if (rc == RC_RETRY)
		return chatwoot_talk_settle(t, e);
	TRY(rc);
	TRY(source_id(t, &source, e));
	if (ran_before(t->job, &t->event)) {
		rc = reconcile(t, sbuf_view(&source), &id, e);
		if (rc == RC_RETRY)
			return chatwoot_talk_settle(t, e);
		TRY(rc);
		if (id != 0)
			return linked(t, id, e);
	}
	return create(t, way, sbuf_view(&source), e);
}

static enum rc run(struct worker *w, const struct job *job, const struct way *way, int64_t now_ms,
		   struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct talk t = { .w = w, .job = job, .config = config, .now_ms = now_ms };
	struct queues *qs = store_queues(w->app->store);
	int64_t since;
	enum rc rc;

	/* What the customer wrote before stands before: wait while an older message is on its way there. */
	since = way->incoming ? 0 : queue_key_since(qs, QUEUE_SUPPORT_INBOUND, job->okey);
	if (since != 0 && since <= job->created_ms) {
		queue_hold(qs, job, now_ms + WAIT_MS);
		return RC_OK;
	}
	rc = chatwoot_talk_begin(&t, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	if (t.m.chatwoot_message_id != 0)
		return work_done(w, job, e);
	return post(&t, way, e);
}

enum rc chatwoot_in_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			struct err *e)
{
	ASSERT(n == 1);
	return run(w, &jobs[0], &INBOUND, now_ms, e);
}

enum rc chatwoot_mirror_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			    struct err *e)
{
	ASSERT(n == 1);
	return run(w, &jobs[0], &MIRROR, now_ms, e);
}

enum rc chatwoot_answer_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			    struct err *e)
{
	ASSERT(n == 1);
	return run(w, &jobs[0], &ANSWER, now_ms, e);
}

/* ---- delivery states ---- */

static const char *state_word(enum message_status s)
{
	switch (s) {
	case MESSAGE_PENDING:
	case MESSAGE_ACCEPTED:
		return NULL; /* Chatwoot shows "sent" by itself */
	case MESSAGE_SENT:
		return "sent";
	case MESSAGE_DELIVERED:
		return "delivered";
	case MESSAGE_READ:
	case MESSAGE_PLAYED:
		return "read";
	case MESSAGE_FAILED:
		return "failed";
	case MESSAGE_STATUSES:
		break;
	}
	BUG("unknown status");
}

/* What an agent wrote may be several messages here: all of them together. */
static enum rc sum_up(struct talk *t, struct chatwoot_sum *ret, struct err *e)
{
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = chatwoot_link_sum(db, t->target->id, &t->m, &t->w->arena, ret, e);

	store_reader_done(t->w->app->store, db);
	return rc;
}

/* Why it failed, for the agent. */
static struct str reason(struct talk *t, const struct chatwoot_sum *sum)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str text;

	if (sum->status != MESSAGE_FAILED)
		return STR_NONE;
	if (json_parse(sum->error, &root, NULL) != RC_OK)
		return STR("WhatsApp could not deliver this message");
	text = arena_str(&t->w->arena, json_get_str(root, "text"));
	if (text.n == 0)
		text = arena_str(&t->w->arena, json_get_str(root, "title"));
	return text.n > 0 ? text : STR("WhatsApp could not deliver this message");
}

/* The state of now, not of the event: jobs of one conversation run in order, and the rank never falls (R8). */
enum rc chatwoot_status_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			    struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct talk t = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	struct chatwoot_sum sum;
	const char *word;
	bool cancelled;
	enum rc rc;

	ASSERT(n == 1);
	rc = chatwoot_talk_begin(&t, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	cancelled = t.m.sending != NULL && strcmp(t.m.sending, "cancelled") == 0;
	TRY(sum_up(&t, &sum, e));
	word = cancelled ? "failed" : state_word(sum.status);
	if (word == NULL || t.m.chatwoot_message_id == 0)
		return work_done(w, &jobs[0], e);
	TRY(chatwoot_message_status(str_of(word),
				    cancelled ? STR("This message was cancelled before it left")
					      : reason(&t, &sum),
				    &body, e));
	TRY(chatwoot_talk_call(
		&t, CHATWOOT_MESSAGE_STATUS,
		&(struct chatwoot_place){ .conversation_id = t.m.chatwoot_conversation_id,
					  .message_id = t.m.chatwoot_message_id },
		sbuf_view(&body), e));
	if (t.verdict.cls == CHATWOOT_GONE)
		return work_done(w, &jobs[0], e); /* deleted there */
	return chatwoot_talk_settle(&t, e);
}
