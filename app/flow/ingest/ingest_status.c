/* ingest_status.c - what became of a message: the rank rises, a failure stands beside it, what came too early waits. */
#include "base/limits.h"
#include "flow/send/attempt.h"
#include "flow/channel/channel_event.h"
#include "flow/handlers.h"
#include "flow/ingest/ingest.h"
#include "store/conversation/contact.h"
#include "store/retention/erasure.h"
#include "store/queue/topic.h"

#define CODE_STOPPED_MARKETING 131050 /* Meta 4.2: the customer does not want advertising */

static enum rc publish(struct tx *tx, const struct parsed *p, const struct message *m,
		       const struct wa_status *st, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(4 * KIB);
	struct topic_event ev = { .topic = TOPIC_STATUS,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->id,
				  .hop = m->hop,
				  .prio = PRIO_NORMAL,
				  .correlation = p->delivery.request_id };
	struct jsonw j;

	jsonw_init(&j, &payload);
	jsonw_object(&j);
	jsonw_kstr(&j, "status", st->word);
	jsonw_ktime(&j, "timestamp", st->timestamp_ms);
	if (st->error.code != 0)
		jsonw_ki64(&j, "code", st->error.code);
	jsonw_end(&j);
	ev.payload = sbuf_view(&payload);
	return topic_publish(tx, &ev, e);
}

void ingest_fault_json(const struct wa_fault *f, struct sbuf *to)
{
	struct jsonw j;

	jsonw_init(&j, to);
	jsonw_object(&j);
	jsonw_ki64(&j, "code", f->code);
	jsonw_kstr(&j, "title", f->title);
	jsonw_kstr(&j, "details", f->details);
	jsonw_end(&j);
}

static enum message_status status_of(const struct wa_status *st)
{
	if (st->failed)
		return MESSAGE_FAILED;
	switch (st->rank) {
	case WA_RANK_PENDING:
		return MESSAGE_PENDING;
	case WA_RANK_ACCEPTED:
		return MESSAGE_ACCEPTED;
	case WA_RANK_SENT:
		return MESSAGE_SENT;
	case WA_RANK_DELIVERED:
		return MESSAGE_DELIVERED;
	case WA_RANK_READ:
		return MESSAGE_READ;
	case WA_RANK_PLAYED:
		return MESSAGE_PLAYED;
	case WA_RANK_NONE:
		break;
	}
	BUG("a known status has a rank or failed");
}

/* Statuses of payments and calls, and words of another time: kept in the channel's journal, not on a message. */
static enum rc keep_apart(struct tx *tx, struct parsed *p, const struct wa_item *item,
			  struct err *e)
{
	const struct channel *ch = ingest_channel(p, item);

	if (ch == NULL)
		return ingest_stranger(tx, p, item, e);
	return channel_event(tx, ch,
			     &(struct channel_news){ .field = STR("messages.statuses"),
						     .value = item->raw,
						     .at_ms = item->status->timestamp_ms },
			     e);
}

/* A status names its recipient by phone and by user id: one person. And who does not want advertising is remembered. */
static enum rc learn(struct tx *tx, const struct message *m, const struct wa_status *st,
		     struct err *e)
{
	const struct contact_who who = { .phone = st->recipient_id,
					 .user_id = st->recipient_user_id,
					 .parent_user_id = st->recipient_parent_user_id };
	bool group = str_eqc(st->recipient_type, "group");
	int64_t contact;

	if (who.user_id.n > 0 && !group && who.phone.n <= WA_ADDRESS_MAX &&
	    who.user_id.n <= WA_ADDRESS_MAX)
		TRY(contact_resolve(tx, m->company_id, &who, &contact, e));
	if (st->error.code != CODE_STOPPED_MARKETING || group)
		return RC_OK;
	TRY(contact_of_conversation(tx->db, m->conversation_id, &contact, e));
	return contact_set_marketing(tx, contact, "stop",
				     st->timestamp_ms > 0 ? st->timestamp_ms : tx->now_ms, e);
}

static enum rc applied(struct tx *tx, struct parsed *p, const struct wa_status *st, int64_t id,
		       enum message_status_result result, struct err *e)
{
	AUTO(arena_release)
	struct arena a = ARENA(2 * MIB); /* a message of API_BODY_MAX and more */
	struct message m;
	bool replaced = false, failed = st->failed || result == STATUS_FAILED_BEFORE;
	struct wa_status told = *st;
	int64_t code = st->error.code;

	TRY(message_load(tx->db, id, &a, &m, e));
	if (result == STATUS_FAILED_BEFORE)
		TRY(message_plan_failure(tx->db, id, &code, e));
	TRY(learn(tx, &m, st, e));
	/* Its dispatcher could not know that it left; a failure at one member of a group says so too. */
	if (result == STATUS_SETTLED && m.status != MESSAGE_FAILED)
		TRY(dispatch_left(tx, &m, e));
	if (failed && !p->restored) /* a second try was made then */
		TRY(attempt_later(
			tx,
			&(struct attempt_failure){ .app = p->app,
						   .config = p->config,
						   .m = &m,
						   .code = code,
						   .news = result == STATUS_APPLIED ||
							   result == STATUS_SETTLED ||
							   result == STATUS_FAILED_BEFORE,
						   .group = str_eqc(st->recipient_type, "group") ||
							    st->recipient_participant_id.n > 0 },
			&replaced, e));
	if (result == STATUS_NOTED) /* the message itself has not changed */
		return RC_OK;
	told.word = failed ? STR("failed") : st->word;
	told.error.code = code;
	TRY(publish(tx, p, &m, &told, e));
	return replaced ? RC_OK : chatwoot_status_wanted(tx, &m, e);
}

enum rc ingest_status(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	AUTO(sbuf_release) struct sbuf error = SBUF(8 * KIB);
	const struct wa_status *st = item->status;
	struct message_status_event ev = { .meta_message_id = st->id,
					   .recipient = st->recipient_participant_id,
					   .at_ms = st->timestamp_ms > 0 ? st->timestamp_ms
									 : p->delivery.received_ms,
					   .pricing = st->pricing,
					   .conversation = st->conversation };
	enum message_status_result result;
	bool erased;
	int64_t id;

	if (!st->known)
		return keep_apart(tx, p, item, e);
	TRY(erasure_known(tx->db, st->id, &erased, e));
	if (erased) { /* its message is gone for good, and the request names the person */
		p->erased = true;
		return RC_OK;
	}
	ev.status = status_of(st);
	if (st->failed) {
		ingest_fault_json(&st->error, &error);
		ev.error = sbuf_view(&error);
	}
	if (!id_parse_try(st->tag, &ev.callback_created_ms, &ev.callback_id, &ev.callback_try))
		ev.callback_id = 0;
	TRY(message_apply_status(tx, &ev, &id, &result, e));
	p->statuses++;
	if (result == STATUS_DUPLICATE)
		p->duplicates++;
	/* A failure of what a device has already does not change the rank, but people must know of it. */
	if (result == STATUS_APPLIED || result == STATUS_SETTLED || result == STATUS_NOTED ||
	    result == STATUS_FAILED_BEFORE || (result == STATUS_RECORDED && st->failed))
		TRY(applied(tx, p, st, id, result, e));
	return ingest_channel(p, item) == NULL ? ingest_stranger(tx, p, item, e) : RC_OK;
}
