/* message_doubt.c - see message_doubt.h. */
#include "store/message/message_doubt.h"

#include "store/row.h"

enum rc message_open_each(struct db *db, int64_t conversation_id, message_open_fn *fn, void *arg,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_EVOLUTION_OPEN, &s, e));
	stmt_bind_i64(&s, "conversation_id", conversation_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct message_open m = { .id = stmt_i64(&s, "id") };

		m.created_at = stmt_i64(&s, "created_at");
		m.type = stmt_str(&s, "type");
		m.content = stmt_str(&s, "content");
		m.sending = str_eqc(stmt_str(&s, "sending"), "sending");
		m.leaves = stmt_i64(&s, "leaves");
		rc = fn(arg, &m, e);
		if (rc != RC_OK)
			break;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc message_doubt(struct tx *tx, int64_t id, const char *why, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_EVOLUTION_DOUBT, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "why", why);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return FAIL(e, RC_CONFLICT, "message %lld is not in doubt", (long long)id);
	return RC_OK;
}
