/* media.c - see media.h. */
#include "store/media.h"

#include "store/row.h"

#define REMOVED "the file was removed to make room: it had not been used for longest"

static enum rc step(struct tx *tx, enum query q, const struct media *m, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	bool insert = q == Q_MEDIA_INSERT;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "company_id", m->company_id);
	stmt_bind_blob(&s, "sha256", str_n((const char *)m->sha256, sizeof(m->sha256)));
	if (insert)
		stmt_bind_i64(&s, "bytes", m->bytes);
	stmt_bind_text(&s, "mime", m->mime);
	stmt_bind_i64(&s, "traits", m->traits);
	stmt_bind_str(&s, "filename", m->filename.n > 0 ? m->filename : STR_NONE);
	if (insert)
		stmt_bind_text(&s, "origin", m->origin);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc state_of(struct tx *tx, struct media *m, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_BY_SHA, &s, e));
	stmt_bind_i64(&s, "company_id", m->company_id);
	stmt_bind_blob(&s, "sha256", str_n((const char *)m->sha256, sizeof(m->sha256)));
	TRY(stmt_next(&s, e));
	m->id = stmt_i64(&s, "id");
	(void)stmt_i64(&s, "company_id");
	(void)stmt_str(&s, "sha256");
	m->state = str_eqc(stmt_str(&s, "state"), "stored") ? "stored" : "coming";
	(void)stmt_i64(&s, "bytes");
	(void)stmt_str(&s, "mime");
	(void)stmt_i64(&s, "traits");
	(void)stmt_str(&s, "filename");
	(void)stmt_str(&s, "origin");
	m->created_ms = stmt_i64(&s, "created_ms");
	return RC_OK;
}

enum rc media_add(struct tx *tx, struct media *m, struct err *e)
{
	ASSERT(m->mime != NULL && m->origin != NULL);
	TRY(step(tx, Q_MEDIA_INSERT, m, e));
	if (db_changes(tx->db) == 0)
		TRY(step(tx, Q_MEDIA_AGAIN, m, e));
	return state_of(tx, m, e);
}

enum rc media_load(struct db *db, int64_t id, struct arena *a, struct media *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct str sha;

	TRY(row_begin(db, Q_MEDIA_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	ret->id = stmt_i64(&r.s, "id");
	ret->company_id = stmt_i64(&r.s, "company_id");
	sha = stmt_str(&r.s, "sha256");
	ASSERT(sha.n == sizeof(ret->sha256)); /* the table checks it */
	memcpy(ret->sha256, sha.p, sizeof(ret->sha256));
	ret->state = row_text(&r, "state");
	ret->bytes = stmt_i64(&r.s, "bytes");
	ret->mime = row_text(&r, "mime");
	ret->traits = stmt_i64(&r.s, "traits");
	ret->filename = row_str(&r, "filename");
	ret->origin = row_text(&r, "origin");
	ret->created_ms = stmt_i64(&r.s, "created_ms");
	ret->last_used_ms = stmt_i64(&r.s, "last_used_ms");
	return row_end(&r, e);
}

static enum rc count(struct tx *tx, int64_t id, int sign, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_COUNT, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "sign", sign);
	return stmt_run(&s, e);
}

struct move {
	const char *from, *to;
};

/* *ret: it was in that state. */
static enum rc move(struct tx *tx, int64_t id, struct move m, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_MOVE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "from", m.from);
	stmt_bind_text(&s, "to", m.to);
	TRY(stmt_run(&s, e));
	*ret = db_changes(tx->db) > 0;
	return RC_OK;
}

static enum rc tell_messages(struct tx *tx, int64_t id, enum query q, const char *reason,
			     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return RC_OK;
	TRY(stmt_begin(tx->db, Q_MEDIA_REASON, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "reason", reason);
	return stmt_run(&s, e);
}

enum rc media_set_stored(struct tx *tx, int64_t id, struct err *e)
{
	bool was;

	TRY(move(tx, id, (struct move){ "coming", "stored" }, &was, e));
	if (was) {
		TRY(count(tx, id, 1, e));
		return tell_messages(tx, id, Q_MEDIA_RETURN, NULL, e);
	}
	TRY(move(tx, id, (struct move){ "stored", "stored" }, &was, e));
	return was ? RC_OK : FAIL(e, RC_CONFLICT, "the file is being removed meanwhile");
}

enum rc media_leave(struct tx *tx, int64_t id, struct err *e)
{
	bool was;

	TRY(move(tx, id, (struct move){ "stored", "leaving" }, &was, e));
	if (!was)
		return RC_CONFLICT;
	TRY(count(tx, id, -1, e));
	return tell_messages(tx, id, Q_MEDIA_EXPIRE, REMOVED, e);
}

enum rc media_gone(struct tx *tx, int64_t id, const char *from, struct err *e)
{
	bool was;

	TRY(move(tx, id, (struct move){ from, "gone" }, &was, e));
	return was ? RC_OK : RC_CONFLICT;
}

enum rc media_drop(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_DROP, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

enum rc media_touch(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_TOUCH, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK
				      : FAIL(e, RC_CONFLICT, "the file is being removed meanwhile");
}

enum rc media_get_totals(struct db *db, struct media_totals *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MEDIA_TOTALS, &s, e));
	TRY(stmt_next(&s, e));
	ret->files = stmt_i64(&s, "files");
	ret->bytes = stmt_i64(&s, "bytes");
	return RC_OK;
}

enum rc media_oldest(struct db *db, int64_t before_ms, struct media_brief *ret, int max, int *ret_n,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc = RC_ABSENT;
	int n = 0;

	TRY(stmt_begin(db, Q_MEDIA_OLDEST, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "limit", max);
	while (n < max && (rc = stmt_next(&s, e)) == RC_OK) {
		ret[n].id = stmt_i64(&s, "id");
		ret[n].bytes = stmt_i64(&s, "bytes");
		ret[n++].last_used_ms = stmt_i64(&s, "last_used_ms");
	}
	*ret_n = n;
	return n == max || rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_moves(struct stmt *s, struct media_brief *ret, int max, int *ret_n,
			  struct err *e)
{
	enum rc rc = RC_ABSENT;
	int n = 0;

	stmt_bind_i64(s, "limit", max);
	while (n < max && (rc = stmt_next(s, e)) == RC_OK) {
		ret[n] = (struct media_brief){ .id = stmt_i64(s, "id") };
		ret[n++].coming = str_eqc(stmt_str(s, "state"), "coming");
	}
	*ret_n = n;
	return n == max || rc == RC_ABSENT ? RC_OK : rc;
}

enum rc media_moving(struct db *db, int64_t before_ms, struct media_brief *ret, int max, int *ret_n,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MEDIA_MOVING, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	return read_moves(&s, ret, max, ret_n, e);
}

enum rc media_leaving(struct db *db, struct media_brief *ret, int max, int *ret_n, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MEDIA_LEAVING, &s, e));
	return read_moves(&s, ret, max, ret_n, e);
}

/* ---- uploads ---- */

enum rc media_upload_put(struct tx *tx, const struct media_upload *u, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_UPLOAD_PUT, &s, e));
	stmt_bind_i64(&s, "media_id", u->media_id);
	stmt_bind_i64(&s, "channel_id", u->channel_id);
	stmt_bind_text(&s, "as_mime", u->as_mime);
	stmt_bind_str(&s, "peer_id", u->peer_id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	stmt_bind_i64(&s, "valid_to_ms", u->valid_to_ms);
	return stmt_run(&s, e);
}

enum rc media_upload_find(struct db *db, int64_t now_ms, struct arena *a, struct media_upload *u,
			  struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_MEDIA_UPLOAD_FIND, a, &r, e));
	stmt_bind_i64(&r.s, "media_id", u->media_id);
	stmt_bind_i64(&r.s, "channel_id", u->channel_id);
	stmt_bind_text(&r.s, "as_mime", u->as_mime);
	stmt_bind_i64(&r.s, "now_ms", now_ms);
	TRY(stmt_next(&r.s, e));
	u->peer_id = row_str(&r, "peer_id");
	return row_end(&r, e);
}

enum rc media_upload_forget(struct tx *tx, int64_t media_id, int64_t channel_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MEDIA_UPLOAD_FORGET, &s, e));
	stmt_bind_i64(&s, "media_id", media_id);
	stmt_bind_i64(&s, "channel_id", channel_id);
	return stmt_run(&s, e);
}
