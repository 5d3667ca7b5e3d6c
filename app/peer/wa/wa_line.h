/* wa_line.h - one line of text for every kind of message: what lists, search, Chatwoot and n8n see when a
 * message is more than its text. The structure is in content_json (README.md of this folder). Pure. */
#ifndef PEER_WA_LINE_H
#define PEER_WA_LINE_H

#include "base/sbuf.h"
#include "io/json.h"

/* Appends the line of a message of `type` whose body object (Meta's key names) is `body`; body may be NULL.
 *
 *   "[image] caption"  "[voice]"  "[document] file.pdf caption"  "[location] name, address"
 *   "[contacts] Ana 5511955501234, Rui"  "[order] 2 x sku-1, 1 x sku-2 text"  "[reaction] X"  "[edit] new text"
 *
 * Taps (interactive button_reply and list_reply, button) give the bare title: the customer said that. A type that
 * is not known gives "[type]" and what stands in `text`, `body`, `caption` or `title`. Control characters become
 * blanks; at most WA_LINE_MAX code points; never empty. */
void wa_line(struct sbuf *to, struct str type, const struct json *body);

#endif
