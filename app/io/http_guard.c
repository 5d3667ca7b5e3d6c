/* http_guard.c - the table of addresses that URLs typed by users may not reach (RFC 6890 and
 * successors). Decided on the resolved address, so odd spellings of numbers and DNS rebinding do
 * not pass. */
#include "io/http_guard.h"

#include <netinet/in.h>

struct range4 {
	uint32_t net;
	unsigned bits;
};

static const struct range4 refused4[] = {
	{ 0x00000000, 8 },  /* 0.0.0.0/8 this network */
	{ 0x0a000000, 8 },  /* 10.0.0.0/8 private */
	{ 0x64400000, 10 }, /* 100.64.0.0/10 carrier NAT */
	{ 0x7f000000, 8 },  /* 127.0.0.0/8 loopback */
	{ 0xa9fe0000, 16 }, /* 169.254.0.0/16 link-local, cloud metadata */
	{ 0xac100000, 12 }, /* 172.16.0.0/12 private */
	{ 0xc0000000, 24 }, /* 192.0.0.0/24 protocol assignments */
	{ 0xc0000200, 24 }, /* 192.0.2.0/24 documentation */
	{ 0xc0586300, 24 }, /* 192.88.99.0/24 6to4 relays */
	{ 0xc0a80000, 16 }, /* 192.168.0.0/16 private */
	{ 0xc6120000, 15 }, /* 198.18.0.0/15 benchmarks */
	{ 0xc6336400, 24 }, /* 198.51.100.0/24 documentation */
	{ 0xcb007100, 24 }, /* 203.0.113.0/24 documentation */
	{ 0xe0000000, 3 },  /* 224.0.0.0/4 multicast, 240.0.0.0/4 reserved, broadcast */
};

static bool allows4(uint32_t address)
{
	for (size_t i = 0; i < COUNT(refused4); i++) {
		if ((address ^ refused4[i].net) >> (32 - refused4[i].bits) == 0)
			return false;
	}
	return true;
}

/* Only 2000::/3 is global unicast; inside of it what embeds a v4 address or is special is refused.
 */
static bool allows6(const uint8_t a[16])
{
	if ((a[0] & 0xe0) != 0x20)
		return false; /* ::1, ::, v4-mapped, NAT64 64:ff9b::/16, ULA, link-local, multicast
			       */
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] <= 0x01)
		return false; /* 2001::/23: Teredo, ORCHID, benchmarks */
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8)
		return false; /* 2001:db8::/32 documentation */
	if (a[0] == 0x20 && a[1] == 0x02)
		return false;                                  /* 2002::/16 6to4 */
	return !(a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10); /* 3fff::/20 documentation */
}

bool http_guard_allows(const struct sockaddr *to)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	if (to->sa_family == AF_INET) {
		memcpy(&v4, to, sizeof v4);
		return allows4(ntohl(v4.sin_addr.s_addr));
	}
	if (to->sa_family == AF_INET6) {
		memcpy(&v6, to, sizeof v6);
		return allows6(v6.sin6_addr.s6_addr);
	}
	return false;
}
