/* cmd_send.c - totem send: one text message into the queue. */
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/jsonw.h"

int cmd_send(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(64 * KIB);
	const char *to = cli_option(c, "to"), *text = cli_option(c, "text"),
		   *channel = cli_option(c, "channel");
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	struct caller by;
	struct jsonw w;
	enum rc rc;

	if (to == NULL || text == NULL || c->word_count > 0)
		return cli_usage(c, "--to and --text are needed");
	jsonw_init(&w, &body);
	jsonw_object(&w);
	jsonw_ktext(&w, "to", to);
	jsonw_ktext(&w, "type", "text");
	jsonw_kobject(&w, "text");
	jsonw_ktext(&w, "body", text);
	jsonw_end(&w);
	if (channel != NULL)
		jsonw_ktext(&w, "channel", channel);
	jsonw_end(&w);
	rc = call_begin(c, &by, &e);
	if (rc != RC_OK)
		return cli_fail(&e);
	rc = call_do(&by, &(struct call_request){ "POST", "/api/v1/messages", sbuf_view(&body) },
		     &a, &e);
	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK)
		(void)printf("%.*s is stored%s\n", STRF(json_get_str(a.root, "id")),
			     by.inside != NULL ? " and leaves when `totem serve` runs"
					       : " and on its way");
	call_answer_release(&a);
	call_end(&by);
	return rc == RC_OK ? 0 : cli_fail(&e);
}
