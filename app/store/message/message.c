/* message.c - messages, the steps of their sending, and the words that came back about them.
 *
 * Each step is one UPDATE that names the state it starts from, so a step from anywhere else changes nothing. */
#include "store/message/message.h"

#include "store/change.h"
#include "store/message/message_priv.h"

static const char *const SENDINGS[] = { "queued", "sending", "done", "unknown", "cancelled" };

static void bind_texts(struct stmt *s, const struct message *m)
{
	stmt_bind_str(s, "meta_message_id",
		      m->meta_message_id.n > 0 ? m->meta_message_id : STR_NONE);
	stmt_bind_str(s, "wa_id", m->wa_id);
	stmt_bind_str(s, "sender_name", m->sender_name);
	stmt_bind_str(s, "sender_user_id", m->sender_user_id);
	stmt_bind_str(s, "sender_source_id", m->sender_source_id);
	stmt_bind_str(s, "reply_to", m->reply_to);
	stmt_bind_str(s, "error", m->error);
	stmt_bind_str(s, "pricing", m->pricing);
	stmt_bind_str(s, "correlation", m->correlation);
	stmt_bind_str(s, "content", m->content.p != NULL ? m->content : STR(""));
	stmt_bind_str(s, "content_json", m->content_json);
}

/* A known provider id is the normal end of a repeated webhook: RC_CONFLICT leaves `e` alone. */
enum rc message_add(struct tx *tx, struct message *m, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	ASSERT(m->type != NULL && m->sender_type != NULL && m->source != NULL);
	ASSERT(m->outbound || m->sending == NULL);
	if (m->created_at == 0)
		m->created_at = tx->now_ms;
	if (m->timestamp == 0)
		m->timestamp = m->created_at;
	if (m->outbound && m->sending == NULL)
		m->sending = SENDINGS[0];
	TRY(stmt_begin(tx->db, Q_MESSAGE_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", m->company_id);
	stmt_bind_i64(&s, "conversation_id", m->conversation_id);
	stmt_bind_i64(&s, "channel_id", m->channel_id);
	stmt_bind_i64(&s, "delivery_id", m->delivery_id);
	stmt_bind_text(&s, "direction", m->outbound ? "outbound" : "inbound");
	stmt_bind_text(&s, "type", m->type);
	stmt_bind_text(&s, "status", message_status_text(m->status));
	stmt_bind_text(&s, "sending", m->sending);
	stmt_bind_text(&s, "sender_type", m->sender_type);
	stmt_bind_text(&s, "source", m->source);
	stmt_bind_i64(&s, "hop", m->hop);
	stmt_bind_i64(&s, "timestamp", m->timestamp);
	stmt_bind_i64(&s, "created_at", m->created_at);
	stmt_bind_i64(&s, "chatwoot_conversation_id", m->chatwoot_conversation_id);
	stmt_bind_i64(&s, "chatwoot_message_id", m->chatwoot_message_id);
	bind_texts(&s, m);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return RC_CONFLICT;
	m->id = db_last_rowid(tx->db);
	if (m->meta_message_id.n == 0)
		return RC_OK;
	return m->outbound ? message_join(tx, m->id, m->meta_message_id, e)
			   : change_join(tx, m->meta_message_id, e);
}

enum rc message_fill(struct tx *tx, const struct message *m, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_FILL, &s, e));
	stmt_bind_i64(&s, "id", m->id);
	stmt_bind_i64(&s, "delivery_id", m->delivery_id);
	stmt_bind_text(&s, "type", m->type);
	stmt_bind_str(&s, "content", m->content);
	stmt_bind_str(&s, "content_json", m->content_json);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_CONFLICT;
}

static const char *sending_text(struct str text)
{
	for (size_t i = 0; i < COUNT(SENDINGS); i++)
		if (str_eqc(text, SENDINGS[i]))
			return SENDINGS[i];
	return NULL;
}

static enum rc take(struct row *r, struct message *ret, struct err *e)
{
	struct stmt *s = &r->s;
	bool known;

	*ret = (struct message){ 0 };
	ret->id = stmt_i64(s, "id");
	ret->company_id = stmt_i64(s, "company_id");
	ret->conversation_id = stmt_i64(s, "conversation_id");
	ret->channel_id = stmt_i64(s, "channel_id");
	ret->delivery_id = stmt_i64(s, "delivery_id");
	ret->outbound = str_eqc(stmt_str(s, "direction"), "outbound");
	ret->type = row_text(r, "type");
	known = message_status_parse(stmt_str(s, "status"), &ret->status);
	ASSERT(known); /* the table's CHECK */
	ret->sending = sending_text(stmt_str(s, "sending"));
	ret->sending_boot = stmt_i64(s, "sending_boot");
	ret->sender_type = row_text(r, "sender_type");
	ret->source = row_text(r, "source");
	ret->hop = stmt_i64(s, "hop");
	ret->timestamp = stmt_i64(s, "timestamp");
	ret->created_at = stmt_i64(s, "created_at");
	ret->chatwoot_conversation_id = stmt_i64(s, "chatwoot_conversation_id");
	ret->chatwoot_message_id = stmt_i64(s, "chatwoot_message_id");
	ret->meta_message_id = row_str(r, "meta_message_id");
	ret->wa_id = row_str(r, "wa_id");
	ret->sender_name = row_str(r, "sender_name");
	ret->sender_user_id = row_str(r, "sender_user_id");
	ret->sender_source_id = row_str(r, "sender_source_id");
	ret->reply_to = row_str(r, "reply_to");
	ret->error = row_str(r, "error");
	ret->pricing = row_str(r, "pricing");
	ret->correlation = row_str(r, "correlation");
	ret->content = row_str(r, "content");
	ret->content_json = row_str(r, "content_json");
	ret->edited_ms = stmt_i64(s, "edited_ms");
	ret->revoked_ms = stmt_i64(s, "revoked_ms");
	ret->failed_ms = stmt_i64(s, "failed_ms");
	ret->reached = row_text(r, "reached");
	ret->conversation_info = row_str(r, "conversation_info");
	ret->resent = stmt_i64(s, "replaced_by") != 0;
	return row_fits(r, e);
}

enum rc message_load(struct db *db, int64_t id, struct arena *a, struct message *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct message m;

	TRY(row_begin(db, Q_MESSAGE_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	TRY(take(&r, &m, e));
	*ret = m;
	return RC_OK;
}

enum rc message_by_meta(struct db *db, struct str meta_message_id, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MESSAGE_BY_META, &s, e));
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	return RC_OK;
}

/* RC_CONFLICT: the message does not stand where the step begins. */
static enum rc stepped(struct tx *tx, struct stmt *s, int64_t id, const char *step, struct err *e)
{
	TRY(stmt_run(s, e));
	if (db_changes(tx->db) == 0)
		return FAIL(e, RC_CONFLICT, "message %lld cannot become %s now", (long long)id,
			    step);
	return RC_OK;
}

static enum rc move(struct tx *tx, int64_t id, const char *from, const char *to, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_MOVE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "from", from);
	stmt_bind_text(&s, "to", to);
	stmt_bind_i64(&s, "boot", store_boot(tx->store));
	return stepped(tx, &s, id, to, e);
}

enum rc message_sending(struct tx *tx, int64_t id, struct err *e)
{
	return move(tx, id, "queued", "sending", e);
}

enum rc message_requeued(struct tx *tx, int64_t id, struct err *e)
{
	return move(tx, id, "sending", "queued", e);
}

enum rc message_cancel(struct tx *tx, int64_t id, struct err *e)
{
	return move(tx, id, "queued", "cancelled", e);
}

enum rc message_reopened(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_TRY_NOT_SENT, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	stmt_end(&s);
	TRY(stmt_begin(tx->db, Q_MESSAGE_REOPEN, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stepped(tx, &s, id, "queued", e);
}

enum rc message_unknown(struct tx *tx, int64_t id, const char *why, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_UNKNOWN, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "why", why);
	return stepped(tx, &s, id, "unknown", e);
}

enum rc message_failed(struct tx *tx, int64_t id, struct str error_json, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_FAIL, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "error", error_json);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stepped(tx, &s, id, "failed", e);
}

enum rc message_set_chatwoot(struct tx *tx, int64_t id, int64_t conversation_id, int64_t message_id,
			     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_CHATWOOT, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "chatwoot_conversation_id", conversation_id);
	stmt_bind_i64(&s, "chatwoot_message_id", message_id);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_ABSENT;
}

enum rc message_accepted(struct tx *tx, int64_t id, struct str meta_message_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (meta_message_id.n == 0)
		return FAIL(e, RC_INVALID, "message %lld was accepted without an id",
			    (long long)id);
	TRY(stmt_begin(tx->db, Q_MESSAGE_TRY_KEEP, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	TRY(stmt_run(&s, e));
	stmt_end(&s);
	TRY(stmt_begin(tx->db, Q_MESSAGE_ACCEPT, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	TRY(stepped(tx, &s, id, "accepted", e));
	return message_join(tx, id, meta_message_id, e);
}

enum rc message_trim_parked(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_TRIM_PARKED, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}

enum rc message_recover(struct tx *tx, int64_t boot, int64_t *ret_count, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_RECOVER, &s, e));
	stmt_bind_i64(&s, "boot", boot);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}

static enum rc list_begin(struct db *db, const struct message_filter *f, struct arena *a,
			  struct row *r, struct err *e)
{
	int64_t before_id = f->before_id > 0 ? f->before_id : INT64_MAX;

	if (f->conversation_id == 0 && f->to_ms != 0) {
		TRY(row_begin(db, Q_MESSAGE_LIST_TIME, a, r, e));
		stmt_bind_i64(&r->s, "company_id", f->company_id);
		stmt_bind_text(&r->s, "direction", f->direction);
		stmt_bind_i64(&r->s, "from_ms", f->from_ms);
		stmt_bind_i64(&r->s, "before_ts", f->before_id > 0 ? f->before_ts : f->to_ms);
		before_id = f->before_id; /* none of the end itself */
	} else if (f->conversation_id == 0) {
		TRY(row_begin(db, Q_MESSAGE_LIST_ALL, a, r, e));
		stmt_bind_i64(&r->s, "company_id", f->company_id);
	} else {
		TRY(row_begin(db, Q_MESSAGE_LIST, a, r, e));
		stmt_bind_i64(&r->s, "company_id", f->company_id);
		stmt_bind_i64(&r->s, "conversation_id", f->conversation_id);
		stmt_bind_i64(&r->s, "before_ts", f->before_id > 0 ? f->before_ts : INT64_MAX);
	}
	stmt_bind_i64(&r->s, "before_id", before_id);
	stmt_bind_i64(&r->s, "limit", row_limit(f->limit));
	return RC_OK;
}

enum rc message_each(struct db *db, const struct message_filter *f, message_each_fn *fn, void *arg,
		     struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct message m;
	enum rc rc;

	TRY(list_begin(db, f, &a, &r, e));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		TRY(take(&r, &m, e));
		TRY(fn(arg, &m, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* A known id is an echo or a repeated event: RC_CONFLICT leaves `e` alone. */
enum rc message_link_chatwoot(struct tx *tx, int64_t target_id, int64_t chatwoot_message_id,
			      int64_t message_id, const char *origin, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_LINK, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	stmt_bind_i64(&s, "chatwoot_message_id", chatwoot_message_id);
	stmt_bind_i64(&s, "message_id", message_id);
	stmt_bind_text(&s, "origin", origin);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_CONFLICT;
}

enum rc message_prove(struct db *db, struct message_counts *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MESSAGE_PROVE, &s, e));
	TRY(stmt_next(&s, e));
	ret->inbound = stmt_i64(&s, "inbound");
	ret->outbound = stmt_i64(&s, "outbound");
	ret->queued = stmt_i64(&s, "queued");
	ret->sending = stmt_i64(&s, "sending");
	ret->settled = stmt_i64(&s, "settled");
	ret->unknown = stmt_i64(&s, "unknown");
	ret->cancelled = stmt_i64(&s, "cancelled");
	return RC_OK;
}

struct topic_event message_event(const struct message *m, enum topic topic)
{
	return (struct topic_event){ .topic = topic,
				     .company_id = m->company_id,
				     .okey = m->conversation_id,
				     .ref = m->id,
				     .prio = PRIO_NORMAL,
				     .correlation = m->correlation };
}
