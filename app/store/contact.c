/* contact.c - people and their aliases. A known person costs one read; the writer is the only one who adds, so all
 * spellings of one match belong to one contact. */
#include "store/contact.h"

#include "base/limits.h"
#include "base/log.h"
#include "store/row.h"

/* What the book says about the asked keys. 0: not there. */
struct found {
	int64_t by_phone, by_user;
	bool phone_alias_known; /* this very spelling */
	bool phone_name_same, user_name_same;
};

/* The asked person with clean keys; none: not asked. */
struct asked {
	int64_t company_id;
	struct str phone, user_id, name;
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

static enum rc ask(int64_t company_id, const struct contact_who *who, struct asked *ret,
		   struct err *e)
{
	struct str phone = without_plus(who->phone);

	*ret = (struct asked){ .company_id = company_id };
	if (phone.n == 0 && who->user_id.n == 0)
		return FAIL(e, RC_INVALID, "a contact needs a phone or a user id");
	if (phone.n > WA_ADDRESS_MAX || who->user_id.n > WA_ADDRESS_MAX)
		return FAIL(e, RC_INVALID, "an address is longer than %u bytes", WA_ADDRESS_MAX);
	if (phone.n > 0) {
		contact_match(phone, ret->match, sizeof(ret->match));
		if (ret->match[0] == '\0')
			return FAIL(e, RC_INVALID, "an address holds a NUL byte");
		ret->phone = phone;
	}
	if (who->user_id.n > 0)
		ret->user_id = who->user_id;
	if (who->name.n > 0)
		ret->name = who->name;
	return RC_OK;
}

static enum rc look_up(struct db *db, const struct asked *q, struct found *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	*ret = (struct found){ 0 };
	TRY(stmt_begin(db, Q_CONTACT_LOOKUP, &s, e));
	stmt_bind_i64(&s, "company_id", q->company_id);
	stmt_bind_text(&s, "phone", q->phone.p != NULL ? q->match : NULL);
	stmt_bind_str(&s, "user_id", q->user_id);
	stmt_bind_str(&s, "phone_alias", q->phone);
	stmt_bind_str(&s, "name", q->name);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		bool is_user = stmt_i64(&s, "is_user") != 0;
		int64_t id = stmt_i64(&s, "contact_id");
		bool same_alias = stmt_i64(&s, "same_alias") != 0;
		bool same_name = stmt_i64(&s, "same_name") != 0;

		if (is_user) {
			ret->by_user = id;
			ret->user_name_same = same_name;
		} else {
			ret->by_phone = id;
			ret->phone_name_same = same_name;
			ret->phone_alias_known = ret->phone_alias_known || same_alias;
		}
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* The user id is the stronger key: numbers go to other people. */
static int64_t chosen(const struct found *f)
{
	return f->by_user != 0 ? f->by_user : f->by_phone;
}

static enum rc insert(struct tx *tx, int64_t company_id, struct str name, int64_t *ret_id,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONTACT_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", company_id);
	stmt_bind_str(&s, "name", name);
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

static enum rc rename_to(struct tx *tx, int64_t id, struct str name, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONTACT_RENAME, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "name", name);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

/* Spellings that are new. One that belongs to somebody else stays there. */
static enum rc add_new_aliases(struct tx *tx, int64_t id, const struct asked *q,
			       const struct found *f, struct err *e)
{
	if (q->phone.p != NULL && !f->phone_alias_known &&
	    (f->by_phone == 0 || f->by_phone == id)) {
		const struct alias a = { q->company_id, id, "phone", str_of(q->match), q->phone };

		TRY(add_alias(tx, &a, e));
	}
	if (q->user_id.p != NULL && f->by_user == 0) {
		const struct alias a = { q->company_id, id, "user", q->user_id, q->user_id };

		TRY(add_alias(tx, &a, e));
	}
	return RC_OK;
}

enum rc contact_resolve(struct tx *tx, int64_t company_id, const struct contact_who *who,
			int64_t *ret_id, struct err *e)
{
	struct asked q;
	struct found f;
	int64_t id;
	bool same_name;

	TRY(ask(company_id, who, &q, e));
	TRY(look_up(tx->db, &q, &f, e));
	id = chosen(&f);
	same_name = f.by_user != 0 ? f.user_name_same : f.phone_name_same;
	if (id == 0) {
		TRY(insert(tx, company_id, q.name, &id, e));
		same_name = true;
	}
	/* GAP: two contacts that turn out to be one person are not merged, since 0001 */
	if (f.by_user != 0 && f.by_phone != 0 && f.by_user != f.by_phone)
		log_event(LOG_DEBUG, "contact.met", "by_user", LOG_I64(f.by_user), "by_phone",
			  LOG_I64(f.by_phone), NULL);
	TRY(add_new_aliases(tx, id, &q, &f, e));
	if (q.name.p != NULL && !same_name)
		TRY(rename_to(tx, id, q.name, e));
	*ret_id = id;
	return RC_OK;
}

enum rc contact_find(struct db *db, int64_t company_id, const struct contact_who *who,
		     int64_t *ret_id, struct err *e)
{
	struct asked q;
	struct found f;

	TRY(ask(company_id, who, &q, e));
	TRY(look_up(db, &q, &f, e));
	if (chosen(&f) == 0)
		return RC_ABSENT;
	*ret_id = chosen(&f);
	return RC_OK;
}

enum rc contact_load(struct db *db, int64_t id, struct arena *a, struct contact *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct contact c = { 0 };

	TRY(row_begin(db, Q_CONTACT_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	c.id = stmt_i64(&r.s, "id");
	c.company_id = stmt_i64(&r.s, "company_id");
	c.name = row_str(&r, "name");
	c.created_ms = stmt_i64(&r.s, "created_ms");
	c.aliases = row_str(&r, "aliases");
	TRY(row_end(&r, e));
	*ret = c;
	return RC_OK;
}
