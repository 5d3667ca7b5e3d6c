/* receipt.c - see receipt.h. */
#include "store/receipt.h"

#include "base/sbuf.h"
#include "store/queue/queue_priv.h"
#include "store/row.h"

/* ---- reading numbers ---- */

static enum rc number(struct stmt *s, const char *name, int64_t *ret, struct err *e)
{
	TRY(stmt_next(s, e));
	*ret = stmt_i64(s, name);
	stmt_end(s);
	return RC_OK;
}

static enum rc newest_job(struct db *db, enum queue_id q, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_RECEIPT_NEWEST, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q));
	stmt_bind_i64(&s, "last", queue_last_id(q));
	return number(&s, "id", ret, e);
}

static enum rc jobs_up_to(struct db *db, enum queue_id q, int64_t last, int64_t lane, int64_t *ret,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	*ret = 0;
	if (last < queue_first_id(q) || !RECEIPT_COUNTS(q))
		return RC_OK;
	TRY(stmt_begin(db, Q_RECEIPT_JOBS, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q));
	stmt_bind_i64(&s, "last", last);
	stmt_bind_i64(&s, "lane", lane);
	return number(&s, "n", ret, e);
}

/* ---- making ---- */

/* What the refs of a queue's jobs are. */
static const char *about(enum queue_id q)
{
	static const char *const ABOUT[QUEUE_COUNT] = {
		[QUEUE_WEBHOOKS] = "delivery",    [QUEUE_MEDIA] = "message",
		[QUEUE_ACTS] = "message",         [QUEUE_SUPPORT_STATUS] = "message",
		[QUEUE_SUPPORT_FILE] = "message", [QUEUE_SUPPORT_AGENT] = "conversation",
	};

	return ABOUT[q] != NULL ? ABOUT[q] : "event";
}

static enum rc add_jobs(struct tx *tx, int64_t receipt_id, enum queue_id q, int64_t lane,
			struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (!RECEIPT_COUNTS(q))
		return RC_OK;
	TRY(stmt_begin(tx->db, Q_RECEIPT_ADD_JOBS, &s, e));
	stmt_bind_i64(&s, "receipt_id", receipt_id);
	stmt_bind_i64(&s, "first", queue_first_id(q));
	stmt_bind_i64(&s, "last", queue_last_id(q));
	stmt_bind_i64(&s, "lane", lane);
	stmt_bind_text(&s, "about", about(q));
	stmt_bind_i64(&s, "limit", RECEIPT_JOBS_MAX);
	return stmt_run(&s, e);
}

static enum rc trim(struct tx *tx, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RECEIPT_TRIM, &s, e));
	stmt_bind_i64(&s, "keep", RECEIPTS_KEPT);
	TRY(stmt_run(&s, e));
	TRY(stmt_begin(tx->db, Q_RECEIPT_CAUGHT_TRIM, &s, e));
	stmt_bind_i64(&s, "before_ms", tx->now_ms - RECEIPT_CAUGHT_MS);
	return stmt_run(&s, e);
}

static enum rc add(struct tx *tx, const struct receipt *r, int64_t lane, struct err *e)
{
	AUTO(sbuf_release) struct sbuf bounds = SBUF(RECEIPT_BOUNDS_MAX);
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t newest, id;

	sbuf_i64(&bounds, lane);
	for (int q = 0; q < QUEUE_COUNT; q++) {
		TRY(newest_job(tx->db, (enum queue_id)q, &newest, e));
		sbuf_char(&bounds, ' ');
		sbuf_i64(&bounds, newest);
	}
	ASSERT(sbuf_ok(&bounds));
	TRY(stmt_begin(tx->db, Q_RECEIPT_ADD, &s, e));
	stmt_bind_str(&s, "kind", r->kind);
	stmt_bind_str(&s, "subject", r->subject);
	stmt_bind_i64(&s, "from_ms", r->from_ms);
	stmt_bind_i64(&s, "to_ms", r->to_ms);
	stmt_bind_i64(&s, "found", r->found);
	stmt_bind_str(&s, "bounds", sbuf_view(&bounds));
	TRY(stmt_run(&s, e));
	id = db_last_rowid(tx->db);
	for (int q = 0; q < QUEUE_COUNT; q++)
		TRY(add_jobs(tx, id, (enum queue_id)q, lane, e));
	return trim(tx, e);
}

enum rc receipt_caught(struct tx *tx, const struct receipt_catch *c, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_RECEIPT_CAUGHT, &s, e));
	stmt_bind_i64(&s, "target_id", c->target_id);
	stmt_bind_i64(&s, "written_ms", c->written_ms);
	stmt_bind_i64(&s, "message_id", c->message_id);
	stmt_bind_i64(&s, "chatwoot_message_id", c->chatwoot_message_id);
	return stmt_run(&s, e);
}

/* The end of the run before. *ret_from_ms 0: there was none. */
static enum rc last_run(struct db *db, int64_t boot, int64_t *ret_from_ms, bool *ret_crash,
			struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t stopped_ms, alive_ms;
	enum rc rc;

	*ret_from_ms = 0;
	TRY(stmt_begin(db, Q_RECEIPT_STOP, &s, e));
	stmt_bind_i64(&s, "boot", boot);
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	stopped_ms = stmt_i64(&s, "stopped_ms");
	alive_ms = stmt_i64(&s, "started_ms");
	alive_ms = i64_max(alive_ms, stmt_i64(&s, "alive_ms"));
	alive_ms = i64_max(alive_ms, stmt_i64(&s, "minute") * MINUTE_MS);
	alive_ms = i64_max(alive_ms, stmt_i64(&s, "event_ms"));
	alive_ms = i64_max(alive_ms, stmt_i64(&s, "delivery_ms"));
	*ret_crash = stopped_ms == 0;
	*ret_from_ms = stopped_ms != 0 ? stopped_ms : alive_ms;
	return RC_OK;
}

enum rc receipt_start(struct tx *tx, int64_t boot, int64_t to_ms, int64_t found, struct err *e)
{
	struct receipt r = { .subject = STR("box"), .to_ms = to_ms, .found = found };
	bool crash = false;

	TRY(last_run(tx->db, boot, &r.from_ms, &crash, e));
	if (r.from_ms == 0 || (!crash && to_ms - r.from_ms < RECEIPT_SHORTEST_MS))
		return RC_OK;
	r.from_ms = i64_min(r.from_ms, to_ms); /* a clock that was set back */
	r.kind = crash ? STR("crash") : STR("stop");
	return add(tx, &r, 0, e);
}

enum rc receipt_peer(struct tx *tx, const char *kind, const char *subject, int64_t target_id,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct receipt r = { .kind = STR("peer"), .subject = str_of(subject), .to_ms = tx->now_ms };
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_RECEIPT_OUTAGE, &s, e));
	stmt_bind_text(&s, "kind", kind);
	stmt_bind_text(&s, "subject", subject);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	r.from_ms = stmt_i64(&s, "opened_ms");
	stmt_end(&s);
	if (r.to_ms - r.from_ms < RECEIPT_SHORTEST_MS)
		return RC_OK;
	for (int q = 0; q < QUEUE_COUNT; q++) {
		int64_t n;

		TRY(jobs_up_to(tx->db, (enum queue_id)q, queue_last_id((enum queue_id)q), target_id,
			       &n, e));
		r.found += n;
	}
	return add(tx, &r, target_id, e);
}

/* ---- what became of it ---- */

static enum rc count_open(struct db *db, const struct receipt *r, int64_t *ret_open, struct err *e)
{
	struct str rest = r->bounds, part;
	int64_t lane = 0, last, n;

	*ret_open = 0;
	if (!str_cut(&rest, ' ', &part) || !str_i64(part, 0, INT64_MAX, &lane))
		return FAIL(e, RC_INVALID, "a receipt without bounds");
	for (int q = 0; q < QUEUE_COUNT && str_cut(&rest, ' ', &part); q++) {
		if (!str_i64(part, 0, INT64_MAX, &last))
			return FAIL(e, RC_INVALID, "a receipt without bounds");
		TRY(jobs_up_to(db, (enum queue_id)q, last, lane, &n, e));
		*ret_open += n;
	}
	return RC_OK;
}

static enum rc count_lost(struct db *db, int64_t *ret, struct err *e)
{
	*ret = 0;
	for (int q = 0; q < QUEUE_COUNT; q++) {
		struct queue_counts n = { 0 };
		struct err why = { .rc = RC_OK };
		enum rc rc = queue_prove(db, (enum queue_id)q, &n, &why);

		if (rc != RC_OK && rc != RC_CONFLICT)
			return FAIL(e, rc, "%s", why.text);
		*ret += n.accepted - n.done - n.discarded - n.dead - n.waiting;
	}
	return RC_OK;
}

enum rc receipt_review(struct tx *tx, const struct receipt *r, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct receipt now = *r;

	TRY(count_open(tx->db, r, &now.open, e));
	if (now.open == 0 || tx->now_ms - r->to_ms > DAY_MS) {
		TRY(count_lost(tx->db, &now.lost, e));
		now.settled_ms = tx->now_ms;
	}
	TRY(stmt_begin(tx->db, Q_RECEIPT_UPDATE, &s, e));
	stmt_bind_i64(&s, "id", r->id);
	stmt_bind_i64(&s, "open", now.open);
	stmt_bind_i64(&s, "lost", now.lost);
	stmt_bind_i64(&s, "settled_ms", now.settled_ms);
	return stmt_run(&s, e);
}

enum rc receipt_each(struct db *db, int64_t before_id, int limit, receipt_each_fn *fn, void *arg,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_RECEIPT_LIST, &s, e));
	stmt_bind_i64(&s, "listed", RECEIPT_JOBS_MAX);
	stmt_bind_i64(&s, "before_id", before_id > 0 ? before_id : INT64_MAX);
	stmt_bind_i64(&s, "limit", row_limit(limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct receipt r;

		r.id = stmt_i64(&s, "id");
		r.kind = stmt_str(&s, "kind");
		r.subject = stmt_str(&s, "subject");
		r.from_ms = stmt_i64(&s, "from_ms");
		r.to_ms = stmt_i64(&s, "to_ms");
		r.found = stmt_i64(&s, "found");
		r.caught = stmt_i64(&s, "caught");
		r.open = stmt_i64(&s, "open");
		r.dead = stmt_i64(&s, "dead");
		r.unknown = stmt_i64(&s, "unknown");
		r.lost = stmt_i64(&s, "lost");
		r.bounds = stmt_str(&s, "bounds");
		r.settled_ms = stmt_i64(&s, "settled_ms");
		TRY(fn(arg, &r, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
