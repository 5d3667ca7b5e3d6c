/* template_sync.h - the list of an account's templates, fetched by upkeep: kind `templates.sync` of a channel. */
#ifndef FLOW_TEMPLATE_SYNC_H
#define FLOW_TEMPLATE_SYNC_H

#include "flow/upkeep.h"

#define TEMPLATE_SYNC_KIND "templates.sync"

/* Inside a unit: the list of the channel's account is fetched soon; nothing when that is already on its way. */
enum rc template_sync_want(struct tx *tx, const struct channel *ch, struct err *e) MUST_CHECK;

#endif
