/* backup_media_watch.c - see backup_media.h. */
#include "flow/backup/backup_media.h"

#include "base/enc.h"
#include "base/log.h"
#include "io/file.h"
#include "store/incident.h"

#define PAGE  200
#define SPARE (256 * (int64_t)MIB) /* what putting files back leaves free */

/* ---- names ---- */

bool backup_media_name(const char *path, struct backup_media_name *ret)
{
	struct str rest = str_of(path), company, two;

	if (!str_cut(&rest, '/', &company) || !str_i64(company, 1, INT64_MAX, &ret->company_id) ||
	    !str_cut(&rest, '/', &two) || two.n != 2 || rest.n != SUM_TEXT - 1 ||
	    memcmp(two.p, rest.p, 2) != 0)
		return false;
	ret->text = rest.p;
	return enc_unhex(rest, ret->sha256, sizeof(ret->sha256), true);
}

bool backup_media_turn(const struct backup_media_name *name, int64_t now_ms)
{
	return now_ms / DAY_MS % BACKUP_MEDIA_ROUNDS == name->sha256[0] >> 4;
}

/* ---- rows ---- */

void backup_media_watch(struct backup_media_watch *w)
{
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	struct stmt s;

	w->db = NULL;
	if (folder_join(w->plan->data_dir, "totem.db", path, &e) == RC_OK &&
	    db_open(path, DB_READER, &w->db, &e) == RC_OK &&
	    stmt_begin(w->db, Q_BACKUP_MEDIA_ROWS, &s, &e) == RC_OK) {
		stmt_end(&s);
		return;
	}
	log_err(LOG_WARN, "backup.media_not_compared", &e);
	backup_media_watch_end(w);
}

void backup_media_watch_end(struct backup_media_watch *w)
{
	db_close(TAKE(w->db));
}

/* Asked of the box as it is now: a file that retention or an erasure takes is not stored any more before it goes. */
static bool is_stored(const struct backup_media_watch *w, const struct backup_media_name *name)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct err e = { .rc = RC_OK };

	if (w->db == NULL || stmt_begin(w->db, Q_BACKUP_MEDIA_STORED, &s, &e) != RC_OK)
		return false;
	stmt_bind_i64(&s, "company_id", name->company_id);
	stmt_bind_blob(&s, "sha256", str_n((const char *)name->sha256, sizeof(name->sha256)));
	return stmt_next(&s, &e) == RC_OK;
}

/* ---- mending ---- */

static enum rc find_good(const struct backup_media_watch *w, const struct backup_media_name *name,
			 char ret_path[FOLDER_PATH_MAX], struct file_sum *ret, bool *ret_found,
			 struct err *e)
{
	struct err why = { .rc = RC_OK };
	enum rc rc;

	TRY(backup_media_path(w->plan->folder, name->text, ret_path, e));
	rc = folder_sum_file(ret_path, w->plan->pace, ret, &why);
	if (rc == RC_RETRY)
		return FAIL(e, rc, "%s", why.text);
	*ret_found = rc == RC_OK && strcmp(ret->sha256, name->text) == 0;
	return RC_OK;
}

/* Where the folder of media is another disk that is not mounted, the disk below is not filled with it. */
static enum rc put_back(const struct backup_media_watch *w, const char *good, const char *path,
			int64_t bytes, struct err *e)
{
	char to[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];
	struct file_sum sum;
	int64_t free_bytes;

	TRY(file_free_space(w->plan->data_dir, &free_bytes, e));
	if (free_bytes - bytes < SPARE)
		return FAIL(e, RC_LIMIT, "there is no room to put files back");
	TRY(folder_join(w->root, path, to, e));
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(to, '/') - to), to); /* shorter */
	TRY(file_mkdir(sub, 0700, e));
	return folder_copy_file(good, to, 0600, w->plan->pace, &sum, e);
}

/* The row went while the file was put back: nothing would ever take it away again. */
static enum rc take_back(const struct backup_media_watch *w, const char *path, struct err *e)
{
	char to[FOLDER_PATH_MAX];

	TRY(folder_join(w->root, path, to, e));
	return file_remove(to, e);
}

static void count_bad(const struct backup_media_watch *w, const char *path, const char *why)
{
	if (w->info->media_bad++ == 0)
		(void)snprintf(w->info->media_first, sizeof(w->info->media_first), "%s", path);
	log_event(LOG_ERROR, "media.bad", "file", path, "why", why, NULL);
}

enum rc backup_media_mend(const struct backup_media_watch *w, const char *path, bool *ret_good,
			  struct file_sum *ret, struct err *e)
{
	struct backup_media_name name;
	struct err why = { .rc = RC_OK };
	char good[FOLDER_PATH_MAX];
	struct file_sum sum;
	enum rc rc;

	*ret_good = false;
	if (!backup_media_name(path, &name) || !is_stored(w, &name))
		return RC_OK;
	TRY(find_good(w, &name, good, &sum, ret_good, e));
	if (!*ret_good) {
		count_bad(w, path, "no backup has its bytes");
		return RC_OK;
	}
	*ret = sum;
	rc = put_back(w, good, path, sum.bytes, &why);
	if (rc == RC_RETRY)
		return FAIL(e, rc, "%s", why.text);
	if (rc != RC_OK) {
		count_bad(w, path, why.text);
		return RC_OK; /* the backup has the bytes */
	}
	if (!is_stored(w, &name)) {
		*ret_good = false;
		return take_back(w, path, e);
	}
	if (w->info->media_mended++ == 0 && w->info->media_bad == 0)
		(void)snprintf(w->info->media_first, sizeof(w->info->media_first), "%s", path);
	log_event(LOG_WARN, "media.mended", "file", path, NULL);
	return RC_OK;
}

/* ---- what is not there ---- */

struct page {
	struct {
		int64_t company_id;
		char sha256[SUM_TEXT];
	} row[PAGE];
	size_t n;
	int64_t after;
};

static enum rc read_page(struct db *db, struct page *p, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	p->n = 0;
	TRY(stmt_begin(db, Q_BACKUP_MEDIA_ROWS, &s, e));
	stmt_bind_i64(&s, "after_id", p->after);
	stmt_bind_i64(&s, "limit", PAGE);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct str sha;

		p->after = stmt_i64(&s, "id");
		p->row[p->n].company_id = stmt_i64(&s, "company_id");
		sha = stmt_str(&s, "sha256");
		ASSERT(2 * sha.n < SUM_TEXT && p->n < PAGE);
		enc_hex((const uint8_t *)sha.p, sha.n, p->row[p->n++].sha256);
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc look_at_page(const struct backup_media_watch *w, const struct page *p,
			    backup_media_missing_fn *fn, void *arg, struct err *e)
{
	char path[FOLDER_PATH_MAX], full[FOLDER_PATH_MAX];

	for (size_t i = 0; i < p->n; i++) {
		(void)snprintf(path, sizeof(path), "%lld/%.2s/%s", (long long)p->row[i].company_id,
			       p->row[i].sha256, p->row[i].sha256);
		TRY(folder_join(w->root, path, full, e));
		if (!file_exists(full))
			TRY(fn(arg, path, e));
	}
	return RC_OK;
}

enum rc backup_media_missing(const struct backup_media_watch *w, backup_media_missing_fn *fn,
			     void *arg, struct err *e)
{
	struct page *p = mem_new(1, sizeof(*p));
	enum rc rc = RC_OK;

	while (rc == RC_OK && w->db != NULL) {
		rc = read_page(w->db, p, e);
		if (rc != RC_OK || p->n == 0)
			break;
		rc = look_at_page(w, p, fn, arg, e);
		if (rc == RC_OK && !tempo_step(w->plan->pace))
			rc = FAIL(e, RC_RETRY, "stopped");
	}
	mem_free(p);
	return rc;
}

/* ---- telling ---- */

struct telling {
	const struct backup_look *l;
	char bad[24], mended[24];
};

static enum rc tell_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct telling *t = arg;

	if (t->l->media_bad == 0 && t->l->media_mended == 0)
		return incident_close(tx, "media-files", "box", e);
	return incident_raise(tx, t->l->media_bad > 0 ? INCIDENT_MEDIA_BAD : INCIDENT_MEDIA_MENDED,
			      "box",
			      &(struct incident_args){ { t->l->media_bad > 0 ? t->bad : t->mended,
							 t->l->media_first } },
			      e);
}

void backup_media_tell(struct app *app, const struct backup_look *l, char told[ERR_TEXT_MAX])
{
	struct telling t = { .l = l };
	struct err e = { .rc = RC_OK };
	char text[ERR_TEXT_MAX];

	(void)snprintf(t.bad, sizeof(t.bad), "%lld", (long long)l->media_bad);
	(void)snprintf(t.mended, sizeof(t.mended), "%lld", (long long)l->media_mended);
	(void)snprintf(text, sizeof(text), "%s %s %s", t.bad, t.mended, l->media_first);
	if (strcmp(text, told) == 0 || __atomic_load_n(&app->damaged, __ATOMIC_RELAXED))
		return;
	if (store_write(app->store, STORE_NORMAL, tell_unit, &t, &e) == RC_OK)
		memcpy(told, text, sizeof(text));
	else
		log_err(LOG_WARN, "backup.incident_not_stored", &e);
}
