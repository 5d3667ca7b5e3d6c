/* contacts.c - people and groups: list, names, the wish about advertising, merging and undoing it. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/veil.h"
#include "api/view.h"
#include "base/enc.h"
#include "base/ids.h"
#include "store/conversation/merge.h"

#define NAME_MAX_CODE_POINTS 200

static void not_found(struct call *c)
{
	problem(c, 404, "not-found", "There is no contact with this id.");
}

/* The contact of an id, if it is the caller's; RC_ABSENT: no. */
static enum rc load_id(struct call *c, int64_t created_ms, int64_t id, struct contact *ret,
		       struct err *e)
{
	struct db *db = store_reader(c->app->store);
	enum rc rc = contact_load(db, id, c->q->arena, ret, e);

	store_reader_done(c->app->store, db);
	if (rc == RC_OK && (ret->company_id != c->who.company_id || ret->created_ms != created_ms))
		return RC_ABSENT;
	return rc;
}

bool contact_of_path(struct call *c, struct contact *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;
	enum rc rc;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	rc = load_id(c, created_ms, id, ret, &e);
	if (rc == RC_ABSENT)
		not_found(c);
	else if (rc != RC_OK)
		problem_err(c, &e);
	return rc == RC_OK;
}

static enum rc merge_row(void *arg, const struct merge *m, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	view_id(w, "id", m->at_ms, m->id);
	view_id(w, "contact_id", m->gone_created_ms, m->gone_id);
	jsonw_kstr(w, "name", m->gone_name);
	jsonw_kstr(w, "reason", m->reason);
	jsonw_ktime(w, "at", m->at_ms);
	jsonw_ktime(w, "undone_at", m->undone_ms);
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_one(struct db *db, struct jsonw *w, const struct contact *v, struct arena *a,
			 struct err *e)
{
	struct view view = { .w = w };
	struct contact kept = { 0 };

	if (v->merged_into != 0)
		TRY(contact_load(db, v->merged_into, a, &kept, e));
	jsonw_object(w);
	view_contact(&view, v);
	view_id(w, "merged_into", kept.created_ms, kept.id);
	jsonw_karray(w, "merges");
	TRY(merge_each(db, v->id, merge_row, w, e));
	jsonw_end(w);
	jsonw_end(w);
	return RC_OK;
}

/* Loads it anew: the answer after a change. */
static void answer(struct call *c, int64_t id)
{
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	struct contact v;
	struct jsonw w;
	enum rc rc = contact_load(db, id, c->q->arena, &v, &e);

	answer_begin(c, &w);
	if (rc == RC_OK)
		rc = write_one(db, &w, &v, c->q->arena, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK)
		answer_json(c, 200, &w);
	else
		problem_err(c, &e);
}

void contact_get(struct call *c)
{
	struct contact v;

	if (contact_of_path(c, &v))
		answer(c, v.id);
}

/* ---- the list ---- */

struct contact_page {
	struct view view;
	struct cursor cursor;
};

static enum rc contact_row(void *arg, const struct contact *v, struct err *e)
{
	struct contact_page *p = arg;

	(void)e;
	jsonw_object(p->view.w);
	view_contact(&p->view, v);
	jsonw_end(p->view.w);
	cursor_row(&p->cursor, 0, v->id);
	return RC_OK;
}

void contact_list(struct call *c)
{
	struct contact_page p = { 0 };
	struct contact_filter f = { .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	struct db *db;
	enum rc rc;

	if (!cursor_read(c, &p.cursor) || !query_str(c, "search", &f.search) ||
	    !query_str(c, "kind", &f.kind) || !query_str(c, "marketing", &f.marketing) ||
	    !veil_search_ok(c, "search", f.search))
		return;
	f.before_id = p.cursor.b;
	f.limit = (int)p.cursor.limit;
	p.view.w = &w;
	answer_rows_begin(c, &w);
	db = store_reader(c->app->store);
	rc = contact_each(db, &f, contact_row, &p, &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &w, rc, &e);
}

/* ---- changes ---- */

struct patch {
	int64_t id;
	bool has_name;
	struct str name;       /* empty: no name of ours */
	const char *marketing; /* NULL: as it is */
};

static enum rc patch_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct patch *p = arg;

	if (p->has_name)
		TRY(contact_set_given_name(tx, p->id, p->name, e));
	if (p->marketing != NULL)
		TRY(contact_set_marketing(tx, p->id, p->marketing, tx->now_ms, e));
	return RC_OK;
}

static bool read_patch(struct call *c, const struct json *root, struct patch *ret)
{
	static const char *const WISHES[] = { "stop", "resume" };
	const struct json *name = json_get(root, "name"), *wish = json_get(root, "marketing");

	ret->has_name = name != NULL;
	ret->name = json_str(name);
	if (name != NULL && json_kind(name) != JSON_TEXT && json_kind(name) != JSON_NULL) {
		problem_field(c, 422, "name", "A text, or null for the name that WhatsApp tells.");
		return false;
	}
	if (ret->name.n > (size_t)4 * NAME_MAX_CODE_POINTS ||
	    enc_utf8_count(ret->name) > NAME_MAX_CODE_POINTS) {
		problem_field(c, 422, "name", "A name has at most 200 characters.");
		return false;
	}
	for (size_t i = 0; i < COUNT(WISHES); i++)
		if (str_eqc(json_str(wish), WISHES[i]))
			ret->marketing = WISHES[i];
	if (wish != NULL && ret->marketing == NULL) {
		problem_field(c, 422, "marketing", "stop or resume.");
		return false;
	}
	if (ret->has_name || ret->marketing != NULL)
		return true;
	problem_field(c, 422, "name", "Nothing to change: name or marketing.");
	return false;
}

void contact_patch(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct patch p = { 0 };
	struct contact v;

	if (!contact_of_path(c, &v) || !body_json(c, &root) || !read_patch(c, root, &p))
		return;
	p.id = v.id;
	if (store_write(c->app->store, STORE_NORMAL, patch_unit, &p, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer(c, v.id);
}

struct merging {
	int64_t kept_id, gone_id, merge_id;
};

static enum rc merge_unit(struct tx *tx, void *arg, struct err *e)
{
	struct merging *m = arg;

	return merge_contacts(tx, m->kept_id, m->gone_id, MERGE_PERSON, &m->merge_id, e);
}

static enum rc unmerge_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct merging *m = arg;

	return merge_undo(tx, m->merge_id, e);
}

static void write_merge(struct call *c, store_unit *unit, struct merging *m)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = store_write(c->app->store, STORE_NORMAL, unit, m, &e);

	if (rc == RC_INVALID || rc == RC_CONFLICT)
		problem(c, 409, "conflict", e.text);
	else if (rc != RC_OK)
		problem_err(c, &e);
	else
		answer(c, m->kept_id);
}

void contact_merge_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct contact v, other;
	int64_t created_ms, id;
	enum rc rc = RC_ABSENT;

	if (!contact_of_path(c, &v) || !body_json(c, &root))
		return;
	if (id_parse(json_get_str(root, "contact_id"), &created_ms, &id))
		rc = load_id(c, created_ms, id, &other, &e);
	if (rc == RC_ABSENT) {
		problem_field(c, 422, "contact_id", "There is no contact with this id.");
		return;
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	write_merge(c, merge_unit, &(struct merging){ .kept_id = v.id, .gone_id = other.id });
}

/* The newest merge that stands, or the one that was asked for. 0: none. */
struct merge_search {
	int64_t asked, found;
};

static enum rc search_row(void *arg, const struct merge *m, struct err *e)
{
	struct merge_search *s = arg;

	(void)e;
	if (m->undone_ms == 0 && s->found == 0 && (s->asked == 0 || s->asked == m->id))
		s->found = m->id;
	return RC_OK;
}

void contact_unmerge_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct merge_search s = { 0 };
	struct err e = { .rc = RC_OK };
	int64_t at_ms;
	struct contact v;
	struct str asked;
	struct db *db;
	enum rc rc;

	if (!contact_of_path(c, &v) || !body_json(c, &root))
		return;
	asked = json_get_str(root, "merge_id");
	if (asked.p != NULL && !id_parse(asked, &at_ms, &s.asked)) {
		problem_field(c, 422, "merge_id", "There is no such merge.");
		return;
	}
	db = store_reader(c->app->store);
	rc = merge_each(db, v.id, search_row, &s, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
	else if (s.found == 0)
		problem(c, 409, "conflict",
			"No merge of this contact stands that could be undone.");
	else
		write_merge(c, unmerge_unit,
			    &(struct merging){ .kept_id = v.id, .merge_id = s.found });
}
