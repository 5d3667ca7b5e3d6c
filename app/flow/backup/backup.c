/* backup.c - making backups. See backup.h; the other parts are in backup_*.c. */
#include "flow/backup/backup.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/damage/damage.h"
#include "flow/erase/erased.h"
#include "io/crypto.h"
#include "io/file.h"

#define STEPS       6
#define ROOM_SPARE  (64 * (int64_t)MIB)
#define SAMPLES_MAX 16

void backup_say(const struct backup_plan *plan, const char *what, int at, int of)
{
	if (plan->say != NULL)
		plan->say(plan->say_arg, what, at, of);
}

bool backup_name_ok(struct str name)
{
	if (name.n == 0 || name.n >= BACKUP_NAME_MAX || !str_starts(name, STR("totem-")))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '-'))
			return false;
	}
	return true;
}

void backup_name_of(int64_t now_ms, char ret[BACKUP_NAME_MAX])
{
	char text[CLOCK_TEXT_MAX];

	clock_text(now_ms, text); /* 2026-01-05T03:00:00.000Z */
	(void)snprintf(ret, BACKUP_NAME_MAX, "totem-%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5,
		       text + 8, text + 11, text + 14, text + 17); /* fits */
}

/* ---- comparing with the database it came from ---- */

struct marks {
	int64_t accepted, newest, messages;
};

static enum rc marks_read(struct db *db, struct marks *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_BACKUP_MARKS, &s, e));
	TRY(stmt_next(&s, e));
	ret->accepted = stmt_i64(&s, "accepted");
	ret->newest = stmt_i64(&s, "newest");
	ret->messages = stmt_i64(&s, "messages");
	return RC_OK;
}

static bool between(int64_t low, int64_t v, int64_t high)
{
	return low <= v && v <= high;
}

static enum rc sample_read(struct db *db, int64_t at, int64_t *ret_id, char ret_sum[SUM_TEXT],
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_BACKUP_SAMPLE, &s, e));
	stmt_bind_i64(&s, "id", at);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	(void)stmt_i64(&s, "received_ms");
	(void)stmt_i64(&s, "body_size");
	crypto_sha256_hex(stmt_str(&s, "body"), ret_sum);
	return RC_OK;
}

/* Requests never change; one that retention took meanwhile is passed over. */
static enum rc samples_compare(struct db *source, struct db *copy, int64_t newest, struct err *e)
{
	for (int64_t i = 0; i < SAMPLES_MAX; i++) {
		struct err absent = { .rc = RC_OK };
		char one[SUM_TEXT], two[SUM_TEXT];
		int64_t id, other;
		enum rc rc = sample_read(copy, newest / SAMPLES_MAX * i, &id, one, &absent);

		if (rc == RC_OK)
			rc = sample_read(source, id, &other, two, &absent);
		if (rc != RC_OK && rc != RC_ABSENT)
			return FAIL(e, rc, "%s", absent.text);
		if (rc == RC_OK && id == other && strcmp(one, two) != 0)
			return FAIL(e, RC_INVALID, "request %lld differs in the copy",
				    (long long)id);
	}
	return RC_OK;
}

static enum rc compare(struct db *source, const struct marks *before, const char *path,
		       struct err *e)
{
	struct marks after, is;
	struct db *copy = NULL;
	enum rc rc;

	TRY(marks_read(source, &after, e));
	TRY(db_open(path, DB_READER, &copy, e));
	rc = marks_read(copy, &is, e);
	if (rc == RC_OK && (!between(before->accepted, is.accepted, after.accepted) ||
			    !between(before->newest, is.newest, after.newest) ||
			    !between(before->messages, is.messages, after.messages)))
		rc = FAIL(e, RC_INVALID, "the copy does not stand where the database stands");
	if (rc == RC_OK)
		rc = samples_compare(source, copy, is.newest, e);
	db_close(copy);
	return rc;
}

/* ---- looking through a copy ---- */

/* `deep`: SQLite's full check too. */
static enum rc look_through(const char *path, bool deep, struct tempo *pace,
			    struct backup_tables *ret, struct err *e)
{
	struct err why = { .rc = RC_OK };
	struct db *db = NULL;
	enum rc rc;

	rc = db_open(path, DB_READER, &db, &why);
	if (rc == RC_OK && deep)
		rc = db_full_check(db, pace, &why);
	if (rc == RC_OK)
		rc = backup_tables_read(db, pace, ret, &why);
	db_close(db);
	if (rc == RC_OK || rc == RC_RETRY || rc == RC_LIMIT)
		return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
	return FAIL(e, RC_INVALID, "%s", why.text); /* the copy, not this box */
}

enum rc backup_scratch(const char *database, const char *scratch, struct tempo *pace,
		       struct backup_tables *ret_tables, struct file_sum *ret_sum, struct err *e)
{
	TRY(folder_copy_file(database, scratch, 0600, pace, ret_sum, e));
	TRY(folder_warm_file(scratch, pace, e));
	return look_through(scratch, true, pace, ret_tables, e);
}

enum rc backup_look_in_place(const char *database, struct tempo *pace,
			     struct backup_tables *ret_tables, struct file_sum *ret_sum,
			     struct err *e)
{
	TRY(folder_sum_file_kept(database, pace, ret_sum, e));
	return look_through(database, true, pace, ret_tables, e);
}

/* ---- making ---- */

struct making {
	const struct backup_plan *plan;
	struct backup_info info;
	struct backup_tables tables;
	struct marks before;
	char source[FOLDER_PATH_MAX], stage[FOLDER_PATH_MAX], copy[FOLDER_PATH_MAX],
		newest[FOLDER_PATH_MAX];
	bool damaged;
};

static enum rc room_check(struct making *m, struct err *e)
{
	int64_t bytes, free_bytes;

	TRY(folder_file_bytes(m->source, &bytes, e));
	TRY(file_free_space(m->plan->folder, &free_bytes, e));
	if (free_bytes < bytes + ROOM_SPARE)
		return FAIL(e, RC_LIMIT, "a backup needs %lld MiB in %.100s, %lld are free",
			    (long long)((bytes + ROOM_SPARE) / (int64_t)MIB), m->plan->folder,
			    (long long)(free_bytes / (int64_t)MIB));
	return RC_OK;
}

static enum rc name_it(struct making *m, int64_t now_ms, struct err *e)
{
	char path[FOLDER_PATH_MAX], hidden[BACKUP_NAME_MAX + 8];

	for (int i = 1; i < 100; i++) {
		backup_name_of(now_ms, m->info.name);
		if (i > 1)
			(void)snprintf(m->info.name + strlen(m->info.name), 4, "-%d", i);
		TRY(folder_join(m->plan->folder, m->info.name, path, e));
		if (file_exists(path))
			continue;
		(void)snprintf(hidden, sizeof(hidden), ".making-%s", m->info.name); /* fits */
		TRY(folder_join(m->plan->folder, hidden, m->stage, e));
		return folder_join(m->stage, "totem.db", m->copy, e);
	}
	return FAIL(e, RC_CONFLICT, "a hundred backups of the same second are there");
}

static enum rc seal_one(const struct making *m, const char *from, const char *name, bool *ret_done,
			struct err *e)
{
	char to[FOLDER_PATH_MAX], sealed[40];

	if (m->plan->passphrase.n == 0 || from == NULL || !file_exists(from))
		return RC_OK;
	(void)snprintf(sealed, sizeof(sealed), "%s.sealed", name);
	TRY(folder_join(m->stage, sealed, to, e));
	TRY(backup_seal_file(from, to, name, m->plan->passphrase, e));
	*ret_done = true;
	return RC_OK;
}

static enum rc copy_database(struct making *m, struct db *db, struct err *e)
{
	TRY(db_pragma_i64(db, "user_version", &m->info.schema, e));
	TRY(marks_read(db, &m->before, e));
	backup_say(m->plan, "checking the database", 1, STEPS);
	TRY(folder_warm_file(m->source, m->plan->pace, e));
	TRY(db_full_check(db, m->plan->pace, e));
	backup_say(m->plan, "copying the database", 2, STEPS);
	TRY(db_copy_paced(db, m->copy, m->plan->pace, e));
	backup_say(m->plan, "reading the copy back", 3, STEPS);
	return RC_OK;
}

/* The copy as it is on the disk: its sum, the rows of its tables, and whether it stands where the database stands. It is
 * restored and checked whole later, at a pace of its own (backup_verify). */
static enum rc read_back(struct making *m, struct db *db, struct err *e)
{
	struct file_sum sum;
	enum rc rc;

	TRY(folder_sum_file_kept(m->copy, m->plan->pace, &sum, e));
	rc = look_through(m->copy, false, m->plan->pace, &m->tables, e);
	if (rc == RC_OK)
		rc = compare(db, &m->before, m->copy, e);
	folder_cool_file(m->copy);
	TRY(rc);
	m->info.database_bytes = sum.bytes;
	memcpy(m->info.database_sha256, sum.sha256, sizeof(sum.sha256));
	return RC_OK;
}

static enum rc make_database(struct making *m, struct err *e)
{
	struct db *db = NULL;
	enum rc rc;

	rc = db_open(m->source, DB_READER, &db, e);
	if (rc != RC_OK) {
		if (db_probe(m->source, &m->damaged, NULL) != RC_OK)
			m->damaged = false; /* it cannot be told */
		return rc;
	}
	rc = copy_database(m, db, e);
	m->damaged = db_is_damaged(db);
	if (rc == RC_OK)
		rc = read_back(m, db, e);
	db_close(db);
	return rc;
}

static enum rc make_rest(struct making *m, struct err *e)
{
	char key[FOLDER_PATH_MAX], list[FOLDER_PATH_MAX];

	TRY(folder_join(m->plan->data_dir, "totem.key", key, e));
	TRY(seal_one(m, key, "totem.key", &m->info.sealed_key, e));
	TRY(seal_one(m, m->plan->config_file, "totem.conf", &m->info.sealed_config, e));
	backup_say(m->plan, "copying media", 4, STEPS);
	TRY(backup_media_save(m->plan, m->stage, m->newest[0] != '\0' ? m->newest : NULL, &m->info,
			      e));
	backup_say(m->plan, "checking media", 5, STEPS);
	TRY(folder_join(m->stage, "media.list", list, e));
	return backup_media_check(m->plan->folder, list, false, m->plan->pace, e);
}

static enum rc put_in_place(struct making *m, int64_t began_us, struct err *e)
{
	char place[FOLDER_PATH_MAX];

	m->info.took_ms = (clock_mono_us() - began_us) / 1000;
	for (size_t i = 0; i < m->tables.n; i++)
		m->info.rows += m->tables.t[i].rows;
	TRY(backup_manifest_write(m->stage, &m->info, &m->tables, e));
	TRY(folder_join(m->plan->folder, m->info.name, place, e));
	backup_say(m->plan, "done", STEPS, STEPS);
	return folder_move(m->stage, place, e);
}

static enum rc make(struct making *m, int64_t now_ms, struct err *e)
{
	int64_t began_us = clock_mono_us();
	struct backup_info newest;
	char why[ERR_TEXT_MAX];
	size_t n;

	TRY(folder_join(m->plan->data_dir, "totem.db", m->source, e));
	TRY(damage_here(m->plan->data_dir, &m->damaged, why, e));
	if (m->damaged)
		return FAIL(e, RC_IO,
			    "the database is damaged, so no backup is made of it (%.200s)", why);
	TRY(file_mkdir(m->plan->folder, 0700, e));
	TRY(room_check(m, e));
	TRY(backup_list(m->plan->folder, &newest, 1, &n, e));
	/* Behind one that failed its check each file is read again: one of the pool may be what is damaged. */
	if (n > 0 && newest.mark != BACKUP_FAILED &&
	    snprintf(m->newest, sizeof(m->newest), "%s/%s/media.list", m->plan->folder,
		     newest.name) >= (int)sizeof(m->newest))
		return FAIL(e, RC_INVALID, "the path of the backup folder is too long");
	TRY(name_it(m, now_ms, e));
	TRY(folder_remove(m->stage, e));
	TRY(file_mkdir(m->stage, 0700, e));
	TRY(make_database(m, e));
	TRY(make_rest(m, e));
	TRY(erased_merge(m->plan->data_dir, m->plan->folder, e));
	return put_in_place(m, began_us, e);
}

/* Server and commands may want the same folder. */
enum rc backup_lock(const char *folder, int *ret_fd, struct err *e)
{
	struct err why = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	enum rc rc;

	TRY(file_mkdir(folder, 0700, e));
	TRY(folder_join(folder, ".lock", path, e));
	rc = file_lock(path, ret_fd, &why);
	if (rc == RC_CONFLICT)
		return FAIL(e, rc, "another backup is being made or checked in %.150s", folder);
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
}

enum rc backup_make(const struct backup_plan *plan, int64_t now_ms, struct backup_info *ret,
		    bool *ret_damaged, struct err *e)
{
	struct making *m = mem_new(1, sizeof(*m));
	struct err left = { .rc = RC_OK };
	int fd = -1;
	enum rc rc;

	m->plan = plan;
	m->info.created_ms = now_ms;
	rc = backup_lock(plan->folder, &fd, e);
	if (rc == RC_OK)
		rc = make(m, now_ms, e);
	if (rc == RC_OK)
		*ret = m->info;
	else if (m->stage[0] != '\0' && folder_remove(m->stage, &left) != RC_OK)
		log_err(LOG_DEBUG, "backup.rest_not_removed", &left);
	*ret_damaged = m->damaged;
	file_unlock(fd);
	mem_free(m);
	return rc;
}
