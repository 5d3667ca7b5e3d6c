/* cmd_init.c - totem init: totem.conf with comments, data folder, first token. */
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/conf_text.h"
#include "flow/supervise.h"
#include "io/file.h"

#define CONF_HERE "totem.conf"
#define CONF_MAX  (256 * KIB)

static enum rc write_conf(const struct cli *c, const char *path, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(CONF_MAX);

	if (file_exists(path))
		return FAIL(e, RC_CONFLICT, "%.150s is already there; it was not changed", path);
	conf_text(&text, c->data_dir);
	ASSERT(sbuf_ok(&text));
	return file_write(path, sbuf_view(&text), 0600, e);
}

static enum rc first_token(const struct cli *c, struct call_answer *ret, struct err *e)
{
	struct call_request q = { "POST", "/api/v1/tokens",
				  STR("{\"name\":\"first\",\"scopes\":\"all\"}") };

	return call_once(c, &q, ret, e);
}

static enum rc run(struct cli *c, const char *path, char *ret_folder, struct call_answer *ret,
		   struct err *e)
{
	struct supervise_options o = { .data_dir = c->data_dir,
				       .config_file = path,
				       .args = c->sets,
				       .arg_count = c->set_count };

	TRY(write_conf(c, path, e));
	c->config_file = path;
	TRY(supervise_folder(&o, ret_folder, e));
	return first_token(c, ret, e);
}

int cmd_init(struct cli *c)
{
	const char *path = c->config_given ? c->config_file : CONF_HERE;
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	char folder[SUPERVISE_PATH_MAX];
	enum rc rc;

	if (c->word_count > 0)
		return cli_usage(c, "init takes options only");
	if (cli_option(c, "print") != NULL) {
		AUTO(sbuf_release) struct sbuf text = SBUF(CONF_MAX);

		conf_text(&text, c->data_dir);
		(void)fwrite(text.p, 1, text.n, stdout);
		return 0;
	}
	rc = run(c, path, folder, &a, &e);
	if (rc == RC_OK && c->json)
		call_print_json(&a);
	else if (rc == RC_OK)
		(void)printf("settings:    %s\ndata folder: %s\ntoken:       %.*s\n\nKeep the "
			     "token: it is not shown again. "
			     "Next: totem serve --config %s\n",
			     path, folder, STRF(json_get_str(a.root, "token")), path);
	call_answer_release(&a);
	return rc == RC_OK ? 0 : cli_fail(&e);
}
