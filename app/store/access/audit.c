/* audit.c - see audit.h. */
#include "store/access/audit.h"

#include "base/enc.h"
#include "store/row.h"

#define PAGE 500

static const char *const KINDS[ACTOR_COUNT] = { "user", "token", "command", "system", "nobody" };

const char *audit_actor_text(enum actor_kind k)
{
	ASSERT((unsigned)k < ACTOR_COUNT);
	return KINDS[k];
}

static enum actor_kind kind_of(struct str text)
{
	for (int i = 0; i < ACTOR_COUNT; i++) {
		if (str_eqc(text, KINDS[i]))
			return (enum actor_kind)i;
	}
	return ACTOR_COUNT;
}

static void field(struct sbuf *to, struct str s)
{
	sbuf_i64(to, (int64_t)s.n);
	sbuf_char(to, ':');
	sbuf_str(to, s);
}

static void number(struct sbuf *to, int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	field(to, str_of(text));
}

static void hash_of(const struct audit *a, const uint8_t before[SHA256_BYTES],
		    uint8_t ret[SHA256_BYTES])
{
	AUTO(sbuf_release) struct sbuf b = SBUF(AUDIT_DETAIL_MAX + 16 * KIB);

	sbuf_add(&b, before, SHA256_BYTES);
	number(&b, a->id);
	number(&b, a->at_ms);
	number(&b, a->company_id);
	field(&b, str_of(a->kind < ACTOR_COUNT ? KINDS[a->kind] : "?"));
	number(&b, a->actor_id);
	field(&b, a->actor);
	field(&b, a->client);
	field(&b, a->request_id);
	field(&b, a->action);
	field(&b, a->subject);
	field(&b, a->detail);
	/* A row that somebody made longer by hand does not fit: its hash is of a shorter text, and differs. */
	crypto_sha256(sbuf_view(&b), ret);
}

static enum rc last(struct db *db, int64_t *ret_id, uint8_t ret_hash[SHA256_BYTES], struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str hash;
	enum rc rc;

	*ret_id = 0;
	memset(ret_hash, 0, SHA256_BYTES);
	TRY(stmt_begin(db, Q_AUDIT_LAST, &s, e));
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	*ret_id = stmt_i64(&s, "id");
	hash = stmt_str(&s, "hash");
	memcpy(ret_hash, hash.p, size_min(hash.n, SHA256_BYTES));
	return RC_OK;
}

/* Well-formed and not longer than a column takes. NULL would not be the same as empty in the chain. */
static struct str fit(struct str s, size_t max)
{
	if (s.p == NULL || !enc_utf8_ok(s))
		return STR("");
	if (s.n > max) {
		s.n = max;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80)
			s.n--; /* not in the middle of a character */
	}
	return s;
}

enum rc audit_add(struct tx *tx, const struct audit *a, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct audit row = *a;
	uint8_t before[SHA256_BYTES];

	ASSERT((unsigned)a->kind < ACTOR_COUNT && a->action.n > 0);
	TRY(last(tx->db, &row.id, before, e));
	row.id++;
	row.at_ms = tx->now_ms;
	row.actor = fit(a->actor, AUDIT_TEXT_MAX);
	row.client = fit(a->client, AUDIT_TEXT_MAX);
	row.request_id = fit(a->request_id, AUDIT_TEXT_MAX);
	row.action = fit(a->action, AUDIT_TEXT_MAX);
	row.subject = fit(a->subject, AUDIT_TEXT_MAX);
	row.detail = a->detail.n <= AUDIT_DETAIL_MAX ? fit(a->detail, AUDIT_DETAIL_MAX) : STR("");
	hash_of(&row, before, row.hash);
	TRY(stmt_begin(tx->db, Q_AUDIT_INSERT, &s, e));
	stmt_bind_i64(&s, "id", row.id);
	stmt_bind_i64(&s, "at_ms", row.at_ms);
	stmt_bind_i64(&s, "company_id", row.company_id);
	stmt_bind_text(&s, "actor_kind", KINDS[row.kind]);
	stmt_bind_i64(&s, "actor_id", row.actor_id);
	stmt_bind_str(&s, "actor", row.actor);
	stmt_bind_str(&s, "client", row.client);
	stmt_bind_str(&s, "request_id", row.request_id);
	stmt_bind_str(&s, "action", row.action);
	stmt_bind_str(&s, "subject", row.subject);
	stmt_bind_str(&s, "detail", row.detail);
	stmt_bind_blob(&s, "hash", str_n((const char *)row.hash, SHA256_BYTES));
	return stmt_run(&s, e);
}

/* In order of the columns; texts are borrowed until the next row. */
static void take(struct stmt *s, struct audit *ret)
{
	struct str hash;

	ret->id = stmt_i64(s, "id");
	ret->at_ms = stmt_i64(s, "at_ms");
	ret->company_id = stmt_i64(s, "company_id");
	ret->kind = kind_of(stmt_str(s, "actor_kind"));
	ret->actor_id = stmt_i64(s, "actor_id");
	ret->actor = stmt_str(s, "actor");
	ret->client = stmt_str(s, "client");
	ret->request_id = stmt_str(s, "request_id");
	ret->action = stmt_str(s, "action");
	ret->subject = stmt_str(s, "subject");
	ret->detail = stmt_str(s, "detail");
	hash = stmt_str(s, "hash");
	memset(ret->hash, 0, SHA256_BYTES);
	memcpy(ret->hash, hash.p, size_min(hash.n, SHA256_BYTES));
}

enum rc audit_count(struct db *db, const struct audit_tally *t, int64_t *ret_count,
		    int64_t *ret_first_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_AUDIT_COUNT, &s, e));
	stmt_bind_text(&s, "actor_kind", KINDS[t->kind]);
	stmt_bind_i64(&s, "actor_id", t->actor_id);
	stmt_bind_text(&s, "action", t->action);
	stmt_bind_i64(&s, "from_ms", t->from_ms);
	stmt_bind_i64(&s, "to_ms", t->to_ms);
	TRY(stmt_next(&s, e));
	*ret_count = stmt_i64(&s, "count");
	*ret_first_ms = stmt_i64(&s, "oldest_ms");
	return RC_OK;
}

enum rc audit_each(struct db *db, const struct audit_filter *f, audit_each_fn *fn, void *arg,
		   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct audit a;
	enum rc rc;

	TRY(stmt_begin(db, Q_AUDIT_LIST, &s, e));
	stmt_bind_i64(&s, "company_id", f->company_id);
	stmt_bind_i64(&s, "before_id", f->before_id > 0 ? f->before_id : INT64_MAX);
	stmt_bind_i64(&s, "from_ms", f->from_ms);
	stmt_bind_i64(&s, "to_ms", f->to_ms);
	stmt_bind_text(&s, "actor_kind", f->actor_kind);
	stmt_bind_i64(&s, "actor_id", f->actor_id);
	stmt_bind_text(&s, "action", f->action);
	stmt_bind_i64(&s, "limit", row_limit(f->limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		take(&s, &a);
		TRY(fn(arg, &a, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc prove_page(struct db *db, int64_t *after, int *ret_rows, struct audit_proof *p,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	uint8_t hash[SHA256_BYTES];
	struct audit a;
	enum rc rc;

	*ret_rows = 0;
	TRY(stmt_begin(db, Q_AUDIT_CHAIN, &s, e));
	stmt_bind_i64(&s, "after_id", *after);
	stmt_bind_i64(&s, "limit", PAGE);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		take(&s, &a);
		hash_of(&a, p->head, hash);
		if (p->broken_id == 0 &&
		    (a.id != *after + 1 || memcmp(hash, a.hash, SHA256_BYTES) != 0))
			p->broken_id = a.id;
		memcpy(p->head, a.hash, SHA256_BYTES);
		*after = a.id;
		p->rows++;
		(*ret_rows)++;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc audit_prove(struct db *db, struct audit_proof *ret, struct err *e)
{
	struct audit_proof p = { 0 };
	int64_t after = 0;
	int rows;

	do {
		TRY(prove_page(db, &after, &rows, &p, e));
	} while (rows == PAGE);
	*ret = p;
	return RC_OK;
}
