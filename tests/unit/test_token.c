/* test_token.c - making, checking, revoking; scopes as words. */
#include "store/access/token.h"

#include "io/crypto.h"
#include "store_tx.h"

#define ALL (SCOPE_BIT(SCOPE_COUNT) - 1u)

TEST(scopes_are_words)
{
	static const struct {
		const char *why, *words;
		bool ok;
		uint32_t bits;
	} ROWS[] = {
		{ "one", "messages:send", true, SCOPE_BIT(SCOPE_MESSAGES_SEND) },
		{ "two", "  metrics  settings ", true,
		  SCOPE_BIT(SCOPE_METRICS) | SCOPE_BIT(SCOPE_SETTINGS) },
		{ "all", "all", true, ALL },
		{ "unknown", "messages:send root", false, 0 },
		{ "none", "", false, 0 },
		{ "blanks", "  ", false, 0 },
	};

	EACH (r, ROWS) {
		uint32_t bits = 0;

		CHECK_I64(r->why, token_scopes_parse(str_of(r->words), &bits), r->ok);
		CHECK_I64(r->why, bits, r->bits);
	}
	CHECK_STR("word", token_scope_text(SCOPE_QUEUES_READ), "queues:read");
}

static enum rc see(void *arg, const struct token *t, struct err *e)
{
	(void)e;
	*(int *)arg += 1;
	CHECK_SPAN("name", t->name, STR("crm"));
	return RC_OK;
}

TX_TEST(a_token_is_good_until_it_is_revoked)
{
	char text[TOKEN_TEXT_MAX] = "", other[TOKEN_TEXT_MAX] = "";
	uint32_t scopes = SCOPE_BIT(SCOPE_MESSAGES_SEND) | SCOPE_BIT(SCOPE_METRICS);
	struct token t = { 0 };
	int64_t id = 0, id2 = 0;
	int n = 0;

	MUST(crypto_start(&t_err));
	MUST(token_create(tx, 1, STR("crm"), scopes, text, &id, &t_err));
	MUST(token_create(tx, 1, STR("crm"), ALL, other, &id2, &t_err));
	CHECK_I64("length", strlen(text), 6 + 43);
	CHECK(strncmp(text, "totem_", 6) == 0);
	CHECK(strpbrk(text, "+/=") == NULL);
	CHECK(strcmp(text, other) != 0);
	MUST(token_check(tx->db, str_of(text), &t, &t_err));
	CHECK_I64("id", t.id, id);
	CHECK_I64("company", t.company_id, 1);
	CHECK_I64("scopes", t.scopes, scopes);
	MUST(token_each(tx->db, see, &n, &t_err));
	CHECK_I64("list", n, 2);
	MUST(token_revoke(tx, id, &t_err));
	MUST(token_revoke(tx, id, &t_err));
	CHECK_I64("revoked", token_check(tx->db, str_of(text), &t, NULL), RC_REFUSED);
	CHECK_I64("the other stays", token_check(tx->db, str_of(other), &t, &t_err), RC_OK);
	CHECK_I64("no such", token_revoke(tx, 99, NULL), RC_ABSENT);
}

TX_TEST(what_is_no_token_is_refused)
{
	static const char too_long[] =
		"totem_"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	static const char *const TEXTS[] = {
		"",         "totem_", "totem_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"Bearer x", too_long,
	};
	char text[TOKEN_TEXT_MAX];
	struct token t;
	int64_t id;

	MUST(crypto_start(&t_err));
	EACH (p, TEXTS)
		CHECK_I64(*p, token_check(tx->db, str_of(*p), &t, NULL), RC_REFUSED);
	CHECK_I64("no name", token_create(tx, 1, STR(""), ALL, text, &id, NULL), RC_INVALID);
	CHECK_I64("no scope", token_create(tx, 1, STR("x"), 0, text, &id, NULL), RC_INVALID);
	CHECK_I64("unknown scope", token_create(tx, 1, STR("x"), ALL + 1, text, &id, NULL),
		  RC_INVALID);
}

TX_TEST(use_is_noted_once_a_minute)
{
	static const struct {
		int64_t at_ms, noted;
	} ROWS[] = { { 0, 0 }, { 59000, 0 }, { 60000, 0 }, { 60001, 60001 }, { 61000, 60001 } };
	char text[TOKEN_TEXT_MAX];
	struct token t;
	int64_t id = 0;

	MUST(crypto_start(&t_err));
	MUST(token_create(tx, 1, STR("crm"), ALL, text, &id, &t_err));
	EACH (r, ROWS) {
		tx->now_ms = T_NOW + r->at_ms;
		MUST(token_used(tx, id, &t_err));
		MUST(token_check(tx->db, str_of(text), &t, &t_err));
		CHECK_I64("noted", t.last_used_ms, T_NOW + r->noted);
	}
}
