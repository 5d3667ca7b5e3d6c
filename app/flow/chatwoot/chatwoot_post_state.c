/* chatwoot_post_state.c - support-bridge-status: how far a message came at WhatsApp, told at Chatwoot by PATCH. Only forward, and
 * each state once (R8): what was told last stands in chatwoot_marks. Servers before 4.2 have no such call (section 7). */
#include "base/limits.h"
#include "flow/chatwoot/chatwoot_talk.h"
#include "flow/handlers.h"
#include "flow/outside/outside.h"
#include "peer/chatwoot/chatwoot_gate.h"
#include "peer/chatwoot/chatwoot_text.h"
#include "store/chatwoot/chatwoot_link.h"
#include "store/chatwoot/chatwoot_mark.h"

#define BODY_MAX (64 * KIB)

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

struct told_work {
	const struct talk *t;
	const struct chatwoot_sum *sum;
	const char *word;
};

static enum rc told_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct told_work *w = arg;

	TRY(chatwoot_mark_told(tx, w->sum->mark_id, w->word, e));
	return queue_done(tx, w->t->job, e);
}

static enum rc nothing_to_do(const struct talk *t, struct err *e)
{
	outside_forget(t->w->app, t->target->id);
	return work_done(t->w, t->job, e);
}

/* Forward only (R8). A failure may follow anything, and what was tried again after one begins anew. */
static bool is_news(const char *word, const char *told)
{
	static const char *const order[] = { "sent", "delivered", "read" };
	size_t at = 0, before = 0;

	if (told == NULL || strcmp(told, word) == 0)
		return told == NULL;
	if (strcmp(word, "failed") == 0 || strcmp(told, "failed") == 0)
		return true;
	while (at < COUNT(order) && strcmp(order[at], word) != 0)
		at++;
	while (before < COUNT(order) && strcmp(order[before], told) != 0)
		before++;
	return at > before;
}

/* Also the way of servers that know no PATCH: everything up to now is read. RC_RETRY: the verdict says why. */
static enum rc tell_seen(struct talk *t, struct err *e)
{
	TRY(chatwoot_talk_call(
		t, CHATWOOT_LAST_SEEN,
		&(struct chatwoot_place){ .conversation_id = t->m.chatwoot_conversation_id,
					  .identifier = t->target->inbox_identifier,
					  .source_id = t->conv.chatwoot_source_id },
		STR("{}"), e));
	return t->verdict.cls == CHATWOOT_DONE || t->verdict.cls == CHATWOOT_GONE ||
			       t->verdict.cls == CHATWOOT_REJECTED
		       ? RC_OK
		       : RC_RETRY;
}

static bool seen_wanted(const struct talk *t, const char *word)
{
	return t->target->last_seen && strcmp(word, "read") == 0 &&
	       t->target->inbox_identifier.n > 0 && t->conv.chatwoot_source_id.n > 0;
}

static enum rc tell(struct talk *t, const char *word, const struct chatwoot_sum *sum, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX), why = SBUF(4 * KIB);
	struct told_work done = { t, sum, word };
	enum rc rc;

	if (sum->cancelled)
		chatwoot_text_cancelled(t->target->lang, &why);
	else if (strcmp(word, "failed") == 0)
		chatwoot_text_error(t->target->lang, sum->error, &why);
	if (seen_wanted(t, word)) {
		rc = tell_seen(t, e);
		if (rc == RC_RETRY)
			return chatwoot_talk_settle(t, e);
		TRY(rc);
	}
	if (!chatwoot_gate_open(CHATWOOT_GATE_STATUS, t->target->version))
		return store_write(t->w->app->store, STORE_NORMAL, told_unit, &done, e);
	TRY(chatwoot_message_status(str_of(word), sbuf_view(&why), &body, e));
	TRY(chatwoot_talk_call(
		t, CHATWOOT_MESSAGE_STATUS,
		&(struct chatwoot_place){ .conversation_id = t->m.chatwoot_conversation_id,
					  .message_id = t->m.chatwoot_message_id },
		sbuf_view(&body), e));
	if (t->verdict.cls == CHATWOOT_GONE)
		return work_done(t->w, t->job, e); /* deleted there, or a server before 4.2 */
	if (t->verdict.cls != CHATWOOT_DONE)
		return chatwoot_talk_settle(t, e);
	return store_write(t->w->app->store, STORE_NORMAL, told_unit, &done, e);
}

/* The state of now, not of the event: jobs of one conversation run in order, and the rank never falls. */
enum rc chatwoot_status_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			    struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	struct talk t = { .w = w, .job = &jobs[0], .config = config, .now_ms = now_ms };
	struct chatwoot_mark mark;
	struct chatwoot_sum sum = { .status = MESSAGE_PENDING };
	const char *word;
	struct db *db;
	enum rc rc;

	ASSERT(n == 1);
	rc = chatwoot_talk_begin(&t, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	db = store_reader(w->app->store);
	/* What an agent wrote may be several messages here: all of them together. */
	rc = chatwoot_link_sum(db, t.target->id, &t.m, &w->arena, &sum, e);
	if (rc == RC_OK)
		rc = chatwoot_mark_load(db, sum.mark_id, &w->arena, &mark, e);
	store_reader_done(w->app->store, db);
	if (rc != RC_OK)
		outside_forget(w->app, t.target->id);
	TRY(rc);
	word = state_word(sum.status);
	if (word != NULL && !chatwoot_gate_open(CHATWOOT_GATE_STATUS, t.target->version) &&
	    !seen_wanted(&t, word))
		word = NULL; /* no such call there */
	if (word == NULL || t.m.chatwoot_message_id == 0 || sum.deleted ||
	    !is_news(word, mark.told))
		return nothing_to_do(&t, e);
	return tell(&t, word, &sum, e);
}
