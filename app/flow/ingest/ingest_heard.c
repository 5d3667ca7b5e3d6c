/* ingest_heard.c - whom a batch of deliveries came from, and how many messages of customers were in it: feeds the age of
 * the last webhook and the learned traffic (store/channel/channel_state.h). Once per batch: the path is hot. */
#include "flow/ingest/ingest.h"
#include "store/channel/channel_state.h"

struct heard {
	bool named[CONFIG_TARGETS_MAX], bridge[CONFIG_TARGETS_MAX];
	int64_t messages[CONFIG_TARGETS_MAX];
};

static void look(const struct parsed *p, struct heard *h)
{
	if (p->has_chatwoot)
		for (size_t i = 0; i < p->config->chatwoot_count; i++)
			h->bridge[i] |= p->config->chatwoots[i].id == p->delivery.target_id;
	for (size_t i = 0; i < p->hook.count; i++) {
		const struct wa_item *item = &p->hook.items[i];
		const struct channel *ch = ingest_channel(p, item);
		size_t at;

		if (ch == NULL)
			continue;
		at = (size_t)(ch - p->config->channels);
		h->named[at] = true;
		if (p->defer_ms == 0 && item->kind == WA_MESSAGE && !item->message->from_me &&
		    !item->message->history) /* once, however often it is looked at */
			h->messages[at]++;
	}
}

enum rc ingest_heard(struct tx *tx, const struct parsed *items, int n, struct err *e)
{
	struct heard h = { 0 };

	for (int i = 0; i < n; i++)
		look(&items[i], &h);
	for (size_t i = 0; n > 0 && i < items[0].config->channel_count; i++) {
		if (h.named[i])
			TRY(channel_heard(tx, items[0].config->channels[i].id, h.messages[i], e));
	}
	for (size_t i = 0; n > 0 && i < items[0].config->chatwoot_count; i++) {
		if (h.bridge[i])
			TRY(channel_heard(tx, items[0].config->chatwoots[i].id, 0, e));
	}
	return RC_OK;
}
