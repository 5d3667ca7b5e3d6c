/* json.c - reading JSON: a strict scan in front of cJSON, and tolerant getters behind it.
 *
 * cJSON alone is too kind (control characters, "01", text after a NUL) and ends strings at \u0000.
 * So one pass over the bytes checks the words of RFC 8259, limits depth and count, and copies the
 * text with such escapes replaced; cJSON then checks the grammar. A node is a cJSON, seen as opaque
 * from outside. */
#include "io/json.h"

#include <cJSON.h>

#include "base/enc.h"
#include "base/limits.h"

#define JSON_REPLACEMENT "\xEF\xBF\xBD"     /* U+FFFD */
#define JSON_I64_LIMIT   9007199254740992.0 /* 2^53: from here on two numbers share one double */
#define JSON_KEY_MAX     128u

struct json_scan {
	struct str in;
	struct sbuf out;
	size_t at;
	size_t copied; /* bytes of `in` that are in `out`, or replaced there */
	size_t depth;
	size_t values;
};

void json_start(void)
{
	int major = 0;
	int minor = 0;
	int patch = 0;
	struct str rest = str_of(cJSON_Version());
	struct str part;
	int *const to[] = { &major, &minor, &patch };

	for (size_t i = 0; i < COUNT(to); i++) {
		int64_t v;

		ASSERT(str_cut(&rest, '.', &part));
		ASSERT(str_i64(part, 0, 999, &v));
		*to[i] = (int)v;
	}
	/* 1.7.18 fixed CVE-2024-31755; and headers and library must be of one version. */
	ASSERT(major * 1000000 + minor * 1000 + patch >= 1007018);
	ASSERT(major == CJSON_VERSION_MAJOR && minor == CJSON_VERSION_MINOR &&
	       patch == CJSON_VERSION_PATCH);
}

const char *json_version(void)
{
	return cJSON_Version();
}

static unsigned char scan_peek(const struct json_scan *s, size_t ahead)
{
	return s->at + ahead < s->in.n ? (unsigned char)s->in.p[s->at + ahead] : 0;
}

/* Copies what is pending and puts U+FFFD in the place of the next n bytes. */
static void scan_replace(struct json_scan *s, size_t n)
{
	sbuf_str(&s->out, str_sub(s->in, s->copied, s->at - s->copied));
	sbuf_text(&s->out, JSON_REPLACEMENT);
	s->at += n;
	s->copied = s->at;
}

static bool scan_unit(const struct json_scan *s, size_t ahead, uint64_t *ret_unit)
{
	struct str hex = str_sub(s->in, s->at + ahead, 4);

	return hex.n == 4 && str_u64_hex(hex, ret_unit);
}

/* At a backslash. */
static bool scan_escape(struct json_scan *s)
{
	unsigned char c = scan_peek(s, 1);
	uint64_t unit;
	uint64_t low;

	if (c != 'u') {
		s->at += 2;
		return c != 0 && strchr("\"\\/bfnrt", c) != NULL;
	}
	if (!scan_unit(s, 2, &unit))
		return false;
	if (unit >= 0xD800 && unit <= 0xDBFF && scan_peek(s, 6) == '\\' && scan_peek(s, 7) == 'u' &&
	    scan_unit(s, 8, &low) && low >= 0xDC00 && low <= 0xDFFF) {
		s->at += 12;
		return true;
	}
	if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF))
		scan_replace(s, 6);
	else
		s->at += 6;
	return true;
}

/* Most of a string is plain ASCII: one tight loop over it. */
static void scan_plain(struct json_scan *s)
{
	const unsigned char *p = (const unsigned char *)s->in.p;
	size_t at = s->at;

	while (at < s->in.n && p[at] >= 0x20 && p[at] < 0x80 && p[at] != '"' && p[at] != '\\')
		at++;
	s->at = at;
}

/* At an opening quote. */
static bool scan_string(struct json_scan *s)
{
	s->at++;
	while (s->at < s->in.n) {
		unsigned char c;

		scan_plain(s);
		c = scan_peek(s, 0);
		if (s->at == s->in.n)
			return false;

		if (c == '"') {
			s->at++;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c == '\\') {
			if (!scan_escape(s))
				return false;
		} else {
			bool ok;
			size_t n = enc_utf8_step(str_sub(s->in, s->at, s->in.n), &ok);

			if (ok)
				s->at += n;
			else
				scan_replace(s, n);
		}
	}
	return false;
}

static size_t scan_digits(struct json_scan *s)
{
	size_t from = s->at;

	while (scan_peek(s, 0) >= '0' && scan_peek(s, 0) <= '9')
		s->at++;
	return s->at - from;
}

static bool scan_number(struct json_scan *s)
{
	if (scan_peek(s, 0) == '-')
		s->at++;
	if (scan_peek(s, 0) == '0')
		s->at++;
	else if (scan_digits(s) == 0)
		return false;
	if (scan_peek(s, 0) == '.') {
		s->at++;
		if (scan_digits(s) == 0)
			return false;
	}
	if (scan_peek(s, 0) == 'e' || scan_peek(s, 0) == 'E') {
		s->at++;
		if (scan_peek(s, 0) == '+' || scan_peek(s, 0) == '-')
			s->at++;
		if (scan_digits(s) == 0)
			return false;
	}
	/* "01", "1.5.2" */
	return scan_peek(s, 0) == 0 || strchr("0123456789.-+eE", scan_peek(s, 0)) == NULL;
}

static bool scan_word(struct json_scan *s, struct str word)
{
	if (!str_starts(str_sub(s->in, s->at, word.n), word))
		return false;
	s->at += word.n;
	return true;
}

/* One token, of which cJSON sees only well-formed ones. */
static bool scan_token(struct json_scan *s)
{
	unsigned char c = scan_peek(s, 0);

	s->values++;
	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	if (c == 't')
		return scan_word(s, STR("true"));
	if (c == 'f')
		return scan_word(s, STR("false"));
	if (c == 'n')
		return scan_word(s, STR("null"));
	if (c == '[' || c == '{') {
		s->depth++;
		s->at++;
		return s->depth <= JSON_DEPTH_MAX;
	}
	s->values--;
	s->at++;
	if (c == ']' || c == '}') {
		/* More ends than starts: cJSON would call it bytes behind the document, rightly. */
		if (s->depth == 0)
			return false;
		s->depth--;
		return true;
	}
	return c == ',' || c == ':' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum rc scan_all(struct json_scan *s, struct err *e)
{
	if (str_starts(s->in,
		       STR("\xEF\xBB\xBF"))) /* a byte order mark is no harm (RFC 8259, 8.1) */
		s->in = str_sub(s->in, 3, s->in.n);
	while (s->at < s->in.n) {
		size_t from = s->at;

		if (!scan_token(s)) {
			if (s->depth > JSON_DEPTH_MAX)
				return FAIL(e, RC_INVALID, "JSON is nested too deep at byte %zu",
					    from);
			return FAIL(e, RC_INVALID, "malformed JSON at byte %zu", from);
		}
		/* A key counts as a value; it costs no node, so objects reach the limit earlier. */
		if (s->values > JSON_VALUES_MAX)
			return FAIL(e, RC_LIMIT, "JSON has more than %u values", JSON_VALUES_MAX);
	}
	sbuf_str(&s->out, str_sub(s->in, s->copied, s->in.n - s->copied));
	sbuf_char(&s->out, '\0'); /* where cJSON expects the end */
	ASSERT(sbuf_ok(&s->out));
	return RC_OK;
}

enum rc json_parse(struct str text, struct json **ret_root, struct err *e)
{
	/* A byte that is not UTF-8 becomes three. */
	struct json_scan s = { .in = text, .out = SBUF(0) };
	AUTO(sbuf_release) struct sbuf out = SBUF(0);
	const char *end = NULL;
	enum rc rc;

	ASSERT(ret_root != NULL);
	if (text.n >= SIZE_MAX / 4)
		return FAIL(e, RC_LIMIT, "JSON text is too long");
	s.out.max = 3 * text.n + 1;
	rc = scan_all(&s, e);
	out = s.out; /* from here on released with the function */
	if (rc != RC_OK)
		return rc;

	struct str clean = sbuf_view(&out);
	cJSON *root = cJSON_ParseWithLengthOpts(clean.p, clean.n, &end, true);

	if (root == NULL)
		return FAIL(e, RC_INVALID, "malformed JSON near byte %td",
			    end != NULL ? end - clean.p : (ptrdiff_t)0);
	*ret_root = (struct json *)(void *)root;
	return RC_OK;
}

static const cJSON *json_node(const struct json *n)
{
	return (const cJSON *)(const void *)n;
}

static const struct json *json_of(const cJSON *c)
{
	return (const struct json *)(const void *)c;
}

void json_free(struct json *root)
{
	cJSON_Delete((cJSON *)(void *)root);
}

void json_freep(struct json **root)
{
	json_free(*root);
	*root = NULL;
}

enum json_kind json_kind(const struct json *n)
{
	const cJSON *c = json_node(n);

	if (c == NULL)
		return JSON_NONE;
	if (cJSON_IsObject(c))
		return JSON_OBJECT;
	if (cJSON_IsArray(c))
		return JSON_ARRAY;
	if (cJSON_IsString(c))
		return JSON_TEXT;
	if (cJSON_IsNumber(c))
		return JSON_NUMBER;
	if (cJSON_IsBool(c))
		return JSON_BOOL;
	return cJSON_IsNull(c) ? JSON_NULL : JSON_NONE;
}

const struct json *json_get(const struct json *object, const char *key)
{
	ASSERT(key != NULL);
	if (json_kind(object) != JSON_OBJECT)
		return NULL;
	return json_of(cJSON_GetObjectItemCaseSensitive(json_node(object), key));
}

const struct json *json_path(const struct json *n, const char *path)
{
	struct str rest = str_of(path);
	struct str part;

	ASSERT(path != NULL);
	while (n != NULL && str_cut(&rest, '.', &part)) {
		char key[JSON_KEY_MAX];
		int64_t index;

		if (json_kind(n) != JSON_ARRAY) {
			if (!str_copy(part, key, sizeof(key)))
				return NULL;
			n = json_get(n, key);
		} else if (str_i64(part, 0, INT32_MAX, &index)) {
			n = json_of(cJSON_GetArrayItem(json_node(n), (int)index));
		} else {
			return NULL;
		}
	}
	return n;
}

const struct json *json_first(const struct json *n)
{
	enum json_kind kind = json_kind(n);

	if (kind != JSON_ARRAY && kind != JSON_OBJECT)
		return NULL;
	return json_of(json_node(n)->child);
}

const struct json *json_next(const struct json *n)
{
	return n != NULL ? json_of(json_node(n)->next) : NULL;
}

int json_count(const struct json *n)
{
	int count = 0;

	for (const struct json *c = json_first(n); c != NULL; c = json_next(c))
		count++;
	return count;
}

struct str json_key(const struct json *child)
{
	return child != NULL ? str_of(json_node(child)->string) : STR_NONE;
}

struct str json_str(const struct json *n)
{
	if (json_kind(n) != JSON_TEXT)
		return STR_NONE;
	return str_of(json_node(n)->valuestring);
}

struct str json_get_str(const struct json *o, const char *key)
{
	return json_str(json_get(o, key));
}

bool json_i64(const struct json *n, int64_t *ret)
{
	double v;

	ASSERT(ret != NULL);
	if (json_kind(n) == JSON_TEXT)
		return str_i64(json_str(n), INT64_MIN, INT64_MAX, ret);
	if (json_kind(n) != JSON_NUMBER)
		return false;
	v = json_node(n)->valuedouble;
	if (!(v > -JSON_I64_LIMIT && v < JSON_I64_LIMIT))
		return false;

	int64_t whole = (int64_t)v;

	if ((double)whole < v || (double)whole > v)
		return false;
	*ret = whole;
	return true;
}

bool json_get_i64(const struct json *o, const char *key, int64_t *ret)
{
	return json_i64(json_get(o, key), ret);
}

int64_t json_get_i64_or(const struct json *o, const char *key, int64_t otherwise)
{
	int64_t v;

	return json_get_i64(o, key, &v) ? v : otherwise;
}

bool json_double(const struct json *n, double *ret)
{
	struct str s = json_str(n);
	double v = 0, unit = 1;
	size_t i = 0, digits = 0;
	bool point = false;

	ASSERT(ret != NULL);
	if (json_kind(n) == JSON_NUMBER) {
		*ret = json_node(n)->valuedouble;
		return true;
	}
	if (s.n == 0 || s.n > 32)
		return false;
	if (s.p[0] == '-' || s.p[0] == '+')
		i++;
	for (; i < s.n; i++) {
		if (s.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		digits++;
		v = v * 10 + (s.p[i] - '0');
		unit *= point ? 10 : 1;
	}
	if (digits == 0)
		return false;
	v /= unit;
	*ret = s.p[0] == '-' ? -v : v;
	return true;
}

bool json_get_bool(const struct json *o, const char *key, bool otherwise)
{
	const struct json *n = json_get(o, key);

	return json_kind(n) == JSON_BOOL ? cJSON_IsTrue(json_node(n)) != 0 : otherwise;
}

void json_print(const struct json *n, struct sbuf *to)
{
	char *text;

	if (n == NULL) {
		sbuf_text(to, "null");
		return;
	}
	text = cJSON_PrintUnformatted(json_node(n));
	ASSERT(text != NULL); /* out of memory */
	sbuf_text(to, text);
	cJSON_free(text);
}
