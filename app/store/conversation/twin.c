/* twin.c - see twin.h. Reads the seconds around a message by the index of its conversation. */
#include "store/conversation/twin.h"

static struct str or_empty(struct str s)
{
	return s.p != NULL ? s : STR("");
}

enum rc twin_find(struct db *db, const struct message *m, int64_t window_ms, int64_t *ret_id,
		  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	*ret_id = 0;
	if (window_ms <= 0)
		return RC_OK;
	TRY(stmt_begin(db, Q_TWIN_FIND, &s, e));
	stmt_bind_i64(&s, "company_id", m->company_id);
	stmt_bind_i64(&s, "conversation_id", m->conversation_id);
	stmt_bind_i64(&s, "from_ms", m->timestamp - window_ms);
	stmt_bind_i64(&s, "to_ms", m->timestamp + window_ms);
	stmt_bind_i64(&s, "id", m->id);
	stmt_bind_text(&s, "direction", m->outbound ? "outbound" : "inbound");
	stmt_bind_text(&s, "type", m->type);
	stmt_bind_str(&s, "content", or_empty(m->content));
	stmt_bind_str(&s, "content_json", or_empty(m->content_json));
	stmt_bind_str(&s, "reply_to", or_empty(m->reply_to));
	stmt_bind_str(&s, "sender_source_id", or_empty(m->sender_source_id));
	rc = stmt_next(&s, e);
	if (rc == RC_OK)
		*ret_id = stmt_i64(&s, "id");
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc twin_mark(struct tx *tx, int64_t id, int64_t twin_of, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TWIN_MARK, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "twin_of", twin_of);
	return stmt_run(&s, e);
}
