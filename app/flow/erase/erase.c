/* erase.c - see erase.h. What is deleted stands in erase_rows.c. */
#include "flow/erase/erase.h"

#include "base/log.h"
#include "flow/backup/backup_run.h"
#include "flow/erase/erase_priv.h"
#include "flow/erase/erased.h"
#include "io/file.h"

#define ROUNDS_MAX 20 /* from the beginning, when somebody goes on writing in the thread */

/* ---- what belongs to the person ---- */

static enum rc read_conversations(struct erasing *x, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	x->conversation_count = 0;
	TRY(stmt_begin(db, Q_ERASE_CONVERSATIONS, &s, e));
	stmt_bind_i64(&s, "contact_id", x->x.contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		if (x->conversation_count == ERASE_CONVERSATIONS_MAX)
			return FAIL(e, RC_LIMIT, "the person has more than %d threads",
				    ERASE_CONVERSATIONS_MAX);
		x->conversations[x->conversation_count++] = stmt_i64(&s, "id");
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_threads(struct erasing *x, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	x->thread_count = 0;
	TRY(stmt_begin(db, Q_ERASE_CHATWOOT_THREADS, &s, e));
	stmt_bind_i64(&s, "contact_id", x->x.contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK && x->thread_count < ERASE_CONVERSATIONS_MAX)
		x->threads[x->thread_count++] = stmt_i64(&s, "chatwoot_conversation_id");
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_aliases(struct erasing *x, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	x->alias_count = 0;
	TRY(stmt_begin(db, Q_ERASE_NAMES, &s, e));
	stmt_bind_i64(&s, "id", x->x.id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		if (x->alias_count == ERASE_ALIASES_MAX ||
		    !str_copy(stmt_str(&s, "alias"), x->aliases[x->alias_count], ERASE_ALIAS_MAX))
			return FAIL(e, RC_LIMIT, "the person has more than %d spellings",
				    ERASE_ALIASES_MAX);
		x->alias_count++;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* ---- the cut ---- */

/* A job that finds its message gone would be a fault; what waits to be sent should be cancelled by a person; and what
 * was taken in but not read yet would be read as the first word of somebody new. */
static enum rc check_open(struct erasing *x, struct db *db, struct err *e)
{
	int64_t open, all = 0;

	for (size_t i = 0; i < x->conversation_count; i++) {
		TRY(erasure_open(db, x->conversations[i], &open, e));
		all += open;
	}
	TRY(erasure_waiting(db, x->x.contact_id, &open, e));
	all += open;
	return all == 0 ? RC_OK
			: FAIL(e, RC_CONFLICT,
			       "%lld jobs of this person are not done yet: let them end, or cancel "
			       "what waits to be sent",
			       (long long)all);
}

/* One unit: nothing is unfinished, and from here on the person is not met any more. */
static enum rc cut_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	enum rc rc = erasure_find(tx->db, x->x.contact_id, &x->x.id, e);

	if (rc != RC_ABSENT)
		return rc; /* one that was interrupted goes on */
	TRY(read_conversations(x, tx->db, e));
	TRY(check_open(x, tx->db, e));
	if (x->app->data_dir !=
	    NULL) /* before the commit: a person too many in the list harms nobody */
		TRY(erased_note(x->app->data_dir, tx->db, x->x.contact_id, tx->now_ms, e));
	TRY(erasure_begin(tx, x->ask, &x->x.id, e));
	return read_aliases(x, tx->db, e); /* too many: known before anything is gone */
}

/* ---- all rows ---- */

static enum rc read_all(struct erasing *x, struct err *e)
{
	struct db *db = store_reader(x->app->store);
	enum rc rc = erasure_load(db, x->x.id, &x->x, e);

	if (rc == RC_OK)
		rc = read_conversations(x, db, e);
	if (rc == RC_OK)
		rc = read_threads(x, db, e);
	if (rc == RC_OK)
		rc = read_aliases(x, db, e);
	store_reader_done(x->app->store, db);
	return rc;
}

/* What was written in the thread meanwhile goes too, when its work is done. */
static enum rc run(struct erasing *x, struct err *e)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		TRY(read_all(x, e));
		if (!x->x.rows)
			return RC_OK;
		TRY(erase_rows(x, e));
		TRY(erase_person(x, e));
		if (!x->late)
			return RC_OK;
	}
	return FAIL(e, RC_CONFLICT, "somebody goes on writing to this person");
}

static void report(struct erasing *x, struct erase_report *ret)
{
	struct err e = { 0 };
	struct db *db = store_reader(x->app->store);

	if (erasure_load(db, x->x.id, &x->x, &e) != RC_OK)
		log_err(LOG_WARN, "erase.not_counted", &e);
	store_reader_done(x->app->store, db);
	*ret = (struct erase_report){ .id = x->x.id,
				      .messages = x->x.messages,
				      .deliveries = x->x.deliveries,
				      .letters = x->x.letters,
				      .files = x->x.files,
				      .conversations = x->x.conversations,
				      .rows_left = x->x.rows };
}

/* The list lies beside the backups too: a new box may be built from them alone. */
static void note_beside_backups(struct app *app)
{
	struct err e = { .rc = RC_OK };
	char folder[FOLDER_PATH_MAX];

	if (app->data_dir != NULL && backup_run_folder(app, folder, &e) == RC_OK &&
	    file_exists(folder) && erased_merge(app->data_dir, folder, &e) != RC_OK)
		log_err(LOG_WARN, "erase.list_not_copied", &e);
}

enum rc erase_contact(struct app *app, const struct erasure_ask *a, struct erase_report *ret,
		      struct err *e)
{
	struct erasing *x = mem_new(1, sizeof(*x));
	struct err later = { 0 };
	enum rc rc;

	x->app = app;
	x->ask = a;
	x->x.company_id = a->company_id;
	x->x.contact_id = a->contact_id;
	(void)__atomic_add_fetch(&app->erasing, 1, __ATOMIC_RELAXED);
	rc = store_write(app->store, STORE_NORMAL, cut_unit, x, e);
	if (rc == RC_OK) {
		note_beside_backups(app);
		rc = run(x, &later);
		if (rc == RC_CONFLICT)
			rc = RC_OK; /* the janitor goes on with it */
		else if (rc != RC_OK)
			*e = later;
		report(x, ret);
	}
	(void)__atomic_sub_fetch(&app->erasing, 1, __ATOMIC_RELAXED);
	mem_free(x);
	return rc;
}

enum rc erase_cut(struct app *app, const struct erasure_ask *a, struct err *e)
{
	struct erasing *x = mem_new(1, sizeof(*x));
	enum rc rc;

	x->app = app;
	x->ask = a;
	x->x.company_id = a->company_id;
	x->x.contact_id = a->contact_id;
	rc = store_write(app->store, STORE_NORMAL, cut_unit, x, e);
	mem_free(x);
	return rc;
}

static enum rc next_open(struct app *app, int64_t after, int64_t *ret_id, struct err *e)
{
	struct db *db = store_reader(app->store);
	enum rc rc = erasure_next(db, "rows", after, ret_id, e);

	store_reader_done(app->store, db);
	return rc;
}

void erase_go_on(struct app *app)
{
	struct err e = { 0 };
	struct erasing *x;
	int64_t id = 0;

	if (__atomic_load_n(&app->erasing, __ATOMIC_RELAXED) > 0 ||
	    next_open(app, 0, &id, &e) != RC_OK)
		return; /* somebody is at it; or there is none */
	x = mem_new(1, sizeof(*x));
	do {
		x->app = app;
		x->x = (struct erasure){ .id = id };
		err_clear(&e);
		if (run(x, &e) != RC_OK)
			log_err(LOG_INFO, "erase.waits", &e);
		else
			log_event(LOG_INFO, "contact.erased", "messages", LOG_I64(x->x.messages),
				  NULL);
		err_clear(&e);
	} while (!__atomic_load_n(&app->stopping, __ATOMIC_RELAXED) &&
		 next_open(app, id, &id, &e) == RC_OK);
	mem_free(x);
}
