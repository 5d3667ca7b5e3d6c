/* outage.c - see outage.h. */
#include "flow/outage.h"

#include "base/log.h"
#include "store/queue/queue.h"
#include "store/receipt.h"

#define OPEN_MAX 20 /* of the newest */
#define TEXT_MAX RECEIPT_BOUNDS_MAX

struct begin {
	int64_t boot, now_ms, found;
};

static enum rc begin_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct begin *b = arg;

	return receipt_start(tx, b->boot, b->now_ms, b->found, e);
}

enum rc outage_begin(struct app *app, int64_t now_ms, struct err *e)
{
	struct begin b = { .boot = store_boot(app->store), .now_ms = now_ms };

	for (int q = 0; q < QUEUE_COUNT; q++) {
		struct queue_counts n;

		queue_get_counts(store_queues(app->store), (enum queue_id)q, now_ms, &n);
		if (RECEIPT_COUNTS(q))
			b.found += n.waiting + n.delayed + n.running;
	}
	return store_write(app->store, STORE_NORMAL, begin_unit, &b, e);
}

struct open {
	struct receipt receipt[OPEN_MAX];
	char bounds[OPEN_MAX][TEXT_MAX];
	int n;
};

static enum rc open_row(void *arg, const struct receipt *r, struct err *e)
{
	struct open *o = arg;

	(void)e;
	if (r->settled_ms != 0 || o->n == OPEN_MAX ||
	    !str_copy(r->bounds, o->bounds[o->n], TEXT_MAX))
		return RC_OK;
	o->receipt[o->n] = *r;
	o->receipt[o->n].bounds = str_of(o->bounds[o->n]);
	o->n++;
	return RC_OK;
}

static enum rc review_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct open *o = arg;

	for (int i = 0; i < o->n; i++)
		TRY(receipt_review(tx, &o->receipt[i], e));
	return RC_OK;
}

void outage_look(struct app *app)
{
	AUTO(arena_release) struct arena a = ARENA(sizeof(struct open) + 4 * KIB);
	struct open *o = arena_alloc(&a, sizeof(*o));
	struct err e = { .rc = RC_OK };
	struct db *db;
	enum rc rc;

	ASSERT(o != NULL);
	db = store_reader(app->store);
	rc = receipt_each(db, 0, OPEN_MAX, open_row, o, &e);
	store_reader_done(app->store, db);
	if (rc == RC_OK && o->n > 0)
		rc = store_write(app->store, STORE_NORMAL, review_unit, o, &e);
	if (rc != RC_OK)
		log_err(LOG_WARN, "outage.not_reviewed", &e);
}
