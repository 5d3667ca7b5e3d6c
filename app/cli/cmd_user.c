/* cmd_user.c - totem user: accounts, and the way back in for whoever owns the data folder. */
#include <unistd.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "io/crypto.h"
#include "io/jsonw.h"

#define ID_MAX   40
#define BODY_MAX (8 * KIB)

static void print_list(const struct json *root)
{
	static const char *const TITLES[] = { "login",    "name",     "role",       "language",
					      "disabled", "password", "2nd factor", "last login" };
	struct cli_table t;

	cli_table_begin(&t, TITLES, COUNT(TITLES));
	for (const struct json *n = json_first(json_get(root, "data")); n != NULL;
	     n = json_next(n)) {
		cli_table_json(&t, json_get(n, "login"));
		cli_table_json(&t, json_get(n, "name"));
		cli_table_json(&t, json_get(n, "role"));
		cli_table_json(&t, json_get(n, "language"));
		cli_table_json(&t, json_get(n, "disabled"));
		cli_table_json(&t, json_get(n, "has_password"));
		cli_table_json(&t, json_get(n, "totp"));
		cli_table_json(&t, json_get(n, "last_login_at"));
	}
	cli_table_print(&t);
}

static void print_user(const struct json *root)
{
	struct str path = json_str(json_path(root, "invitation.path"));

	(void)printf("%.*s  %.*s%s\n", STRF(json_get_str(root, "login")),
		     STRF(json_get_str(root, "role")),
		     json_get_bool(root, "disabled", false) ? "  disabled" : "");
	if (path.p != NULL)
		(void)printf(
			"To choose a password, within three days and once: the address of the page "
			"followed by\n%.*s\n",
			STRF(path));
}

static int finish(const struct cli *c, struct caller *by, const struct call_request *q,
		  void (*print)(const struct json *root))
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	enum rc rc = call_do(by, q, &a, &e);
	int code = rc == RC_OK ? 0 : cli_fail(&e);

	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK)
		print(a.root);
	call_answer_release(&a);
	return code;
}

/* The id of a login. RC_ABSENT: nobody has it. */
static enum rc find(struct caller *by, const char *login, char ret_id[ID_MAX], struct err *e)
{
	struct call_answer a = CALL_ANSWER;
	enum rc rc = call_do(by, &(struct call_request){ "GET", "/api/v1/users", STR_NONE }, &a, e);
	bool found = false;

	for (const struct json *n = json_first(json_get(a.root, "data"));
	     rc == RC_OK && n != NULL && !found; n = json_next(n)) {
		found = str_ieq(json_get_str(n, "login"), str_of(login)) &&
			str_copy(json_get_str(n, "id"), ret_id, ID_MAX);
	}
	call_answer_release(&a);
	if (rc == RC_OK && !found)
		return FAIL(e, RC_ABSENT, "nobody has the login %s (see: totem user list)", login);
	return rc;
}

/* --password -: one line of stdin, so that it does not show in the list of processes. False: wrong use. */
static bool password_read(struct cli *c, struct sbuf *to)
{
	const char *given = cli_option(c, "password");
	char block[256];
	ssize_t n;

	if (given == NULL)
		return true;
	if (strcmp(given, "-") != 0)
		return false;
	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0)
		sbuf_add(to, block, (size_t)n);
	while (to->n > 0 && (to->p[to->n - 1] == '\n' || to->p[to->n - 1] == '\r'))
		to->n--;
	crypto_zero(block, sizeof(block));
	return to->n > 0 && sbuf_ok(to);
}

static void option_write(const struct cli *c, struct jsonw *w, const char *name)
{
	if (cli_option(c, name) != NULL)
		jsonw_ktext(w, name, cli_option(c, name));
}

static void body_write(const struct cli *c, const char *verb, struct str password, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	if (strcmp(verb, "add") == 0) {
		jsonw_ktext(&w, "login", cli_word(c, 1));
		jsonw_ktext(&w, "role",
			    cli_option(c, "role") != NULL ? cli_option(c, "role") : "agent");
		option_write(c, &w, "name");
		option_write(c, &w, "language");
	}
	if (password.n > 0)
		jsonw_kstr(&w, "password", password);
	if (strcmp(verb, "role") == 0)
		jsonw_ktext(&w, "role", cli_word(c, 2));
	if (strcmp(verb, "disable") == 0 || strcmp(verb, "enable") == 0)
		jsonw_kbool(&w, "disabled", strcmp(verb, "disable") == 0);
	jsonw_end(&w);
}

static const struct verb {
	const char *name, *method, *after; /* path behind the account; NULL: of all accounts */
	size_t words;
} VERBS[] = {
	{ "list", "GET", NULL, 1 },
	{ "add", "POST", NULL, 2 },
	{ "reset-password", "POST", "/reset", 2 },
	{ "role", "PATCH", "", 3 },
	{ "disable", "PATCH", "", 2 },
	{ "enable", "PATCH", "", 2 },
	{ "reset-totp", "DELETE", "/totp", 2 },
};

static const struct verb *verb_of(const struct cli *c)
{
	const char *name = cli_word(c, 0);

	for (size_t i = 0; name != NULL && i < COUNT(VERBS); i++) {
		if (strcmp(VERBS[i].name, name) == 0 && c->word_count == VERBS[i].words)
			return &VERBS[i];
	}
	return NULL;
}

static int run(const struct cli *c, const struct verb *v, struct str body)
{
	AUTO(sbuf_release) struct sbuf path = SBUF(512);
	struct err e = { .rc = RC_OK };
	struct caller by;
	char id[ID_MAX];
	int code;

	sbuf_text(&path, "/api/v1/users");
	if (call_begin(c, &by, &e) != RC_OK)
		return cli_fail(&e);
	if (v->after != NULL && find(&by, cli_word(c, 1), id, &e) != RC_OK) {
		call_end(&by);
		return cli_fail(&e);
	}
	if (v->after != NULL)
		sbuf_printf(&path, "/%s%s", id, v->after);
	code = finish(c, &by,
		      &(struct call_request){ v->method, sbuf_c(&path),
					      strcmp(v->method, "GET") == 0 ? STR_NONE : body },
		      strcmp(v->name, "list") == 0 ? print_list : print_user);
	call_end(&by);
	return code;
}

int cmd_user(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf password = SBUF(4 * KIB), body = SBUF(BODY_MAX);
	const struct verb *v = verb_of(c);
	int code;

	if (v == NULL)
		return cli_usage(c,
				 "list, add LOGIN, reset-password LOGIN, role LOGIN ROLE, disable "
				 "LOGIN, enable LOGIN or reset-totp LOGIN?");
	if (!password_read(c, &password))
		return cli_usage(c, "a password comes from stdin: --password -");
	body_write(c, v->name, sbuf_view(&password), &body);
	code = run(c, v, sbuf_view(&body));
	if (password.p != NULL)
		crypto_zero(password.p, password.cap);
	if (body.p != NULL)
		crypto_zero(body.p, body.cap);
	return code;
}
