/* template.c - see template.h. One pass; the state of a JSON text (inside quotes or not) decides how a value is
 * written. */
#include "peer/wa/template.h"

#include "base/enc.h"

#define NAME_SHOWN 40

struct filling {
	struct str text; /* the whole template */
	enum template_place place;
	const struct template_values *values;
	struct sbuf *to;
	bool quoted; /* PLACE_JSON: inside a string of the template */
	struct err *e;
};

static const struct template_value *find(const struct template_values *values, struct str name)
{
	for (size_t i = 0; i < values->n; i++) {
		if (str_eqc(name, values->v[i].name))
			return &values->v[i];
	}
	return NULL;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static bool only_dots(struct str s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] == '.')
		i++;
	return s.n > 0 && i == s.n;
}

/* Where the path begins: behind "scheme://host". */
static size_t path_of(struct str url)
{
	ptrdiff_t scheme = str_find(url, STR("://"));
	ptrdiff_t slash;

	if (scheme < 0)
		return url.n;
	slash = str_chr(str_sub(url, (size_t)scheme + 3, url.n), '/');
	return slash < 0 ? url.n : (size_t)scheme + 3 + (size_t)slash;
}

static enum rc put(struct filling *f, size_t at, struct str name)
{
	const struct template_value *found = find(f->values, name);
	int shown = (int)size_min(name.n, NAME_SHOWN);
	struct str v;

	if (found == NULL)
		return FAIL(f->e, RC_INVALID, "{{%.*s}}: there is no such value", shown, name.p);
	v = found->value;
	switch (f->place) {
	case PLACE_URL:
		if (at < path_of(f->text))
			return FAIL(f->e, RC_INVALID,
				    "{{%.*s}}: no place is allowed before the path of an address",
				    shown, name.p);
		if (only_dots(v))
			return FAIL(f->e, RC_INVALID,
				    "{{%.*s}}: this value cannot be in an address", shown, name.p);
		enc_percent(f->to, v);
		return RC_OK;
	case PLACE_FORM:
		enc_percent(f->to, v);
		return RC_OK;
	case PLACE_HEADER:
	case PLACE_XML:
		if (has_control(v))
			return FAIL(f->e, RC_INVALID, "{{%.*s}}: control characters in the value",
				    shown, name.p);
		if (f->place == PLACE_XML)
			enc_html(f->to, v);
		else
			sbuf_str(f->to, v);
		return RC_OK;
	case PLACE_JSON:
		if (!f->quoted)
			sbuf_char(f->to, '"');
		enc_json(f->to, v);
		if (!f->quoted)
			sbuf_char(f->to, '"');
		return RC_OK;
	}
	BUG("no such place");
}

static enum rc run(struct filling *f)
{
	struct str t = f->text;

	for (size_t i = 0; i < t.n; i++) {
		struct str rest = str_sub(t, i, t.n);
		ptrdiff_t end;

		if (str_starts(rest, STR("{{"))) {
			end = str_find(rest, STR("}}"));
			if (end < 0)
				return FAIL(f->e, RC_INVALID, "a {{ is not closed");
			TRY(put(f, i, str_trim(str_sub(rest, 2, (size_t)end - 2))));
			i += (size_t)end + 1;
			continue;
		}
		sbuf_char(f->to, t.p[i]);
		if (f->place != PLACE_JSON)
			continue;
		if (f->quoted && t.p[i] == '\\' && i + 1 < t.n)
			sbuf_char(f->to, t.p[++i]);
		else if (t.p[i] == '"')
			f->quoted = !f->quoted;
	}
	return RC_OK;
}

enum rc template_fill(struct str text, enum template_place place,
		      const struct template_values *values, struct sbuf *to, struct err *e)
{
	struct filling f = { .text = text, .place = place, .values = values, .to = to, .e = e };
	size_t before = to->n;
	enum rc rc = run(&f);

	if (rc == RC_OK && !sbuf_ok(to))
		rc = FAIL(e, RC_LIMIT, "the filled text is too long");
	if (rc != RC_OK)
		to->n = before;
	return rc;
}
