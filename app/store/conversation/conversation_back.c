/* conversation_back.c - see conversation_back.h. */
#include "store/conversation/conversation_back.h"

#include "store/conversation/conversation_state.h"
#include "store/row.h"

#define CHUNK 200

struct chunk {
	const struct conversation_back *b;
	int64_t ids[CHUNK];
	size_t n;
};

static void bind(struct stmt *s, const struct conversation_silences *d, int64_t now_ms)
{
	stmt_bind_i64(s, "loop_ms", now_ms + d->loop_ms);
	stmt_bind_i64(s, "human_ms", now_ms + d->human_ms);
	stmt_bind_i64(s, "handover_ms", now_ms + d->handover_ms);
}

static enum rc find(struct db *db, struct chunk *c, int64_t after, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	c->n = 0;
	TRY(stmt_begin(db, Q_CONVERSATION_BACK_LIST, &s, e));
	stmt_bind_i64(&s, "after", after);
	/* One that was set by the right clock years ago, or by the one that was ahead. */
	stmt_bind_i64(&s, "forever_ms", c->b->now_ms + CONVERSATION_FOREVER_MS / 2);
	bind(&s, &c->b->most, c->b->now_ms);
	stmt_bind_i64(&s, "limit", CHUNK);
	while ((rc = stmt_next(&s, e)) == RC_OK && c->n < CHUNK)
		c->ids[c->n++] = stmt_i64(&s, "id");
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc set_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct chunk *c = arg;

	for (size_t i = 0; i < c->n; i++) {
		AUTO(stmt_end) struct stmt s = { 0 };

		TRY(stmt_begin(tx->db, Q_CONVERSATION_BACK_SET, &s, e));
		stmt_bind_i64(&s, "id", c->ids[i]);
		stmt_bind_i64(&s, "now_ms", c->b->now_ms);
		bind(&s, &c->b->new, c->b->now_ms);
		TRY(stmt_run(&s, e));
	}
	return RC_OK;
}

enum rc conversation_back(struct store *st, const struct conversation_back *b, int64_t *ret_count,
			  struct err *e)
{
	struct chunk c = { .b = b };
	int64_t after = 0;

	*ret_count = 0;
	do {
		struct db *db = store_reader(st);
		enum rc rc = find(db, &c, after, e);

		store_reader_done(st, db);
		TRY(rc);
		if (c.n == 0)
			return RC_OK;
		TRY(store_write(st, STORE_NORMAL, set_unit, &c, e));
		*ret_count += (int64_t)c.n;
		after = c.ids[c.n - 1];
	} while (c.n == CHUNK);
	return RC_OK;
}
