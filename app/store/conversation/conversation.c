/* conversation.c - conversations and their aggregate. */
#include "store/conversation/conversation.h"

#include "store/row.h"
#include "store/search/search.h"

#define MERGES_MAX 64 /* merges one after the other */

static enum rc changed(struct tx *tx, struct stmt *s, struct err *e)
{
	TRY(stmt_run(s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_ABSENT;
}

struct place {
	int64_t company_id, channel_id, contact_id;
	struct str wa_id;
};

static enum rc look_up(struct db *db, const struct place *p, int64_t *ret_id, bool *ret_same,
		       struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_LOOKUP, &s, e));
	stmt_bind_i64(&s, "channel_id", p->channel_id);
	stmt_bind_i64(&s, "contact_id", p->contact_id);
	stmt_bind_str(&s, "wa_id", p->wa_id);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	*ret_same = stmt_i64(&s, "same") != 0;
	return RC_OK;
}

static enum rc insert(struct tx *tx, const struct place *p, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (p->wa_id.n == 0)
		return RC_ABSENT;
	TRY(stmt_begin(tx->db, Q_CONVERSATION_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", p->company_id);
	stmt_bind_i64(&s, "channel_id", p->channel_id);
	stmt_bind_i64(&s, "contact_id", p->contact_id);
	stmt_bind_str(&s, "wa_id", p->wa_id);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	*ret_id = db_last_rowid(tx->db);
	return RC_OK;
}

static enum rc set_address(struct tx *tx, int64_t id, struct str wa_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_ADDRESS, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "wa_id", wa_id);
	return stmt_run(&s, e);
}

enum rc conversation_resolve(struct tx *tx, int64_t company_id, int64_t channel_id,
			     int64_t contact_id, struct str wa_id, int64_t *ret_id, struct err *e)
{
	const struct place p = { company_id, channel_id, contact_id, wa_id };
	int64_t id;
	bool same;
	enum rc rc = look_up(tx->db, &p, &id, &same, e);

	if (rc == RC_ABSENT)
		return insert(tx, &p, ret_id, e);
	TRY(rc);
	if (!same && wa_id.n > 0)
		TRY(set_address(tx, id, wa_id, e));
	*ret_id = id;
	return RC_OK;
}

static void take(struct row *r, struct conversation *ret)
{
	*ret = (struct conversation){ 0 };
	ret->id = stmt_i64(&r->s, "id");
	ret->company_id = stmt_i64(&r->s, "company_id");
	ret->channel_id = stmt_i64(&r->s, "channel_id");
	ret->contact_id = stmt_i64(&r->s, "contact_id");
	ret->wa_id = row_str(r, "wa_id");
	ret->status = row_str(r, "status");
	ret->contact_name = row_str(r, "contact_name");
	ret->unread_count = stmt_i64(&r->s, "unread_count");
	ret->last_message_at = stmt_i64(&r->s, "last_message_at");
	ret->last_message_id = stmt_i64(&r->s, "last_message_id");
	ret->last_inbound_ms = stmt_i64(&r->s, "last_inbound_ms");
	ret->chatwoot_conversation_id = stmt_i64(&r->s, "chatwoot_conversation_id");
	ret->chatwoot_contact_id = stmt_i64(&r->s, "chatwoot_contact_id");
	ret->chatwoot_source_id = row_str(r, "chatwoot_source_id");
	ret->automation_off_until_ms = stmt_i64(&r->s, "automation_off_until_ms");
	ret->snoozed_until_ms = stmt_i64(&r->s, "snoozed_until_ms");
	ret->created_ms = stmt_i64(&r->s, "created_ms");
	ret->assigned_user_id = stmt_i64(&r->s, "assigned_user_id");
	ret->assigned_name = row_str(r, "assigned_name");
	ret->assigned_created_ms = stmt_i64(&r->s, "assigned_created_ms");
	ret->labels = row_str(r, "labels");
	ret->last_content = row_str(r, "last_content");
	ret->merged_into = stmt_i64(&r->s, "merged_into");
	ret->group = str_eqc(stmt_str(&r->s, "contact_kind"), "group");
}

static enum rc load_one(struct db *db, int64_t id, struct arena *a, struct conversation *ret,
			struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct conversation c;

	TRY(row_begin(db, Q_CONVERSATION_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	take(&r, &c);
	TRY(row_end(&r, e));
	*ret = c;
	return RC_OK;
}

enum rc conversation_load(struct db *db, int64_t id, struct arena *a, struct conversation *ret,
			  struct err *e)
{
	struct conversation c = { .merged_into = id };

	for (int steps = 0; c.merged_into != 0; steps++) {
		if (steps == MERGES_MAX)
			return FAIL(e, RC_INVALID, "conversation %lld leads nowhere",
				    (long long)id);
		TRY(load_one(db, c.merged_into, a, &c, e));
	}
	*ret = c;
	return RC_OK;
}

enum rc conversation_load_named(struct db *db, const struct conversation_name *name,
				struct arena *a, struct conversation *ret, struct err *e)
{
	struct conversation named;

	TRY(load_one(db, name->id, a, &named, e));
	if (named.created_ms != name->created_ms)
		return FAIL(e, RC_ABSENT, "no conversation of this name");
	if (named.merged_into != 0)
		return conversation_load(db, named.merged_into, a, ret, e);
	*ret = named;
	return RC_OK;
}

enum rc conversation_by_chatwoot(struct db *db, int64_t company_id,
				 int64_t chatwoot_conversation_id, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONVERSATION_BY_CHATWOOT, &s, e));
	stmt_bind_i64(&s, "company_id", company_id);
	stmt_bind_i64(&s, "chatwoot_conversation_id", chatwoot_conversation_id);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	return RC_OK;
}

enum rc conversation_touch(struct tx *tx, const struct conversation_touch *t, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_TOUCH, &s, e));
	stmt_bind_i64(&s, "id", t->id);
	stmt_bind_i64(&s, "at_ms", t->at_ms);
	stmt_bind_i64(&s, "message_id", t->message_id);
	stmt_bind_i64(&s, "inbound_ms", t->inbound_ms);
	stmt_bind_i64(&s, "unread", t->unread);
	return changed(tx, &s, e);
}

enum rc conversation_open_window(struct tx *tx, int64_t id, int64_t inbound_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_WINDOW, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "inbound_ms", inbound_ms);
	return changed(tx, &s, e);
}

enum rc conversation_readdress(struct tx *tx, int64_t contact_id, struct str old,
			       struct str address, struct err *e)
{
	static const enum query QUERIES[] = { Q_CONVERSATION_READDRESS,
					      Q_CONVERSATION_READDRESS_WAITING };

	for (size_t i = 0; i < COUNT(QUERIES); i++) {
		AUTO(stmt_end) struct stmt s = { 0 };

		TRY(stmt_begin(tx->db, QUERIES[i], &s, e));
		stmt_bind_i64(&s, "contact_id", contact_id);
		stmt_bind_str(&s, "old", old);
		stmt_bind_str(&s, "new", address);
		TRY(stmt_run(&s, e));
	}
	return RC_OK;
}

enum rc conversation_read(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_READ, &s, e));
	stmt_bind_i64(&s, "id", id);
	return changed(tx, &s, e);
}

enum rc conversation_set_chatwoot(struct tx *tx, int64_t id, int64_t contact_id,
				  int64_t conversation_id, struct str source_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_CHATWOOT, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "chatwoot_contact_id", contact_id);
	stmt_bind_i64(&s, "chatwoot_conversation_id", conversation_id);
	stmt_bind_str(&s, "chatwoot_source_id", source_id);
	return changed(tx, &s, e);
}

/* The query whose index gives the fewest rows. */
static enum query list_query(const struct conversation_filter *f, struct sbuf *match)
{
	if (f->search.n > 0)
		return search_part(f->search, match) ? Q_CONVERSATION_LIST_FOUND
						     : Q_CONVERSATION_LIST;
	if (f->label.n > 0)
		return Q_CONVERSATION_LIST_LABEL;
	if (f->unread_only)
		return Q_CONVERSATION_LIST_UNREAD;
	return f->assigned > 0 ? Q_CONVERSATION_LIST_ASSIGNED : Q_CONVERSATION_LIST;
}

static void list_bind(struct row *r, const struct conversation_filter *f, enum query q,
		      struct str match, struct str number)
{
	stmt_bind_i64(&r->s, "company_id", f->company_id);
	stmt_bind_i64(&r->s, "before_ms", f->before_id > 0 ? f->before_ms : INT64_MAX);
	stmt_bind_i64(&r->s, "before_id", f->before_id > 0 ? f->before_id : INT64_MAX);
	stmt_bind_str(&r->s, "status", f->status.n > 0 ? f->status : STR_NONE);
	stmt_bind_i64(&r->s, "channel_id", f->channel_id);
	stmt_bind_i64(&r->s, "assigned", f->assigned);
	stmt_bind_str(&r->s, "label", f->label.n > 0 ? f->label : STR_NONE);
	stmt_bind_i64(&r->s, "unread_only", f->unread_only);
	if (q == Q_CONVERSATION_LIST)
		stmt_bind_str(&r->s, "search", f->search.n > 0 ? f->search : STR_NONE);
	if (q == Q_CONVERSATION_LIST_FOUND) {
		stmt_bind_str(&r->s, "match", match);
		stmt_bind_str(&r->s, "number", number);
	}
	stmt_bind_i64(&r->s, "limit", row_limit(f->limit));
}

enum rc conversation_each(struct db *db, const struct conversation_filter *f,
			  conversation_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(sbuf_release) struct sbuf match = SBUF(SEARCH_TEXT_MAX);
	AUTO(sbuf_release) struct sbuf number = SBUF(SEARCH_TEXT_MAX);
	AUTO(row_drop) struct row r = { 0 };
	struct conversation c;
	enum query q;
	enum rc rc;

	q = list_query(f, &match);
	TRY(row_begin(db, q, &a, &r, e));
	list_bind(&r, f, q, sbuf_view(&match),
		  search_number(f->search, &number) ? sbuf_view(&number) : STR_NONE);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		take(&r, &c);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &c, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
