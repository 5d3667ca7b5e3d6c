/* forward.c - see forward.h. */
#include "api/forward.h"

#include <arpa/inet.h>

#define ADDRESS_MAX 64
#define BYTES_MAX   16
#define HOPS_MAX    16

struct address {
	uint8_t byte[BYTES_MAX];
	int n; /* 4 or 16 */
};

/* "::ffff:10.0.0.1" is the IPv4 address that it carries. */
static bool parse(struct str text, struct address *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char copy[ADDRESS_MAX];

	text = str_trim(text);
	if (str_starts(text, STR("[")) && str_ends(text, STR("]")))
		text = str_sub(text, 1, text.n - 2);
	if (!str_copy(text, copy, sizeof(copy)))
		return false;
	if (inet_pton(AF_INET, copy, ret->byte) == 1) {
		ret->n = 4;
		return true;
	}
	if (inet_pton(AF_INET6, copy, ret->byte) != 1)
		return false;
	ret->n = 16;
	if (memcmp(ret->byte, mapped, sizeof(mapped)) == 0) {
		memmove(ret->byte, ret->byte + 12, 4);
		ret->n = 4;
	}
	return true;
}

static bool same_bits(const struct address *a, const struct address *b, int64_t bits)
{
	int64_t whole = bits / 8, rest = bits % 8;

	if (memcmp(a->byte, b->byte, (size_t)whole) != 0)
		return false;
	return rest == 0 || (a->byte[whole] >> (8 - rest)) == (b->byte[whole] >> (8 - rest));
}

static bool in_network(struct str network, const struct address *a)
{
	struct str rest = network, base;
	struct address net;
	int64_t bits;

	if (!str_cut(&rest, '/', &base) || !parse(base, &net) || net.n != a->n)
		return false;
	bits = net.n * 8;
	if (rest.p != NULL && !str_i64(rest, 0, net.n * 8, &bits))
		return false;
	return same_bits(&net, a, bits);
}

bool forward_trusts(struct str list, struct str address)
{
	struct address a;
	struct str word;

	if (!parse(address, &a))
		return false;
	while (str_cut(&list, ' ', &word)) {
		if (word.n > 0 && in_network(word, &a))
			return true;
	}
	return false;
}

/* Cuts the last element off a list with commas. */
static bool last_of(struct str *list, struct str *ret)
{
	size_t at = list->n;

	if (list->n == 0)
		return false;
	while (at > 0 && list->p[at - 1] != ',')
		at--;
	*ret = str_trim(str_sub(*list, at, list->n));
	list->n = at > 0 ? at - 1 : 0;
	return true;
}

void forward_apply(const struct settings *s, struct req *q)
{
	struct str chain = web_req_header(q, "X-Forwarded-For"), list, hop;
	struct address a;

	if (chain.p == NULL)
		return;
	list = setting_str(s, "trusted_proxies");
	if (list.n == 0 || !forward_trusts(list, str_of(q->client)))
		return;
	q->secure = q->secure ||
		    str_ieq(str_trim(web_req_header(q, "X-Forwarded-Proto")), STR("https"));
	for (int i = 0; i < HOPS_MAX && last_of(&chain, &hop); i++) {
		if (!parse(hop, &a) || !str_copy(hop, q->client, sizeof(q->client)))
			return; /* what a proxy of ours cannot have written */
		if (!forward_trusts(list, hop))
			return;
	}
}
