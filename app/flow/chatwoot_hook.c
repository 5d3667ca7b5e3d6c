/* chatwoot_hook.c - a webhook of Chatwoot: an agent's message becomes a send to WhatsApp. Runs inside ingest's unit.
 *
 * Loops are stopped by any one of: our mark or source in content_attributes, our source_id, the table of ids that we made
 * there (pipelines.md, R4). The same event twice, from two webhooks or in two deliveries, is one send: the table's
 * primary key decides, in the transaction that makes the message (R5, R6). */
#include "flow/chatwoot_hook.h"

#include "flow/posting.h"
#include "flow/send.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/erasure.h"
#include "store/topic.h"

#define CHATWOOT_SOURCE "wa:" /* prefix of our contact source ids (chatwoot_talk.c) */

enum rc chatwoot_status_wanted(struct tx *tx, const struct message *m, struct err *e)
{
	int64_t target = topic_group_target_get(store_queues(tx->store), QUEUE_SUPPORT_STATUS);
	struct job_new n = { .queue = QUEUE_SUPPORT_STATUS,
			     .prio = PRIO_LOW,
			     .okey = m->conversation_id,
			     .lane = target,
			     .ref = m->id,
			     .correlation = m->correlation };

	if (target == 0 || m->chatwoot_message_id == 0)
		return RC_OK;
	return queue_add(tx, &n, NULL, e);
}

/* A thread that an agent opened for somebody whose address our source id has: a phone, a LID, a group, a user id. */
static enum rc open_conversation(struct hooked *h, struct err *e)
{
	const struct chatwoot_event *ev = h->ev;
	struct send_new n = { .channel = config_channel_default(h->p->config) };
	struct contact_who who;
	char space[SEND_DIGITS_MAX];
	struct str address;
	int64_t contact;

	if (n.channel == NULL || !str_starts(ev->contact_source_id, STR(CHATWOOT_SOURCE)))
		return RC_ABSENT;
	n.to = str_sub(ev->contact_source_id, sizeof(CHATWOOT_SOURCE) - 1, SIZE_MAX);
	if (!send_address_ok(&n))
		return RC_ABSENT;
	address = send_who(&n, space, &who);
	TRY(contact_resolve(h->tx, h->target->company_id, &who, &contact, e));
	TRY(conversation_resolve(h->tx, h->target->company_id, n.channel->id, contact, address,
				 &h->conversation_id, e));
	return conversation_set_chatwoot(h->tx, h->conversation_id, 0, ev->conversation_id,
					 ev->contact_source_id, e);
}

/* RC_ABSENT: not ours. */
static enum rc find_conversation(struct hooked *h, struct err *e)
{
	enum rc rc = conversation_by_chatwoot(h->tx->db, h->target->company_id,
					      h->ev->conversation_id, &h->conversation_id, e);

	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_ABSENT;
}

/* ---- a message ---- */

static enum rc take(struct hooked *h, struct err *e)
{
	const struct chatwoot_agent s = { .app = h->p->app,
					  .config = h->p->config,
					  .target = h->target,
					  .ev = h->ev,
					  .conversation_id = h->conversation_id,
					  .correlation = h->p->delivery.request_id };
	int rows;

	TRY(chatwoot_agent_take(h->tx, &s, &rows, e));
	h->p->messages++;
	return RC_OK;
}

/* A message of ours may stand there whose id we do not know yet: its POST is under way, or was not answered, or a process died
 * with it. An unmarked outgoing message may be its echo and is looked at again when that is settled (R4a). */
static bool may_be_ours(struct hooked *h)
{
	static const enum queue_id WRITERS[] = { QUEUE_SUPPORT_MIRROR, QUEUE_SUPPORT_OUTBOUND,
						 QUEUE_SUPPORT_FILE };

	for (size_t i = 0; i < COUNT(WRITERS); i++) {
		if (queue_key_doubted(store_queues(h->tx->store), WRITERS[i], h->conversation_id))
			return true;
	}
	return false;
}

typedef enum rc hooked_fn(struct hooked *h, struct err *e);

/* Chatwoot goes on telling of a thread whose person was erased here: the request names them. */
static enum rc not_ours(struct hooked *h, struct err *e)
{
	bool erased;

	TRY(erasure_known_thread(h->tx->db, h->target->company_id, h->ev->conversation_id, &erased,
				 e));
	h->p->erased |= erased;
	return RC_OK;
}

/* Of conversations that are not ours nobody needs to hear. */
static enum rc in_ours(struct hooked *h, hooked_fn *fn, struct err *e)
{
	enum rc rc = find_conversation(h, e);

	if (rc == RC_ABSENT)
		return not_ours(h, e);
	TRY(rc);
	return fn(h, e);
}

static enum rc nothing(struct hooked *h, struct err *e)
{
	(void)h;
	(void)e;
	return RC_OK;
}

static enum rc created(struct hooked *h, struct err *e)
{
	const struct chatwoot_event *ev = h->ev;
	enum chatwoot_reason reason;
	bool known;
	enum rc rc;

	if (chatwoot_event_decide(ev, &reason) == CHATWOOT_IGNORE)
		return in_ours(h, nothing, e); /* ours, private: stored, nothing to do */
	TRY(message_chatwoot_known(h->tx->db, h->target->id, ev->message_id, &known, e));
	if (known) {
		h->p->duplicates++;
		return in_ours(h, nothing, e);
	}
	if (posting_now(h->p->app->posting, h->target->id, ev->conversation_id)) {
		h->p->defer_ms = POSTING_DEFER_MS;
		return RC_OK;
	}
	rc = find_conversation(h, e);
	if (rc == RC_ABSENT)
		rc = open_conversation(h, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		h->p->note = "a Chatwoot conversation that is not ours";
		return RC_OK;
	}
	TRY(rc);
	if (may_be_ours(h)) {
		h->p->defer_ms = POSTING_DEFER_MS;
		return RC_OK;
	}
	TRY(take(h, e));
	return chatwoot_hook_seen(h, e);
}

/* ---- events ---- */

static enum rc conversation(struct hooked *h, struct err *e)
{
	TRY(chatwoot_hook_state(h, e));
	return chatwoot_hook_seen(h, e);
}

/* An account's webhook tells of all inboxes. */
static bool elsewhere(const struct hooked *h)
{
	const struct chatwoot_event *ev = h->ev;

	return (ev->inbox_id != 0 && h->target->inbox_id != 0 &&
		ev->inbox_id != h->target->inbox_id) ||
	       (ev->account_id != 0 && h->target->account_id != 0 &&
		ev->account_id != h->target->account_id);
}

enum rc chatwoot_hook_apply(struct tx *tx, struct parsed *p, struct err *e)
{
	struct hooked h = { .tx = tx,
			    .p = p,
			    .ev = &p->chatwoot,
			    .target = config_chatwoot(p->config, p->delivery.target_id) };

	p->defer_ms = 0;
	if (h.target == NULL) {
		p->note = "the bridge is not configured any more";
		return RC_OK;
	}
	if (elsewhere(&h))
		return RC_OK;
	switch (h.ev->kind) {
	case CHATWOOT_EVENT_MESSAGE_CREATED:
	case CHATWOOT_EVENT_MESSAGE_LISTED:
		return created(&h, e);
	case CHATWOOT_EVENT_MESSAGE_UPDATED:
		return in_ours(&h, chatwoot_hook_updated, e);
	case CHATWOOT_EVENT_CONVERSATION_CREATED:
	case CHATWOOT_EVENT_CONVERSATION_UPDATED:
	case CHATWOOT_EVENT_CONVERSATION_STATUS_CHANGED:
		return in_ours(&h, conversation, e);
	case CHATWOOT_EVENT_TYPING_ON:
		return in_ours(&h, chatwoot_hook_typing, e);
	case CHATWOOT_EVENT_TYPING_OFF:
	case CHATWOOT_EVENT_OTHER:
		return RC_OK;
	}
	BUG("unknown kind of event");
}
