/* delivery_dry.h - the answer of a replay that is only looked at. */
#ifndef API_DELIVERY_DRY_H
#define API_DELIVERY_DRY_H

#include "api/route.h"
#include "store/delivery.h"

/* Answers what processing `d` again would change; nothing does. The caller may process it (`queues:control`). */
void delivery_dry(struct call *c, const struct delivery *d);

#endif
