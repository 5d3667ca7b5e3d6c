/* chatwoot_text_template.c - a template that was sent, as its customer reads it. What the list of templates does not tell is
 * told by what was filled in. No state; any thread. */
#include "base/limits.h"
#include "peer/chatwoot/chatwoot_text_priv.h"
#include "peer/meta/meta_template.h"

#define TEXT_MAX  (256 * KIB)
#define LIST_MAX  50 /* elements of a list that are told */
#define CARDS_MAX 10

/* Parameters of a component of the message. */
static const struct json *given(const struct json *sent, const char *type)
{
	return json_get(meta_template_component(sent, type), "parameters");
}

static void filled(const struct telling *w, struct str text, const struct json *parameters)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(TEXT_MAX);

	meta_template_fill(text, parameters, &b);
	w->to->failed |= !sbuf_ok(&b);
	chatwoot_text_words(w, sbuf_view(&b));
}

/* A file is attached, or stands here with its address; a place has a name. */
static void tell_header(const struct telling *w, const struct json *known, const struct json *sent)
{
	const struct json *p = json_first(given(sent, "header"));
	struct str type = json_get_str(p, "type");
	const struct json *what = type.n > 0 ? json_get(p, type.p) : NULL;
	struct str text = json_get_str(meta_template_component(known, "header"), "text");

	if (text.n > 0) {
		AUTO(sbuf_release) struct sbuf b = SBUF(TEXT_MAX);

		meta_template_fill(text, given(sent, "header"), &b);
		chatwoot_text_line(w->to);
		sbuf_text(w->to, "**");
		chatwoot_text_plain(w->to, sbuf_view(&b));
		sbuf_text(w->to, "**");
		w->to->failed |= !sbuf_ok(&b);
		return;
	}
	if (json_get_str(what, "link").n > 0) {
		chatwoot_text_line(w->to);
		sbuf_str(w->to, json_get_str(what, "link"));
	}
	chatwoot_text_words(w, json_get_str(what, "name"));
	chatwoot_text_words(w, json_get_str(what, "address"));
}

/* "- Follow the order https://shop.example/42" */
static void tell_button(const struct telling *w, const struct json *known, const struct json *sent)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(TEXT_MAX);
	const struct json *parameters = json_get(sent, "parameters");

	chatwoot_text_line(w->to);
	sbuf_text(w->to, "- ");
	chatwoot_text_plain(w->to, json_get_str(known, "text"));
	meta_template_fill(json_get_str(known, "url"), parameters, &b);
	if (b.n == 0 && str_ieq(json_get_str(known, "type"), STR("COPY_CODE")))
		meta_template_fill(STR("{{1}}"), parameters, &b);
	sbuf_str(&b, json_get_str(known, "phone_number"));
	if (b.n > 0)
		sbuf_char(w->to, ' ');
	sbuf_str(w->to, sbuf_view(&b));
	w->to->failed |= !sbuf_ok(&b);
}

static void tell_footer(const struct telling *w, const struct json *known)
{
	struct str text = json_get_str(meta_template_component(known, "footer"), "text");

	if (text.n == 0)
		return;
	chatwoot_text_line(w->to);
	sbuf_char(w->to, '_');
	chatwoot_text_plain(w->to, text);
	sbuf_char(w->to, '_');
}

static void tell_parts(const struct telling *w, const struct json *known, const struct json *sent)
{
	const struct json *offer = meta_template_component(known, "limited_time_offer");
	const struct json *buttons = json_get(meta_template_component(known, "buttons"), "buttons");
	int i = 0;

	tell_header(w, known, sent);
	chatwoot_text_words(w, json_str(json_path(offer, "limited_time_offer.text")));
	filled(w, json_get_str(meta_template_component(known, "body"), "text"),
	       given(sent, "body"));
	tell_footer(w, known);
	for (const struct json *b = json_first(buttons); b != NULL && i < LIST_MAX;
	     b = json_next(b), i++)
		tell_button(w, b, meta_template_button(sent, i));
}

static void tell_cards(const struct telling *w, const struct json *known, const struct json *sent)
{
	const struct json *k = json_first(json_get(known, "cards")),
			  *s = json_first(json_get(sent, "cards"));

	for (int i = 0; k != NULL && i < CARDS_MAX; k = json_next(k), i++) {
		chatwoot_text_line(w->to);
		sbuf_printf(w->to, "\n**%d.**", i + 1);
		tell_parts(w, json_get(k, "components"), json_get(s, "components"));
		s = s != NULL ? json_next(s) : NULL;
	}
}

/* The box does not know the template: what was filled in, one a line. */
static void tell_values(const struct telling *w, const struct json *sent)
{
	int n = 0;

	tell_header(w, NULL, sent);
	for (const struct json *c = json_first(sent); c != NULL; c = json_next(c))
		for (const struct json *p = json_first(json_get(c, "parameters"));
		     p != NULL && n < LIST_MAX; p = json_next(p), n++) {
			if (json_get_str(p, "text").n == 0)
				continue;
			sbuf_text(w->to, "\n- ");
			chatwoot_text_plain(w->to, json_get_str(p, "text"));
		}
}

void chatwoot_text_template(const struct telling *w)
{
	AUTO(json_freep) struct json *known = NULL;
	const struct json *sent = json_get(w->body, "components");

	sbuf_printf(w->to, "**%s**", chatwoot_text_say(w->t->lang, WORD_TEMPLATE));
	chatwoot_text_detail(w, w->body, "name", "name");
	if (w->t->template.n > 0 && json_parse(w->t->template, &known, NULL) == RC_OK &&
	    json_kind(known) == JSON_ARRAY) {
		tell_parts(w, known, sent);
		tell_cards(w, meta_template_component(known, "carousel"),
			   meta_template_component(sent, "carousel"));
	} else {
		tell_values(w, sent);
	}
}
