/* forward.h - requests that came through a proxy that we know (setting trusted_proxies): who asked and whether over TLS
 * stands in its headers. Of everybody else these headers are not believed. */
#ifndef API_FORWARD_H
#define API_FORWARD_H

#include "io/web.h"
#include "store/setting/setting.h"

/* Sets q->client and q->secure from X-Forwarded-For and X-Forwarded-Proto when the request's sender is trusted: the
 * rightmost address that is no trusted proxy is the client. Nothing when the header is not there. */
void forward_apply(const struct settings *s, struct req *q);
/* Whether an address is in a list of addresses and networks ("10.0.0.0/8 ::1"). */
bool forward_trusts(struct str list, struct str address);

#endif
