/* url.h - the shape of addresses of peers. Pure. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/str.h"

/* True for http(s)://host[:port][/path]: host of letters, digits, '.', '-', '_' (or an IPv6 address in
 * brackets), port 1 to 65535, path of letters, digits and "-._~/" without empty or dot segments. No
 * user, query, fragment or percent. `ret_clean`: borrowed from `base`, without a '/' at its end. */
bool url_base_ok(struct str base, struct str *ret_clean) MUST_CHECK;
/* True for http(s)://host[:port], then nothing or a path, query or fragment of visible ASCII. No user. */
bool url_ok(struct str url) MUST_CHECK;
/* host, [IPv6], each with or without :port (`port_low` to 65535). */
bool url_authority_ok(struct str a, int64_t port_low) MUST_CHECK;

#endif
