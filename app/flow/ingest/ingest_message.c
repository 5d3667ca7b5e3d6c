/* ingest_message.c - one message: of a customer, of a group, an echo of what the business wrote on its phone, or a piece
 * of its history.
 *
 *   who     aliases -> contact -> conversation (a group has one of its own; the sender stands on the message)
 *   row     once per provider id; a placeholder of the history is filled in
 *   told    a request of an earlier life (ingest_restored.c): who had not heard of it; else
 *           inbound: inbox, Chatwoot, n8n; echo: the stream and Chatwoot, never n8n; history: nobody */
#include "base/limits.h"
#include "flow/evolution/evolution.h"
#include "flow/handlers.h"
#include "flow/ingest/ingest.h"
#include "flow/media/media.h"
#include "store/conversation/contact.h"
#include "store/retention/erasure.h"
#include "store/receipt.h"
#include "store/conversation/twin.h"
#include "store/conversation/conversation.h"
#include "store/conversation/conversation_state.h"
#include "store/queue/topic.h"

#define LID_SUFFIX "@lid" /* so that nobody takes it for a phone (R13) */

/* The address to send to and the contact behind it. */
struct place {
	char lid[WA_ADDRESS_MAX + sizeof(LID_SUFFIX)];
	struct str address;
	bool weak; /* no phone: a phone that is known stays the address */
	int64_t conversation_id;
};

static struct contact_who other_side(const struct wa_message *in)
{
	if (in->group_id.n > 0)
		return (struct contact_who){ .group_id = in->group_id };
	return (struct contact_who){
		.phone = in->from_me ? in->to : in->from,
		.user_id = in->from_me ? in->to_user_id : in->from_user_id,
		.parent_user_id = in->from_parent_user_id,
		.lid = in->from_me ? in->to_lid : in->lid,
		.name = in->profile_name,
		.username = in->username,
	};
}

static void address_of(const struct contact_who *who, struct place *ret)
{
	ret->weak = who->group_id.n == 0 && who->phone.n == 0;
	if (who->group_id.n > 0) {
		ret->address = who->group_id;
	} else if (who->phone.n > 0) {
		ret->address = who->phone;
	} else if (who->user_id.n > 0) {
		ret->address = who->user_id;
	} else {
		(void)snprintf(ret->lid, sizeof(ret->lid), "%.*s%s", STRF(who->lid), LID_SUFFIX);
		ret->address = str_of(ret->lid);
	}
}

/* A known phone stays the address while the peer hides it. */
static enum rc thread_of(struct tx *tx, const struct channel *ch, int64_t contact_id,
			 struct place *at, struct err *e)
{
	enum rc rc = RC_ABSENT;

	if (at->weak)
		rc = conversation_resolve(tx, ch->company_id, ch->id, contact_id, STR_NONE,
					  &at->conversation_id, e);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return conversation_resolve(tx, ch->company_id, ch->id, contact_id, at->address,
				    &at->conversation_id, e);
}

/* Members of a group are people too: their aliases are learned. */
static enum rc know_member(struct tx *tx, const struct channel *ch, const struct wa_message *in,
			   struct err *e)
{
	const struct contact_who who = { .phone = in->from,
					 .user_id = in->from_user_id,
					 .parent_user_id = in->from_parent_user_id,
					 .lid = in->lid,
					 .name = in->profile_name,
					 .username = in->username };
	int64_t id;

	if (in->group_id.n == 0 || in->from_me || who.phone.n + who.user_id.n + who.lid.n == 0)
		return RC_OK;
	return contact_resolve(tx, ch->company_id, &who, &id, e);
}

static enum rc place_of(struct tx *tx, const struct channel *ch, const struct wa_message *in,
			struct place *ret, struct err *e)
{
	const struct contact_who who = other_side(in);
	int64_t contact;

	TRY(know_member(tx, ch, in, e));
	TRY(contact_resolve(tx, ch->company_id, &who, &contact, e));
	address_of(&who, ret);
	if (in->group_id.n > 0) /* not the group's: the member's who wrote */
		(void)snprintf(ret->lid, sizeof(ret->lid), "%.*s%s", STRF(in->lid),
			       in->lid.n > 0 ? LID_SUFFIX : "");
	return thread_of(tx, ch, contact, ret, e);
}

/* ---- the row ---- */

static enum message_status status_of(const struct wa_message *in)
{
	static const enum message_status BY_RANK[] = {
		[WA_RANK_NONE] = MESSAGE_SENT,           [WA_RANK_PENDING] = MESSAGE_PENDING,
		[WA_RANK_ACCEPTED] = MESSAGE_ACCEPTED,   [WA_RANK_SENT] = MESSAGE_SENT,
		[WA_RANK_DELIVERED] = MESSAGE_DELIVERED, [WA_RANK_READ] = MESSAGE_READ,
		[WA_RANK_PLAYED] = MESSAGE_PLAYED,
	};

	if (!in->from_me)
		return MESSAGE_DELIVERED;
	return in->failed ? MESSAGE_FAILED : BY_RANK[in->rank];
}

static void sender_of(const struct wa_message *in, const struct place *at, struct message *m)
{
	m->outbound = in->from_me;
	m->sending = in->from_me ? "done" : NULL;
	m->source = in->history   ? "history"
		    : in->acted   ? "api"
		    : in->from_me ? "phone"
				  : "customer";
	m->sender_user_id = in->acted_by;
	m->sender_type = in->from_me                   ? "crm_agent"
			 : str_eqc(in->type, "system") ? "system"
						       : "customer";
	m->sender_name = in->from_me ? STR_NONE : in->profile_name;
	if (in->group_id.n > 0 && !in->from_me)
		m->sender_source_id = in->from.n > 0           ? in->from
				      : in->from_user_id.n > 0 ? in->from_user_id
							       : str_of(at->lid);
}

static void fill(const struct parsed *p, const struct channel *ch, const struct wa_message *in,
		 const struct place *at, struct message *m)
{
	m->company_id = ch->company_id;
	m->channel_id = ch->id;
	m->conversation_id = at->conversation_id;
	m->delivery_id = p->delivery.id;
	m->timestamp = in->timestamp_ms > 0 ? in->timestamp_ms : p->delivery.received_ms;
	m->status = status_of(in);
	m->meta_message_id = in->id;
	m->wa_id = at->address;
	m->reply_to = in->act != WA_ACT_NONE ? in->target_id : in->context_id;
	m->correlation = p->delivery.request_id;
	m->content = in->text;
	m->content_json = in->content;
	m->type = in->type.p;
	sender_of(in, at, m);
}

static enum rc want_media(struct tx *tx, const struct parsed *p, const struct wa_message *in,
			  const struct message *m, struct err *e)
{
	if (in->media == NULL && in->error.code != MEDIA_CODE_LOST)
		return RC_OK;
	return media_want(tx,
			  &(struct media_wanted){ .message_id = m->id,
						  .provider = p->delivery.source,
						  .media = in->media,
						  .fault_code = in->error.code,
						  .correlation = m->correlation },
			  e);
}

/* Level 1 of the duplicate checks; or the body of a placeholder. */
static enum rc known(struct tx *tx, struct parsed *p, const struct wa_message *in,
		     struct message *m, struct err *e)
{
	enum rc rc;

	p->duplicates++;
	if (!in->history || in->placeholder)
		return RC_OK;
	TRY(message_by_meta(tx->db, in->id, &m->id, e));
	rc = message_fill(tx, m, e);
	if (rc == RC_CONFLICT)
		return RC_OK;
	TRY(rc);
	p->duplicates--;
	return want_media(tx, p, in, m, e);
}

/* ---- telling it ---- */

/* What an assistant would take for a new question and is none. */
static bool not_for_assistants(const struct wa_message *in)
{
	return in->act == WA_ACT_EDIT || in->act == WA_ACT_REVOKE ||
	       (in->act == WA_ACT_REACTION && in->act_text.n == 0) || str_eqc(in->type, "system");
}

static enum rc tell_inbound(struct tx *tx, const struct wa_message *in, const struct message *m,
			    struct err *e)
{
	struct topic_event ev = message_event(m, TOPIC_INBOUND);

	TRY(topic_publish(tx, &ev, e));
	if (not_for_assistants(in))
		return RC_OK;
	/* The assistant does not wait for Chatwoot: each peer's weather is its own. */
	ev = message_event(m, TOPIC_SUPPORT_INBOUND);
	return topic_publish_if_read(tx, &ev, e);
}

static enum rc touch(struct tx *tx, const struct wa_message *in, const struct message *m,
		     struct err *e)
{
	if (in->act != WA_ACT_NONE || str_eqc(in->type, "system")) /* as crm.c */
		return RC_OK;
	return conversation_touch(
		tx,
		&(struct conversation_touch){ .id = m->conversation_id,
					      .at_ms = m->timestamp,
					      .message_id = m->id,
					      .inbound_ms = m->outbound ? 0 : m->timestamp },
		e);
}

static enum rc tell(struct tx *tx, const struct parsed *p, const struct wa_message *in,
		    const struct message *m, struct err *e)
{
	struct topic_event ev = message_event(m, TOPIC_ECHO);

	if (p->restored) {
		TRY(touch(tx, in, m, e));
		return ingest_restored_tell(tx, p, m, e);
	}
	if (!in->history && !in->from_me)
		return tell_inbound(tx, in, m, e); /* its consumer group touches the conversation */
	TRY(touch(tx, in, m, e));
	if (in->history)
		return RC_OK;
	TRY(topic_publish(tx, &ev, e));
	return dispatch_mirror(tx, m, e);
}

/* Somebody answered on the phone: the assistant is silent for a while, as after an agent's word. */
static enum rc take_over(struct tx *tx, const struct parsed *p, const struct wa_message *in,
			 const struct message *m, struct err *e)
{
	int64_t ms = p->config->takeover_ms;

	if (!in->from_me || in->history || in->act != WA_ACT_NONE || ms == 0)
		return RC_OK;
	return conversation_state_silence(tx, m->conversation_id, tx->now_ms + ms, "human", e);
}

/* Level 2 of the duplicate checks. Files are not compared, nor what stands for a lost one: what they are is known only when they are here. */
static enum rc twin_of(struct tx *tx, const struct channel *ch, const struct wa_message *in,
		       const struct message *m, int64_t *ret, struct err *e)
{
	bool compared = !in->from_me && !in->history && in->media == NULL && in->error.code == 0 &&
			in->act == WA_ACT_NONE && !str_eqc(in->type, "system");

	return twin_find(tx->db, m, compared ? ch->twin_ms : 0, ret, e);
}

/* For the receipt of the outage in which it was written. */
static enum rc caught_up(struct tx *tx, const struct parsed *p, const struct message *m,
			 struct err *e)
{
	if (!str_eqc(p->delivery.request_id, INGEST_CAUGHT_UP))
		return RC_OK;
	return receipt_caught(tx,
			      &(struct receipt_catch){ .target_id = m->channel_id,
						       .written_ms = m->timestamp,
						       .message_id = m->id },
			      e);
}

enum rc ingest_message(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	AUTO(sbuf_release) struct sbuf error = SBUF(8 * KIB);
	const struct wa_message *in = item->message;
	const struct channel *ch = ingest_channel(p, item);
	struct message m = { .created_at = tx->now_ms };
	struct place at;
	int64_t twin;
	bool ours, erased;
	enum rc rc;

	if (ch == NULL)
		return ingest_stranger(tx, p, item, e);
	TRY(erasure_known(tx->db, in->id, &erased, e));
	if (erased) { /* told again: nobody comes back by it, and its request is emptied as well */
		p->duplicates++;
		p->erased = true;
		return RC_OK;
	}
	TRY(place_of(tx, ch, in, &at, e));
	fill(p, ch, in, &at, &m);
	if (in->error.code != 0) {
		ingest_fault_json(&in->error, &error);
		m.error = sbuf_view(&error);
	}
	if (in->from_me && strcmp(ch->provider, "evolution") == 0) {
		TRY(evolution_echo(tx, p, item, at.conversation_id, &ours, e));
		if (ours)
			return RC_OK;
	}
	TRY(twin_of(tx, ch, in, &m, &twin, e));
	rc = message_add(tx, &m, e);
	if (rc == RC_CONFLICT) {
		err_clear(e);
		return known(tx, p, in, &m, e);
	}
	TRY(rc);
	p->messages++;
	TRY(caught_up(tx, p, &m, e));
	if (twin != 0) {
		(void)__atomic_add_fetch(&p->app->duplicate_contents, 1, __ATOMIC_RELAXED);
		TRY(twin_mark(tx, m.id, twin, e));
		if (ch->twins_collapse)
			return touch(tx, in, &m,
				     e); /* kept, and it opens the window; told to nobody */
	}
	if (in->act != WA_ACT_NONE)
		TRY(ingest_act(tx, in, &m, e));
	TRY(want_media(tx, p, in, &m, e));
	TRY(tell(tx, p, in, &m, e));
	TRY(take_over(tx, p, in, &m, e));
	return in->new_from.n + in->new_user_id.n > 0 ? ingest_moved(tx, ch, in, e) : RC_OK;
}
