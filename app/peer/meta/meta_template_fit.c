/* meta_template_fit.c - does a message give what its template asks for, and how does it read. Promises:
 * meta_template.h. Errors of Meta that this saves: 132000, 132012, 132018 (meta-cloud-api.md 4.2). */
#include "peer/meta/meta_template.h"

#include "peer/wa/wa.h"

struct fit {
	struct wa_content_bad *bad;
	char where[WA_CONTENT_FIELD_MAX / 2]; /* "template.components" or a card's */
	struct err *e;
};

static enum rc wrong(struct fit *f)
{
	(void)snprintf(f->bad->field, sizeof(f->bad->field), "%s", f->where);
	return RC_INVALID;
}

/* ---- finding ---- */

/* Meta's list says "BODY", a message says "body". */
const struct json *meta_template_component(const struct json *list, const char *type)
{
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c))
		if (str_ieq(json_get_str(c, "type"), str_of(type)))
			return c;
	return NULL;
}

const struct json *meta_template_button(const struct json *list, int64_t index)
{
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c))
		if (str_eqc(json_get_str(c, "type"), "button") &&
		    json_get_i64_or(c, "index", -1) == index)
			return c;
	return NULL;
}

/* ---- variables ---- */

#define VARIABLES_MAX 100

struct variables {
	struct str name[VARIABLES_MAX]; /* each once, in the order of the text */
	size_t n;
	bool named; /* {{first_name}}; else {{1}} */
};

/* The next {{name}} of the text; what stands before it goes to *ret_before. */
static bool next_variable(struct str *rest, struct str *ret_before, struct str *ret_name)
{
	ptrdiff_t at = str_find(*rest, STR("{{")), end;

	if (at < 0)
		return false;
	end = str_find(str_sub(*rest, (size_t)at, rest->n), STR("}}"));
	if (end < 0)
		return false;
	*ret_before = str_sub(*rest, 0, (size_t)at);
	*ret_name = str_trim(str_sub(*rest, (size_t)at + 2, (size_t)end - 2));
	*rest = str_sub(*rest, (size_t)(at + end) + 2, rest->n);
	return true;
}

static void find_variables(struct str text, struct variables *ret)
{
	struct str before, name;

	*ret = (struct variables){ .n = 0 };
	while (next_variable(&text, &before, &name)) {
		size_t i = 0;
		int64_t number;

		while (i < ret->n && !str_eq(ret->name[i], name))
			i++;
		if (i < ret->n || ret->n == VARIABLES_MAX)
			continue;
		ret->name[ret->n++] = name;
		ret->named = ret->named || !str_i64(name, 0, 1000, &number);
	}
}

static const struct json *parameter_named(const struct json *list, struct str name)
{
	for (const struct json *p = json_first(list); p != NULL; p = json_next(p))
		if (str_eq(json_get_str(p, "parameter_name"), name))
			return p;
	return NULL;
}

static enum rc check_variables(struct fit *f, const char *part, struct str text,
			       const struct json *parameters)
{
	struct variables v;
	int given = json_count(parameters);

	find_variables(text, &v);
	if ((size_t)given != v.n) {
		(void)FAIL(f->e, RC_INVALID,
			   "The %s of this template has %zu variables; %d are given.", part, v.n,
			   given);
		return wrong(f);
	}
	for (size_t i = 0; v.named && i < v.n; i++) {
		if (parameter_named(parameters, v.name[i]) != NULL)
			continue;
		(void)FAIL(
			f->e, RC_INVALID,
			"The %s of this template has the variable %.*s; no parameter_name says it.",
			part, (int)size_min(v.name[i].n, 60), v.name[i].p);
		return wrong(f);
	}
	return RC_OK;
}

/* ---- parts ---- */

static const struct {
	const char *format, *parameter;
} HEADERS[] = {
	{ "IMAGE", "image" },       { "VIDEO", "video" },     { "DOCUMENT", "document" },
	{ "LOCATION", "location" }, { "PRODUCT", "product" },
};

static enum rc check_header(struct fit *f, const struct json *known, const struct json *sent)
{
	struct str format = json_get_str(known, "format");
	const struct json *parameters = json_get(sent, "parameters");
	struct str type = json_get_str(json_first(parameters), "type");

	for (size_t i = 0; i < COUNT(HEADERS); i++) {
		if (!str_ieq(format, str_of(HEADERS[i].format)))
			continue;
		if (str_eqc(type, HEADERS[i].parameter))
			return RC_OK;
		(void)FAIL(f->e, RC_INVALID,
			   "This template has a header of type %s; it has to be given.",
			   HEADERS[i].parameter);
		return wrong(f);
	}
	if (parameters != NULL && !str_eqc(type, "text")) {
		(void)FAIL(f->e, RC_INVALID,
			   "The header of this template is text, or there is none.");
		return wrong(f);
	}
	return check_variables(f, "header", json_get_str(known, "text"), parameters);
}

/* What a button of the list takes in a message. */
static const struct button_row {
	const char *type, *sub_type;
	bool need;
} BUTTONS[] = {
	{ "QUICK_REPLY", "quick_reply", false },
	{ "URL", "url", false }, /* needed when its address has a variable */
	{ "COPY_CODE", "copy_code", true },
	{ "OTP", "url", true }, /* authentication: the code once more */
	{ "FLOW", "flow", false },
	{ "CATALOG", "catalog", false },
	{ "MPM", "mpm", true },
	{ "SPM", "spm", false },
	{ "ORDER_DETAILS", "order_details", true },
	{ "VOICE_CALL", "voice_call", false },
	{ "PHONE_NUMBER", NULL, false },
};

static enum rc check_button(struct fit *f, const struct json *known, int index,
			    const struct json *sent)
{
	struct str type = json_get_str(known, "type"), before, name;
	struct str url = json_get_str(known, "url");
	bool variable = str_ieq(type, STR("URL")) && next_variable(&url, &before, &name);

	for (size_t i = 0; i < COUNT(BUTTONS); i++) {
		const struct button_row *b = &BUTTONS[i];

		if (!str_ieq(type, str_of(b->type)))
			continue;
		if (sent == NULL && !b->need && !variable)
			return RC_OK;
		if (sent == NULL) {
			(void)FAIL(f->e, RC_INVALID,
				   "Button %d of this template needs a component of sub_type %s.",
				   index, b->sub_type);
			return wrong(f);
		}
		if (b->sub_type != NULL && str_eqc(json_get_str(sent, "sub_type"), b->sub_type) &&
		    (variable || !str_ieq(type, STR("URL"))))
			return RC_OK;
		(void)FAIL(f->e, RC_INVALID,
			   "Button %d of this template takes no parameter of this sub_type.",
			   index);
		return wrong(f);
	}
	return RC_OK; /* a kind of button that we do not know: Meta judges */
}

static enum rc check_buttons(struct fit *f, const struct json *known, const struct json *sent)
{
	const struct json *list = json_get(known, "buttons");
	int i = 0, count = json_count(list);

	for (const struct json *b = json_first(list); b != NULL; b = json_next(b), i++)
		TRY(check_button(f, b, i, meta_template_button(sent, i)));
	for (const struct json *c = json_first(sent); c != NULL; c = json_next(c)) {
		int64_t index = json_get_i64_or(c, "index", 0);

		if (!str_eqc(json_get_str(c, "type"), "button") || index < count)
			continue;
		(void)FAIL(f->e, RC_INVALID,
			   "This template has %d buttons; there is none at index %lld.", count,
			   (long long)index);
		return wrong(f);
	}
	return RC_OK;
}

static enum rc check_offer(struct fit *f, const struct json *known, const struct json *sent)
{
	bool wants = json_get_bool(json_get(known, "limited_time_offer"), "has_expiration", false);

	if (wants == (sent != NULL))
		return RC_OK;
	(void)FAIL(f->e, RC_INVALID,
		   wants ? "The offer of this template ends: limited_time_offer has to say when."
			 : "This template has no offer that ends.");
	return wrong(f);
}

static enum rc check_parts(struct fit *f, const struct json *known, const struct json *sent)
{
	const struct json *body = meta_template_component(known, "BODY");

	TRY(check_header(f, meta_template_component(known, "HEADER"),
			 meta_template_component(sent, "header")));
	/* An authentication template's text is Meta's own; its one variable is the code. */
	if (json_get_str(body, "text").n > 0)
		TRY(check_variables(f, "body", json_get_str(body, "text"),
				    json_get(meta_template_component(sent, "body"), "parameters")));
	return check_buttons(f, meta_template_component(known, "BUTTONS"), sent);
}

static enum rc check_cards(struct fit *f, const struct json *known, const struct json *sent)
{
	const struct json *list = json_get(known, "cards"), *cards = json_get(sent, "cards"), *k,
			  *s;
	int i = 0;

	if (json_count(list) != json_count(cards)) {
		(void)FAIL(f->e, RC_INVALID, "This template has %d cards; %d are given.",
			   json_count(list), json_count(cards));
		return wrong(f);
	}
	for (k = json_first(list), s = json_first(cards); k != NULL && s != NULL;
	     k = json_next(k), s = json_next(s), i++) {
		(void)snprintf(f->where, sizeof(f->where), "template.components.carousel.cards.%d",
			       i);
		TRY(check_parts(f, json_get(k, "components"), json_get(s, "components")));
	}
	return RC_OK;
}

enum rc meta_template_fits(const struct json *components, const struct json *content,
			   struct wa_content_bad *ret_bad, struct err *e)
{
	const struct json *sent = json_get(content, "components");
	struct fit f = { .bad = ret_bad, .where = "template.components", .e = e };

	if (json_kind(components) != JSON_ARRAY)
		return RC_OK;
	TRY(check_parts(&f, components, sent));
	TRY(check_offer(&f, meta_template_component(components, "LIMITED_TIME_OFFER"),
			meta_template_component(sent, "limited_time_offer")));
	return check_cards(&f, meta_template_component(components, "CAROUSEL"),
			   meta_template_component(sent, "carousel"));
}

/* ---- as text ---- */

/* What a parameter reads as; nested ones have a text of their own for that. */
static struct str parameter_text(const struct json *p)
{
	static const char *const PATHS[] = { "text", "currency.fallback_value",
					     "date_time.fallback_value", "coupon_code" };

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		struct str s = json_str(json_path(p, PATHS[i]));

		if (s.n > 0)
			return s;
	}
	return STR_NONE;
}

void meta_template_fill(struct str text, const struct json *parameters, struct sbuf *to)
{
	struct str before, name;

	while (next_variable(&text, &before, &name)) {
		const struct json *p = parameter_named(parameters, name);
		int64_t number;

		if (p == NULL && str_i64(name, 1, VARIABLES_MAX, &number)) {
			p = json_first(parameters);
			while (p != NULL && --number > 0)
				p = json_next(p);
		}
		sbuf_str(to, before);
		sbuf_str(to, parameter_text(p));
	}
	sbuf_str(to, text);
}

void meta_template_text(const struct json *components, const struct json *content, struct sbuf *to)
{
	const struct json *body = meta_template_component(components, "BODY");
	const struct json *given = meta_template_component(json_get(content, "components"), "body");

	meta_template_fill(json_get_str(body, "text"), json_get(given, "parameters"), to);
}
