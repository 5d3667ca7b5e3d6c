/* chatwoot_hook.c - a webhook of Chatwoot: an agent's message becomes a send to WhatsApp. Runs inside ingest's unit.
 *
 * Loops are stopped by any one of: our mark or source in content_attributes, our source_id, the table of ids that we made
 * there (pipelines.md, R4). The same event twice, from two webhooks or in two deliveries, is one send: the table's
 * primary key decides, in the transaction that makes the message (R5, R6). */
#include "flow/ingest.h"
#include "flow/posting.h"
#include "flow/send.h"
#include "peer/markup.h"
#include "store/contact.h"
#include "store/conversation.h"
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

/* By the thread's number, else by the address in its source id (a thread that an agent opened). */
static enum rc find_conversation(struct tx *tx, struct parsed *p, int64_t company, int64_t *ret_id,
				 struct err *e)
{
	const struct chatwoot_event *ev = &p->chatwoot;
	const struct channel *ch = config_channel_default(p->config);
	struct contact_who who = { 0 };
	struct str address;
	int64_t contact;
	enum rc rc = conversation_by_chatwoot(tx->db, company, ev->conversation_id, ret_id, e);

	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	if (ch == NULL || !str_starts(ev->contact_source_id, STR(CHATWOOT_SOURCE)))
		return RC_ABSENT;
	address = str_sub(ev->contact_source_id, sizeof(CHATWOOT_SOURCE) - 1, SIZE_MAX);
	if (address.n > 2 && address.p[2] == '.')
		who.user_id = address;
	else
		who.phone = address;
	TRY(contact_resolve(tx, company, &who, &contact, e));
	TRY(conversation_resolve(tx, company, ch->id, contact, address, ret_id, e));
	return conversation_set_chatwoot(tx, *ret_id, 0, ev->conversation_id, ev->contact_source_id,
					 e);
}

static enum rc send_it(struct tx *tx, struct parsed *p, const struct chatwoot_target *target,
		       int64_t conversation, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(1 * MIB);
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct chatwoot_event *ev = &p->chatwoot;
	struct conversation conv;
	struct send_new n = { .conversation_id = conversation,
			      .type = "text",
			      .prio = PRIO_HIGH,
			      .sender_type = "chatwoot_agent",
			      .source = "support_bridge",
			      .sender_name = ev->sender_name,
			      .chatwoot_conversation_id = ev->conversation_id,
			      .chatwoot_message_id = ev->message_id,
			      .correlation = p->delivery.request_id };
	struct wa_content_bad field = { "" };
	int64_t message;
	enum rc rc;

	TRY(conversation_load(tx->db, conversation, &a, &conv, e));
	n.channel = config_channel(p->config, conv.channel_id);
	markup_to_whatsapp(ev->content, &text);
	n.text = str_trim(sbuf_view(&text));
	n.sender_user_id = str_of(arena_printf(&a, "%lld", (long long)ev->sender_id));
	n.sender_source_id = str_of(
		arena_printf(&a, "chatwoot:%s:%lld", target->slug, (long long)ev->message_id));
	if (n.channel == NULL) {
		p->note = "the conversation's channel is not configured any more";
		return RC_OK;
	}
	if (send_check(&n, &field, e) != RC_OK) {
		err_clear(e);
		p->note = n.text.n == 0
				  ? "an agent's message without text: attachments are not sent yet"
				  : "an agent's message that WhatsApp does not take (too long?)";
		return RC_OK;
	}
	TRY(send_add(tx, p->app, p->config, &n, &message, &conversation, e));
	rc = message_link_chatwoot(tx, target->id, ev->message_id, message, "agent", e);
	ASSERT(rc != RC_CONFLICT); /* looked up before, in this transaction */
	TRY(rc);
	p->messages++;
	return RC_OK;
}

enum rc chatwoot_hook_apply(struct tx *tx, struct parsed *p, struct err *e)
{
	const struct chatwoot_event *ev = &p->chatwoot;
	const struct chatwoot_target *target = config_chatwoot(p->config, p->delivery.target_id);
	enum chatwoot_reason reason;
	int64_t conversation;
	bool known;
	enum rc rc;

	p->defer_ms = 0;
	if (target == NULL) {
		p->note = "the bridge is not configured any more";
		return RC_OK;
	}
	if (chatwoot_event_decide(ev, &reason) == CHATWOOT_IGNORE)
		return RC_OK; /* ours, private, an update: stored, nothing to do */
	TRY(message_chatwoot_known(tx->db, target->id, ev->message_id, &known, e));
	if (known) {
		p->duplicates++;
		return RC_OK;
	}
	if (posting_now(p->app->posting, target->id, ev->conversation_id)) {
		p->defer_ms = POSTING_DEFER_MS;
		return RC_OK;
	}
	rc = find_conversation(tx, p, target->company_id, &conversation, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		p->note = "a Chatwoot conversation that is not ours";
		return RC_OK;
	}
	TRY(rc);
	return send_it(tx, p, target, conversation, e);
}
