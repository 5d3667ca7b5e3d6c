/* supervise.c - see supervise.h. Called from the main thread only. */
#include "flow/supervise.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thr.h"
#include "flow/backup/backup_run.h"
#include "flow/config.h"
#include "flow/damage/damage.h"
#include "flow/erase/erase.h"
#include "flow/janitor.h"
#include "flow/lookup/lookup.h"
#include "flow/media/media_store.h"
#include "flow/outage.h"
#include "flow/outside/outside.h"
#include "flow/outside/posting.h"
#include "flow/backup/restore.h"
#include "flow/check/start_check.h"
#include "flow/erase/erased.h"
#include "flow/backup/take_over.h"
#include "flow/check/start_cure.h"
#include "flow/supervise_key.h"
#include "flow/supervise_patience.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/http.h"
#include "io/json.h"
#include "io/kafka.h"
#include "io/sys.h"
#include "store/message/message.h"
#include "store/queue/topic.h"

#define FOLDER_SYSTEM "/var/lib/totem"
#define FOLDER_HERE   "totem-data"
#define JANITOR_US    1000000

struct supervise {
	struct app app;
	char folder[SUPERVISE_PATH_MAX];
	int lock_fd; /* -1: not held */
	bool serve, unclean;
	struct pools *pools;
	struct mtx lock; /* LOCK_SUPERVISE: the flags below, waited for with `changed` */
	struct cnd changed;
	bool stopping, pools_ended;
	struct thr janitor, stopper;
	void (*on_reload)(void *arg);
	void *on_reload_arg;
	struct start_check *check;
};

/* ---- the process ---- */

enum rc supervise_libraries(struct err *e)
{
	struct err missing = { .rc = RC_OK };

	TRY(crypto_start(e));
	TRY(http_start(e));
	json_start();
	TRY(kafka_check(e));
	if (http_set_ca_file(NULL, &missing) != RC_OK)
		log_err(LOG_WARN, "ca.missing",
			&missing); /* https to peers fails until there is one; the rest works */
	return RC_OK;
}

/* ---- the folder ---- */

enum rc supervise_file(const char *folder, const char *name, char ret_path[SUPERVISE_PATH_MAX],
		       struct err *e)
{
	int n = snprintf(ret_path, SUPERVISE_PATH_MAX, "%s/%s", folder, name);

	return n > 0 && n < SUPERVISE_PATH_MAX
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "the path of the data folder is too long");
}

static enum rc copy_path(struct str path, char ret_path[SUPERVISE_PATH_MAX], struct err *e)
{
	if (str_copy(path, ret_path, SUPERVISE_PATH_MAX - 40)) /* room for the names inside */
		return RC_OK;
	return FAIL(e, RC_INVALID, "the path of the data folder is too long");
}

enum rc supervise_folder(const struct supervise_options *o, char ret_path[SUPERVISE_PATH_MAX],
			 struct err *e)
{
	const struct setting_sources src = { .file = o->config_file,
					     .args = o->args,
					     .arg_count = o->arg_count };
	struct settings *s;
	struct str wanted;
	enum rc rc;

	if (o->data_dir != NULL)
		return copy_path(str_of(o->data_dir), ret_path, e);
	TRY(settings_load(&src, NULL, &s, e));
	wanted = setting_str(s, "data_dir");
	if (wanted.n == 0)
		wanted = file_writable(FOLDER_SYSTEM) ? STR(FOLDER_SYSTEM) : STR(FOLDER_HERE);
	rc = copy_path(wanted, ret_path, e);
	settings_free(s);
	return rc;
}

static enum rc take_lock(struct supervise *s, struct err *e)
{
	struct err why = { .rc = RC_OK };
	char path[SUPERVISE_PATH_MAX];
	enum rc rc;

	TRY(supervise_file(s->folder, "totem.lock", path, e));
	rc = file_lock(path, &s->lock_fd, &why);
	if (rc == RC_CONFLICT)
		return FAIL(e, rc, "another Totem serves this folder (%s)", s->folder);
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
}

/* ---- the store ---- */

struct recover_work {
	int64_t boot, unknown;
};

static enum rc recover_unit(struct tx *tx, void *arg, struct err *e)
{
	struct recover_work *w = arg;

	return message_recover(tx, w->boot, &w->unknown, e);
}

/* A send that was under way when the last process died may or may not have happened: never sent again by itself. */
static enum rc recover(struct supervise *s, struct err *e)
{
	struct recover_work w = { .boot = store_boot(s->app.store) };

	TRY(store_write(s->app.store, STORE_NORMAL, recover_unit, &w, e));
	if (w.unknown > 0)
		log_event(LOG_WARN, "messages.became_unknown", "count", LOG_I64(w.unknown), NULL);
	return RC_OK;
}

/* A command between a crash and the next start would hide the crash from it: this file keeps it. */
static enum rc note_unclean(struct supervise *s, struct err *e)
{
	char path[SUPERVISE_PATH_MAX];

	TRY(supervise_file(s->folder, "unclean", path, e));
	s->unclean = store_was_unclean(s->app.store) || file_exists(path);
	return s->unclean && !s->serve ? file_write(path, STR("\n"), 0600, e) : RC_OK;
}

static enum rc begin_serving(struct supervise *s, struct err *e)
{
	struct take_over_report kept;
	int64_t taken;

	TRY(store_run(s->app.store, e));
	TRY(recover(s, e));
	TRY(media_recover(&s->app, e));
	TRY(restore_tell(&s->app, e));
	erased_again(&s->app);
	TRY(take_over(&s->app, &kept, e));
	TRY(damage_take_over(&s->app, &taken, e));
	return outage_begin(&s->app, s->app.started_ms, e);
}

/* Only a server has something to do then: it goes on receiving. */
static enum rc open_spool(struct supervise *s, const char *why, struct err *e)
{
	if (!s->serve)
		return FAIL(e, RC_IO,
			    "the database is damaged (%.120s): totem restore brings a backup back",
			    why);
	TRY(supervise_key_kept(s->folder, s->app.seal_key, e));
	TRY(damage_start(&s->app, why, e));
	return store_run(s->app.store, e);
}

static enum rc open_store(void *arg, struct err *e)
{
	struct supervise *s = arg;
	char path[SUPERVISE_PATH_MAX];
	struct store_options o = { .path = path, .migrate = true, .now_ms = s->app.started_ms };
	struct err failed = { .rc = RC_OK };
	char why[ERR_TEXT_MAX];
	bool damaged, had;
	enum rc rc;

	TRY(supervise_file(s->folder, "totem.db", path, e));
	TRY(restore_settle(s->folder, e));
	TRY(damage_look(s->folder, &damaged, why, e));
	if (damaged)
		return open_spool(s, why, e);
	had = file_exists(path);
	rc = store_open(&o, &s->app.store, &failed);
	if (rc != RC_OK)
		return damage_explains(s->folder, why) ? open_spool(s, why, e)
						       : FAIL(e, rc, "%s", failed.text);
	/* After the database: a key without one is no first start that was cut short (damage_gone). */
	TRY(supervise_key(s->folder, had, s->app.seal_key, e));
	TRY(note_unclean(s, e));
	return s->serve ? begin_serving(s, e) : RC_OK;
}

static enum rc use_ca_file(struct supervise *s, struct err *e)
{
	const struct config *c = config_get(&s->app);
	struct str file = setting_str(c->settings, "ca_file");
	enum rc rc = file.n > 0 ? http_set_ca_file(file.p, e) : RC_OK;

	config_put(c);
	return rc;
}

static enum rc bring_up(struct supervise *s, const struct supervise_options *o, struct err *e)
{
	TRY(supervise_folder(o, s->folder, e));
	TRY(file_mkdir(s->folder, 0700, e));
	TRY(take_lock(s, e));
	s->app.started_ms = clock_now_ms();
	s->app.data_dir = s->folder;
	s->app.config_file = o->config_file;
	s->app.args = o->args;
	s->app.arg_count = o->arg_count;
	s->app.outside = outside_new();
	s->app.posting = posting_new();
	s->app.lookups = lookup_pool_new();
	TRY(s->serve ? supervise_patience(open_store, s, e) : open_store(s, e));
	TRY(config_reload(&s->app, e));
	TRY(use_ca_file(s, e));
	if (s->serve)
		TRY(supervise_key_look(&s->app, e));
	return janitor_lanes(&s->app, s->app.started_ms, e);
}

enum rc supervise_open(const struct supervise_options *o, struct supervise **ret, struct err *e)
{
	struct supervise *s = mem_new(1, sizeof(*s));
	enum rc rc;

	s->lock_fd = -1;
	s->serve = o->serve;
	mtx_init(&s->app.config_lock, LOCK_CONFIG);
	mtx_init(&s->lock, LOCK_SUPERVISE);
	cnd_init(&s->changed);
	rc = bring_up(s, o, e);
	if (rc != RC_OK) {
		start_cure(s->folder, e);
		supervise_close(s);
		return rc;
	}
	*ret = s;
	return RC_OK;
}

/* ---- threads ---- */

static void janitor_run(void *arg)
{
	struct supervise *s = arg;

	mtx_lock(&s->lock);
	while (!s->stopping) {
		mtx_unlock(&s->lock);
		janitor_one(&s->app, clock_now_ms());
		mtx_lock(&s->lock);
		if (!s->stopping)
			(void)cnd_wait(&s->changed, &s->lock, clock_mono_us() + JANITOR_US);
	}
	mtx_unlock(&s->lock);
}

enum rc supervise_run(struct supervise *s, struct err *e)
{
	bool damaged = __atomic_load_n(&s->app.damaged, __ATOMIC_RELAXED);

	ASSERT(s->serve && s->pools == NULL);
	if (!damaged) {
		TRY(pools_start(&s->app, &s->pools, e));
		TRY(lookup_pool_start(&s->app, e));
	}
	TRY(thr_start(&s->janitor, "janitor", janitor_run, s, e));
	if (!damaged)
		TRY(backup_run_start(&s->app, &s->app.backups, e));
	if (s->unclean && !damaged)
		log_event(LOG_WARN, "start.after_unclean_stop", "note",
			  "the database is checked in the background", NULL);
	return damaged ? RC_OK : start_check_begin(&s->app, &s->check, e);
}

/* ---- the signal loop ---- */

/* A full disk (RC_LIMIT) is no reason to restart: it would be as full afterwards. */
static void feed_watchdog(struct supervise *s)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = store_beat(damage_inbox(&s->app), &e);

	if (rc == RC_OK || rc == RC_LIMIT)
		sys_notify("WATCHDOG=1");
	else
		log_err(LOG_ERROR, "watchdog.not_fed", &e);
}

/* Half of what the service manager allows (sd_watchdog_enabled(3)): each beat is a write. 0: it does not watch. */
static int64_t watchdog_ms(void)
{
	int64_t us;

	if (!str_i64(str_of(getenv("WATCHDOG_USEC")), 2000, INT64_MAX, &us))
		return 0;
	return us / 2000;
}

static void reload(struct supervise *s)
{
	struct err e = { .rc = RC_OK };
	char text[64];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		       (long long)clock_mono_us());
	sys_notify(text);
	if (config_reload(&s->app, &e) == RC_OK)
		log_event(LOG_INFO, "config.reloaded", NULL);
	else
		log_err(LOG_ERROR, "config.not_reloaded", &e); /* the old one stays */
	if (s->on_reload != NULL)
		s->on_reload(s->on_reload_arg);
	sys_notify("READY=1");
}

void supervise_on_reload(struct supervise *s, void (*fn)(void *arg), void *arg)
{
	s->on_reload = fn;
	s->on_reload_arg = arg;
}

void supervise_wait(struct supervise *s)
{
	int64_t every_ms = watchdog_ms();
	enum sys_signal sig;

	sys_notify("READY=1");
	for (;;) {
		if (every_ms > 0)
			feed_watchdog(s);
		if (every_ms == 0)
			sig = sys_signal_wait();
		else if (!sys_signal_wait_ms(every_ms, &sig))
			continue;
		if (sig == SYS_STOP)
			break;
		reload(s);
	}
	sys_notify("STOPPING=1");
}

/* ---- the end ---- */

static void stopper_run(void *arg)
{
	struct supervise *s = arg;

	pools_stop(s->pools);
	lookup_pool_stop(&s->app);
	mtx_lock(&s->lock);
	s->pools_ended = true;
	cnd_broadcast(&s->changed);
	mtx_unlock(&s->lock);
}

/* Joining waits for calls to peers, which may take longer than we have. */
static bool stop_pools(struct supervise *s)
{
	int64_t until_us = clock_mono_us() + (int64_t)SUPERVISE_POOLS_MS * 1000;
	struct err e = { .rc = RC_OK };
	bool ended, going = true;

	if (thr_start(&s->stopper, "stopper", stopper_run, s, &e) != RC_OK) {
		pools_stop(s->pools);
		lookup_pool_stop(&s->app);
		return true;
	}
	mtx_lock(&s->lock);
	while (!s->pools_ended && going)
		going = cnd_wait(&s->changed, &s->lock, until_us);
	ended = s->pools_ended;
	mtx_unlock(&s->lock);
	if (ended)
		thr_join(&s->stopper);
	return ended;
}

void supervise_halt(struct supervise *s)
{
	__atomic_store_n(&s->app.stopping, true, __ATOMIC_RELAXED);
	queue_stop(store_queues(s->app.store));
	lookup_pool_halt(&s->app);
}

bool supervise_stop(struct supervise *s)
{
	bool ended;

	supervise_halt(s);
	mtx_lock(&s->lock);
	s->stopping = true;
	cnd_broadcast(&s->changed);
	mtx_unlock(&s->lock);
	ended = s->pools == NULL || stop_pools(s);
	if (!ended) {
		log_event(LOG_WARN, "stop.forced", "why", "a call to a peer did not end in time",
			  NULL);
		return false;
	}
	s->pools = NULL;
	backup_run_stop(TAKE(s->app.backups));
	start_check_end(TAKE(s->check));
	thr_join(&s->janitor);
	return true;
}

void supervise_close(struct supervise *s)
{
	if (s == NULL)
		return;
	ASSERT(s->pools == NULL);
	if (s->app.config != NULL)
		config_release(&s->app);
	erase_wipe_free(&s->app);
	if (s->app.api_release != NULL)
		s->app.api_release(s->app.api);
	damage_close(&s->app);
	store_close(s->app.store);
	posting_free(s->app.posting);
	lookup_pool_free(s->app.lookups);
	outside_free(s->app.outside);
	crypto_zero(s->app.seal_key, sizeof(s->app.seal_key));
	cnd_destroy(&s->changed);
	mtx_destroy(&s->lock);
	mtx_destroy(&s->app.config_lock);
	file_unlock(s->lock_fd);
	mem_free(s);
}

struct app *supervise_app(struct supervise *s)
{
	return &s->app;
}
bool supervise_was_unclean(const struct supervise *s)
{
	return s->unclean;
}
