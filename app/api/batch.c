/* batch.c - see batch.h. */
#include "api/batch.h"

enum rc batch_init(struct batch *b, batch_fn *run, struct arena *a, struct err *e)
{
	*b = (struct batch){ .run = run, .ids = arena_alloc(a, BATCH_MAX * sizeof(int64_t)) };
	return b->ids != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for a list of rows");
}

bool batch_add(struct batch *b, int64_t id)
{
	if (b->n == BATCH_MAX) {
		b->more = true;
		return false;
	}
	b->ids[b->n++] = id;
	return true;
}

static enum rc chunk_unit(struct tx *tx, void *arg, struct err *e)
{
	struct batch *b = arg;

	b->chunk_done = 0;
	b->chunk_skipped = 0;
	for (int i = b->from; i < b->to; i++) {
		struct err one = { .rc = RC_OK };
		enum rc rc = b->run(tx, b->ids[b->n - 1 - i], &one);

		if (rc == RC_ABSENT || rc == RC_REFUSED || rc == RC_CONFLICT)
			b->chunk_skipped++;
		else if (rc != RC_OK)
			return FAIL(e, rc, "%s", one.text);
		else
			b->chunk_done++;
	}
	return RC_OK;
}

enum rc batch_run(struct batch *b, struct store *st, struct err *e)
{
	for (b->from = 0; b->from < b->n; b->from = b->to) {
		b->to = b->n - b->from > BATCH_CHUNK ? b->from + BATCH_CHUNK : b->n;
		TRY(store_write(st, STORE_NORMAL, chunk_unit, b, e));
		b->done += b->chunk_done;
		b->skipped += b->chunk_skipped;
	}
	return RC_OK;
}
