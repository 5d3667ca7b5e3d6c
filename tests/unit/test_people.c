/* test_people.c - accounts, sessions, links, the second factor: what is let in, and what is not. */
#include "t.h"

#include "people.h"
#include "store/access/totp.h"
#include "store/access/user.h"

static struct box b;
static struct browser ana;

static void open_box(void)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
}

TEST(people_setup_makes_the_first_owner_once)
{
	char link[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX];
	struct browser br;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	CHECK_I64("nobody", browser_call(&b, NULL, "GET", "/api/v1/session", NULL), 200);
	CHECK_STR("state", box_get(&b, "state"), "setup");
	CHECK_I64("no link",
		  browser_call(&b, NULL, "POST", "/api/v1/setup",
			       "{\"token\":\"tlk_x\",\"login\":\"eva\",\"password\":\"" PASSWORD
			       "\"}"),
		  403);
	MUST(store_write(b.app.store, STORE_NORMAL, people_invite_unit, other, &t_err));
	MUST(store_write(b.app.store, STORE_NORMAL, people_invite_unit, link, &t_err));
	const char *body = arena_printf(
		&b.arena, "{\"token\":\"%s\",\"login\":\"eva\",\"password\":\"" PASSWORD "\"}",
		link);
	CHECK_I64(
		"an older link",
		browser_call(
			&b, NULL, "POST", "/api/v1/setup",
			arena_printf(&b.arena,
				     "{\"token\":\"%s\",\"login\":\"eva\",\"password\":\"" PASSWORD
				     "\"}",
				     other)),
		403);
	CHECK_I64("weak",
		  browser_call(
			  &b, NULL, "POST", "/api/v1/setup",
			  arena_printf(&b.arena,
				       "{\"token\":\"%s\",\"login\":\"eva\",\"password\":\"eva\"}",
				       link)),
		  422);
	box_header(&b, "Sec-Fetch-Site", "cross-site");
	CHECK_I64("another site", box_do(&b, "POST", "/api/v1/setup", str_of(body)), 403);
	CHECK_I64("made", browser_call(&b, NULL, "POST", "/api/v1/setup", body), 201);
	CHECK(box_has_header(&b, "HttpOnly; SameSite=Strict"));
	CHECK(!box_has_header(&b, "Secure"));
	CHECK(box_has_header(&b, "Cache-Control: no-store"));
	browser_take(&b, &br);
	CHECK_STR("role", box_get(&b, "user.role"), "owner");
	CHECK_I64("dead", browser_call(&b, NULL, "POST", "/api/v1/setup", body), 403);
	MUST(store_write(b.app.store, STORE_NORMAL, people_invite_unit, link, &t_err));
	CHECK_I64(
		"a link after the owner",
		browser_call(
			&b, NULL, "POST", "/api/v1/setup",
			arena_printf(&b.arena,
				     "{\"token\":\"%s\",\"login\":\"eve\",\"password\":\"" PASSWORD
				     "\"}",
				     link)),
		403);
	CHECK_I64("in", browser_call(&b, &br, "GET", "/api/v1/me", NULL), 200);
	CHECK_I64("nobody", browser_call(&b, NULL, "GET", "/api/v1/session", NULL), 200);
	CHECK_STR("state", box_get(&b, "state"), "login");
	b.now_ms += 3 * DAY_MS + 1;
	box_close(&b);
}

TEST(people_cookie_is_secure_over_tls)
{
	open_box();
	box_header(&b, "X-Forwarded-Proto", "https");
	CHECK_I64("in",
		  box_do(&b, "POST", "/api/v1/session",
			 STR("{\"login\":\"ana\",\"password\":\"" PASSWORD "\"}")),
		  200);
	CHECK(box_has_header(&b, "; Secure"));
	box_close(&b);
}

TEST(people_login_says_the_same_to_all_who_fail)
{
	static const char *const BODIES[] = {
		"{\"login\":\"ana\",\"password\":\"wrong password\"}",
		"{\"login\":\"nobody\",\"password\":\"" PASSWORD "\"}",
		"{\"login\":\"off\",\"password\":\"" PASSWORD "\"}",
		"{\"login\":\"invited\",\"password\":\"" PASSWORD "\"}",
		"{\"login\":\"' OR 1=1 --\",\"password\":\"" PASSWORD "\"}",
		"{\"login\":\"ana\"}",
		"{}",
	};
	const char *id, *first = NULL;

	open_box();
	id = people_add(&b, &ana, "agent", &(struct browser){ { 0 }, { 0 } });
	CHECK_I64("disabled",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"disabled\":true}"),
		  200);
	CHECK_I64("invited",
		  browser_call(&b, &ana, "POST", "/api/v1/users",
			       "{\"login\":\"invited\",\"role\":\"agent\"}"),
		  201);
	EACH (t, BODIES) {
		CHECK_I64(*t, browser_call(&b, NULL, "POST", "/api/v1/session", *t), 401);
		if (first == NULL)
			first = arena_dup(&b.arena, box_body(&b));
		CHECK_SPAN(*t, box_body(&b), str_of(first));
		CHECK(!box_has_header(&b, "Set-Cookie"));
	}
	CHECK_I64("noted",
		  browser_call(&b, &ana, "GET", "/api/v1/audit?action=session.refused", NULL), 200);
	CHECK(box_has(&b, "\"why\":\"password\"") && box_has(&b, "\"why\":\"unknown\""));
	box_close(&b);
}

TEST(people_login_slows_down)
{
	open_box();
	for (int i = 0; i < 6; i++)
		CHECK_I64("wrong", people_login(&b, "ana", "wrong password", NULL), 401);
	CHECK_I64("slow", people_login(&b, "ana", PASSWORD, NULL), 429);
	CHECK(box_has_header(&b, "Retry-After: 2"));
	CHECK_I64("unknown names too", people_login(&b, "nobody", PASSWORD, NULL), 401);
	for (int i = 0; i < 5; i++)
		CHECK_I64("wrong", people_login(&b, "nobody", "wrong password", NULL), 401);
	CHECK_I64("slow as well", people_login(&b, "nobody", "wrong password", NULL), 429);
	b.now_ms += 2000;
	CHECK_I64("then right", people_login(&b, "ana", PASSWORD, NULL), 200);
	box_close(&b);
}

TEST(people_writes_need_the_page_of_this_box)
{
	static const struct {
		const char *why, *csrf, *site;
		int status;
	} CASES[] = {
		{ "no token", NULL, "same-origin", 403 },
		{ "wrong token", "00", "same-origin", 403 },
		{ "another site", "right", "cross-site", 403 },
		{ "a sister site", "right", "same-site", 403 },
		{ "an old browser", "right", NULL, 200 },
		{ "our page", "right", "same-origin", 200 },
	};

	open_box();
	EACH (t, CASES) {
		box_header(&b, "Cookie", arena_printf(&b.arena, "a=b; %s; c=d", ana.cookie));
		if (t->csrf != NULL)
			box_header(&b, "X-CSRF-Token",
				   strcmp(t->csrf, "right") == 0 ? ana.csrf : t->csrf);
		if (t->site != NULL)
			box_header(&b, "Sec-Fetch-Site", t->site);
		CHECK_I64(t->why, box_do(&b, "PATCH", "/api/v1/me", STR("{\"language\":\"pt\"}")),
			  t->status);
	}
	box_header(&b, "Cookie", ana.cookie);
	CHECK_I64("reading needs none", box_do(&b, "GET", "/api/v1/me", STR_NONE), 200);
	CHECK_STR("changed", box_get(&b, "language"), "pt");
	box_close(&b);
}

TEST(people_sessions_end)
{
	struct browser second, third;
	const char *id;

	open_box();
	CHECK_I64("second", people_login(&b, "ana", PASSWORD, &second), 200);
	CHECK_I64("third", people_login(&b, "ana", PASSWORD, &third), 200);
	CHECK_I64("list", browser_call(&b, &ana, "GET", "/api/v1/me/sessions", NULL), 200);
	id = box_get(&b, "data.1.id");
	CHECK_I64("one",
		  browser_call(&b, &ana, "DELETE",
			       arena_printf(&b.arena, "/api/v1/me/sessions/%s", id), "{}"),
		  200);
	CHECK_I64("is over", browser_call(&b, &second, "GET", "/api/v1/me", NULL), 401);
	CHECK_I64("the other not", browser_call(&b, &third, "GET", "/api/v1/me", NULL), 200);
	CHECK_I64("logout", browser_call(&b, &third, "DELETE", "/api/v1/session", "{}"), 200);
	CHECK(box_has_header(&b, "totem_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
	CHECK_I64("out", browser_call(&b, &third, "GET", "/api/v1/me", NULL), 401);
	box_header(&b, "Cookie", ana.cookie);
	CHECK_I64("rotation",
		  box_do(&b, "POST", "/api/v1/session",
			 STR("{\"login\":\"ana\",\"password\":\"" PASSWORD "\"}")),
		  200);
	browser_take(&b, &second);
	CHECK_I64("the old one ended", browser_call(&b, &ana, "GET", "/api/v1/me", NULL), 401);
	b.now_ms += 12 * HOUR_MS - 1;
	CHECK_I64("idle", browser_call(&b, &second, "GET", "/api/v1/me", NULL), 200);
	b.now_ms += 30 * DAY_MS;
	CHECK_I64("too old", browser_call(&b, &second, "GET", "/api/v1/me", NULL), 401);
	box_close(&b);
}

TEST(people_choose_a_password_by_an_invitation_once)
{
	const char *token, *body, *id;
	struct browser beto;

	open_box();
	CHECK_I64(
		"invited",
		browser_call(
			&b, &ana, "POST", "/api/v1/users",
			"{\"login\":\"Beto\",\"name\":\"Beto <b>\",\"role\":\"agent\",\"language\":"
			"\"pt\"}"),
		201);
	token = box_get(&b, "invitation.token");
	id = box_get(&b, "id");
	CHECK_I64("taken",
		  browser_call(&b, &ana, "POST", "/api/v1/users",
			       "{\"login\":\"beto\",\"role\":\"agent\"}"),
		  409);
	CHECK_I64("whose",
		  browser_call(&b, NULL, "POST", "/api/v1/invitation",
			       arena_printf(&b.arena, "{\"token\":\"%s\"}", token)),
		  200);
	CHECK_STR("his", box_get(&b, "login"), "beto");
	body = arena_printf(&b.arena, "{\"token\":\"%s\",\"password\":\"" PASSWORD "\"}", token);
	CHECK_I64("chosen", browser_call(&b, NULL, "POST", "/api/v1/invitation", body), 200);
	browser_take(&b, &beto);
	CHECK_STR("language", box_get(&b, "user.language"), "pt");
	CHECK_I64("once", browser_call(&b, NULL, "POST", "/api/v1/invitation", body), 403);
	CHECK_I64("reset",
		  browser_call(&b, &ana, "POST",
			       arena_printf(&b.arena, "/api/v1/users/%s/reset", id), "{}"),
		  200);
	token = box_get(&b, "invitation.token");
	CHECK_I64("out", browser_call(&b, &beto, "GET", "/api/v1/me", NULL), 401);
	CHECK_I64("old password", people_login(&b, "beto", PASSWORD, NULL), 401);
	b.now_ms += 3 * DAY_MS;
	CHECK_I64("too old",
		  browser_call(&b, NULL, "POST", "/api/v1/invitation",
			       arena_printf(&b.arena, "{\"token\":\"%s\"}", token)),
		  403);
	box_close(&b);
}

TEST(people_cannot_lock_themselves_out_by_a_reset)
{
	const char *path;

	open_box();
	CHECK_I64("who", browser_call(&b, &ana, "GET", "/api/v1/users", NULL), 200);
	path = arena_printf(&b.arena, "/api/v1/users/%s/reset", box_get(&b, "data.0.id"));
	CHECK_I64("their own", browser_call(&b, &ana, "POST", path, "{}"), 409);
	CHECK_I64("still in", browser_call(&b, &ana, "GET", "/api/v1/me", NULL), 200);
	CHECK_I64("with the password", people_login(&b, "ana", PASSWORD, NULL), 200);
	box_close(&b);
}

TEST(people_change_their_own_password)
{
	struct browser other;

	open_box();
	CHECK_I64("another", people_login(&b, "ana", PASSWORD, &other), 200);
	CHECK_I64("wrong now",
		  browser_call(&b, &ana, "PUT", "/api/v1/me/password",
			       "{\"password\":\"x\",\"new_password\":\"otra palabra\"}"),
		  422);
	CHECK_I64("weak",
		  browser_call(&b, &ana, "PUT", "/api/v1/me/password",
			       "{\"password\":\"" PASSWORD "\",\"new_password\":\"x\"}"),
		  422);
	CHECK_I64("changed",
		  browser_call(&b, &ana, "PUT", "/api/v1/me/password",
			       "{\"password\":\"" PASSWORD "\",\"new_password\":\"otra palabra\"}"),
		  200);
	CHECK_I64("still in", browser_call(&b, &ana, "GET", "/api/v1/me", NULL), 200);
	CHECK_I64("others out", browser_call(&b, &other, "GET", "/api/v1/me", NULL), 401);
	CHECK_I64("old", people_login(&b, "ana", PASSWORD, NULL), 401);
	CHECK_I64("new", people_login(&b, "ana", "otra palabra", NULL), 200);
	CHECK_I64("not for tokens", box_call(&b, "PUT", "/api/v1/me/password", "{}"), 409);
	box_close(&b);
}

static int login_with(const char *code, struct browser *ret)
{
	int status = browser_call(&b, NULL, "POST", "/api/v1/session",
				  arena_printf(&b.arena,
					       "{\"login\":\"ana\",\"password\":\"" PASSWORD
					       "\",\"code\":\"%s\"}",
					       code));

	if (status == 200)
		browser_take(&b, ret);
	return status;
}

static void unbase32(const char *text, uint8_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 32; i++) {
		char c = text[i];

		v = v << 5 | (uint64_t)(c >= 'A' ? c - 'A' : c - '2' + 26);
		if (i % 8 == 7)
			for (size_t k = 0; k < 5; k++)
				ret[i / 8 * 5 + k] = (uint8_t)(v >> (8 * (4 - k)));
	}
}

TEST(people_second_factor)
{
	uint8_t secret[TOTP_SECRET_BYTES];
	const char *recovery;
	struct browser br;
	char code[8];

	open_box();
	CHECK_I64("asks for the password",
		  browser_call(&b, &ana, "POST", "/api/v1/me/totp", "{\"password\":\"x\"}"), 422);
	CHECK_I64("begun",
		  browser_call(&b, &ana, "POST", "/api/v1/me/totp",
			       "{\"password\":\"" PASSWORD "\"}"),
		  200);
	CHECK(box_has(&b, "otpauth://totp/Totem:ana?secret="));
	unbase32(box_get(&b, "secret"), secret);
	CHECK_I64("not in use yet", people_login(&b, "ana", PASSWORD, NULL), 200);
	CHECK_I64("wrong code",
		  browser_call(&b, &ana, "POST", "/api/v1/me/totp/confirm", "{\"code\":\"1\"}"),
		  422);
	(void)snprintf(code, sizeof(code), "%06u", totp_code(secret, b.now_ms / TOTP_STEP_MS));
	CHECK_I64("confirmed",
		  browser_call(&b, &ana, "POST", "/api/v1/me/totp/confirm",
			       arena_printf(&b.arena, "{\"code\":\"%s\"}", code)),
		  200);
	recovery = box_get(&b, "recovery_codes.3");
	CHECK_I64("no code", login_with("", &br), 401);
	CHECK(box_has(&b, "code-needed"));
	CHECK_I64("used", login_with(code, &br), 401);
	b.now_ms += TOTP_STEP_MS;
	(void)snprintf(code, sizeof(code), "%06u", totp_code(secret, b.now_ms / TOTP_STEP_MS));
	CHECK_I64("fresh", login_with(code, &br), 200);
	CHECK_I64("never twice", login_with(code, &br), 401);
	CHECK_I64("recovery", login_with(recovery, &br), 200);
	CHECK_I64("once", login_with(recovery, &br), 401);
	CHECK_I64("another", login_with("aaaa-aaaa-aaaa-aaaa", &br), 401);
	CHECK_I64("nine", browser_call(&b, &br, "GET", "/api/v1/me", NULL), 200);
	CHECK_I64("nine", box_get_i64(&b, "recovery_codes_left"), 9);
	CHECK_I64("away",
		  browser_call(&b, &br, "DELETE", "/api/v1/me/totp",
			       "{\"password\":\"" PASSWORD "\"}"),
		  200);
	CHECK_I64("without", people_login(&b, "ana", PASSWORD, NULL), 200);
	box_close(&b);
}

TEST(people_password_grows_with_the_cost)
{
	static const char *const DEARER[] = { "password_iterations=1500" };
	struct user u;
	struct db *db;

	open_box();
	b.app.args = DEARER;
	b.app.arg_count = 1;
	MUST(config_reload(&b.app, &t_err));
	CHECK_I64("in", people_login(&b, "ana", PASSWORD, NULL), 200);
	db = store_reader(b.app.store);
	MUST(user_find(db, STR("ana"), &b.arena, &u, &t_err));
	store_reader_done(b.app.store, db);
	CHECK(str_starts(u.password, STR("pbkdf2-sha512$1500$")));
	CHECK_I64("still", people_login(&b, "ana", PASSWORD, NULL), 200);
	box_close(&b);
}

TEST(people_keep_an_owner)
{
	struct browser tech;
	const char *id;

	open_box();
	CHECK_I64("list", browser_call(&b, &ana, "GET", "/api/v1/users", NULL), 200);
	id = box_get(&b, "data.0.id");
	CHECK(!box_has(&b, "pbkdf2"));
	CHECK_I64("last owner",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"role\":\"viewer\"}"),
		  409);
	CHECK_I64("last owner",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"disabled\":true}"),
		  409);
	CHECK_I64("no such field",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"password\":\"x\"}"),
		  422);
	(void)people_add(&b, &ana, "technician", &tech);
	CHECK_I64("not for technicians", browser_call(&b, &tech, "GET", "/api/v1/users", NULL),
		  403);
	box_close(&b);
}

TEST(people_tokens_follow_their_maker)
{
	struct browser tech;
	char text[TOKEN_TEXT_MAX];
	const char *id;

	open_box();
	id = people_add(&b, &ana, "technician", &tech);
	CHECK_I64("more than they may",
		  browser_call(&b, &tech, "POST", "/api/v1/tokens",
			       "{\"name\":\"x\",\"scopes\":\"all\"}"),
		  403);
	CHECK_I64("made",
		  browser_call(&b, &tech, "POST", "/api/v1/tokens",
			       "{\"name\":\"x\",\"scopes\":\"settings queues:read\"}"),
		  201);
	CHECK(str_copy(str_of(box_get(&b, "token")), text, sizeof(text)));
	box_bearer(&b, text);
	CHECK_I64("works", box_do(&b, "GET", "/api/v1/settings", STR_NONE), 200);
	CHECK_I64("demoted",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"role\":\"viewer\"}"),
		  200);
	box_bearer(&b, text);
	CHECK_I64("no more", box_do(&b, "GET", "/api/v1/settings", STR_NONE), 403);
	box_bearer(&b, text);
	CHECK_I64("still", box_do(&b, "GET", "/api/v1/queues", STR_NONE), 200);
	CHECK_I64("disabled",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"disabled\":true}"),
		  200);
	box_bearer(&b, text);
	CHECK_I64("nothing", box_do(&b, "GET", "/api/v1/queues", STR_NONE), 401);
	CHECK_I64("session", browser_call(&b, &tech, "GET", "/api/v1/queues", NULL), 401);
	box_close(&b);
}

TEST(people_write_messages_in_their_own_name)
{
	struct browser agent;

	open_box();
	(void)people_add(&b, &ana, "agent", &agent);
	CHECK_I64("another's name",
		  browser_call(
			  &b, &agent, "POST", "/api/v1/messages",
			  "{\"to\":\"+59171234567\",\"text\":\"x\",\"sender\":{\"name\":\"Ana\"}}"),
		  422);
	box_header(&b, "Idempotency-Key", "k1");
	CHECK_I64("sent",
		  browser_call(&b, &agent, "POST", "/api/v1/messages",
			       "{\"to\":\"+59171234567\",\"text\":\"x\"}"),
		  202);
	CHECK_STR("name", box_get(&b, "sender_name"), "agent");
	CHECK_STR("source", box_get(&b, "source"), "page");
	CHECK_I64("an id", strlen(box_get(&b, "sender_user_id")), 36);
	box_close(&b);
}
