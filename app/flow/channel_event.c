/* channel_event.c - see channel_event.h. What each field changes stands in tables. */
#include "flow/channel_event.h"

#include "base/limits.h"
#include "base/log.h"
#include "io/json.h"
#include "store/channel_state.h"

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
	{ "phone_number_name_update", "decision", FACT_NAME_STATUS },
};

static enum rc learn(struct tx *tx, int64_t channel_id, struct str field, const struct json *value,
		     struct err *e)
{
	for (size_t i = 0; i < COUNT(FACTS); i++) {
		struct str v;

		if (!str_eqc(field, FACTS[i].field))
			continue;
		v = json_str(json_path(value, FACTS[i].path));
		if (v.n > 0)
			TRY(channel_fact_set(tx, channel_id, FACTS[i].fact, v, NULL, e));
	}
	return RC_OK;
}

enum rc channel_event(struct tx *tx, const struct channel *ch, const struct channel_news *n,
		      struct err *e)
{
	AUTO(json_freep) struct json *value = NULL;
	struct channel_event_row row = { .field = n->field, .at_ms = n->at_ms, .detail = n->value };

	if (json_parse(n->value, &value, NULL) != RC_OK)
		row.detail = STR("{}");
	row.event = json_get_str(value, "event");
	log_event(LOG_WARN, "channel.told", "channel", ch->slug, "field",
		  LOG_I64((int64_t)n->field.n), NULL);
	TRY(channel_event_add(tx, ch->id, &row, e));
	return learn(tx, ch->id, n->field, value, e);
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
