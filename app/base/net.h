/* net.h - IP addresses and networks as text. Pure; any thread. */
#ifndef BASE_NET_H
#define BASE_NET_H

#include "base/str.h"

struct net_address {
	uint8_t byte[16];
	int n; /* 4 or 16 */
};

/* "10.0.0.1", "::1", "[::1]", blanks around it. "::ffff:10.0.0.1" is the IPv4 address that it carries. */
bool net_parse(struct str text, struct net_address *ret) MUST_CHECK;
/* "10.0.0.0/8", "::1": an address, and how many of its first bits count (none said: all). */
bool net_parse_network(struct str text, struct net_address *ret, int64_t *ret_bits) MUST_CHECK;
/* Same family, same first bits. */
bool net_holds(const struct net_address *network, int64_t bits, const struct net_address *a);

/* A network in its one plain form ("10.0.0.0/8", "fd00:0:0:0:0:0:0:0/8"): no brackets, no bits behind its first `bits`. */
#define NET_TEXT_MAX 48
void net_network_text(const struct net_address *network, int64_t bits, char ret[NET_TEXT_MAX]);

#endif
