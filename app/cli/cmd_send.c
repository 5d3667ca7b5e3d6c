/* cmd_send.c - totem send: one message into the queue. What the options say becomes the body of POST /api/v1/messages;
 * --body gives it whole, for the types that have no option of their own. */
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/jsonw.h"

#define BODY_MAX (256 * KIB)

static const char *const CAPTIONED[] = { "image", "video", "document" };

static bool takes_caption(const char *type)
{
	for (size_t i = 0; i < COUNT(CAPTIONED); i++)
		if (strcmp(type, CAPTIONED[i]) == 0)
			return true;
	return false;
}

static void write_text(struct jsonw *w, const char *text)
{
	jsonw_ktext(w, "type", "text");
	jsonw_kobject(w, "text");
	jsonw_ktext(w, "body", text);
	jsonw_end(w);
}

static void write_file(struct jsonw *w, const char *media_id, const char *type, const char *text)
{
	jsonw_ktext(w, "type", type);
	jsonw_kobject(w, type);
	jsonw_ktext(w, "media_id", media_id);
	if (text != NULL && takes_caption(type))
		jsonw_ktext(w, "caption", text);
	jsonw_end(w);
}

/* "name/language"; the words are the variables of its body, in order. */
static void write_template(const struct cli *c, struct jsonw *w, struct str name,
			   struct str language)
{
	jsonw_ktext(w, "type", "template");
	jsonw_kobject(w, "template");
	jsonw_kstr(w, "name", name);
	jsonw_kobject(w, "language");
	jsonw_kstr(w, "code", language);
	jsonw_end(w);
	if (c->word_count > 0) {
		jsonw_karray(w, "components");
		jsonw_object(w);
		jsonw_ktext(w, "type", "body");
		jsonw_karray(w, "parameters");
		for (size_t i = 0; i < c->word_count; i++) {
			jsonw_object(w);
			jsonw_ktext(w, "type", "text");
			jsonw_ktext(w, "text", cli_word(c, i));
			jsonw_end(w);
		}
		jsonw_end(w);
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* The members of --body as they are; --to and --channel are added before. */
static bool write_body(struct jsonw *w, const char *body)
{
	AUTO(json_freep) struct json *root = NULL;

	if (json_parse(str_of(body), &root, NULL) != RC_OK || json_kind(root) != JSON_OBJECT)
		return false;
	for (const struct json *n = json_first(root); n != NULL; n = json_next(n)) {
		AUTO(sbuf_release) struct sbuf value = SBUF(BODY_MAX);
		AUTO(sbuf_release) struct sbuf key = SBUF(4 * KIB);

		sbuf_str(&key, json_key(n));
		json_print(n, &value);
		jsonw_kraw(w, sbuf_c(&key), sbuf_view(&value));
	}
	return true;
}

/* NULL: the body is written; else what is wrong with the command line. */
static const char *write_message(const struct cli *c, struct jsonw *w)
{
	const char *text = cli_option(c, "text"), *media = cli_option(c, "media-id"),
		   *template = cli_option(c, "template"), *body = cli_option(c, "body"),
		   *type = cli_option(c, "type");
	struct str rest = str_of(template), name = STR_NONE;

	if ((text != NULL && media == NULL) + (media != NULL) + (template != NULL) +
		    (body != NULL) !=
	    1)
		return "one of --text, --media-id, --template and --body is needed";
	if (c->word_count > 0 && template == NULL)
		return "words are the variables of a --template";
	if (type != NULL && media == NULL)
		return "--type goes with --media-id";
	if (cli_option(c, "to") != NULL)
		jsonw_ktext(w, "to", cli_option(c, "to"));
	if (cli_option(c, "channel") != NULL)
		jsonw_ktext(w, "channel", cli_option(c, "channel"));
	if (body != NULL)
		return write_body(w, body) ? NULL : "--body has to be a JSON object";
	if (cli_option(c, "to") == NULL)
		return "--to is needed";
	if (template != NULL && (!str_cut(&rest, '/', &name) || rest.n == 0))
		return "--template is NAME/LANGUAGE, for example order_ready/es";
	if (template != NULL)
		write_template(c, w, name, rest);
	else if (media != NULL)
		write_file(w, media, type != NULL ? type : "document", text);
	else
		write_text(w, text);
	return NULL;
}

int cmd_send(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	struct caller by;
	const char *wrong;
	struct jsonw w;
	enum rc rc;

	jsonw_init(&w, &body);
	jsonw_object(&w);
	wrong = write_message(c, &w);
	if (wrong != NULL)
		return cli_usage(c, wrong);
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
