/* http_guard.h - which addresses a user's URL may lead to. Pure function over the resolved address.
 */
#ifndef IO_HTTP_GUARD_H
#define IO_HTTP_GUARD_H

#include <sys/socket.h>

#include "base/base.h"

/* False for everything that is not a public unicast address: loopback, private, link-local, CGNAT,
 * multicast, documentation, benchmarks, reserved; in IPv6 also v4-mapped, NAT64, 6to4, Teredo, ULA.
 */
bool http_guard_allows(const struct sockaddr *to);

#endif
