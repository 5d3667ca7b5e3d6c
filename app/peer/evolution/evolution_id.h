/* evolution_id.h - names in Evolution's world: addresses (JIDs) and message ids.
 *
 * Contract: chatwoot-n8n-evolution.md 3.7 and 4. A person has a phone (server s.whatsapp.net, also c.us
 * and hosted) and since 2025 a LID (server lid, also hosted.lid): 14 or 15 digits that look like a phone
 * and are none (R13). In our tables an address is the digits of a phone, or the whole "digits@lid", or
 * "id@g.us" of a group; so a LID can never be taken for a phone.
 *
 * Message ids of WhatsApp itself (Evolution's key.id) are the same on both sides of a chat: two numbers of
 * one box that write to each other meet the same id twice. What we store is therefore
 * "<slug of the channel>:<key.id>". The decoder gives raw ids; evolution_id_make maps. Pure. */
#ifndef PEER_EVOLUTION_ID_H
#define PEER_EVOLUTION_ID_H

#include "base/limits.h"
#include "base/str.h"

/* bytes of a key.id that we take; WhatsApp's have 16 to 40 */
#define EVOLUTION_KEY_MAX 128u

enum jid_kind {
	JID_NONE,  /* no JID, or a user part that cannot be one */
	JID_PHONE, /* user: 5 to 15 digits */
	JID_LID,   /* user: digits, never a phone */
	JID_GROUP, /* user: id of a group */
	JID_OTHER  /* broadcast (stories), newsletter, bot, call and servers to come */
};

struct jid {
	enum jid_kind kind;
	struct str user; /* borrowed; without ":device" and "_agent" */
};

struct jid evolution_jid(struct str text);

/* The address of our tables. Writes at most WA_ADDRESS_MAX + 1 bytes; an empty text for JID_NONE and
 * JID_OTHER. */
void evolution_address(struct jid j, char ret_text[WA_ADDRESS_MAX + 1]);
/* What Evolution wants as `number`: always a whole JID, because it rewrites bare digits (3.2: it takes the
 * ninth digit out of Brazilian numbers). False: no address of ours (empty, a BSUID, too long). */
bool evolution_number(struct str address, char ret_text[WA_ADDRESS_MAX + 1]) MUST_CHECK;

/* "<slug>:<key>" into `ret_text`. False: no key, or too long. */
bool evolution_id_make(const char *slug, struct str key, char ret_text[WA_ID_MAX + 1]) MUST_CHECK;
/* The key.id in a stored id: what follows the first ':', or the whole text. Borrowed. */
struct str evolution_id_key(struct str id);

/* The key.id that we choose for a send (versions from 2.4.0-rc1 on take it): upper-case hex out of our own
 * id, so that a repeated request and a restart give the same one. */
#define EVOLUTION_OWN_KEY_MAX 33
void evolution_own_key(struct str our_id, char ret_text[EVOLUTION_OWN_KEY_MAX]);

#endif
