/* incident.c - open troubles, one row each. */
#include "store/incident.h"

#include "store/row.h"
#include "store/topic.h"

#define EVERYBODY 0 /* company of events that each company sees */

/* db_changes tells whether an open row was there. */
static enum rc write_row(struct tx *tx, enum query q, const struct incident *i, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_str(&s, "kind", i->kind);
	stmt_bind_str(&s, "subject", i->subject);
	if (q != Q_INCIDENT_CLOSE)
		stmt_bind_str(&s, "text", i->text);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc publish(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct topic_event ev = { .topic = TOPIC_ALERT,
				  .company_id = EVERYBODY,
				  .prio = PRIO_NORMAL };

	TRY(stmt_begin(tx->db, Q_INCIDENT_ALERT, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	ev.payload = stmt_str(&s, "payload");
	return topic_publish(tx, &ev, e);
}

enum rc incident_raise(struct tx *tx, const char *kind, const char *subject, const char *text,
		       struct err *e)
{
	const struct incident i = { .kind = str_of(kind),
				    .subject = str_of(subject),
				    .text = str_of(text) };

	TRY(write_row(tx, Q_INCIDENT_UPDATE, &i, e));
	if (db_changes(tx->db) > 0)
		return RC_OK;
	TRY(write_row(tx, Q_INCIDENT_OPEN, &i, e));
	return publish(tx, db_last_rowid(tx->db), e);
}

enum rc incident_close(struct tx *tx, const char *kind, const char *subject, struct err *e)
{
	const struct incident i = { .kind = str_of(kind), .subject = str_of(subject) };

	return write_row(tx, Q_INCIDENT_CLOSE, &i, e);
}

enum rc incident_each(struct db *db, bool open_only, int limit, incident_each_fn *fn, void *arg,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct incident i;
	enum rc rc;

	TRY(stmt_begin(db, open_only ? Q_INCIDENT_LIST_OPEN : Q_INCIDENT_LIST, &s, e));
	stmt_bind_i64(&s, "limit", row_limit(limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		i.id = stmt_i64(&s, "id");
		i.kind = stmt_str(&s, "kind");
		i.subject = stmt_str(&s, "subject");
		i.text = stmt_str(&s, "text");
		i.count = stmt_i64(&s, "count");
		i.opened_ms = stmt_i64(&s, "opened_ms");
		i.updated_ms = stmt_i64(&s, "updated_ms");
		i.closed_ms = stmt_i64(&s, "closed_ms");
		TRY(fn(arg, &i, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
