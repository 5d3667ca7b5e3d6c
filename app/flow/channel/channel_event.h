/* channel_event.h - what a provider tells of an account or a number itself: bans, quality, limits, PIN changes, the
 * connection of an Evolution instance. Kept in the channel's journal (store/channel/channel_state.h), it changes the channel's
 * facts, opens and closes incidents, and stops sends where nothing would be delivered. */
#ifndef FLOW_CHANNEL_EVENT_H
#define FLOW_CHANNEL_EVENT_H

#include "flow/config.h"
#include "peer/wa/wa.h"

struct channel_news {
	struct str
		field; /* Meta: the change's field ("account_update"); Evolution: the event ("connection.update") */
	struct str value; /* JSON object: Meta: `value` of the change; Evolution: `data` */
	int64_t at_ms;    /* the provider's time; 0: now */
};

/* One channel is meant. What is not understood is kept in the journal all the same. */
enum rc channel_event(struct tx *tx, const struct channel *ch, const struct channel_news *n,
		      struct err *e) MUST_CHECK;
/* A WA_CHANGE of Meta: finds its channels by phone number id, else by the number that the value names, else by the
 * account (waba_id): account-level changes carry no metadata (meta-cloud-api.md 1.7). *ret_channels 0: none is ours. */
enum rc channel_event_item(struct tx *tx, const struct config *c, const struct wa_item *item,
			   int *ret_channels, struct err *e) MUST_CHECK;

#endif
