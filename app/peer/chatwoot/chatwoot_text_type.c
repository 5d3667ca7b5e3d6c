/* chatwoot_text_type.c - each type of message in words, one row per type. No state; any thread. */
#include "base/limits.h"
#include "peer/chatwoot/chatwoot_text_priv.h"
#include "peer/wa/markup.h"

#define LIST_MAX 50 /* elements of a list that are told */

static void word(const struct telling *w, enum chatwoot_word which)
{
	sbuf_text(w->to, chatwoot_text_say(w->t->lang, which));
}

static void title(const struct telling *w, enum chatwoot_word which)
{
	sbuf_printf(w->to, "**%s**", chatwoot_text_say(w->t->lang, which));
}

void chatwoot_text_words(const struct telling *w, struct str s)
{
	if (s.n == 0)
		return;
	chatwoot_text_line(w->to);
	markup_to_markdown(s, w->to);
}

static void tell_text(const struct telling *w)
{
	markup_to_markdown(w->t->content, w->to);
}

static enum chatwoot_word file_word(const struct telling *w)
{
	static const struct {
		const char *type;
		enum chatwoot_word word;
	} rows[] = { { "image", WORD_IMAGE },
		     { "video", WORD_VIDEO },
		     { "sticker", WORD_STICKER },
		     { "document", WORD_DOCUMENT },
		     { "voice", WORD_VOICE } };

	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_eqc(w->t->type, rows[i].type))
			return rows[i].word;
	return json_get_bool(w->body, "voice", false) ? WORD_VOICE : WORD_AUDIO;
}

static void tell_file(const struct telling *w)
{
	struct str link = json_get_str(w->body, "link");

	if (w->t->file != CHATWOOT_FILE_WITH) {
		title(w, file_word(w));
		if (w->t->filename.n > 0) {
			sbuf_text(w->to, ": ");
			chatwoot_text_plain(w->to, w->t->filename);
		}
		chatwoot_text_line(w->to);
	}
	if (w->t->file == CHATWOOT_FILE_NONE && link.n > 0) { /* sent by address */
		sbuf_str(w->to, link);
		chatwoot_text_line(w->to);
	}
	chatwoot_text_words(w, json_get_str(w->body, "caption"));
	chatwoot_text_words(w, json_get_str(w->body, "transcript"));
}

static void tell_location(const struct telling *w)
{
	double x, y;

	title(w, WORD_LOCATION);
	chatwoot_text_detail(w, w->body, "name", "address");
	if (json_get_str(w->body, "name").n > 0 && json_get_str(w->body, "address").n > 0) {
		sbuf_char(w->to, '\n');
		chatwoot_text_plain(w->to, json_get_str(w->body, "address"));
	}
	if (json_double(json_get(w->body, "latitude"), &y) &&
	    json_double(json_get(w->body, "longitude"), &x))
		sbuf_printf(w->to, "\nhttps://www.google.com/maps?q=%.7g,%.7g", y, x);
	if (json_get_str(w->body, "url").n > 0)
		sbuf_printf(w->to, "\n%.*s", STRF(json_get_str(w->body, "url")));
}

static void tell_person(const struct telling *w, const struct json *c)
{
	static const struct {
		const char *list, *value, *other;
	} parts[] = { { "phones", "phone", "wa_id" },
		      { "emails", "email", "email" },
		      { "urls", "url", "url" } };

	chatwoot_text_line(w->to);
	title(w, WORD_CONTACTS);
	chatwoot_text_detail(w, c, "name.formatted_name", "name.first_name");
	chatwoot_text_detail(w, c, "org.company", "org.company");
	for (size_t i = 0; i < COUNT(parts); i++) {
		int n = 0;

		for (const struct json *p = json_first(json_get(c, parts[i].list));
		     p != NULL && n < LIST_MAX; p = json_next(p), n++) {
			struct str v = json_get_str(p, parts[i].value);

			sbuf_text(w->to, "\n- ");
			chatwoot_text_plain(w->to, v.n > 0 ? v : json_get_str(p, parts[i].other));
		}
	}
}

static void tell_contacts(const struct telling *w)
{
	const struct json *list =
		json_kind(w->body) == JSON_ARRAY ? w->body : json_get(w->body, "contacts");
	int n = 0;

	for (const struct json *c = json_first(list); c != NULL && n < LIST_MAX;
	     c = json_next(c), n++)
		tell_person(w, c);
}

static void tell_form(const struct telling *w, const struct json *reply)
{
	AUTO(json_freep) struct json *parsed = NULL;
	const struct json *form = json_get(w->body, "form");
	int n = 0;

	title(w, WORD_FORM);
	if (json_kind(form) != JSON_OBJECT &&
	    json_parse(json_get_str(reply, "response_json"), &parsed, NULL) == RC_OK)
		form = parsed;
	for (const struct json *c = json_first(form); c != NULL && n < LIST_MAX; c = json_next(c)) {
		if (str_eqc(json_key(c), "flow_token") || json_kind(c) == JSON_NULL)
			continue;
		n++;
		sbuf_text(w->to, "\n- ");
		chatwoot_text_plain(w->to, json_key(c));
		sbuf_text(w->to, ": ");
		if (!chatwoot_text_value(w, c) && json_kind(c) != JSON_TEXT) {
			AUTO(sbuf_release) struct sbuf part = SBUF(64 * KIB);

			json_print(c, &part); /* a list of choices, an address */
			chatwoot_text_plain(w->to, sbuf_view(&part));
		}
	}
}

/* Buttons and rows that we sent: what the customer can tap. */
static void tell_choices(const struct telling *w, const struct json *list)
{
	int n = 0;

	for (const struct json *c = json_first(list); c != NULL && n < LIST_MAX;
	     c = json_next(c), n++) {
		struct str t = json_get_str(c, "title");

		if (json_kind(json_get(c, "rows")) == JSON_ARRAY) {
			tell_choices(w, json_get(c, "rows"));
			continue;
		}
		chatwoot_text_line(w->to);
		sbuf_text(w->to, "- ");
		chatwoot_text_plain(w->to, t.n > 0 ? t : json_str(json_path(c, "reply.title")));
	}
}

static void tell_interactive(const struct telling *w)
{
	const struct json *b = w->body, *action = json_get(b, "action");
	struct str button = json_str(json_path(action, "parameters.display_text"));

	if (json_get(b, "button_reply") != NULL || json_get(b, "list_reply") != NULL ||
	    json_path(b, "body.text") == NULL) {
		if (json_get(b, "nfm_reply") != NULL)
			tell_form(w, json_get(b, "nfm_reply"));
		else
			markup_to_markdown(w->t->content, w->to);
		chatwoot_text_words(w, json_str(json_path(b, "list_reply.description")));
		return;
	}
	chatwoot_text_words(w, json_str(json_path(b, "header.text")));
	chatwoot_text_words(w, json_str(json_path(b, "body.text")));
	chatwoot_text_words(w, json_str(json_path(b, "footer.text")));
	tell_choices(w, json_get(action, "buttons"));
	tell_choices(w, json_get(action, "sections"));
	if (button.n > 0) {
		chatwoot_text_line(w->to);
		sbuf_text(w->to, "- ");
		chatwoot_text_plain(w->to, button);
		sbuf_printf(w->to, " %.*s", STRF(json_str(json_path(action, "parameters.url"))));
	}
}

static void tell_order(const struct telling *w)
{
	int n = 0;

	title(w, WORD_ORDER);
	for (const struct json *c = json_first(json_get(w->body, "product_items"));
	     c != NULL && n < LIST_MAX; c = json_next(c), n++) {
		sbuf_text(w->to, "\n- ");
		(void)chatwoot_text_value(w,
					  json_get(c, "quantity")); /* each part may be missing */
		sbuf_text(w->to, " x ");
		(void)chatwoot_text_value(w, json_get(c, "product_retailer_id")); /* as above */
		if (json_get(c, "item_price") != NULL) {
			sbuf_text(w->to, ", ");
			(void)chatwoot_text_value(w, json_get(c, "item_price")); /* as above */
			sbuf_printf(w->to, " %.*s", STRF(json_get_str(c, "currency")));
		}
	}
	chatwoot_text_words(w, json_get_str(w->body, "text"));
}

static void tell_product(const struct telling *w)
{
	title(w, WORD_PRODUCT);
	chatwoot_text_detail(w, w->body, "title", "product_retailer_id");
	chatwoot_text_words(w, json_get_str(w->body, "description"));
}

static void tell_options(const struct telling *w)
{
	int n = 0;

	for (const struct json *c = json_first(json_get(w->body, "options"));
	     c != NULL && n < LIST_MAX; c = json_next(c), n++) {
		sbuf_text(w->to, "\n- ");
		chatwoot_text_plain(w->to, json_kind(c) == JSON_TEXT ? json_str(c)
								     : json_get_str(c, "title"));
	}
}

static void tell_poll(const struct telling *w)
{
	title(w, WORD_POLL);
	chatwoot_text_detail(w, w->body, "name", "name");
	tell_options(w);
}

static void tell_vote(const struct telling *w)
{
	title(w, WORD_POLL_VOTE);
	chatwoot_text_detail(w, w->body, "text", "text");
	tell_options(w);
}

static void tell_reaction(const struct telling *w)
{
	struct str emoji = json_get_str(w->body, "emoji");

	word(w, emoji.n > 0 ? WORD_REACTION : WORD_UNREACTION);
	if (emoji.n > 0)
		sbuf_printf(w->to, " %.*s", STRF(emoji));
}

static void tell_edit(const struct telling *w)
{
	const struct json *inner = json_get(w->body, "message");
	struct str of = json_get_str(inner, "type");
	struct str text = json_str(json_path(inner, "text.body"));

	if (text.n == 0 && of.n > 0)
		text = json_get_str(json_get(inner, of.p), "caption");
	if (text.n == 0 && str_starts(w->t->content, STR("[edit]")))
		text = str_trim(str_sub(w->t->content, 6, SIZE_MAX));
	word(w, WORD_EDIT);
	chatwoot_text_words(w, text);
}

static void tell_revoke(const struct telling *w)
{
	word(w, WORD_REVOKE);
}

static void tell_system(const struct telling *w)
{
	title(w, WORD_NOTICE);
	chatwoot_text_detail(w, w->body, "body", "type");
}

static void tell_unsupported(const struct telling *w)
{
	sbuf_printf(w->to, "_%s_", chatwoot_text_say(w->t->lang, WORD_UNSUPPORTED));
	chatwoot_text_detail(w, w->body, "type", "title");
}

static void tell_line(const struct telling *w)
{
	markup_to_markdown(w->t->content, w->to);
}

static const struct row {
	const char *type;
	void (*tell)(const struct telling *w);
	bool of_body; /* the line says it when there is no structure */
} rows[] = {
	{ "text", tell_text, false },
	{ "image", tell_file, false },
	{ "video", tell_file, false },
	{ "sticker", tell_file, false },
	{ "audio", tell_file, false },
	{ "voice", tell_file, false },
	{ "document", tell_file, false },
	{ "location", tell_location, true },
	{ "contacts", tell_contacts, true },
	{ "interactive", tell_interactive, true },
	{ "order", tell_order, true },
	{ "product", tell_product, true },
	{ "poll", tell_poll, true },
	{ "poll_vote", tell_vote, true },
	{ "template", chatwoot_text_template, true },
	{ "reaction", tell_reaction, true },
	{ "edit", tell_edit, false },
	{ "revoke", tell_revoke, false },
	{ "system", tell_system, true },
	{ "unsupported", tell_unsupported, false },
	{ "unknown", tell_unsupported, false },
};

void chatwoot_text_body(const struct telling *w)
{
	const struct row *r = NULL;

	for (size_t i = 0; i < COUNT(rows) && r == NULL; i++)
		if (str_eqc(w->t->type, rows[i].type))
			r = &rows[i];
	if (r == NULL || (r->of_body && w->body == NULL))
		tell_line(w);
	else
		r->tell(w);
}
