/* backup_run.c - see backup_run.h. */
#include "flow/backup/backup_run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thr.h"
#include "flow/backup/backup_media.h"
#include "flow/backup/backup_s3.h"
#include "flow/clock/clockdoubt.h"
#include "flow/config.h"
#include "flow/damage/damage.h"
#include "io/file.h"
#include "store/incident.h"

#define LOOK_US  (60 * INT64_C(1000000))
#define AGAIN_MS HOUR_MS /* after a failure */

struct backup_run {
	struct app *app;
	struct thr thread;
	/* The thread's own: */
	/* Waiting goes by the monotonic clock: the other one may be set back by a year. */
	int64_t started_us;
	int64_t failed_us;             /* the last try, when it failed; 0: it did not */
	int64_t check_after_us;        /* a check that could not be done is tried again then */
	int64_t send_after_us;         /* likewise: when the store was not to be had */
	char told[ERR_TEXT_MAX];       /* the incident about checks that stands; "?": not known */
	char told_media[ERR_TEXT_MAX]; /* the one about media files, likewise */
	struct mtx lock;               /* LOCK_BACKUP: all below */
	struct cnd changed;
	bool stopping; /* also read by the pace without the lock */
	bool give_way; /* likewise: a check makes room for what was asked for */
	bool asked;
	char verify[BACKUP_NAME_MAX]; /* what to look at; "": a backup is asked for */
	struct backup_state state;
};

static int64_t since_ms(int64_t mono_us)
{
	return (clock_mono_us() - mono_us) / 1000;
}

/* ---- incidents ---- */

static bool is_damaged(const struct backup_run *b)
{
	return __atomic_load_n(&b->app->damaged, __ATOMIC_RELAXED);
}

struct word {
	enum incident_code id; /* raised with one and two; one NULL: closed */
	const char *kind;
	const char *one, *two;
};

static enum rc incident_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct word *w = arg;

	if (w->one == NULL)
		return incident_close(tx, w->kind, "box", e);
	return incident_raise(tx, w->id, "box", &(struct incident_args){ { w->one, w->two } }, e);
}

static bool incident(struct backup_run *b, const struct word *w)
{
	struct err e = { .rc = RC_OK };

	if (store_write(b->app->store, STORE_NORMAL, incident_unit, (void *)(uintptr_t)w, &e) ==
	    RC_OK)
		return true;
	log_err(LOG_WARN, "backup.incident_not_stored", &e);
	return false;
}

/* Text NULL: it is well again. */
static void tell_made(struct backup_run *b, const char *text)
{
	char folder[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	bool shut = text != NULL && backup_run_folder(b->app, folder, &e) == RC_OK &&
		    !file_writable(folder);

	(void)incident(b, &(struct word){ shut ? INCIDENT_BACKUP_FOLDER : INCIDENT_BACKUP_FAILED,
					  "backup", text, shut ? folder : NULL });
}

/* Only changes are written. After a start an old backup has an hour to be checked. */
static void tell_checks(struct backup_run *b, const struct backup_look *l)
{
	struct word w = { INCIDENT_BACKUP_BAD, "backup-check", NULL, NULL };
	bool late = l->late[0] != '\0' && since_ms(b->started_us) >= AGAIN_MS;
	char text[ERR_TEXT_MAX] = "";

	if (l->bad[0] != '\0')
		w = (struct word){ INCIDENT_BACKUP_BAD, w.kind, l->bad, l->bad_why };
	else if (late)
		w = (struct word){ INCIDENT_BACKUP_UNVERIFIED, w.kind, l->late, l->late_why };
	if (w.one != NULL)
		(void)snprintf(text, sizeof(text), "%s %.180s", w.one, w.two);
	mtx_lock(&b->lock);
	b->state.troubled = w.one != NULL;
	mtx_unlock(&b->lock);
	if (!is_damaged(b) && strcmp(text, b->told) != 0 && incident(b, &w))
		memcpy(b->told, text, sizeof(text));
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
	b->state.busy = b->state.checking = false;
	b->state.what[0] = '\0';
	if (rc == RC_OK) {
		b->state.last_ok_ms = now_ms;
		b->failed_us = 0;
		b->state.error[0] = '\0';
	} else {
		b->state.last_fail_ms = now_ms;
		b->failed_us = clock_mono_us();
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
	int64_t store_keep;
};

/* Once it was checked, or could not be; what failed is sent nowhere. */
static enum rc send_one(struct work *w, const char *name, struct err *e)
{
	int removed = 0;

	TRY(backup_s3_send(&w->plan, &w->store, name, e));
	if (clockdoubt_sure(w->b->app))
		TRY(backup_s3_rotate(&w->store, w->store_keep, &removed, e));
	log_event(LOG_INFO, "backup.sent", "name", name, "removed", LOG_I64(removed), NULL);
	return removed > 0 ? backup_s3_sweep(&w->plan, &w->store, clock_now_ms(), e) : RC_OK;
}

static enum rc rotate(struct work *w, struct err *e)
{
	int removed = 0;

	if (!clockdoubt_sure(w->b->app)) {
		log_event(LOG_WARN, "backup.not_rotated", "why", "the clock is in doubt", NULL);
		return RC_OK; /* after the next one */
	}
	TRY(backup_rotate(w->folder, w->keep, w->weeks, clock_now_ms(), &removed, e));
	if (removed > 0)
		log_event(LOG_INFO, "backup.rotated", "removed", LOG_I64(removed), NULL);
	return RC_OK;
}

static enum rc make_one(struct work *w, struct err *e)
{
	struct backup_info info;
	bool damaged = false;
	enum rc rc = backup_make(&w->plan, clock_now_ms(), &info, &damaged, e);

	if (damaged)
		damage_declare(w->b->app, e->text);
	TRY(rc);
	log_event(LOG_INFO, "backup.made", "name", info.name, "database_bytes",
		  LOG_I64(info.database_bytes), "media_files", LOG_I64(info.media_files), "took_ms",
		  LOG_I64(info.took_ms), NULL);
	w->b->check_after_us = 0;
	return rotate(w, e);
}

static enum rc verify_one(struct work *w, const char *name, struct err *e)
{
	struct backup_info info;
	int64_t began_us = clock_mono_us();

	TRY(backup_verify(&w->plan, name, clock_now_ms(), &info, e));
	if (info.mark != BACKUP_VERIFIED) {
		log_event(LOG_WARN, "backup.not_restored", "name", name, "why", info.check_text,
			  NULL);
		return RC_OK;
	}
	log_event(LOG_INFO, "backup.verified", "name", name, "took_ms",
		  LOG_I64((clock_mono_us() - began_us) / 1000), NULL);
	return rotate(w, e);
}

static enum rc prepare(struct work *w, const struct config *c, struct err *e)
{
	struct app *app = w->b->app;
	struct err none = { .rc = RC_OK };

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
	if (backup_s3_target(c->settings, &w->store, &none) != RC_OK)
		w->store.url = STR_NONE; /* is_to_send asked before it is needed */
	w->store_keep = setting_i64(c->settings, "backup_s3_keep");
	return RC_OK;
}

static void idle(struct backup_run *b)
{
	mtx_lock(&b->lock);
	b->state.busy = b->state.checking = false;
	b->state.what[0] = '\0';
	mtx_unlock(&b->lock);
}

static bool is_stopping(const struct backup_run *b)
{
	return __atomic_load_n(&b->stopping, __ATOMIC_RELAXED);
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
	if (rc == RC_RETRY && is_stopping(b))
		return;
	if (rc != RC_OK)
		log_err(LOG_ERROR, "backup.failed", &e);
	/* A backup that fails its check is told by the next look at the folder. */
	if (rc == RC_OK || verify[0] == '\0')
		tell_made(b, rc == RC_OK ? NULL : e.text);
}

/* Restores the one that is to be checked, and sends what may be sent then. */
static void check(struct backup_run *b, const char *name)
{
	AUTO(config_putp) const struct config *c = config_get(b->app);
	struct err e = { .rc = RC_OK };
	struct work w = { .b = b };
	struct backup_info now;
	enum rc rc = prepare(&w, c, &e);

	w.pace.percent = (int)setting_i64(c->settings, "backup_check_pace");
	w.pace.stop = &b->give_way;
	if (rc == RC_OK)
		rc = verify_one(&w, name, &e);
	idle(b);
	if (rc == RC_RETRY)
		return; /* something was asked for, or the end */
	if (rc != RC_OK)
		log_err(LOG_ERROR, "backup.check_failed", &e);
	/* As after a backup that failed: the next one an hour later, not at once. */
	if (rc == RC_INVALID)
		note(b, rc, &e, clock_now_ms());
	if (backup_info_get(w.folder, name, &now, NULL) != RC_OK || now.mark == BACKUP_MADE)
		b->check_after_us = clock_mono_us() + AGAIN_MS * 1000;
}

/* The newest backup, whoever made it, once it was checked or could not be: it is sent until the store has it. */
static bool is_to_send(struct backup_run *b, const struct backup_look *l)
{
	AUTO(config_putp) const struct config *c = config_get(b->app);
	struct err none = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX];
	int64_t mono_us = clock_mono_us();
	struct s3_target t;

	return l->newest[0] != '\0' && mono_us >= b->send_after_us &&
	       (strcmp(l->newest, l->to_check) != 0 || b->check_after_us > mono_us) &&
	       backup_s3_target(c->settings, &t, &none) == RC_OK &&
	       backup_run_folder(b->app, folder, &none) == RC_OK &&
	       !backup_s3_has(folder, &t, l->newest);
}

static void send_newest(struct backup_run *b, const char *name)
{
	AUTO(config_putp) const struct config *c = config_get(b->app);
	struct err e = { .rc = RC_OK };
	struct work w = { .b = b };
	enum rc rc = prepare(&w, c, &e);

	if (rc == RC_OK)
		rc = send_one(&w, name, &e);
	note(b, rc, &e, clock_now_ms());
	if (rc == RC_RETRY && is_stopping(b))
		return;
	b->send_after_us = rc == RC_OK ? 0 : clock_mono_us() + AGAIN_MS * 1000;
	if (rc != RC_OK)
		log_err(LOG_ERROR, "backup.not_sent", &e);
	tell_made(b, rc == RC_OK ? NULL : e.text);
}

/* ---- the thread ---- */

static void look(struct backup_run *b, int64_t now_ms, struct backup_look *ret)
{
	struct err e = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX];

	*ret = (struct backup_look){ .newest_ms = 0 };
	if (backup_run_folder(b->app, folder, &e) != RC_OK ||
	    backup_look(folder, now_ms, ret, &e) != RC_OK)
		return;
	mtx_lock(&b->lock);
	/* Of one that a clock ahead made nobody can tell how old it is: for whoever watches there is none. */
	b->state.newest_ms = ret->newest_ms > now_ms ? 0 : ret->newest_ms;
	b->state.verified_ms = ret->verified_ms > now_ms ? 0 : ret->verified_ms;
	mtx_unlock(&b->lock);
	tell_checks(b, ret);
	backup_media_tell(b->app, ret, b->told_media);
}

static bool is_due(struct backup_run *b, const struct backup_look *l, int64_t now_ms)
{
	AUTO(config_putp) const struct config *c = config_get(b->app);
	int64_t every = setting_i64(c->settings, "backup_every_hours");
	int64_t due = backup_run_due(every, l->newest_ms, now_ms, since_ms(b->started_us));

	mtx_lock(&b->lock);
	if (b->failed_us != 0 && due > 0)
		due = i64_max(due, now_ms - since_ms(b->failed_us) + AGAIN_MS);
	b->state.next_ms = due;
	mtx_unlock(&b->lock);
	return due > 0 && now_ms >= due && !is_damaged(b);
}

/* Whether something is to be done; *ret_verify: what. */
static bool take_order(struct backup_run *b, char ret_verify[BACKUP_NAME_MAX])
{
	bool asked;

	mtx_lock(&b->lock);
	asked = b->asked;
	b->asked = false;
	__atomic_store_n(&b->give_way, b->stopping, __ATOMIC_RELAXED);
	memcpy(ret_verify, b->verify, sizeof(b->verify));
	b->verify[0] = '\0';
	mtx_unlock(&b->lock);
	return asked;
}

static void begin(struct backup_run *b, bool *flag)
{
	mtx_lock(&b->lock);
	*flag = true;
	mtx_unlock(&b->lock);
}

/* True: there may be more to do at once. */
static bool one_thing(struct backup_run *b)
{
	char verify[BACKUP_NAME_MAX];
	int64_t now_ms = clock_now_ms();
	bool asked = take_order(b, verify);
	struct backup_look l;

	look(b, now_ms, &l);
	if (asked || is_due(b, &l, now_ms)) {
		begin(b, &b->state.busy);
		work(b, verify);
		return true;
	}
	if (l.to_check[0] != '\0' && clock_mono_us() >= b->check_after_us && !is_damaged(b)) {
		begin(b, &b->state.checking);
		check(b, l.to_check);
		return true;
	}
	if (!is_to_send(b, &l))
		return false;
	begin(b, &b->state.busy);
	send_newest(b, l.newest);
	return true;
}

static void run(void *arg)
{
	struct backup_run *b = arg;
	bool stopping = false;

	tempo_low_priority();
	while (!stopping) {
		bool more = one_thing(b);

		mtx_lock(&b->lock);
		if (!more && !b->stopping && !b->asked)
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
	b->started_us = clock_mono_us() -
			i64_max(clock_now_ms() - app->started_ms, 0) * 1000; /* just now */
	memcpy(b->told, "?", 2);
	memcpy(b->told_media, "?", 2);
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
	__atomic_store_n(&b->give_way, true, __ATOMIC_RELAXED);
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
		__atomic_store_n(&b->give_way, true, __ATOMIC_RELAXED);
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
