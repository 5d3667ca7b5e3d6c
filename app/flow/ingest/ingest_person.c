/* ingest_person.c - what became known of a person: new addresses, names in the address book, wishes about
 * advertising. */
#include "flow/ingest/ingest.h"
#include "base/reason.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"

/* Conversations that still have the old address are written to at the new one. */
static enum rc move_threads(struct tx *tx, int64_t contact_id, struct str old, struct str new,
			    struct err *e)
{
	if (old.n == 0 || new.n == 0 || str_eq(old, new))
		return RC_OK;
	return conversation_readdress(tx, contact_id, old, new, e);
}

struct move {
	struct contact_who before, now;
};

static enum rc apply_move(struct tx *tx, int64_t company_id, const struct move *mv, struct err *e)
{
	struct str address = mv->now.phone.n > 0 ? mv->now.phone : mv->now.user_id;
	int64_t contact;

	TRY(contact_move(tx, company_id, &mv->before, &mv->now, &contact, e));
	TRY(move_threads(tx, contact, mv->before.phone, address, e));
	return move_threads(tx, contact, mv->before.user_id, address, e);
}

enum rc ingest_moved(struct tx *tx, const struct channel *ch, const struct wa_message *in,
		     struct err *e)
{
	const struct move mv = { .before = { .phone = in->from, .user_id = in->from_user_id },
				 .now = { .phone = in->new_from, .user_id = in->new_user_id } };

	return apply_move(tx, ch->company_id, &mv, e);
}

static enum rc moved(struct tx *tx, int64_t company_id, const struct wa_person *n, struct err *e)
{
	const struct move mv = { .before = { .phone = n->previous_phone,
					     .user_id = n->previous_user_id },
				 .now = { .phone = n->phone,
					  .user_id = n->user_id,
					  .parent_user_id = n->parent_user_id,
					  .lid = n->lid } };
	int64_t contact;

	if (n->previous_phone.n + n->previous_user_id.n == 0)
		return contact_resolve(tx, company_id, &mv.now, &contact, e);
	return apply_move(tx, company_id, &mv, e);
}

static enum rc unbooked(struct tx *tx, int64_t company_id, const struct contact_who *who,
			struct err *e)
{
	int64_t contact;
	enum rc rc = contact_find(tx->db, company_id, who, &contact, e);

	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	return contact_set_book_name(tx, contact, STR_NONE, e);
}

/* Evolution tells the pairs of the whole address book: only those who wrote, or were written to, are people here. */
static enum rc alias(struct tx *tx, int64_t company_id, const struct contact_who *who,
		     struct err *e)
{
	int64_t contact;
	enum rc rc = contact_find(tx->db, company_id, who, &contact, e);

	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	return contact_resolve(tx, company_id, who, &contact, e);
}

static enum rc preference(struct tx *tx, struct parsed *p, const struct wa_person *n,
			  int64_t contact, struct err *e)
{
	static const char *const WORDS[] = { "stop", "resume", "signup" };

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (str_eqc(n->word, WORDS[i]))
			return contact_set_marketing(
				tx, contact, WORDS[i],
				n->timestamp_ms > 0 ? n->timestamp_ms : p->delivery.received_ms, e);
	p->note = reason_en(REASON_NOTE_WISH);
	return RC_OK;
}

enum rc ingest_person(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	const struct wa_person *n = item->person;
	const struct channel *ch = ingest_channel(p, item);
	int64_t company_id = ch != NULL ? ch->company_id : p->delivery.company_id, contact;
	struct contact_who who = { .phone = n->phone,
				   .user_id = n->user_id,
				   .parent_user_id = n->parent_user_id,
				   .lid = n->lid };

	if (ch == NULL && item->phone_number_id.n > 0)
		return ingest_stranger(tx, p, item, e);
	switch (n->news) {
	case WA_NEWS_MOVED:
		return moved(tx, company_id, n, e);
	case WA_NEWS_UNBOOKED:
		return unbooked(tx, company_id, &who, e);
	case WA_NEWS_ALIAS:
		return alias(tx, company_id, &who, e);
	case WA_NEWS_SEEN:
		who.name = n->name;
		who.username = n->username;
		return contact_resolve(tx, company_id, &who, &contact, e);
	case WA_NEWS_BOOKED:
		TRY(contact_resolve(tx, company_id, &who, &contact, e));
		return contact_set_book_name(tx, contact, n->name, e);
	case WA_NEWS_PREFERENCE:
		TRY(contact_resolve(tx, company_id, &who, &contact, e));
		return preference(tx, p, n, contact, e);
	}
	BUG("unknown kind of news");
}
