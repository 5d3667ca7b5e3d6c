/* audit_row.c - see audit_row.h. */
#include "api/audit_row.h"

#include "store/row.h"

bool audit_row_wanted(const struct route *r)
{
	return r->who == WHO_TOKEN && !r->quiet && strcmp(r->method, "GET") != 0;
}

/* "dead-letters.retry" of POST /api/v1/dead-letters/{id}/retry, "tokens.create" of POST /api/v1/tokens. */
static const char *action_of(const struct route *r, struct arena *a)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WEB_PATH_MAX);
	struct str path = str_of(r->path), part;
	int words = 0;

	while (str_cut(&path, '/', &part)) {
		if (part.n == 0 || part.p[0] == '{' || str_eqc(part, "api") || str_eqc(part, "v1"))
			continue;
		if (words++ > 0)
			sbuf_char(&b, '.');
		sbuf_str(&b, part);
	}
	if (strcmp(r->method, "POST") != 0)
		sbuf_text(&b, strcmp(r->method, "DELETE") == 0 ? ".delete" : ".change");
	else if (words == 1)
		sbuf_text(&b, ".create");
	return arena_dup(a, sbuf_view(&b));
}

static enum rc token_name(struct db *db, int64_t id, struct arena *a, struct str *ret,
			  struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_TOKEN_NAME, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	*ret = row_str(&r, "name");
	return row_end(&r, e);
}

enum rc audit_row_actor(const struct call *c, struct db *db, struct arena *a, struct audit *ret,
			struct err *e)
{
	ret->company_id = c->who.company_id;
	ret->client = str_of(c->q->client);
	ret->request_id = str_of(c->q->request_id);
	if (c->session.id != 0) {
		ret->kind = ACTOR_USER;
		ret->actor_id = c->session.user_id;
		ret->actor = c->session.name;
		return RC_OK;
	}
	if (c->q->local) {
		ret->kind = ACTOR_COMMAND;
		ret->actor = STR("totem");
		return RC_OK;
	}
	ret->kind = c->who.id != 0 ? ACTOR_TOKEN : ACTOR_NOBODY;
	ret->actor_id = c->who.id;
	return c->who.id != 0 ? token_name(db, c->who.id, a, &ret->actor, e) : RC_OK;
}

static struct str params(const struct call *c, struct arena *a)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * WEB_PATH_MAX);

	for (size_t i = 0; i < COUNT(c->q->param) && c->q->param[i].n > 0; i++) {
		if (i > 0)
			sbuf_char(&b, '/');
		sbuf_str(&b, c->q->param[i]);
	}
	return arena_str(a, sbuf_view(&b));
}

enum rc audit_row_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct call *c = arg;
	struct audit row = { .subject = c->audit.subject, .detail = c->audit.detail };

	TRY(audit_row_actor(c, tx->db, &a, &row, e));
	row.action = str_of(c->audit.action != NULL ? c->audit.action : action_of(c->route, &a));
	if (row.subject.p == NULL)
		row.subject = params(c, &a);
	return audit_add(tx, &row, e);
}
