/* evolution_hook.h - a webhook of Evolution API (or of a collector that posts Baileys' events), taken apart.
 *
 * Contract: chatwoot-n8n-evolution.md 3.3 to 3.7 and 4; versions 2.2 to 2.4.0-rc2. Nothing is rejected: what
 * is not understood becomes a WA_CHANGE, what breaks the shape a WA_UNREADABLE, and both leave their
 * neighbours alone. Ids are raw (key.id); the caller maps them (evolution_id.h).
 *
 *   messages.upsert, messages.set, raw {"messages":[...]}   messages; fromMe: from_me; set and "append": history
 *                                                           (records of findMessages too: MessageUpdate
 *                                                           beside an own message gives its statuses)
 *   send.message                                            messages with from_me and api_send
 *   messages.edited, messages.delete, send.message.update   messages with an act; id "<target>:edit:<ms>" or
 *                                                           "<target>:revoke", so the same act by two events
 *                                                           has one id
 *   messages.reaction (Baileys)                             messages of type reaction
 *   messages.update, message-receipt.update                 statuses of own messages; words of the neutral
 *                                                           model ("delivered"), "failed" for ERROR
 *   connection.update, qrcode.updated, status.instance, logout.instance, remove.instance, instance.delete
 *                                                           changes with `link`
 *   presence, chats, contacts, groups, labels, calls, ...   changes with `kept`
 *
 * `field` of an item is the event's name with dots ("messages.upsert"), however it was spelled; `raw` is set
 * for changes and unreadable items only, because a message may hold 25 MB of base64 and stands in the stored
 * delivery anyhow. date_time is local time with a false Z, sender is the own number: neither is used. Pure. */
#ifndef PEER_EVOLUTION_HOOK_H
#define PEER_EVOLUTION_HOOK_H

#include "base/err.h"
#include "peer/wa/wa.h"

/* Enough arena for a body of EVOLUTION_BODY_MAX whose base64 is taken over, and for 3 MB of small items. */
#define EVOLUTION_HOOK_ARENA_MAX (48 * MIB)

/* `path_event`: the word that byEvents puts behind the address ("messages-upsert"), or none; it counts when
 * the body names no event. RC_INVALID: not JSON, too deep, or no object. RC_LIMIT: the arena is full. */
enum rc evolution_hook_decode(struct str body, struct str path_event, struct arena *a,
			      struct wa_batch *ret_batch, struct err *e) MUST_CHECK;

/* The name with dots ("messages.upsert") of an event in any spelling; the text itself when unknown. */
struct str evolution_event_name(struct str spelled);

#endif
