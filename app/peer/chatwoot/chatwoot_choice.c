/* chatwoot_choice.c - see chatwoot_choice.h. Limits: wa_content.def. */
#include "peer/chatwoot/chatwoot_choice.h"

#include "base/enc.h"
#include "base/limits.h"
#include "io/json.h"
#include "io/jsonw.h"

#define BUTTONS_MAX      3
#define BUTTON_TITLE_MAX 20u
#define ROWS_MAX         10
#define ROW_TITLE_MAX    24u
#define BODY_MAX         1024u
#define ID_BYTES_MAX     200u
#define PARAMETERS_MAX   100
#define LIST_BUTTON      "Menu" /* the same word in all three languages */

static enum rc add(struct chatwoot_parts *to, const char *type, struct sbuf *b, struct arena *a,
		   struct err *e)
{
	struct str v = arena_str(a, sbuf_view(b));

	if (!sbuf_ok(b) || v.p == NULL)
		return FAIL(e, RC_LIMIT, "no room for a message");
	return strcmp(type, "text") == 0
		       ? chatwoot_part_add(to, type, enc_utf8_cut(v, WA_TEXT_MAX), STR_NONE, e)
		       : chatwoot_part_add(to, type, STR_NONE, v, e);
}

/* Numbers come as numbers or as text. */
static struct str text_of(const struct json *n, struct sbuf *space)
{
	if (json_kind(n) != JSON_NUMBER)
		return json_str(n);
	sbuf_reset(space);
	json_print(n, space);
	return sbuf_view(space);
}

/* ---- templates ---- */

static void parameter(struct jsonw *w, struct str name, struct str value)
{
	jsonw_object(w);
	jsonw_ktext(w, "type", "text");
	if (name.n > 0)
		jsonw_kstr(w, "parameter_name", name);
	jsonw_kstr(w, "text", value);
	jsonw_end(w);
}

/* Of a header: about its file, not a variable. */
static bool is_media(struct str key)
{
	return str_eqc(key, "media_url") || str_eqc(key, "media_type") ||
	       str_eqc(key, "media_name");
}

static bool positional(const struct json *values)
{
	return json_get(values, "1") != NULL;
}

/* {"1":"a","2":"b"} in the order of their numbers, or {"name":"a"} by name. */
static void parameters(struct jsonw *w, const struct json *values)
{
	AUTO(sbuf_release) struct sbuf space = SBUF(64);
	const struct json *n;
	char key[16];

	jsonw_karray(w, "parameters");
	if (positional(values)) {
		for (int i = 1; i <= PARAMETERS_MAX; i++) {
			(void)snprintf(key, sizeof(key), "%d", i);
			n = json_get(values, key);
			if (n == NULL)
				break;
			parameter(w, STR_NONE, text_of(n, &space));
		}
	} else {
		for (n = json_first(values); n != NULL; n = json_next(n))
			if (!is_media(json_key(n)))
				parameter(w, json_key(n), text_of(n, &space));
	}
	jsonw_end(w);
}

static void component(struct jsonw *w, const char *type, const struct json *values)
{
	const struct json *n = json_first(values);

	while (n != NULL && is_media(json_key(n)))
		n = json_next(n);
	if (n == NULL)
		return;
	jsonw_object(w);
	jsonw_ktext(w, "type", type);
	parameters(w, values);
	jsonw_end(w);
}

static void button(struct jsonw *w, const struct json *n, int64_t index)
{
	AUTO(sbuf_release) struct sbuf space = SBUF(64);
	struct str type = json_get_str(n, "type"),
		   value = text_of(json_get(n, "parameter"), &space);
	bool coupon = str_eqc(type, "copy_code") || str_eqc(type, "COPY_CODE");

	if (value.n == 0)
		return;
	jsonw_object(w);
	jsonw_ktext(w, "type", "button");
	jsonw_ktext(w, "sub_type", coupon ? "copy_code" : "url");
	jsonw_ki64(w, "index", index);
	jsonw_karray(w, "parameters");
	jsonw_object(w);
	jsonw_ktext(w, "type", coupon ? "coupon_code" : "text");
	jsonw_kstr(w, coupon ? "coupon_code" : "text", value);
	jsonw_end(w);
	jsonw_end(w);
	jsonw_end(w);
}

/* The kind that the template names; else what the file is. */
static const char *header_kind(const struct chatwoot_header *h, const struct json *header)
{
	static const char *const kinds[] = { "image", "video", "document" };
	struct str named = json_get_str(header, "media_type");

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_ieq(named, str_of(kinds[i])))
			return kinds[i];
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(h->type, kinds[i]) == 0)
			return kinds[i];
	return NULL;
}

static void header_file(struct jsonw *w, const struct chatwoot_file *f, const char *kind)
{
	jsonw_object(w);
	jsonw_ktext(w, "type", "header");
	jsonw_karray(w, "parameters");
	jsonw_object(w);
	jsonw_ktext(w, "type", kind);
	jsonw_kobject(w, kind);
	jsonw_kstr(w, "media_id", f->media_id);
	if (strcmp(kind, "document") == 0 && f->name.n > 0)
		jsonw_kstr(w, "filename", f->name);
	jsonw_end(w);
	jsonw_end(w);
	jsonw_end(w);
	jsonw_end(w);
}

static bool apart(const struct json *p)
{
	return json_kind(json_get(p, "body")) == JSON_OBJECT ||
	       json_kind(json_get(p, "header")) == JSON_OBJECT ||
	       json_kind(json_get(p, "buttons")) == JSON_ARRAY;
}

static void components(struct jsonw *w, const struct json *p, const struct chatwoot_file *file,
		       const char *kind)
{
	int64_t i = 0;

	jsonw_karray(w, "components");
	if (kind != NULL)
		header_file(w, file, kind);
	if (!apart(p)) {
		component(w, "body", p);
	} else {
		if (kind == NULL)
			component(w, "header", json_get(p, "header"));
		component(w, "body", json_get(p, "body"));
		for (const struct json *n = json_first(json_get(p, "buttons")); n != NULL;
		     n = json_next(n))
			button(w, n, i++);
	}
	jsonw_end(w);
}

enum rc chatwoot_choice_template(struct str params, const struct chatwoot_header *header,
				 struct arena *a, struct chatwoot_parts *to, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	const struct json *values;
	const char *kind = NULL;
	struct jsonw w;

	TRY(json_parse(params, &root, e));
	values = json_get(root, "processed_params");
	if (header->file != NULL) {
		kind = header_kind(header, json_get(values, "header"));
		if (kind == NULL)
			return FAIL(e, RC_INVALID,
				    "a template's header can be an image, a video or a document");
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kstr(&w, "name", json_get_str(root, "name"));
	jsonw_kobject(&w, "language");
	jsonw_kstr(&w, "code", json_get_str(root, "language"));
	jsonw_end(&w);
	if (json_first(values) != NULL || kind != NULL)
		components(&w, values, header->file, kind);
	jsonw_end(&w);
	return add(to, "template", &b, a, e);
}

/* ---- choices ---- */

struct choice {
	struct str id, title;
};

static bool fits(const struct choice *c, size_t n, size_t most, size_t title_max)
{
	if (n == 0 || n > most)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (c[i].title.n == 0 || enc_utf8_count(c[i].title) > title_max ||
		    c[i].id.n > ID_BYTES_MAX)
			return false;
		for (size_t k = 0; k < i; k++)
			if (str_eq(c[i].title, c[k].title) || str_eq(c[i].id, c[k].id))
				return false;
	}
	return true;
}

static void begin(struct jsonw *w, const char *type, struct str body)
{
	jsonw_object(w);
	jsonw_ktext(w, "type", type);
	jsonw_kobject(w, "body");
	jsonw_kstr(w, "text", body);
	jsonw_end(w);
	jsonw_kobject(w, "action");
}

static enum rc add_buttons(struct str body, const struct choice *c, size_t n, struct arena *a,
			   struct chatwoot_parts *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct jsonw w;

	jsonw_init(&w, &b);
	begin(&w, "button", body);
	jsonw_karray(&w, "buttons");
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_ktext(&w, "type", "reply");
		jsonw_kobject(&w, "reply");
		jsonw_kstr(&w, "id", c[i].id);
		jsonw_kstr(&w, "title", c[i].title);
		jsonw_end(&w);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	return add(to, "interactive", &b, a, e);
}

static enum rc add_rows(struct str body, const struct choice *c, size_t n, struct arena *a,
			struct chatwoot_parts *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct jsonw w;

	jsonw_init(&w, &b);
	begin(&w, "list", body);
	jsonw_ktext(&w, "button", LIST_BUTTON);
	jsonw_karray(&w, "sections");
	jsonw_object(&w);
	jsonw_karray(&w, "rows");
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_kstr(&w, "id", c[i].id);
		jsonw_kstr(&w, "title", c[i].title);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	return add(to, "interactive", &b, a, e);
}

/* Too many, or too long: the customer answers with a number or a word. */
static enum rc add_numbered(struct str body, const struct json *items, struct arena *a,
			    struct chatwoot_parts *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	int i = 0;

	sbuf_str(&b, body);
	for (const struct json *n = json_first(items); n != NULL; n = json_next(n)) {
		sbuf_printf(&b, "%s%d. ", b.n > 0 ? "\n" : "", ++i);
		sbuf_str(&b, json_get_str(n, "title"));
	}
	return add(to, "text", &b, a, e);
}

static enum rc select_one(const struct json *items, struct str body, struct arena *a,
			  struct chatwoot_parts *to, struct err *e)
{
	struct choice c[ROWS_MAX];
	size_t n = 0;

	for (const struct json *it = json_first(items); it != NULL; it = json_next(it)) {
		struct str value = json_get_str(it, "value");

		if (n == COUNT(c))
			return add_numbered(body, items, a, to, e);
		c[n].title = str_trim(json_get_str(it, "title"));
		c[n].id = value.n > 0 ? value : c[n].title;
		n++;
	}
	if (body.n > 0 && enc_utf8_count(body) <= BODY_MAX &&
	    fits(c, n, BUTTONS_MAX, BUTTON_TITLE_MAX))
		return add_buttons(body, c, n, a, to, e);
	if (body.n > 0 && enc_utf8_count(body) <= WA_TEXT_MAX &&
	    fits(c, n, ROWS_MAX, ROW_TITLE_MAX))
		return add_rows(body, c, n, a, to, e);
	return add_numbered(body, items, a, to, e);
}

/* ---- cards ---- */

static enum rc add_link(struct str body, struct str title, struct str url, struct arena *a,
			struct chatwoot_parts *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct jsonw w;

	jsonw_init(&w, &b);
	begin(&w, "cta_url", body);
	jsonw_ktext(&w, "name", "cta_url");
	jsonw_kobject(&w, "parameters");
	jsonw_kstr(&w, "display_text", title);
	jsonw_kstr(&w, "url", url);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	return add(to, "interactive", &b, a, e);
}

struct card {
	struct choice answers[BUTTONS_MAX];
	size_t answer_count, links, others;
	struct str link_title, link;
};

static void read_actions(const struct json *actions, struct card *c)
{
	for (const struct json *n = json_first(actions); n != NULL; n = json_next(n)) {
		struct str text = str_trim(json_get_str(n, "text"));

		if (str_eqc(json_get_str(n, "type"), "link")) {
			c->links++;
			c->link_title = text;
			c->link = json_get_str(n, "uri");
		} else if (c->answer_count < COUNT(c->answers)) {
			struct str id = json_get_str(n, "payload");

			c->answers[c->answer_count++] =
				(struct choice){ id.n > 0 ? id : text, text };
		} else {
			c->others++;
		}
	}
}

static bool is_web(struct str url)
{
	return str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
}

static void write_lines(const struct json *item, const struct json *actions, struct sbuf *b)
{
	struct str media = json_get_str(item, "media_url");

	for (const struct json *n = json_first(actions); n != NULL; n = json_next(n)) {
		struct str uri = json_get_str(n, "uri");

		sbuf_text(b, "\n- ");
		sbuf_str(b, json_get_str(n, "text"));
		if (uri.n > 0) {
			sbuf_text(b, ": ");
			sbuf_str(b, uri);
		}
	}
	if (media.n > 0) {
		sbuf_char(b, '\n');
		sbuf_str(b, media);
	}
}

static enum rc add_card(const struct json *item, struct arena *a, struct chatwoot_parts *to,
			struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct str title = str_trim(json_get_str(item, "title")),
		   about = str_trim(json_get_str(item, "description"));
	const struct json *actions = json_get(item, "actions");
	struct card c = { .links = 0 };
	bool plain = json_get_str(item, "media_url").n == 0;

	if (title.n > 0)
		sbuf_printf(&b, "*%.*s*", STRF(title));
	sbuf_text(&b, title.n > 0 && about.n > 0 ? "\n" : "");
	sbuf_str(&b, about);
	plain = plain && b.n > 0 && enc_utf8_count(sbuf_view(&b)) <= BODY_MAX;
	read_actions(actions, &c);
	if (plain && c.links == 0 && c.others == 0 &&
	    fits(c.answers, c.answer_count, BUTTONS_MAX, BUTTON_TITLE_MAX))
		return add_buttons(sbuf_view(&b), c.answers, c.answer_count, a, to, e);
	if (plain && c.links == 1 && c.answer_count == 0 && is_web(c.link) && c.link_title.n > 0 &&
	    enc_utf8_count(c.link_title) <= BUTTON_TITLE_MAX)
		return add_link(sbuf_view(&b), c.link_title, c.link, a, to, e);
	write_lines(item, actions, &b);
	return add(to, "text", &b, a, e);
}

static enum rc add_cards(const struct json *items, struct str text, struct arena *a,
			 struct chatwoot_parts *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);

	sbuf_str(&b, text);
	if (text.n > 0)
		TRY(add(to, "text", &b, a, e));
	for (const struct json *n = json_first(items); n != NULL; n = json_next(n))
		TRY(add_card(n, a, to, e));
	return RC_OK;
}

static enum rc add_articles(const struct json *items, struct str text, struct arena *a,
			    struct chatwoot_parts *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);

	sbuf_str(&b, text);
	for (const struct json *n = json_first(items); n != NULL; n = json_next(n)) {
		sbuf_printf(&b, "%s*%.*s*", b.n > 0 ? "\n\n" : "", STRF(json_get_str(n, "title")));
		if (json_get_str(n, "description").n > 0) {
			sbuf_char(&b, '\n');
			sbuf_str(&b, json_get_str(n, "description"));
		}
		sbuf_char(&b, '\n');
		sbuf_str(&b, json_get_str(n, "link"));
	}
	return add(to, "text", &b, a, e);
}

enum rc chatwoot_choice(const struct chatwoot_event *ev, struct str text, struct arena *a,
			struct chatwoot_parts *to, struct err *e)
{
	AUTO(json_freep) struct json *items = NULL;

	TRY(json_parse(ev->items, &items, e));
	if (json_first(items) == NULL)
		return RC_OK;
	if (str_eqc(ev->content_type, "input_select"))
		return select_one(items, text, a, to, e);
	if (str_eqc(ev->content_type, "cards"))
		return add_cards(items, text, a, to, e);
	if (str_eqc(ev->content_type, "article"))
		return add_articles(items, text, a, to, e);
	return RC_OK;
}
