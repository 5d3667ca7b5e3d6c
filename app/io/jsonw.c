/* jsonw.c - writing JSON. No memory of its own, one owner, no locks. */
#include "io/jsonw.h"

#include <math.h>

#include "base/clock.h"
#include "base/enc.h"

void jsonw_init(struct jsonw *w, struct sbuf *to)
{
	ASSERT(to != NULL);
	memset(w, 0, sizeof(*w));
	w->to = to;
}

/* Before each value: the comma, unless a key stands before it, and the check that it may stand
 * here. */
static void jsonw_before(struct jsonw *w)
{
	char kind = w->kind[w->depth];

	ASSERT(kind != 'o' || w->keyed);
	ASSERT(kind != 0 || !w->comma[0]); /* one document */
	if (!w->keyed && w->comma[w->depth])
		sbuf_char(w->to, ',');
	w->comma[w->depth] = true;
	w->keyed = false;
}

static void jsonw_open(struct jsonw *w, char kind)
{
	jsonw_before(w);
	ASSERT(w->depth < JSONW_DEPTH_MAX);
	w->depth++;
	w->kind[w->depth] = kind;
	w->comma[w->depth] = false;
	sbuf_char(w->to, kind == 'o' ? '{' : '[');
}

void jsonw_object(struct jsonw *w)
{
	jsonw_open(w, 'o');
}

void jsonw_array(struct jsonw *w)
{
	jsonw_open(w, 'a');
}

void jsonw_end(struct jsonw *w)
{
	ASSERT(w->depth > 0);
	ASSERT(!w->keyed);
	sbuf_char(w->to, w->kind[w->depth] == 'o' ? '}' : ']');
	w->depth--;
}

static void jsonw_quoted(struct jsonw *w, struct str v)
{
	sbuf_char(w->to, '"');
	enc_json(w->to, v);
	sbuf_char(w->to, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	ASSERT(key != NULL);
	ASSERT(w->kind[w->depth] == 'o');
	ASSERT(!w->keyed);
	if (w->comma[w->depth])
		sbuf_char(w->to, ',');
	jsonw_quoted(w, str_of(key));
	sbuf_char(w->to, ':');
	w->keyed = true;
}

void jsonw_str(struct jsonw *w, struct str v)
{
	if (v.p == NULL) {
		jsonw_null(w);
		return;
	}
	jsonw_before(w);
	jsonw_quoted(w, v);
}

void jsonw_text(struct jsonw *w, const char *v)
{
	jsonw_str(w, str_of(v));
}

void jsonw_i64(struct jsonw *w, int64_t v)
{
	jsonw_before(w);
	sbuf_i64(w->to, v);
}

void jsonw_double(struct jsonw *w, double v)
{
	if (!isfinite(v)) { /* JSON has no word for it */
		jsonw_null(w);
		return;
	}
	jsonw_before(w);

	char text[40];

	/* 15 digits are what people typed; 17 are needed when that gives another number. */
	(void)snprintf(text, sizeof(text), "%.15g", v);
	double back = strtod(text, NULL);

	if (back < v || back > v)
		(void)snprintf(text, sizeof(text), "%.17g", v);
	sbuf_text(w->to, text);
}

void jsonw_bool(struct jsonw *w, bool v)
{
	jsonw_before(w);
	sbuf_text(w->to, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
	jsonw_before(w);
	sbuf_text(w->to, "null");
}

void jsonw_raw(struct jsonw *w, struct str json)
{
	if (json.n == 0) {
		jsonw_null(w);
		return;
	}
	jsonw_before(w);
	sbuf_str(w->to, json);
}

void jsonw_kstr(struct jsonw *w, const char *key, struct str v)
{
	jsonw_key(w, key);
	jsonw_str(w, v);
}

void jsonw_ktext(struct jsonw *w, const char *key, const char *v)
{
	jsonw_key(w, key);
	jsonw_text(w, v);
}

void jsonw_ki64(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_i64(w, v);
}

void jsonw_kbool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}

void jsonw_ktime(struct jsonw *w, const char *key, int64_t at_ms)
{
	char text[CLOCK_TEXT_MAX];

	jsonw_key(w, key);
	if (at_ms <= 0) {
		jsonw_null(w);
		return;
	}
	clock_text(at_ms, text);
	jsonw_text(w, text);
}

void jsonw_kraw(struct jsonw *w, const char *key, struct str json)
{
	jsonw_key(w, key);
	jsonw_raw(w, json);
}

void jsonw_kobject(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_object(w);
}

void jsonw_karray(struct jsonw *w, const char *key)
{
	jsonw_key(w, key);
	jsonw_array(w);
}
