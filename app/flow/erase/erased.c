/* erased.c - see erased.h. */
#include "flow/erase/erased.h"

#include "base/log.h"
#include "flow/erase/erase.h"
#include "io/file.h"
#include "io/folder.h"
#include "store/queue/queue.h"
#include "store/retention/erasure.h"

#define LIST     "erased.list"
#define LIST_MAX (8 * MIB) /* 150,000 people */
#define JOBS_MAX 1000      /* of one person, cancelled in one go */

struct line {
	int64_t asked_ms;
	struct erasure_person p;
};

static bool line_read(struct str *rest, struct line *ret)
{
	int64_t *const FIELDS[] = { &ret->asked_ms, &ret->p.company_id, &ret->p.contact_id,
				    &ret->p.created_ms };
	struct str line, word;

	if (!str_cut(rest, '\n', &line))
		return false;
	*ret = (struct line){ .asked_ms = 0 };
	for (size_t i = 0; i < COUNT(FIELDS); i++) {
		if (!str_cut(&line, ' ', &word)) {
			word = line;
			line = STR_NONE;
		}
		if (!str_i64(word, 0, INT64_MAX, FIELDS[i]))
			*ret = (struct line){ .asked_ms = 0 }; /* names nobody */
	}
	return true;
}

static enum rc list_read(const char *dir, char ret_path[FOLDER_PATH_MAX], struct sbuf *b,
			 struct err *e)
{
	TRY(folder_join(dir, LIST, ret_path, e));
	return file_exists(ret_path) ? file_read(ret_path, b, e) : RC_OK;
}

/* Once each. */
static void list_add(struct sbuf *b, const struct line *x)
{
	struct str rest = sbuf_view(b);
	struct line known;

	while (line_read(&rest, &known)) {
		if (known.p.contact_id == x->p.contact_id && known.p.created_ms == x->p.created_ms)
			return;
	}
	sbuf_printf(b, "%lld %lld %lld %lld\n", (long long)x->asked_ms, (long long)x->p.company_id,
		    (long long)x->p.contact_id, (long long)x->p.created_ms);
}

static enum rc list_write(const char *path, const struct sbuf *b, struct err *e)
{
	if (!sbuf_ok(b))
		return FAIL(e, RC_LIMIT, "%.200s is full", path);
	return file_write(path, sbuf_view(b), 0600, e);
}

struct noting {
	struct sbuf *b;
	int64_t now_ms;
};

static enum rc note_person(void *arg, const struct erasure_person *p, struct err *e)
{
	struct noting *n = arg;

	(void)e;
	list_add(n->b, &(struct line){ n->now_ms, *p });
	return RC_OK;
}

enum rc erased_note(const char *data_dir, struct db *db, int64_t contact_id, int64_t now_ms,
		    struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LIST_MAX);
	struct noting n = { &b, now_ms };
	char path[FOLDER_PATH_MAX];

	TRY(list_read(data_dir, path, &b, e));
	TRY(erasure_persons(db, contact_id, note_person, &n, e));
	return list_write(path, &b, e);
}

enum rc erased_merge(const char *from_dir, const char *to_dir, struct err *e)
{
	AUTO(sbuf_release) struct sbuf from = SBUF(LIST_MAX), to = SBUF(LIST_MAX);
	char path[FOLDER_PATH_MAX];
	struct str rest;
	struct line x;
	size_t had;

	TRY(list_read(from_dir, path, &from, e));
	TRY(list_read(to_dir, path, &to, e));
	had = to.n;
	rest = sbuf_view(&from);
	while (line_read(&rest, &x))
		list_add(&to, &x);
	return to.n == had && sbuf_ok(&to) ? RC_OK : list_write(path, &to, e);
}

enum rc erased_count(const char *dir, int64_t since_ms, int64_t *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LIST_MAX);
	char path[FOLDER_PATH_MAX];
	struct str rest;
	struct line x;

	*ret = 0;
	TRY(list_read(dir, path, &b, e));
	if (!file_exists(path))
		return RC_ABSENT;
	rest = sbuf_view(&b);
	while (line_read(&rest, &x))
		*ret += x.p.contact_id != 0 && x.asked_ms > since_ms;
	return RC_OK;
}

/* ---- again ---- */

static enum rc is_back(struct app *app, const struct erasure_person *p, bool *ret, struct err *e)
{
	struct db *db = store_reader(app->store);
	enum rc rc = erasure_is_there(db, p, ret, e);

	store_reader_done(app->store, db);
	return rc;
}

static enum rc next_job(struct app *app, int64_t contact_id, int64_t after, int64_t *ret,
			struct err *e)
{
	struct db *db = store_reader(app->store);
	enum rc rc = erasure_job(db, contact_id, after, ret, e);

	store_reader_done(app->store, db);
	return rc;
}

static void cancel_jobs(struct app *app, int64_t contact_id)
{
	struct err e = { .rc = RC_OK };
	int64_t job = 0;

	for (int i = 0; i < JOBS_MAX && next_job(app, contact_id, job, &job, &e) == RC_OK; i++) {
		if (queue_cancel(app->store, job, &e) != RC_OK)
			err_clear(&e); /* it runs or is done */
	}
}

/* True: nothing is left to do for this one. */
static bool again(struct app *app, const struct erasure_person *p)
{
	struct err e = { .rc = RC_OK };
	bool is = false;

	if (p->contact_id == 0)
		return true;
	if (is_back(app, p, &is, &e) == RC_OK && !is)
		return true;
	if (e.rc == RC_OK) {
		cancel_jobs(app, p->contact_id);
		if (erase_cut(app,
			      &(struct erasure_ask){ p->company_id, p->contact_id,
						     STR("totem restore") },
			      &e) == RC_OK) {
			log_event(LOG_WARN, "contact.erased_again", "contact",
				  LOG_I64(p->contact_id), NULL);
			return true; /* its rows: erase_go_on */
		}
	}
	log_err(LOG_WARN, "erase.again_waits", &e);
	return false;
}

void erased_again(struct app *app)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LIST_MAX);
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	bool all = true;
	struct str rest;
	struct line x;

	if (app->data_dir == NULL || app->erased_looked)
		return;
	if (list_read(app->data_dir, path, &b, &e) != RC_OK) {
		log_err(LOG_ERROR, "erase.list_not_read", &e);
		return; /* in a minute again */
	}
	rest = sbuf_view(&b);
	while (!__atomic_load_n(&app->stopping, __ATOMIC_RELAXED) && line_read(&rest, &x))
		all = again(app, &x.p) && all;
	app->erased_looked = all;
}
