/* retention.c - see retention.h. */
#include "store/retention/retention.h"

#include "base/sbuf.h"
#include "store/queue/deadletter.h"
#include "store/media.h"
#include "store/queue/queue_priv.h"
#include "store/row.h"

#define META_MAX 300
#define OPEN_MAX 200 /* threads with old work: with more of them messages are kept */

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

struct range {
	int64_t below;
	struct str open; /* JSON: threads that wait for something */
};

/* RC_ABSENT: none; `e` is not filled. */
static enum rc next(struct tx *tx, const struct range *r, struct doomed *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RETENTION_MESSAGE_NEXT, &s, e));
	stmt_bind_i64(&s, "below_id", r->below);
	stmt_bind_str(&s, "open", r->open);
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
	return rc == RC_CONFLICT ? media_drop(tx, media_id, e) : rc; /* it left before */
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

static enum rc read_open(struct tx *tx, int64_t before_ms, struct sbuf *to, int64_t *ret_n,
			 struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RETENTION_OPEN, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "mask", QUEUE_KEY_MASK);
	stmt_bind_i64(&s, "media_first", queue_first_id(QUEUE_MEDIA));
	stmt_bind_i64(&s, "media_last", queue_last_id(QUEUE_MEDIA));
	TRY(stmt_next(&s, e));
	*ret_n = stmt_i64(&s, "n");
	if (*ret_n <= OPEN_MAX)
		sbuf_str(to, stmt_str(&s, "open"));
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_INVALID, "too many threads wait");
}

enum rc retention_messages(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e)
{
	AUTO(sbuf_release) struct sbuf open = SBUF(64 * KIB);
	struct range r = { .open = STR("[]") };
	struct doomed m;
	int64_t waiting;
	enum rc rc;

	*ret_count = 0;
	TRY(row_trim_below(tx->db, &TIMES, before_ms, &r.below, e));
	rc = next(tx, &r, &m, e);
	if (rc != RC_OK)
		return rc == RC_ABSENT ? RC_OK : rc;
	TRY(read_open(tx, before_ms, &open, &waiting, e));
	if (waiting > OPEN_MAX)
		return RC_OK; /* something old hangs as a whole: nothing of it goes */
	for (r.open = sbuf_view(&open); *ret_count < limit; (*ret_count)++) {
		rc = next(tx, &r, &m, e);
		if (rc != RC_OK)
			return rc == RC_ABSENT ? RC_OK : rc;
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

enum rc retention_invitations(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			      struct err *e)
{
	return trim(tx, Q_RETENTION_INVITATIONS, before_ms, limit, ret_count, e);
}

enum rc retention_sessions(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e)
{
	return trim(tx, Q_RETENTION_SESSIONS, before_ms, limit, ret_count, e);
}

enum rc retention_uploads(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			  struct err *e)
{
	return trim(tx, Q_RETENTION_UPLOADS, before_ms, limit, ret_count, e);
}

enum rc retention_changes(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			  struct err *e)
{
	struct stmt s;
	int64_t below;

	TRY(row_trim_below(tx->db, &TIMES, before_ms, &below, e));
	TRY(stmt_begin(tx->db, Q_RETENTION_CHANGES, &s, e));
	stmt_bind_i64(&s, "below_id", below);
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}

static enum rc next_link_target(struct tx *tx, int64_t *target, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RETENTION_LINK_TARGET, &s, e));
	stmt_bind_i64(&s, "after", *target);
	TRY(stmt_next(&s, e));
	*target = stmt_i64(&s, "target_id"); /* NULL, without any more: 0 */
	return RC_OK;
}

enum rc retention_links(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			struct err *e)
{
	int64_t target = 0;

	*ret_count = 0;
	if (before_ms <= 0)
		return RC_OK;
	TRY(next_link_target(tx, &target, e));
	while (target != 0 && *ret_count < limit) {
		struct stmt s;

		TRY(stmt_begin(tx->db, Q_RETENTION_LINKS, &s, e));
		stmt_bind_i64(&s, "target_id", target);
		stmt_bind_i64(&s, "before_ms", before_ms);
		stmt_bind_i64(&s, "limit", limit - *ret_count);
		TRY(stmt_run(&s, e));
		*ret_count += db_changes(tx->db);
		TRY(next_link_target(tx, &target, e));
	}
	return RC_OK;
}

/* ---- people ---- */

static enum rc forget_thread(struct tx *tx, int64_t id, struct err *e)
{
	TRY(run_i64(tx, Q_ERASE_LABELS, "conversation_id", id, e));
	TRY(run_i64(tx, Q_ERASE_ATTRIBUTES, "conversation_id", id, e));
	return run_i64(tx, Q_ERASE_CONVERSATION, "id", id, e);
}

/* RC_ABSENT: none; `e` is not filled. */
static enum rc first_of(struct stmt *s, int64_t *ret_id, struct err *e)
{
	TRY(stmt_next(s, e));
	*ret_id = stmt_i64(s, "id");
	return RC_OK;
}

static enum rc next_thread(struct tx *tx, int64_t contact_id, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_CONVERSATIONS, &s, e));
	stmt_bind_i64(&s, "contact_id", contact_id);
	return first_of(&s, ret_id, e);
}

static enum rc forget_person(struct tx *tx, int64_t contact_id, struct err *e)
{
	int64_t id = 0;
	enum rc rc;

	while ((rc = next_thread(tx, contact_id, &id, e)) == RC_OK)
		TRY(forget_thread(tx, id, e));
	if (rc != RC_ABSENT)
		return rc;
	TRY(run_i64(tx, Q_ERASE_CONTACT_ALIASES, "contact_id", contact_id, e));
	return run_i64(tx, Q_ERASE_CONTACT, "contact_id", contact_id, e);
}

struct people {
	int64_t after, up_to, before_ms;
};

static enum rc next_person(struct tx *tx, const struct people *p, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RETENTION_PERSON, &s, e));
	stmt_bind_i64(&s, "after", p->after);
	stmt_bind_i64(&s, "up_to", p->up_to);
	stmt_bind_i64(&s, "before_ms", p->before_ms);
	stmt_bind_i64(&s, "mask", QUEUE_KEY_MASK);
	return first_of(&s, ret_id, e);
}

static enum rc last(struct tx *tx, enum query q, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	return first_of(&s, ret_id, e);
}

enum rc retention_people(struct tx *tx, int64_t before_ms, int limit, int64_t *after,
			 int64_t *ret_count, struct err *e)
{
	struct people p = { *after, *after + limit, before_ms };
	int64_t newest = 0;
	enum rc rc;

	*ret_count = 0;
	TRY(last(tx, Q_RETENTION_LAST_CONTACT, &newest, e));
	while ((rc = next_person(tx, &p, &p.after, e)) == RC_OK) {
		TRY(forget_person(tx, p.after, e));
		(*ret_count)++;
	}
	if (rc != RC_ABSENT)
		return rc;
	*after = p.up_to < newest ? p.up_to : 0;
	return RC_OK;
}

enum rc retention_files(struct tx *tx, int64_t before_ms, int limit, int64_t *after,
			int64_t *ret_count, struct err *e)
{
	int64_t newest = 0;
	struct stmt s;

	TRY(last(tx, Q_RETENTION_LAST_FILE, &newest, e));
	TRY(stmt_begin(tx->db, Q_RETENTION_FILES, &s, e));
	stmt_bind_i64(&s, "after", *after);
	stmt_bind_i64(&s, "up_to", *after + limit);
	stmt_bind_i64(&s, "before_ms", before_ms);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	*after = *after + limit < newest ? *after + limit : 0;
	return RC_OK;
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
