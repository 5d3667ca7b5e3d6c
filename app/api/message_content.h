/* message_content.h - what is to be sent: type and content of the body of POST /api/v1/messages. */
#ifndef API_MESSAGE_CONTENT_H
#define API_MESSAGE_CONTENT_H

#include "api/route.h"
#include "flow/send/send.h"

/* Each answers the problem itself and gives false when it is not fine. */

/* Sets m->type: `type`, or without it the type whose content is there. */
bool message_content_type(struct call *c, const struct json *root, struct send_new *m);
/* Sets text and content_json; the content itself is checked by send_check. */
bool message_content_read(struct call *c, const struct json *root, struct send_new *m);
/* "fallback": {"template": {...}}: sets m->fallback; its content is checked here. */
bool message_content_fallback(struct call *c, const struct json *root, struct send_new *m);
/* What the box knows against sending it now (flow/rules.h): answers 409 or 422; or takes the fallback instead. A message
 * that is sent later is judged then. */
bool message_content_allowed(struct call *c, struct send_new *m);
/* An id of ours becomes the provider's; another text is taken as the provider's id. */
bool message_content_quote(struct call *c, const char *field, struct str *id);

#endif
