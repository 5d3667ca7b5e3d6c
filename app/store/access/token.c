/* token.c - API tokens. The text has 256 random bits, so a plain SHA-256 of it is safe to keep. */
#include "store/access/token.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "store/access/role.h"
#include "store/row.h"

#define TOKEN_NAME_MAX  100u
#define USED_EVERY_MS   MINUTE_MS
#define SCOPES_TEXT_MAX 512

static const char *const PREFIX = "totem_";

static const char *const SCOPES[] = {
#define SCOPE(name, text, help) text,
#include "store/access/scope.def"
#undef SCOPE
};

const char *token_scope_text(enum token_scope s)
{
	ASSERT((unsigned)s < SCOPE_COUNT);
	return SCOPES[s];
}

static uint32_t bit_of(struct str word)
{
	for (unsigned i = 0; i < SCOPE_COUNT; i++)
		if (str_eqc(word, SCOPES[i]))
			return SCOPE_BIT(i);
	return 0;
}

/* `strict`: an unknown word is an error; else it is passed over (a row of a newer version). */
static bool parse(struct str words, bool strict, uint32_t *ret)
{
	struct str word;
	uint32_t bits = 0;

	while (str_cut(&words, ' ', &word)) {
		uint32_t bit = str_eqc(word, "all") ? SCOPE_BIT(SCOPE_COUNT) - 1u : bit_of(word);

		if (word.n > 0 && bit == 0 && strict)
			return false;
		bits |= bit;
	}
	*ret = bits;
	return true;
}

bool token_scopes_parse(struct str words, uint32_t *ret)
{
	uint32_t bits;

	if (!parse(words, true, &bits) || bits == 0)
		return false;
	*ret = bits;
	return true;
}

static void scopes_text(uint32_t scopes, struct sbuf *to)
{
	for (unsigned i = 0; i < SCOPE_COUNT; i++) {
		if ((scopes & SCOPE_BIT(i)) == 0)
			continue;
		if (to->n > 0)
			sbuf_char(to, ' ');
		sbuf_text(to, SCOPES[i]);
	}
}

void token_secret(const char *prefix, char ret_text[TOKEN_TEXT_MAX])
{
	AUTO(sbuf_release) struct sbuf b = SBUF(TOKEN_TEXT_MAX);
	uint8_t secret[32];

	crypto_random(secret, sizeof(secret));
	sbuf_text(&b, prefix);
	enc_base64(&b, secret, sizeof(secret));
	crypto_zero(secret, sizeof(secret));
	ASSERT(sbuf_ok(&b));
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '+')
			b.p[i] = '-';
		else if (b.p[i] == '/')
			b.p[i] = '_';
		else if (b.p[i] == '=')
			b.n = i;
	}
	ASSERT(str_copy(sbuf_view(&b), ret_text, TOKEN_TEXT_MAX));
	crypto_zero(b.p, b.cap);
}

static struct str bytes_of(const uint8_t digest[SHA256_BYTES])
{
	return str_n((const char *)digest, SHA256_BYTES);
}

enum rc token_create_for(struct tx *tx, const struct token *t, char ret_text[TOKEN_TEXT_MAX],
			 int64_t *ret_id, struct err *e)
{
	AUTO(sbuf_release) struct sbuf words = SBUF(SCOPES_TEXT_MAX);
	AUTO(stmt_end) struct stmt s = { 0 };
	char text[TOKEN_TEXT_MAX];
	uint8_t digest[SHA256_BYTES];

	if (t->name.n == 0 || t->name.n > TOKEN_NAME_MAX || !enc_utf8_ok(t->name))
		return FAIL(e, RC_INVALID, "a token's name has 1 to %u bytes", TOKEN_NAME_MAX);
	if (t->scopes == 0 || t->scopes >= SCOPE_BIT(SCOPE_COUNT))
		return FAIL(e, RC_INVALID, "a token needs scopes");
	scopes_text(t->scopes, &words);
	ASSERT(sbuf_ok(&words));
	token_secret(PREFIX, text);
	crypto_sha256(str_of(text), digest);
	TRY(stmt_begin(tx->db, Q_TOKEN_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", t->company_id);
	stmt_bind_str(&s, "name", t->name);
	stmt_bind_blob(&s, "hash", bytes_of(digest));
	stmt_bind_str(&s, "scopes", sbuf_view(&words));
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	stmt_bind_i64(&s, "user_id", t->user_id);
	TRY(stmt_run(&s, e));
	*ret_id = db_last_rowid(tx->db);
	memcpy(ret_text, text, sizeof(text));
	crypto_zero(text, sizeof(text));
	return RC_OK;
}

enum rc token_create(struct tx *tx, int64_t company_id, struct str name, uint32_t scopes,
		     char ret_text[TOKEN_TEXT_MAX], int64_t *ret_id, struct err *e)
{
	const struct token t = { .company_id = company_id, .name = name, .scopes = scopes };

	return token_create_for(tx, &t, ret_text, ret_id, e);
}

/* In order of the columns; false: its maker is disabled. */
static bool take(struct stmt *s, struct token *ret)
{
	bool disabled;

	*ret = (struct token){ 0 };
	ret->id = stmt_i64(s, "id");
	ret->company_id = stmt_i64(s, "company_id");
	ret->created_ms = stmt_i64(s, "created_ms");
	ret->last_used_ms = stmt_i64(s, "last_used_ms");
	ret->revoked_ms = stmt_i64(s, "revoked_ms");
	(void)parse(stmt_str(s, "scopes"), false, &ret->scopes); /* not strict: always true */
	ret->user_id = stmt_i64(s, "user_id");
	if (ret->user_id != 0) {
		struct str role = stmt_str(s, "role");

		ret->scopes &= role_scopes_of(role);
		ret->masked = role_masks(role);
	} else {
		(void)stmt_str(s, "role");
	}
	disabled = stmt_i64(s, "disabled_ms") != 0;
	return !disabled;
}

enum rc token_check(struct db *db, struct str text, struct token *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	uint8_t digest[SHA256_BYTES];
	struct token t;
	enum rc rc;

	if (text.n >= TOKEN_TEXT_MAX || !str_starts(text, str_of(PREFIX)))
		return FAIL(e, RC_REFUSED, "this is no token of Totem");
	crypto_sha256(text, digest);
	TRY(stmt_begin(db, Q_TOKEN_BY_HASH, &s, e));
	stmt_bind_blob(&s, "hash", bytes_of(digest));
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return FAIL(e, RC_REFUSED, "this token is not known");
	TRY(rc);
	if (!take(&s, &t))
		return FAIL(e, RC_REFUSED, "the person who made this token is disabled");
	if (t.revoked_ms != 0)
		return FAIL(e, RC_REFUSED, "this token was revoked");
	*ret = t;
	return RC_OK;
}

enum rc token_revoke(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TOKEN_REVOKE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_ABSENT;
}

enum rc token_forget(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TOKEN_FORGET, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_ABSENT;
}

enum rc token_alive(struct db *db, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_TOKEN_ALIVE, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_next(&s, e);
}

enum rc token_used(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TOKEN_USED, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	stmt_bind_i64(&s, "older_than_ms", tx->now_ms - USED_EVERY_MS);
	return stmt_run(&s, e);
}

enum rc token_each(struct db *db, token_each_fn *fn, void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct token t;
	enum rc rc;

	TRY(stmt_begin(db, Q_TOKEN_LIST, &s, e));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		(void)take(&s, &t); /* a list tells of all */
		t.name = stmt_str(&s, "name");
		TRY(fn(arg, &t, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
