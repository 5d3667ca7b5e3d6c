/* message_newer.c - the other direction of a conversation: what came after a place. See message.h. */
#include "store/message/message.h"

enum rc message_newer(struct db *db, const struct message_place *p, int limit, int64_t *ret_ids,
		      int *ret_n, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int n = 0;
	enum rc rc;

	TRY(stmt_begin(db, Q_MESSAGE_NEWER, &s, e));
	stmt_bind_i64(&s, "company_id", p->company_id);
	stmt_bind_i64(&s, "conversation_id", p->conversation_id);
	stmt_bind_i64(&s, "ts", p->ts);
	stmt_bind_i64(&s, "id", p->id);
	stmt_bind_i64(&s, "limit", limit);
	while ((rc = stmt_next(&s, e)) == RC_OK && n < limit)
		ret_ids[n++] = stmt_i64(&s, "id");
	*ret_n = n;
	return rc == RC_ABSENT || rc == RC_OK ? RC_OK : rc;
}
