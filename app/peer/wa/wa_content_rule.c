/* wa_content_rule.c - what a text may hold, and what several fields of one object owe each other. Promises:
 * wa_content_priv.h. */
#include "peer/wa/wa_content_priv.h"

#include "base/enc.h"

/* ---- texts ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool name_char(char c)
{
	return is_lower(c) || is_digit(c) || c == '_';
}

static bool language_char(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
}

static bool id_char(char c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '\\';
}

static bool filename_char(char c)
{
	return (unsigned char)c >= ' ' && c != '/' && c != '\\' && c != 0x7f;
}

static bool url_char(char c)
{
	return (unsigned char)c > ' ' && c != '"' && c != '<' && c != '>' && c != 0x7f;
}

static bool all(struct str s, bool (*fits)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!fits(s.p[i]))
			return false;
	return true;
}

static bool is_url(struct str s)
{
	struct str rest;

	if (str_starts(s, STR("https://")))
		rest = str_sub(s, 8, s.n);
	else if (str_starts(s, STR("http://")))
		rest = str_sub(s, 7, s.n);
	else
		return false;
	return rest.n > 0 && rest.p[0] != '/' && all(s, url_char);
}

static bool is_date(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (i == 4 || i == 7 ? s.p[i] != '-' : !is_digit(s.p[i]))
			return false;
	return s.n == 10;
}

static uint32_t code_point(struct str s, size_t n)
{
	static const unsigned char FIRST[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t v = (unsigned char)s.p[0] & FIRST[n];

	for (size_t i = 1; i < n; i++)
		v = v << 6 | ((unsigned char)s.p[i] & 0x3f);
	return v;
}

/* Symbols that WhatsApp draws as emoji: the blocks, not the letters, arrows and marks that text needs. */
static bool is_symbol(uint32_t c)
{
	return (c >= 0x2600 && c <= 0x27bf) || (c >= 0x2b00 && c <= 0x2bff) ||
	       (c >= 0x1f000 && c <= 0x1faff) || c == 0xfe0f || c == 0x20e3;
}

static bool has_symbol(struct str s)
{
	bool ok;

	for (size_t n; (n = enc_utf8_step(s, &ok)) > 0; s = str_sub(s, n, s.n))
		if (ok && n <= 4 && is_symbol(code_point(s, n)))
			return true;
	return false;
}

/* An emoji is never plain ASCII ("1️⃣" has a keycap behind it), and holds no letters or blanks. */
static bool is_emoji(struct str s)
{
	bool foreign = s.n == 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 && !is_digit((char)c) && c != '#' && c != '*')
			return false;
		foreign = foreign || c >= 0x80;
	}
	return foreign;
}

static const char *text_fault(enum content_text kind, struct str s)
{
	bool blank = str_trim(s).n == 0;

	switch (kind) {
	case TEXT_ANY:
		return NULL;
	case TEXT_FULL:
		return blank ? "This is empty." : NULL;
	case TEXT_PLAIN:
		if (blank)
			return "This is empty.";
		return has_symbol(s) ? "Emoji are not allowed here." : NULL;
	case TEXT_URL:
		return is_url(s)
			       ? NULL
			       : "This has to be an address that begins with https:// or http://.";
	case TEXT_ID:
		return all(s, id_char) ? NULL : "This is not an id.";
	case TEXT_NAME:
		return all(s, name_char) ? NULL : "Only a to z, 0 to 9 and _ are allowed here.";
	case TEXT_LANGUAGE:
		return all(s, language_char) ? NULL : "This has to be a language code like pt_BR.";
	case TEXT_COUNTRY:
	case TEXT_CURRENCY:
		return all(s, is_upper) ? NULL : "This has to be a code in capital letters.";
	case TEXT_DATE:
		return is_date(s) ? NULL : "This has to be a day like 1990-12-31.";
	case TEXT_EMOJI:
		return is_emoji(s) ? NULL : "This has to be one emoji, or empty to take it back.";
	case TEXT_FILENAME:
		return !blank && all(s, filename_char)
			       ? NULL
			       : "This has to be a file name without a path.";
	}
	BUG("unknown kind of text");
}

enum rc wa_content_rule_text(struct content_walk *w, const struct content_field *f, struct str s)
{
	const char *fault;
	int64_t count;

	if (!enc_utf8_ok(s))
		return FAIL(w->e, RC_INVALID, "This is not UTF-8.");
	count = (int64_t)enc_utf8_count(s);
	if (count == 0 && f->low > 0)
		return FAIL(w->e, RC_INVALID, "This is empty.");
	if (count > f->high)
		return FAIL(w->e, RC_INVALID, "This is longer than %lld characters.",
			    (long long)f->high);
	if (count < f->low)
		return FAIL(w->e, RC_INVALID, "This is shorter than %lld characters.",
			    (long long)f->low);
	fault = text_fault((enum content_text)f->sub, s);
	return fault == NULL ? RC_OK : FAIL(w->e, RC_INVALID, "%s", fault);
}

/* ---- several fields ---- */

static enum rc exactly_one(struct content_walk *w, const struct json *o, const char *a,
			   const char *b)
{
	if ((wa_content_get(o, a) != NULL) != (wa_content_get(o, b) != NULL))
		return RC_OK;
	(void)wa_content_walk_in(w, str_of(a));
	return FAIL(w->e, RC_INVALID, "Exactly one of %s and %s has to be given.", a, b);
}

/* Texts at `path` of each element differ. */
static enum rc unique(struct content_walk *w, const struct json *list, const char *path)
{
	int i = 0;

	for (const struct json *a = json_first(list); a != NULL; a = json_next(a), i++) {
		for (const struct json *b = json_first(list); b != a; b = json_next(b)) {
			if (!str_eq(str_trim(json_str(json_path(a, path))),
				    str_trim(json_str(json_path(b, path)))))
				continue;
			(void)wa_content_walk_at(w, i);
			(void)wa_content_walk_in(w, str_of(path));
			return FAIL(w->e, RC_INVALID, "This is there twice.");
		}
	}
	return RC_OK;
}

static enum rc buttons(struct content_walk *w, const struct json *o)
{
	const struct json *list = json_get(o, "buttons");

	(void)wa_content_walk_in(w, STR("buttons"));
	TRY(unique(w, list, "reply.title"));
	return unique(w, list, "reply.id");
}

/* Sections: a title is needed when there are several, and the sum of what they hold is limited too. */
static enum rc sections(struct content_walk *w, const struct json *o, const char *key, int most)
{
	const struct json *list = json_get(o, "sections");
	int n = 0, i = 0;

	(void)wa_content_walk_in(w, STR("sections"));
	for (const struct json *s = json_first(list); s != NULL; s = json_next(s), i++) {
		n += json_count(json_get(s, key));
		if (json_count(list) > 1 && wa_content_get(s, "title") == NULL) {
			(void)wa_content_walk_at(w, i);
			(void)wa_content_walk_in(w, STR("title"));
			return FAIL(w->e, RC_INVALID, "Each of several sections needs a title.");
		}
	}
	if (n > most)
		return FAIL(w->e, RC_INVALID, "All sections together may have at most %d %s.", most,
			    key);
	return RC_OK;
}

/* An id of a row is unique over all sections. */
static enum rc row_ids(struct content_walk *w, const struct json *o)
{
	struct str seen[10]; /* the sum was checked before */
	size_t n = 0;

	for (const struct json *s = json_first(json_get(o, "sections")); s != NULL;
	     s = json_next(s)) {
		for (const struct json *r = json_first(json_get(s, "rows")); r != NULL;
		     r = json_next(r)) {
			struct str id = json_get_str(r, "id");

			for (size_t i = 0; i < n; i++)
				if (str_eq(seen[i], id))
					return FAIL(w->e, RC_INVALID, "Two rows have the same id.");
			ASSERT(n < COUNT(seen));
			seen[n++] = id;
		}
	}
	return RC_OK;
}

static bool same_number(const struct json *a, const struct json *b)
{
	int64_t x = -1, y = -2;

	return json_i64(a, &x) && json_i64(b, &y) && x == y;
}

/* All cards are of one kind with one kind of header, and each has its own place. */
static enum rc cards(struct content_walk *w, const struct json *o)
{
	const struct json *list = json_get(o, "cards"), *first = json_first(list);
	int i = 0;

	(void)wa_content_walk_in(w, STR("cards"));
	for (const struct json *c = first; c != NULL; c = json_next(c), i++) {
		struct str head = json_str(json_path(c, "header.type"));

		if (!str_eq(json_get_str(c, "type"), json_get_str(first, "type")) ||
		    !str_eq(head, json_str(json_path(first, "header.type")))) {
			(void)wa_content_walk_at(w, i);
			return FAIL(w->e, RC_INVALID,
				    "All cards have to be of the same type, with the same type of "
				    "header.");
		}
		for (const struct json *b = first; b != c; b = json_next(b)) {
			if (!same_number(json_get(b, "card_index"), json_get(c, "card_index")))
				continue;
			(void)wa_content_walk_at(w, i);
			(void)wa_content_walk_in(w, STR("card_index"));
			return FAIL(w->e, RC_INVALID, "This is there twice.");
		}
	}
	return RC_OK;
}

/* One header, one body, and so on; each button once. */
static enum rc components(struct content_walk *w, const struct json *o)
{
	const struct json *list = json_get(o, "components");
	int i = 0;

	(void)wa_content_walk_in(w, STR("components"));
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c), i++) {
		bool is_button = str_eqc(json_get_str(c, "type"), "button");

		for (const struct json *b = json_first(list); b != c; b = json_next(b)) {
			if (!str_eq(json_get_str(b, "type"), json_get_str(c, "type")) ||
			    (is_button && !same_number(json_get(b, "index"), json_get(c, "index"))))
				continue;
			(void)wa_content_walk_at(w, i);
			return FAIL(w->e, RC_INVALID, "This component is there twice.");
		}
	}
	return RC_OK;
}

static enum rc named(struct content_walk *w, const struct json *o)
{
	const struct json *list = json_get(o, "parameters");
	int with = 0;

	(void)wa_content_walk_in(w, STR("parameters"));
	for (const struct json *p = json_first(list); p != NULL; p = json_next(p))
		with += wa_content_get(p, "parameter_name") != NULL;
	if (with != 0 && with != json_count(list))
		return FAIL(w->e, RC_INVALID,
			    "Either all parameters have a parameter_name or none.");
	return with > 0 ? unique(w, list, "parameter_name") : RC_OK;
}

static enum rc button_parameter(struct content_walk *w, const struct json *o)
{
	static const struct {
		const char *sub_type, *parameter;
	} PAIRS[] = {
		{ "quick_reply", "payload" },
		{ "url", "text" },
		{ "copy_code", "coupon_code" },
		{ "flow", "action" },
		{ "catalog", "action" },
		{ "mpm", "action" },
		{ "spm", "action" },
		{ "order_details", "action" },
		{ "voice_call", "payload" },
	};
	struct str type = json_str(json_path(o, "parameters.0.type"));

	for (size_t i = 0; i < COUNT(PAIRS); i++) {
		if (!str_eqc(json_get_str(o, "sub_type"), PAIRS[i].sub_type) ||
		    str_eqc(type, PAIRS[i].parameter))
			continue;
		(void)wa_content_walk_in(w, STR("parameters"));
		return FAIL(w->e, RC_INVALID,
			    "A button of this sub_type takes a parameter of type %s.",
			    PAIRS[i].parameter);
	}
	return RC_OK;
}

enum rc wa_content_rule_shape(struct content_walk *w, enum content_rule rule, const struct json *o)
{
	size_t before = w->n;
	enum rc rc = RC_OK;

	switch (rule) {
	case RULE_NONE:
		return RC_OK;
	case RULE_ONE_FILE:
		rc = exactly_one(w, o, "media_id", "id");
		break;
	case RULE_ONE_FLOW:
		rc = exactly_one(w, o, "flow_id", "flow_name");
		break;
	case RULE_BUTTONS:
		rc = buttons(w, o);
		break;
	case RULE_ROWS:
		rc = sections(w, o, "rows", 10);
		if (rc == RC_OK)
			rc = row_ids(w, o);
		break;
	case RULE_PRODUCTS:
		rc = sections(w, o, "product_items", 30);
		break;
	case RULE_CARDS:
		rc = cards(w, o);
		break;
	case RULE_COMPONENTS:
		rc = components(w, o);
		break;
	case RULE_NAMED:
		rc = named(w, o);
		break;
	case RULE_BUTTON_PARAMETER:
		rc = button_parameter(w, o);
		break;
	}
	if (rc == RC_OK)
		wa_content_walk_out(w, before);
	return rc;
}
