/* chatwoot_catch.c - see chatwoot_catch.h. One worker of queue `upkeep` runs it; calls are made between units. */
#include "flow/chatwoot/chatwoot_catch.h"

#include "base/log.h"
#include "flow/clock/clockback.h"
#include "flow/chatwoot/chatwoot_talk.h"
#include "flow/ingest/ingest.h"
#include "flow/upkeep_kinds.h"
#include "store/channel/channel_state.h"
#include "store/conversation/conversation.h"
#include "store/receipt.h"

#define LIST_PAGE      100 /* messages in one answer with after= */
#define LIST_PAGES_MAX 50
#define LOOK           "chatwoot.look" /* at one thread */

struct catch
{
	struct upkeep_run *u;
	struct talk talk;
	int64_t since_ms; /* older is known, but for what is missing of it for ever */
	/* One look around may take several runs: when it began, and the activity of the conversation that it has come to. */
	int64_t pass_ms, at_ms;
	int64_t found;     /* sent in this run */
	int calls;         /* lists of messages asked for in this run */
	bool again;        /* something has to be looked at again soon */
	bool more;         /* not at its end: enough calls for one run */
	int64_t oldest_ms; /* activity of the last conversation of the page */
	int64_t first_id;  /* of the page before: a server that knows no pages gives it again */
};

/* ---- one message ---- */

struct apply {
	struct catch *c;
	const struct chatwoot_event *ev;
	struct parsed p;
};

static enum rc apply_unit(struct tx *tx, void *arg, struct err *e)
{
	struct apply *a = arg;

	a->p = (struct parsed){ .app = a->c->u->w->app,
				.config = a->c->u->config,
				.job = a->c->u->job,
				.chatwoot = *a->ev,
				.has_chatwoot = true };
	a->p.delivery.target_id = a->c->talk.target->id;
	a->p.delivery.request_id = STR(INGEST_CAUGHT_UP);
	TRY(chatwoot_hook_apply(tx, &a->p, e));
	for (int i = 0; i < a->p.messages; i++) {
		const struct receipt_catch found = { .target_id = a->p.delivery.target_id,
						     .written_ms = a->ev->created_ms,
						     .chatwoot_message_id = a->ev->message_id };

		TRY(receipt_caught(tx, &found, e));
	}
	return RC_OK;
}

static enum rc apply(struct catch *c, const struct chatwoot_event *ev, struct err *e)
{
	struct apply a = { .c = c, .ev = ev };

	TRY(store_write(c->u->w->app->store, STORE_NORMAL, apply_unit, &a, e));
	c->found += a.p.messages;
	c->again |= a.p.defer_ms > 0;
	if (a.p.messages > 0)
		log_event(LOG_WARN, "chatwoot.caught_up", "chatwoot_message",
			  LOG_I64(ev->message_id), "conversation", LOG_I64(ev->conversation_id),
			  NULL);
	return RC_OK;
}

/* ---- one conversation ---- */

/* Of a thread that is not known here: an agent may have opened it while the box was down. Then the whole target's newest. */
static enum rc known_until(struct catch *c, int64_t chatwoot_id, int64_t *ret_after, struct err *e)
{
	struct db *db = store_reader(c->u->w->app->store);
	struct message m = { .company_id = c->talk.target->company_id };
	enum rc rc = conversation_by_chatwoot(db, m.company_id, chatwoot_id, &m.conversation_id, e);

	*ret_after = 0;
	if (rc == RC_ABSENT) {
		err_clear(e);
		m.conversation_id = 0;
		rc = RC_OK;
	}
	if (rc == RC_OK)
		rc = message_chatwoot_newest(db, &m, c->talk.target->id,
					     c->since_ms - CHATWOOT_CATCH_MARGIN_MS, ret_after, e);
	store_reader_done(c->u->w->app->store, db);
	return rc;
}

static enum rc call(struct catch *c, enum chatwoot_call what, const struct chatwoot_place *place,
		    struct err *e)
{
	TRY(chatwoot_talk_call(&c->talk, what, place, STR_NONE, e));
	if (c->talk.verdict.cls == CHATWOOT_DONE)
		return RC_OK;
	return FAIL(e, RC_RETRY, "%s", c->talk.verdict.text);
}

/* What was written before the last run is known or lost for good; sending it days later would surprise everybody. */
static bool is_new(const struct catch *c, const struct chatwoot_event *ev)
{
	return ev->created_ms >= c->since_ms - CHATWOOT_CATCH_MARGIN_MS;
}

/* A listed message does not say in which thread it stands. */
static enum rc look_at_message(struct catch *c, const struct chatwoot_conversation *conv,
			       const struct chatwoot_event *listed, struct err *e)
{
	struct chatwoot_event ev = *listed;

	ev.contact_source_id = conv->source_id;
	return is_new(c, &ev) ? apply(c, &ev, e) : RC_OK;
}

static enum rc look_at(struct catch *c, const struct chatwoot_conversation *conv, struct err *e)
{
	struct chatwoot_place place = { .conversation_id = conv->id };

	TRY(known_until(c, conv->id, &place.after_id, e));
	for (int page = 0; page < LIST_PAGES_MAX; page++) {
		struct chatwoot_messages list;

		c->calls++;
		TRY(call(c, CHATWOOT_MESSAGE_LIST, &place, e));
		TRY(chatwoot_answer_messages(c->talk.answer, &c->u->w->arena, &list, e));
		for (size_t i = 0; i < list.count; i++)
			TRY(look_at_message(c, conv, &list.items[i], e));
		if (list.count + list.unreadable < LIST_PAGE || list.last_id <= place.after_id)
			break;
		place.after_id = list.last_id;
	}
	return RC_OK;
}

/* Its status and assignee too: their webhooks were lost as well. */
static enum rc take_state(struct catch *c, const struct chatwoot_conversation *conv, struct err *e)
{
	const struct chatwoot_event ev = { .kind = CHATWOOT_EVENT_CONVERSATION_UPDATED,
					   .conversation_id = conv->id,
					   .thread_status = conv->status,
					   .assignee_id = conv->assignee_id,
					   .team_id = conv->team_id,
					   .updated_ms = conv->updated_ms,
					   .agent_seen_ms = conv->agent_seen_ms };

	return apply(c, &ev, e);
}

/* ---- one run ---- */

/* Conversations come with the last active first; those above at_ms were looked at by an earlier run of this pass, and what
 * happened in them since is the next pass's. */
static enum rc look_at_one(struct catch *c, const struct chatwoot_conversation *conv, struct err *e)
{
	c->oldest_ms = conv->active_ms;
	if (conv->active_ms > c->at_ms || conv->active_ms < c->since_ms - CHATWOOT_CATCH_MARGIN_MS)
		return RC_OK;
	if (c->calls >= CHATWOOT_CATCH_CALLS_MAX) {
		c->more = true;
		return RC_OK;
	}
	c->at_ms = conv->active_ms;
	TRY(look_at(c, conv, e));
	return take_state(c, conv, e);
}

static enum rc look_at_page(struct catch *c, int64_t page, size_t *ret_count, struct err *e)
{
	struct chatwoot_place place = { .inbox_id = c->talk.target->inbox_id, .page = page };
	struct chatwoot_conversations list;

	arena_reset(&c->u->w->arena);
	TRY(call(c, CHATWOOT_CONVERSATION_LIST, &place, e));
	TRY(chatwoot_answer_conversations(c->talk.answer, &c->u->w->arena, &list, e));
	*ret_count = list.count;
	if (list.count > 0 && list.items[0].id == c->first_id) {
		*ret_count = 0;
		return RC_OK;
	}
	c->first_id = list.count > 0 ? list.items[0].id : 0;
	for (size_t i = 0; i < list.count && !c->more; i++)
		TRY(look_at_one(c, &list.items[i], e));
	return RC_OK;
}

static enum rc ended_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct catch *c = arg;
	int64_t id = c->talk.target->id, all;
	bool whole = !c->again && !c->more;

	TRY(channel_fact_get_i64(tx->db, id, FACT_RECOVERED, 0, &all, e));
	if (c->found > 0)
		TRY(channel_fact_set_i64(tx, id, FACT_RECOVERED, all + c->found, e));
	if (whole)
		TRY(channel_fact_set_i64(tx, id, FACT_CAUGHT_UP, c->pass_ms, e));
	TRY(channel_fact_set_i64(tx, id, FACT_CATCH_PASS, c->more ? c->pass_ms : 0, e));
	return channel_fact_set_i64(tx, id, FACT_CATCH_AT, c->more ? c->at_ms : 0, e);
}

static enum rc look_around(struct catch *c, struct err *e)
{
	size_t count = 1;

	for (int64_t page = 1; page <= CHATWOOT_CATCH_PAGES_MAX && count > 0 && !c->more; page++) {
		TRY(look_at_page(c, page, &count, e));
		if (c->oldest_ms < c->since_ms - CHATWOOT_CATCH_MARGIN_MS)
			break;
	}
	return RC_OK;
}

static enum rc last_time(struct catch *c, struct err *e)
{
	struct db *db = store_reader(c->u->w->app->store);
	enum rc rc =
		channel_fact_get_i64(db, c->talk.target->id, FACT_CAUGHT_UP, 0, &c->since_ms, e);

	if (rc == RC_OK)
		rc = clockback_since(db, c->talk.target->id, c->u->now_ms, &c->since_ms, e);
	if (rc == RC_OK)
		rc = channel_fact_get_i64(db, c->talk.target->id, FACT_CATCH_PASS, 0, &c->pass_ms,
					  e);
	if (rc == RC_OK)
		rc = channel_fact_get_i64(db, c->talk.target->id, FACT_CATCH_AT, 0, &c->at_ms, e);
	store_reader_done(c->u->w->app->store, db);
	if (c->pass_ms == 0 || c->at_ms == 0) {
		c->pass_ms = c->u->now_ms;
		c->at_ms = INT64_MAX;
	}
	return rc;
}

int64_t chatwoot_catch_every(const struct chatwoot_target *t)
{
	return t->url.n > 0 && t->inbox_id > 0 ? t->catch_up_ms : 0;
}

/* True: the thread of the webhook was looked at since the start, or Chatwoot does not answer for it. */
static enum rc is_looked_at(struct tx *tx, const struct parsed *p, int64_t conversation_id,
			    bool *ret, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(16 * KIB);
	struct chore_state s = { 0 };
	enum rc rc = chore_state(tx->db, LOOK, conversation_id, &a, &s, e);

	*ret = i64_max(s.ran_ms, s.failed_ms) >= p->app->started_ms;
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

/* Has the thread looked at. Of one that is not known here nothing can be before it but what opened it. */
static enum rc hold_for_thread(struct tx *tx, struct parsed *p, const struct chatwoot_target *t,
			       struct err *e)
{
	char args[48];
	struct chore look = { .kind = LOOK };
	bool looked;
	enum rc rc;

	if (tx->now_ms - p->delivery.received_ms > CHATWOOT_CATCH_HOLD_MS)
		return RC_OK;
	rc = conversation_by_chatwoot(tx->db, t->company_id, p->chatwoot.conversation_id, &look.ref,
				      e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	TRY(is_looked_at(tx, p, look.ref, &looked, e));
	if (looked)
		return RC_OK;
	(void)snprintf(args, sizeof(args), "{\"target\":%lld}", (long long)t->id);
	look.args = str_of(args);
	p->defer_ms = CHATWOOT_CATCH_HOLD_STEP_MS;
	return chore_want(tx, &look, 0, NULL, e);
}

enum rc chatwoot_catch_hold(struct tx *tx, struct parsed *p, const struct chatwoot_target *t,
			    struct err *e)
{
	int64_t held_ms = __atomic_load_n(&p->app->agents_held_ms, __ATOMIC_RELAXED), known_ms;
	int64_t up_ms = tx->now_ms - p->app->started_ms;

	if (up_ms < 0 || up_ms > CHATWOOT_CATCH_LOOK_MS + CHATWOOT_CATCH_HOLD_STEP_MS)
		return RC_OK;
	/* Behind those that wait; what a clock said that was ahead is longer. */
	if (tx->now_ms < held_ms && held_ms - tx->now_ms <= CHATWOOT_CATCH_HOLD_STEP_MS) {
		p->defer_ms = held_ms - tx->now_ms;
		return RC_OK;
	}
	if (up_ms > CHATWOOT_CATCH_LOOK_MS || chatwoot_catch_every(t) == 0)
		return RC_OK;
	TRY(channel_fact_get_i64(tx->db, t->id, FACT_CAUGHT_UP, 0, &known_ms, e));
	TRY(clockback_since(tx->db, t->id, tx->now_ms, &known_ms, e));
	if (known_ms == 0 || known_ms >= p->app->started_ms)
		return RC_OK;
	if (up_ms <= CHATWOOT_CATCH_HOLD_MS)
		p->defer_ms = CHATWOOT_CATCH_HOLD_STEP_MS;
	else
		TRY(hold_for_thread(tx, p, t, e));
	if (p->defer_ms > 0)
		__atomic_store_n(&p->app->agents_held_ms, tx->now_ms + p->defer_ms,
				 __ATOMIC_RELAXED);
	return RC_OK;
}

static enum rc recovered_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct catch *c = arg;
	int64_t id = c->talk.target->id, all;

	TRY(channel_fact_get_i64(tx->db, id, FACT_RECOVERED, 0, &all, e));
	return channel_fact_set_i64(tx, id, FACT_RECOVERED, all + c->found, e);
}

static struct catch catch_of(struct upkeep_run *u, int64_t target_id)
{
	return (struct catch){ .u = u,
			       .talk = { .w = u->w,
					 .job = u->job,
					 .config = u->config,
					 .now_ms = u->now_ms,
					 .target = config_chatwoot(u->config, target_id) } };
}

enum rc chatwoot_look_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct catch c = catch_of(u, json_get_i64_or(u->args, "target", 0));
	struct chatwoot_conversation thread = { 0 };
	struct conversation v;
	struct db *db;
	enum rc rc;

	if (c.talk.target == NULL || chatwoot_catch_every(c.talk.target) == 0)
		return RC_OK;
	TRY(last_time(&c, e));
	if (c.since_ms == 0 || c.since_ms >= u->w->app->started_ms) /* the whole look was quicker */
		return RC_OK;
	db = store_reader(u->w->app->store);
	rc = conversation_load(db, u->ref, &u->w->arena, &v, e);
	store_reader_done(u->w->app->store, db);
	if (rc == RC_ABSENT) { /* erased meanwhile */
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	thread.id = v.chatwoot_conversation_id;
	thread.source_id = v.chatwoot_source_id;
	rc = look_at(&c, &thread, e);
	if (rc == RC_RETRY) /* no letter of it: the whole look goes on asking */
		*ret_next_ms = u->now_ms + UPKEEP_FAILED_MS;
	if (c.found > 0)
		TRY(store_write(u->w->app->store, STORE_NORMAL, recovered_unit, &c, e));
	return rc;
}

enum rc chatwoot_catch_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct catch c = catch_of(u, u->ref);
	int64_t up_ms = u->now_ms - u->w->app->started_ms;
	enum rc rc = RC_OK;

	if (c.talk.target == NULL || chatwoot_catch_every(c.talk.target) == 0)
		return RC_OK;
	if (up_ms >= 0 && up_ms < CHATWOOT_CATCH_START_MS) { /* left over from before the start */
		*ret_next_ms = u->w->app->started_ms + CHATWOOT_CATCH_START_MS;
		return RC_OK;
	}
	TRY(last_time(&c, e));
	if (c.since_ms > 0) /* the first time nothing can be missing */
		rc = look_around(&c, e);
	if (rc != RC_OK && c.at_ms != INT64_MAX)
		c.more = true; /* what was found is kept; the rest is asked for from there */
	else if (rc != RC_OK)
		c.again = true;
	if (c.found > 0)
		log_event(LOG_WARN, "chatwoot.recovered", "messages", LOG_I64(c.found), NULL);
	if (rc == RC_OK && c.again)
		*ret_next_ms = u->now_ms + SECOND_MS;
	if (rc == RC_OK && c.more)
		*ret_next_ms = u->now_ms + CHATWOOT_CATCH_PAUSE_MS;
	if (c.found > 0 || c.more || rc == RC_OK)
		TRY(store_write(u->w->app->store, STORE_NORMAL, ended_unit, &c, e));
	return rc;
}

static enum rc start_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct config *config = arg;

	for (size_t i = 0; i < config->chatwoot_count; i++) {
		struct chore chore = { .kind = "chatwoot.catch_up",
				       .ref = config->chatwoots[i].id };

		if (chatwoot_catch_every(&config->chatwoots[i]) > 0)
			TRY(chore_want(tx, &chore, 0, NULL, e));
	}
	return RC_OK;
}

void chatwoot_catch_start(struct app *app)
{
	AUTO(config_putp) const struct config *config = config_get(app);
	struct config *arg; /* units take no const */
	struct err e = { 0 };

	memcpy(&arg, &config, sizeof(arg));
	if (config->chatwoot_count > 0 &&
	    store_write(app->store, STORE_NORMAL, start_unit, arg, &e) != RC_OK)
		log_err(LOG_WARN, "chatwoot.not_asked", &e); /* it comes when it is due */
}
