/* clockwatch.c - see clockwatch.h. */
#include "flow/clock/clockwatch.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/clock/clockback.h"
#include "flow/clock/clockdoubt.h"
#include "io/probe.h"
#include "store/incident.h"

struct jump {
	int64_t from_ms, to_ms; /* to 0: it is right again */
};

static enum rc jump_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct jump *j = arg;
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], text[2 * CLOCK_TEXT_MAX + 8];

	if (j->to_ms == 0)
		return incident_close(tx, "clock", "box", e);
	clock_text(j->from_ms, from);
	clock_text(j->to_ms, to);
	(void)snprintf(text, sizeof(text), "%s > %s", from, to);
	return incident_raise(tx, INCIDENT_CLOCK_WRONG, "box", &(struct incident_args){ { text } },
			      e);
}

static void tell(struct app *app, struct jump j)
{
	struct err e = { .rc = RC_OK };

	if (store_write(app->store, STORE_NORMAL, jump_unit, &j, &e) != RC_OK)
		log_err(LOG_WARN, "clock.incident_not_stored", &e);
}

/* The newest time that an earlier life left: its start, or what it knew each minute. */
static int64_t newest_known(struct app *app)
{
	struct db *db = store_reader(app->store);
	struct clock_known known;
	struct err e = { .rc = RC_OK };
	struct stmt s;
	int64_t ms = 0;

	if (stmt_begin(db, Q_CHECK_NEWEST_START, &s, &e) == RC_OK && stmt_next(&s, &e) == RC_OK) {
		ms = stmt_i64(&s, "started_ms");
		stmt_end(&s);
	}
	if (clock_known_get(db, &known, &e) == RC_OK)
		ms = i64_max(ms, known.seen_ms);
	store_reader_done(app->store, db);
	return ms;
}

static void jumped(struct app *app, int64_t from_ms, int64_t to_ms)
{
	log_event(to_ms < from_ms ? LOG_ERROR : LOG_WARN, "clock.jumped", "from_ms",
		  LOG_I64(from_ms), "to_ms", LOG_I64(to_ms), NULL);
	if (to_ms >= from_ms)
		return; /* a box without a battery gets its time late */
	app->clock_back_ms = i64_max(app->clock_back_ms, from_ms);
	tell(app, (struct jump){ from_ms, to_ms });
}

static enum rc unkept_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *since_ms = arg;
	char since[CLOCK_TEXT_MAX];

	if (*since_ms == 0)
		return incident_close(tx, "clock_sync", "box", e);
	clock_text(*since_ms, since);
	return incident_raise(tx, INCIDENT_CLOCK_UNKEPT, "box",
			      &(struct incident_args){ { since } }, e);
}

static bool tell_unkept(struct app *app, int64_t since_ms)
{
	struct err e = { .rc = RC_OK };

	if (store_write(app->store, STORE_NORMAL, unkept_unit, &since_ms, &e) == RC_OK)
		return true;
	log_err(LOG_WARN, "clock.incident_not_stored", &e);
	return false;
}

/* Where the kernel does not say (some containers) nothing is told. */
static void look_at_service(struct app *app, int64_t now_ms, int64_t mono_us)
{
	bool kept, first = app->clock_asked_us == 0;
	int64_t unkept_ms;

	if (!first && mono_us - app->clock_asked_us < MINUTE_MS * 1000)
		return;
	app->clock_asked_us = i64_max(mono_us, 1);
	if (!probe_clock_kept(&kept))
		return;
	if (kept || first)
		app->clock_kept_us = mono_us;
	if (kept && app->clock_told >= 0 && tell_unkept(app, 0))
		app->clock_told = -1;
	unkept_ms = (mono_us - app->clock_kept_us) / 1000;
	if (unkept_ms >= CLOCKWATCH_UNKEPT_MS && app->clock_told <= 0 &&
	    tell_unkept(app, now_ms - unkept_ms))
		app->clock_told = 1;
}

/* True: it went back. */
static bool look_at_jump(struct app *app, int64_t now_ms, int64_t mono_us)
{
	bool first = !app->clock_seen;
	int64_t before_ms = first ? newest_known(app)
				  : app->clock_offset_ms + mono_us / 1000; /* it should show */
	bool back = before_ms - now_ms > CLOCKWATCH_JUMP_MS;

	app->clock_seen = true;
	app->clock_offset_ms = now_ms - mono_us / 1000;
	if (back || (!first && now_ms - before_ms > CLOCKWATCH_JUMP_MS))
		jumped(app, before_ms, now_ms);
	else if (first)
		tell(app, (struct jump){ 0, 0 }); /* of an earlier life */
	return back;
}

void clockwatch_one(struct app *app, int64_t now_ms, int64_t mono_us)
{
	bool first = !app->clock_seen, back = look_at_jump(app, now_ms, mono_us);

	if (first)
		clockback_start(app, now_ms);
	clockback_one(app, back, now_ms, mono_us);
	clockdoubt_one(app, now_ms, mono_us);
	look_at_service(app, now_ms, mono_us);
	if (app->clock_back_ms == 0 || now_ms < app->clock_back_ms)
		return;
	app->clock_back_ms = 0;
	log_event(LOG_INFO, "clock.right_again", NULL);
	tell(app, (struct jump){ 0, 0 });
}
