/* loop.c - see loop.h. */
#include "flow/loop.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/conversation/conversation.h"
#include "store/conversation/conversation_automatic.h"
#include "store/conversation/conversation_repeat.h"
#include "store/incident.h"

#define END_OF_NUMBER 4 /* shown to people; a whole number would outlive the person's data */
#define BOUND_MAX     64

/* The settings that bound them. */
static const char *const MESSAGES_MAX[AUTOMATIC_SPANS] = { "automatic_per_minute",
							   "automatic_per_hour",
							   "automatic_per_day" };
static const char *const TURNS_MAX[AUTOMATIC_SPANS] = { "", "turns_per_hour", "turns_per_day" };

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

static bool stopped(const struct conversation_automatic *a, int64_t now_ms)
{
	return a->off_by_loop && now_ms < a->off_until_ms;
}

/* Stopped within a person's longer silence, which stays theirs: that such a stop was is known by when it began. */
static bool was_told(const struct conversation_automatic *a, int64_t now_ms, int64_t off_ms)
{
	return now_ms < a->off_until_ms && a->off_from_ms > 0 && now_ms >= a->off_from_ms &&
	       now_ms - a->off_from_ms < off_ms;
}

static enum rc refuse_stopped(struct err *e)
{
	return FAIL(e, RC_REFUSED,
		    "automation of this conversation is stopped: two machines may be talking");
}

enum rc loop_repeats(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
{
	bool is;

	TRY(conversation_repeats(tx->db, conversation_id, c->repeated_turns, &is, e));
	if (!is)
		return RC_OK;
	return FAIL(e, RC_REFUSED,
		    "the same words and the same answer %lld times: two machines may be talking",
		    (long long)c->repeated_turns);
}

/* One more turn of somebody who does not say that it is a machine. */
static enum rc take_turn(struct tx *tx, const struct config *c, int64_t conversation_id,
			 struct err *e)
{
	TRY(loop_repeats(tx, c, conversation_id, e));
	return conversation_automatic_turn(tx, conversation_id, &c->turns, e);
}

static enum rc admit_machine(struct tx *tx, const struct config *c, const struct send_new *n,
			     const struct conversation_automatic *a, bool *ret_loop, struct err *e)
{
	if (stopped(a, tx->now_ms))
		return refuse_stopped(e);
	if (tx->now_ms < a->off_until_ms && !n->looked) {
		*ret_loop = false;
		return FAIL(e, RC_REFUSED,
			    "a person has this conversation: its automation is silent");
	}
	TRY(loop_repeats(tx, c, n->conversation_id, e));
	return conversation_automatic_count(tx, n->conversation_id, &c->automatic, e);
}

/* A program's turn while a workflow runs may be the workflow's, which has less than people. */
static enum rc admit_program(struct tx *tx, const struct config *c, const struct send_new *n,
			     const struct conversation_automatic *a, struct err *e)
{
	if (stopped(a, tx->now_ms))
		return refuse_stopped(e);
	if (runs(a, tx->now_ms))
		TRY(conversation_automatic_count(tx, n->conversation_id, &c->automatic, e));
	return take_turn(tx, c, n->conversation_id, e);
}

enum rc loop_turn(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, conversation_id, &a, e));
	return a.waits ? take_turn(tx, c, conversation_id, e) : RC_OK;
}

enum rc loop_admit(struct tx *tx, const struct config *c, struct send_new *n, bool *ret_loop,
		   struct err *e)
{
	bool says = says_so(n), api = strcmp(n->source, "api") == 0;
	bool program = api && !loop_is_person(n);
	struct conversation_automatic a;

	*ret_loop = true;
	if (strcmp(n->source, "support_bridge") == 0)
		return RC_OK; /* counted before its rows were made */
	TRY(conversation_automatic_load(tx->db, n->conversation_id, &a, e));
	if ((says || program) && runs(&a, tx->now_ms))
		n->hop = i64_max(n->hop, a.asked_hop + 1);
	if (n->hop > LOOP_HOP_MAX)
		return FAIL(e, RC_REFUSED, "this answer passed %d automations: a loop",
			    LOOP_HOP_MAX);
	if (says)
		return admit_machine(tx, c, n, &a, ret_loop, e);
	if (!a.waits) /* a notice, or one more line of an answer */
		return RC_OK;
	if (program)
		return admit_program(tx, c, n, &a, e);
	return api ? take_turn(tx, c, n->conversation_id, e)
		   : conversation_automatic_answered(tx, n->conversation_id, e);
}

/* In the order of admission. What was refused is neither stored nor counted, so what refused it still holds. Nothing is full when a customer wrote too much for a person, or an answer went round too often. */
static enum rc bound_of(struct tx *tx, const struct config *c, const struct conversation *conv,
			char *ret, struct err *e)
{
	const struct automatic_heard flood = { conv->company_id, conv->id, tx->now_ms - HOUR_MS,
					       c->automatic.max[AUTOMATIC_HOUR] };
	struct conversation_automatic a;
	int messages, turns;
	bool flooded = false, repeats;

	TRY(conversation_repeats(tx->db, conv->id, c->repeated_turns, &repeats, e));
	if (repeats) {
		(void)snprintf(ret, BOUND_MAX, "repeated_turns = %lld",
			       (long long)c->repeated_turns);
		return RC_OK;
	}
	TRY(conversation_automatic_load(tx->db, conv->id, &a, e));
	messages = conversation_automatic_full(&a.messages, &c->automatic, tx->now_ms);
	turns = conversation_automatic_full(&a.turns, &c->turns, tx->now_ms);
	if (messages < 0 && turns < 0)
		TRY(conversation_automatic_heard(tx->db, &flood, &flooded, e));
	if (flooded)
		messages = AUTOMATIC_HOUR;
	if (messages >= 0)
		(void)snprintf(ret, BOUND_MAX, "%s = %lld", MESSAGES_MAX[messages],
			       (long long)c->automatic.max[messages]);
	else if (turns >= 0)
		(void)snprintf(ret, BOUND_MAX, "%s = %lld", TURNS_MAX[turns],
			       (long long)c->turns.max[turns]);
	else
		(void)snprintf(ret, BOUND_MAX, "hop = %d", LOOP_HOP_MAX);
	return RC_OK;
}

static enum rc tell(struct tx *tx, const struct conversation *conv, int64_t until_ms,
		    const char *bound, struct err *e)
{
	size_t n = conv->wa_id.n;
	char subject[48], minutes[24], end[END_OF_NUMBER + 1];

	(void)snprintf(subject, sizeof(subject), "conversation %lld", (long long)conv->id);
	(void)snprintf(minutes, sizeof(minutes), "%lld",
		       (long long)((until_ms - tx->now_ms) / MINUTE_MS));
	if (!str_copy(str_sub(conv->wa_id, n > END_OF_NUMBER ? n - END_OF_NUMBER : 0, n), end,
		      sizeof(end)))
		end[0] = '\0';
	return incident_raise(tx, INCIDENT_LOOP, subject,
			      &(struct incident_args){ { end, minutes, bound } }, e);
}

enum rc loop_stop(struct tx *tx, const struct config *c, int64_t conversation_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t until_ms = tx->now_ms + c->automation_off_ms;
	struct conversation_automatic was;
	struct conversation conv;
	char bound[BOUND_MAX];

	TRY(conversation_load(tx->db, conversation_id, &a, &conv, e));
	TRY(conversation_automatic_load(tx->db, conv.id, &was, e));
	if (stopped(&was, tx->now_ms) || was_told(&was, tx->now_ms, c->automation_off_ms))
		return RC_OK; /* what is refused never left: it prolongs nothing, and costs no write */
	TRY(bound_of(tx, c, &conv, bound, e));
	TRY(conversation_automatic_stop(tx, conv.id, until_ms, &c->automatic, e));
	TRY(conversation_automatic_load(tx->db, conv.id, &was, e));
	if (was.off_by_loop)
		until_ms = was.off_until_ms; /* later, if the day was full */
	log_event(LOG_WARN, "automation.stopped", "conversation", LOG_I64(conv.id), "until",
		  LOG_I64(until_ms), "bound", bound, NULL);
	return tell(tx, &conv, until_ms, bound, e);
}
