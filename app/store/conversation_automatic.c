/* conversation_automatic.c - see conversation_automatic.h. */
#include "store/conversation_automatic.h"

#include "base/clock.h"
#include "store/row.h"

enum rc conversation_automatic_load(struct db *db, int64_t id, struct conversation_automatic *ret,
				    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_AUTOMATIC_GET, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	ret->minute_ms = stmt_i64(&s, "automatic_from_ms");
	ret->minute_count = stmt_i64(&s, "automatic_count");
	ret->hour_ms = stmt_i64(&s, "automatic_hour_ms");
	ret->hour_count = stmt_i64(&s, "automatic_hour_count");
	ret->off_until_ms = stmt_i64(&s, "automation_off_until_ms");
	ret->off_by_loop = str_eqc(stmt_str(&s, "automation_off_why"), "loop");
	ret->asked_ms = stmt_i64(&s, "workflow_asked_ms");
	ret->asked_hop = stmt_i64(&s, "workflow_hop");
	return RC_OK;
}

static enum rc put(struct tx *tx, int64_t id, const struct conversation_automatic *a, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_AUTOMATIC_SET, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "automatic_from_ms", a->minute_ms);
	stmt_bind_i64(&s, "automatic_count", a->minute_count);
	stmt_bind_i64(&s, "automatic_hour_ms", a->hour_ms);
	stmt_bind_i64(&s, "automatic_hour_count", a->hour_count);
	stmt_bind_i64(&s, "automation_off_until_ms", a->off_until_ms);
	return stmt_run(&s, e);
}

/* A span that is over, or lies in the future because the clock went back, begins afresh. */
static void begin(int64_t *from_ms, int64_t *count, int64_t span_ms, int64_t now_ms)
{
	if (now_ms >= *from_ms && now_ms - *from_ms < span_ms)
		return;
	*from_ms = now_ms;
	*count = 0;
}

static enum rc too_many(int64_t n, const char *span, struct err *e)
{
	return FAIL(e, RC_REFUSED,
		    "more than %lld automatic messages in %s: two machines may be talking",
		    (long long)n, span);
}

enum rc conversation_automatic_count(struct tx *tx, int64_t id, const struct automatic_limits *max,
				     struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	begin(&a.minute_ms, &a.minute_count, MINUTE_MS, tx->now_ms);
	begin(&a.hour_ms, &a.hour_count, HOUR_MS, tx->now_ms);
	if (a.minute_count >= max->per_minute)
		return too_many(max->per_minute, "a minute", e);
	if (a.hour_count >= max->per_hour)
		return too_many(max->per_hour, "an hour", e);
	a.minute_count++;
	a.hour_count++;
	return put(tx, id, &a, e);
}

/* The end of a span that is more than half full; 0: there is room in it. */
static int64_t ends_ms(int64_t from_ms, int64_t count, int64_t max, int64_t span_ms, int64_t now_ms)
{
	return count * 2 <= max || now_ms < from_ms ? 0 : from_ms + span_ms;
}

/* The pace of questions, for workflows that answer later: nothing is counted yet when the next could be asked. */
static int64_t next_question_ms(const struct conversation_automatic *a, int64_t per_minute,
				int64_t now_ms)
{
	return a->asked_ms == 0 || now_ms < a->asked_ms ? 0
							: a->asked_ms + 2 * MINUTE_MS / per_minute;
}

enum rc conversation_automatic_room(struct db *db, int64_t id, const struct automatic_limits *max,
				    int64_t now_ms, int64_t *ret_ms, struct err *e)
{
	struct conversation_automatic a;
	int64_t minute, hour, next;

	TRY(conversation_automatic_load(db, id, &a, e));
	minute = ends_ms(a.minute_ms, a.minute_count, max->per_minute, MINUTE_MS, now_ms);
	hour = ends_ms(a.hour_ms, a.hour_count, max->per_hour, HOUR_MS, now_ms);
	next = next_question_ms(&a, max->per_minute, now_ms);
	*ret_ms = i64_max(i64_max(now_ms, next), i64_max(minute, hour));
	return RC_OK;
}

enum rc conversation_automatic_stop(struct tx *tx, int64_t id, int64_t until_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	a.off_until_ms = i64_max(a.off_until_ms, until_ms);
	a.minute_ms = a.hour_ms = 0;
	a.minute_count = a.hour_count = 0;
	TRY(put(tx, id, &a, e));
	/* Whatever silenced it before: now it is the breaker. */
	TRY(stmt_begin(tx->db, Q_CONVERSATION_STATE_AUTOMATION, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "until_ms", a.off_until_ms);
	stmt_bind_text(&s, "why", "loop");
	return stmt_run(&s, e);
}

enum rc conversation_automatic_asked(struct tx *tx, int64_t id, int64_t hop, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_AUTOMATIC_ASKED, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	stmt_bind_i64(&s, "hop", hop);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_ABSENT, "no such conversation");
}
