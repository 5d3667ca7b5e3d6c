/* loop.c - see loop.h. */
#include "flow/loop.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/conversation.h"
#include "store/conversation_automatic.h"
#include "store/incident.h"

#define LOOP_STOP_STEP_MS (20 * SECOND_MS)
#define END_OF_NUMBER     4 /* shown to people; a whole number would outlive the person's data */

bool loop_is_person(const struct send_new *n)
{
	if (strcmp(n->source, "page") == 0)
		return true;
	if (strcmp(n->source, "support_bridge") == 0) /* Chatwoot's bots write as "system" */
		return strcmp(n->sender_type, "chatwoot_agent") == 0;
	return strcmp(n->source, "api") == 0 && strcmp(n->sender_type, "crm_agent") == 0 &&
	       n->sender_user_id.n > 0;
}

static bool says_so(const struct send_new *n)
{
	return strcmp(n->sender_type, "ai") == 0 || n->hop > 0;
}

static bool runs(const struct conversation_automatic *a, int64_t now_ms)
{
	return a->asked_ms > 0 && now_ms >= a->asked_ms && now_ms - a->asked_ms < LOOP_RUN_MS;
}

enum rc loop_admit(struct tx *tx, const struct config *c, struct send_new *n, bool *ret_loop,
		   struct err *e)
{
	bool program = strcmp(n->source, "api") == 0 && !loop_is_person(n), says = says_so(n);
	struct conversation_automatic a;

	*ret_loop = true;
	if (!says && !program)
		return RC_OK;
	TRY(conversation_automatic_load(tx->db, n->conversation_id, &a, e));
	if (runs(&a, tx->now_ms))
		n->hop = i64_max(n->hop, a.asked_hop + 1);
	else if (!says)
		return RC_OK;
	if (n->hop > LOOP_HOP_MAX)
		return FAIL(e, RC_REFUSED, "this answer passed %d automations: a loop",
			    LOOP_HOP_MAX);
	if (tx->now_ms < a.off_until_ms && a.off_by_loop)
		return FAIL(e, RC_REFUSED,
			    "automation of this conversation is stopped: two machines may be "
			    "talking");
	if (tx->now_ms < a.off_until_ms && says) {
		*ret_loop = false;
		return FAIL(e, RC_REFUSED,
			    "a person has this conversation: its automation is silent");
	}
	return conversation_automatic_count(tx, n->conversation_id, &c->automatic, e);
}

static enum rc tell(struct tx *tx, const struct config *c, const struct conversation *conv,
		    struct err *e)
{
	size_t n = conv->wa_id.n;
	char subject[48], minutes[24], end[END_OF_NUMBER + 1];

	(void)snprintf(subject, sizeof(subject), "conversation %lld", (long long)conv->id);
	(void)snprintf(minutes, sizeof(minutes), "%lld",
		       (long long)(c->automation_off_ms / MINUTE_MS));
	if (!str_copy(str_sub(conv->wa_id, n > END_OF_NUMBER ? n - END_OF_NUMBER : 0, n), end,
		      sizeof(end)))
		end[0] = '\0';
	return incident_raise(tx, INCIDENT_LOOP, subject,
			      &(struct incident_args){ { end, minutes } }, e);
}

enum rc loop_stop(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t until_ms = tx->now_ms + c->automation_off_ms;
	struct conversation_automatic was;
	struct conversation conv;

	TRY(conversation_load(tx->db, conversation_id, &a, &conv, e));
	TRY(conversation_automatic_load(tx->db, conv.id, &was, e));
	if (was.off_by_loop && was.off_until_ms > until_ms - LOOP_STOP_STEP_MS)
		return RC_OK; /* a machine that hammers costs no write each time */
	TRY(conversation_automatic_stop(tx, conv.id, until_ms, e));
	log_event(LOG_WARN, "automation.stopped", "conversation", LOG_I64(conv.id), "until",
		  LOG_I64(until_ms), NULL);
	return tell(tx, c, &conv, e);
}
