/* cmd_replay.c - totem replay: stored webhook requests are processed again. Processing is
 * idempotent: what arrived before is recognized. */
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/jsonw.h"

static int run(struct cli *c, const struct call_request *q)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	enum rc rc = call_once(c, q, &a, &e);
	int64_t matching;

	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK && json_get_i64(a.root, "matching", &matching))
		(void)printf("%lld match, %lld %s\n", (long long)matching,
			     (long long)json_get_i64_or(a.root, "replaying", 0),
			     "are processed again");
	else if (rc == RC_OK)
		(void)printf("%.*s is processed again\n", STRF(json_get_str(a.root, "id")));
	call_answer_release(&a);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

static int run_range(struct cli *c, const char *from, const char *to)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * KIB);
	struct jsonw w;

	jsonw_init(&w, &body);
	jsonw_object(&w);
	jsonw_ktext(&w, "from", from);
	jsonw_ktext(&w, "to", to);
	if (cli_option(c, "source") != NULL)
		jsonw_ktext(&w, "source", cli_option(c, "source"));
	jsonw_kbool(&w, "dry_run", cli_option(c, "dry-run") != NULL);
	jsonw_end(&w);
	return run(c,
		   &(struct call_request){ "POST", "/api/v1/deliveries/replay", sbuf_view(&body) });
}

int cmd_replay(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf path = SBUF(512);
	const char *from = cli_option(c, "from"), *to = cli_option(c, "to"), *id = cli_word(c, 0);

	if (id == NULL && from != NULL && to != NULL)
		return run_range(c, from, to);
	if (id == NULL || from != NULL || to != NULL || c->word_count > 1 ||
	    strpbrk(id, "/?#% ") != NULL || cli_option(c, "dry-run") != NULL)
		return cli_usage(c, "the id of a delivery, or --from and --to (and --dry-run)");
	sbuf_printf(&path, "/api/v1/deliveries/%s/replay", id);
	return run(c, &(struct call_request){ "POST", sbuf_c(&path), STR_NONE });
}
