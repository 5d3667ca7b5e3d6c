/* channel_traffic.c - see channel_traffic.h. Hours are counted since 1970, so slot 0 is Thursday 00:00 UTC. */
#include "store/channel/channel_traffic.h"

#include "store/channel/channel_state.h"

#define LEARN_MAX_HOURS 336 /* at once; who was off for longer begins anew */

static enum rc learn_hour(struct tx *tx, int64_t channel_id, int64_t hour, int64_t messages,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHANNEL_USUAL_LEARN, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "slot", hour % CHANNEL_SLOTS);
	stmt_bind_i64(&s, "thousandths", messages * 1000);
	return stmt_run(&s, e);
}

/* Messages of the hours [from, to); to - from is at most LEARN_MAX_HOURS. */
static enum rc read_hours(struct tx *tx, int64_t channel_id, int64_t from, int64_t to,
			  int64_t counts[LEARN_MAX_HOURS], struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_CHANNEL_HOUR_LIST, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "from_hour", from);
	stmt_bind_i64(&s, "to_hour", to);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t hour = stmt_i64(&s, "hour");

		counts[hour - from] = stmt_i64(&s, "messages");
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc drop_hours(struct tx *tx, int64_t channel_id, int64_t before, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHANNEL_HOUR_DROP, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "before_hour", before);
	return stmt_run(&s, e);
}

enum rc channel_traffic_learn(struct tx *tx, int64_t channel_id, int64_t up_since_ms, struct err *e)
{
	int64_t counts[LEARN_MAX_HOURS] = { 0 };
	int64_t now = tx->now_ms / HOUR_MS, done_ms, from;

	TRY(channel_fact_get_i64(tx->db, channel_id, FACT_LEARNED_UNTIL, 0, &done_ms, e));
	from = i64_max(done_ms, up_since_ms + HOUR_MS - 1) / HOUR_MS;
	from = i64_max(from, now - LEARN_MAX_HOURS);
	if (from >= now)
		return RC_OK;
	TRY(read_hours(tx, channel_id, from, now, counts, e));
	for (int64_t h = from; h < now; h++)
		TRY(learn_hour(tx, channel_id, h, counts[h - from], e));
	TRY(drop_hours(tx, channel_id, now, e));
	return channel_fact_set_i64(tx, channel_id, FACT_LEARNED_UNTIL, now * HOUR_MS, e);
}

enum rc channel_traffic_expected(struct db *db, int64_t channel_id, int64_t from_ms, int64_t to_ms,
				 int64_t *ret_thousandths, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t usual[CHANNEL_SLOTS] = { 0 }, sum = 0;
	enum rc rc;

	TRY(stmt_begin(db, Q_CHANNEL_USUAL_LIST, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t slot = stmt_i64(&s, "slot");

		usual[slot] = stmt_i64(&s, "thousandths");
	}
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	from_ms = i64_max(from_ms, to_ms - 5 * 7 * DAY_MS);
	while (from_ms < to_ms) {
		int64_t end_ms = i64_min((from_ms / HOUR_MS + 1) * HOUR_MS, to_ms);

		sum += usual[from_ms / HOUR_MS % CHANNEL_SLOTS] * (end_ms - from_ms) / HOUR_MS;
		from_ms = end_ms;
	}
	*ret_thousandths = sum;
	return RC_OK;
}
