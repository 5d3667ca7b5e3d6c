/* janitor.c - see janitor.h. One thread calls it (flow/supervise.c), or the simulator. */
#include "flow/janitor.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/backup/upgrade_copies.h"
#include "flow/clock/clockdoubt.h"
#include "flow/clock/clockwatch.h"
#include "flow/chatwoot/chatwoot_catch.h"
#include "flow/config.h"
#include "flow/erase/erase.h"
#include "flow/erase/erased.h"
#include "flow/media/media_store.h"
#include "flow/outage.h"
#include "flow/pulse.h"
#include "flow/send/trouble.h"
#include "flow/upkeep.h"
#include "flow/damage/damage.h"
#include "io/file.h"
#include "store/peer_call.h"
#include "store/delivery.h"
#include "store/retention/erasure.h"
#include "store/idem.h"
#include "store/incident.h"
#include "store/message/message.h"
#include "store/retention/retention.h"
#include "store/retention/retention_day.h"
#include "store/queue/queue.h"
#include "store/queue/queue_history.h"
#include "store/search/search.h"
#include "store/target.h"
#include "store/queue/topic.h"

/* ---- incidents ---- */

struct incident_work {
	enum incident_code code;
	bool open;
};

static enum rc incident_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct incident_work *w = arg;

	return w->open ? incident_raise(tx, w->code, "box", NULL, e)
		       : incident_close(tx, incident_kind(w->code), "box", e);
}

/* False: on a full disk it cannot be stored, and the log line is what remains for now. */
static bool incident(struct app *app, enum incident_code code, bool open)
{
	struct incident_work w = { code, open };
	struct err e = { .rc = RC_OK };

	if (store_write(app->store, STORE_NORMAL, incident_unit, &w, &e) == RC_OK)
		return true;
	log_err(LOG_DEBUG, "janitor.incident_not_stored", &e);
	return false;
}

/* A disk that was full to the last byte is told as soon as the incident finds room, also when it is over by then. */
static void tell_disk(struct app *app, bool low)
{
	bool told = !low && !app->disk_untold;

	if (!told)
		told = incident(app, INCIDENT_DISK_FULL, true);
	if (told && !low)
		told = incident(app, INCIDENT_DISK_FULL, false);
	app->disk_untold = !told;
}

/* ---- the disk ---- */

void janitor_disk(struct app *app, int64_t free_bytes)
{
	bool was = __atomic_load_n(&app->disk_low, __ATOMIC_RELAXED);
	bool is = free_bytes < (was ? DISK_RESUME_BYTES : DISK_REFUSE_BYTES);

	__atomic_store_n(&app->disk_free_bytes, free_bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&app->disk_low, is, __ATOMIC_RELAXED);
	if (is != was)
		log_event(is ? LOG_ERROR : LOG_INFO, is ? "disk.filled" : "disk.recovered",
			  "free_bytes", LOG_I64(free_bytes), "needed_bytes",
			  LOG_I64(DISK_REFUSE_BYTES), NULL);
	if (is != was || app->disk_untold)
		tell_disk(app, is);
}

void janitor_wal(struct app *app, int64_t wal_bytes)
{
	bool is = wal_bytes > WAL_ALARM_BYTES;

	if (is == app->wal_alarm)
		return;
	app->wal_alarm = is;
	log_event(is ? LOG_WARN : LOG_INFO, is ? "wal.grown" : "wal.recovered", "bytes",
		  LOG_I64(wal_bytes), NULL);
	(void)incident(app, INCIDENT_WAL_LONG, is); /* told by the log line as well */
}

static void look_at_disk(struct app *app)
{
	struct err e = { .rc = RC_OK };
	struct store_stats stats;
	int64_t free_bytes;

	if (app->data_dir != NULL) {
		if (file_free_space(app->data_dir, &free_bytes, &e) == RC_OK)
			janitor_disk(app, free_bytes);
		else
			log_err(LOG_WARN, "janitor.disk_not_seen", &e);
	}
	store_get_stats(app->store, &stats);
	janitor_wal(app, stats.file.wal_bytes);
}

/* ---- retention ---- */

typedef enum rc trim_fn(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			struct err *e);

struct trim {
	const char *name;
	trim_fn *run;
	int64_t before_ms;
	int64_t count;    /* of the last unit */
	const char *told; /* what it is called in the counts of each day; NULL: housekeeping */
};

static enum rc trim_idem(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			 struct err *e)
{
	(void)limit; /* it has its own */
	return idem_trim(tx, before_ms, ret_count, e);
}

static enum rc trim_history(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			    struct err *e)
{
	(void)limit; /* a minute has one row a queue */
	return queue_history_trim(tx, before_ms, ret_count, e);
}

static enum rc trim_unit(struct tx *tx, void *arg, struct err *e)
{
	struct trim *t = arg;
	int64_t before = 0, after = 0;

	if (t->told == NULL)
		return t->run(tx, t->before_ms, JANITOR_CHUNK, &t->count, e);
	TRY(retention_used_bytes(tx->db, &before, e));
	TRY(t->run(tx, t->before_ms, JANITOR_CHUNK, &t->count, e));
	if (t->count == 0)
		return RC_OK;
	TRY(retention_used_bytes(tx->db, &after, e));
	return retention_day_add(tx, t->told, t->count, before - after, e);
}

/* True: nothing more is there. */
static bool trim_some(struct app *app, struct trim *t)
{
	struct err e = { .rc = RC_OK };
	int64_t total = 0;
	int i = 0;

	do {
		t->count = 0;
		if (store_write(app->store, STORE_NORMAL, trim_unit, t, &e) != RC_OK) {
			log_err(LOG_WARN, "janitor.trim_failed", &e);
			return true; /* in a minute again */
		}
		total += t->count;
	} while (t->count >= JANITOR_CHUNK && ++i < JANITOR_CHUNKS);
	if (total > 0)
		log_event(LOG_DEBUG, "janitor.trimmed", "what", t->name, "rows", LOG_I64(total),
			  NULL);
	return t->count < JANITOR_CHUNK;
}

/* 0 days: for ever. */
static int64_t days_before(const struct config *c, const char *key, int64_t now_ms)
{
	int64_t days = setting_i64(c->settings, key);

	return days > 0 ? now_ms - days * DAY_MS : 0;
}

/* What is found by looking at a range of rows each minute: people of whom no message is kept, rows of files that left. */
typedef enum rc range_fn(struct tx *tx, int64_t before_ms, int limit, int64_t *after,
			 int64_t *ret_count, struct err *e);

struct range {
	const char *name;
	range_fn *run;
	int64_t before_ms;
	int64_t *after;
	int64_t at, count;
	const char *told; /* as of a trim */
};

static enum rc range_unit(struct tx *tx, void *arg, struct err *e)
{
	struct range *r = arg;

	r->at = *r->after;
	TRY(r->run(tx, r->before_ms, JANITOR_CHUNK, &r->at, &r->count, e));
	return r->told != NULL ? retention_day_add(tx, r->told, r->count, 0, e) : RC_OK;
}

static void trim_range(struct app *app, struct range *r)
{
	struct err e = { 0 };

	if (r->before_ms <= 0 || __atomic_load_n(&app->stopping, __ATOMIC_RELAXED))
		return;
	if (store_write(app->store, STORE_NORMAL, range_unit, r, &e) != RC_OK) {
		log_err(LOG_WARN, "janitor.trim_failed", &e);
		return;
	}
	*r->after = r->at;
	if (r->count > 0)
		log_event(LOG_DEBUG, "janitor.trimmed", "what", r->name, "rows", LOG_I64(r->count),
			  NULL);
}

/* The database is larger than it may be: the oldest raw requests go before their time, then the oldest messages, a little
 * each second. What is younger than these bounds stays, however large it is. */
static bool trim_bytes(struct app *app, const struct config *c, int64_t now_ms)
{
	int64_t max = setting_i64(c->settings, "database_max_mib") * (int64_t)MIB, used = 0;
	struct trim oldest[] = {
		{ "deliveries by size", delivery_trim, now_ms - JANITOR_YOUNG_MS, 0,
		  "deliveries_by_size" },
		{ "messages by size", retention_messages, now_ms - JANITOR_RECENT_MS, 0,
		  "messages_by_size" },
	};
	struct err e = { .rc = RC_OK };
	struct db *db;
	enum rc rc;

	if (max == 0)
		return true;
	db = store_reader(app->store);
	rc = retention_used_bytes(db, &used, &e);
	store_reader_done(app->store, db);
	if (rc != RC_OK || used <= max)
		return true;
	for (size_t i = 0; i < COUNT(oldest); i++) {
		if (store_write(app->store, STORE_NORMAL, trim_unit, &oldest[i], &e) != RC_OK) {
			log_err(LOG_WARN, "janitor.trim_failed", &e);
			return true;
		}
		if (oldest[i].count > 0)
			return false; /* looked at again in a second */
	}
	return true; /* what is left is young */
}

/* One a minute. */
static void trim_copies(const struct app *app, int64_t now_ms)
{
	struct err e = { .rc = RC_OK };
	bool removed;

	if (app->data_dir != NULL &&
	    upgrade_copies_trim(app->data_dir, now_ms, &removed, &e) != RC_OK)
		log_err(LOG_WARN, "janitor.copies_not_trimmed", &e);
}

static bool trim_all(struct app *app, int64_t now_ms)
{
	AUTO(config_putp) const struct config *c = config_get(app);
	int64_t messages_ms = days_before(c, "retention_messages_days", now_ms);
	struct trim kinds[] = {
		{ "deliveries", delivery_trim, now_ms - c->retention_deliveries_ms, 0,
		  "deliveries" },
		{ "events", topic_trim, now_ms - c->retention_events_ms, 0, "events" },
		{ "idempotency", trim_idem, now_ms - IDEMPOTENCY_TTL_MS, 0, "answers" },
		{ "parked", message_trim_parked, now_ms - JANITOR_PARKED_MS, 0, NULL },
		{ "incidents", incident_rest, now_ms - JANITOR_NEWS_MS, 0, NULL },
		{ "old incidents", retention_incidents, now_ms - JANITOR_INCIDENTS_MS, 0, NULL },
		{ "starts", retention_boots, now_ms - JANITOR_BOOTS_MS, 0, NULL },
		{ "messages", retention_messages, messages_ms, 0, "messages" },
		{ "dead letters", retention_letters,
		  days_before(c, "retention_dead_letters_days", now_ms), 0, "dead_letters" },
		{ "attempts", peer_call_trim, now_ms - c->retention_deliveries_ms, 0, "attempts" },
		{ "changes", retention_changes, now_ms - c->retention_deliveries_ms, 0, "changes" },
		{ "links", retention_links, messages_ms - JANITOR_RECENT_MS, 0, NULL },
		{ "invitations", retention_invitations, now_ms, 0, NULL },
		{ "sessions", retention_sessions, now_ms, 0, NULL },
		{ "uploads", retention_uploads, now_ms, 0, NULL },
		{ "digests", erasure_trim, now_ms - ERASURE_DIGEST_MS, 0, NULL },
		{ "history", trim_history, now_ms - QUEUE_HISTORY_MS, 0, NULL },
		{ "days", retention_day_trim, now_ms - RETENTION_DAYS_KEPT * DAY_MS, 0, NULL },
	};
	struct range ranges[] = {
		{ "people", retention_people, messages_ms, &app->people_after, 0, 0, "people" },
		{ "files", retention_files, now_ms - c->retention_media_ms - JANITOR_RECENT_MS,
		  &app->files_after, 0, 0, NULL },
	};
	bool all = true;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!__atomic_load_n(&app->stopping, __ATOMIC_RELAXED))
			all = trim_some(app, &kinds[i]) && all;
	}
	for (size_t i = 0; i < COUNT(ranges); i++)
		trim_range(app, &ranges[i]);
	if (!__atomic_load_n(&app->stopping, __ATOMIC_RELAXED))
		all = media_retain(app, now_ms) && all;
	trim_copies(app, now_ms);
	if (!__atomic_load_n(&app->stopping, __ATOMIC_RELAXED))
		all = trim_bytes(app, c, now_ms) && all;
	return all;
}

bool janitor_trim(struct app *app, int64_t now_ms)
{
	return clockdoubt_is(app) || trim_all(app, now_ms);
}

/* ---- paused targets ---- */

struct lanes {
	struct app *app;
	int64_t now_ms;
	int64_t over[16]; /* targets whose pause ended */
	size_t n;
};

int64_t janitor_gate_of(const struct target *t)
{
	if (strcmp(t->state, "up") == 0)
		return 0;
	return strcmp(t->state, "paused") == 0 && t->paused_until_ms != 0 ? t->paused_until_ms
									  : INT64_MAX;
}

static enum rc gate_target(void *arg, const struct target *t, struct err *e)
{
	struct lanes *l = arg;
	int64_t until_ms = janitor_gate_of(t);

	(void)e;
	if (until_ms > l->now_ms)
		queue_gate(store_queues(l->app->store), t->id, until_ms);
	return RC_OK;
}

static enum rc each_target(struct app *app, target_each_fn *fn, struct lanes *l, struct err *e)
{
	struct db *db = store_reader(app->store);
	enum rc rc = target_each(db, fn, l, e);

	store_reader_done(app->store, db);
	return rc;
}

enum rc janitor_lanes(struct app *app, int64_t now_ms, struct err *e)
{
	struct lanes l = { .app = app, .now_ms = now_ms };

	trouble_restore(app, now_ms);
	return each_target(app, gate_target, &l, e);
}

static enum rc note_over(void *arg, const struct target *t, struct err *e)
{
	struct lanes *l = arg;
	int64_t until_ms = janitor_gate_of(t);

	(void)e;
	if (until_ms != 0 && until_ms <= l->now_ms && l->n < COUNT(l->over))
		l->over[l->n++] = t->id;
	return RC_OK;
}

static enum rc resume_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct lanes *l = arg;

	for (size_t i = 0; i < l->n; i++)
		TRY(target_resume(tx, l->over[i], e));
	return RC_OK;
}

/* The gates have opened by themselves; the rows should say so. */
static void end_pauses(struct app *app, int64_t now_ms)
{
	struct lanes l = { .app = app, .now_ms = now_ms };
	struct err e = { .rc = RC_OK };
	enum rc rc = each_target(app, note_over, &l, &e);

	if (rc == RC_OK && l.n > 0)
		rc = store_write(app->store, STORE_NORMAL, resume_unit, &l, &e);
	if (rc != RC_OK)
		log_err(LOG_WARN, "janitor.pause_not_ended", &e);
}

/* ---- search ---- */

struct fill {
	bool more;
};

static enum rc fill_unit(struct tx *tx, void *arg, struct err *e)
{
	struct fill *f = arg;

	return search_fill(tx, &f->more, e);
}

/* Nothing is written while there is nothing to do. */
static bool fill_wanted(struct app *app)
{
	int64_t messages = 0, stale = 0;
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(app->store);

	if (search_waiting(db, &messages, &stale, &e) != RC_OK)
		log_err(LOG_WARN, "search.not_filled", &e);
	store_reader_done(app->store, db);
	return messages + stale > 0;
}

static bool messages_come(struct app *app, int64_t now_ms)
{
	struct queue_counts n;

	queue_get_counts(store_queues(app->store), QUEUE_WEBHOOKS, now_ms, &n);
	return n.waiting + n.running > 0;
}

/* While messages come in the index takes one small unit a second; what is left is done when it is quiet. */
static void fill_search(struct app *app, int64_t now_ms)
{
	struct fill f = { .more = true };
	struct err e = { .rc = RC_OK };

	if (erase_wipes_indexes(app) || !fill_wanted(app))
		return;
	for (int i = 0; i < JANITOR_FILLS && f.more; i++) {
		if ((i > 0 && messages_come(app, now_ms)) ||
		    __atomic_load_n(&app->disk_low, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&app->stopping, __ATOMIC_RELAXED))
			return;
		if (store_write(app->store, STORE_NORMAL, fill_unit, &f, &e) != RC_OK) {
			log_err(LOG_WARN, "search.not_filled", &e);
			return;
		}
	}
}

/* ---- once a second ---- */

void janitor_one(struct app *app, int64_t now_ms)
{
	queue_tick(store_queues(app->store), now_ms);
	if (!app->chatwoot_asked && now_ms - app->started_ms >= CHATWOOT_CATCH_START_MS) {
		app->chatwoot_asked = true;
		chatwoot_catch_start(app);
	}
	look_at_disk(app);
	damage_watch(app);
	if (app->data_dir != NULL) /* not in the simulator, whose time is its own */
		clockwatch_one(app, now_ms, clock_mono_us());
	if (__atomic_load_n(&app->damaged, __ATOMIC_RELAXED))
		return; /* nothing is changed */
	fill_search(app, now_ms);
	if (!__atomic_load_n(&app->disk_low, __ATOMIC_RELAXED))
		(void)erase_wipe(app, now_ms, messages_come(app, now_ms));
	pulse_one(app, now_ms);
	if (now_ms - app->janitor_minute_ms < JANITOR_EVERY_MS && now_ms >= app->janitor_minute_ms)
		return;
	end_pauses(app, now_ms);
	upkeep_ensure(app, now_ms);
	outage_look(app);
	erased_again(app);
	erase_go_on(app);
	app->janitor_minute_ms =
		janitor_trim(app, now_ms) ? now_ms : now_ms - JANITOR_EVERY_MS + SECOND_MS;
}
