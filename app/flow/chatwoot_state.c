/* chatwoot_state.c - support-bridge-state: what was decided about a conversation here is told to Chatwoot: its status, who
 * has it. The event's payload is an act of store/conversation_state.h; one that came from Chatwoot is never published.
 *
 * All calls may be repeated, so a run that ended half-way simply runs again. */
#include "flow/chatwoot_talk.h"
#include "flow/handlers.h"
#include "io/json.h"

#define BODY_MAX (64 * KIB)

/* Ids of agents and teams are numbers there; a mail or a name is for people and stays here. */
static int64_t number(const struct json *act, const char *key)
{
	int64_t v;

	return json_get_i64(act, key, &v) && v > 0 ? v : 0;
}

static enum rc call(struct talk *t, enum chatwoot_call what, struct str body, struct err *e)
{
	struct chatwoot_place p = { .conversation_id = t->conv.chatwoot_conversation_id };

	TRY(chatwoot_talk_call(t, what, &p, body, e));
	return t->verdict.cls == CHATWOOT_DONE ? RC_OK : RC_RETRY;
}

static enum rc tell_status(struct talk *t, const struct json *act, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct str status = json_get_str(act, "status");

	if (status.n == 0)
		return RC_OK;
	TRY(chatwoot_conversation_status(status, &body, e));
	return call(t, CHATWOOT_CONVERSATION_STATUS, sbuf_view(&body), e);
}

static enum rc tell_person(struct talk *t, int64_t assignee, int64_t team, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);

	if (assignee == 0 && team == 0)
		return RC_OK;
	TRY(chatwoot_conversation_assign(assignee, team, &body, e));
	return call(t, CHATWOOT_CONVERSATION_ASSIGN, sbuf_view(&body), e);
}

static enum rc tell(struct talk *t, const struct json *act, struct err *e)
{
	TRY(chatwoot_talk_thread(t, e));
	TRY(tell_status(t, act, e));
	TRY(tell_person(t, 0, number(act, "team"), e));
	return tell_person(t, number(act, "assignee"), 0, e);
}

/* The event's act. RC_ABSENT: it is gone, or no JSON. */
static enum rc read_act(struct worker *w, int64_t event_id, struct json **ret, struct err *e)
{
	struct topic_event ev;
	struct db *db = store_reader(w->app->store);
	enum rc rc = topic_load(db, event_id, &w->arena, &ev, e);

	store_reader_done(w->app->store, db);
	TRY(rc);
	return json_parse(ev.payload, ret, NULL) == RC_OK
		       ? RC_OK
		       : FAIL(e, RC_ABSENT, "the act cannot be read");
}

/* GAP: labels and attributes are not told to Chatwoot, where each list is replaced as a whole; since 0007 */
static bool is_for_chatwoot(const struct json *act)
{
	return json_get(act, "status") != NULL || number(act, "assignee") != 0 ||
	       number(act, "team") != 0;
}

enum rc chatwoot_state_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			   struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	AUTO(json_freep) struct json *act = NULL;
	struct talk t = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	enum rc rc;

	ASSERT(n == 1);
	rc = read_act(w, jobs[0].ref, &act, e);
	if (rc == RC_ABSENT)
		return work_dead(w, &jobs[0], "ours", "gone", e->text, e);
	TRY(rc);
	if (!is_for_chatwoot(act))
		return work_done(w, &jobs[0], e);
	rc = chatwoot_talk_begin(&t, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	rc = tell(&t, act, e);
	if (rc == RC_OK)
		return work_done(w, &jobs[0], e);
	return rc == RC_RETRY ? chatwoot_talk_settle(&t, e) : rc;
}
