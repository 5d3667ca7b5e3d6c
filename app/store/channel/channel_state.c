/* channel_state.c - see channel_state.h: facts, the journal, the counters of hours. */
#include "store/channel/channel_state.h"

#include "store/row.h"

struct def {
	const char *name;
	enum channel_fact_kind kind;
};

static const struct def DEFS[CHANNEL_FACTS] = {
#define FACT(name, text, kind, help) [FACT_##name] = { text, CHANNEL_FACT_##kind },
#include "store/channel/channel_fact.def"
#undef FACT
};

const char *channel_fact_name(enum channel_fact f)
{
	ASSERT(f < CHANNEL_FACTS);
	return DEFS[f].name;
}

enum channel_fact_kind channel_fact_kind(enum channel_fact f)
{
	ASSERT(f < CHANNEL_FACTS);
	return DEFS[f].kind;
}

static bool fact_parse(struct str name, enum channel_fact *ret)
{
	for (unsigned f = 0; f < CHANNEL_FACTS; f++) {
		if (str_eqc(name, DEFS[f].name)) {
			*ret = (enum channel_fact)f;
			return true;
		}
	}
	return false;
}

/* ---- facts ---- */

/* False when it has this value already. */
static enum rc differs(struct tx *tx, int64_t channel_id, enum channel_fact f, struct str value,
		       bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_CHANNEL_FACT_GET, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_text(&s, "name", DEFS[f].name);
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		*ret = value.p != NULL;
	else if (rc == RC_OK)
		*ret = value.p == NULL || !str_eq(stmt_str(&s, "value"), value);
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc channel_fact_set(struct tx *tx, int64_t channel_id, enum channel_fact f, struct str value,
			 bool *ret_changed, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	bool changed = true;

	ASSERT(f < CHANNEL_FACTS);
	if (value.n > CHANNEL_VALUE_MAX)
		return FAIL(e, RC_LIMIT, "%s of a channel is longer than %zu bytes", DEFS[f].name,
			    (size_t)CHANNEL_VALUE_MAX);
	if (ret_changed != NULL)
		TRY(differs(tx, channel_id, f, value, &changed, e));
	TRY(stmt_begin(tx->db, value.p != NULL ? Q_CHANNEL_FACT_PUT : Q_CHANNEL_FACT_DROP, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_text(&s, "name", DEFS[f].name);
	if (value.p != NULL) {
		stmt_bind_str(&s, "value", value);
		stmt_bind_i64(&s, "now_ms", tx->now_ms);
	}
	TRY(stmt_run(&s, e));
	if (ret_changed != NULL)
		*ret_changed = changed;
	return RC_OK;
}

enum rc channel_fact_set_i64(struct tx *tx, int64_t channel_id, enum channel_fact f, int64_t value,
			     struct err *e)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	return channel_fact_set(tx, channel_id, f, str_of(text), NULL, e);
}

enum rc channel_fact_get(struct db *db, int64_t channel_id, enum channel_fact f, struct arena *a,
			 struct str *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	ASSERT(f < CHANNEL_FACTS);
	TRY(row_begin(db, Q_CHANNEL_FACT_GET, a, &r, e));
	stmt_bind_i64(&r.s, "channel_id", channel_id);
	stmt_bind_text(&r.s, "name", DEFS[f].name);
	TRY(stmt_next(&r.s, e));
	*ret = row_str(&r, "value");
	return row_end(&r, e);
}

enum rc channel_fact_get_i64(struct db *db, int64_t channel_id, enum channel_fact f,
			     int64_t otherwise, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	ASSERT(f < CHANNEL_FACTS);
	*ret = otherwise;
	TRY(stmt_begin(db, Q_CHANNEL_FACT_GET, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_text(&s, "name", DEFS[f].name);
	rc = stmt_next(&s, e);
	if (rc == RC_OK && !str_i64(stmt_str(&s, "value"), INT64_MIN, INT64_MAX, ret))
		*ret = otherwise;
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc channel_fact_each(struct db *db, int64_t channel_id, channel_fact_each_fn *fn, void *arg,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_CHANNEL_FACT_LIST, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct channel_fact_row r;
		struct str name = stmt_str(&s, "name");

		r.value = stmt_str(&s, "value");
		r.changed_ms = stmt_i64(&s, "changed_ms");
		r.seen_ms = stmt_i64(&s, "seen_ms");
		if (fact_parse(name, &r.fact)) /* else: of another version */
			TRY(fn(arg, &r, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* ---- traffic ---- */

enum rc channel_heard(struct tx *tx, int64_t channel_id, int64_t messages, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(channel_fact_set_i64(tx, channel_id, FACT_LAST_WEBHOOK, tx->now_ms, e));
	if (messages <= 0)
		return RC_OK;
	TRY(channel_fact_set_i64(tx, channel_id, FACT_LAST_INBOUND, tx->now_ms, e));
	TRY(stmt_begin(tx->db, Q_CHANNEL_HOUR_ADD, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "hour", tx->now_ms / HOUR_MS);
	stmt_bind_i64(&s, "messages", messages);
	return stmt_run(&s, e);
}

/* ---- the journal ---- */

enum rc channel_event_add(struct tx *tx, int64_t channel_id, const struct channel_event_row *r,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHANNEL_EVENT_ADD, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_str(&s, "field", r->field);
	stmt_bind_str(&s, "event", r->event.p != NULL ? r->event : STR(""));
	stmt_bind_i64(&s, "at_ms", r->at_ms > 0 ? r->at_ms : tx->now_ms);
	stmt_bind_i64(&s, "recorded_ms", tx->now_ms);
	stmt_bind_str(&s, "detail",
		      r->detail.n > 0 && r->detail.n <= CHANNEL_DETAIL_MAX ? r->detail : STR("{}"));
	return stmt_run(&s, e);
}

enum rc channel_event_each(struct db *db, int64_t channel_id, int limit, channel_event_each_fn *fn,
			   void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct channel_event_row r;
	enum rc rc;

	TRY(stmt_begin(db, Q_CHANNEL_EVENT_LIST, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "limit", row_limit(limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		r.id = stmt_i64(&s, "id");
		r.field = stmt_str(&s, "field");
		r.event = stmt_str(&s, "event");
		r.at_ms = stmt_i64(&s, "at_ms");
		r.recorded_ms = stmt_i64(&s, "recorded_ms");
		r.detail = stmt_str(&s, "detail");
		TRY(fn(arg, &r, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc channel_event_trim(struct tx *tx, int64_t channel_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHANNEL_EVENT_TRIM, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "keep", CHANNEL_EVENTS_KEPT);
	return stmt_run(&s, e);
}
