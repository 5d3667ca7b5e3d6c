/* people.h - logging in at a box of a test (box.h): what a browser keeps. */
#ifndef PEOPLE_H
#define PEOPLE_H

#include "box.h"
#include "store/access/session.h"

#define PASSWORD "correcto caballo"

static const char *const PEOPLE_ARGS[] = {
	"password_iterations=1000", "channel.main.phone_number_id=1", "channel.main.window_hours=0",
	"channel.main.token=secret-token", "channel.main.app_secret=secret-app"
};

struct browser {
	char cookie[160], csrf[80];
};

/* Takes the cookie and the CSRF token of the last answer. */
static inline void browser_take(struct box *b, struct browser *br)
{
	struct str all = sbuf_view(&b->r.headers), line;
	struct str mark = STR("Set-Cookie: ");

	while (str_cut(&all, '\n', &line)) {
		struct str value = str_sub(line, mark.n, line.n), first;

		if (str_starts(line, mark) && str_cut(&value, ';', &first))
			CHECK(str_copy(first, br->cookie, sizeof(br->cookie)));
	}
	CHECK(str_copy(str_of(box_get(b, "csrf")), br->csrf, sizeof(br->csrf)));
}

/* As that browser; `br` NULL: without a cookie. */
static inline int browser_call(struct box *b, const struct browser *br, const char *method,
			       const char *path, const char *body)
{
	if (br != NULL) {
		box_header(b, "Cookie", br->cookie);
		box_header(b, "X-CSRF-Token", br->csrf);
		box_header(b, "Sec-Fetch-Site", "same-origin");
	}
	return box_do(b, method, path, body != NULL ? str_of(body) : STR_NONE);
}

static inline enum rc people_invite_unit(struct tx *tx, void *arg, struct err *e)
{
	return session_invite(tx, INVITATION_FIRST_USER, arg, e);
}

/* The first owner, "ana". */
static inline void people_owner(struct box *b, struct browser *ret)
{
	char link[TOKEN_TEXT_MAX];

	MUST(store_write(b->app.store, STORE_NORMAL, people_invite_unit, link, &t_err));
	CHECK_I64(
		"first owner",
		browser_call(
			b, NULL, "POST", "/api/v1/setup",
			arena_printf(&b->arena,
				     "{\"token\":\"%s\",\"login\":\"Ana\",\"password\":\"" PASSWORD
				     "\",\"name\":\"Ana D\u00edaz\"}",
				     link)),
		201);
	browser_take(b, ret);
}

static inline int people_login(struct box *b, const char *login, const char *password,
			       struct browser *ret)
{
	int status = browser_call(
		b, NULL, "POST", "/api/v1/session",
		arena_printf(&b->arena, "{\"login\":\"%s\",\"password\":\"%s\"}", login, password));

	if (status == 200 && ret != NULL)
		browser_take(b, ret);
	return status;
}

/* An account of that role, named after it, logged in. Returns its id. */
static inline const char *people_add(struct box *b, const struct browser *owner, const char *role,
				     struct browser *ret)
{
	const char *id;

	CHECK_I64(role,
		  browser_call(
			  b, owner, "POST", "/api/v1/users",
			  arena_printf(&b->arena,
				       "{\"login\":\"%s\",\"role\":\"%s\",\"password\":\"" PASSWORD
				       "\"}",
				       role, role)),
		  201);
	id = box_get(b, "id");
	CHECK_I64(role, people_login(b, role, PASSWORD, ret), 200);
	return id;
}

#endif
