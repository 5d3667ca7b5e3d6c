/* evolution.h - what the box does with Evolution beside sending and receiving: its state, a QR code, its webhook, what
 * came while nobody listened, sends that WhatsApp never acknowledged. All calls to it are chores of queue `upkeep`
 * (upkeep.h); a handler of the API only wants them. */
#ifndef FLOW_EVOLUTION_H
#define FLOW_EVOLUTION_H

#include "flow/config.h"
#include "flow/ingest/ingest.h"
#include "peer/wa/wa.h"
#include "store/store.h"

/* Inside a unit: the channel's facts and incident after news of the pairing, by webhook or asked for. */
enum rc evolution_linked(struct tx *tx, const struct channel *ch, struct str state,
			 const struct wa_link *l, struct err *e) MUST_CHECK;
/* Inside a unit: ask for what was missed (kind "evolution.catch_up"). */
enum rc evolution_catch_up_want(struct tx *tx, const struct channel *ch, struct err *e) MUST_CHECK;
/* Inside a unit: version and connection are asked for now (kind "evolution.check"). */
enum rc evolution_check_want(struct tx *tx, const struct channel *ch, struct err *e) MUST_CHECK;
/* Inside a unit: a QR code is asked for, and the webhook is set when the channel knows its own address
 * (kind "evolution.connect"). RC_INVALID: another provider. */
enum rc evolution_connect_want(struct tx *tx, const struct channel *ch, struct err *e) MUST_CHECK;
/* Inside a unit, after a send was accepted (201, PENDING): look after ack_ms whether WhatsApp acknowledged it
 * (kind "evolution.ack"). */
enum rc evolution_ack_want(struct tx *tx, const struct channel *ch, int64_t message_id,
			   struct err *e) MUST_CHECK;

/* An own message that came back by webhook (an echo of Evolution's API or of the phone) and bears an id that nobody
 * knows here. *ret_ours: it is one of our sends: settled now, or (p->defer_ms) looked at again when the answer of a send
 * that is under way has come; else it was written elsewhere and is a message of its own. */
enum rc evolution_echo(struct tx *tx, struct parsed *p, const struct wa_item *item,
		       int64_t conversation_id, bool *ret_ours, struct err *e) MUST_CHECK;

#endif
