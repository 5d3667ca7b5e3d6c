/* chatwoot_state.c - support-bridge-state: what was decided about a conversation here is told to Chatwoot: its status, who
 * has it, labels and attributes, and as a private note why it was handed over or what an agent's wish came to. The
 * event's payload is an act of store/conversation/conversation_state.h; one that came from Chatwoot is never published.
 *
 * All calls may be repeated, so a run that ended half-way simply runs again. */
#include "base/log.h"
#include "flow/chatwoot/chatwoot_note.h"
#include "flow/handlers.h"
#include "io/json.h"
#include "peer/chatwoot/chatwoot_thread.h"

#define BODY_MAX (256 * KIB)

/* Ids of agents and teams are numbers there. */
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

static enum rc put_person(struct talk *t, int64_t assignee, int64_t team, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);

	TRY(chatwoot_conversation_assign(assignee, team, &body, e));
	return call(t, CHATWOOT_CONVERSATION_ASSIGN, sbuf_view(&body), e);
}

/* By its number, else by mail or name, for which Chatwoot is asked. 0: none is named, or Chatwoot knows nobody of it. */
static enum rc find_id(struct talk *t, const struct json *act, const char *key, int64_t *ret,
		       struct err *e)
{
	struct str named = str_trim(json_get_str(act, key));
	bool team = strcmp(key, "team") == 0;

	*ret = number(act, key);
	if (*ret != 0 || named.n == 0)
		return RC_OK;
	TRY(call(t, team ? CHATWOOT_TEAM_LIST : CHATWOOT_AGENT_LIST, STR_NONE, e));
	TRY(chatwoot_answer_named(t->answer, !team && str_chr(named, '@') >= 0 ? "email" : "name",
				  named, ret, e));
	if (*ret == 0)
		log_event(LOG_WARN, "chatwoot.nobody_of_this_name", "conversation",
			  LOG_I64(t->conv.id), "what", key, NULL);
	return RC_OK;
}

/* Nobody: said in so many words by an act about people. */
static bool is_nobody(const struct json *act)
{
	return str_eqc(json_get_str(act, "act"), "assign") && json_get(act, "assignee") == NULL;
}

static enum rc tell_people(struct talk *t, const struct json *act, struct err *e)
{
	int64_t team, assignee;

	TRY(find_id(t, act, "team", &team, e));
	if (team != 0)
		TRY(put_person(t, 0, team, e));
	TRY(find_id(t, act, "assignee", &assignee, e));
	if (assignee != 0 || is_nobody(act))
		TRY(put_person(t, assignee, 0, e));
	return RC_OK;
}

/* Chatwoot takes whole lists only: what it has, with the change. */
static enum rc tell_labels(struct talk *t, const struct json *act, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	bool same;

	if (!str_eqc(json_get_str(act, "act"), "labels"))
		return RC_OK;
	TRY(call(t, CHATWOOT_LABEL_LIST, STR_NONE, e));
	TRY(chatwoot_thread_labels(t->answer, act, &body, &same, e));
	return same ? RC_OK : call(t, CHATWOOT_LABEL_SET, sbuf_view(&body), e);
}

static enum rc tell_attribute(struct talk *t, const struct json *act, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	bool same;

	if (!str_eqc(json_get_str(act, "act"), "attribute"))
		return RC_OK;
	TRY(call(t, CHATWOOT_CONVERSATION_GET, STR_NONE, e));
	TRY(chatwoot_thread_attribute(t->answer, act, &body, &same, e));
	return same ? RC_OK : call(t, CHATWOOT_ATTRIBUTES_SET, sbuf_view(&body), e);
}

static enum rc tell(struct talk *t, const struct json *act, struct err *e)
{
	TRY(chatwoot_talk_thread(t, e));
	TRY(chatwoot_note_tell(t, act, e)); /* first: who is given it finds the reason */
	TRY(tell_status(t, act, e));
	TRY(tell_people(t, act, e));
	TRY(tell_labels(t, act, e));
	return tell_attribute(t, act, e);
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

static bool is_for_chatwoot(const struct json *act)
{
	struct str what = json_get_str(act, "act");

	return json_get(act, "status") != NULL || json_get_str(act, "assignee").n > 0 ||
	       json_get_str(act, "team").n > 0 || chatwoot_note_is(act) ||
	       str_eqc(what, "labels") || str_eqc(what, "attribute") || is_nobody(act);
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
	if (!is_for_chatwoot(act) || json_get_i64_or(act, "target", jobs[0].lane) != jobs[0].lane)
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
