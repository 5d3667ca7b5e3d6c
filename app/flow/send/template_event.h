/* template_event.h - what webhooks say of a template: status, quality, category, text. */
#ifndef FLOW_TEMPLATE_EVENT_H
#define FLOW_TEMPLATE_EVENT_H

#include "flow/config.h"
#include "peer/wa/wa.h"

/* For each WA_EVENT of Meta with about == WA_ABOUT_TEMPLATE, inside ingest's unit: keeps what changed (table
 * `templates`) and asks for a sync when the template or its new text is not known here. An account that is none of
 * our channels', or a change without a name: nothing happens. */
enum rc template_event(struct tx *tx, const struct config *c, const struct wa_item *item,
		       struct err *e) MUST_CHECK;

#endif
