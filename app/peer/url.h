/* url.h - the check of a peer's base URL before paths are appended to it. Pure. */
#ifndef PEER_URL_H
#define PEER_URL_H

#include "base/str.h"

/* True for http(s)://host[:port][/path]: host of letters, digits, '.', '-' (or an IPv6 address in
 * brackets), port 1 to 65535, path of letters, digits and "-._~/" without empty or dot segments. No
 * user, query, fragment or percent. `ret_clean`: borrowed from `base`, without a '/' at its end. */
bool url_base_ok(struct str base, struct str *ret_clean) MUST_CHECK;

#endif
