/* chatwoot_post.c - the groups that write messages into Chatwoot.
 *
 *   support-bridge-inbound      the customer's message, incoming
 *   support-bridge-crm-mirror   what page, API, CLI or the phone sent: outgoing, source=crm_mirror
 *   support-bridge-outbound     the assistant's answer: outgoing, source=ai_response
 *   support-bridge-media        the file of one of these that came after its message was posted (at most media_wait_ms
 *                               are spent on waiting for it), as a message of its own that answers the first one
 *
 * Chatwoot has no idempotency, but it lists: a job that ran before looks for its source_id first (R7). */
#include "base/limits.h"
#include "base/log.h"
#include "flow/chatwoot/chatwoot_name.h"
#include "flow/chatwoot/chatwoot_post.h"
#include "flow/handlers.h"
#include "flow/ingest/ingest.h"
#include "flow/outside/outside.h"
#include "flow/outside/posting.h"
#include "io/json.h"
#include "store/chatwoot/chatwoot_link.h"

#define TEXT_MAX      (1 * MIB)
#define WAIT_MS       250 /* for the file, or for an earlier message to arrive first */
#define QUOTE_WAIT_MS (10 * SECOND_MS)
#define FILE_MARK     ":file" /* behind the source_id of the message that it belongs to */
#define LOST_MARK     ":lost"

static const struct way INBOUND = { true, "wa", NULL };
static const struct way MIRROR = { false, "api", "crm_mirror" };
static const struct way ANSWER = { false, "n8n", "ai_response" };

/* ---- files that come later ---- */

static enum rc want_file(struct tx *tx, int64_t message_id, int64_t conversation_id,
			 struct str correlation, struct err *e)
{
	int64_t target = topic_group_target_get(store_queues(tx->store), QUEUE_SUPPORT_FILE);
	struct job_new n = { .queue = QUEUE_SUPPORT_FILE,
			     .prio = PRIO_NORMAL,
			     .okey = conversation_id,
			     .lane = target,
			     .ref = message_id,
			     .correlation = correlation };

	return target != 0 ? queue_add(tx, &n, NULL, e) : RC_OK;
}

enum rc chatwoot_file_wanted(struct tx *tx, const struct message_media *f, const char *state,
			     struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(4 * KIB);
	struct chatwoot_mark mark;

	TRY(chatwoot_mark_load(tx->db, f->message_id, &a, &mark, e));
	if (!chatwoot_mark_wants(mark.file, state))
		return RC_OK;
	return want_file(tx, f->message_id, f->conversation_id, f->correlation, e);
}

/* ---- what is written when it is there ---- */

struct linked {
	struct post *p;
	int64_t chatwoot_message_id;
	enum chatwoot_mark_file mark;
	bool later; /* the file's own message */
};

/* What happened while the POST was under way: the file came, a status came. */
static enum rc catch_up(struct tx *tx, const struct linked *l, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(512 * KIB);
	struct message_media f;
	struct message m;
	enum rc rc;

	TRY(message_load(tx->db, l->p->t->m.id, &a, &m, e));
	if (m.outbound && m.status != MESSAGE_PENDING && m.status != MESSAGE_ACCEPTED)
		TRY(chatwoot_status_wanted(tx, &m, e));
	if (l->mark == CHATWOOT_MARK_NONE)
		return RC_OK;
	rc = message_media_load(tx->db, m.id, &a, &f, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	return chatwoot_file_wanted(tx, &f, f.state, e);
}

static enum rc linked_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct linked *l = arg;
	const struct talk *t = l->p->t;
	enum rc rc = message_link_chatwoot(tx, t->target->id, l->chatwoot_message_id, t->m.id,
					   "totem", e);

	if (rc == RC_CONFLICT)
		err_clear(e); /* linked by an earlier try */
	else
		TRY(rc);
	if (l->mark != CHATWOOT_MARK_NONE)
		TRY(chatwoot_mark_file(tx, t->m.id, l->mark, e));
	if (!l->later) {
		TRY(message_set_chatwoot(tx, t->m.id, t->conv.chatwoot_conversation_id,
					 l->chatwoot_message_id, e));
		TRY(catch_up(tx, l, e));
	}
	return queue_done(tx, t->job, e);
}

static enum rc linked(struct linked *l, struct err *e)
{
	return store_write(l->p->t->w->app->store, STORE_NORMAL, linked_unit, l, e);
}

/* ---- the quoted message ---- */

/* The end of what an agent deleted there: everybody sees it already (loop rule 2). */
static enum rc look_deleted(struct post *p, struct db *db, const struct message *q, struct err *e)
{
	struct chatwoot_link l = { .target_id = p->t->target->id,
				   .chatwoot_message_id = q->chatwoot_message_id };
	enum rc rc = RC_ABSENT;

	if (q->chatwoot_message_id != 0 && strcmp(p->t->m.type, "revoke") == 0)
		rc = chatwoot_link_load(db, &l, e);
	if (rc == RC_OK)
		p->shown = l.deleted_ms != 0;
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* RC_RETRY: it is just being posted by another queue. */
static enum rc quote(struct post *p, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	struct talk *t = p->t;
	struct queues *qs = store_queues(t->w->app->store);
	struct str wanted = t->m.reply_to;
	struct message q = { .id = 0 };
	struct db *db;
	int64_t id, since;
	enum rc rc;

	if (wanted.n == 0 && strcmp(t->m.type, "reaction") == 0 &&
	    json_parse(t->m.content_json, &content, NULL) == RC_OK)
		wanted = json_get_str(content, "message_id");
	if (wanted.n == 0)
		return RC_OK;
	db = store_reader(t->w->app->store);
	rc = message_by_meta(db, wanted, &id, e);
	if (rc == RC_OK)
		rc = message_load(db, id, &t->w->arena, &q, e);
	if (rc == RC_OK)
		rc = look_deleted(p, db, &q, e);
	store_reader_done(t->w->app->store, db);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	if (q.chatwoot_message_id != 0) {
		if (q.chatwoot_conversation_id == t->conv.chatwoot_conversation_id)
			p->in_reply_to = q.chatwoot_message_id;
		return RC_OK;
	}
	since = queue_key_since(qs, QUEUE_SUPPORT_MIRROR, t->job->okey);
	if (since == 0)
		since = queue_key_since(qs, QUEUE_SUPPORT_OUTBOUND, t->job->okey);
	return q.outbound && p->way->incoming && since != 0 && since < t->job->created_ms &&
			       t->now_ms - t->job->created_ms < QUOTE_WAIT_MS
		       ? RC_RETRY
		       : RC_OK;
}

/* ---- the post ---- */

static bool refused_for_its_file(const struct post *p)
{
	return p->t->verdict.cls == CHATWOOT_REJECTED && p->file == CHATWOOT_FILE_WITH;
}

/* Under the agent's own name; what Chatwoot refuses the agent is written under the bridge's. */
static enum rc send_as(struct post *p, struct err *e)
{
	struct talk *t = p->t;
	enum rc rc;

	TRY(chatwoot_name_token(t, &t->as_token, e));
	rc = chatwoot_post_send(p, e);
	if (rc == RC_OK && t->as_token != NULL &&
	    (t->verdict.cls == CHATWOOT_PARK || t->verdict.cls == CHATWOOT_GONE)) {
		log_event(LOG_WARN, "chatwoot.agent_refused", "user", t->m.sender_type, NULL);
		t->as_token = NULL;
		rc = chatwoot_post_send(p, e);
	}
	t->as_token = NULL;
	return rc;
}

static enum rc send(struct post *p, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(TEXT_MAX);
	struct chatwoot_text words;

	for (;;) {
		sbuf_reset(&text);
		chatwoot_post_text(p, &words);
		if (p->t->job->queue == QUEUE_SUPPORT_FILE)
			chatwoot_text_file(&words, &text);
		else
			chatwoot_text(&words, &text);
		p->content = sbuf_view(&text);
		TRY(send_as(p, e));
		if (!refused_for_its_file(p))
			return RC_OK;
		p->file = CHATWOOT_FILE_REFUSED; /* the words at least */
	}
}

static enum rc create(struct post *p, struct err *e)
{
	struct talk *t = p->t;
	struct posting *posting = t->w->app->posting;
	struct linked l = { .p = p, .later = t->job->queue == QUEUE_SUPPORT_FILE };
	int64_t thread = t->conv.chatwoot_conversation_id;
	enum rc rc;

	posting_begin(posting, t->target->id, thread);
	rc = send(p, e);
	/* Also when it was carried out: the row of its id may not be written. */
	if (rc == RC_OK && !p->way->incoming &&
	    (t->verdict.cls == CHATWOOT_DONE || t->verdict.cls == CHATWOOT_UNKNOWN))
		queue_doubt(store_queues(t->w->app->store), t->job);
	if (rc == RC_OK && t->verdict.cls == CHATWOOT_DONE)
		rc = chatwoot_answer_id(t->answer, &l.chatwoot_message_id, e);
	l.mark = chatwoot_post_mark(p->file);
	if (l.later && l.mark == CHATWOOT_MARK_WITH)
		l.mark = CHATWOOT_MARK_ADDED;
	if (rc == RC_OK)
		rc = l.chatwoot_message_id != 0 ? linked(&l, e) : chatwoot_talk_settle(t, e);
	posting_end(posting, t->target->id, thread);
	if (rc == RC_INVALID)
		return work_dead(t->w, t->job, "ours", "encode", e->text, e);
	return rc;
}

/* Below which id of Chatwoot an earlier try cannot be. */
static enum rc known_before(struct talk *t, int64_t *ret, struct err *e)
{
	struct db *db;
	enum rc rc;

	*ret = t->m.chatwoot_message_id; /* a file: behind the message that it belongs to */
	if (*ret != 0)
		return RC_OK;
	db = store_reader(t->w->app->store);
	rc = message_chatwoot_newest(db, &t->m, t->target->id, t->event.created_ms, ret, e);
	store_reader_done(t->w->app->store, db);
	return rc;
}

/* RC_ABSENT: an earlier try did not arrive. */
static enum rc reconcile(struct post *p, struct err *e)
{
	struct talk *t = p->t;
	struct linked l = { .p = p, .later = t->job->queue == QUEUE_SUPPORT_FILE };
	int64_t after = 0;
	int files = 0;
	enum rc rc;

	TRY(known_before(t, &after, e));
	rc = chatwoot_post_find(t, p->source, after, &l.chatwoot_message_id, &files, e);
	if (rc == RC_RETRY)
		return chatwoot_talk_settle(t, e);
	TRY(rc);
	if (l.chatwoot_message_id == 0)
		return RC_ABSENT;
	if (l.later)
		l.mark = files > 0 ? CHATWOOT_MARK_ADDED : CHATWOOT_MARK_TOLD;
	else if (p->told.state != NULL)
		l.mark = files > 0 ? CHATWOOT_MARK_WITH : CHATWOOT_MARK_COMING;
	return linked(&l, e);
}

static enum rc write_source(struct post *p, const char *behind, struct sbuf *to, struct err *e)
{
	TRY(chatwoot_post_source(p->t, to, e));
	sbuf_text(to, behind);
	p->source = sbuf_view(to);
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "no room for the source id");
}

static enum rc post(struct post *p, const char *behind, struct err *e)
{
	AUTO(sbuf_release) struct sbuf source = SBUF(2 * KIB);
	enum rc rc = chatwoot_talk_thread(p->t, e);

	if (rc == RC_RETRY)
		return chatwoot_talk_settle(p->t, e);
	TRY(rc);
	TRY(write_source(p, behind, &source, e));
	if (!chatwoot_talk_ran_before(p->t))
		return create(p, e);
	rc = reconcile(p, e);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return create(p, e);
}

/* ---- the jobs ---- */

static void wait_a_little(const struct talk *t)
{
	outside_forget(t->w->app, t->target->id);
	queue_hold(store_queues(t->w->app->store), t->job, t->now_ms + WAIT_MS);
}

static enum rc nothing_to_do(const struct talk *t, struct err *e)
{
	outside_forget(t->w->app, t->target->id);
	return work_done(t->w, t->job, e);
}

static enum rc run(struct worker *w, const struct job *job, const struct way *way, int64_t now_ms,
		   struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct talk t = { .w = w, .job = job, .config = config, .now_ms = now_ms };
	AUTO(chatwoot_post_end) struct post p = { .t = &t, .way = way };
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
		return nothing_to_do(&t, e);
	rc = quote(&p, e);
	if (rc == RC_OK)
		rc = chatwoot_post_template(&p, e);
	if (rc == RC_OK)
		rc = chatwoot_post_file(&p, e);
	if (rc == RC_RETRY) {
		wait_a_little(&t);
		return RC_OK;
	}
	if (rc != RC_OK)
		outside_forget(w->app, t.target->id);
	TRY(rc);
	if (p.shown)
		return nothing_to_do(&t, e);
	return post(&p, "", e);
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

static const struct way *way_of(const struct message *m)
{
	if (!m->outbound)
		return &INBOUND;
	return strcmp(m->source, "ai_response") == 0 ? &ANSWER : &MIRROR;
}

enum rc chatwoot_file_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			  struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct talk t = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	AUTO(chatwoot_post_end) struct post p = { .t = &t };
	struct chatwoot_mark mark;
	struct db *db;
	enum rc rc;

	ASSERT(n == 1);
	rc = chatwoot_talk_begin(&t, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	db = store_reader(w->app->store);
	rc = chatwoot_mark_load(db, t.m.id, &w->arena, &mark, e);
	store_reader_done(w->app->store, db);
	if (rc == RC_OK)
		rc = chatwoot_post_file(&p, e);
	if (rc != RC_OK && rc != RC_RETRY) {
		outside_forget(w->app, t.target->id);
		return rc;
	}
	/* The agent deleted the thread's message meanwhile, or an earlier job brought the file. */
	if (rc == RC_RETRY || t.m.chatwoot_message_id == 0 ||
	    !chatwoot_mark_wants(mark.file, p.told.state))
		return nothing_to_do(&t, e);
	p.way = way_of(&t.m);
	p.in_reply_to = t.m.chatwoot_message_id;
	return post(&p, p.file == CHATWOOT_FILE_WITH ? FILE_MARK : LOST_MARK, e);
}
