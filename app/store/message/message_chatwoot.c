/* message_chatwoot.c - which messages of Chatwoot are known: those that we made there, and those that came from there. */
#include "store/message/message.h"

enum rc message_chatwoot_known(struct db *db, int64_t target_id, int64_t chatwoot_message_id,
			       bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_MESSAGE_LINKED, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	stmt_bind_i64(&s, "chatwoot_message_id", chatwoot_message_id);
	rc = stmt_next(&s, e);
	*ret = rc == RC_OK;
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc newest_of_target(struct db *db, int64_t target_id, int64_t before_ms, int64_t *ret,
				struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_MESSAGE_LINKED_BEFORE, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	stmt_bind_i64(&s, "before_ms", before_ms);
	rc = stmt_next(&s, e);
	*ret = rc == RC_OK ? stmt_i64(&s, "chatwoot_message_id") : 0;
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* The conversation first: looking through a whole target's messages after an outage would cost each job its backlog. */
enum rc message_chatwoot_newest(struct db *db, const struct message *m, int64_t target_id,
				int64_t before_ms, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_MESSAGE_LINKED_IN, &s, e));
	stmt_bind_i64(&s, "company_id", m->company_id);
	stmt_bind_i64(&s, "conversation_id", m->conversation_id);
	stmt_bind_i64(&s, "target_id", target_id);
	stmt_bind_i64(&s, "before_ms", before_ms);
	rc = stmt_next(&s, e);
	if (rc == RC_OK)
		*ret = stmt_i64(&s, "chatwoot_message_id");
	return rc == RC_ABSENT ? newest_of_target(db, target_id, before_ms, ret, e) : rc;
}
