/* message_status.c - the words for what became of a message, which may follow which, and the history. */
#include "store/message.h"

#include "store/row.h"

static const struct {
	const char *text;
	int rank;
} STATUSES[] = {
#define STATUS(name, text, rank) [MESSAGE_##name] = { text, rank },
#include "store/message_status.def"
#undef STATUS
};

const char *message_status_text(enum message_status s)
{
	ASSERT((unsigned)s < MESSAGE_STATUSES);
	return STATUSES[s].text;
}

bool message_status_parse(struct str text, enum message_status *ret)
{
	for (size_t i = 0; i < COUNT(STATUSES); i++)
		if (str_eqc(text, STATUSES[i].text)) {
			*ret = (enum message_status)i;
			return true;
		}
	return false;
}

bool message_status_may(enum message_status from, enum message_status to)
{
	int delivered = STATUSES[MESSAGE_DELIVERED].rank;

	if (to == MESSAGE_FAILED)
		return from != MESSAGE_FAILED && STATUSES[from].rank < delivered;
	if (from == MESSAGE_FAILED)
		return STATUSES[to].rank >=
		       delivered; /* a device has it, whatever was said before */
	return STATUSES[to].rank > STATUSES[from].rank;
}

enum rc message_status_each(struct db *db, int64_t id, message_status_each_fn *fn, void *arg,
			    struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_MESSAGE_STATUS_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		const char *status;
		int64_t at_ms;
		struct str error;

		arena_reset(&a);
		status = row_text(&r, "status");
		at_ms = stmt_i64(&r.s, "at_ms");
		error = row_str(&r, "error");
		TRY(row_fits(&r, e));
		TRY(fn(arg, status, at_ms, error, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
