/* lookup.c - see lookup.h. Every list of words is cut here and nowhere else. */
#include "peer/lookup.h"

#include "base/enc.h"

#define WORD_MAX 500u

static bool next_word(struct str *rest, struct str *ret)
{
	while (str_cut(rest, ' ', ret)) {
		if (ret->n > 0)
			return true;
	}
	return false;
}

const char *lookup_code_name(enum lookup_code c)
{
	static const char *const NAMES[LOOKUP_CODES] = { "found",   "not_found", "invalid",
							 "refused", "down",      "busy" };

	ASSERT((unsigned)c < LOOKUP_CODES);
	return NAMES[c];
}

/* ---- inputs ---- */

static const struct {
	const char *name;
	enum lookup_kind kind;
	const char *what;
} KINDS[] = {
	{ "digits", LOOKUP_DIGITS, "digits" },
	{ "alnum", LOOKUP_ALNUM, "letters and digits" },
	{ "text", LOOKUP_TEXT, "characters" },
};

static bool name_ok(struct str s)
{
	static const char *const TAKEN[] = { "username", "password", "token" };

	if (s.n == 0 || s.n > LOOKUP_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		      (c >= '0' && c <= '9')))
			return false;
	}
	for (size_t i = 0; i < COUNT(TAKEN); i++) {
		if (str_eqc(s, TAKEN[i]))
			return false;
	}
	return true;
}

static bool range_of(struct str s, struct lookup_input *in)
{
	struct str low;

	if (!str_cut(&s, '-', &low) || !str_i64(low, 1, LOOKUP_INPUT_MAX, &in->low))
		return false;
	if (s.p == NULL) {
		in->high = in->low;
		return true;
	}
	return str_i64(s, in->low, LOOKUP_INPUT_MAX, &in->high);
}

static bool input_of(struct str word, struct lookup_input *in)
{
	struct str name, kind;

	if (str_ends(word, STR("?"))) {
		in->optional = true;
		word.n--;
	}
	if (!str_cut(&word, '=', &name) || word.p == NULL || !name_ok(name) ||
	    !str_copy(name, in->name, sizeof(in->name)))
		return false;
	if (!str_cut(&word, ':', &kind) || word.p == NULL)
		return false;
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		if (str_eqc(kind, KINDS[i].name)) {
			in->kind = KINDS[i].kind;
			return range_of(word, in);
		}
	}
	return false;
}

enum rc lookup_inputs_parse(struct str words, struct lookup_inputs *ret, struct err *e)
{
	struct lookup_inputs list = { .n = 0 };
	struct str word;

	while (next_word(&words, &word)) {
		if (list.n == LOOKUP_INPUTS_MAX)
			return FAIL(e, RC_INVALID, "inputs: more than %u", LOOKUP_INPUTS_MAX);
		if (!input_of(word, &list.in[list.n]))
			return FAIL(e, RC_INVALID,
				    "inputs: \"%.*s\" is not name=digits:8-8 (digits, alnum, text)",
				    (int)size_min(word.n, 60), word.p);
		list.n++;
	}
	if (list.n == 0)
		return FAIL(e, RC_INVALID, "inputs: none is described");
	*ret = list;
	return RC_OK;
}

static bool is_kind(enum lookup_kind kind, struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		bool digit = c >= '0' && c <= '9';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (kind == LOOKUP_DIGITS && !digit)
			return false;
		if (kind == LOOKUP_ALNUM && !digit && !letter)
			return false;
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

static enum rc take_one(const struct lookup_input *in, const struct json *object, struct arena *a,
			struct template_value *ret, struct err *e)
{
	const struct json *n = json_get(object, in->name);
	struct str v = str_trim(json_str(n));
	int64_t count;

	ret->name = in->name;
	ret->value = STR_NONE;
	if (json_kind(n) == JSON_NONE || json_kind(n) == JSON_NULL || (in->optional && v.n == 0)) {
		if (in->optional)
			return RC_OK;
		return FAIL(e, RC_INVALID, "%s: is missing", in->name);
	}
	if (json_kind(n) != JSON_TEXT)
		return FAIL(e, RC_INVALID, "%s: has to be a text (leading zeros count)", in->name);
	count = (int64_t)enc_utf8_count(v);
	if (!is_kind(in->kind, v) || count < in->low || count > in->high)
		return in->low == in->high ? FAIL(e, RC_INVALID, "%s: has to be %lld %s", in->name,
						  (long long)in->low, KINDS[in->kind].what)
					   : FAIL(e, RC_INVALID, "%s: has to be %lld to %lld %s",
						  in->name, (long long)in->low, (long long)in->high,
						  KINDS[in->kind].what);
	ret->value = arena_str(a, v);
	return ret->value.p != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for the inputs");
}

enum rc lookup_inputs_take(const struct lookup_inputs *rules, const struct json *object,
			   struct arena *a, struct template_value ret_values[LOOKUP_INPUTS_MAX],
			   struct err *e)
{
	for (size_t i = 0; i < rules->n; i++)
		TRY(take_one(&rules->in[i], object, a, &ret_values[i], e));
	return RC_OK;
}

/* ---- conditions ---- */

const struct json *lookup_at(const struct json *root, struct str path)
{
	char text[WORD_MAX];

	if (path.n == 0)
		return root;
	return str_copy(path, text, sizeof(text)) ? json_path(root, text) : NULL;
}

bool lookup_is_nothing(const struct json *n)
{
	switch (json_kind(n)) {
	case JSON_NONE:
	case JSON_NULL:
		return true;
	case JSON_TEXT:
		return str_trim(json_str(n)).n == 0;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return json_count(n) == 0;
	case JSON_BOOL: {
		AUTO(sbuf_release) struct sbuf b = SBUF(16);

		json_print(n, &b);
		return str_eqc(sbuf_view(&b), "false");
	}
	case JSON_NUMBER:
		return false;
	}
	return true;
}

static bool value_is(const struct json *n, struct str wanted)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WORD_MAX);

	if (json_kind(n) == JSON_TEXT)
		return str_eq(json_str(n), wanted);
	if (json_kind(n) != JSON_BOOL && json_kind(n) != JSON_NUMBER)
		return false;
	json_print(n, &b);
	return sbuf_ok(&b) && str_eq(sbuf_view(&b), wanted);
}

/* "401" or "5xx"; false: neither. */
static bool status_is(struct str word, int status, bool *ret)
{
	int64_t v;

	if (word.n == 3 && str_ends(word, STR("xx")) && word.p[0] >= '1' && word.p[0] <= '5') {
		*ret = status / 100 == word.p[0] - '0';
		return true;
	}
	if (!str_i64(word, 100, 599, &v))
		return false;
	*ret = status == v;
	return true;
}

static bool json_is(struct str word, const struct lookup_answer *a, bool *ret)
{
	struct str path;

	if (str_starts(word, STR("!"))) {
		path = str_sub(word, 1, word.n);
		*ret = a->root != NULL && lookup_is_nothing(lookup_at(a->root, path));
		return path.n > 0;
	}
	if (!str_cut(&word, '=', &path) || path.n == 0)
		return false;
	*ret = word.p == NULL ? !lookup_is_nothing(lookup_at(a->root, path))
			      : value_is(lookup_at(a->root, path), word);
	return true;
}

static bool holds(struct str word, const struct lookup_answer *a, bool *ret)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(WORD_MAX);
	struct str kind;

	if (!str_cut(&word, ':', &kind) || word.n == 0 || !enc_unpercent(&plain, word, false) ||
	    !sbuf_ok(&plain))
		return false;
	word = sbuf_view(&plain);
	if (str_eqc(kind, "status"))
		return status_is(word, a->status, ret);
	if (str_eqc(kind, "json"))
		return json_is(word, a, ret);
	if (!str_eqc(kind, "text"))
		return false;
	*ret = str_find(a->body, word) >= 0;
	return true;
}

enum rc lookup_when(struct str conditions, const struct lookup_answer *a, bool *ret, struct err *e)
{
	struct str word;
	bool any = false;

	while (next_word(&conditions, &word)) {
		bool yes = false;

		if (!holds(word, a, &yes))
			return FAIL(
				e, RC_INVALID,
				"\"%.*s\" is no condition (status:401, json:path=value, text:word)",
				(int)size_min(word.n, 60), word.p);
		any |= yes;
	}
	*ret = any;
	return RC_OK;
}

enum rc lookup_when_check(struct str conditions, struct err *e)
{
	const struct lookup_answer none = { .status = 0 };
	bool ignored;

	return lookup_when(conditions, &none, &ignored, e);
}

/* ---- output ---- */

static void write_node(struct jsonw *w, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(w->to->max);

	if (json_kind(n) == JSON_NONE) {
		jsonw_null(w);
		return;
	}
	json_print(n, &b);
	jsonw_raw(w, sbuf_view(&b));
	w->to->failed |= !sbuf_ok(&b);
}

static enum rc write_word(struct str word, const struct json *data, struct jsonw *w, struct err *e)
{
	struct str whole = word, name;
	char key[LOOKUP_NAME_MAX + 1];

	if (!str_cut(&word, '=', &name) || word.n == 0 || name.n == 0 ||
	    !str_copy(name, key, sizeof(key)))
		return FAIL(e, RC_INVALID, "output: \"%.*s\" is not name=path",
			    (int)size_min(whole.n, 60), whole.p);
	if (data != NULL) {
		jsonw_key(w, key);
		write_node(w, lookup_at(data, word));
	}
	return RC_OK;
}

enum rc lookup_output(struct str words, const struct json *data, struct jsonw *w, struct err *e)
{
	struct str word;

	if (str_trim(words).n == 0) {
		if (data != NULL)
			write_node(w, data);
		return RC_OK;
	}
	if (data != NULL)
		jsonw_object(w);
	while (next_word(&words, &word))
		TRY(write_word(word, data, w, e));
	if (data != NULL)
		jsonw_end(w);
	return RC_OK;
}

void lookup_mask(struct str value, char ret_text[16])
{
	size_t n = size_min(value.n, 12);
	size_t shown = value.n >= 8 ? 2 : 0;

	memset(ret_text, '*', n);
	ret_text[n] = '\0';
	for (size_t i = 0; i < shown; i++) {
		char c = value.p[value.n - shown + i];

		ret_text[n - shown + i] = c >= 0x21 && c < 0x7f && c != '"' && c != '\\' ? c : '*';
	}
}
