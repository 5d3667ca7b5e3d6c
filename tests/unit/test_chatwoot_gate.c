/* test_chatwoot_gate.c - what a version of Chatwoot can do, and which hosts only a private network knows. */
#include "peer/chatwoot/chatwoot_gate.h"

#include "peer/chatwoot/chatwoot_admin.h"
#include "t.h"

TEST(gates_open_at_their_version)
{
	static const struct {
		enum chatwoot_gate gate;
		const char *version;
		bool open;
	} rows[] = {
		{ CHATWOOT_GATE_STATUS, "4.1.9", false },
		{ CHATWOOT_GATE_STATUS, "4.2.0", true },
		{ CHATWOOT_GATE_STATUS, "3.14.0", false },
		{ CHATWOOT_GATE_STATUS, "v4.10", true },
		{ CHATWOOT_GATE_SIGNATURE, "4.13.0", true },
		{ CHATWOOT_GATE_SIGNATURE, "4.12.9", false },
		{ CHATWOOT_GATE_GUARD_SWITCH, "4.14.0", false },
		{ CHATWOOT_GATE_GUARD_SWITCH, "4.14.1-ce", true },
		{ CHATWOOT_GATE_GUARD, "4.14.0", true },
		{ CHATWOOT_GATE_SOURCE_ID, "3.3.1", false },
		{ CHATWOOT_GATE_SIGNATURE, "", true }, /* not known: the newest */
		{ CHATWOOT_GATE_SIGNATURE, "develop", true },
	};
	EACH (r, rows)
		CHECK_I64(r->version, chatwoot_gate_open(r->gate, str_of(r->version)), r->open);
}

TEST(private_hosts)
{
	static const struct {
		const char *host;
		bool private;
	} rows[] = { { "10.1.2.3", true },         { "192.168.0.9", true }, { "172.16.0.1", true },
		     { "172.32.0.1", false },      { "100.64.0.1", true },  { "127.0.0.1", true },
		     { "localhost", true },        { "totem", true },       { "box.local", true },
		     { "box.example.com", false }, { "8.8.8.8", false },    { "[fd00::1]", true },
		     { "[2001:db8::1]", false } };
	EACH (r, rows)
		CHECK_I64(r->host, chatwoot_host_private(str_of(r->host)), r->private);
	CHECK(chatwoot_host_loopback(STR("127.8.0.1")));
	CHECK(!chatwoot_host_loopback(STR("10.0.0.1")));
}

TEST(every_warning_has_three_languages)
{
	for (int i = 0; i < CHATWOOT_WARNINGS; i++) {
		const char *name = chatwoot_warning_name((enum chatwoot_warning)i);
		enum chatwoot_warning again;
		CHECK(chatwoot_warning_parse(str_of(name), &again) && (int)again == i);
		for (int l = 0; l < LANG_COUNT; l++) {
			struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
			chatwoot_warning_text((enum chatwoot_warning)i, (enum lang)l, STR("<x>"),
					      &b);
			CHECK(b.n > 20 && str_find(sbuf_view(&b), STR("{1}")) < 0);
		}
	}
}

TEST(addresses_are_taken_apart)
{
	static const char *const rows[][2] = { { "http://10.0.0.7:8080", "10.0.0.7" },
					       { "https://a.b/c", "a.b" },
					       { "https://[fd00::1]:80/x", "[fd00::1]" },
					       { "ftp://a", "" },
					       { "a.b", "" } };
	EACH (r, rows) {
		struct str host = chatwoot_admin_host(str_of((*r)[0]));
		CHECK(host.n == strlen((*r)[1]) && (host.n == 0 || str_eqc(host, (*r)[1])));
	}
	CHECK(str_eqc(chatwoot_admin_frontend(STR(
			      "<script>window.chatwootConfig = {\n hostURL: 'https://cw.test',")),
		      "https://cw.test"));
	CHECK(chatwoot_admin_frontend(STR("<html>")).n == 0);
}
