/* evolution_door.h - who may post as Evolution, and what of a body is never stored. Used by api/hooks_evolution.c before
 * anything of the request is kept. Pure; any thread. */
#ifndef FLOW_EVOLUTION_DOOR_H
#define FLOW_EVOLUTION_DOOR_H

#include "flow/config.h"

/* Evolution does not sign bodies: it sends a header that was configured there, or a JWT (sign.h). */
struct evolution_badge {
	struct str authorization; /* header values as received */
	struct str (*header)(void *arg, const char *name);
	void *arg;
	int64_t now_ms;
};

/* Whether this channel let its webhooks carry this badge. RC_OK. RC_ABSENT: the channel checks nothing yet: refused.
 * RC_REFUSED: wrong. `e` is a sentence for the operator of the other side. */
enum rc evolution_door_check(const struct channel *ch, const struct evolution_badge *b,
			     struct err *e) MUST_CHECK;
/* Any channel of provider evolution whose badge fits, for a path that names none of ours; NULL: none. */
const struct channel *evolution_door_any(const struct config *c, const struct evolution_badge *b);

/* Masks the characters of secrets with '*', length unchanged: values of "apikey", "jwt_key", "pubsub_token" and
 * "Authorization" (R22). All else stays as it came, byte for byte. False: there is none, nothing was copied. True: `copy`
 * holds what may be stored (check sbuf_ok). */
bool evolution_door_redact(struct str body, struct sbuf *copy);
/* creds.update holds the keys of the WhatsApp session: it is acknowledged and never stored. */
bool evolution_door_is_secret(struct str body, struct str path_event);

#endif
