/* cmd_lookup.c - totem lookup: one question to a lookup connector, from the shell. */
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/jsonw.h"

#define PATH_MAX_BYTES 128

/* NAME=VALUE words as an object. */
static bool write_inputs(struct cli *c, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	for (size_t i = 1; i < c->word_count; i++) {
		struct str value = str_of(cli_word(c, i)), name;
		char key[64];

		if (!str_cut(&value, '=', &name) || value.p == NULL ||
		    !str_copy(name, key, sizeof(key)) || name.n == 0)
			return false;
		jsonw_kstr(&w, key, value);
	}
	jsonw_end(&w);
	return sbuf_ok(to);
}

static void print(const struct call_answer *a)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(1 * MIB);
	int64_t code = json_get_i64_or(a->root, "return_code", -1);

	json_print(json_get(a->root, "data"), &b);
	if (code == 0)
		(void)printf("%.*s\n", (int)b.n, b.p != NULL ? b.p : "");
	else
		(void)fprintf(stderr, "return_code %lld: %.*s\n", (long long)code,
			      STRF(json_get_str(a->root, "error")));
}

int cmd_lookup(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(16 * KIB);
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	char path[PATH_MAX_BYTES];
	int64_t code;
	enum rc rc;

	if (c->word_count < 2)
		return cli_usage(c, "a connector and its inputs are needed: calidda dni=08408122");
	if (!write_inputs(c, &body))
		return cli_usage(c, "an input is NAME=VALUE");
	(void)snprintf(path, sizeof(path), "/api/v1/lookups/%.60s", cli_word(c, 0));
	rc = call_once(c, &(struct call_request){ "POST", path, sbuf_view(&body) }, &a, &e);
	code = json_get_i64_or(a.root, "return_code", -1);
	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK)
		print(&a);
	call_answer_release(&a);
	if (rc != RC_OK)
		return cli_fail(&e);
	return code == 0 ? 0 : 1;
}
