/* cmd_config.c - totem config: settings of the database. A value "-" is read from stdin, so that a
 * secret does not show in the list of processes. */
#include <unistd.h>

#include "cli/call.h"
#include "cli/cmd.h"
#include "io/crypto.h"
#include "io/jsonw.h"
#include "store/setting/setting.h"

#define VALUE_MAX (16 * KIB)

static const struct json *settings_of(const struct call_answer *a)
{
	return json_first(json_get(a->root, "data"));
}

static void row(struct cli_table *t, const struct json *def, const struct json *value)
{
	cli_table_json(t, json_get(value, "key"));
	cli_table_json(t, json_get(value, "value"));
	cli_table_json(t, json_get(value, "source"));
	cli_table_json(t, json_get(def, "default"));
	cli_table_json(t, json_get(def, "help"));
}

/* What is not as it comes out of the box, and where that was said. */
static void print_diff(const struct call_answer *a)
{
	static const char *const TITLES[] = { "key", "value", "from", "default" };
	struct cli_table t;

	cli_table_begin(&t, TITLES, COUNT(TITLES));
	for (const struct json *d = settings_of(a); d != NULL; d = json_next(d)) {
		for (const struct json *v = json_first(json_get(d, "values")); v != NULL;
		     v = json_next(v)) {
			if (str_eqc(json_get_str(v, "source"), "default"))
				continue;
			cli_table_json(&t, json_get(v, "key"));
			cli_table_json(&t, json_get(v, "value"));
			cli_table_json(&t, json_get(v, "source"));
			cli_table_json(&t, json_get(d, "default"));
		}
	}
	cli_table_print(&t);
}

static enum rc print_list(const struct call_answer *a, const char *prefix, struct err *e)
{
	static const char *const TITLES[] = { "key", "value", "from", "default", "what it is" };
	bool any = prefix == NULL;
	struct cli_table t;

	cli_table_begin(&t, TITLES, COUNT(TITLES));
	for (const struct json *d = settings_of(a); d != NULL; d = json_next(d)) {
		const struct json *v = json_first(json_get(d, "values"));

		if (v == NULL &&
		    prefix == NULL) { /* a target that does not exist yet: its pattern */
			cli_table_json(&t, json_get(d, "key"));
			cli_table_text(&t, "");
			cli_table_text(&t, "");
			cli_table_json(&t, json_get(d, "default"));
			cli_table_json(&t, json_get(d, "help"));
		}
		for (; v != NULL; v = json_next(v)) {
			if (prefix != NULL && !str_starts(json_get_str(v, "key"), str_of(prefix)))
				continue;
			row(&t, d, v);
			any = true;
		}
	}
	if (any)
		cli_table_print(&t);
	else
		sbuf_release(&t.cells);
	return any ? RC_OK
		   : FAIL(e, RC_ABSENT,
			  "%.80s: no setting that exists begins so (totem config list)", prefix);
}

static bool print_value(const struct call_answer *a, const char *key)
{
	for (const struct json *d = settings_of(a); d != NULL; d = json_next(d)) {
		for (const struct json *v = json_first(json_get(d, "values")); v != NULL;
		     v = json_next(v)) {
			if (str_eqc(json_get_str(v, "key"), key)) {
				(void)printf("%.*s\n", STRF(json_get_str(v, "value")));
				return true;
			}
		}
	}
	return false;
}

/* A wrong name, or a right one of a target that is not there yet. */
static enum rc no_value(const char *key, struct err *e)
{
	if (setting_find(str_of(key)) == NULL) {
		TRY(setting_check(str_of(key), STR(""), e));
		return RC_INVALID;
	}
	return FAIL(e, RC_ABSENT, "%.80s: nothing of this target is set (totem config set)", key);
}

static int read_all(struct cli *c, const char *key)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	enum rc rc =
		call_once(c, &(struct call_request){ "GET", "/api/v1/settings", STR_NONE }, &a, &e);

	if (rc == RC_OK && key != NULL && !c->json && !print_value(&a, key))
		rc = no_value(key, &e);
	else if (rc == RC_OK && c->json)
		call_print_json(&a);
	else if (rc == RC_OK && key == NULL && strcmp(cli_word(c, 0), "diff") == 0)
		print_diff(&a);
	else if (rc == RC_OK && key == NULL)
		rc = print_list(&a, cli_word(c, 1), &e);
	call_answer_release(&a);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

/* "key=value" or "key value"; value "-": stdin. False: the command line is wrong. */
static bool value_of(struct cli *c, struct sbuf *key, struct sbuf *value)
{
	struct str rest = str_of(cli_word(c, 1)), name;
	char block[1024];
	ssize_t n;

	if (rest.p == NULL || !str_cut(&rest, '=', &name) ||
	    (rest.p == NULL) != (c->word_count == 3))
		return false;
	if (c->word_count == 3)
		rest = str_of(cli_word(c, 2));
	sbuf_str(key, name);
	if (!str_eqc(rest, "-")) {
		sbuf_str(value, rest);
		return true;
	}
	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0)
		sbuf_add(value, block, (size_t)n);
	value->n = str_trim(sbuf_view(value)).n; /* the line's end */
	crypto_zero(block, sizeof(block));
	return true;
}

static int change(struct cli *c, struct str key, struct str value)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(8 * VALUE_MAX);
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	char name[200];
	enum rc rc;

	if (!str_copy(key, name, sizeof(name)))
		return cli_usage(c, "this key is too long");
	jsonw_init(&w, &body);
	jsonw_object(&w);
	jsonw_kstr(&w, name, value);
	jsonw_end(&w);
	rc = call_once(c, &(struct call_request){ "PATCH", "/api/v1/settings", sbuf_view(&body) },
		       &a, &e);
	crypto_zero(body.p, body.cap);
	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK)
		(void)printf("%s %s%s\n", name, value.n > 0 ? "is set" : "is taken away",
			     json_count(json_get(a.root, "covered")) > 0
				     ? ", but the value of the environment or the command line "
				       "counts before it (totem config diff)"
			     : json_count(json_get(a.root, "restart_needed")) > 0
				     ? "; it counts from the next start"
				     : "");
	call_answer_release(&a);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

static int set(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf key = SBUF(200), value = SBUF(VALUE_MAX);
	int code;

	if (!value_of(c, &key, &value) || !sbuf_ok(&key) || !sbuf_ok(&value) || value.n == 0)
		return cli_usage(c, "totem config set KEY VALUE (to empty one: unset)");
	code = change(c, sbuf_view(&key), sbuf_view(&value));
	crypto_zero(value.p, value.cap);
	return code;
}

int cmd_config(struct cli *c)
{
	const char *verb = cli_word(c, 0), *key = cli_word(c, 1);

	if (verb != NULL && (strcmp(verb, "list") == 0 || strcmp(verb, "diff") == 0))
		return read_all(c, NULL);
	if (verb != NULL && strcmp(verb, "get") == 0 && key != NULL)
		return read_all(c, key);
	if (verb != NULL && strcmp(verb, "set") == 0)
		return set(c);
	if (verb != NULL && strcmp(verb, "unset") == 0 && key != NULL)
		return change(c, str_of(key), STR(""));
	return cli_usage(c, "list, diff, get, set or unset?");
}
