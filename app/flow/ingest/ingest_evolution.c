/* ingest_evolution.c - what is Evolution's own in a stored webhook: whose it is, its ids, the pairing.
 *
 * Messages and statuses go the way of every provider (ingest.c) after two things were set here: their ids bear the
 * channel (evolution_id.h: WhatsApp's keys are the same on both sides of a chat), and phone_number_id is the channel's
 * routing name (config.h), because Evolution tells its number only as the instance of the address. */
#include "flow/evolution/evolution.h"
#include "flow/ingest/ingest.h"
#include "io/json.h"
#include "peer/evolution/evolution_hook.h"
#include "peer/evolution/evolution_id.h"
#include "store/channel/channel_state.h"
#include "store/incident.h"

/* ---- ids ---- */

/* false: the arena is full. */
static bool stored_id(struct arena *a, const char *slug, struct str *id)
{
	char *text;

	if (id->n == 0)
		return true;
	text = arena_printf(a, "%s:%.*s", slug, STRF(*id));
	*id = str_of(text);
	return text != NULL && id->n <= WA_ID_MAX;
}

static const struct wa_message *map_message(struct arena *a, const char *slug,
					    const struct wa_message *m)
{
	struct wa_message *copy = arena_alloc(a, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *m;
	return stored_id(a, slug, &copy->id) && stored_id(a, slug, &copy->context_id) &&
			       stored_id(a, slug, &copy->target_id)
		       ? copy
		       : NULL;
}

static const struct wa_status *map_status(struct arena *a, const char *slug,
					  const struct wa_status *s)
{
	struct wa_status *copy = arena_alloc(a, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	*copy = *s;
	return stored_id(a, slug, &copy->id) ? copy : NULL;
}

static enum rc map_batch(struct arena *a, const struct channel *ch, struct wa_batch *b,
			 struct err *e)
{
	struct wa_item *items = arena_alloc(a, (b->count + 1) * sizeof(*items));

	for (size_t i = 0; items != NULL && i < b->count; i++) {
		struct wa_item *item = &items[i];

		*item = b->items[i];
		item->phone_number_id = ch->phone_number_id;
		if (item->message != NULL)
			item->message = map_message(a, ch->slug, item->message);
		if (item->status != NULL)
			item->status = map_status(a, ch->slug, item->status);
		if ((item->kind == WA_MESSAGE && item->message == NULL) ||
		    (item->kind == WA_STATUS && item->status == NULL))
			items = NULL;
	}
	if (items == NULL)
		return FAIL(e, RC_LIMIT, "the webhook needs more memory than allowed");
	b->items = items;
	return RC_OK;
}

/* ---- whose it is ---- */

static struct str path_event(struct arena *a, struct str headers)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str event;

	if (str_find(headers, STR("\"Path-Event\"")) < 0 ||
	    json_parse(headers, &root, NULL) != RC_OK)
		return STR_NONE;
	event = arena_str(a, json_get_str(root, "Path-Event"));
	return event;
}

enum rc ingest_evolution(struct worker *w, struct parsed *p, struct err *e)
{
	const struct channel *ch = config_channel(p->config, p->delivery.target_id);

	TRY(evolution_hook_decode(p->delivery.body, path_event(&w->arena, p->delivery.headers),
				  &w->arena, &p->hook, e));
	if (ch == NULL || strcmp(ch->provider, "evolution") != 0) {
		p->hook.count = 0;
		p->unread = "its address names no channel of Evolution";
		return RC_OK;
	}
	if (ch->instance.n > 0 && p->hook.instance.n > 0 &&
	    !str_eq(ch->instance, p->hook.instance)) {
		p->hook.count = 0;
		p->unread = "another instance than the channel's";
		return RC_OK;
	}
	return map_batch(&w->arena, ch, &p->hook, e);
}

/* ---- the pairing ---- */

static enum rc journal(struct tx *tx, const struct channel *ch, const struct wa_item *item,
		       struct err *e)
{
	AUTO(sbuf_release) struct sbuf detail = SBUF(CHANNEL_DETAIL_MAX);
	const struct wa_event *ev = item->event;
	struct jsonw j;

	jsonw_init(&j, &detail);
	jsonw_object(&j);
	jsonw_kstr(&j, "event", ev->word);
	jsonw_ki64(&j, "reason", item->link->reason);
	jsonw_kstr(&j, "detail", ev->detail);
	jsonw_end(&j);
	return channel_event_add(tx, ch->id,
				 &(struct channel_event_row){ .field = item->field,
							      .event = ev->word,
							      .at_ms = ev->timestamp_ms,
							      .detail = sbuf_view(&detail) },
				 e);
}

enum rc ingest_evolution_link(struct tx *tx, struct parsed *p, const struct wa_item *item,
			      struct err *e)
{
	const struct channel *ch = config_channel_phone(p->config, item->phone_number_id);

	if (ch == NULL)
		return RC_OK;
	if (item->link->qr.n == 0) /* a new QR code every 20 seconds is no news for the journal */
		TRY(journal(tx, ch, item, e));
	TRY(evolution_linked(tx, ch, item->event->word, item->link, e));
	if (str_eqc(item->event->word, "open"))
		return evolution_catch_up_want(tx, ch, e);
	/* from now on it is asked every other minute: the webhook that says "open" may be lost */
	return ch->check_every_ms > 0 ? evolution_check_want(tx, ch, e) : RC_OK;
}

enum rc ingest_evolution_twin(struct tx *tx, const struct parsed *p, struct err *e)
{
	const struct channel *ch = config_channel(p->config, p->delivery.target_id);
	char subject[80];

	if (ch == NULL)
		return RC_OK;
	(void)snprintf(subject, sizeof(subject), "channel.%s", ch->slug);
	return incident_raise(tx, INCIDENT_DOUBLE_MIRROR, subject, NULL, e);
}
