/* retention.c - see retention.h. */
#include "store/retention.h"

#include "store/deadletter.h"
#include "store/media.h"
#include "store/row.h"

#define META_MAX 300

static const struct row_times TIMES = { Q_RETENTION_MESSAGE_LAST, Q_RETENTION_MESSAGE_FIRST,
					Q_RETENTION_MESSAGE_PROBE };

static enum rc run_i64(struct tx *tx, enum query q, const char *name, int64_t v, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, name, v);
	return stmt_run(&s, e);
}

struct doomed {
	int64_t id, media_id;
	char meta[META_MAX];
};

static enum rc next(struct tx *tx, int64_t below, struct doomed *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RETENTION_MESSAGE_NEXT, &s, e));
	stmt_bind_i64(&s, "below_id", below);
	TRY(stmt_next(&s, e));
	ret->id = stmt_i64(&s, "id");
	ret->media_id = stmt_i64(&s, "media_id");
	if (!str_copy(stmt_str(&s, "meta_message_id"), ret->meta, sizeof(ret->meta)))
		ret->meta[0] = '\0';
	return RC_OK;
}

static enum rc forget_file(struct tx *tx, int64_t media_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	bool used;
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_ERASE_MEDIA_USED, &s, e));
	stmt_bind_i64(&s, "media_id", media_id);
	TRY(stmt_next(&s, e));
	used = stmt_i64(&s, "used") != 0;
	stmt_end(&s);
	if (used)
		return RC_OK;
	rc = media_leave(tx, media_id, e);
	return rc == RC_CONFLICT ? RC_OK : rc; /* it is on its way out already */
}

static enum rc forget_message(struct tx *tx, const struct doomed *m, struct err *e)
{
	struct stmt s;

	TRY(run_i64(tx, Q_ERASE_STATUSES, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_ATTEMPTS, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_MESSAGE_MEDIA, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_CHANGES, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_CHATWOOT_MARK, "message_id", m->id, e));
	if (m->meta[0] != '\0') {
		TRY(stmt_begin(tx->db, Q_ERASE_PARKED, &s, e));
		stmt_bind_text(&s, "meta_message_id", m->meta);
		TRY(stmt_run(&s, e));
	}
	TRY(run_i64(tx, Q_ERASE_MESSAGE, "id", m->id, e));
	return m->media_id != 0 ? forget_file(tx, m->media_id, e) : RC_OK;
}

enum rc retention_messages(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e)
{
	int64_t below;

	TRY(row_trim_below(tx->db, &TIMES, before_ms, &below, e));
	for (*ret_count = 0; *ret_count < limit; (*ret_count)++) {
		struct err none = { .rc = RC_OK };
		struct doomed m;
		enum rc rc = next(tx, below, &m, &none);

		if (rc == RC_ABSENT)
			return RC_OK;
		if (rc != RC_OK)
			return FAIL(e, rc, "%s", none.text);
		TRY(forget_message(tx, &m, e));
	}
	return RC_OK;
}

enum rc retention_letters(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			  struct err *e)
{
	for (*ret_count = 0; *ret_count < limit; (*ret_count)++) {
		struct err none = { .rc = RC_OK };
		struct stmt s;
		int64_t id;
		enum rc rc;

		TRY(stmt_begin(tx->db, Q_RETENTION_LETTER, &s, e));
		stmt_bind_i64(&s, "before_ms", before_ms);
		rc = stmt_next(&s, &none);
		if (rc != RC_OK)
			return rc == RC_ABSENT ? RC_OK : FAIL(e, rc, "%s", none.text);
		id = stmt_i64(&s, "id");
		stmt_end(&s);
		TRY(deadletter_discard(tx, id, e));
	}
	return RC_OK;
}

static enum rc trim(struct tx *tx, enum query q, int64_t before_ms, int limit, int64_t *ret_count,
		    struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}

enum rc retention_incidents(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			    struct err *e)
{
	return trim(tx, Q_RETENTION_INCIDENTS, before_ms, limit, ret_count, e);
}

enum rc retention_boots(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			struct err *e)
{
	return trim(tx, Q_RETENTION_BOOTS, before_ms, limit, ret_count, e);
}

enum rc retention_used_bytes(struct db *db, int64_t *ret, struct err *e)
{
	int64_t pages, unused, page_bytes;

	TRY(db_pragma_i64(db, "page_count", &pages, e));
	TRY(db_pragma_i64(db, "freelist_count", &unused, e));
	TRY(db_pragma_i64(db, "page_size", &page_bytes, e));
	*ret = (pages - unused) * page_bytes;
	return RC_OK;
}
