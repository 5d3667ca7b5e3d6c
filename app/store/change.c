/* change.c - edits, revokes and reactions. Promises: change.h. Runs inside the caller's unit. */
#include "store/change.h"

#include "store/row.h"

#define CHANGE_ARENA (4 * MIB) /* a text and its structure; a webhook has 3 MB at most */

struct target {
	int64_t id, conversation_id, edited_ms, revoked_ms;
	bool outbound;
	struct str author, content, content_json;
};

static enum rc find(struct tx *tx, struct str meta_message_id, struct arena *a, struct target *ret,
		    struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct target t = { 0 };

	TRY(row_begin(tx->db, Q_CHANGE_TARGET, a, &r, e));
	stmt_bind_str(&r.s, "meta_message_id", meta_message_id);
	TRY(stmt_next(&r.s, e));
	t.id = stmt_i64(&r.s, "id");
	t.conversation_id = stmt_i64(&r.s, "conversation_id");
	t.outbound = stmt_i64(&r.s, "outbound") != 0;
	t.author = row_str(&r, "author");
	t.edited_ms = stmt_i64(&r.s, "edited_ms");
	t.revoked_ms = stmt_i64(&r.s, "revoked_ms");
	t.content = row_str(&r, "content");
	t.content_json = row_str(&r, "content_json");
	TRY(row_end(&r, e));
	*ret = t;
	return RC_OK;
}

/* Whether it changes the target: an edit or a revoke of its author, not older than what stands there. */
static bool counts(const struct change_new *c, const struct target *t)
{
	if (strcmp(c->kind, "reaction") == 0 || c->conversation_id != t->conversation_id ||
	    c->outbound != t->outbound || t->revoked_ms != 0)
		return false;
	if (c->author.n > 0 && t->author.n > 0 && !str_eq(c->author, t->author))
		return false; /* another member of the group */
	return strcmp(c->kind, "revoke") == 0 || c->at_ms >= t->edited_ms;
}

static enum rc apply(struct tx *tx, const struct change_new *c, const struct target *t,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	bool edit = strcmp(c->kind, "edit") == 0;

	TRY(stmt_begin(tx->db, edit ? Q_CHANGE_EDIT : Q_CHANGE_REVOKE, &s, e));
	stmt_bind_i64(&s, "id", t->id);
	stmt_bind_str(&s, "text", edit ? c->text : STR(REVOKED_TEXT));
	if (edit)
		stmt_bind_str(&s, "content_json", c->content_json);
	stmt_bind_i64(&s, "at_ms", c->at_ms);
	return stmt_run(&s, e);
}

static enum rc insert(struct tx *tx, const struct change_new *c, const struct target *t,
		      bool effect, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHANGE_INSERT, &s, e));
	stmt_bind_i64(&s, "message_id", t->id);
	stmt_bind_str(&s, "target", c->target);
	stmt_bind_text(&s, "kind", c->kind);
	stmt_bind_i64(&s, "by_message", c->by_message);
	stmt_bind_str(&s, "actor", c->actor.p != NULL ? c->actor : STR(""));
	stmt_bind_i64(&s, "at_ms", c->at_ms);
	stmt_bind_str(&s, "text", c->text.p != NULL ? c->text : STR(""));
	stmt_bind_str(&s, "content_json", c->content_json);
	stmt_bind_str(&s, "before", effect ? t->content : STR_NONE);
	stmt_bind_str(&s, "before_json", effect ? t->content_json : STR_NONE);
	return stmt_run(&s, e);
}

enum rc change_add(struct tx *tx, const struct change_new *c, int64_t *ret_target, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(CHANGE_ARENA);
	struct target t = { 0 };
	enum rc rc = find(tx, c->target, &a, &t, e);
	bool effect = rc == RC_OK && counts(c, &t);

	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	TRY(insert(tx, c, &t, effect, e));
	if (effect)
		TRY(apply(tx, c, &t, e));
	*ret_target = t.id;
	return RC_OK;
}

static enum rc mark(struct tx *tx, int64_t change_id, const struct target *t, bool effect,
		    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHANGE_JOIN, &s, e));
	stmt_bind_i64(&s, "id", change_id);
	stmt_bind_i64(&s, "message_id", t->id);
	stmt_bind_str(&s, "before", effect ? t->content : STR_NONE);
	stmt_bind_str(&s, "before_json", effect ? t->content_json : STR_NONE);
	return stmt_run(&s, e);
}

/* The first that waits, with its texts in the arena. RC_ABSENT: nothing waits. */
static enum rc waiting(struct tx *tx, struct str target, struct arena *a, int64_t *ret_id,
		       struct change_new *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct change_new c = { .target = target };
	int64_t id;

	TRY(row_begin(tx->db, Q_CHANGE_WAITING, a, &r, e));
	stmt_bind_str(&r.s, "target", target);
	TRY(stmt_next(&r.s, e));
	id = stmt_i64(&r.s, "id");
	c.kind = row_text(&r, "kind");
	c.conversation_id = stmt_i64(&r.s, "conversation_id");
	c.outbound = stmt_i64(&r.s, "outbound") != 0;
	c.author = row_str(&r, "author");
	c.at_ms = stmt_i64(&r.s, "at_ms");
	c.text = row_str(&r, "text");
	c.content_json = row_str(&r, "content_json");
	TRY(row_end(&r, e));
	*ret_id = id;
	*ret = c;
	return RC_OK;
}

enum rc change_join(struct tx *tx, struct str meta_message_id, struct err *e)
{
	for (;;) {
		AUTO(arena_release) struct arena a = ARENA(CHANGE_ARENA);
		struct change_new c;
		struct target t;
		int64_t id;
		bool effect;
		enum rc rc = waiting(tx, meta_message_id, &a, &id, &c, e);

		if (rc == RC_ABSENT)
			return RC_OK;
		TRY(rc);
		TRY(find(tx, meta_message_id, &a, &t, e));
		effect = counts(&c, &t);
		TRY(mark(tx, id, &t, effect, e));
		if (effect)
			TRY(apply(tx, &c, &t, e));
	}
}

enum rc change_each(struct db *db, int64_t message_id, change_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_CHANGE_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "message_id", message_id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct change c = { 0 };

		arena_reset(&a);
		c.kind = row_text(&r, "kind");
		c.actor = row_str(&r, "actor");
		c.at_ms = stmt_i64(&r.s, "at_ms");
		c.text = row_str(&r, "text");
		c.before = row_str(&r, "before");
		c.by_message = stmt_i64(&r.s, "by_message");
		c.by_created_ms = stmt_i64(&r.s, "by_created_ms");
		TRY(row_fits(&r, e));
		TRY(fn(arg, &c, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc change_each_reaction(struct db *db, int64_t message_id, change_each_fn *fn, void *arg,
			     struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_CHANGE_REACTIONS, &a, &r, e));
	stmt_bind_i64(&r.s, "message_id", message_id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct change c = { .kind = "reaction" };

		arena_reset(&a);
		c.actor = row_str(&r, "actor");
		c.text = row_str(&r, "emoji");
		c.at_ms = stmt_i64(&r.s, "at_ms");
		TRY(row_fits(&r, e));
		TRY(fn(arg, &c, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
