/* user.c - see user.h. */
#include "store/access/user.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "store/row.h"

bool user_login_clean(struct str text, char ret_login[USER_LOGIN_MAX + 1])
{
	size_t n = 0;

	text = str_trim(text);
	if (text.n == 0 || text.n > USER_LOGIN_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      (c != '\0' && strchr("._@+-", c) != NULL)))
			return false;
		ret_login[n++] = c;
	}
	ret_login[n] = '\0';
	return true;
}

static bool language_ok(struct str text)
{
	return str_eqc(text, "es") || str_eqc(text, "pt") || str_eqc(text, "en");
}

/* A name is for people: something to see, on one line. */
static bool name_ok(struct str name)
{
	if (str_trim(name).n == 0 || name.n > USER_NAME_MAX || !enc_utf8_ok(name))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return false;
	}
	return true;
}

static enum rc rules(const struct user *u, struct err *e)
{
	enum role r;

	if (!name_ok(u->name))
		return FAIL(e, RC_INVALID, "A name has 1 to %d bytes on one line.", USER_NAME_MAX);
	if (!role_parse(u->role, &r))
		return FAIL(e, RC_INVALID, "A role is owner, technician, agent or viewer.");
	if (!language_ok(u->language))
		return FAIL(e, RC_INVALID, "A language is es, pt or en.");
	return RC_OK;
}

enum rc user_create(struct tx *tx, const struct user *u, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(rules(u, e));
	TRY(stmt_begin(tx->db, Q_USER_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", u->company_id);
	stmt_bind_str(&s, "login", u->login);
	stmt_bind_str(&s, "name", u->name);
	stmt_bind_str(&s, "role", u->role);
	stmt_bind_str(&s, "language", u->language);
	stmt_bind_str(&s, "password", u->password);
	stmt_bind_i64(&s, "password_ms", u->password.p != NULL ? tx->now_ms : 0);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	rc = stmt_run(&s, NULL);
	if (rc == RC_CONFLICT)
		return FAIL(e, RC_CONFLICT, "Somebody has this login already.");
	if (rc != RC_OK)
		return FAIL(e, rc, "The account could not be stored.");
	*ret_id = db_last_rowid(tx->db);
	return RC_OK;
}

/* In order of the columns. */
static void take(struct row *r, struct user *u)
{
	*u = (struct user){ 0 };
	u->id = stmt_i64(&r->s, "id");
	u->company_id = stmt_i64(&r->s, "company_id");
	u->login = row_str(r, "login");
	u->name = row_str(r, "name");
	u->role = row_str(r, "role");
	u->language = row_str(r, "language");
	u->password = row_str(r, "password");
	u->password_ms = stmt_i64(&r->s, "password_ms");
	u->totp = row_str(r, "totp");
	u->totp_wanted = row_str(r, "totp_wanted");
	u->totp_step = stmt_i64(&r->s, "totp_step");
	u->created_ms = stmt_i64(&r->s, "created_ms");
	u->disabled_ms = stmt_i64(&r->s, "disabled_ms");
	u->login_ms = stmt_i64(&r->s, "login_ms");
}

enum rc user_load(struct db *db, int64_t id, struct arena *a, struct user *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_USER_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	take(&r, ret);
	return row_end(&r, e);
}

enum rc user_find(struct db *db, struct str login, struct arena *a, struct user *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t id;

	TRY(stmt_begin(db, Q_USER_BY_LOGIN, &s, e));
	stmt_bind_str(&s, "login", login);
	TRY(stmt_next(&s, e));
	id = stmt_i64(&s, "id");
	stmt_end(&s);
	return user_load(db, id, a, ret, e);
}

enum rc user_each(struct db *db, int64_t company_id, user_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct user u;
	enum rc rc;

	TRY(row_begin(db, Q_USER_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "company_id", company_id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		take(&r, &u);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &u, e));
		arena_reset(&a);
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc count(struct db *db, enum query q, int64_t user_id, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, q, &s, e));
	if (q == Q_USER_OWNERS)
		stmt_bind_text(&s, "role", role_text(ROLE_OWNER));
	else
		stmt_bind_i64(&s, "user_id", user_id);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "n");
	return RC_OK;
}

enum rc user_update(struct tx *tx, const struct user *u, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t before, after;

	TRY(rules(u, e));
	TRY(count(tx->db, Q_USER_OWNERS, 0, &before, e));
	TRY(stmt_begin(tx->db, Q_USER_UPDATE, &s, e));
	stmt_bind_i64(&s, "id", u->id);
	stmt_bind_str(&s, "name", u->name);
	stmt_bind_str(&s, "role", u->role);
	stmt_bind_str(&s, "language", u->language);
	stmt_bind_i64(&s, "disabled_ms", u->disabled_ms);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return FAIL(e, RC_ABSENT, "There is no account with this id.");
	TRY(count(tx->db, Q_USER_OWNERS, 0, &after, e));
	if (before > 0 && after == 0)
		return FAIL(e, RC_REFUSED,
			    "This is the last owner: make somebody else an owner before.");
	return RC_OK;
}

enum rc user_set_password(struct tx *tx, int64_t id, struct str password, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_USER_SET_PASSWORD, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "password", password);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc clear_recovery(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_USER_RECOVERY_CLEAR, &s, e));
	stmt_bind_i64(&s, "user_id", id);
	return stmt_run(&s, e);
}

enum rc user_set_totp(struct tx *tx, int64_t id, struct str totp, struct str wanted, int64_t step,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (totp.p == NULL)
		TRY(clear_recovery(tx, id, e));
	TRY(stmt_begin(tx->db, Q_USER_SET_TOTP, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "totp", totp);
	stmt_bind_str(&s, "totp_wanted", wanted);
	stmt_bind_i64(&s, "totp_step", step);
	return stmt_run(&s, e);
}

enum rc user_totp_used(struct tx *tx, int64_t id, int64_t step, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_USER_TOTP_STEP, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "totp_step", step);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_REFUSED, "this code was used already");
}

static enum rc add_recovery(struct tx *tx, int64_t id, const char *code, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	uint8_t digest[SHA256_BYTES];

	ASSERT(totp_recovery_hash(str_of(code), digest));
	TRY(stmt_begin(tx->db, Q_USER_RECOVERY_ADD, &s, e));
	stmt_bind_i64(&s, "user_id", id);
	stmt_bind_blob(&s, "hash", str_n((const char *)digest, sizeof(digest)));
	return stmt_run(&s, e);
}

enum rc user_recovery_make(struct tx *tx, int64_t id, char ret_codes[][RECOVERY_TEXT_MAX],
			   struct err *e)
{
	TRY(clear_recovery(tx, id, e));
	for (int i = 0; i < RECOVERY_CODES; i++) {
		totp_recovery_make(ret_codes[i]);
		TRY(add_recovery(tx, id, ret_codes[i], e));
	}
	return RC_OK;
}

enum rc user_recovery_use(struct tx *tx, int64_t id, const uint8_t digest[32], struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_USER_RECOVERY_USE, &s, e));
	stmt_bind_i64(&s, "user_id", id);
	stmt_bind_blob(&s, "hash", str_n((const char *)digest, SHA256_BYTES));
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_REFUSED, "this is no recovery code");
}

enum rc user_recovery_count(struct db *db, int64_t id, int64_t *ret, struct err *e)
{
	return count(db, Q_USER_RECOVERY_COUNT, id, ret, e);
}

enum rc user_logged_in(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_USER_LOGGED_IN, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc user_owner_exists(struct db *db, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_USER_ANY, &s, e));
	stmt_bind_text(&s, "role", role_text(ROLE_OWNER));
	rc = stmt_next(&s, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	*ret = rc == RC_OK;
	return RC_OK;
}
