/* test_rights.c - role by route: each person is let to their own and to nothing else; each change leaves its row. */
#include "t.h"

#include "people.h"
#include "store/access/role.h"

static struct box b;

TEST(rights_open_to_anyone_are_on_the_short_list)
{
	static const char *const LIST[] = { "/healthz",          "/readyz",         "/metrics",
					    "/openapi.json",     "/docs",           "/",
					    "/a/{hash}/{file*}", "/api/v1/session", "/api/v1/setup",
					    "/api/v1/invitation" };
	size_t n;
	const struct route *rows = route_table(&n);

	for (size_t i = 0; i < n; i++) {
		bool listed = false;

		for (size_t k = 0; k < COUNT(LIST); k++)
			listed |= strcmp(rows[i].path, LIST[k]) == 0;
		/* Logging out is for who is in. */
		if (strcmp(rows[i].path, "/api/v1/session") == 0 &&
		    strcmp(rows[i].method, "DELETE") == 0)
			listed = false;
		/* How far it is, is for who may set it up. */
		if (strcmp(rows[i].path, "/api/v1/setup") == 0 &&
		    strcmp(rows[i].method, "GET") == 0)
			listed = false;
		CHECK_I64(rows[i].path, rows[i].who == WHO_ANYONE, listed);
		if (rows[i].who == WHO_SIGNED)
			CHECK(str_starts(str_of(rows[i].path), STR("/webhooks/")) ||
			      strcmp(rows[i].path, "/api/v1/orchestrator/replies") == 0);
		CHECK(rows[i].run != NULL && rows[i].summary != NULL && rows[i].where != 0);
		CHECK(rows[i].body_max > 0 || strcmp(rows[i].method, "GET") == 0);
	}
}

/* A path that fits the row, with ids that nothing has. */
static const char *path_of(const struct route *r)
{
	AUTO(sbuf_release) struct sbuf s = SBUF(400);

	for (const char *p = r->path; *p != '\0'; p++) {
		sbuf_text(&s, *p == '{' ? "x" : "");
		if (*p != '{')
			sbuf_char(&s, *p);
		else
			p = strchr(p, '}');
	}
	return arena_dup(&b.arena, sbuf_view(&s));
}

static bool has_word(const char *words, const char *word)
{
	struct str rest = str_of(words), one;

	while (str_cut(&rest, ' ', &one)) {
		if (str_eqc(one, word))
			return true;
	}
	return false;
}

/* What a role may do is written down here once more: a change of role.def has to be meant. */
static const struct {
	const char *role, *scopes;
} ROLES[] = {
	{ "technician", "self status messages:read messages:send conversations lookups queues:read "
			"queues:control settings metrics audit:read" },
	{ "agent", "self status messages:read messages:send conversations lookups" },
	{ "viewer", "self status messages:read queues:read" },
};

/* Changes nothing but the audit log. */
#define REVEAL "/api/v1/contacts/{id}/reveal"

TEST(rights_of_each_role_at_each_route)
{
	struct browser ana, br;
	size_t n;
	const struct route *rows = route_table(&n);

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	EACH (role, ROLES) {
		(void)people_add(&b, &ana, role->role, &br);
		for (size_t i = 0; i < n; i++) {
			const struct route *r = &rows[i];
			const char *why =
				arena_printf(&b.arena, "%s: %s %s", role->role, r->method, r->path);
			bool get = strcmp(r->method, "GET") == 0;
			bool may;
			int status;

			if (r->who != WHO_TOKEN || (r->where & WEB_MAIN) == 0 ||
			    strcmp(r->path, "/api/v1/session") == 0)
				continue;
			may = has_word(role->scopes, token_scope_text(r->scope));
			if (strcmp(role->role, "viewer") == 0 && !get)
				CHECK_I64(why, may,
					  r->scope == SCOPE_SELF || strcmp(r->path, REVEAL) == 0);
			b.listener = WEB_MAIN;
			status = browser_call(&b, &br, r->method, path_of(r), get ? NULL : "{}");
			CHECK_I64(why, status == 403, !may);
			CHECK_I64(why, status == 401, 0);
			CHECK_I64(why,
				  browser_call(&b, NULL, r->method, path_of(r), get ? NULL : "{}"),
				  401);
		}
	}
	box_close(&b);
}

TEST(rights_of_the_owner_are_all)
{
	CHECK_I64("all", role_scopes(ROLE_OWNER), SCOPE_BIT(SCOPE_COUNT) - 1u);
	CHECK_I64("an unknown role", role_scopes_of(STR("root")), 0);
	EACH (role, ROLES) {
		uint32_t bits;

		CHECK(token_scopes_parse(str_of(role->scopes), &bits));
		CHECK_I64(role->role, role_scopes_of(str_of(role->role)), bits);
	}
}

/* Messages, files and lookups speak for themselves; settings, people, queues and deliveries never do. */
TEST(rights_changes_without_a_row_are_of_a_kind_that_needs_none)
{
	size_t n;
	const struct route *rows = route_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].who == WHO_TOKEN && rows[i].quiet)
			CHECK_I64(rows[i].path,
				  rows[i].scope == SCOPE_MESSAGES_SEND ||
					  rows[i].scope == SCOPE_CONVERSATIONS ||
					  rows[i].scope == SCOPE_LOOKUPS,
				  true);
	}
}

static int64_t rows_now(void)
{
	struct audit_proof p;
	struct db *db = store_reader(b.app.store);

	MUST(audit_prove(db, &p, &t_err));
	store_reader_done(b.app.store, db);
	CHECK_I64("whole", p.broken_id, 0);
	return p.rows;
}

TEST(rights_changes_leave_a_row_each)
{
	static const struct {
		const char *method, *path, *body, *action, *has;
	} CASES[] = {
		{ "PATCH", "/api/v1/settings",
		  "{\"log_level\":\"warn\",\"channel.main.token\":\"geheim\"}", "settings.change",
		  "channel.main.token" },
		{ "POST", "/api/v1/queues/messages/pause", "{}", "queues.pause", "messages" },
		{ "POST", "/api/v1/queues/messages/resume", "{}", "queues.resume", "messages" },
		{ "POST", "/api/v1/queues/messages/drain", "{}", "queues.drain", "messages" },
		{ "POST", "/api/v1/queues/messages/clear", "{\"confirm\":\"clear\"}",
		  "queues.clear", "messages" },
		{ "PATCH", "/api/v1/queues/messages", "{\"attempts\":4}", "queues.change",
		  "queue.messages.attempts" },
		{ "POST", "/api/queue-monitor/pause", "{\"queue\":\"message\"}",
		  "queue-monitor.pause", "" },
		{ "POST", "/api/v1/tokens", "{\"name\":\"crm\",\"scopes\":\"all\"}",
		  "tokens.create", "crm" },
		{ "POST", "/api/v1/users", "{\"login\":\"eva\",\"role\":\"viewer\"}",
		  "users.create", "eva" },
		{ "PATCH", "/api/v1/me", "{\"language\":\"en\"}", "me.change", "ana" },
	};
	struct browser ana;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	EACH (t, CASES) {
		int64_t before = rows_now();
		int status = browser_call(&b, &ana, t->method, t->path, t->body);

		CHECK_I64(t->path, status / 100, 2);
		CHECK_I64(t->path, rows_now(), before + 1);
		CHECK_I64("read", browser_call(&b, &ana, "GET", "/api/v1/audit?limit=1", NULL),
			  200);
		CHECK_STR(t->path, box_get(&b, "data.0.action"), t->action);
		CHECK_STR(t->path, box_get(&b, "data.0.actor_kind"), "user");
		CHECK_STR(t->path, box_get(&b, "data.0.actor"), "Ana D\u00edaz");
		CHECK_I64(t->path, box_has(&b, t->has), true);
		CHECK(!box_has(&b, "geheim"));
		before = rows_now();
		CHECK_I64("refused", browser_call(&b, NULL, t->method, t->path, t->body), 401);
		CHECK_I64("a change that was not made", rows_now(), before);
	}
	CHECK_I64("with a token", box_call(&b, "POST", "/api/v1/queues/messages/pause", "{}"), 200);
	CHECK_I64("read", browser_call(&b, &ana, "GET", "/api/v1/audit?actor_kind=token", NULL),
		  200);
	CHECK_STR("its name", box_get(&b, "data.0.actor"), "test");
	CHECK_STR("only those", box_get(&b, "data.1.actor"), "");
	CHECK_I64("verified", browser_call(&b, &ana, "GET", "/api/v1/audit/verify", NULL), 200);
	CHECK(box_has(&b, "\"whole\":true"));
	box_close(&b);
}
