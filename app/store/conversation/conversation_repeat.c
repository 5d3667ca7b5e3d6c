/* conversation_repeat.c - see conversation_repeat.h. */
#include "store/conversation/conversation_repeat.h"

#include "base/clock.h"
#include "store/row.h"

/* Walks from the newest message into the past. */
struct walk {
	int64_t newest_ms, last_ms, rows, turns;
	uint64_t words, answer; /* of the first turn */
	uint64_t lines;         /* of the answer that is being read */
	int line_count;
};

static bool words_go_on(struct walk *w, uint64_t words)
{
	if (w->rows == 0) { /* the one that is to be answered now */
		w->words = words;
		return true;
	}
	if (words != w->words || w->line_count == 0)
		return false;
	if (w->turns == 0)
		w->answer = w->lines;
	if (w->lines != w->answer)
		return false;
	w->turns++;
	w->lines = 0;
	w->line_count = 0;
	return true;
}

/* False: here it was something else. */
static bool goes_on(struct walk *w, struct stmt *s)
{
	bool customers = str_eqc(stmt_str(s, "direction"), "inbound"), on;
	bool text = str_eqc(stmt_str(s, "type"), "text");
	uint64_t said = str_hash(stmt_str(s, "content"));
	int64_t at_ms = stmt_i64(s, "timestamp");

	if (!text)
		return false;
	if (w->rows == 0)
		w->newest_ms = w->last_ms = at_ms;
	if (w->last_ms - at_ms > CONVERSATION_REPEAT_PAUSE_MS)
		return false;
	w->last_ms = at_ms;
	if (customers) {
		on = words_go_on(w, said);
	} else {
		w->lines = w->lines * 31 + said;
		on = w->rows > 0 && ++w->line_count <= CONVERSATION_REPEAT_LINES;
	}
	w->rows++;
	return on;
}

enum rc conversation_repeats(struct db *db, int64_t id, int64_t turns, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct walk w = { .rows = 0 };
	enum rc rc = RC_OK;

	*ret = false;
	if (turns == 0)
		return RC_OK;
	TRY(stmt_begin(db, Q_CONVERSATION_AUTOMATIC_LAST, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "limit", turns * (CONVERSATION_REPEAT_LINES + 1) + 1);
	while (w.turns < turns && (rc = stmt_next(&s, e)) == RC_OK)
		if (!goes_on(&w, &s))
			return RC_OK;
	*ret = w.turns == turns && w.newest_ms - w.last_ms >= CONVERSATION_REPEAT_SPAN_MS;
	return rc == RC_ABSENT ? RC_OK : rc;
}
