/* conversation_desk.c - what people do with a conversation: assign, status, labels. See conversation.h. */
#include "store/conversation/conversation.h"

#include "base/enc.h"
#include "base/limits.h"
#include "store/row.h"
#include "store/queue/topic.h"

static enum rc changed(struct tx *tx, struct stmt *s, struct err *e)
{
	TRY(stmt_run(s, e));
	return db_changes(tx->db) > 0
		       ? RC_OK
		       : FAIL(e, RC_ABSENT, "There is no conversation with this id.");
}

enum rc conversation_assign(struct tx *tx, int64_t id, int64_t user_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_ASSIGN, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "user_id", user_id);
	return changed(tx, &s, e);
}

enum rc conversation_set_status(struct tx *tx, int64_t id, struct str status, struct err *e)
{
	static const char *const WORDS[] = { "open", "pending", "resolved", "snoozed" };
	AUTO(stmt_end) struct stmt s = { 0 };
	size_t i = 0;

	while (i < COUNT(WORDS) && !str_eqc(status, WORDS[i]))
		i++;
	if (i == COUNT(WORDS))
		return FAIL(e, RC_INVALID, "A status is open, pending, resolved or snoozed.");
	TRY(stmt_begin(tx->db, Q_CONVERSATION_STATUS, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "status", status);
	return changed(tx, &s, e);
}

static enum rc add_label(struct tx *tx, int64_t id, struct str label, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (label.n == 0 || !enc_utf8_ok(label) || enc_utf8_count(label) > CONVERSATION_LABEL_MAX)
		return FAIL(e, RC_INVALID, "A label has 1 to %d characters.",
			    CONVERSATION_LABEL_MAX);
	TRY(stmt_begin(tx->db, Q_CONVERSATION_LABEL_ADD, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "label", label);
	return stmt_run(&s, e);
}

enum rc conversation_set_labels(struct tx *tx, int64_t id, const struct str *labels, size_t n,
				struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (n > CONVERSATION_LABELS_MAX)
		return FAIL(e, RC_INVALID, "A conversation has at most %d labels.",
			    CONVERSATION_LABELS_MAX);
	TRY(stmt_begin(tx->db, Q_CONVERSATION_LABEL_CLEAR, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_run(&s, e));
	for (size_t i = 0; i < n; i++)
		TRY(add_label(tx, id, str_trim(labels[i]), e));
	return RC_OK;
}

enum rc conversation_labels(struct db *db, int64_t company_id, conversation_label_fn *fn, void *arg,
			    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_CONVERSATION_LABELS, &s, e));
	stmt_bind_i64(&s, "company_id", company_id);
	stmt_bind_i64(&s, "limit", LIST_LIMIT_MAX);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct str label = stmt_str(&s, "label");

		TRY(fn(arg, label, stmt_i64(&s, "n"), e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc conversation_unread(struct db *db, int64_t company_id, int64_t *ret_conversations,
			    int64_t *ret_messages, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_UNREAD, &s, e));
	stmt_bind_i64(&s, "company_id", company_id);
	TRY(stmt_next(&s, e));
	*ret_conversations = stmt_i64(&s, "conversations");
	*ret_messages = stmt_i64(&s, "messages");
	return RC_OK;
}

enum rc conversation_changed(struct tx *tx, int64_t company_id, int64_t id, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_CONVERSATION,
				  .company_id = company_id,
				  .okey = id,
				  .prio = PRIO_NORMAL };

	return topic_publish(tx, &ev, e);
}
