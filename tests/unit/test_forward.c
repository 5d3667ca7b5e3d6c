/* test_forward.c - who asked, when a proxy stands between. */
#include "api/forward.h"

#include "base/net.h"
#include "box.h"

TEST(networks_are_matched_by_their_bits)
{
	static const struct {
		const char *list, *address;
		bool in;
	} ROWS[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.8", false },
		{ "10.0.0.0/8 ::1", "::1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "127.0.0.1", "::ffff:127.0.0.1", true },
		{ "0.0.0.0/0", "203.0.113.1", true },
		{ "0.0.0.0/0", "::1", false },
		{ "10.0.0.0/33", "10.0.0.1", false },
		{ "nonsense", "10.0.0.1", false },
		{ "", "10.0.0.1", false },
		{ "10.0.0.0/8", "nonsense", false },
	};

	EACH (r, ROWS)
		CHECK_I64(r->address, forward_trusts(str_of(r->list), str_of(r->address)), r->in);
}

static struct box b;

static const char *client_after(const char *sender, const char *chain, const char *proto)
{
	b.client = sender;
	if (chain != NULL)
		box_header(&b, "X-Forwarded-For", chain);
	if (proto != NULL)
		box_header(&b, "X-Forwarded-Proto", proto);
	(void)box_do(&b, "GET", "/healthz", STR_NONE);
	return b.q.client;
}

TEST(only_a_trusted_proxy_is_believed)
{
	static const char *const ARGS[] = { "trusted_proxies=10.0.0.0/8" };

	box_open(&b, ARGS, COUNT(ARGS));
	CHECK_STR("stranger", client_after("192.0.2.1", "203.0.113.9", "https"), "192.0.2.1");
	CHECK(!b.q.secure && !box_has_header(&b, "Strict-Transport-Security"));
	CHECK_STR("proxy", client_after("10.0.0.1", "203.0.113.9", "https"), "203.0.113.9");
	CHECK(b.q.secure && box_has_header(&b, "Strict-Transport-Security"));
	CHECK_STR("two proxies",
		  client_after("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", NULL),
		  "203.0.113.9");
	CHECK_STR("forged in front", client_after("10.0.0.1", "127.0.0.1, 203.0.113.9", NULL),
		  "203.0.113.9");
	CHECK_STR("nonsense", client_after("10.0.0.1", "nonsense", NULL), "10.0.0.1");
	CHECK_STR("none", client_after("10.0.0.1", NULL, "https"), "10.0.0.1");
	box_close(&b);
}

/* What the web server is told of trusted proxies: it takes no brackets and no bits behind the first ones. */
TEST(networks_in_their_plain_form)
{
	static const struct {
		const char *text, *plain;
	} ROWS[] = {
		{ "10.1.2.3", "10.1.2.3/32" },
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "192.168.255.255/17", "192.168.128.0/17" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "[::1]", "0:0:0:0:0:0:0:1/128" },
		{ "fd12:3456::9/20", "fd12:3000:0:0:0:0:0:0/20" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
		{ "::ffff:10.0.0.1", "10.0.0.1/32" },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		char text[NET_TEXT_MAX];
		struct net_address a;
		int64_t bits;

		CHECK(net_parse_network(str_of(ROWS[i].text), &a, &bits));
		net_network_text(&a, bits, text);
		CHECK_STR(ROWS[i].text, text, ROWS[i].plain);
	}
}
