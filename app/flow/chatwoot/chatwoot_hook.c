/* chatwoot_hook.c - a webhook of Chatwoot: an agent's message becomes a send to WhatsApp. Runs inside ingest's unit.
 *
 * Loops are stopped by any one of: our mark or source in content_attributes, our source_id, the table of ids that we made
 * there (pipelines.md, R4). The same event twice, from two webhooks or in two deliveries, is one send: the table's
 * primary key decides, in the transaction that makes the message (R5, R6). */
#include "flow/chatwoot/chatwoot_hook.h"

#include "base/reason.h"
#include "flow/chatwoot/chatwoot_catch.h"
#include "flow/chatwoot/chatwoot_stray.h"
#include "flow/outside/posting.h"
#include "flow/send/send.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/retention/erasure.h"
#include "store/queue/topic.h"

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

/* "wa:<address>", and for further numbers of ours ":<slug>" behind it, as source_of (chatwoot_person.c) makes it. NULL: it
 * names whom we can write to; else why not. */
static const char *read_source(const struct hooked *h, struct send_new *n)
{
	const struct config *c = h->p->config;
	struct str rest = h->ev->contact_source_id, part;

	if (!str_cut(&rest, ':', &part) || !str_eqc(part, "wa") || !str_cut(&rest, ':', &n->to))
		return "this conversation has no WhatsApp address: start it from the CRM, or let "
		       "the customer write first";
	n->channel = rest.n > 0 ? config_channel_slug(c, rest) : config_channel_default(c);
	if (n->channel == NULL)
		return rest.n > 0 || c->channel_count == 0
			       ? "our WhatsApp number that this conversation belongs to is not "
				 "configured"
			       : "there are several WhatsApp numbers of ours, and none is set as "
				 "the default one";
	return send_address_ok(n) ? NULL : "the address of this contact is not one of WhatsApp";
}

/* A thread that an agent opened for somebody whose address our source id has: a phone, a LID, a group, a user id.
 * RC_ABSENT: *ret_why. */
static enum rc open_conversation(struct hooked *h, const char **ret_why, struct err *e)
{
	const struct chatwoot_event *ev = h->ev;
	struct send_new n = { 0 };
	struct contact_who who;
	char space[SEND_DIGITS_MAX];
	struct str address;
	int64_t contact;

	*ret_why = read_source(h, &n);
	if (*ret_why != NULL)
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

static struct chatwoot_agent agent_of(const struct hooked *h)
{
	return (struct chatwoot_agent){ .app = h->p->app,
					.config = h->p->config,
					.target = h->target,
					.ev = h->ev,
					.conversation_id = h->conversation_id,
					.correlation = h->p->delivery.request_id };
}

static enum rc take(struct hooked *h, struct err *e)
{
	const struct chatwoot_agent s = agent_of(h);
	int rows;

	TRY(chatwoot_agent_take(h->tx, &s, &rows, e));
	h->p->messages++;
	return RC_OK;
}

/* Nobody is behind that thread. In our own inbox the agent would go on believing that it was sent. */
static enum rc stray(struct hooked *h, const char *why, struct err *e)
{
	const struct chatwoot_agent s = agent_of(h);

	h->p->note = reason_en(REASON_NOTE_CONVERSATION);
	if (h->target->inbox_id == 0 || h->ev->inbox_id != h->target->inbox_id ||
	    h->ev->contact_source_id.n == 0)
		return RC_OK;
	return chatwoot_stray_take(h->tx, &s, why, e);
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
	const char *why = NULL;
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
		rc = open_conversation(h, &why, e);
	if (rc == RC_ABSENT)
		return stray(h, why, e);
	TRY(rc);
	if (may_be_ours(h)) {
		h->p->defer_ms = POSTING_DEFER_MS;
		return RC_OK;
	}
	TRY(take(h, e));
	return chatwoot_hook_seen(h, e);
}

/* Retry is pressed on one that had nobody behind it: now there may be somebody. */
static enum rc updated(struct hooked *h, struct err *e)
{
	const char *why;
	bool pressed;
	enum rc rc = find_conversation(h, e);

	if (rc == RC_OK)
		return chatwoot_hook_updated(h, e);
	if (rc != RC_ABSENT)
		return rc;
	TRY(chatwoot_hook_stray_retried(h, &pressed, e));
	if (!pressed)
		return not_ours(h, e);
	rc = open_conversation(h, &why, e);
	if (rc == RC_ABSENT)
		return stray(h, why, e);
	return rc == RC_OK ? chatwoot_hook_updated(h, e) : rc;
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

/* Echoes of ours and what customers wrote come with each message; nothing leaves for them. */
static bool waits_for_older(const struct hooked *h)
{
	enum chatwoot_reason reason;

	if (h->ev->kind == CHATWOOT_EVENT_MESSAGE_CREATED)
		return chatwoot_event_decide(h->ev, &reason) == CHATWOOT_SEND;
	return h->ev->kind == CHATWOOT_EVENT_MESSAGE_UPDATED;
}

enum rc chatwoot_hook_apply(struct tx *tx, struct parsed *p, struct err *e)
{
	struct hooked h = { .tx = tx,
			    .p = p,
			    .ev = &p->chatwoot,
			    .target = config_chatwoot(p->config, p->delivery.target_id) };

	if (h.target == NULL) {
		p->note = reason_en(REASON_NOTE_NO_BRIDGE);
		return RC_OK;
	}
	if (elsewhere(&h))
		return RC_OK;
	if (waits_for_older(&h))
		TRY(chatwoot_catch_hold(tx, p, h.target, e));
	if (p->defer_ms > 0)
		return RC_OK;
	switch (h.ev->kind) {
	case CHATWOOT_EVENT_MESSAGE_CREATED:
	case CHATWOOT_EVENT_MESSAGE_LISTED:
		return created(&h, e);
	case CHATWOOT_EVENT_MESSAGE_UPDATED:
		return updated(&h, e);
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
