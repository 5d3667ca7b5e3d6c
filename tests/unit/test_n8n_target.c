/* test_n8n_target.c - which messages a webhook gets, and how it knows us. */
#include "flow/n8n/n8n_target.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "io/json.h"
#include "t.h"

TEST(filters_choose)
{
	static const struct {
		const char *why, *channels, *types, *statuses, *words;
		bool wanted;
	} ROWS[] = {
		{ "none", "", "", "", "", true },
		{ "channel", "main other", "", "", "", true },
		{ "another channel", "other", "", "", "", false },
		{ "type", "", "text image", "", "", true },
		{ "another type", "", "image", "", "", false },
		{ "status", "", "", "open", "", true },
		{ "another status", "", "", "pending resolved", "", false },
		{ "word", "", "", "", "dni saldo", true },
		{ "no word", "", "", "", "precio", false },
		{ "all must fit", "main", "text", "open", "precio", false },
		{ "blanks only", " ", "  ", " ", " ", true },
	};
	const struct n8n_subject m = { STR("main"), STR("text"), STR("open"),
				       STR("Consultar DNI 08408122"), false };

	EACH (r, ROWS) {
		const struct n8n_target t = { .channels = str_of(r->channels),
					      .types = str_of(r->types),
					      .statuses = str_of(r->statuses),
					      .words = str_of(r->words) };

		CHECK_I64(r->why, n8n_target_wants(&t, &m), r->wanted);
	}
	const struct n8n_subject group = { .text = STR("x"), .group = true };
	CHECK_I64("no group by itself", n8n_target_wants(&(struct n8n_target){ 0 }, &group), false);
	CHECK_I64("but when asked for",
		  n8n_target_wants(&(struct n8n_target){ .groups = true }, &group), true);
	CHECK_I64("and people then too",
		  n8n_target_wants(&(struct n8n_target){ .groups = true }, &m), true);
}

TEST(words_are_found_as_people_write_them)
{
	static const struct {
		const char *words, *text;
		bool wanted;
	} ROWS[] = {
		{ "ayúda", "AYÚDA por favor", true },
		{ "ayúda", "ayuda", true },
		{ "ayuda",
		  "Ayu\xcc\x81"
		  "da!",
		  true },
		{ "INFORMAÇÃO", "quero informacao", true },
		{ "niño", "EL NIÑO", true },
		{ "\xc3\x97",
		  "2\xc3\x97"
		  "3",
		  true },
		{ "\xc3\x97",
		  "2\xc3\xb7"
		  "3",
		  false },
		{ "ayuda", "ayu\xc3", false },
		{ "dni", "los mundnis", false },
		{ "factur*", "mis FACTURAS", true },
		{ "factur*", "manufactura", false },
		{ "factur", "facturas", false },
		{ "*", "whatever", true },
		{ "dni", "dniester", false },
		{ "dni", "mundni, o mi DNI?", true },
		{ "dni",
		  "\xc2\xbf"
		  "DNI?",
		  true },
		{ "dni", "dni08408122", true },
		{ "dni", "08408122dni", true },
		{ "4g", "14g", false },
		{ "4g", "plan 4G.", true },
		{ "ni", "ni\xc3\xb1o", false },
		{ "ano", "a\xc3\xb1os", false },
		{ "\xd0\xb4\xd0\xb0", "\xd0\xb4\xd0\xb0\xd0\xbc", false },
		{ "ayuda",
		  "\xf0\x9f\x86\x98"
		  "ayuda\xf0\x9f\x86\x98",
		  true },
		{ "\xe5\xb8\xae", "\xe8\xaf\xb7\xe5\xb8\xae\xe6\x88\x91", true },
		{ "dni", "dni\xc3", true },
		{ "ayuda", "", false },
	};

	EACH (r, ROWS) {
		const struct n8n_target t = { .words = str_of(r->words) };
		const struct n8n_subject m = { STR("main"), STR("text"), STR("open"),
					       str_of(r->text), false };

		CHECK_I64(r->text, n8n_target_wants(&t, &m), r->wanted);
	}
}

TEST(origins_are_cut)
{
	static const struct {
		const char *url, *origin;
	} ROWS[] = {
		{ "http://n8n:5678/webhook/x", "http://n8n:5678" },
		{ "https://n8n.test", "https://n8n.test" },
		{ "https://n8n.test/", "https://n8n.test" },
		{ "n8n.test/x", NULL },
		{ "", NULL },
	};

	EACH (r, ROWS)
		CHECK_SPAN(r->url, n8n_target_origin(str_of(r->url)), str_of(r->origin));
}

static const char *header(const struct n8n_target *t, struct arena *a, const char **ret_name)
{
	const char *value = NULL;
	enum rc rc = n8n_target_header(t, INT64_C(1785240000000), a, ret_name, &value, &t_err);

	return rc == RC_OK ? value : rc == RC_ABSENT ? "absent" : "failed";
}

TEST(each_way_to_be_known_has_its_header)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct n8n_target t = { .slug = "main", .auth = N8N_AUTH_NONE };
	const char *name = NULL;

	MUST(crypto_start(&t_err));
	CHECK_STR("none", header(&t, &a, &name), "absent");
	t.auth = N8N_AUTH_HEADER;
	CHECK_STR("no name", header(&t, &a, &name), "absent");
	t.header_name = STR("X-Totem");
	t.header_value = STR("secret");
	CHECK_STR("value", header(&t, &a, &name), "secret");
	CHECK_STR("name", name, "X-Totem");
	t.auth = N8N_AUTH_BASIC;
	t.username = STR("Aladdin");
	t.password = STR("open sesame");
	CHECK_STR("RFC 7617", header(&t, &a, &name), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	CHECK_STR("its name", name, "Authorization");
}

/* Read back as a server would. */
TEST(the_jwt_is_signed_and_short_lived)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf claims = SBUF(4 * KIB);
	AUTO(sbuf_release) struct sbuf signature = SBUF(4 * KIB);
	AUTO(json_freep) struct json *root = NULL;
	const struct n8n_target t = { .slug = "main",
				      .auth = N8N_AUTH_JWT,
				      .jwt_secret = STR("passphrase") };
	struct str text, rest, head, body, signed_part;
	const char *name;
	uint8_t mac[SHA256_BYTES];
	int64_t iat = 0, exp = 0;

	MUST(crypto_start(&t_err));
	json_start();
	text = str_of(header(&t, &a, &name));
	CHECK(str_starts(text, STR("Bearer ")));
	rest = str_sub(text, 7, text.n);
	signed_part = rest;
	CHECK(str_cut(&rest, '.', &head) && str_cut(&rest, '.', &body));
	signed_part.n = head.n + 1 + body.n;
	crypto_hmac_sha256(STR("passphrase"), signed_part, mac);
	CHECK(enc_unbase64(&signature, rest));
	CHECK_SPAN("signature", sbuf_view(&signature), str_n((const char *)mac, sizeof(mac)));
	CHECK(enc_unbase64(&claims, body));
	MUST(json_parse(sbuf_view(&claims), &root, &t_err));
	CHECK_SPAN("issuer", json_get_str(root, "iss"), STR("totem"));
	CHECK(json_get_i64(root, "iat", &iat) && json_get_i64(root, "exp", &exp));
	CHECK_I64("issued", iat, 1785240000);
	CHECK_I64("ends", exp - iat, 300);
	CHECK(str_find(text, STR("=")) < 0 && str_find(text, STR("+")) < 0);
}
