/* meta_change.c - every field but `messages` (meta-cloud-api.md 1.7): echoes and history of the phone app, its
 * address book, wishes about advertising, new identities, calls, and what happens to account, number, templates,
 * flows and groups. Promises: meta_hook_priv.h, wa.h. A field that is not in the table is the caller's. */
#include "base/limits.h"
#include "base/reason.h"
#include "peer/meta/meta_hook_priv.h"

/* ---- people ---- */

static bool fits(struct str s)
{
	return s.n <= WA_ADDRESS_MAX;
}

static void add_person(struct meta_decode *d, const struct wa_person *p, const struct json *raw)
{
	if (!fits(p->phone) || !fits(p->user_id) || !fits(p->parent_user_id) ||
	    !fits(p->previous_phone) || !fits(p->previous_user_id) ||
	    p->phone.n + p->user_id.n == 0) {
		meta_add_unreadable(d, raw, reason_en(REASON_NOTE_PERSON));
		return;
	}
	struct wa_person *kept = meta_take(d, sizeof *kept);
	if (kept == NULL)
		return;
	*kept = *p;
	kept->phone = meta_keep(d, p->phone);
	kept->user_id = meta_keep(d, p->user_id);
	kept->parent_user_id = meta_keep(d, p->parent_user_id);
	kept->previous_user_id = meta_keep(d, p->previous_user_id);
	kept->name = meta_keep(d, p->name);
	kept->word = meta_keep(d, p->word);
	kept->username = meta_keep(d, p->username);
	struct wa_item *item = meta_add(d, WA_PERSON, raw);
	if (item != NULL)
		item->person = kept;
}

/* Something that stands beside what we know in such a list. */
static void add_part(struct meta_decode *d, const struct json *n)
{
	struct wa_item *item = meta_add(d, WA_CHANGE, NULL);
	if (item != NULL)
		item->raw = meta_keep_part(d, n);
}

static void decode_preference(struct meta_decode *d, const struct json *n)
{
	struct wa_person p = { .news = WA_NEWS_PREFERENCE,
			       .phone = json_get_str(n, "wa_id"),
			       .user_id = json_get_str(n, "user_id"),
			       .word = json_get_str(n, "value"),
			       .timestamp_ms = meta_time_ms(n, "timestamp") };
	struct str category = json_get_str(n, "category");
	if (category.n > 0 && !str_eqc(category, "marketing_messages"))
		add_part(d, n); /* another wish */
	else
		add_person(d, &p, n);
}

static void decode_moved(struct meta_decode *d, const struct json *n)
{
	struct wa_person p = {
		.news = WA_NEWS_MOVED,
		.phone = json_get_str(n, "wa_id"),
		.user_id = json_str(json_path(n, "user_id.current")),
		.previous_user_id = json_str(json_path(n, "user_id.previous")),
		.parent_user_id = json_str(json_path(n, "parent_user_id.current")),
		.timestamp_ms = meta_time_ms(n, "timestamp"),
	};
	add_person(d, &p, n);
}

/* The address book has numbers as people write them: "+55 11 95550-1234". */
static struct str digits_of(struct meta_decode *d, struct str phone)
{
	sbuf_reset(&d->part);
	for (size_t i = 0; i < phone.n; i++)
		if (phone.p[i] >= '0' && phone.p[i] <= '9')
			sbuf_char(&d->part, phone.p[i]);
	return d->part.n > 0 ? meta_keep(d, sbuf_view(&d->part)) : STR_NONE;
}

static void decode_booked(struct meta_decode *d, const struct json *n)
{
	const struct json *contact = json_get(n, "contact");
	struct str name = json_get_str(contact, "full_name");
	struct wa_person p = {
		.news = str_eqc(json_get_str(n, "action"), "remove") ? WA_NEWS_UNBOOKED
								     : WA_NEWS_BOOKED,
		.phone = digits_of(d, json_get_str(contact, "phone_number")),
		.user_id = json_get_str(contact, "user_id"),
		.name = name.n > 0 ? name : json_get_str(contact, "first_name"),
		.timestamp_ms = meta_time_ms(json_get(n, "metadata"), "timestamp"),
	};
	struct str type = json_get_str(n, "type");
	if (type.n > 0 && !str_eqc(type, "contact"))
		add_part(d, n); /* something else is synchronised */
	else
		add_person(d, &p, n);
}

static void decode_people(struct meta_decode *d, const struct meta_field *f,
			  const struct json *change)
{
	static const struct {
		const char *key;
		meta_decode_fn *decode;
	} people[] = { { "user_preferences", decode_preference },
		       { "user_id_update", decode_moved },
		       { "state_sync", decode_booked } };
	const struct json *value = json_get(change, "value");
	size_t before = d->count;
	(void)f; /* the keys tell it */
	for (size_t i = 0; i < COUNT(people) && !d->full; i++)
		meta_each(d, json_get(value, people[i].key), people[i].decode);
	if (!d->full && d->count == before)
		(void)meta_add(d, WA_CHANGE, change); /* nothing inside */
}

/* ---- the phone app beside us ---- */

static void decode_echoes(struct meta_decode *d, const struct meta_field *f,
			  const struct json *change)
{
	const struct json *value = json_get(change, "value");
	size_t before = d->count;
	(void)f;
	d->way = META_WAY_ECHO;
	meta_each(d, json_get(value, "message_echoes"), meta_message);
	if (!d->full)
		meta_each(d, json_get(value, "errors"), meta_error);
	if (!d->full && d->count == before)
		(void)meta_add(d, WA_CHANGE, change); /* nothing inside */
	d->way = META_WAY_IN;
}

static void decode_thread(struct meta_decode *d, const struct json *n)
{
	d->thread = n;
	meta_each(d, json_get(n, "messages"), meta_message);
	d->thread = NULL;
}

static void decode_chunk(struct meta_decode *d, const struct json *n)
{
	meta_each(d, json_get(n, "threads"), decode_thread);
	if (!d->full)
		meta_each(d, json_get(n, "errors"), meta_error); /* the owner refused (2593109) */
}

/* Chunks come in any order; media bodies follow as bare messages under the ids of their placeholders. */
static void decode_history(struct meta_decode *d, const struct meta_field *f,
			   const struct json *change)
{
	const struct json *value = json_get(change, "value");
	size_t before = d->count;
	(void)f;
	d->way = META_WAY_HISTORY;
	meta_each(d, json_get(value, "history"), decode_chunk);
	if (!d->full)
		meta_each(d, json_get(value, "messages"), meta_message);
	if (!d->full)
		meta_each(d, json_get(value, "errors"), meta_error);
	if (!d->full && d->count == before)
		(void)meta_add(d, WA_CHANGE, change); /* an empty chunk: progress only */
	d->way = META_WAY_IN;
}

static const struct meta_field fields[] = {
	{ "smb_message_echoes", WA_ABOUT_NUMBER, NULL, decode_echoes },
	{ "history", WA_ABOUT_NUMBER, NULL, decode_history },
	{ "smb_app_state_sync", WA_ABOUT_NUMBER, NULL, decode_people },
	{ "user_preferences", WA_ABOUT_NUMBER, NULL, decode_people },
	{ "user_id_update", WA_ABOUT_NUMBER, NULL, decode_people },
	{ "calls", WA_ABOUT_CALL, "event", meta_event_calls },
	{ "flows", WA_ABOUT_FLOW, "event", meta_event_flow },
	{ "business_username_update", WA_ABOUT_NUMBER, "status", NULL },
	{ "business_username_updates", WA_ABOUT_NUMBER, "status", NULL },
	{ "message_template_status_update", WA_ABOUT_TEMPLATE, "event", meta_event_template },
	{ "message_template_quality_update", WA_ABOUT_TEMPLATE, "event", meta_event_template },
	{ "message_template_components_update", WA_ABOUT_TEMPLATE, "event", meta_event_template },
	{ "template_category_update", WA_ABOUT_TEMPLATE, "event", meta_event_template },
	{ "template_correct_category_detection", WA_ABOUT_TEMPLATE, "event", meta_event_template },
	{ "phone_number_quality_update", WA_ABOUT_NUMBER, "event", NULL },
	{ "phone_number_name_update", WA_ABOUT_NUMBER, "decision", NULL },
	{ "account_update", WA_ABOUT_ACCOUNT, "event", meta_event_account },
	{ "account_review_update", WA_ABOUT_ACCOUNT, "decision", NULL },
	{ "account_alerts", WA_ABOUT_ACCOUNT, "alert_severity", meta_event_alert },
	{ "business_capability_update", WA_ABOUT_ACCOUNT, "event", NULL },
	{ "security", WA_ABOUT_SECURITY, "event", NULL },
	{ "account_settings_update", WA_ABOUT_NUMBER, "type", NULL },
	{ "partner_solutions", WA_ABOUT_ACCOUNT, "event", NULL },
	{ "payment_configuration_update", WA_ABOUT_ACCOUNT, "status", NULL },
	{ "automatic_events", WA_ABOUT_ACCOUNT, "event", NULL },
	{ "group_lifecycle_update", WA_ABOUT_GROUP, "type", meta_event_groups },
	{ "group_participants_update", WA_ABOUT_GROUP, "type", meta_event_groups },
	{ "group_settings_update", WA_ABOUT_GROUP, "type", meta_event_groups },
	{ "group_status_update", WA_ABOUT_GROUP, "type", meta_event_groups },
};

bool meta_change(struct meta_decode *d, const struct json *change, const struct json *value)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		const struct meta_field *f = &fields[i];
		if (!str_eqc(d->here.field, f->name))
			continue;
		ASSERT(json_get(change, "value") == value);
		if (f->decode != NULL)
			f->decode(d, f, change);
		else
			meta_event(d, f, change);
		return true;
	}
	return false;
}
