/* ingest_event.c - what concerns no single message: events of account, number, template, flow, group and call; errors;
 * fields that nobody knows; numbers that are not ours.
 *
 * Everything is kept in the journal of its channel (flow/channel_event.h), which also keeps the channel's state. Here
 * incidents are raised for what has no state of its own, and closed when the peer says that it is over. */
#include "base/log.h"
#include "flow/channel_event.h"
#include "flow/ingest.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/incident.h"

#define TEXT_MAX    400
#define SUBJECT_MAX 200

/* Incidents by what an event is about; NULL: channel_event.c knows what to do. */
static const char *const KINDS[] = {
	[WA_ABOUT_ACCOUNT] = NULL,  [WA_ABOUT_NUMBER] = NULL,     [WA_ABOUT_TEMPLATE] = "template",
	[WA_ABOUT_FLOW] = "flow",   [WA_ABOUT_GROUP] = "group",   [WA_ABOUT_CALL] = NULL,
	[WA_ABOUT_SECURITY] = NULL, [WA_ABOUT_CONNECTION] = NULL,
};

static enum rc judge(struct tx *tx, const struct wa_event *ev, struct err *e)
{
	const char *kind = KINDS[ev->about];
	char text[TEXT_MAX], subject[SUBJECT_MAX];

	if (kind == NULL || ev->gravity == WA_GRAVITY_NOTE)
		return RC_OK;
	(void)snprintf(subject, sizeof(subject), "%.*s", STRF(ev->subject));
	if (ev->gravity == WA_GRAVITY_GOOD)
		return incident_close(tx, kind, subject, e);
	(void)snprintf(text, sizeof(text), "%s %s: %.*s%s%.*s", kind, subject, STRF(ev->word),
		       ev->detail.n > 0 ? ", " : "", STRF(ev->detail));
	return incident_raise(tx, kind, subject, text, e);
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

	if (str_eqc(item->field, "messages")) {
		p->note = "keys beside the messages that this version does not understand yet";
		return RC_OK;
	}
	TRY(channel_event_item(tx, p->config, item, &channels, e));
	if (channels > 0)
		return RC_OK;
	if (item->phone_number_id.n > 0)
		return ingest_stranger(tx, p, item, e);
	p->note = "an account that is not ours";
	return RC_OK;
}

enum rc ingest_event(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	TRY(ingest_change(tx, p, item, e));
	if (item->event->about == WA_ABOUT_CALL)
		return called(tx, p, item, e);
	return judge(tx, item->event, e);
}

/* ---- errors ---- */

/* What people should know of a code; other codes are told as Meta words them. */
static const struct {
	int64_t code;
	const char *text; /* NULL: kept, but nobody needs to act */
} ERRORS[] = {
	{ 131035, "Meta could not deliver a webhook and has dropped it: a message of a customer is "
		  "lost. Look at the chats of "
		  "this number on the phone, and at what stood before this box." },
	{ 131036, "Meta could not decrypt a message in time: it is lost." },
	{ 2593109, "The owner of the number does not share the history of the phone app: older "
		   "chats are not imported." },
	{ 131000, NULL }, /* beside a message whose body Meta left out */
	{ 131051, NULL }, /* beside an unsupported message */
	{ 131052, NULL }, /* beside a message whose file could not be had; the message says it */
};

static enum rc raise_fault(struct tx *tx, const char *where, const struct wa_fault *f,
			   struct err *e)
{
	char text[TEXT_MAX], subject[SUBJECT_MAX];
	size_t i = 0;

	while (i < COUNT(ERRORS) && ERRORS[i].code != f->code)
		i++;
	if (i < COUNT(ERRORS) && ERRORS[i].text == NULL)
		return RC_OK;
	(void)snprintf(subject, sizeof(subject), "%s %lld", where, (long long)f->code);
	if (i < COUNT(ERRORS))
		(void)snprintf(text, sizeof(text), "%s", ERRORS[i].text);
	else
		(void)snprintf(text, sizeof(text), "Meta reports error %lld: %.*s %.*s",
			       (long long)f->code, STRF(f->title), STRF(f->details));
	return incident_raise(tx, "whatsapp-error", subject, text, e);
}

enum rc ingest_error(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	const struct channel *ch = ingest_channel(p, item);

	log_event(LOG_WARN, "meta.error", "channel", ch != NULL ? ch->slug : "none", "code",
		  LOG_I64(item->error->code), NULL);
	if (ch == NULL && item->phone_number_id.n > 0)
		return ingest_stranger(tx, p, item, e);
	p->note = "Meta reported an error of the number or account";
	if (ch != NULL)
		TRY(channel_event(tx, ch,
				  &(struct channel_news){ .field = STR("messages.errors"),
							  .value = item->raw,
							  .at_ms = item->entry_time_ms },
				  e));
	return raise_fault(tx, ch != NULL ? ch->slug : "account", item->error, e);
}

/* ---- strangers ---- */

enum rc ingest_stranger(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
{
	char text[TEXT_MAX], subject[SUBJECT_MAX];

	p->note = "a number that is not ours";
	if (p->stranger.p != NULL && str_eq(p->stranger, item->phone_number_id))
		return RC_OK; /* a batch of a thousand is one notice */
	p->stranger = item->phone_number_id.p != NULL ? item->phone_number_id : STR("");
	(void)snprintf(subject, sizeof(subject), "%.*s", STRF(p->stranger));
	(void)snprintf(text, sizeof(text),
		       "Webhooks come for phone_number_id \"%.*s\", which no channel has. They are "
		       "acknowledged and kept; "
		       "configure the number, or remove this box's address where it is set. (The "
		       "Test button of Meta's "
		       "dashboard uses 123456123.)",
		       STRF(p->stranger));
	return incident_raise(tx, "unknown-number", subject, text, e);
}
