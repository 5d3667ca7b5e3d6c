/* conversation_automatic.c - see conversation_automatic.h. */
#include "store/conversation/conversation_automatic.h"

#include "base/clock.h"
#include "store/row.h"

static const struct {
	int64_t ms;
	const char *text, *from, *count, *turn_from, *turn_count; /* columns */
} SPANS[AUTOMATIC_SPANS] = {
	[AUTOMATIC_MINUTE] = { MINUTE_MS, "a minute", "automatic_from_ms", "automatic_count", NULL,
			       NULL },
	[AUTOMATIC_HOUR] = { HOUR_MS, "an hour", "automatic_hour_ms", "automatic_hour_count",
			     "turn_hour_ms", "turn_hour_count" },
	[AUTOMATIC_DAY] = { DAY_MS, "a day", "automatic_day_ms", "automatic_day_count",
			    "turn_day_ms", "turn_day_count" },
};

enum rc conversation_automatic_load(struct db *db, int64_t id, struct conversation_automatic *ret,
				    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_AUTOMATIC_GET, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	*ret = (struct conversation_automatic){ .asked_ms = 0 };
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		ret->messages.from_ms[i] = stmt_i64(&s, SPANS[i].from);
		ret->messages.count[i] = stmt_i64(&s, SPANS[i].count);
	}
	ret->waits = stmt_i64(&s, "turn_waits") != 0;
	for (int i = AUTOMATIC_HOUR; i < AUTOMATIC_SPANS; i++) {
		ret->turns.from_ms[i] = stmt_i64(&s, SPANS[i].turn_from);
		ret->turns.count[i] = stmt_i64(&s, SPANS[i].turn_count);
	}
	ret->off_from_ms = stmt_i64(&s, "automation_off_from_ms");
	ret->off_until_ms = stmt_i64(&s, "automation_off_until_ms");
	ret->off_by_loop = str_eqc(stmt_str(&s, "automation_off_why"), "loop");
	ret->asked_ms = stmt_i64(&s, "workflow_asked_ms");
	ret->asked_hop = stmt_i64(&s, "workflow_hop");
	ret->asked_from_ms = stmt_i64(&s, "workflow_from_ms");
	ret->asked_count = stmt_i64(&s, "workflow_count");
	return RC_OK;
}

static enum rc put(struct tx *tx, int64_t id, const struct conversation_automatic *a, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_AUTOMATIC_SET, &s, e));
	stmt_bind_i64(&s, "id", id);
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		stmt_bind_i64(&s, SPANS[i].from, a->messages.from_ms[i]);
		stmt_bind_i64(&s, SPANS[i].count, a->messages.count[i]);
	}
	stmt_bind_i64(&s, "turn_waits", a->waits);
	for (int i = AUTOMATIC_HOUR; i < AUTOMATIC_SPANS; i++) {
		stmt_bind_i64(&s, SPANS[i].turn_from, a->turns.from_ms[i]);
		stmt_bind_i64(&s, SPANS[i].turn_count, a->turns.count[i]);
	}
	stmt_bind_i64(&s, "automation_off_from_ms", a->off_from_ms);
	stmt_bind_i64(&s, "automation_off_until_ms", a->off_until_ms);
	return stmt_run(&s, e);
}

/* Not over, and the clock did not go back. */
static bool runs(int64_t from_ms, int64_t ms, int64_t now_ms)
{
	return now_ms >= from_ms && now_ms - from_ms < ms;
}

static bool span_runs(const struct automatic_counts *c, int i, int64_t now_ms)
{
	return runs(c->from_ms[i], SPANS[i].ms, now_ms);
}

/* One more in span i. */
static bool add(struct automatic_counts *c, int i, int64_t max, int64_t now_ms)
{
	if (!span_runs(c, i, now_ms)) {
		c->from_ms[i] = now_ms;
		c->count[i] = 0;
	}
	return c->count[i]++ < max;
}

enum rc conversation_automatic_count(struct tx *tx, int64_t id, const struct automatic_limits *max,
				     struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	for (int i = 0; i < AUTOMATIC_SPANS; i++) {
		if (!add(&a.messages, i, max->max[i], tx->now_ms))
			return FAIL(e, RC_REFUSED,
				    "more than %lld automatic messages in %s: two machines may be "
				    "talking",
				    (long long)max->max[i], SPANS[i].text);
	}
	a.waits = false;
	return put(tx, id, &a, e);
}

enum rc conversation_automatic_turn(struct tx *tx, int64_t id, const struct automatic_limits *max,
				    struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	for (int i = AUTOMATIC_HOUR; i < AUTOMATIC_SPANS; i++) {
		if (!add(&a.turns, i, max->max[i], tx->now_ms))
			return FAIL(e, RC_REFUSED,
				    "more than %lld answers to new messages of the customer in %s: "
				    "two machines may be talking",
				    (long long)max->max[i], SPANS[i].text);
	}
	a.waits = false;
	return put(tx, id, &a, e);
}

enum rc conversation_automatic_answered(struct tx *tx, int64_t id, struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	a.waits = false;
	return put(tx, id, &a, e);
}

/* The pace of questions, for workflows that answer later: nothing is counted yet when the next could be asked. */
static int64_t next_question_ms(const struct conversation_automatic *a, int64_t per_minute,
				int64_t now_ms)
{
	return a->asked_ms == 0 || now_ms < a->asked_ms ? 0
							: a->asked_ms + 2 * MINUTE_MS / per_minute;
}

/* No more is left than half of it or, of a long span, what one minute may have: who waited a minute must not wait an hour while
 * there is room. */
static bool nearly_full(const struct automatic_counts *c, int i, const struct automatic_limits *max)
{
	return c->count[i] >
	       max->max[i] - i64_min((max->max[i] + 1) / 2, max->max[AUTOMATIC_MINUTE]);
}

enum rc conversation_automatic_room(struct db *db, const struct automatic_question *q,
				    const struct automatic_limits *max, int64_t now_ms,
				    int64_t *ret_ms, struct err *e)
{
	int64_t per_minute = max->max[AUTOMATIC_MINUTE];
	struct conversation_automatic a;

	TRY(conversation_automatic_load(db, q->conversation_id, &a, e));
	*ret_ms = now_ms;
	if (a.asked_count * 2 > per_minute && runs(a.asked_from_ms, MINUTE_MS, now_ms))
		*ret_ms = a.asked_from_ms + MINUTE_MS;
	if (q->waited)
		*ret_ms = i64_max(*ret_ms, next_question_ms(&a, per_minute, now_ms));
	for (int i = 0; i < (q->waited ? AUTOMATIC_SPANS : AUTOMATIC_HOUR); i++) {
		if (nearly_full(&a.messages, i, max) && span_runs(&a.messages, i, now_ms))
			*ret_ms = i64_max(*ret_ms, a.messages.from_ms[i] + SPANS[i].ms);
	}
	return RC_OK;
}

enum rc conversation_automatic_heard(struct db *db, const struct automatic_heard *h, bool *ret,
				     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_AUTOMATIC_HEARD, &s, e));
	stmt_bind_i64(&s, "company_id", h->company_id);
	stmt_bind_i64(&s, "id", h->conversation_id);
	stmt_bind_i64(&s, "after_ms", h->after_ms);
	stmt_bind_i64(&s, "limit", h->max + 1);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "n") > h->max;
	return RC_OK;
}

int conversation_automatic_full(const struct automatic_counts *c,
				const struct automatic_limits *max, int64_t now_ms)
{
	int i = AUTOMATIC_SPANS - 1;

	while (i >= 0 && (c->count[i] < max->max[i] || !span_runs(c, i, now_ms)))
		i--;
	return i;
}

enum rc conversation_automatic_stop(struct tx *tx, int64_t id, int64_t until_ms,
				    const struct automatic_limits *max, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct conversation_automatic a;
	bool persons;
	int tripped;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	if (!a.off_by_loop || a.off_until_ms <= tx->now_ms - MINUTE_MS) /* else it goes on */
		a.off_from_ms = tx->now_ms;
	tripped = conversation_automatic_full(&a.messages, max, tx->now_ms);
	if (tripped == AUTOMATIC_DAY)
		until_ms = i64_max(until_ms, a.messages.from_ms[AUTOMATIC_DAY] + DAY_MS);
	persons = !a.off_by_loop && a.off_until_ms > until_ms; /* resolved, it ends */
	a.off_until_ms = i64_max(a.off_until_ms, until_ms);
	for (int i = 0; i <= tripped; i++)
		a.messages.from_ms[i] = a.messages.count[i] = 0;
	TRY(put(tx, id, &a, e));
	if (persons)
		return RC_OK;
	/* Whatever silenced it before: now it is the breaker. */
	TRY(stmt_begin(tx->db, Q_CONVERSATION_STATE_AUTOMATION, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "until_ms", a.off_until_ms);
	stmt_bind_text(&s, "why", "loop");
	return stmt_run(&s, e);
}

static enum rc put_asked(struct tx *tx, int64_t id, const struct conversation_automatic *a,
			 struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_AUTOMATIC_ASKED, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "asked_ms", a->asked_ms);
	stmt_bind_i64(&s, "hop", a->asked_hop);
	stmt_bind_i64(&s, "from_ms", a->asked_from_ms);
	stmt_bind_i64(&s, "count", a->asked_count);
	return stmt_run(&s, e);
}

enum rc conversation_automatic_asked(struct tx *tx, int64_t id, int64_t hop,
				     struct conversation_automatic *ret_before, struct err *e)
{
	struct conversation_automatic a;

	TRY(conversation_automatic_load(tx->db, id, &a, e));
	if (ret_before != NULL)
		*ret_before = a;
	if (!runs(a.asked_from_ms, MINUTE_MS, tx->now_ms)) {
		a.asked_from_ms = tx->now_ms;
		a.asked_count = 0;
	}
	a.asked_count++;
	a.asked_ms = tx->now_ms;
	a.asked_hop = hop;
	return put_asked(tx, id, &a, e);
}

enum rc conversation_automatic_unasked(struct tx *tx, int64_t id,
				       const struct conversation_automatic *before,
				       int64_t asked_ms, struct err *e)
{
	struct conversation_automatic now;

	TRY(conversation_automatic_load(tx->db, id, &now, e));
	return now.asked_ms == asked_ms ? put_asked(tx, id, before, e) : RC_OK;
}
