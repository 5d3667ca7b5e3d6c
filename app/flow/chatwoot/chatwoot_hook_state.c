/* chatwoot_hook_state.c - what Chatwoot says of a conversation: status and assignee, until when agents have seen it, that one
 * types. Runs inside ingest's unit, and for what the catch-up found.
 *
 * No ping-pong: what comes from there is written with origin "chatwoot" and never told back; what equals ours changes
 * nothing; and while a change of ours is on its way there, what Chatwoot says is older than it. Webhooks overtake each
 * other, so a state is taken over only when its updated_at is not older than the last one's. */
#include "flow/chatwoot/chatwoot_hook.h"

#include "flow/send/act.h"
#include "flow/chatwoot/chatwoot_assign.h"
#include "store/conversation/conversation_state.h"
#include "store/message/message_plan.h"

static struct conversation_act act_of(const struct hooked *h)
{
	return (struct conversation_act){ .id = h->conversation_id,
					  .origin = "chatwoot",
					  .correlation = h->p->delivery.request_id };
}

/* ---- status and people ---- */

static bool is_number(struct str s)
{
	int64_t v;

	return str_i64(s, 1, INT64_MAX, &v);
}

/* A mail or a name was never told there, so that Chatwoot has nobody does not mean that it is nobody. */
static struct str person_of(int64_t theirs, struct str ours, struct arena *a)
{
	if (theirs != 0)
		return str_of(arena_printf(a, "%lld", (long long)theirs));
	return is_number(ours) ? STR_NONE : ours;
}

static enum rc people(struct hooked *h, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct conversation_act act = act_of(h);
	struct conversation_state s;
	struct str assignee;

	TRY(conversation_state_load(h->tx->db, h->conversation_id, &a, &s, e));
	assignee = person_of(h->ev->assignee_id, s.assignee, &a);
	if (!str_eq(assignee, s.assignee))
		TRY(chatwoot_assign_take(h->tx, h->target, h->conversation_id, h->ev->assignee_id,
					 e));
	return conversation_state_assign(h->tx, &act, assignee,
					 person_of(h->ev->team_id, s.team, &a), e);
}

enum rc chatwoot_hook_state(struct hooked *h, struct err *e)
{
	const struct conversation_act act = act_of(h);
	struct chatwoot_thread t;
	bool ours;

	TRY(chatwoot_thread_load(h->tx->db, h->conversation_id, &t, e));
	if (h->ev->updated_ms != 0 && h->ev->updated_ms < t.state_ms)
		return RC_OK; /* overtaken */
	TRY(chatwoot_link_waits(h->tx->db, QUEUE_SUPPORT_STATE, h->conversation_id, &ours, e));
	if (ours)
		return RC_OK; /* Chatwoot is about to hear something newer */
	if (conversation_state_status_ok(h->ev->thread_status))
		TRY(conversation_state_status(h->tx, &act, h->ev->thread_status, e));
	TRY(people(h, e));
	t.state_ms = i64_max(t.state_ms, h->ev->updated_ms);
	return chatwoot_thread_put(h->tx, &t, e);
}

/* ---- seen, typing ---- */

/* The customer's newest message. RC_ABSENT: none within the time in which it may be marked. */
static enum rc newest(struct hooked *h, struct arena *a, struct message *ret, struct err *e)
{
	struct message place = { .company_id = h->target->company_id,
				 .conversation_id = h->conversation_id };
	int64_t id;

	TRY(message_plan_newest_inbound(h->tx->db, &place, h->tx->now_ms - ACT_READ_AGE_MS, &id,
					e));
	return message_load(h->tx->db, id, a, ret, e);
}

/* RC_ABSENT: the provider cannot, or the customer wrote nothing lately. */
static enum rc do_act(struct hooked *h, enum act_kind kind, const struct message *m, struct err *e)
{
	const struct act_wanted a = { .kind = kind,
				      .channel = config_channel(h->p->config, m->channel_id),
				      .m = m,
				      .correlation = h->p->delivery.request_id };

	return act_refused(&a, h->tx->now_ms) == NULL ? act_add(h->tx, &a, e) : RC_OK;
}

enum rc chatwoot_hook_seen(struct hooked *h, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	struct chatwoot_thread t;
	struct message m;
	enum rc rc;

	TRY(chatwoot_thread_load(h->tx->db, h->conversation_id, &t, e));
	if (h->ev->agent_seen_ms <= t.seen_ms)
		return RC_OK;
	rc = newest(h, &a, &m, e);
	/* Whole seconds: what came in the same second counts as seen. */
	if (rc == RC_OK && m.timestamp > t.seen_ms &&
	    m.timestamp / SECOND_MS <= h->ev->agent_seen_ms / SECOND_MS) {
		TRY(conversation_read(h->tx, h->conversation_id, e));
		TRY(conversation_changed(h->tx, h->target->company_id, h->conversation_id, e));
		if (h->target->read_receipts)
			TRY(do_act(h, ACT_READ, &m, e));
	} else if (rc != RC_OK && rc != RC_ABSENT) {
		return rc;
	}
	err_clear(e);
	t.seen_ms = h->ev->agent_seen_ms;
	return chatwoot_thread_put(h->tx, &t, e);
}

/* Meta's typing indicator marks the message as read too (meta-cloud-api.md 3.3): only where that is wanted anyway. */
static bool may_show(const struct hooked *h, const struct message *m)
{
	const struct channel *ch = config_channel(h->p->config, m->channel_id);

	return ch != NULL &&
	       (strcmp(ch->provider, "meta") != 0 || ch->read_receipts || h->target->read_receipts);
}

enum rc chatwoot_hook_typing(struct hooked *h, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	struct chatwoot_thread t;
	struct message m;
	enum rc rc;

	if (!h->target->typing || h->ev->is_private || h->ev->sender != CHATWOOT_SENDER_USER)
		return RC_OK;
	TRY(chatwoot_thread_load(h->tx->db, h->conversation_id, &t, e));
	if (h->tx->now_ms - t.typing_ms < CHATWOOT_TYPING_MS)
		return RC_OK;
	rc = newest(h, &a, &m, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	if (!may_show(h, &m))
		return RC_OK;
	t.typing_ms = h->tx->now_ms;
	TRY(chatwoot_thread_put(h->tx, &t, e));
	return do_act(h, ACT_TYPING, &m, e);
}
