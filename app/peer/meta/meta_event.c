/* meta_event.c - what happens to account, number, templates, flows, groups and calls (meta-cloud-api.md 1.7): how grave a
 * word is, and one line for people. Promises: meta_hook_priv.h, wa.h. */
#include "base/enc.h"
#include "base/limits.h"
#include "io/jsonw.h"
#include "peer/meta/meta_hook_priv.h"

#define DETAIL_MAX 300 /* code points */

/* ---- what a word means ---- */

/* Words of all fields; what is not here is a note. A word that begins with another row's does not count as it. */
static const struct gravity {
	enum wa_about about;
	const char *word;
	enum wa_gravity gravity;
} gravities[] = {
	{ WA_ABOUT_ACCOUNT, "ACCOUNT_DELETED", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "ACCOUNT_OFFBOARDED", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "ACCOUNT_RECONNECTED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_ACCOUNT, "ACCOUNT_RESTRICTION", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "ACCOUNT_VIOLATION", WA_GRAVITY_WARN },
	{ WA_ABOUT_ACCOUNT, "DISABLED_UPDATE", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "PARTNER_REMOVED", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "PARTNER_APP_UNINSTALLED", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", WA_GRAVITY_NOTE },
	{ WA_ABOUT_ACCOUNT, "CRITICAL", WA_GRAVITY_ALARM },
	{ WA_ABOUT_ACCOUNT, "WARNING", WA_GRAVITY_WARN },
	{ WA_ABOUT_ACCOUNT, "APPROVED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_ACCOUNT, "REJECTED", WA_GRAVITY_ALARM },
	{ WA_ABOUT_NUMBER, "FLAGGED", WA_GRAVITY_WARN },
	{ WA_ABOUT_NUMBER, "DOWNGRADE", WA_GRAVITY_WARN },
	{ WA_ABOUT_NUMBER, "UNFLAGGED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_NUMBER, "UPGRADE", WA_GRAVITY_GOOD },
	{ WA_ABOUT_NUMBER, "APPROVED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_NUMBER, "REJECTED", WA_GRAVITY_WARN },
	{ WA_ABOUT_NUMBER, "DECLINED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "APPROVED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_TEMPLATE, "REINSTATED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_TEMPLATE, "DELETED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "DISABLED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "FLAGGED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "LIMIT_EXCEEDED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "LOCKED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "PAUSED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "PENDING_DELETION", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "REJECTED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "RED", WA_GRAVITY_WARN },
	{ WA_ABOUT_TEMPLATE, "GREEN", WA_GRAVITY_GOOD },
	{ WA_ABOUT_TEMPLATE, "CATEGORY", WA_GRAVITY_WARN },
	{ WA_ABOUT_FLOW, "THROTTLED", WA_GRAVITY_WARN },
	{ WA_ABOUT_FLOW, "BLOCKED", WA_GRAVITY_ALARM },
	{ WA_ABOUT_FLOW, "PUBLISHED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_FLOW, "ACTIVATED", WA_GRAVITY_WARN },
	{ WA_ABOUT_FLOW, "DEACTIVATED", WA_GRAVITY_GOOD },
	{ WA_ABOUT_FLOW, "FLOW_VERSION_EXPIRY_WARNING", WA_GRAVITY_WARN },
	{ WA_ABOUT_GROUP, "group_suspend", WA_GRAVITY_WARN },
	{ WA_ABOUT_SECURITY, "PIN_CHANGED", WA_GRAVITY_WARN },
	{ WA_ABOUT_SECURITY, "PIN_RESET_REQUEST", WA_GRAVITY_WARN },
};

static enum wa_gravity gravity_of(enum wa_about about, struct str word)
{
	for (size_t i = 0; i < COUNT(gravities); i++)
		if (gravities[i].about == about && str_eqc(word, gravities[i].word))
			return gravities[i].gravity;
	return WA_GRAVITY_NOTE;
}

/* ---- one line for people ---- */

/* Members that say why, in the order in which people want them; text and numbers, whole objects on demand. */
static const char *const details[] = {
	"ban_info",
	"restriction_info",
	"violation_info",
	"disconnection_info",
	"reason",
	"rejection_reason",
	"rejection_info",
	"disable_info",
	"other_info",
	"alert_description",
	"message",
	"decision",
	"status",
	"username",
	"requested_verified_name",
	"previous_category",
	"new_category",
	"correct_category",
	"previous_quality_score",
	"new_quality_score",
	"old_status",
	"new_status",
	"old_limit",
	"current_limit",
	"max_daily_conversations_per_business",
	"max_daily_conversation_per_phone",
	"max_phone_numbers_per_business",
	"alert_type",
	"alert_status",
	"alert_state",
	"threshold",
	"requester",
};

static struct str detail_of(struct meta_decode *d, const struct json *value)
{
	sbuf_reset(&d->scratch);
	for (size_t i = 0; i < COUNT(details); i++) {
		const struct json *n = json_get(value, details[i]);
		if (json_kind(n) == JSON_NONE || json_kind(n) == JSON_NULL)
			continue;
		sbuf_printf(&d->scratch, "%s%s: ", d->scratch.n > 0 ? "; " : "", details[i]);
		if (json_kind(n) == JSON_TEXT)
			sbuf_str(&d->scratch, json_str(n));
		else
			json_print(n, &d->scratch);
	}
	if (!sbuf_ok(&d->scratch)) {
		d->full = true;
		return STR_NONE;
	}
	for (size_t i = 0; i < d->scratch.n; i++)
		if ((unsigned char)d->scratch.p[i] < ' ')
			d->scratch.p[i] = ' ';
	return d->scratch.n > 0 ? meta_keep(d, enc_utf8_cut(sbuf_view(&d->scratch), DETAIL_MAX))
				: STR_NONE;
}

/* ---- events ---- */

struct str meta_keep_part(struct meta_decode *d, const struct json *element)
{
	struct jsonw w;
	sbuf_reset(&d->part);
	json_print(element, &d->part);
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	jsonw_kstr(&w, "field", d->here.field);
	jsonw_kraw(&w, "value", sbuf_view(&d->part));
	jsonw_end(&w);
	d->full |= !sbuf_ok(&d->part);
	return meta_keep_scratch(d);
}

/* NULL: no room. `raw` is a change, or an element of one. */
static struct wa_event *add_event(struct meta_decode *d, const struct meta_field *f,
				  const struct json *raw)
{
	bool whole = json_get(raw, "value") != NULL && json_get(raw, "field") != NULL;
	struct wa_event *ev = meta_take(d, sizeof *ev);
	if (ev == NULL)
		return NULL;
	ev->about = f->about;
	struct wa_item *item = meta_add(d, WA_EVENT, whole ? raw : NULL);
	if (item == NULL)
		return NULL;
	if (!whole)
		item->raw = meta_keep_part(d, raw);
	item->event = ev;
	ev->timestamp_ms = item->entry_time_ms;
	return ev;
}

void meta_event(struct meta_decode *d, const struct meta_field *f, const struct json *change)
{
	const struct json *value = json_get(change, "value");
	struct wa_event *ev = add_event(d, f, change);
	if (ev == NULL)
		return;
	ev->word = f->word_key != NULL ? meta_keep_key(d, value, f->word_key) : STR_NONE;
	ev->gravity = gravity_of(f->about, ev->word);
	ev->subject = meta_keep_id(d, value, "display_phone_number");
	ev->detail = detail_of(d, value);
}

void meta_event_account(struct meta_decode *d, const struct meta_field *f,
			const struct json *change)
{
	const struct json *value = json_get(change, "value");
	size_t before = d->count;
	meta_event(d, f, change);
	if (d->full || d->count == before)
		return;
	struct wa_event *ev = (struct wa_event *)(uintptr_t)d->items[before].event;
	if (str_eqc(ev->word, "DISABLED_UPDATE") &&
	    str_eqc(json_str(json_path(value, "ban_info.waba_ban_state")), "REINSTATE"))
		ev->gravity = WA_GRAVITY_GOOD;
}

/* Flat, or inside alert_info. */
void meta_event_alert(struct meta_decode *d, const struct meta_field *f, const struct json *change)
{
	const struct json *value = json_get(change, "value");
	const struct json *info = json_get(value, "alert_info");
	struct wa_event *ev = add_event(d, f, change);
	if (ev == NULL)
		return;
	if (json_kind(info) != JSON_OBJECT)
		info = value;
	ev->word = meta_keep_key(d, info, "alert_severity");
	ev->gravity = gravity_of(f->about, ev->word);
	if (str_eqc(json_get_str(info, "alert_status"), "NONE"))
		ev->gravity = WA_GRAVITY_GOOD;
	ev->subject = meta_keep_id(d, value, "entity_id");
	ev->detail = detail_of(d, info);
}

/* Status, quality, text or category of a template. Told by its keys, because Meta shows a quality change under the
 * name of another field (1.7). */
void meta_event_template(struct meta_decode *d, const struct meta_field *f,
			 const struct json *change)
{
	const struct json *value = json_get(change, "value");
	struct wa_event *ev = add_event(d, f, change);
	if (ev == NULL)
		return;
	struct str name = json_get_str(value, "message_template_name");
	sbuf_reset(&d->scratch);
	sbuf_printf(&d->scratch, "%.*s/%.*s", STRF(name),
		    STRF(json_get_str(value, "message_template_language")));
	ev->subject = name.n > 0 ? meta_keep_scratch(d) : STR_NONE;
	if (json_get(value, "new_quality_score") != NULL)
		ev->word = meta_keep_key(d, value, "new_quality_score");
	else if (json_get(value, "new_category") != NULL)
		ev->word = STR("CATEGORY");
	else
		ev->word = meta_keep_key(d, value, "event");
	ev->gravity = gravity_of(f->about, ev->word);
	ev->detail = detail_of(d, value);
}

void meta_event_flow(struct meta_decode *d, const struct meta_field *f, const struct json *change)
{
	const struct json *value = json_get(change, "value");
	struct wa_event *ev = add_event(d, f, change);
	if (ev == NULL)
		return;
	const char *state = json_get(value, "new_status") != NULL    ? "new_status"
			    : json_get(value, "alert_state") != NULL ? "alert_state"
								     : "event";
	ev->word = meta_keep_key(d, value, "event");
	ev->gravity = gravity_of(f->about, json_get_str(value, state));
	ev->subject = meta_keep_id(d, value, "flow_id");
	ev->detail = detail_of(d, value);
}

void meta_event_groups(struct meta_decode *d, const struct meta_field *f, const struct json *change)
{
	const struct json *groups = json_path(change, "value.groups");
	if (json_kind(groups) != JSON_ARRAY || json_count(groups) == 0) {
		meta_event(d, f, change);
		return;
	}
	for (const struct json *c = json_first(groups); c != NULL && !d->full; c = json_next(c)) {
		struct wa_event *ev = add_event(d, f, c);
		if (ev == NULL)
			return;
		ev->word = meta_keep_key(d, c, "type");
		ev->gravity = gravity_of(f->about, ev->word);
		ev->subject = meta_keep_id(d, c, "group_id");
		ev->detail = meta_keep_key(d, c, "subject");
		ev->timestamp_ms = meta_time_ms(c, "timestamp");
	}
}

/* ---- calls: never message statuses, though one list has that name (1.7) ---- */

static void decode_call(struct meta_decode *d, const struct meta_field *f, const struct json *n)
{
	struct wa_event *ev = add_event(d, f, n);
	bool theirs = str_eqc(json_get_str(n, "direction"), "USER_INITIATED");
	if (ev == NULL)
		return;
	ev->word = meta_keep_key(d, n, json_get(n, "event") != NULL ? "event" : "status");
	ev->subject = meta_keep_id(d, n, "id");
	ev->detail = meta_keep_key(d, n, "status");
	ev->timestamp_ms = meta_time_ms(n, "timestamp");
	if (!theirs || json_get_str(n, "from").n > WA_ADDRESS_MAX ||
	    json_get_str(n, "from_user_id").n > WA_ADDRESS_MAX)
		return;
	ev->from = meta_keep_key(d, n, "from");
	ev->from_user_id = meta_keep_key(d, n, "from_user_id");
}

void meta_event_calls(struct meta_decode *d, const struct meta_field *f, const struct json *change)
{
	static const char *const keys[] = { "calls", "statuses" };
	const struct json *value = json_get(change, "value");
	size_t before = d->count;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct json *list = json_get(value, keys[i]);
		for (const struct json *c = json_first(json_kind(list) == JSON_ARRAY ? list : NULL);
		     c != NULL && !d->full; c = json_next(c))
			decode_call(d, f, c);
	}
	if (!d->full)
		meta_each(d, json_get(value, "errors"), meta_error);
	if (!d->full && d->count == before)
		meta_event(d, f, change);
}
