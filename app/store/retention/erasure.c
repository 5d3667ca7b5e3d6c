/* erasure.c - see erasure.h. */
#include "store/retention/erasure.h"

#include "io/crypto.h"
#include "store/queue/queue_priv.h"
#include "store/row.h"

enum rc erasure_load(struct db *db, int64_t id, struct erasure *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_ERASE_LOAD, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	*ret = (struct erasure){ .id = id };
	ret->rows = str_eqc(stmt_str(&s, "state"), "rows");
	ret->company_id = stmt_i64(&s, "company_id");
	ret->contact_id = stmt_i64(&s, "contact_id");
	ret->newest_delivery = stmt_i64(&s, "newest_delivery");
	ret->messages = stmt_i64(&s, "messages");
	ret->deliveries = stmt_i64(&s, "deliveries");
	ret->letters = stmt_i64(&s, "letters");
	ret->files = stmt_i64(&s, "files");
	ret->conversations = stmt_i64(&s, "conversations");
	return RC_OK;
}

static enum rc first_id(struct stmt *s, int64_t *ret_id, struct err *e)
{
	TRY(stmt_next(s, e));
	*ret_id = stmt_i64(s, "id");
	return RC_OK;
}

enum rc erasure_find(struct db *db, int64_t contact_id, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_ERASE_FIND, &s, e));
	stmt_bind_i64(&s, "contact_id", contact_id);
	return first_id(&s, ret_id, e);
}

enum rc erasure_next(struct db *db, const char *state, int64_t after, int64_t *ret_id,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_ERASE_NEXT, &s, e));
	stmt_bind_text(&s, "state", state);
	stmt_bind_i64(&s, "after", after);
	return first_id(&s, ret_id, e);
}

enum rc erasure_open(struct db *db, int64_t conversation_id, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_ERASE_OPEN_JOBS, &s, e));
	stmt_bind_i64(&s, "conversation_id", conversation_id);
	stmt_bind_i64(&s, "mask", QUEUE_KEY_MASK);
	stmt_bind_i64(&s, "media_first", queue_first_id(QUEUE_MEDIA));
	stmt_bind_i64(&s, "media_last", queue_last_id(QUEUE_MEDIA));
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "open");
	return RC_OK;
}

static enum rc count_waiting(struct db *db, int64_t contact_id, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, contact_id != 0 ? Q_ERASE_WAITING_OF : Q_ERASE_WAITING, &s, e));
	stmt_bind_i64(&s, "hooks_first", queue_first_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(&s, "hooks_last", queue_last_id(QUEUE_WEBHOOKS));
	if (contact_id != 0)
		stmt_bind_i64(&s, "contact_id", contact_id);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "waiting");
	return RC_OK;
}

enum rc erasure_waiting(struct db *db, int64_t contact_id, int64_t *ret, struct err *e)
{
	ASSERT(contact_id != 0);
	TRY(count_waiting(db, 0, ret, e));
	if (*ret > ERASURE_WAITING_MAX)
		return FAIL(e, RC_CONFLICT,
			    "%lld requests wait to be read: try again when they are",
			    (long long)*ret);
	return *ret == 0 ? RC_OK : count_waiting(db, contact_id, ret, e);
}

enum rc erasure_begin(struct tx *tx, const struct erasure_ask *a, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_BEGIN, &s, e));
	stmt_bind_i64(&s, "company_id", a->company_id);
	stmt_bind_i64(&s, "contact_id", a->contact_id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	stmt_bind_str(&s, "asked_by", a->by);
	TRY(stmt_run(&s, e));
	*ret_id = db_last_rowid(tx->db);
	TRY(stmt_begin(tx->db, Q_ERASE_CONTACT_ALIASES, &s, e));
	stmt_bind_i64(&s, "contact_id", a->contact_id);
	return stmt_run(&s, e);
}

enum rc erasure_persons(struct db *db, int64_t contact_id, erasure_person_fn *fn, void *arg,
			struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_ERASE_PERSONS, &s, e));
	stmt_bind_i64(&s, "contact_id", contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct erasure_person p;

		p.contact_id = stmt_i64(&s, "id");
		p.company_id = stmt_i64(&s, "company_id");
		p.created_ms = stmt_i64(&s, "created_ms");
		TRY((*fn)(arg, &p, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc erasure_is_there(struct db *db, const struct erasure_person *p, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_ERASE_IS_THERE, &s, e));
	stmt_bind_i64(&s, "contact_id", p->contact_id);
	stmt_bind_i64(&s, "company_id", p->company_id);
	stmt_bind_i64(&s, "created_ms", p->created_ms);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "is_there") != 0;
	return RC_OK;
}

enum rc erasure_job(struct db *db, int64_t contact_id, int64_t after, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_ERASE_JOB, &s, e));
	stmt_bind_i64(&s, "contact_id", contact_id);
	stmt_bind_i64(&s, "after", after);
	stmt_bind_i64(&s, "mask", QUEUE_KEY_MASK);
	return first_id(&s, ret, e);
}

static void bind_range(struct stmt *s, const struct erasure_range *r)
{
	stmt_bind_i64(s, "from_id", r->from);
	stmt_bind_i64(s, "to_id", r->to);
}

/* Those that still have to be read stay: emptied, they would be lost. */
static enum rc run_range(struct tx *tx, struct stmt *s, int64_t *ret_count, struct err *e)
{
	stmt_bind_i64(s, "hooks_first", queue_first_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(s, "hooks_last", queue_last_id(QUEUE_WEBHOOKS));
	TRY(stmt_run(s, e));
	*ret_count += db_changes(tx->db);
	return RC_OK;
}

enum rc erasure_requests(struct tx *tx, const struct erasure_range *r, const char *alias,
			 int64_t *ret_count, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_ERASE_DELIVERIES, &s, e));
	bind_range(&s, r);
	stmt_bind_text(&s, "alias", alias);
	return run_range(tx, &s, ret_count, e);
}

enum rc erasure_requests_of_thread(struct tx *tx, const struct erasure_range *r,
				   int64_t chatwoot_id, int64_t *ret_count, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_ERASE_CHATWOOT_DELIVERIES, &s, e));
	bind_range(&s, r);
	stmt_bind_i64(&s, "thread", chatwoot_id);
	return run_range(tx, &s, ret_count, e);
}

static enum rc one_letter(struct tx *tx, enum query q, int64_t conversation_id, const char *alias,
			  int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	if (alias != NULL) {
		stmt_bind_text(&s, "alias", alias);
	} else {
		stmt_bind_i64(&s, "conversation_id", conversation_id);
		stmt_bind_i64(&s, "mask", QUEUE_KEY_MASK);
	}
	return first_id(&s, ret_id, e);
}

enum rc erasure_letter(struct tx *tx, int64_t conversation_id, int64_t *ret_id, struct err *e)
{
	return one_letter(tx, Q_ERASE_LETTER, conversation_id, NULL, ret_id, e);
}

enum rc erasure_letter_of(struct tx *tx, const char *alias, int64_t *ret_id, struct err *e)
{
	return one_letter(tx, Q_ERASE_LETTER_OF, 0, alias, ret_id, e);
}

enum rc erasure_add(struct tx *tx, const struct erasure *n, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_ADD, &s, e));
	stmt_bind_i64(&s, "id", n->id);
	stmt_bind_i64(&s, "messages", n->messages);
	stmt_bind_i64(&s, "deliveries", n->deliveries);
	stmt_bind_i64(&s, "letters", n->letters);
	stmt_bind_i64(&s, "files", n->files);
	stmt_bind_i64(&s, "conversations", n->conversations);
	return stmt_run(&s, e);
}

enum rc erasure_rows_gone(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_ROWS_GONE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc erasure_done(struct tx *tx, int64_t up_to_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_DONE, &s, e));
	stmt_bind_i64(&s, "up_to_id", up_to_id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

/* ---- provider ids ---- */

/* A provider's id holds the number of the person; its digest does not, and the rest of the id cannot be guessed. */
static int64_t digest(struct str meta_message_id)
{
	uint8_t sha[SHA256_BYTES];
	uint64_t v = 0;

	crypto_sha256(meta_message_id, sha);
	for (size_t i = 0; i < 8; i++)
		v = v << 8 | sha[i];
	return (int64_t)(v & INT64_MAX);
}

enum rc erasure_note(struct tx *tx, struct str meta_message_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_DIGEST, &s, e));
	stmt_bind_i64(&s, "digest", digest(meta_message_id));
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc erasure_known(struct db *db, struct str meta_message_id, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	*ret = false;
	if (meta_message_id.n == 0)
		return RC_OK;
	TRY(stmt_begin(db, Q_ERASE_KNOWN, &s, e));
	stmt_bind_i64(&s, "digest", digest(meta_message_id));
	rc = stmt_next(&s, e);
	*ret = rc == RC_OK;
	return rc == RC_ABSENT ? RC_OK : rc;
}

#define THREAD_TEXT 80

static struct str thread_text(int64_t company_id, int64_t chatwoot_id, char ret[THREAD_TEXT])
{
	(void)snprintf(ret, THREAD_TEXT, "chatwoot %lld %lld", (long long)company_id,
		       (long long)chatwoot_id);
	return str_of(ret);
}

enum rc erasure_note_thread(struct tx *tx, int64_t company_id, int64_t chatwoot_id, struct err *e)
{
	char text[THREAD_TEXT];

	return erasure_note(tx, thread_text(company_id, chatwoot_id, text), e);
}

enum rc erasure_known_thread(struct db *db, int64_t company_id, int64_t chatwoot_id, bool *ret,
			     struct err *e)
{
	char text[THREAD_TEXT];

	return erasure_known(db, thread_text(company_id, chatwoot_id, text), ret, e);
}

enum rc erasure_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_ERASE_TRIM, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}

enum rc erasure_each(struct db *db, int64_t company_id, int64_t before_id, int limit,
		     erasure_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_ERASE_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "company_id", company_id);
	stmt_bind_i64(&r.s, "before_id", before_id > 0 ? before_id : INT64_MAX);
	stmt_bind_i64(&r.s, "limit", row_limit(limit));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct erasure_seen x;

		arena_reset(&a);
		x.id = stmt_i64(&r.s, "id");
		x.asked_ms = stmt_i64(&r.s, "asked_ms");
		x.asked_by = row_str(&r, "asked_by");
		x.done_ms = stmt_i64(&r.s, "done_ms");
		x.state = row_text(&r, "state");
		x.messages = stmt_i64(&r.s, "messages");
		x.deliveries = stmt_i64(&r.s, "deliveries");
		x.letters = stmt_i64(&r.s, "letters");
		x.files = stmt_i64(&r.s, "files");
		x.conversations = stmt_i64(&r.s, "conversations");
		TRY(row_fits(&r, e));
		TRY(fn(arg, &x, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
