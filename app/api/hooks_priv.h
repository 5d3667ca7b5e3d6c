/* hooks_priv.h - what the doors of the peers share (hooks.c, hooks_evolution.c). */
#ifndef API_HOOKS_PRIV_H
#define API_HOOKS_PRIV_H

#include "api/handlers.h"
#include "api/state.h"
#include "io/crypto.h"
#include "store/delivery.h"

#define HOOK_NAME_MAX 80 /* of an unknown name, bytes kept */

/* One request on its way to the disk. */
struct hook {
	struct call *c;
	struct state *state;
	struct delivery delivery; /* body none: the request's own */
	struct seen_mac mac;
	struct str path_event;   /* kept beside the headers; none: not told */
	struct str unknown_name; /* of the path, and none of ours; kept in the same way */
};

void hook_answer_text(struct call *c, int status, struct str text);
/* 401, counted, and at most one log line in ten seconds. */
void hook_refuse(struct hook *h, const char *source, const char *why);
/* hooks_trust.c. A peer's proof of itself (a signature, a badge) does not fit; several in a row are an incident. */
void hooks_trust_bad(struct hook *h, enum state_peer p);
/* It fits: the incident is over. */
void hooks_trust_good(struct hook *h, enum state_peer p);
/* Stores and answers. The body is answered as a duplicate only when the same bytes are already on the disk. */
void hook_store(struct hook *h);
/* A MAC that nobody can choose; the target keeps two doors apart. */
struct seen_mac hook_mac_of(const uint8_t mac[SHA256_BYTES], int64_t target_id);

#endif
