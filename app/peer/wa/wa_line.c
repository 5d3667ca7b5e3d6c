/* wa_line.c - one line of text for every kind of message. Promises: wa_line.h. No state; any thread. */
#include "peer/wa/wa_line.h"

#include "base/enc.h"
#include "base/limits.h"
#include "peer/wa/wa.h"

#define LIST_MAX 20 /* elements of a list that a line names */

static void blank(struct sbuf *to)
{
	if (to->n > 0)
		sbuf_char(to, ' ');
}

/* Text of a member, or a number of it; nothing when it is neither. False: nothing was there. */
static bool member(struct sbuf *to, const struct json *o, const char *path)
{
	const struct json *n = json_path(o, path);

	if (json_kind(n) == JSON_NUMBER) {
		blank(to);
		json_print(n, to);
		return true;
	}
	if (json_str(n).n == 0)
		return false;
	blank(to);
	sbuf_str(to, json_str(n));
	return true;
}

static void tag(struct sbuf *to, const char *word)
{
	sbuf_printf(to, "[%s]", word);
}

static void line_media(struct sbuf *to, struct str type, const struct json *body)
{
	sbuf_printf(to, "[%.*s]", STRF(type));
	(void)member(to, body, "caption"); /* a file without words is a line too */
}

static void line_audio(struct sbuf *to, struct str type, const struct json *body)
{
	bool voice = str_eqc(type, "voice") || json_get_bool(body, "voice", false);

	tag(to, voice ? "voice" : "audio");
}

static void line_document(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	tag(to, "document");
	(void)member(to, body, "filename"); /* both are optional */
	(void)member(to, body, "caption");
}

static void line_location(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	tag(to, "location");
	if (member(to, body, "name")) {
		if (json_get_str(body, "address").n > 0) {
			sbuf_char(to, ',');
			(void)member(to, body, "address");
		}
	} else if (!member(to, body, "address") && member(to, body, "latitude")) {
		sbuf_char(to, ',');
		(void)member(to, body, "longitude");
	}
}

/* The array itself, or the object that content_json has instead: {"contacts":[...]}. */
static const struct json *list_of(const struct json *body, const char *key)
{
	const struct json *list = json_kind(body) == JSON_ARRAY ? body : json_get(body, key);

	return json_kind(list) == JSON_ARRAY ? list : NULL;
}

static void line_contacts(struct sbuf *to, struct str type, const struct json *body)
{
	int n = 0;

	(void)type;
	tag(to, "contacts");
	for (const struct json *c = json_first(list_of(body, "contacts"));
	     c != NULL && n < LIST_MAX; c = json_next(c)) {
		size_t before = to->n;

		if (n > 0)
			sbuf_char(to, ',');
		if (!member(to, c, "name.formatted_name"))
			(void)member(to, c, "name.first_name"); /* everything is optional */
		if (!member(to, c, "phones.0.phone"))
			(void)member(to, c, "phones.0.wa_id");
		if (to->n == before + (n > 0))
			to->n = before; /* nothing of this one can be said */
		else
			n++;
	}
}

/* "key: value" of the answers of a form; the token and what is no plain value is left out. */
static void form_answers(struct sbuf *to, const struct json *form)
{
	int n = 0;

	for (const struct json *c = json_first(form); c != NULL && n < LIST_MAX; c = json_next(c)) {
		if (str_eqc(json_key(c), "flow_token") ||
		    (json_kind(c) != JSON_TEXT && json_kind(c) != JSON_NUMBER &&
		     json_kind(c) != JSON_BOOL))
			continue;
		sbuf_text(to, n++ > 0 ? ", " : " ");
		sbuf_str(to, json_key(c));
		sbuf_text(to, ": ");
		if (json_kind(c) == JSON_TEXT)
			sbuf_str(to, json_str(c));
		else
			json_print(c, to);
	}
}

static void line_form(struct sbuf *to, const struct json *reply)
{
	AUTO(json_freep) struct json *form = NULL;

	tag(to, "form");
	if (!str_eqc(json_get_str(reply, "name"), "flow"))
		(void)member(to, reply, "name"); /* "address_message" */
	if (json_parse(json_get_str(reply, "response_json"), &form, NULL) == RC_OK &&
	    json_kind(form) == JSON_OBJECT)
		form_answers(to, form);
}

static void line_interactive(struct sbuf *to, struct str type, const struct json *body)
{
	const struct json *list = json_get(body, "list_reply");

	(void)type;
	if (member(to, body, "button_reply.title"))
		return;
	if (member(to, list, "title"))
		return;
	if (json_get(body, "nfm_reply") != NULL) {
		line_form(to, json_get(body, "nfm_reply"));
		return;
	}
	if (json_get(body, "call_permission_reply") != NULL) {
		tag(to, "call permission");
		(void)member(to, body, "call_permission_reply.response"); /* may be missing */
		return;
	}
	tag(to, "interactive");
	if (!member(to, body, "body.text")) /* sent by us or seen as an echo */
		(void)member(to, body, "type");
}

static void line_button(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	if (!member(to, body, "text") && !member(to, body, "payload"))
		tag(to, "button");
}

static void line_reaction(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	if (json_get_str(body, "emoji").n == 0) {
		tag(to, "reaction removed");
		return;
	}
	tag(to, "reaction");
	(void)member(to, body, "emoji"); /* looked at above */
}

static void line_order(struct sbuf *to, struct str type, const struct json *body)
{
	int n = 0;

	(void)type;
	tag(to, "order");
	for (const struct json *c = json_first(list_of(json_get(body, "product_items"), ""));
	     c != NULL && n < LIST_MAX; c = json_next(c), n++) {
		if (n > 0)
			sbuf_char(to, ',');
		if (member(to, c, "quantity"))
			sbuf_text(to, " x");
		(void)member(to, c, "product_retailer_id"); /* number or text, or missing */
	}
	(void)member(to, body, "text"); /* the customer's words, when there are some */
}

static void line_system(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	tag(to, "system");
	if (!member(to, body, "body"))
		(void)member(to, body, "type");
}

static void line_edit(struct sbuf *to, struct str type, const struct json *body)
{
	const struct json *inner = json_get(body, "message");
	struct str of = json_get_str(inner, "type");

	(void)type;
	tag(to, "edit");
	if (str_eqc(of, "text"))
		(void)member(to, inner, "text.body"); /* empty: the tag alone */
	else if (of.n > 0 && !member(to, json_get(inner, of.p), "caption"))
		sbuf_printf(to, " %.*s", STRF(of));
}

static void line_revoke(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	(void)body;
	tag(to, "deleted");
}

static void line_unsupported(struct sbuf *to, struct str type, const struct json *body)
{
	sbuf_printf(to, "[%.*s]", STRF(type));
	if (!member(to, body, "type"))
		(void)member(to, body, "title"); /* Meta often says nothing */
}

static void line_placeholder(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	(void)body;
	tag(to, "media");
}

static void line_template(struct sbuf *to, struct str type, const struct json *body)
{
	(void)type;
	tag(to, "template");
	(void)member(to, body, "name"); /* echoes may leave it out */
}

static void line_other(struct sbuf *to, struct str type, const struct json *body)
{
	static const char *const keys[] = { "text", "body", "caption", "title", "name" };

	sbuf_printf(to, "[%.*s]", STRF(enc_utf8_cut(type, WA_LINE_MAX / 2)));
	for (size_t i = 0; i < COUNT(keys); i++)
		if (member(to, body, keys[i]))
			return;
}

static const struct kind {
	const char *type;
	void (*line)(struct sbuf *to, struct str type, const struct json *body);
} kinds[] = {
	{ "image", line_media },
	{ "video", line_media },
	{ "sticker", line_media },
	{ "audio", line_audio },
	{ "voice", line_audio },
	{ "document", line_document },
	{ "location", line_location },
	{ "contacts", line_contacts },
	{ "interactive", line_interactive },
	{ "button", line_button },
	{ "reaction", line_reaction },
	{ "order", line_order },
	{ "system", line_system },
	{ "edit", line_edit },
	{ "revoke", line_revoke },
	{ "unsupported", line_unsupported },
	{ "unknown", line_unsupported },
	{ "media_placeholder", line_placeholder },
	{ "template", line_template },
};

/* Line breaks and other control characters become blanks; too much is cut. */
static void settle(struct sbuf *to, const struct sbuf *line)
{
	struct str cut = enc_utf8_cut(sbuf_view(line), WA_LINE_MAX);
	char *room = sbuf_room(to, cut.n);

	if (!sbuf_ok(line) || room == NULL) {
		to->failed = true;
		return;
	}
	for (size_t i = 0; i < cut.n; i++)
		room[i] = (unsigned char)cut.p[i] < ' ' || cut.p[i] == 0x7f ? ' ' : cut.p[i];
	sbuf_added(to, cut.n);
}

void wa_line(struct sbuf *to, struct str type, const struct json *body)
{
	AUTO(sbuf_release) struct sbuf line = SBUF(HOOK_BODY_MAX);
	size_t i = 0;

	while (i < COUNT(kinds) && !str_eqc(type, kinds[i].type))
		i++;
	if (i < COUNT(kinds))
		kinds[i].line(&line, type, body);
	else
		line_other(&line, type, body);
	settle(to, &line);
}
