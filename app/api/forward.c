/* forward.c - see forward.h. */
#include "api/forward.h"

#include "base/net.h"

#define HOPS_MAX 16

static bool in_network(struct str network, const struct net_address *a)
{
	struct net_address net;
	int64_t bits;

	return net_parse_network(network, &net, &bits) && net_holds(&net, bits, a);
}

bool forward_trusts(struct str list, struct str address)
{
	struct net_address a;
	struct str word;

	if (!net_parse(address, &a))
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
	struct net_address a;

	if (chain.p == NULL)
		return;
	list = setting_str(s, "trusted_proxies");
	if (list.n == 0 || !forward_trusts(list, str_of(q->client)))
		return;
	q->secure = q->secure ||
		    str_ieq(str_trim(web_req_header(q, "X-Forwarded-Proto")), STR("https"));
	for (int i = 0; i < HOPS_MAX && last_of(&chain, &hop); i++) {
		if (!net_parse(hop, &a) || !str_copy(hop, q->client, sizeof(q->client)))
			return; /* what a proxy of ours cannot have written */
		if (!forward_trusts(list, hop))
			return;
	}
}
