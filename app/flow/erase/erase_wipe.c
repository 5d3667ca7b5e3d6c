/* erase_wipe.c - what erased rows left behind is overwritten, a piece each second between the writes of others:
 *
 *   files    whose last message went are deleted
 *   indexes  the search index forgets the words: what is stale leaves it, then its segments are made one
 *   pages    free space of every page is zeroed (io/wipe.h)
 *   log      the write-ahead log is truncated: it held the pages of before
 *
 * Where it stands is in memory: after a crash it begins again, because the erasure still says `pages`. A second erasure
 * that comes meanwhile has its own turn. */
#include "base/clock.h"
#include "base/log.h"
#include "flow/erase/erase.h"
#include "flow/media/media_store.h"
#include "io/wipe.h"
#include "store/retention/erasure.h"
#include "store/search/search.h"

#define INDEX_PAGES 200 /* of the index that are written in one unit */
#define WIPE_PAGES  128 /* looked at in one unit */
#define UNITS       40  /* in one second */
#define UNITS_BUSY  4

enum stage { STAGE_FILES, STAGE_STALE, STAGE_MESSAGES, STAGE_CONTACTS, STAGE_PAGES, STAGE_LOG };

struct erase_wipe {
	enum stage stage;
	int64_t up_to_id; /* erasures that this pass is for */
	struct wipe pages;
	bool over; /* the stage */
};

/* ---- units ---- */

static enum rc stale_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erase_wipe *w = arg;
	bool more;

	TRY(search_fill(tx, &more, e));
	w->over = !more;
	return RC_OK;
}

static enum rc merge(struct tx *tx, enum search_index index, struct erase_wipe *w, struct err *e)
{
	bool more;

	TRY(search_merge(tx, index, INDEX_PAGES, &more, e));
	w->over = !more;
	return RC_OK;
}

static enum rc messages_unit(struct tx *tx, void *arg, struct err *e)
{
	return merge(tx, SEARCH_MESSAGES, arg, e);
}

static enum rc contacts_unit(struct tx *tx, void *arg, struct err *e)
{
	return merge(tx, SEARCH_CONTACTS, arg, e);
}

static enum rc pages_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erase_wipe *w = arg;
	enum rc rc = wipe_pages(tx->db, &w->pages, WIPE_PAGES, e);

	w->over = rc == RC_OK && w->pages.from == 0;
	return rc;
}

/* The log is truncated after this commit; the next unit asks again when somebody was reading in it. */
static enum rc log_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erase_wipe *w = arg;

	(void)e;
	store_empty_log(tx, &w->over);
	return RC_OK;
}

static enum rc done_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct erase_wipe *w = arg;

	return erasure_done(tx, w->up_to_id, e);
}

/* ---- stages ---- */

static enum rc step(struct app *app, struct erase_wipe *w, struct err *e)
{
	static store_unit *const UNITS_OF[] = {
		[STAGE_STALE] = stale_unit,       [STAGE_MESSAGES] = messages_unit,
		[STAGE_CONTACTS] = contacts_unit, [STAGE_PAGES] = pages_unit,
		[STAGE_LOG] = log_unit,
	};

	w->over = w->stage == STAGE_FILES;
	return w->stage == STAGE_FILES
		       ? media_finish_leaving(app, e)
		       : store_write(app->store, STORE_NORMAL, UNITS_OF[w->stage], w, e);
}

/* The newest erasure whose rows are gone; 0: none. */
static int64_t newest(struct app *app)
{
	struct db *db = store_reader(app->store);
	struct err e = { 0 };
	int64_t id = 0;
	enum rc rc;

	do
		rc = erasure_next(db, "pages", id, &id, &e);
	while (rc == RC_OK);
	if (rc != RC_ABSENT)
		log_err(LOG_WARN, "erase.not_seen", &e);
	store_reader_done(app->store, db);
	return id;
}

void erase_wipe_free(struct app *app)
{
	mem_free(app->wiping);
	app->wiping = NULL;
}

static void end(struct app *app, const struct erase_wipe *w, struct err *e)
{
	struct erase_wipe copy = *w;

	if (store_write(app->store, STORE_NORMAL, done_unit, &copy, e) != RC_OK)
		log_err(LOG_WARN, "erase.not_wiped", e);
	else
		log_event(LOG_INFO, "erase.wiped", "pages", LOG_I64(w->pages.wiped), NULL);
	erase_wipe_free(app);
}

static bool begin(struct app *app)
{
	int64_t id = app->wiping == NULL ? newest(app) : 0;

	if (id > 0) {
		app->wiping = mem_new(1, sizeof(*app->wiping));
		*app->wiping = (struct erase_wipe){ .up_to_id = id, .pages = { .from = 1 } };
	}
	return app->wiping != NULL;
}

bool erase_wipe(struct app *app, int64_t now_ms, bool busy)
{
	struct err e = { 0 };
	struct erase_wipe *w;

	if (now_ms < app->wipe_again_ms || !begin(app))
		return true;
	w = app->wiping;
	for (int i = 0; i < (busy ? UNITS_BUSY : UNITS); i++) {
		if (__atomic_load_n(&app->stopping, __ATOMIC_RELAXED))
			return false;
		if (step(app, w, &e) != RC_OK) {
			log_err(LOG_WARN, "erase.not_wiped", &e);
			erase_wipe_free(app);
			app->wipe_again_ms = now_ms + MINUTE_MS; /* from the beginning */
			return true;
		}
		if (w->over && w->stage == STAGE_LOG) {
			end(app, w, &e);
			return true;
		}
		if (!w->over && w->stage == STAGE_LOG)
			return false; /* somebody reads: in a second */
		w->stage += w->over ? 1 : 0;
	}
	return false;
}

bool erase_wipes_indexes(const struct app *app)
{
	return app->wiping != NULL && app->wiping->stage >= STAGE_MESSAGES &&
	       app->wiping->stage <= STAGE_CONTACTS;
}
