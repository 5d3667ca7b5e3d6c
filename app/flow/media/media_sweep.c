/* media_sweep.c - removing files: what an earlier run left half done, what is too old, what is too much.
 *
 * The file is deleted inside the unit that sets `gone`: units run one after the other, so whoever brings the same
 * bytes again comes before (and the unit finds `coming`, and keeps the file) or after (and finds `gone`, and puts it
 * anew). A deletion whose commit then fails is done again: the row still says `leaving`. */
#include "base/log.h"
#include "flow/config.h"
#include "flow/media/media_path.h"
#include "io/file.h"
#include "store/retention/retention_day.h"

#define CHUNK       50
#define CHUNKS      10
#define COMING_MS   DAY_MS /* a put that was given up: nothing takes that long */
#define SWEEP_ARENA (16 * KIB)

struct sweep {
	struct app *app;
	struct media_brief rows[CHUNK];
	int n, at;
	int64_t removed;
	bool dropping; /* the row too, when no message shows it */
};

static enum rc leave_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sweep *s = arg;

	for (int i = 0; i < s->n; i++) {
		enum rc rc = media_leave(tx, s->rows[i].id, e);

		if (rc != RC_OK && rc != RC_CONFLICT)
			return rc;
	}
	return RC_OK;
}

static enum rc remove_one(struct tx *tx, const struct sweep *s, const struct media_brief *b,
			  struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(SWEEP_ARENA);
	char folder[MEDIA_PATH_MAX], name[MEDIA_FILE_NAME], path[2 * MEDIA_PATH_MAX];
	struct media m;
	enum rc rc = media_gone(tx, b->id, b->coming ? "coming" : "leaving", e);

	if (rc == RC_CONFLICT)
		return RC_OK;
	TRY(rc);
	TRY(media_load(tx->db, b->id, &a, &m, e));
	TRY(media_path_of(s->app, &m, folder, name, e));
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	TRY(file_remove(path, e));
	TRY(retention_day_add(tx, "files", 1, m.bytes, e));
	return s->dropping ? media_drop(tx, b->id, e) : RC_OK;
}

static enum rc remove_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sweep *s = arg;

	return remove_one(tx, s, &s->rows[s->at], e);
}

/* A unit each: taking a large file off a disk takes its time, and others want to write. */
static enum rc remove_all(struct sweep *s, struct err *e)
{
	for (s->at = 0; s->at < s->n; s->at++)
		TRY(store_write(s->app->store, STORE_NORMAL, remove_unit, s, e));
	s->removed += s->n;
	return RC_OK;
}

static enum rc finish_moves(struct sweep *s, int64_t before_ms, struct err *e)
{
	do {
		struct db *db = store_reader(s->app->store);
		enum rc rc = media_moving(db, before_ms, s->rows, CHUNK, &s->n, e);

		store_reader_done(s->app->store, db);
		if (rc != RC_OK || s->n == 0)
			return rc;
		TRY(remove_all(s, e));
	} while (s->n == CHUNK);
	return RC_OK;
}

enum rc media_finish_leaving(struct app *app, struct err *e)
{
	struct sweep s = { .app = app, .dropping = true };

	do {
		struct db *db = store_reader(app->store);
		enum rc rc = media_leaving(db, s.rows, CHUNK, &s.n, e);

		store_reader_done(app->store, db);
		TRY(rc);
		TRY(remove_all(&s, e));
	} while (s.n == CHUNK);
	return RC_OK;
}

enum rc media_recover(struct app *app, struct err *e)
{
	struct sweep s = { .app = app };
	char folder[MEDIA_PATH_MAX];
	int64_t swept = 0;
	int n = snprintf(folder, sizeof(folder), "%s/media/tmp", app->data_dir);

	if (n < 0 || n >= (int)sizeof(folder))
		return FAIL(e, RC_INVALID, "the path of the data folder is too long");
	TRY(file_sweep(folder, &swept, e));
	TRY(finish_moves(&s, INT64_MAX, e));
	if (swept > 0 || s.removed > 0)
		log_event(LOG_INFO, "media.recovered", "temporary", LOG_I64(swept), "unfinished",
			  LOG_I64(s.removed), NULL);
	return RC_OK;
}

/* ---- retention ---- */

static enum rc choose(struct sweep *s, int64_t before_ms, int64_t *ret_bytes, struct err *e)
{
	struct db *db = store_reader(s->app->store);
	struct media_totals t = { 0 };
	enum rc rc = media_get_totals(db, &t, e);

	if (rc == RC_OK)
		rc = media_oldest(db, before_ms, s->rows, CHUNK, &s->n, e);
	store_reader_done(s->app->store, db);
	*ret_bytes = t.bytes;
	return rc;
}

static enum rc retain_some(struct sweep *s, const struct config *c, int64_t now_ms, struct err *e)
{
	int64_t stored, too_much;
	int n = 0;

	TRY(choose(s, now_ms, &stored, e));
	too_much = stored - c->media_bytes_max;
	for (; n < s->n; n++) {
		bool old = s->rows[n].last_used_ms < now_ms - c->retention_media_ms;

		if (!old && too_much <= 0)
			break;
		too_much -= s->rows[n].bytes;
	}
	s->n = n;
	if (n == 0)
		return RC_OK;
	TRY(store_write(s->app->store, STORE_NORMAL, leave_unit, s, e));
	return remove_all(s, e);
}

bool media_retain(struct app *app, int64_t now_ms)
{
	AUTO(config_putp) const struct config *c = config_get(app);
	struct err e = { .rc = RC_OK };
	struct sweep s = { .app = app };
	int i = 0;

	if (finish_moves(&s, now_ms - COMING_MS, &e) != RC_OK)
		log_err(LOG_WARN, "media.not_finished", &e);
	err_clear(&e);
	do {
		if (retain_some(&s, c, now_ms, &e) != RC_OK) {
			log_err(LOG_WARN, "media.not_trimmed", &e);
			return true; /* in a minute again */
		}
	} while (s.n == CHUNK && ++i < CHUNKS);
	if (s.removed > 0)
		log_event(LOG_INFO, "media.trimmed", "files", LOG_I64(s.removed), NULL);
	return s.n < CHUNK;
}
