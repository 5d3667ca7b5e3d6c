/* conversation_automatic.c - see conversation_automatic.h. */
#include "store/conversation_automatic.h"

#include "base/clock.h"
#include "store/row.h"

static const struct {
	int64_t ms;
	const char *text, *from, *count; /* columns */
} SPANS[AUTOMATIC_SPANS] = {
	[AUTOMATIC_MINUTE] = { MINUTE_MS, "a minute", "automatic_from_ms", "automatic_count" },
	[AUTOMATIC_HOUR] = { HOUR_MS, "an hour", "automatic_hour_ms", "automatic_hour_count" },
	[AUTOMATIC_DAY] = { DAY_MS, "a day", "automatic_day_ms", "automatic_day_count" },
};

enum rc conversation_automatic_load(struct db *db, int64_t id, struct conversation_automatic *ret,
				    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_AUTOMATIC_GET, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		ret->from_ms[i] = stmt_i64(&s, SPANS[i].from);
		ret->count[i] = stmt_i64(&s, SPANS[i].count);
	}
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
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		stmt_bind_i64(&s, SPANS[i].from, a->from_ms[i]);
		stmt_bind_i64(&s, SPANS[i].count, a->count[i]);
	}
	stmt_bind_i64(&s, "automation_off_until_ms", a->off_until_ms);
	return stmt_run(&s, e);
}

static bool runs(const struct conversation_automatic *a, int i, int64_t now_ms)
{
	return now_ms >= a->from_ms[i] && now_ms - a->from_ms[i] < SPANS[i].ms;
}

enum rc conversation_automatic_count(struct tx *tx, int64_t id, const struct automatic_limits *max,
				     struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		if (!runs(&a, i, tx->now_ms)) { /* over, or the clock went back */
			a.from_ms[i] = tx->now_ms;
			a.count[i] = 0;
		}
		if (a.count[i] >= max->max[i])
			return FAIL(e, RC_REFUSED,
				    "more than %lld automatic messages in %s: two machines may be "
				    "talking",
				    (long long)max->max[i], SPANS[i].text);
		a.count[i]++;
	}
	return put(tx, id, &a, e);
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

	TRY(conversation_automatic_load(db, id, &a, e));
	*ret_ms = i64_max(now_ms, next_question_ms(&a, max->max[AUTOMATIC_MINUTE], now_ms));
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		if (a.count[i] * 2 > max->max[i] && runs(&a, i, now_ms))
			*ret_ms = i64_max(*ret_ms, a.from_ms[i] + SPANS[i].ms);
	}
	return RC_OK;
}

enum rc conversation_automatic_stop(struct tx *tx, int64_t id, int64_t until_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	a.off_until_ms = i64_max(a.off_until_ms, until_ms);
	for (int i = 0; i < AUTOMATIC_SPANS; i++)
		a.from_ms[i] = a.count[i] = 0;
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
