/* channel_event.c - see channel_event.h. What each field changes stands in tables. */
#include "flow/channel/channel_event.h"

#include "base/limits.h"
#include "flow/outside/outside.h"
#include "flow/upkeep.h"
#include "base/log.h"
#include "flow/send/template_event.h"
#include "io/json.h"
#include "store/channel/channel_state.h"
#include "store/queue/queue.h"
#include "store/target.h"

/* Which part of a value becomes which fact. Sources: meta-cloud-api.md 1.7; chatwoot-n8n-evolution.md 3.5. */
static const struct {
	const char *field, *path;
	enum channel_fact fact;
} FACTS[] = {
	{ "account_update", "event", FACT_ACCOUNT_STATE },
	{ "account_review_update", "decision", FACT_ACCOUNT_REVIEW },
	{ "phone_number_quality_update", "max_daily_conversations_per_business", FACT_TIER },
	{ "phone_number_quality_update", "current_limit", FACT_TIER },
	{ "business_capability_update", "max_daily_conversations_per_business", FACT_TIER },
	{ "business_capability_update", "max_daily_conversation_per_phone", FACT_TIER }, /* older */
	{ "phone_number_name_update", "decision", FACT_NAME_STATUS },
};

/* Texts, and numbers as text (business_capability_update tells some of its limits so). */
static struct str value_text(const struct json *v, char ret_room[24])
{
	struct str s = json_str(v);
	int64_t n;

	if (s.n > 0 || !json_i64(v, &n))
		return s;
	(void)snprintf(ret_room, 24, "%lld", (long long)n);
	return str_of(ret_room);
}

static enum rc learn(struct tx *tx, int64_t channel_id, struct str field, const struct json *value,
		     struct err *e)
{
	for (size_t i = 0; i < COUNT(FACTS); i++) {
		char number[24];
		struct str v;

		if (!str_eqc(field, FACTS[i].field))
			continue;
		v = value_text(json_path(value, FACTS[i].path), number);
		if (v.n > 0)
			TRY(channel_fact_set(tx, channel_id, FACTS[i].fact, v, NULL, e));
	}
	return RC_OK;
}

/* ---- what it means ---- */

enum effect {
	EFFECT_NONE,
	EFFECT_PAUSE, /* nothing can be sent until somebody (or the provider) ends it; survives a restart */
	EFFECT_RESTRICT, /* only replies of people, until the provider's date */
	EFFECT_RESUME
};

/* Words are those of channel_word(). `close`: it is over. */
static const struct rule {
	const char *field, *word;
	enum incident_code code;
	bool close;
	enum effect effect;
	const char *arg; /* path of the incident's {1} in the value; else the word itself */
} RULES[] = {
	{ "account_update", "DISABLE", INCIDENT_ACCOUNT_BANNED, false, EFFECT_PAUSE, NULL },
	{ "account_update", "SCHEDULE_FOR_DISABLE", INCIDENT_ACCOUNT_BAN_PLANNED, false,
	  EFFECT_NONE, "ban_info.waba_ban_date" },
	{ "account_update", "REINSTATE", INCIDENT_ACCOUNT_BANNED, true, EFFECT_RESUME, NULL },
	{ "account_update", "ACCOUNT_RESTRICTION", INCIDENT_ACCOUNT_RESTRICTED, false,
	  EFFECT_RESTRICT, "restriction_info.0.restriction_type" },
	{ "account_update", "ACCOUNT_VIOLATION", INCIDENT_ACCOUNT_VIOLATION, false, EFFECT_NONE,
	  "violation_info.violation_type" },
	{ "account_update", "ACCOUNT_DELETED", INCIDENT_ACCOUNT_GONE, false, EFFECT_PAUSE, NULL },
	{ "account_update", "ACCOUNT_OFFBOARDED", INCIDENT_ACCOUNT_GONE, false, EFFECT_PAUSE,
	  NULL },
	{ "account_update", "PARTNER_REMOVED", INCIDENT_ACCOUNT_GONE, false, EFFECT_NONE, NULL },
	{ "account_update", "ACCOUNT_RECONNECTED", INCIDENT_ACCOUNT_GONE, true, EFFECT_RESUME,
	  NULL },
	{ "account_review_update", "REJECTED", INCIDENT_REVIEW_REJECTED, false, EFFECT_NONE, NULL },
	{ "account_review_update", "APPROVED", INCIDENT_REVIEW_REJECTED, true, EFFECT_NONE, NULL },
	{ "phone_number_name_update", "REJECTED", INCIDENT_NAME_REJECTED, false, EFFECT_NONE,
	  "rejection_reason" },
	{ "phone_number_name_update", "DECLINED", INCIDENT_NAME_REJECTED, false, EFFECT_NONE,
	  "rejection_reason" },
	{ "phone_number_name_update", "APPROVED", INCIDENT_NAME_REJECTED, true, EFFECT_NONE, NULL },
	{ "phone_number_quality_update", "FLAGGED", INCIDENT_QUALITY_LOW, false, EFFECT_NONE,
	  NULL },
	{ "phone_number_quality_update", "UNFLAGGED", INCIDENT_QUALITY_LOW, true, EFFECT_NONE,
	  NULL },
	{ "security", "PIN_CHANGED", INCIDENT_PIN_CHANGED, false, EFFECT_NONE, NULL },
	{ "security", "PIN_RESET_REQUEST", INCIDENT_PIN_CHANGED, false, EFFECT_NONE, NULL },
	{ "security", "PIN_REQUEST_SUCCESS", INCIDENT_PIN_CHANGED, false, EFFECT_NONE, NULL },
	{ "account_alerts", "RESOLVED", INCIDENT_ACCOUNT_ALERT, true, EFFECT_NONE, NULL },
	{ "account_alerts", "", INCIDENT_ACCOUNT_ALERT, false, EFFECT_NONE,
	  "alert_info.alert_description" },
};

/* The word that decides: it stands elsewhere in each field. */
static struct str word_of(struct str field, const struct json *value)
{
	static const char *const PATHS[] = { "ban_info.waba_ban_state", "event",        "decision",
					     "alert_info.alert_status", "alert_status", "state" };
	struct str v;

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		/* A ban says DISABLED_UPDATE, and what it means beside it. */
		if (i == 0 && !str_eqc(field, "account_update"))
			continue;
		v = json_str(json_path(value, PATHS[i]));
		if (v.n > 0)
			return v;
	}
	return STR("");
}

/* The last day of a restriction; a day when none is said: the provider will tell again. */
static int64_t restricted_until(struct tx *tx, const struct json *value)
{
	int64_t until_ms = 0, s;

	for (const struct json *r = json_first(json_get(value, "restriction_info")); r != NULL;
	     r = json_next(r)) {
		if (json_get_i64(r, "expiration", &s) && s > 0 && s < INT32_MAX * (int64_t)10)
			until_ms = i64_max(until_ms, s * SECOND_MS);
	}
	return until_ms > tx->now_ms ? until_ms : tx->now_ms + DAY_MS;
}

struct gate_work {
	struct app *app;
	int64_t channel_id, until_ms, now_ms;
	enum effect effect;
};

static void effect_after(struct store *st, const void *arg)
{
	const struct gate_work *g = arg;
	const struct outside_trouble t = { .target_id = g->channel_id,
					   .until_ms = g->until_ms,
					   .spares_replies = true,
					   .code = INCIDENT_SEND_POLICY };

	if (g->effect == EFFECT_PAUSE)
		queue_gate(store_queues(st), g->channel_id, INT64_MAX);
	else if (g->effect == EFFECT_RESUME)
		queue_gate(store_queues(st), g->channel_id, 0);
	else if (g->app != NULL && g->app->outside != NULL)
		outside_trouble_known(g->app, &t, g->now_ms);
}

/* "Meta: DISABLE": only what was paused by this prefix is resumed by the provider. */
#define PAUSED_BY "Meta: "

static enum rc act(struct tx *tx, const struct channel *ch, const struct rule *r,
		   const struct json *value, struct err *e)
{
	struct gate_work g = {
		.app = ch->app, .channel_id = ch->id, .now_ms = tx->now_ms, .effect = r->effect
	};
	char reason[80];
	bool ours;

	switch (r->effect) {
	case EFFECT_NONE:
		return RC_OK;
	case EFFECT_PAUSE:
		(void)snprintf(reason, sizeof(reason), PAUSED_BY "%s", r->word);
		TRY(target_pause(tx, ch->id, 0, reason, e));
		break;
	case EFFECT_RESTRICT:
		g.until_ms = restricted_until(tx, value);
		TRY(channel_fact_set_i64(tx, ch->id, FACT_RESTRICTED_UNTIL, g.until_ms, e));
		break;
	case EFFECT_RESUME:
		TRY(target_resume_if(tx, ch->id, PAUSED_BY, &ours, e));
		if (!ours)
			return RC_OK;
		break;
	}
	tx_after(tx, effect_after, &g, sizeof(g));
	return RC_OK;
}

static enum rc judge(struct tx *tx, const struct channel *ch, const struct rule *r,
		     const struct json *value, struct err *e)
{
	struct str arg = r->arg != NULL ? json_str(json_path(value, r->arg)) : STR_NONE;
	char subject[TARGET_NAME_MAX], text[INCIDENT_ARG_MAX + 1];

	(void)snprintf(subject, sizeof(subject), "channel.%s", ch->slug);
	if (r->close)
		return incident_close(tx, incident_kind(r->code), subject, e);
	if (arg.n == 0)
		arg = word_of(str_of(r->field), value);
	(void)snprintf(text, sizeof(text), "%.*s", STRF(arg));
	return incident_raise(tx, r->code, subject, &(struct incident_args){ { text } }, e);
}

static enum rc apply(struct tx *tx, const struct channel *ch, const struct channel_news *n,
		     struct str word, const struct json *value, struct err *e)
{
	int count;

	for (size_t i = 0; i < COUNT(RULES); i++) {
		const struct rule *r = &RULES[i];

		if (!str_eqc(n->field, r->field) || (r->word[0] != '\0' && !str_eqc(word, r->word)))
			continue;
		TRY(judge(tx, ch, r, value, e));
		TRY(act(tx, ch, r, value, e));
		break;
	}
	/* What the account says of itself is worth a look at all of it. */
	if (ch->check_every_ms > 0 &&
	    (str_starts(n->field, STR("account_")) || str_starts(n->field, STR("phone_number_")) ||
	     str_starts(n->field, STR("business_"))))
		return upkeep_check(tx, ch, &count, e);
	return RC_OK;
}

enum rc channel_event(struct tx *tx, const struct channel *ch, const struct channel_news *n,
		      struct err *e)
{
	AUTO(json_freep) struct json *value = NULL;
	struct channel_event_row row = { .field = n->field, .at_ms = n->at_ms, .detail = n->value };

	if (json_parse(n->value, &value, NULL) != RC_OK)
		row.detail = STR("{}");
	row.event = word_of(n->field, value);
	TRY(channel_event_add(tx, ch->id, &row, e));
	TRY(learn(tx, ch->id, n->field, value, e));
	return apply(tx, ch, n, row.event, value, e);
}

/* Digits only: "+55 11 4002-8922" is the same number as 551140028922. */
static bool same_number(struct str a, struct str b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.n && (a.p[i] < '0' || a.p[i] > '9'))
			i++;
		while (j < b.n && (b.p[j] < '0' || b.p[j] > '9'))
			j++;
		if (i == a.n || j == b.n)
			return i == a.n && j == b.n;
		if (a.p[i++] != b.p[j++])
			return false;
	}
}

static enum rc is_number(struct tx *tx, const struct channel *ch, struct str number, bool *ret,
			 struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(CHANNEL_VALUE_MAX);
	struct str known;
	enum rc rc = channel_fact_get(tx->db, ch->id, FACT_DISPLAY_NUMBER, &a, &known, e);

	*ret = rc == RC_OK && same_number(known, number);
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc channel_event_item(struct tx *tx, const struct config *c, const struct wa_item *item,
			   int *ret_channels, struct err *e)
{
	AUTO(json_freep) struct json *change = NULL;
	AUTO(sbuf_release) struct sbuf value = SBUF(HOOK_BODY_MAX);
	struct channel_news n = { .field = item->field, .at_ms = item->entry_time_ms };
	const struct channel *one = config_channel_phone(c, item->phone_number_id);
	struct str number;

	*ret_channels = 0;
	if (item->kind == WA_EVENT && item->event->about == WA_ABOUT_TEMPLATE)
		TRY(template_event(tx, c, item, e));
	if (json_parse(item->raw, &change, NULL) == RC_OK)
		json_print(json_get(change, "value"), &value);
	n.value = sbuf_view(&value);
	number = json_str(json_path(change, "value.display_phone_number"));
	for (size_t i = 0; one == NULL && number.n > 0 && i < c->channel_count; i++) {
		bool is;

		TRY(is_number(tx, &c->channels[i], number, &is, e));
		one = is ? &c->channels[i] : NULL;
	}
	for (size_t i = 0; i < c->channel_count; i++) {
		const struct channel *ch = &c->channels[i];
		bool meant = one != NULL
				     ? ch == one
				     : item->waba_id.n > 0 && str_eq(ch->waba_id, item->waba_id);

		if (!meant)
			continue;
		TRY(channel_event(tx, ch, &n, e));
		(*ret_channels)++;
	}
	return RC_OK;
}
