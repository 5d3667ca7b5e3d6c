/* clockdoubt.c - see clockdoubt.h. */
#include "flow/clock/clockdoubt.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/probe.h"
#include "store/incident.h"

struct doubt {
	struct clock_known known;
	int64_t now_ms;
	bool is, raises, closes;
};

static enum rc doubt_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct doubt *d = arg;
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], text[2 * CLOCK_TEXT_MAX + 8];

	TRY(clock_known_set(tx, &d->known, e));
	if (d->closes)
		return incident_close(tx, "clock_ahead", "box", e);
	if (!d->raises)
		return RC_OK;
	clock_text(d->known.seen_ms, from);
	clock_text(d->now_ms, to);
	(void)snprintf(text, sizeof(text), "%s > %s", from, to);
	return incident_raise(tx, INCIDENT_CLOCK_AHEAD, "box", &(struct incident_args){ { text } },
			      e);
}

static void keep(struct app *app, int64_t now_ms, int64_t mono_us)
{
	struct err e = { .rc = RC_OK };
	struct doubt d = { .known = app->clock_known, .now_ms = now_ms, .is = app->clock_doubted };

	d.raises = d.is && app->clock_doubt_told <= 0;
	d.closes = !d.is && app->clock_doubt_told >= 0;
	if (app->clock_stored_us != 0 && mono_us - app->clock_stored_us < MINUTE_MS * 1000)
		return;
	app->clock_stored_us = i64_max(mono_us, 1);
	if (store_write(app->store, STORE_NORMAL, doubt_unit, &d, &e) != RC_OK)
		log_err(LOG_WARN, "clock.known_not_stored", &e);
	else if (d.raises || d.closes)
		app->clock_doubt_told = d.raises ? 1 : -1;
}

/* False: not readable; asked again in a second, and nothing is deleted meanwhile. */
static bool read_known(struct app *app, int64_t now_ms)
{
	struct db *db = store_reader(app->store);
	struct err e = { .rc = RC_OK };
	enum rc rc = clock_known_get(db, &app->clock_known, &e);

	store_reader_done(app->store, db);
	if (rc != RC_OK) {
		log_err(LOG_WARN, "clock.known_not_read", &e);
		return false;
	}
	if (app->clock_known.seen_ms == 0)
		app->clock_known.seen_ms = now_ms; /* a new box */
	app->clock_known_read = true;
	return true;
}

static bool is_kept(void)
{
	bool kept;

	return probe_clock_kept(&kept) && kept;
}

/* Whether it is days ahead of what it should show at most; known.ran_ms counts while it is. */
static bool is_later(const struct clock_known *k, int64_t now_ms)
{
	return now_ms - (k->seen_ms + k->ran_ms) > CLOCKDOUBT_AHEAD_MS;
}

/* A clock behind what is known is believed only when it is kept: one of a dead battery would make the right time look far
 * ahead. */
static void believe(struct app *app, int64_t now_ms)
{
	app->clock_known.ran_ms = 0;
	if (now_ms >= app->clock_known.seen_ms || is_kept())
		app->clock_known.seen_ms = now_ms;
}

static void tell(const struct app *app, int64_t now_ms)
{
	log_event(app->clock_doubted ? LOG_ERROR : LOG_INFO,
		  app->clock_doubted ? "clock.doubted" : "clock.believed", "known_ms",
		  LOG_I64(app->clock_known.seen_ms), "now_ms", LOG_I64(now_ms), "note",
		  app->clock_doubted ? "nothing is deleted by its age" : "retention goes on", NULL);
}

void clockdoubt_one(struct app *app, int64_t now_ms, int64_t mono_us)
{
	int64_t since_us = app->clock_doubt_us != 0 ? mono_us - app->clock_doubt_us : 0;
	bool was = app->clock_doubted;

	if (!app->clock_known_read && !read_known(app, now_ms)) {
		app->clock_doubted = true;
		__atomic_store_n(&app->clock_sure, false, __ATOMIC_RELAXED);
		return;
	}
	app->clock_doubt_us = i64_max(mono_us, 1);
	if (was || app->clock_known.ran_ms > 0)
		app->clock_known.ran_ms += since_us / 1000;
	app->clock_doubted = is_later(&app->clock_known, now_ms) && !is_kept() &&
			     app->clock_known.ran_ms < CLOCKDOUBT_RUN_MS;
	if (was != app->clock_doubted) {
		tell(app, now_ms);
		app->clock_stored_us = 0;
	}
	__atomic_store_n(&app->clock_sure, !app->clock_doubted, __ATOMIC_RELAXED);
	if (!app->clock_doubted)
		believe(app, now_ms);
	if (!__atomic_load_n(&app->damaged, __ATOMIC_RELAXED))
		keep(app, now_ms, mono_us);
}

bool clockdoubt_is(const struct app *app)
{
	return app->clock_doubted;
}

bool clockdoubt_sure(const struct app *app)
{
	return __atomic_load_n(&app->clock_sure, __ATOMIC_RELAXED);
}

enum rc clockdoubt_of(struct db *db, int64_t now_ms, bool *ret, struct err *e)
{
	struct clock_known k;

	TRY(clock_known_get(db, &k, e));
	*ret = k.seen_ms > 0 && is_later(&k, now_ms) && !is_kept() && k.ran_ms < CLOCKDOUBT_RUN_MS;
	return RC_OK;
}
