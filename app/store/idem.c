/* idem.c - kept answers to requests with an Idempotency-Key. */
#include "store/idem.h"

#include "base/limits.h"
#include "io/crypto.h"
#include "store/row.h"

enum rc idem_find(struct db *db, const struct idem *asked, struct arena *a, struct idem *ret,
		  struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct idem kept = *asked;

	ASSERT(asked->body_hash.n == SHA256_BYTES);
	TRY(row_begin(db, Q_IDEM_FIND, a, &r, e));
	stmt_bind_i64(&r.s, "token_id", asked->token_id);
	stmt_bind_str(&r.s, "key", asked->key);
	TRY(stmt_next(&r.s, e));
	if (!str_eq(stmt_str(&r.s, "body_hash"), asked->body_hash))
		return FAIL(e, RC_CONFLICT, "this Idempotency-Key was used with another body");
	kept.status = (int)stmt_i64(&r.s, "status");
	kept.answer = row_str(&r, "answer");
	TRY(row_end(&r, e));
	*ret = kept;
	return RC_OK;
}

enum rc idem_add(struct tx *tx, const struct idem *i, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	ASSERT(i->body_hash.n == SHA256_BYTES);
	if (i->key.n == 0 || i->key.n > IDEMPOTENCY_KEY_MAX)
		return FAIL(e, RC_INVALID, "an Idempotency-Key has 1 to %u bytes",
			    IDEMPOTENCY_KEY_MAX);
	TRY(stmt_begin(tx->db, Q_IDEM_INSERT, &s, e));
	stmt_bind_i64(&s, "token_id", i->token_id);
	stmt_bind_str(&s, "key", i->key);
	stmt_bind_blob(&s, "body_hash", i->body_hash);
	stmt_bind_i64(&s, "status", i->status);
	stmt_bind_str(&s, "answer", i->answer.p != NULL ? i->answer : STR(""));
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc idem_also(struct tx *tx, int64_t conversation_id, int64_t also_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_IDEM_ALSO, &s, e));
	stmt_bind_i64(&s, "from_id", IDEM_CONVERSATIONS + conversation_id);
	stmt_bind_i64(&s, "to_id", IDEM_CONVERSATIONS + also_id);
	return stmt_run(&s, e);
}

enum rc idem_trim(struct tx *tx, int64_t before_ms, int64_t *ret_count, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_IDEM_TRIM, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "limit", IDEM_TRIM_MAX);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}
