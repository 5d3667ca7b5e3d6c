/* chatwoot_agent.c - see chatwoot_agent.h: known, and at once or as a job; the job of queue support-bridge-agent. */
#include "flow/chatwoot/chatwoot_agent.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "flow/outside/backoff.h"
#include "flow/chatwoot/chatwoot_fetch.h"
#include "flow/chatwoot/chatwoot_stray.h"
#include "flow/handlers.h"
#include "flow/outside/outside.h"
#include "store/conversation/conversation_state.h"

#define PAYLOAD_MAX (1 * MIB)

/* ---- taking ---- */

static enum rc make_known(struct tx *tx, const struct chatwoot_agent *s,
			  struct chatwoot_link *ret_link, struct err *e)
{
	enum rc rc;

	*ret_link = (struct chatwoot_link){ .target_id = s->target->id,
					    .chatwoot_message_id = s->ev->message_id,
					    .parts = 1,
					    .agent = true };
	rc = chatwoot_link_load(tx->db, ret_link, e);
	if (rc != RC_ABSENT)
		return rc;
	rc = message_link_chatwoot(tx, s->target->id, s->ev->message_id, 0, "agent", e);
	ASSERT(rc != RC_CONFLICT); /* looked up before, in this transaction */
	return rc;
}

static enum rc add_job(struct tx *tx, const struct chatwoot_agent *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(PAYLOAD_MAX);
	struct job_new n = { .queue = QUEUE_SUPPORT_AGENT,
			     .prio = PRIO_HIGH,
			     .okey = s->conversation_id,
			     .lane = s->target->id,
			     .ref = s->conversation_id,
			     .correlation = s->correlation };
	int64_t id;

	chatwoot_event_write(s->ev, &payload);
	if (!sbuf_ok(&payload))
		return FAIL(e, RC_INVALID, "an agent's message is too long");
	n.payload = sbuf_view(&payload);
	return queue_add(tx, &n, &id, e);
}

/* The assistant is silent from the moment in which a person wrote (send_add), not only when the file is here. */
static enum rc take_over(struct tx *tx, const struct chatwoot_agent *s, struct err *e)
{
	if (s->ev->sender != CHATWOOT_SENDER_USER || s->config->takeover_ms == 0)
		return RC_OK;
	return conversation_state_silence(tx, s->conversation_id,
					  tx->now_ms + s->config->takeover_ms, "human", e);
}

enum rc chatwoot_agent_take(struct tx *tx, const struct chatwoot_agent *s, int *ret_rows,
			    struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	struct chatwoot_attachments attached;
	struct chatwoot_link link;
	bool waits;
	enum rc rc;

	*ret_rows = 0;
	TRY(make_known(tx, s, &link, e));
	rc = chatwoot_say_attachments(s->ev, &a, &attached, e);
	if (rc == RC_INVALID) {
		char why[ERR_TEXT_MAX];

		(void)snprintf(why, sizeof(why), "%s", e->text);
		err_clear(e);
		return chatwoot_agent_failed(tx, s, &link, why, e);
	}
	TRY(rc);
	TRY(chatwoot_link_waits(tx->db, QUEUE_SUPPORT_AGENT, s->conversation_id, &waits, e));
	if (attached.files > 0 || waits) {
		TRY(take_over(tx, s, e));
		return add_job(tx, s, e);
	}
	return chatwoot_agent_send(tx, s,
				   &(struct chatwoot_ready){ .attached = &attached, .link = &link },
				   ret_rows, e);
}

/* ---- the job ---- */

struct fetching {
	struct worker *w;
	const struct job *job;
	int64_t now_ms;
	struct chatwoot_agent s;
	struct chatwoot_event ev;
	struct chatwoot_attachments attached;
	struct media_put *puts; /* one for each file */
	struct chatwoot_file *files;
	enum chatwoot_fetched outcome;
	char why[160];
	int64_t due_ms;
};

/* RC_ABSENT: it was deleted meanwhile, or is done: nothing more to do. */
static enum rc look(struct tx *tx, const struct fetching *f, struct chatwoot_link *ret,
		    struct err *e)
{
	*ret = (struct chatwoot_link){ .target_id = f->s.target->id,
				       .chatwoot_message_id = f->ev.message_id };
	TRY(chatwoot_link_load(tx->db, ret, e));
	return ret->deleted_ms != 0 || (ret->message_id != 0 && ret->failed_ms == 0) ? RC_ABSENT
										     : RC_OK;
}

static enum rc send_unit(struct tx *tx, void *arg, struct err *e)
{
	struct fetching *f = arg;
	struct chatwoot_link link;
	int rows;
	enum rc rc = look(tx, f, &link, e);

	if (rc == RC_ABSENT) {
		err_clear(e);
		return queue_done(tx, f->job, e);
	}
	TRY(rc);
	for (size_t i = 0; i < f->attached.files; i++)
		TRY(media_put_keep(tx, &f->puts[i], e));
	TRY(chatwoot_agent_send(tx, &f->s,
				&(struct chatwoot_ready){ .attached = &f->attached,
							  .files = f->files,
							  .link = &link },
				&rows, e));
	return queue_done(tx, f->job, e);
}

static enum rc failed_unit(struct tx *tx, void *arg, struct err *e)
{
	struct fetching *f = arg;
	struct chatwoot_link link;
	enum rc rc = look(tx, f, &link, e);

	if (rc == RC_OK)
		TRY(chatwoot_agent_failed(tx, &f->s, &link, f->why, e));
	else if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return queue_done(tx, f->job, e);
}

static enum rc snooze_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct fetching *f = arg;

	return queue_snooze(tx, f->job, f->due_ms, f->why, e);
}

static enum rc write(struct fetching *f, store_unit *unit, struct err *e)
{
	return store_write(f->w->app->store, STORE_NORMAL, unit, f, e);
}

static enum rc fetch_one(struct fetching *f, const struct chatwoot_attachment *at, size_t i,
			 bool *ret_down, struct err *e)
{
	struct chatwoot_fetch get = {
		.w = f->w, .job = f->job, .config = f->s.config, .target = f->s.target, .file = at
	};
	char id[ID_TEXT_MAX];
	enum rc rc = chatwoot_fetch_file(&get, e);

	f->puts[i] = get.put; /* dropped by the caller, whatever came of it */
	f->outcome = get.outcome;
	*ret_down = get.down;
	(void)snprintf(f->why, sizeof(f->why), "%s", get.why);
	if (rc != RC_OK || get.outcome != CHATWOOT_FETCHED)
		return rc;
	id_text(get.put.media.created_ms, get.put.media.id, id);
	f->files[i] =
		(struct chatwoot_file){ .mime = arena_dup(&f->w->arena, str_of(get.put.type.mime)),
					.traits = get.put.type.traits,
					.bytes = get.put.media.bytes,
					.media_id = arena_str(&f->w->arena, str_of(id)),
					.name = at->name };
	if (f->files[i].mime == NULL || f->files[i].media_id.p == NULL)
		return FAIL(e, RC_LIMIT, "no room for files");
	return RC_OK;
}

/* All files, or the first that is not to be had. */
static enum rc fetch_all(struct fetching *f, struct err *e)
{
	bool down = false;
	size_t n = 0;

	f->outcome = CHATWOOT_FETCHED;
	for (size_t i = 0; i < f->attached.count && f->outcome == CHATWOOT_FETCHED; i++) {
		if (f->attached.items[i].what == CHATWOOT_ATTACHED_FILE)
			TRY(fetch_one(f, &f->attached.items[i], n++, &down, e));
	}
	if (n == 0)
		outside_forget(f->w->app, f->s.target->id);
	else
		outside_end(f->w->app, f->s.target->id, !down,
			    down ? f->why : "the file's server answers", clock_now_ms());
	return RC_OK;
}

static enum rc again(struct fetching *f, struct err *e)
{
	struct queue_config c =
		queue_get_config(store_queues(f->w->app->store), QUEUE_SUPPORT_AGENT);

	if (f->job->attempts + 1 < c.attempts)
		return work_retry(f->w, f->job, f->now_ms, -1, "file", f->why, e);
	return write(f, failed_unit, e);
}

static enum rc later(struct fetching *f, struct err *e)
{
	struct queue_config c =
		queue_get_config(store_queues(f->w->app->store), QUEUE_SUPPORT_AGENT);

	if (f->now_ms - f->job->created_ms > CHATWOOT_AGENT_WAIT_MS)
		return write(f, failed_unit, e);
	f->due_ms = f->now_ms + backoff_ms(f->job->snoozes + 1, c.backoff_ms, BREAKER_COOL_CAP_MS,
					   work_random(f->w), -1);
	return write(f, snooze_unit, e);
}

static enum rc settle(struct fetching *f, struct err *e)
{
	if (f->outcome != CHATWOOT_FETCHED)
		log_event(LOG_WARN, "chatwoot.file", "chatwoot_message", LOG_I64(f->ev.message_id),
			  "why", f->why, NULL);
	switch (f->outcome) {
	case CHATWOOT_FETCHED:
		return write(f, send_unit, e);
	case CHATWOOT_FETCH_LATER:
		return later(f, e);
	case CHATWOOT_FETCH_AGAIN:
		return again(f, e);
	case CHATWOOT_FETCH_NEVER:
		return write(f, failed_unit, e);
	}
	BUG("unknown outcome");
}

static enum rc read_job(struct fetching *f, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	struct job_text text;
	struct db *db = store_reader(f->w->app->store);
	enum rc rc = queue_text(db, f->job->id, &f->w->arena, &text, e);

	store_reader_done(f->w->app->store, db);
	TRY(rc);
	TRY(json_parse(text.payload, &root, e));
	TRY(chatwoot_event_message(root, &f->w->arena, &f->ev, e));
	f->s.ev = &f->ev;
	f->s.conversation_id = f->job->okey;
	f->s.correlation = text.correlation;
	return chatwoot_say_attachments(&f->ev, &f->w->arena, &f->attached, e);
}

static enum rc fetch(struct fetching *f, struct err *e)
{
	size_t n = f->attached.files + 1;
	enum rc rc;

	f->puts = arena_alloc(&f->w->arena, n * sizeof(*f->puts));
	f->files = arena_alloc(&f->w->arena, n * sizeof(*f->files));
	if (f->puts == NULL || f->files == NULL)
		return FAIL(e, RC_LIMIT, "no room for files");
	memset(f->puts, 0, n * sizeof(*f->puts));
	rc = fetch_all(f, e);
	if (rc == RC_OK)
		rc = settle(f, e);
	for (size_t i = 0; i < n; i++)
		media_put_drop(&f->puts[i]);
	return rc;
}

enum rc chatwoot_agent_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			   struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct fetching f = { .w = w,
			      .job = &jobs[0],
			      .now_ms = now_ms,
			      .s = { .app = w->app,
				     .config = config,
				     .target = config_chatwoot(config, jobs[0].lane) } };
	int64_t until;
	enum rc rc;

	ASSERT(n == 1);
	if (jobs[0].okey == 0)
		return chatwoot_stray_job(w, &jobs[0], now_ms, e);
	if (f.s.target == NULL)
		return work_dead(w, &jobs[0], "ours", "gone",
				 "the Chatwoot bridge is not configured any more", e);
	rc = read_job(&f, e);
	if (rc == RC_INVALID)
		return work_dead(w, &jobs[0], "ours", "unreadable", e->text, e);
	TRY(rc);
	log_set_request(f.s.correlation.n > 0 ? f.s.correlation.p : "");
	if (outside_begin(w->app, f.s.target->id, now_ms, &until) != RC_OK) {
		queue_hold(store_queues(w->app->store), &jobs[0],
			   i64_min(until, now_ms + SECOND_MS));
		return RC_OK;
	}
	return fetch(&f, e);
}
