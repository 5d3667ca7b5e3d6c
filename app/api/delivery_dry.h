/* delivery_dry.h - the answer of a replay that is only looked at. */
#ifndef API_DELIVERY_DRY_H
#define API_DELIVERY_DRY_H

#include "api/batch.h"
#include "api/route.h"
#include "store/delivery.h"

/* Answers what processing `d` again would change; nothing does. The caller may process it (`queues:control`). */
void delivery_dry(struct call *c, const struct delivery *d);
/* The same for a page of those in `b`, oldest first: each against what is here now, not against what those before it would
 * leave. Query: limit (1 to 100), after. */
void delivery_dry_many(struct call *c, const struct batch *b);

/* Writes why it, or a part of it, was put aside, in the reader's language (Accept-Language; base/reason.def). Empty: null. */
void delivery_why(struct call *c, struct jsonw *w, const char *key, struct str written);

#endif
