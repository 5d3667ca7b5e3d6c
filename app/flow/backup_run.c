/* backup_run.c - see backup_run.h. */
#include "flow/backup_run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thr.h"
#include "flow/backup_s3.h"
#include "flow/config.h"
#include "flow/damage.h"
#include "store/incident.h"

#define LOOK_US (60 * INT64_C(1000000))
#define FIRST_MS \
	(10 *    \
	 MINUTE_MS) /* after the start, so that a box that restarts often does not only make backups */
#define AGAIN_MS    HOUR_MS /* after a failure */
#define BLOCKED_MAX 2       /* intervals without a backup before it is an incident */

struct backup_run {
	struct app *app;
	struct thr thread;
	struct mtx lock; /* LOCK_BACKUP: all below */
	struct cnd changed;
	bool stopping; /* also read by the pace without the lock */
	bool asked;
	char verify[BACKUP_NAME_MAX]; /* what to look at; "": a backup is asked for */
	struct backup_state state;
};

enum rc backup_run_folder(struct app *app, char ret_path[FOLDER_PATH_MAX], struct err *e)
{
	AUTO(config_putp) const struct config *c = config_get(app);
	struct str set = setting_str(c->settings, "backup_dir");

	if (set.n == 0)
		return folder_join(app->data_dir, "backups", ret_path, e);
	return str_copy(set, ret_path, FOLDER_PATH_MAX)
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "backup_dir is too long");
}

int64_t backup_run_due(int64_t every_hours, int64_t newest_ms, int64_t started_ms)
{
	if (every_hours == 0)
		return 0;
	return i64_max(newest_ms + every_hours * HOUR_MS, started_ms + FIRST_MS);
}

/* ---- incidents ---- */

static enum rc incident_unit(struct tx *tx, void *arg, struct err *e)
{
	const char *text = arg;

	if (text == NULL)
		return incident_close(tx, "backup", "box", e);
	return incident_raise(tx, INCIDENT_BACKUP_FAILED, "box",
			      &(struct incident_args){ { text } }, e);
}

static void incident(struct backup_run *b, const char *text)
{
	struct err e = { .rc = RC_OK };

	if (store_write(b->app->store, STORE_NORMAL, incident_unit, (void *)(uintptr_t)text, &e) !=
	    RC_OK)
		log_err(LOG_WARN, "backup.incident_not_stored", &e);
}

/* ---- one piece of work ---- */

static void say(void *arg, const char *what, int at, int of)
{
	struct backup_run *b = arg;

	mtx_lock(&b->lock);
	(void)snprintf(b->state.what, sizeof(b->state.what), "%s", what); /* ours, short */
	b->state.at = at;
	b->state.of = of;
	mtx_unlock(&b->lock);
}

static void note(struct backup_run *b, enum rc rc, const struct err *e, int64_t now_ms)
{
	mtx_lock(&b->lock);
	b->state.busy = false;
	b->state.what[0] = '\0';
	if (rc == RC_OK) {
		b->state.last_ok_ms = now_ms;
		b->state.error[0] = '\0';
	} else {
		b->state.last_fail_ms = now_ms;
		memcpy(b->state.error, e->text, sizeof(b->state.error));
	}
	mtx_unlock(&b->lock);
}

struct work {
	struct backup_run *b;
	struct backup_plan plan;
	struct tempo pace;
	char folder[FOLDER_PATH_MAX];
	int64_t keep, weeks;
	struct s3_target store;
	bool send; /* a store is set */
	int64_t store_keep;
};

/* The backup here counts already; the one there is the second. */
static enum rc send_one(struct work *w, const char *name, struct err *e)
{
	int removed = 0;

	TRY(backup_s3_send(&w->plan, &w->store, name, e));
	TRY(backup_s3_rotate(&w->store, w->store_keep, &removed, e));
	log_event(LOG_INFO, "backup.sent", "name", name, "removed", LOG_I64(removed), NULL);
	return RC_OK;
}

static enum rc make_one(struct work *w, struct err *e)
{
	struct backup_info info;
	bool damaged = false;
	int removed = 0;
	enum rc rc = backup_make(&w->plan, clock_now_ms(), &info, &damaged, e);

	if (damaged)
		damage_declare(w->b->app, e->text);
	TRY(rc);
	log_event(LOG_INFO, "backup.made", "name", info.name, "database_bytes",
		  LOG_I64(info.database_bytes), "media_files", LOG_I64(info.media_files), "took_ms",
		  LOG_I64(info.took_ms), NULL);
	TRY(backup_rotate(w->folder, w->keep, w->weeks, info.created_ms, &removed, e));
	if (removed > 0)
		log_event(LOG_INFO, "backup.rotated", "removed", LOG_I64(removed), NULL);
	return w->send ? send_one(w, info.name, e) : RC_OK;
}

static enum rc verify_one(struct work *w, const char *name, struct err *e)
{
	struct backup_info info;

	TRY(backup_verify(&w->plan, name, &info, e));
	log_event(LOG_INFO, "backup.verified", "name", name, NULL);
	return RC_OK;
}

static enum rc prepare(struct work *w, const struct config *c, struct err *e)
{
	struct app *app = w->b->app;

	TRY(backup_run_folder(app, w->folder, e));
	w->keep = setting_i64(c->settings, "backup_keep");
	w->weeks = setting_i64(c->settings, "backup_keep_weeks");
	w->pace = (struct tempo){ .percent = (int)setting_i64(c->settings, "backup_pace"),
				  .stop = &w->b->stopping,
				  .others = store_commit_count(app->store) };
	w->plan = (struct backup_plan){ .data_dir = app->data_dir,
					.folder = w->folder,
					.config_file = app->config_file,
					.passphrase = setting_str(c->settings, "backup_passphrase"),
					.pace = &w->pace,
					.say = say,
					.say_arg = w->b };
	w->send = backup_s3_target(c->settings, &w->store, NULL) == RC_OK;
	w->store_keep = setting_i64(c->settings, "backup_s3_keep");
	return RC_OK;
}

static void work(struct backup_run *b, const char *verify)
{
	AUTO(config_putp) const struct config *c = config_get(b->app);
	struct err e = { .rc = RC_OK };
	struct work w = { .b = b };
	enum rc rc = prepare(&w, c, &e);

	if (rc == RC_OK)
		rc = verify[0] != '\0' ? verify_one(&w, verify, &e) : make_one(&w, &e);
	note(b, rc, &e, clock_now_ms());
	if (rc == RC_RETRY && __atomic_load_n(&b->stopping, __ATOMIC_RELAXED))
		return;
	if (rc == RC_OK) {
		incident(b, NULL);
		return;
	}
	log_err(LOG_ERROR, "backup.failed", &e);
	incident(b, e.text);
}

/* ---- the thread ---- */

static int64_t newest_ms(struct backup_run *b)
{
	struct err e = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX];
	struct backup_info newest;
	size_t n = 0;

	if (backup_run_folder(b->app, folder, &e) != RC_OK ||
	    backup_list(folder, &newest, 1, &n, &e) != RC_OK)
		return 0;
	return n > 0 ? newest.created_ms : 0;
}

/* A clock that went back by a year leaves a newest backup in the future: that one is as good as none. */
static bool is_due(struct backup_run *b, int64_t now_ms)
{
	AUTO(config_putp) const struct config *c = config_get(b->app);
	int64_t every = setting_i64(c->settings, "backup_every_hours"), newest = newest_ms(b);
	int64_t due = backup_run_due(every, newest > now_ms ? 0 : newest, b->app->started_ms);

	mtx_lock(&b->lock);
	b->state.next_ms = due;
	b->state.newest_ms = newest;
	if (b->state.last_fail_ms > b->state.last_ok_ms && due > 0)
		b->state.next_ms = due = i64_max(due, b->state.last_fail_ms + AGAIN_MS);
	mtx_unlock(&b->lock);
	return due > 0 && now_ms >= due && !__atomic_load_n(&b->app->damaged, __ATOMIC_RELAXED);
}

/* Whether something is to be done; *ret_verify: what. */
static bool take_order(struct backup_run *b, char ret_verify[BACKUP_NAME_MAX])
{
	bool asked;

	mtx_lock(&b->lock);
	asked = b->asked;
	b->asked = false;
	memcpy(ret_verify, b->verify, sizeof(b->verify));
	b->verify[0] = '\0';
	mtx_unlock(&b->lock);
	return asked;
}

static void run(void *arg)
{
	struct backup_run *b = arg;
	char verify[BACKUP_NAME_MAX];
	bool stopping = false;

	tempo_low_priority();
	while (!stopping) {
		if (take_order(b, verify) || is_due(b, clock_now_ms())) {
			mtx_lock(&b->lock);
			b->state.busy = true;
			mtx_unlock(&b->lock);
			work(b, verify);
		}
		mtx_lock(&b->lock);
		if (!b->stopping && !b->asked)
			(void)cnd_wait(&b->changed, &b->lock, clock_mono_us() + LOOK_US);
		stopping = b->stopping;
		mtx_unlock(&b->lock);
	}
}

enum rc backup_run_start(struct app *app, struct backup_run **ret, struct err *e)
{
	struct backup_run *b = mem_new(1, sizeof(*b));
	enum rc rc;

	b->app = app;
	mtx_init(&b->lock, LOCK_BACKUP);
	cnd_init(&b->changed);
	rc = thr_start(&b->thread, "backup", run, b, e);
	if (rc != RC_OK) {
		mem_free(b);
		return rc;
	}
	*ret = b;
	return RC_OK;
}

void backup_run_stop(struct backup_run *b)
{
	if (b == NULL)
		return;
	mtx_lock(&b->lock);
	__atomic_store_n(&b->stopping, true, __ATOMIC_RELAXED);
	cnd_broadcast(&b->changed);
	mtx_unlock(&b->lock);
	thr_join(&b->thread);
	cnd_destroy(&b->changed);
	mtx_destroy(&b->lock);
	mem_free(b);
}

enum rc backup_run_ask(struct backup_run *b, const char *verify, struct err *e)
{
	enum rc rc = RC_OK;

	mtx_lock(&b->lock);
	if (b->asked || b->state.busy) {
		rc = FAIL(e, RC_CONFLICT, "a backup is being made or checked: wait for its end");
	} else {
		b->asked = true;
		if (!str_copy(str_of(verify), b->verify, sizeof(b->verify)))
			b->verify[0] = '\0';
		cnd_broadcast(&b->changed);
	}
	mtx_unlock(&b->lock);
	return rc;
}

void backup_run_state(struct backup_run *b, struct backup_state *ret)
{
	mtx_lock(&b->lock);
	*ret = b->state;
	mtx_unlock(&b->lock);
}
