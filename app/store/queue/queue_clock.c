/* queue_clock.c - the clock was set back: what waits for a time of the old clock does not wait so long. */
#include "store/queue/queue_priv.h"

#define PULL_CHUNK 200 /* jobs of one unit */

struct pull {
	int64_t beyond_ms, after;
	int64_t ids[PULL_CHUNK];
	size_t n;
};

static enum rc pull_unit(struct tx *tx, void *arg, struct err *e)
{
	struct pull *p = arg;
	struct stmt s;
	enum rc rc;

	p->n = 0;
	TRY(stmt_begin(tx->db, Q_QUEUE_WAITING_BEYOND, &s, e));
	stmt_bind_i64(&s, "after", p->after);
	stmt_bind_i64(&s, "beyond", p->beyond_ms);
	stmt_bind_i64(&s, "first", queue_first_id(QUEUE_MESSAGES));
	stmt_bind_i64(&s, "last", queue_last_id(QUEUE_MESSAGES));
	stmt_bind_i64(&s, "limit", PULL_CHUNK);
	while ((rc = stmt_next(&s, e)) == RC_OK)
		p->ids[p->n++] = stmt_i64(&s, "id");
	if (rc != RC_ABSENT)
		return rc;
	for (size_t i = 0; i < p->n; i++)
		TRY(queue_hasten(tx, p->ids[i], e));
	return RC_OK;
}

enum rc queue_clock_back(struct store *st, int64_t beyond_ms, int64_t *ret_count, struct err *e)
{
	struct pull p = { .beyond_ms = beyond_ms };

	*ret_count = 0;
	do {
		TRY(store_write(st, STORE_NORMAL, pull_unit, &p, e));
		*ret_count += (int64_t)p.n;
		p.after = p.n > 0 ? p.ids[p.n - 1] : p.after;
	} while (p.n == PULL_CHUNK);
	queue_wake_beyond(store_queues(st), beyond_ms);
	return RC_OK;
}
