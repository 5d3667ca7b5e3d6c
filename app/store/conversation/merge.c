/* merge.c - merging contacts and undoing it. Promises: merge.h. Runs inside the caller's unit. */
#include "store/conversation/merge.h"

#include "store/conversation/contact.h"
#include "store/idem.h"
#include "store/row.h"
#include "store/queue/topic.h"

#define MERGE_ARENA       (1 * MIB) /* a contact with hundreds of aliases */
#define CONVERSATIONS_MAX 64        /* channels of one contact; a box has as many targets at most */

static const char *const REASONS[] = { "seen", "moved", "person" };

/* One statement with at most three numbers, bound in the order of its `in:` line. */
struct step {
	enum query query;
	const char *name[3];
	int64_t value[3];
};

static enum rc run(struct tx *tx, const struct step *st, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, st->query, &s, e));
	for (size_t i = 0; i < COUNT(st->name) && st->name[i] != NULL; i++)
		stmt_bind_i64(&s, st->name[i], st->value[i]);
	return stmt_run(&s, e);
}

static enum rc note(struct tx *tx, int64_t merge_id, const char *what, int64_t row, int64_t was,
		    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MERGE_NOTE, &s, e));
	stmt_bind_i64(&s, "merge_id", merge_id);
	stmt_bind_text(&s, "what", what);
	stmt_bind_i64(&s, "row", row);
	stmt_bind_i64(&s, "was", was);
	return stmt_run(&s, e);
}

static enum rc check(struct tx *tx, int64_t kept_id, int64_t gone_id, int64_t *ret_company,
		     struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(2 * MERGE_ARENA);
	struct contact kept, gone;

	if (kept_id == gone_id)
		return FAIL(e, RC_INVALID, "a contact cannot be merged with itself");
	TRY(contact_load(tx->db, kept_id, &a, &kept, e));
	TRY(contact_load(tx->db, gone_id, &a, &gone, e));
	if (kept.company_id != gone.company_id)
		return FAIL(e, RC_INVALID, "the contacts belong to two companies");
	if (kept.group || gone.group)
		return FAIL(e, RC_INVALID, "a group is nobody else");
	if (kept.merged_into != 0 || gone.merged_into != 0)
		return FAIL(e, RC_INVALID, "one of the contacts was merged before");
	*ret_company = kept.company_id;
	return RC_OK;
}

static enum rc begin(struct tx *tx, const struct merge *m, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MERGE_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", m->company_id);
	stmt_bind_i64(&s, "kept_id", m->kept_id);
	stmt_bind_i64(&s, "gone_id", m->gone_id);
	stmt_bind_str(&s, "reason", m->reason);
	stmt_bind_i64(&s, "at_ms", m->at_ms);
	TRY(stmt_run(&s, e));
	*ret_id = db_last_rowid(tx->db);
	return RC_OK;
}

struct pair {
	int64_t id, other_id; /* conversation of the one who goes; of the one who stays, 0: none */
};

static enum rc find_pairs(struct tx *tx, const struct merge *m, struct pair *ret, size_t *ret_count,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	size_t n = 0;
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_MERGE_CONVERSATIONS, &s, e));
	stmt_bind_i64(&s, "kept_id", m->kept_id);
	stmt_bind_i64(&s, "gone_id", m->gone_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		if (n == CONVERSATIONS_MAX)
			return FAIL(e, RC_INVALID, "a contact with more than %d conversations",
				    CONVERSATIONS_MAX);
		ret[n].id = stmt_i64(&s, "id");
		ret[n].other_id = stmt_i64(&s, "other_id");
		n++;
	}
	*ret_count = n;
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc tell(struct tx *tx, int64_t company_id, int64_t conversation_id, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_CONVERSATION,
				  .company_id = company_id,
				  .okey = conversation_id,
				  .prio = PRIO_NORMAL };

	return topic_publish(tx, &ev, e);
}

/* Both have a conversation on this channel: one is emptied into the other. */
static enum rc pour(struct tx *tx, const struct merge *m, const struct pair *p, struct err *e)
{
	const struct step steps[] = {
		{ Q_MERGE_NOTE_MESSAGES,
		  { "merge_id", "company_id", "conversation_id" },
		  { m->id, m->company_id, p->id } },
		{ Q_MERGE_MOVE_MESSAGES,
		  { "company_id", "from_id", "to_id" },
		  { m->company_id, p->id, p->other_id } },
		{ Q_MERGE_AGGREGATE, { "id", "from_id" }, { p->other_id, p->id } },
		{ Q_MERGE_CLOSE_CONVERSATION, { "id", "merged_into" }, { p->id, p->other_id } },
		{ Q_MERGE_TAKE_THREAD, { "id", "from_id" }, { p->other_id, p->id } },
	};

	for (size_t i = 0; i < COUNT(steps); i++)
		TRY(run(tx, &steps[i], e));
	if (db_changes(tx->db) > 0) /* of the last step: the thread in Chatwoot went along */
		TRY(note(tx, m->id, "thread", p->other_id, p->id, e));
	TRY(note(tx, m->id, "conversation", p->id, p->other_id, e));
	TRY(idem_also(tx, p->id, p->other_id, e));
	TRY(queue_rekey(tx, p->id, p->other_id, e));
	return tell(tx, m->company_id, p->other_id, e);
}

static enum rc hand_over(struct tx *tx, const struct merge *m, const struct pair *p, struct err *e)
{
	TRY(note(tx, m->id, "conversation", p->id, 0, e));
	TRY(run(tx,
		&(struct step){
			Q_MERGE_TAKE_CONVERSATION, { "id", "contact_id" }, { p->id, m->kept_id } },
		e));
	return tell(tx, m->company_id, p->id, e);
}

enum rc merge_contacts(struct tx *tx, int64_t kept_id, int64_t gone_id, enum merge_reason why,
		       int64_t *ret_merge_id, struct err *e)
{
	struct merge m = { .kept_id = kept_id,
			   .gone_id = gone_id,
			   .at_ms = tx->now_ms,
			   .reason = str_of(REASONS[why]) };
	struct pair pairs[CONVERSATIONS_MAX];
	size_t n = 0;

	TRY(check(tx, kept_id, gone_id, &m.company_id, e));
	TRY(begin(tx, &m, &m.id, e));
	{
		const struct step steps[] = {
			{ Q_MERGE_NOTE_ALIASES, { "merge_id", "gone_id" }, { m.id, gone_id } },
			{ Q_MERGE_MOVE_ALIASES, { "kept_id", "gone_id" }, { kept_id, gone_id } },
			{ Q_MERGE_CONTACT,
			  { "id", "from_id", "now_ms" },
			  { kept_id, gone_id, tx->now_ms } },
			{ Q_MERGE_MARK,
			  { "id", "merged_into", "now_ms" },
			  { gone_id, kept_id, tx->now_ms } },
		};

		for (size_t i = 0; i < COUNT(steps); i++)
			TRY(run(tx, &steps[i], e));
	}
	TRY(find_pairs(tx, &m, pairs, &n, e));
	for (size_t i = 0; i < n; i++)
		TRY(pairs[i].other_id != 0 ? pour(tx, &m, &pairs[i], e)
					   : hand_over(tx, &m, &pairs[i], e));
	*ret_merge_id = m.id;
	return RC_OK;
}

/* ---- undoing ---- */

struct unread {
	int64_t count, merged_into, company_id;
};

static enum rc unread_of(struct tx *tx, int64_t conversation_id, struct unread *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MERGE_UNREAD, &s, e));
	stmt_bind_i64(&s, "id", conversation_id);
	TRY(stmt_next(&s, e));
	ret->count = stmt_i64(&s, "unread_count");
	ret->merged_into = stmt_i64(&s, "merged_into");
	ret->company_id = stmt_i64(&s, "company_id");
	return RC_OK;
}

/* The messages that had moved go back, and both aggregates are counted anew. */
static enum rc pour_back(struct tx *tx, const struct merge *m, const struct pair *p, struct err *e)
{
	struct unread mine;

	TRY(unread_of(tx, p->id, &mine, e));
	const struct step steps[] = {
		{ Q_MERGE_UNDO_MESSAGES,
		  { "merge_id", "from_id", "to_id" },
		  { m->id, p->other_id, p->id } },
		{ Q_MERGE_CLOSE_CONVERSATION, { "id", "merged_into" }, { p->id, 0 } },
		{ Q_MERGE_RECOUNT,
		  { "id", "company_id", "unread_less" },
		  { p->id, mine.company_id, 0 } },
		{ Q_MERGE_RECOUNT,
		  { "id", "company_id", "unread_less" },
		  { p->other_id, mine.company_id, mine.count } },
	};

	for (size_t i = 0; i < COUNT(steps); i++)
		TRY(run(tx, &steps[i], e));
	TRY(idem_also(tx, p->other_id, p->id, e));
	TRY(tell(tx, mine.company_id, p->id, e));
	return tell(tx, mine.company_id, p->other_id, e);
}

static enum rc undo_move(struct tx *tx, const struct merge *m, bool thread, const struct pair *p,
			 struct err *e)
{
	if (thread)
		return run(tx, &(struct step){ Q_MERGE_DROP_THREAD, { "id" }, { p->id } }, e);
	if (p->other_id != 0)
		return pour_back(tx, m, p, e);
	TRY(run(tx,
		&(struct step){
			Q_MERGE_TAKE_CONVERSATION, { "id", "contact_id" }, { p->id, m->gone_id } },
		e));
	return tell(tx, m->company_id, p->id, e);
}

static enum rc undo_moves(struct tx *tx, const struct merge *m, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct pair moves[2 * CONVERSATIONS_MAX];
	bool thread[2 * CONVERSATIONS_MAX];
	size_t n = 0;
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_MERGE_MOVES, &s, e));
	stmt_bind_i64(&s, "merge_id", m->id);
	while ((rc = stmt_next(&s, e)) == RC_OK && n < COUNT(moves)) {
		thread[n] = str_eqc(stmt_str(&s, "what"), "thread");
		moves[n].id = stmt_i64(&s, "row");
		moves[n].other_id = stmt_i64(&s, "was");
		n++;
	}
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	for (size_t i = 0; i < n; i++)
		TRY(undo_move(tx, m, thread[i], &moves[i], e));
	return RC_OK;
}

static enum rc load(struct db *db, int64_t id, struct arena *a, struct merge *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct merge m = { 0 };

	TRY(row_begin(db, Q_MERGE_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	m.id = stmt_i64(&r.s, "id");
	m.company_id = stmt_i64(&r.s, "company_id");
	m.kept_id = stmt_i64(&r.s, "kept_id");
	m.gone_id = stmt_i64(&r.s, "gone_id");
	m.reason = row_str(&r, "reason");
	m.at_ms = stmt_i64(&r.s, "at_ms");
	m.undone_ms = stmt_i64(&r.s, "undone_ms");
	TRY(row_end(&r, e));
	*ret = m;
	return RC_OK;
}

enum rc merge_undo(struct tx *tx, int64_t merge_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(MERGE_ARENA);
	struct contact kept;
	struct merge m;

	TRY(load(tx->db, merge_id, &a, &m, e));
	if (m.undone_ms != 0)
		return FAIL(e, RC_CONFLICT, "this merge was undone before");
	TRY(contact_load(tx->db, m.kept_id, &a, &kept, e));
	if (kept.merged_into != 0)
		return FAIL(e, RC_CONFLICT, "the contact was merged into another one since");
	const struct step steps[] = {
		{ Q_MERGE_UNDO_ALIASES,
		  { "merge_id", "kept_id", "gone_id" },
		  { merge_id, m.kept_id, m.gone_id } },
		{ Q_MERGE_MARK, { "id", "merged_into", "now_ms" }, { m.gone_id, 0, tx->now_ms } },
		{ Q_MERGE_END, { "id", "now_ms" }, { merge_id, tx->now_ms } },
	};

	for (size_t i = 0; i < COUNT(steps); i++)
		TRY(run(tx, &steps[i], e));
	return undo_moves(tx, &m, e);
}

enum rc merge_is_refused(struct db *db, int64_t one_id, int64_t other_id, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_MERGE_UNDONE_BETWEEN, &s, e));
	stmt_bind_i64(&s, "one_id", one_id);
	stmt_bind_i64(&s, "other_id", other_id);
	rc = stmt_next(&s, e);
	*ret = rc == RC_OK;
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc merge_each(struct db *db, int64_t kept_id, merge_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_MERGE_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "kept_id", kept_id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct merge m = { .kept_id = kept_id };

		arena_reset(&a);
		m.id = stmt_i64(&r.s, "id");
		m.reason = row_str(&r, "reason");
		m.at_ms = stmt_i64(&r.s, "at_ms");
		m.undone_ms = stmt_i64(&r.s, "undone_ms");
		m.gone_id = stmt_i64(&r.s, "gone_id");
		m.gone_created_ms = stmt_i64(&r.s, "gone_created_ms");
		m.gone_name = row_str(&r, "gone_name");
		TRY(row_fits(&r, e));
		TRY(fn(arg, &m, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
