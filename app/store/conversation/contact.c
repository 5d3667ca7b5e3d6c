/* contact.c - people and their aliases. A known person costs one read; the writer is the only one who adds, so all
 * spellings of one match belong to one contact. */
#include "store/conversation/contact.h"

#include "base/limits.h"
#include "store/conversation/merge.h"
#include "store/row.h"
#include "store/search/search.h"

/* Places of the keys; the order is how strong they are: numbers go to other people, user ids do not. */
enum key { KEY_PHONE, KEY_USER, KEY_PARENT, KEY_LID, KEY_GROUP, KEYS };
static const enum key STRENGTH[] = { KEY_GROUP, KEY_USER, KEY_PARENT, KEY_LID, KEY_PHONE };
static const char *const KINDS[KEYS] = { "phone", "user", "user", "lid", "group" };

/* What the book says about the asked keys. 0: not there. */
struct found {
	int64_t by[KEYS];
	bool same_name[KEYS];   /* that contact is called so already */
	bool phone_alias_known; /* this very spelling */
};

/* The asked one with clean keys; none: not asked. */
struct asked {
	int64_t company_id;
	struct str key[KEYS];
	struct str name, username;
	char match[WA_ADDRESS_MAX + 1];
};

/* Countries whose numbers have two spellings: after `prefix`, `skip` digits stay, then `drop` goes. */
static const struct variant {
	const char *prefix;
	size_t bytes; /* of the long spelling */
	size_t at;    /* of the digit to drop */
	char drop;
} VARIANTS[] = {
	{ "55", 13, 4,
	  '9' }, /* Brazil: area, 9, eight digits; twelve digits are landlines or old mobiles */
	{ "521", 13, 2, '1' }, /* Mexico */
	{ "549", 13, 2, '9' }, /* Argentina */
};

static struct str without_plus(struct str phone)
{
	return phone.n > 0 && phone.p[0] == '+' ? str_sub(phone, 1, phone.n) : phone;
}

void contact_match(struct str phone, char *ret_text, size_t out_bytes)
{
	struct str s = without_plus(phone);
	int64_t number;

	ASSERT(out_bytes > 0);
	if (!str_copy(s, ret_text, out_bytes))
		return; /* empty: too long */
	if (!str_i64(s, 0, INT64_MAX, &number))
		return; /* no number */
	for (size_t i = 0; i < COUNT(VARIANTS); i++) {
		const struct variant *v = &VARIANTS[i];

		if (s.n != v->bytes || !str_starts(s, str_of(v->prefix)) || s.p[v->at] != v->drop)
			continue;
		memmove(ret_text + v->at, ret_text + v->at + 1, s.n - v->at);
		return;
	}
}

/* Eight digits behind Brazil's area that begin with 2 to 5 are a landline: it never had a ninth. */
static bool may_be_long(const struct variant *v, struct str s)
{
	return v->drop != '9' || v->at != 4 || (s.p[4] >= '6' && s.p[4] <= '9');
}

void contact_other_spelling(struct str phone, char *ret_text, size_t out_bytes)
{
	struct str s = without_plus(phone);

	ASSERT(out_bytes > 0);
	contact_match(s, ret_text, out_bytes);
	if (ret_text[0] != '\0' && !str_eqc(s, ret_text))
		return; /* `phone` is the long one */
	ret_text[0] = '\0';
	for (size_t i = 0; i < COUNT(VARIANTS); i++) {
		const struct variant *v = &VARIANTS[i];

		if (s.n + 1 != v->bytes || s.n + 2 > out_bytes || !may_be_long(v, s) ||
		    !str_starts(s, str_n(v->prefix, size_min(strlen(v->prefix), v->at))))
			continue;
		(void)snprintf(ret_text, out_bytes, "%.*s%c%.*s", (int)v->at, s.p, v->drop,
			       (int)(s.n - v->at), s.p + v->at); /* fits: looked at above */
		return;
	}
}

static enum rc ask(int64_t company_id, const struct contact_who *who, struct asked *ret,
		   struct err *e)
{
	const struct str keys[KEYS] = { without_plus(who->phone), who->user_id, who->parent_user_id,
					who->lid, who->group_id };
	size_t n = 0;

	*ret = (struct asked){ .company_id = company_id,
			       .name = who->name.n > 0 ? who->name : STR_NONE,
			       .username = who->username.n > 0 ? who->username : STR_NONE };
	for (size_t i = 0; i < KEYS; i++) {
		bool counts = keys[i].n > 0 && (keys[KEY_GROUP].n == 0 || i == KEY_GROUP);

		if (keys[i].n > WA_ADDRESS_MAX)
			return FAIL(e, RC_INVALID, "an address is longer than %u bytes",
				    WA_ADDRESS_MAX);
		ret->key[i] = counts ? keys[i] : STR_NONE;
		n += counts;
	}
	if (n == 0)
		return FAIL(e, RC_INVALID, "a contact needs a phone or a user id");
	if (str_eq(ret->key[KEY_PARENT], ret->key[KEY_USER]))
		ret->key[KEY_PARENT] = STR_NONE;
	if (ret->key[KEY_PHONE].p == NULL)
		return RC_OK;
	contact_match(ret->key[KEY_PHONE], ret->match, sizeof(ret->match));
	if (ret->match[0] == '\0')
		return FAIL(e, RC_INVALID, "an address holds a NUL byte");
	return RC_OK;
}

static enum rc look_up(struct db *db, const struct asked *q, struct found *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	*ret = (struct found){ 0 };
	TRY(stmt_begin(db, Q_CONTACT_LOOKUP, &s, e));
	stmt_bind_i64(&s, "company_id", q->company_id);
	stmt_bind_text(&s, "phone", q->key[KEY_PHONE].p != NULL ? q->match : NULL);
	stmt_bind_str(&s, "user_id", q->key[KEY_USER]);
	stmt_bind_str(&s, "parent_id", q->key[KEY_PARENT]);
	stmt_bind_str(&s, "lid", q->key[KEY_LID]);
	stmt_bind_str(&s, "group_id", q->key[KEY_GROUP]);
	stmt_bind_str(&s, "phone_alias", q->key[KEY_PHONE]);
	stmt_bind_str(&s, "name", q->name);
	stmt_bind_str(&s, "username", q->username);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t what = stmt_i64(&s, "what");
		bool same;

		ASSERT(what >= 0 && what < KEYS);
		ret->by[what] = stmt_i64(&s, "contact_id");
		same = stmt_i64(&s, "same_alias") != 0;
		if (what == KEY_PHONE)
			ret->phone_alias_known = ret->phone_alias_known || same;
		ret->same_name[what] = stmt_i64(&s, "same_name") != 0;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* 0: nobody. */
static int64_t chosen(const struct found *f, bool *ret_same_name)
{
	for (size_t i = 0; i < COUNT(STRENGTH); i++) {
		if (f->by[STRENGTH[i]] == 0)
			continue;
		*ret_same_name = f->same_name[STRENGTH[i]];
		return f->by[STRENGTH[i]];
	}
	*ret_same_name = true;
	return 0;
}

static enum rc insert(struct tx *tx, const struct asked *q, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONTACT_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", q->company_id);
	stmt_bind_text(&s, "kind", q->key[KEY_GROUP].p != NULL ? "group" : "person");
	stmt_bind_str(&s, "name", q->name);
	stmt_bind_str(&s, "username", q->username);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	*ret_id = db_last_rowid(tx->db);
	return RC_OK;
}

struct alias {
	int64_t company_id, contact_id;
	const char *kind;
	struct str match, alias;
};

static enum rc add_alias(struct tx *tx, const struct alias *a, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONTACT_ALIAS, &s, e));
	stmt_bind_i64(&s, "company_id", a->company_id);
	stmt_bind_text(&s, "kind", a->kind);
	stmt_bind_str(&s, "match", a->match);
	stmt_bind_str(&s, "alias", a->alias);
	stmt_bind_i64(&s, "contact_id", a->contact_id);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc set_profile(struct tx *tx, int64_t id, const struct asked *q, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONTACT_PROFILE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "name", q->name);
	stmt_bind_str(&s, "username", q->username);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

/* Spellings that are new. One that belongs to somebody else stays there. */
static enum rc add_new_aliases(struct tx *tx, int64_t id, const struct asked *q,
			       const struct found *f, struct err *e)
{
	for (size_t i = 0; i < KEYS; i++) {
		struct alias a = { q->company_id, id, KINDS[i], q->key[i], q->key[i] };
		bool known = i == KEY_PHONE ? f->phone_alias_known : f->by[i] != 0;

		if (q->key[i].p == NULL || known || (f->by[i] != 0 && f->by[i] != id))
			continue;
		if (i == KEY_PHONE)
			a.match = str_of(q->match);
		TRY(add_alias(tx, &a, e));
	}
	return RC_OK;
}

/* Aliases that are shown together and belong to several contacts: one person. The older one stays, because its id is
 * known outside; the order of finding does not matter. */
static enum rc join(struct tx *tx, struct found *f, enum merge_reason why, struct err *e)
{
	bool same_name;
	int64_t kept = chosen(f, &same_name);

	for (size_t i = 0; i < KEYS; i++) {
		int64_t low = i64_min(kept, f->by[i]), high = i64_max(kept, f->by[i]);
		bool refused;
		int64_t merge;

		if (f->by[i] == 0 || f->by[i] == kept)
			continue;
		TRY(merge_is_refused(tx->db, low, high, &refused, e));
		if (refused)
			continue;
		TRY(merge_contacts(tx, low, high, why, &merge, e));
		for (size_t k = 0; k < KEYS; k++)
			f->by[k] = f->by[k] == high ? low : f->by[k];
		kept = low;
	}
	return RC_OK;
}

static enum rc resolve(struct tx *tx, const struct asked *q, enum merge_reason why, int64_t *ret_id,
		       struct err *e)
{
	struct found f;
	bool same_name;
	int64_t id;

	TRY(look_up(tx->db, q, &f, e));
	TRY(join(tx, &f, why, e));
	id = chosen(&f, &same_name);
	if (id == 0)
		TRY(insert(tx, q, &id, e));
	TRY(add_new_aliases(tx, id, q, &f, e));
	if ((q->name.p != NULL || q->username.p != NULL) && !same_name)
		TRY(set_profile(tx, id, q, e));
	*ret_id = id;
	return RC_OK;
}

enum rc contact_resolve(struct tx *tx, int64_t company_id, const struct contact_who *who,
			int64_t *ret_id, struct err *e)
{
	struct asked q;

	TRY(ask(company_id, who, &q, e));
	return resolve(tx, &q, MERGE_SEEN, ret_id, e);
}

enum rc contact_move(struct tx *tx, int64_t company_id, const struct contact_who *before,
		     const struct contact_who *who, int64_t *ret_id, struct err *e)
{
	int64_t old_id, new_id, merge;
	bool refused;

	TRY(contact_resolve(tx, company_id, before, &old_id, e));
	TRY(contact_resolve(tx, company_id, who, &new_id, e));
	TRY(contact_resolve(tx, company_id, before, &old_id,
			    e)); /* the second may have merged it */
	*ret_id = old_id;
	if (old_id == new_id)
		return RC_OK;
	TRY(merge_is_refused(tx->db, old_id, new_id, &refused, e));
	*ret_id = refused ? new_id : i64_min(old_id, new_id);
	if (refused)
		return RC_OK;
	return merge_contacts(tx, *ret_id, i64_max(old_id, new_id), MERGE_MOVED, &merge, e);
}

enum rc contact_find(struct db *db, int64_t company_id, const struct contact_who *who,
		     int64_t *ret_id, struct err *e)
{
	struct asked q;
	struct found f;
	bool same_name;
	int64_t id;

	TRY(ask(company_id, who, &q, e));
	TRY(look_up(db, &q, &f, e));
	id = chosen(&f, &same_name);
	if (id == 0)
		return RC_ABSENT;
	*ret_id = id;
	return RC_OK;
}

static void take(struct row *r, struct contact *ret)
{
	*ret = (struct contact){ 0 };
	ret->id = stmt_i64(&r->s, "id");
	ret->company_id = stmt_i64(&r->s, "company_id");
	ret->group = str_eqc(stmt_str(&r->s, "kind"), "group");
	ret->name = row_str(r, "name");
	ret->profile_name = row_str(r, "profile_name");
	ret->book_name = row_str(r, "book_name");
	ret->given_name = row_str(r, "given_name");
	ret->username = row_str(r, "username");
	ret->marketing = row_str(r, "marketing");
	ret->marketing_ms = stmt_i64(&r->s, "marketing_ms");
	ret->merged_into = stmt_i64(&r->s, "merged_into");
	ret->created_ms = stmt_i64(&r->s, "created_ms");
	ret->updated_ms = stmt_i64(&r->s, "updated_ms");
	ret->aliases = row_str(r, "aliases");
}

enum rc contact_load(struct db *db, int64_t id, struct arena *a, struct contact *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct contact c;

	TRY(row_begin(db, Q_CONTACT_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	take(&r, &c);
	TRY(row_end(&r, e));
	*ret = c;
	return RC_OK;
}

static enum rc name_by(struct tx *tx, enum query q, int64_t id, struct str name, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "name", name.n > 0 ? name : STR_NONE);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc contact_set_book_name(struct tx *tx, int64_t id, struct str name, struct err *e)
{
	return name_by(tx, Q_CONTACT_BOOK, id, name, e);
}

enum rc contact_set_given_name(struct tx *tx, int64_t id, struct str name, struct err *e)
{
	return name_by(tx, Q_CONTACT_GIVE_NAME, id, name, e);
}

enum rc contact_set_marketing(struct tx *tx, int64_t id, const char *word, int64_t at_ms,
			      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONTACT_MARKETING, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "word", word);
	stmt_bind_i64(&s, "at_ms", at_ms);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc contact_of_conversation(struct db *db, int64_t conversation_id, int64_t *ret_id,
				struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CONTACT_OF_CONVERSATION, &s, e));
	stmt_bind_i64(&s, "conversation_id", conversation_id);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "contact_id");
	return RC_OK;
}

enum rc contact_each(struct db *db, const struct contact_filter *f, contact_each_fn *fn, void *arg,
		     struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(sbuf_release) struct sbuf number = SBUF(SEARCH_TEXT_MAX);
	AUTO(row_drop) struct row r = { 0 };
	struct contact c;
	enum rc rc;

	TRY(row_begin(db, Q_CONTACT_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "company_id", f->company_id);
	stmt_bind_i64(&r.s, "before_id", f->before_id > 0 ? f->before_id : INT64_MAX);
	stmt_bind_str(&r.s, "search", f->search.n > 0 ? f->search : STR_NONE);
	stmt_bind_str(&r.s, "number",
		      search_digits(f->search, &number) ? sbuf_view(&number) : STR_NONE);
	stmt_bind_str(&r.s, "kind", f->kind.n > 0 ? f->kind : STR_NONE);
	stmt_bind_str(&r.s, "marketing", f->marketing.n > 0 ? f->marketing : STR_NONE);
	stmt_bind_i64(&r.s, "limit", row_limit(f->limit));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		take(&r, &c);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &c, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
