/* net.c - see net.h. */
#include "base/net.h"

#include <arpa/inet.h>

#define TEXT_MAX 64

bool net_parse(struct str text, struct net_address *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct net_address a = { .n = 16 };
	char copy[TEXT_MAX];

	text = str_trim(text);
	if (str_starts(text, STR("[")) && str_ends(text, STR("]")))
		text = str_sub(text, 1, text.n - 2);
	if (!str_copy(text, copy, sizeof(copy)))
		return false;
	if (inet_pton(AF_INET, copy, a.byte) == 1) {
		a.n = 4;
	} else if (inet_pton(AF_INET6, copy, a.byte) != 1) {
		return false;
	} else if (memcmp(a.byte, mapped, sizeof(mapped)) == 0) {
		memmove(a.byte, a.byte + 12, 4);
		a.n = 4;
	}
	*ret = a;
	return true;
}

bool net_parse_network(struct str text, struct net_address *ret, int64_t *ret_bits)
{
	struct str rest = text, base;
	int64_t bits;

	if (!str_cut(&rest, '/', &base) || !net_parse(base, ret))
		return false;
	bits = ret->n * 8;
	if (rest.p != NULL && !str_i64(rest, 0, ret->n * 8, &bits))
		return false;
	*ret_bits = bits;
	return true;
}

bool net_holds(const struct net_address *network, int64_t bits, const struct net_address *a)
{
	int64_t whole = bits / 8, rest = bits % 8;

	if (network->n != a->n || memcmp(network->byte, a->byte, (size_t)whole) != 0)
		return false;
	return rest == 0 || (network->byte[whole] >> (8 - rest)) == (a->byte[whole] >> (8 - rest));
}

void net_network_text(const struct net_address *network, int64_t bits, char ret[NET_TEXT_MAX])
{
	uint8_t b[16] = { 0 };
	int used = 0;

	for (int i = 0; i < network->n && 8 * i < bits; i++)
		b[i] = network->byte[i] & (uint8_t)(0xFF << i64_max(8 * (i + 1) - bits, 0));
	if (network->n == 4) {
		(void)snprintf(ret, NET_TEXT_MAX, "%u.%u.%u.%u/%d", b[0], b[1], b[2], b[3],
			       (int)bits);
		return;
	}
	for (int i = 0; i < 16; i += 2)
		used += snprintf(ret + used, (size_t)(NET_TEXT_MAX - used), "%x%c",
				 (unsigned)b[i] << 8 | b[i + 1], i < 14 ? ':' : '/');
	(void)snprintf(ret + used, (size_t)(NET_TEXT_MAX - used), "%d", (int)bits);
}
