/* ingest_event.c - what concerns no single message: events of account, number, template, flow, group and call; errors;
 * fields that nobody knows; numbers that are not ours.
 *
 * Everything is kept in the journal of its channel (flow/channel/channel_event.h), which also keeps the channel's state. Here
 * incidents are raised for what has no state of its own, and closed when the peer says that it is over. */
#include "base/limits.h"
#include "base/log.h"
#include "base/reason.h"
#include "flow/channel/channel_event.h"
#include "flow/ingest/ingest.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/incident.h"

#define SUBJECT_MAX 200

/* Incidents by what an event is about; no code: channel_event.c knows what to do. */
static const struct {
	enum incident_code code;
	bool here;
} TOLD[] = {
	[WA_ABOUT_ACCOUNT] = { 0 },
	[WA_ABOUT_NUMBER] = { 0 },
	[WA_ABOUT_TEMPLATE] = { INCIDENT_TEMPLATE_TOLD, true },
	[WA_ABOUT_FLOW] = { INCIDENT_FLOW_TOLD, true },
	[WA_ABOUT_GROUP] = { INCIDENT_GROUP_TOLD, true },
	[WA_ABOUT_CALL] = { 0 },
	[WA_ABOUT_SECURITY] = { 0 },
	[WA_ABOUT_CONNECTION] = { 0 },
};

/* C text of a piece, cut to what an argument may have. */
struct arg {
	char text[INCIDENT_ARG_MAX + 1];
};

static const char *arg(struct arg *a, struct str s)
{
	(void)snprintf(a->text, sizeof(a->text), "%.*s", STRF(s));
	return a->text;
}

static enum rc judge(struct tx *tx, const struct wa_event *ev, struct err *e)
{
	enum incident_code code = TOLD[ev->about].code;
	struct arg subject = { "" }, word = { "" }, detail = { "" };

	if (!TOLD[ev->about].here || ev->gravity == WA_GRAVITY_NOTE)
		return RC_OK;
	(void)arg(&subject, ev->subject);
	if (ev->gravity == WA_GRAVITY_GOOD)
		return incident_close(tx, incident_kind(code), subject.text, e);
	return incident_raise(tx, code, subject.text,
			      &(struct incident_args){ { subject.text, arg(&word, ev->word),
							 arg(&detail, ev->detail) } },
			      e);
}

/* The customer called: like a message it opens the window of 24 hours (Meta 3.6). */
static enum rc called(struct tx *tx, const struct parsed *p, const struct wa_item *item,
		      struct err *e)
{
	const struct wa_event *ev = item->event;
	const struct channel *ch = ingest_channel(p, item);
	struct contact_who who = { .phone = ev->from, .user_id = ev->from_user_id };
	int64_t contact, conversation;

	if (ch == NULL || who.phone.n + who.user_id.n == 0)
		return RC_OK;
	TRY(contact_resolve(tx, ch->company_id, &who, &contact, e));
	TRY(conversation_resolve(tx, ch->company_id, ch->id, contact,
				 who.phone.n > 0 ? who.phone : who.user_id, &conversation, e));
	return conversation_open_window(
		tx, conversation, ev->timestamp_ms > 0 ? ev->timestamp_ms : p->delivery.received_ms,
		e);
}

enum rc ingest_change(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	int channels;

	if (item->kept)
		return RC_OK;
	if (item->link != NULL)
		return ingest_evolution_link(tx, p, item, e);
	if (str_eqc(item->field, "messages")) {
		p->note = reason_en(REASON_NOTE_STRANGE_KEYS);
		return RC_OK;
	}
	TRY(channel_event_item(tx, p->config, item, &channels, e));
	if (channels > 0)
		return RC_OK;
	if (item->phone_number_id.n > 0)
		return ingest_stranger(tx, p, item, e);
	p->note = reason_en(REASON_NOTE_ACCOUNT);
	return RC_OK;
}

/* Its name, when Meta tells it. */
static enum rc name_group(struct tx *tx, const struct parsed *p, const struct wa_item *item,
			  struct err *e)
{
	const struct channel *ch = ingest_channel(p, item);
	const struct contact_who who = { .group_id = item->event->subject,
					 .name = item->event->detail };
	int64_t contact;

	if (ch == NULL || who.group_id.n == 0 || who.group_id.n > WA_ADDRESS_MAX || who.name.n == 0)
		return RC_OK;
	return contact_resolve(tx, ch->company_id, &who, &contact, e);
}

enum rc ingest_event(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	TRY(ingest_change(tx, p, item, e));
	if (item->event->about == WA_ABOUT_GROUP)
		TRY(name_group(tx, p, item, e));
	if (item->event->about == WA_ABOUT_CALL)
		return called(tx, p, item, e);
	return judge(tx, item->event, e);
}

/* ---- errors ---- */

/* Codes with an incident of their own, and those that nobody needs to act on; others are told as Meta words them. */
static const struct {
	int64_t code;
	enum incident_code incident;
	bool quiet;
} ERRORS[] = {
	{ 131035, INCIDENT_WEBHOOK_LOST, false },
	{ 2593109, INCIDENT_HISTORY_REFUSED, false },
	{ 131000, 0, true }, /* beside a message whose body Meta left out */
	{ 131051, 0, true }, /* beside an unsupported message */
	{ 131052, 0, true }, /* beside a message whose file could not be had; the message says it */
};

static enum rc raise_fault(struct tx *tx, struct parsed *p, const char *where,
			   const struct wa_fault *f, struct err *e)
{
	char subject[SUBJECT_MAX], code[24];
	struct arg text = { "" };
	size_t i = 0;

	while (i < COUNT(ERRORS) && ERRORS[i].code != f->code)
		i++;
	if (i < COUNT(ERRORS) && ERRORS[i].quiet)
		return RC_OK;
	p->note = reason_en(REASON_NOTE_META_ERROR);
	(void)snprintf(subject, sizeof(subject), "channel.%s", where);
	if (i < COUNT(ERRORS))
		return incident_raise(tx, ERRORS[i].incident, subject, NULL, e);
	(void)snprintf(code, sizeof(code), "%lld", (long long)f->code);
	(void)snprintf(subject, sizeof(subject), "channel.%s %s", where, code);
	return incident_raise(
		tx, INCIDENT_PEER_ERROR, subject,
		&(struct incident_args){
			{ where, code, arg(&text, f->details.n > 0 ? f->details : f->title) } },
		e);
}

enum rc ingest_error(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	const struct channel *ch = ingest_channel(p, item);

	log_event(LOG_WARN, "meta.error", "channel", ch != NULL ? ch->slug : "none", "code",
		  LOG_I64(item->error->code), NULL);
	if (ch == NULL && item->phone_number_id.n > 0)
		return ingest_stranger(tx, p, item, e);
	if (ch != NULL)
		TRY(channel_event(tx, ch,
				  &(struct channel_news){ .field = STR("messages.errors"),
							  .value = item->raw,
							  .at_ms = item->entry_time_ms },
				  e));
	return raise_fault(tx, p, ch != NULL ? ch->slug : "account", item->error, e);
}

/* ---- strangers ---- */

enum rc ingest_stranger(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	struct arg number = { "" };

	p->note = reason_en(REASON_NOTE_NUMBER);
	if (p->stranger.p != NULL && str_eq(p->stranger, item->phone_number_id))
		return RC_OK; /* a batch of a thousand is one notice */
	p->stranger = item->phone_number_id.p != NULL ? item->phone_number_id : STR("");
	return incident_raise(tx, INCIDENT_NUMBER_UNKNOWN, arg(&number, p->stranger),
			      &(struct incident_args){ { number.text } }, e);
}
