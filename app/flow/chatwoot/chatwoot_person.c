/* chatwoot_person.c - a conversation's contact and thread at Chatwoot: found by any spelling of its address, or made once.
 * Promises: chatwoot_talk.h.
 *
 * One person is one contact there (R12): an address book may hold the other spelling of a number; a person known by LID
 * gets the number when it is known, and the contact that had it is merged. LID digits are never a number (R13). */
#include "base/log.h"
#include "flow/chatwoot/chatwoot_talk.h"
#include "flow/outside/posting.h"
#include "peer/chatwoot/chatwoot_thread.h"
#include "store/chatwoot/chatwoot_mark.h"
#include "store/conversation/contact.h"

#define BODY_MAX (64 * KIB)

/* "wa:5511...": how this person is known in the API inbox. The lock of an inbox is per source id, so each further number of
 * ours has ids, and with them threads, of its own: "wa:5511...:sales". */
static struct str source_of(struct talk *t)
{
	const struct channel *first = config_channel_default(t->config);
	const struct channel *own = config_channel(t->config, t->conv.channel_id);

	if (own == NULL || first == NULL || own == first)
		return str_of(arena_printf(&t->w->arena, "wa:%.*s", STRF(t->conv.wa_id)));
	return str_of(arena_printf(&t->w->arena, "wa:%.*s:%s", STRF(t->conv.wa_id), own->slug));
}

/* The person, whichever number of ours they write to. */
static struct str identifier_of(struct talk *t)
{
	return str_of(arena_printf(&t->w->arena, "wa:%.*s", STRF(t->conv.wa_id)));
}

/* E.164 has at most 15 digits; more are a LID's (R13), and user ids have letters: known by identifier only. */
static bool has_phone(const struct talk *t)
{
	struct str id = t->conv.wa_id;
	bool digits = id.n >= 2 && id.n <= 15 && !t->conv.group;

	for (size_t i = 0; i < id.n && digits; i++)
		digits = id.p[i] >= '0' && id.p[i] <= '9';
	return digits;
}

/* A call that must succeed: RC_RETRY leaves the verdict for chatwoot_talk_settle. */
static enum rc must(struct talk *t, enum chatwoot_call call, const struct chatwoot_place *p,
		    struct str body, struct err *e)
{
	TRY(chatwoot_talk_call(t, call, p, body, e));
	return t->verdict.cls == CHATWOOT_DONE ? RC_OK : RC_RETRY;
}

/* The first contact with exactly this number or identifier. id 0: none. */
static enum rc find_by(struct talk *t, const char *attribute, struct str value,
		       struct chatwoot_contact *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_contacts found = { 0 };

	*ret = (struct chatwoot_contact){ 0 };
	TRY(chatwoot_contact_filter(attribute, value, &body, e));
	TRY(must(t, CHATWOOT_CONTACT_FILTER, &(struct chatwoot_place){ 0 }, sbuf_view(&body), e));
	TRY(chatwoot_answer_contacts(t->answer, t->target->inbox_id, &t->w->arena, &found, e));
	if (found.count > 0)
		*ret = found.items[0];
	return RC_OK;
}

/* Its source id in our inbox; a second number of ours needs one of its own. */
static enum rc attach(struct talk *t, struct chatwoot_contact *c, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct str source = source_of(t);

	if (c->source_id.n > 0 &&
	    (str_eq(c->source_id, source) || str_eq(source, identifier_of(t))))
		return RC_OK;
	TRY(chatwoot_contact_inbox_new(t->target->inbox_id, source, &body, e));
	TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_INBOX_CREATE,
			       &(struct chatwoot_place){ .contact_id = c->id }, sbuf_view(&body),
			       e));
	if (t->verdict.cls ==
	    CHATWOOT_REUSE) { /* an earlier try made it, or it is the other number's */
		c->source_id = source;
		return RC_OK;
	}
	if (t->verdict.cls != CHATWOOT_DONE)
		return RC_RETRY;
	return chatwoot_answer_contact_inbox(t->answer, &t->w->arena, &c->source_id, e);
}

/* The contact exists already (422 taken): find it by number or identifier and attach it to our inbox if needed. */
static enum rc reuse_contact(struct talk *t, struct chatwoot_contact *ret, struct err *e)
{
	*ret = (struct chatwoot_contact){ 0 };
	if (has_phone(t))
		TRY(find_by(t, "phone_number", t->conv.wa_id, ret, e));
	if (ret->id == 0)
		TRY(find_by(t, "identifier", identifier_of(t), ret, e));
	if (ret->id != 0)
		return attach(t, ret, e);
	t->verdict = (struct chatwoot_verdict){
		.cls = CHATWOOT_RETRY,
		.retry_ms = -1,
		.text = "Chatwoot says the contact exists, but does not find it"
	};
	return RC_RETRY;
}

/* A person whose number stands there in its other spelling (Brazil's ninth digit) is that contact (R12). */
static enum rc other_spelling(struct talk *t, struct chatwoot_contact *ret, struct err *e)
{
	char other[32] = "";

	*ret = (struct chatwoot_contact){ 0 };
	if (has_phone(t))
		contact_other_spelling(t->conv.wa_id, other, sizeof(other));
	if (other[0] == '\0')
		return RC_OK;
	TRY(find_by(t, "phone_number", str_of(other), ret, e));
	if (ret->id == 0)
		return RC_OK;
	log_event(LOG_INFO, "chatwoot.other_spelling", "contact", LOG_I64(ret->id), NULL);
	return attach(t, ret, e);
}

static enum rc get_contact(struct talk *t, struct chatwoot_contact *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct str source = source_of(t);
	struct chatwoot_contact_new n = { .inbox_id = t->target->inbox_id,
					  .source_id = source,
					  .name = t->conv.contact_name.n > 0 ? t->conv.contact_name
									     : t->conv.wa_id,
					  .identifier = identifier_of(t),
					  .phone = has_phone(t) ? t->conv.wa_id : STR_NONE };

	TRY(other_spelling(t, ret, e));
	if (ret->id != 0)
		return RC_OK;
	TRY(chatwoot_contact_new(&n, &body, e));
	TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_CREATE, &(struct chatwoot_place){ 0 },
			       sbuf_view(&body), e));
	/* An earlier try may have made it: the same question answers both. */
	if (t->verdict.cls == CHATWOOT_REUSE)
		return reuse_contact(t, ret, e);
	if (t->verdict.cls != CHATWOOT_DONE)
		return RC_RETRY;
	TRY(chatwoot_answer_contact(t->answer, &t->w->arena, ret, e));
	if (ret->source_id.n == 0)
		ret->source_id = source;
	return RC_OK;
}

/* ---- a number that became known later ---- */

static bool is_weather(const struct talk *t)
{
	return t->verdict.cls == CHATWOOT_RETRY || t->verdict.cls == CHATWOOT_BACKOFF ||
	       t->verdict.cls == CHATWOOT_UNKNOWN || t->verdict.cls == CHATWOOT_PARK;
}

/* Another contact has this number there: it is the same person, and becomes this one. */
static enum rc merge(struct talk *t, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_contact other;

	TRY(find_by(t, "phone_number", t->conv.wa_id, &other, e));
	if (other.id == 0 || other.id == t->conv.chatwoot_contact_id)
		return RC_OK;
	TRY(chatwoot_contact_merge(t->conv.chatwoot_contact_id, other.id, &body, e));
	TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_MERGE, &(struct chatwoot_place){ 0 },
			       sbuf_view(&body), e));
	if (is_weather(t))
		return RC_RETRY;
	log_event(LOG_INFO, "chatwoot.contacts_merged", "kept",
		  LOG_I64(t->conv.chatwoot_contact_id), "merged", LOG_I64(other.id), NULL);
	return RC_OK;
}

struct thread_work {
	int64_t id, contact_id, conversation_id;
	struct str source_id;
};

static enum rc thread_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct thread_work *w = arg;

	return conversation_set_chatwoot(tx, w->id, w->contact_id, w->conversation_id, w->source_id,
					 e);
}

/* An agent merged the contact that we know into another one: the thread went with it, and says whose it is now. */
static enum rc find_owner(struct talk *t, struct err *e)
{
	struct thread_work w = { .id = t->conv.id,
				 .conversation_id = t->conv.chatwoot_conversation_id,
				 .source_id = t->conv.chatwoot_source_id };

	TRY(chatwoot_talk_call(
		t, CHATWOOT_CONVERSATION_GET,
		&(struct chatwoot_place){ .conversation_id = t->conv.chatwoot_conversation_id },
		STR_NONE, e));
	if (t->verdict.cls != CHATWOOT_DONE)
		return is_weather(t) ? RC_RETRY : RC_OK;
	TRY(chatwoot_thread_contact(t->answer, &w.contact_id, e));
	if (w.contact_id == 0 || w.contact_id == t->conv.chatwoot_contact_id)
		return RC_OK;
	log_event(LOG_INFO, "chatwoot.contact_was_merged", "was",
		  LOG_I64(t->conv.chatwoot_contact_id), "is", LOG_I64(w.contact_id), NULL);
	TRY(store_write(t->w->app->store, STORE_NORMAL, thread_unit, &w, e));
	t->conv.chatwoot_contact_id = w.contact_id;
	return RC_OK;
}

static enum rc number_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct talk *t = arg;

	return chatwoot_phone_set(tx, t->conv.id, t->conv.wa_id, e);
}

/* Known by a LID or another number until now: the contact there gets the number, the thread stays (R12). What Chatwoot does
 * not want (it is told once) holds up no message; weather does. */
static enum rc give_number(struct talk *t, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_place p = { .contact_id = t->conv.chatwoot_contact_id };

	TRY(chatwoot_contact_phone(t->conv.wa_id, &body, e));
	TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_UPDATE, &p, sbuf_view(&body), e));
	if (t->verdict.cls == CHATWOOT_GONE) {
		TRY(find_owner(t, e));
		p.contact_id = t->conv.chatwoot_contact_id;
		TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_UPDATE, &p, sbuf_view(&body), e));
	}
	if (t->verdict.cls == CHATWOOT_REUSE) {
		TRY(merge(t, e));
		TRY(chatwoot_talk_call(t, CHATWOOT_CONTACT_UPDATE, &p, sbuf_view(&body), e));
	}
	if (is_weather(t))
		return RC_RETRY;
	return store_write(t->w->app->store, STORE_NORMAL, number_unit, t, e);
}

static enum rc number_of(struct talk *t, struct err *e)
{
	struct str known = STR_NONE;
	struct db *db;
	enum rc rc;

	if (!has_phone(t) || t->conv.chatwoot_contact_id == 0)
		return RC_OK;
	db = store_reader(t->w->app->store);
	rc = chatwoot_phone_get(db, t->conv.id, &t->w->arena, &known, e);
	store_reader_done(t->w->app->store, db);
	TRY(rc);
	/* A source id of digits: the contact was made with its number. */
	if (known.n == 0 && str_find(t->conv.chatwoot_source_id, t->conv.wa_id) >= 0)
		return RC_OK;
	return str_eq(known, t->conv.wa_id) ? RC_OK : give_number(t, e);
}

/* ---- the thread ---- */

/* Whether a thread there is the counterpart of another conversation here: the same person at another number of ours. */
static enum rc is_taken(struct talk *t, int64_t chatwoot_conversation_id, bool *ret, struct err *e)
{
	struct db *db = store_reader(t->w->app->store);
	int64_t id = 0;
	enum rc rc =
		conversation_by_chatwoot(db, t->conv.company_id, chatwoot_conversation_id, &id, e);

	store_reader_done(t->w->app->store, db);
	*ret = rc == RC_OK && id != t->conv.id;
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

/* An open thread of this contact in our inbox is used again: a try that timed out may have made it. */
static enum rc find_thread(struct talk *t, int64_t contact_id, int64_t *ret_id, struct err *e)
{
	struct chatwoot_conversations list;

	*ret_id = 0;
	TRY(must(t, CHATWOOT_CONTACT_CONVERSATIONS,
		 &(struct chatwoot_place){ .contact_id = contact_id }, STR_NONE, e));
	TRY(chatwoot_answer_conversations(t->answer, &t->w->arena, &list, e));
	for (size_t i = 0; i < list.count && *ret_id == 0; i++) {
		bool taken = true;

		if (list.items[i].inbox_id == t->target->inbox_id)
			TRY(is_taken(t, list.items[i].id, &taken, e));
		if (!taken)
			*ret_id = list.items[i].id;
	}
	return RC_OK;
}

static enum rc make_thread(struct talk *t, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct chatwoot_contact contact;
	struct thread_work w = { .id = t->conv.id };

	TRY(get_contact(t, &contact, e));
	TRY(find_thread(t, contact.id, &w.conversation_id, e));
	if (w.conversation_id == 0) {
		TRY(chatwoot_conversation_new(
			&(struct chatwoot_conversation_new){ .inbox_id = t->target->inbox_id,
							     .contact_id = contact.id,
							     .source_id = contact.source_id },
			&body, e));
		TRY(must(t, CHATWOOT_CONVERSATION_CREATE, &(struct chatwoot_place){ 0 },
			 sbuf_view(&body), e));
		TRY(chatwoot_answer_id(t->answer, &w.conversation_id, e));
	}
	w.contact_id = contact.id;
	w.source_id = contact.source_id;
	TRY(store_write(t->w->app->store, STORE_NORMAL, thread_unit, &w, e));
	t->conv.chatwoot_conversation_id = w.conversation_id;
	t->conv.chatwoot_contact_id = w.contact_id;
	t->conv.chatwoot_source_id = w.source_id;
	return RC_OK;
}

/* Somebody may have made it since we looked. */
static enum rc look_again(struct talk *t, struct err *e)
{
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = conversation_load(db, t->conv.id, &t->w->arena, &t->conv, e);

	store_reader_done(t->w->app->store, db);
	return rc;
}

enum rc chatwoot_talk_thread(struct talk *t, struct err *e)
{
	struct posting *posting = t->w->app->posting;
	enum rc rc;

	if (t->conv.chatwoot_conversation_id != 0)
		return number_of(t, e);
	if (!posting_try(posting, t->target->id, -t->conv.id)) {
		t->verdict = (struct chatwoot_verdict){ .cls = CHATWOOT_BACKOFF,
							.retry_ms = -1,
							.text = "the thread is just being made" };
		return RC_RETRY;
	}
	rc = look_again(t, e);
	if (rc == RC_OK && t->conv.chatwoot_conversation_id == 0)
		rc = make_thread(t, e);
	posting_end(posting, t->target->id, -t->conv.id);
	return rc;
}
