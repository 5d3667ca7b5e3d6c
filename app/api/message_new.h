/* message_new.h - the body of POST /api/v1/messages as a struct send_new. */
#ifndef API_MESSAGE_NEW_H
#define API_MESSAGE_NEW_H

#include "api/route.h"
#include "flow/send/send.h"

/* Texts are borrowed from `root`, the request's arena and the configuration. False: the problem is answered. */
bool message_new_read(struct call *c, const struct json *root, struct send_new *ret);

#endif
