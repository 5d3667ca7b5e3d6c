/* start_check.c - see start_check.h. */
#include "flow/check/start_check.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thr.h"
#include "flow/config.h"
#include "flow/damage/damage.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/tempo.h"
#include "store/incident.h"

struct start_check {
	struct app *app;
	struct db *db; /* its own reader */
	struct thr thread;
	struct tempo pace;
	bool stopping; /* atomic */
};

static enum rc whole_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return incident_close(tx, "database", "box", e);
}

static void is_whole(struct start_check *c, int64_t took_us)
{
	char path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };

	log_event(LOG_INFO, "database.checked", "took_ms", LOG_I64(took_us / 1000), NULL);
	if (store_write(c->app->store, STORE_NORMAL, whole_unit, NULL, &e) != RC_OK)
		log_err(LOG_WARN, "database.incident_not_stored", &e);
	if (folder_join(c->app->data_dir, "unclean", path, &e) == RC_OK &&
	    file_remove(path, &e) != RC_OK)
		log_err(LOG_DEBUG, "database.note_not_removed", &e);
}

static void run(void *arg)
{
	struct start_check *c = arg;
	int64_t began_us = clock_mono_us();
	struct err why = { .rc = RC_OK };
	enum rc rc;

	tempo_low_priority();
	rc = db_quick_check(c->db, &c->pace, &why);
	if (rc == RC_RETRY)
		return; /* interrupted by a stop: the note stays */
	if (rc == RC_OK)
		is_whole(c, clock_mono_us() - began_us);
	else if (db_is_damaged(c->db))
		damage_declare(c->app, why.text);
	else
		log_err(LOG_ERROR, "database.not_checked", &why); /* the note stays */
}

enum rc start_check_begin(struct app *app, struct start_check **ret, struct err *e)
{
	struct start_check *c = mem_new(1, sizeof(*c));
	const struct config *set = config_get(app);
	enum rc rc;

	c->app = app;
	c->pace = (struct tempo){ .percent = (int)setting_i64(set->settings, "backup_check_pace"),
				  .stop = &c->stopping,
				  .others = store_commit_count(app->store) };
	config_put(set);
	c->db = store_reader(app->store);
	rc = thr_start(&c->thread, "check", run, c, e);
	if (rc != RC_OK) {
		store_reader_done(app->store, c->db);
		mem_free(c);
		return rc;
	}
	*ret = c;
	return RC_OK;
}

void start_check_end(struct start_check *c)
{
	if (c == NULL)
		return;
	__atomic_store_n(&c->stopping, true, __ATOMIC_RELAXED);
	db_interrupt(c->db);
	thr_join(&c->thread);
	store_reader_done(c->app->store, c->db);
	mem_free(c);
}
