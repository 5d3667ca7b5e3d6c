/* cmd_token.c - totem token: API tokens. */
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/jsonw.h"

static int finish(const struct cli *c, const struct call_request *q,
		  void (*print)(const struct json *root))
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	enum rc rc = call_once(c, q, &a, &e);
	int code = 0;

	if (rc != RC_OK)
		code = cli_fail(&e);
	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK)
		print(a.root);
	call_answer_release(&a);
	return code;
}

static void print_created(const struct json *root)
{
	(void)printf("%.*s\n", STRF(json_get_str(root, "token")));
	(void)fprintf(stderr, "Keep it: it is not shown again. Id %.*s\n",
		      STRF(json_get_str(root, "id")));
}

static void print_list(const struct json *root)
{
	static const char *const TITLES[] = { "id", "name", "last used", "revoked", "scopes" };
	struct cli_table t;

	cli_table_begin(&t, TITLES, COUNT(TITLES));
	for (const struct json *n = json_first(json_get(root, "data")); n != NULL;
	     n = json_next(n)) {
		AUTO(sbuf_release) struct sbuf scopes = SBUF(4 * KIB);

		for (const struct json *s = json_first(json_get(n, "scopes")); s != NULL;
		     s = json_next(s)) {
			sbuf_str(&scopes, scopes.n > 0 ? STR(" ") : STR(""));
			sbuf_str(&scopes, json_str(s));
		}
		cli_table_json(&t, json_get(n, "id"));
		cli_table_json(&t, json_get(n, "name"));
		cli_table_json(&t, json_get(n, "last_used_at"));
		cli_table_json(&t, json_get(n, "revoked_at"));
		cli_table_cell(&t, sbuf_view(&scopes));
	}
	cli_table_print(&t);
}

static void print_revoked(const struct json *root)
{
	(void)printf("revoked %.*s\n", STRF(json_get_str(root, "id")));
}

static int create(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(8 * KIB);
	const char *name = cli_word(c, 1), *scopes = cli_option(c, "scopes");
	struct jsonw w;

	if (name == NULL || c->word_count > 2)
		return cli_usage(c, "a token needs one name");
	jsonw_init(&w, &body);
	jsonw_object(&w);
	jsonw_ktext(&w, "name", name);
	jsonw_ktext(&w, "scopes", scopes != NULL ? scopes : "all");
	jsonw_end(&w);
	return finish(c, &(struct call_request){ "POST", "/api/v1/tokens", sbuf_view(&body) },
		      print_created);
}

static int revoke(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf path = SBUF(512);
	const char *id = cli_word(c, 1);

	if (id == NULL || c->word_count > 2 || strpbrk(id, "/?#% ") != NULL)
		return cli_usage(c, "which token? Its id is in `totem token list`");
	sbuf_printf(&path, "/api/v1/tokens/%s", id);
	return finish(c, &(struct call_request){ "DELETE", sbuf_c(&path), STR_NONE },
		      print_revoked);
}

int cmd_token(struct cli *c)
{
	const char *verb = cli_word(c, 0);

	if (verb != NULL && strcmp(verb, "create") == 0)
		return create(c);
	if (verb != NULL && strcmp(verb, "list") == 0)
		return finish(c, &(struct call_request){ "GET", "/api/v1/tokens", STR_NONE },
			      print_list);
	if (verb != NULL && strcmp(verb, "revoke") == 0)
		return revoke(c);
	return cli_usage(c, "create, list or revoke?");
}
