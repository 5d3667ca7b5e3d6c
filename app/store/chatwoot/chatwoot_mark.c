/* chatwoot_mark.c - see chatwoot_mark.h. */
#include "store/chatwoot/chatwoot_mark.h"

#include "store/row.h"

static const char *const WORDS[CHATWOOT_MARKS] = {
	[CHATWOOT_MARK_NONE] = "",         [CHATWOOT_MARK_WITH] = "with",
	[CHATWOOT_MARK_COMING] = "coming", [CHATWOOT_MARK_TOLD] = "told",
	[CHATWOOT_MARK_ADDED] = "added",   [CHATWOOT_MARK_NEVER] = "never",
};

enum rc chatwoot_mark_load(struct db *db, int64_t message_id, struct arena *a,
			   struct chatwoot_mark *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct str word;
	enum rc rc;

	*ret = (struct chatwoot_mark){ .told = NULL };
	TRY(row_begin(db, Q_CHATWOOT_MARK_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "message_id", message_id);
	rc = stmt_next(&r.s, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	word = row_str(&r, "file");
	for (int i = 0; i < CHATWOOT_MARKS && word.n > 0; i++)
		if (str_eqc(word, WORDS[i]))
			ret->file = (enum chatwoot_mark_file)i;
	ret->told = row_text(&r, "told");
	return row_end(&r, e);
}

enum rc chatwoot_mark_file(struct tx *tx, int64_t message_id, enum chatwoot_mark_file file,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	ASSERT(file > CHATWOOT_MARK_NONE && file < CHATWOOT_MARKS);
	TRY(stmt_begin(tx->db, Q_CHATWOOT_MARK_FILE, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	stmt_bind_text(&s, "file", WORDS[file]);
	return stmt_run(&s, e);
}

enum rc chatwoot_mark_told(struct tx *tx, int64_t message_id, const char *told, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHATWOOT_MARK_TOLD, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	stmt_bind_text(&s, "told", told);
	return stmt_run(&s, e);
}

bool chatwoot_mark_wants(enum chatwoot_mark_file file, const char *state)
{
	if (state == NULL || strcmp(state, "wanted") == 0)
		return false;
	if (strcmp(state, "stored") == 0)
		return file == CHATWOOT_MARK_COMING || file == CHATWOOT_MARK_TOLD;
	return file == CHATWOOT_MARK_COMING;
}

enum rc chatwoot_phone_get(struct db *db, int64_t conversation_id, struct arena *a, struct str *ret,
			   struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_CHATWOOT_MARK_PHONE, a, &r, e));
	stmt_bind_i64(&r.s, "id", conversation_id);
	TRY(stmt_next(&r.s, e));
	*ret = row_str(&r, "phone");
	return row_end(&r, e);
}

enum rc chatwoot_phone_set(struct tx *tx, int64_t conversation_id, struct str phone, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHATWOOT_MARK_PHONE_PUT, &s, e));
	stmt_bind_i64(&s, "id", conversation_id);
	stmt_bind_str(&s, "phone", phone);
	return stmt_run(&s, e);
}
