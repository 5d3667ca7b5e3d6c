/* take_over_links.c - see take_over_links.h. */
#include "flow/backup/take_over_links.h"

#include "base/log.h"
#include "io/folder.h"
#include "store/target.h"

#define BRIDGES_MAX 16

struct bridge_list {
	struct target t[BRIDGES_MAX];
	size_t n;
};

static enum rc note_bridge(void *arg, const struct target *t, struct err *e)
{
	struct bridge_list *l = arg;

	(void)e;
	if (strcmp(t->kind, "chatwoot") == 0 && l->n < COUNT(l->t))
		l->t[l->n++] = *t;
	return RC_OK;
}

static enum rc links_begin(struct db *from, int64_t target_id, struct stmt *ret, struct err *e)
{
	TRY(stmt_begin(from, Q_KEPT_LINKS, ret, e));
	stmt_bind_i64(ret, "target_id", target_id);
	return RC_OK;
}

struct linking {
	struct db *from;
	const struct target *target;
	int64_t count;
	bool unread;
};

static enum rc link_put(struct tx *tx, struct linking *l, int64_t target_id, struct stmt *q,
			struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_LINK, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	stmt_bind_i64(&s, "chatwoot_message_id", stmt_i64(q, "chatwoot_message_id"));
	stmt_bind_i64(&s, "message_id", 0);
	stmt_bind_str(&s, "origin", stmt_str(q, "origin"));
	stmt_bind_i64(&s, "created_ms", stmt_i64(q, "created_ms"));
	TRY(stmt_run(&s, e));
	l->count += db_changes(tx->db);
	return RC_OK;
}

static enum rc link_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err why = { .rc = RC_OK };
	struct linking *l = arg;
	int64_t target;
	enum rc rc;

	l->count = 0; /* a unit may run again */
	TRY(target_resolve(tx, l->target->kind, str_of(l->target->slug), &target, e));
	rc = links_begin(l->from, l->target->id, &q, &why);
	while (rc == RC_OK && (rc = stmt_next(&q, &why)) == RC_OK)
		TRY(link_put(tx, l, target, &q, e));
	if (rc != RC_ABSENT) {
		log_err(LOG_ERROR, "take_over.links_not_read", &why);
		l->unread = true;
	}
	return RC_OK;
}

enum rc take_over_links(struct app *app, struct db *from, int64_t *ret_count, bool *ret_unread,
			struct err *e)
{
	struct bridge_list list = { .n = 0 };
	struct err why = { .rc = RC_OK };

	*ret_count = 0;
	*ret_unread = target_each(from, note_bridge, &list, &why) != RC_OK;
	if (*ret_unread)
		log_err(LOG_ERROR, "take_over.links_not_read", &why);
	for (size_t i = 0; i < list.n; i++) {
		struct linking l = { .from = from, .target = &list.t[i] };

		TRY(store_write(app->store, STORE_NORMAL, link_unit, &l, e));
		*ret_count += l.count;
		*ret_unread = *ret_unread || l.unread;
	}
	return RC_OK;
}

/* ---- before the swap ---- */

/* 0: none, or it cannot be told. */
static int64_t newest_link(struct db *db, int64_t target_id)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };

	if (stmt_begin(db, Q_KEPT_LINK_NEWEST, &q, &e) != RC_OK)
		return 0;
	stmt_bind_i64(&q, "target_id", target_id);
	return stmt_next(&q, &e) == RC_OK ? stmt_i64(&q, "chatwoot_message_id") : 0;
}

/* All can be read, and `wanted` is among them. */
static bool has_links(struct db *old, int64_t target_id, int64_t wanted)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };
	bool found = false;
	enum rc rc = links_begin(old, target_id, &q, &e);

	while (rc == RC_OK && (rc = stmt_next(&q, &e)) == RC_OK)
		found = found || stmt_i64(&q, "chatwoot_message_id") == wanted;
	return rc == RC_ABSENT && found;
}

/* A restore paused its queues and nobody has resumed them: it knows no more than its backup. Not readable: likewise. */
static bool waits_for_a_person(struct db *old)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };

	return stmt_begin(old, Q_RESTORE_PAUSED, &q, &e) != RC_OK || stmt_next(&q, &e) != RC_OK ||
	       stmt_i64(&q, "paused") > 0;
}

static bool goes_on(struct db *staged, struct db *old, const struct bridge_list *there,
		    const struct target *t)
{
	int64_t newest = newest_link(staged, t->id);

	if (newest == 0)
		return true; /* Chatwoot was never written to */
	for (size_t i = 0; old != NULL && i < there->n; i++) {
		if (strcmp(there->t[i].slug, t->slug) == 0)
			return !waits_for_a_person(old) && has_links(old, there->t[i].id, newest);
	}
	return false;
}

bool take_over_links_known(struct db *staged, const char *data_dir)
{
	struct bridge_list ours = { .n = 0 }, there = { .n = 0 };
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	struct db *old = NULL;
	int64_t bytes;
	bool known = true;

	if (target_each(staged, note_bridge, &ours, &e) != RC_OK)
		return false;
	/* Not an empty one: SQLite would delete the log beside it. */
	if (folder_join(data_dir, "totem.db", path, &e) == RC_OK &&
	    folder_file_bytes(path, &bytes, &e) == RC_OK && bytes > 0 &&
	    db_open(path, DB_READER, &old, &e) == RC_OK &&
	    target_each(old, note_bridge, &there, &e) != RC_OK)
		there.n = 0;
	for (size_t i = 0; known && i < ours.n; i++)
		known = goes_on(staged, old, &there, &ours.t[i]);
	db_close(old);
	return known;
}
