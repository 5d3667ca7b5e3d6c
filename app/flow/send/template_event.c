/* template_event.c - see template_event.h. Fields: meta-cloud-api.md 1.7. */
#include "flow/send/template_event.h"

#include "flow/send/template_sync.h"
#include "io/json.h"
#include "store/channel/wa_template.h"

static const struct channel *channel_of(const struct config *c, struct str waba_id)
{
	for (size_t i = 0; i < c->channel_count; i++)
		if (c->channels[i].waba_id.n > 0 && str_eq(c->channels[i].waba_id, waba_id))
			return &c->channels[i];
	return NULL;
}

/* The first text that is there. */
static struct str text_at(const struct json *v, const char *a, const char *b)
{
	struct str s = json_str(json_path(v, a));

	return s.n > 0 ? s : json_str(json_path(v, b));
}

/* Ids are numbers beyond what a double holds exactly in this webhook; text of them is taken only when it is text. */
static void read_news(const struct json *v, struct str field, struct wa_template *t)
{
	t->name = json_get_str(v, "message_template_name");
	t->language = json_get_str(v, "message_template_language");
	t->meta_id = json_get_str(v, "message_template_id");
	t->quality = json_get_str(v, "new_quality_score");
	t->category = text_at(v, "new_category", "message_template_category");
	if (str_eqc(field, "message_template_status_update")) {
		t->status = json_get_str(v, "event");
		t->reason = text_at(v, "other_info.description", "rejection_info.reason");
		if (t->reason.n == 0)
			t->reason = json_get_str(v, "reason");
		if (str_eqc(t->reason, "NONE"))
			t->reason = STR_NONE;
	}
}

/* A template that works again is called so once more. */
static struct str status_word(struct str event)
{
	if (str_eqc(event, "REINSTATED"))
		return STR("APPROVED");
	return event;
}

enum rc template_event(struct tx *tx, const struct config *c, const struct wa_item *item,
		       struct err *e)
{
	AUTO(json_freep) struct json *change = NULL;
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	const struct channel *ch = channel_of(c, item->waba_id);
	bool stale = str_eqc(item->field, "message_template_components_update");
	struct wa_template t = { .waba_id = item->waba_id }, known;
	const struct json *value;
	enum rc rc;

	if (ch == NULL || json_parse(item->raw, &change, NULL) != RC_OK)
		return RC_OK;
	value = json_get(change, "value");
	read_news(value != NULL ? value : change, item->field, &t);
	t.status = status_word(t.status);
	t.company_id = ch->company_id;
	if (t.name.n == 0 || t.language.n == 0)
		return RC_OK;
	rc = wa_template_find(tx->db,
			      &(struct wa_template_key){ .waba_id = t.waba_id,
							 .name = t.name,
							 .language = t.language },
			      &a, &known, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	TRY(wa_template_news(tx, &t, stale, e));
	if (rc == RC_ABSENT || stale || known.components.n == 0)
		return template_sync_want(tx, ch, e);
	return RC_OK;
}
