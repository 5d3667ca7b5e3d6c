/* wa_content.c - the table of wa_content.def and the walk that checks a content against it. Promises: wa_content.h. */
#include "peer/wa/wa_content_priv.h"

#include "base/enc.h"
#include "base/limits.h"

static const struct content_type TYPES[] = {
#define TYPE(type, kind, sub) { type, KIND_##kind, sub },
#include "peer/wa/wa_content_rows.h"
};

static const enum content_rule RULES[SHAPE_COUNT] = {
#define SHAPE(name, rule) [SHAPE_##name] = RULE_##rule,
#include "peer/wa/wa_content_rows.h"
};

static const char *const CHOICE_KEYS[PICK_COUNT] = {
#define CHOICE_KEY(choice, key) [PICK_##choice] = (key),
#include "peer/wa/wa_content_rows.h"
};

static const struct content_choice_row {
	enum content_choice choice;
	const char *text;
	enum content_shape shape;
} CHOICES[] = {
#define CHOICE(choice, text, shape) { PICK_##choice, text, SHAPE_##shape },
#include "peer/wa/wa_content_rows.h"
};

static const struct content_field FIELDS[] = {
#define FIELD(shape, kind, key, need, low, high, sub, words) \
	{ SHAPE_##shape, kind, key, need, low, high, sub, words },
#include "peer/wa/wa_content_rows.h"
};

/* ---- the tables ---- */

size_t wa_content_type_count(void)
{
	return COUNT(TYPES);
}

const char *wa_content_type_at(size_t i)
{
	ASSERT(i < COUNT(TYPES));
	return TYPES[i].name;
}

const struct content_type *wa_content_type_row(struct str type)
{
	for (size_t i = 0; i < COUNT(TYPES); i++)
		if (str_eqc(type, TYPES[i].name))
			return &TYPES[i];
	return NULL;
}

const char *wa_content_type(struct str type)
{
	const struct content_type *t = wa_content_type_row(type);

	return t != NULL ? t->name : NULL;
}

const struct content_field *wa_content_field_next(enum content_shape shape,
						  const struct content_field *last)
{
	for (size_t i = last != NULL ? (size_t)(last - FIELDS) + 1 : 0; i < COUNT(FIELDS); i++)
		if (FIELDS[i].shape == shape)
			return &FIELDS[i];
	return NULL;
}

static const struct content_field *field_find(enum content_shape shape, struct str key)
{
	for (size_t i = 0; i < COUNT(FIELDS); i++)
		if (FIELDS[i].shape == shape && str_eqc(key, FIELDS[i].key))
			return &FIELDS[i];
	return NULL;
}

const char *wa_content_choice_key(enum content_choice c)
{
	return CHOICE_KEYS[c];
}

bool wa_content_choose(enum content_choice c, struct str text, enum content_shape *ret)
{
	for (size_t i = 0; i < COUNT(CHOICES); i++) {
		if (CHOICES[i].choice == c && str_eqc(text, CHOICES[i].text)) {
			*ret = CHOICES[i].shape;
			return true;
		}
	}
	return false;
}

const struct json *wa_content_get(const struct json *o, const char *key)
{
	const struct json *n = json_get(o, key);

	return json_kind(n) == JSON_NULL ? NULL : n;
}

/* ---- where it stands ---- */

size_t wa_content_walk_in(struct content_walk *w, struct str key)
{
	size_t before = w->n;
	size_t room = WA_CONTENT_FIELD_MAX - 1 - w->n;
	int n = snprintf(w->field + w->n, room + 1, "%s%.*s", w->n > 0 ? "." : "",
			 (int)size_min(key.n, 60), key.p != NULL ? key.p : "");

	w->n += n > 0 ? size_min((size_t)n, room) : 0;
	return before;
}

size_t wa_content_walk_at(struct content_walk *w, int index)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", index);
	return wa_content_walk_in(w, str_of(text));
}

void wa_content_walk_out(struct content_walk *w, size_t before)
{
	w->n = before;
	w->field[before] = '\0';
}

/* ---- the walk ---- */

static enum rc check_object(struct content_walk *w, enum content_shape shape,
			    const char *choice_key, const struct json *n);

static enum rc not_known(struct content_walk *w, struct str key)
{
	if (str_eqc(key, "link"))
		return FAIL(w->e, RC_INVALID,
			    "Files are not sent as links: upload the file and give its media_id.");
	return FAIL(w->e, RC_INVALID, "This field is not known.");
}

/* A text out of "one|two|three" in a sentence. */
static enum rc not_a_word(struct content_walk *w, const char *words)
{
	return FAIL(w->e, RC_INVALID, "This has to be one of: %s.", words);
}

static bool is_word(const char *words, struct str s)
{
	struct str rest = str_of(words), word;

	while (str_cut(&rest, '|', &word))
		if (str_eq(word, s))
			return true;
	return false;
}

/* The form only: whether the file is there is a question to the store. */
static bool is_uuid(struct str s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');

		if (dash ? s.p[i] != '-' : !hex)
			return false;
	}
	return true;
}

static enum rc check_pick(struct content_walk *w, enum content_choice c, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf words = SBUF(512);
	const char *key = CHOICE_KEYS[c];
	enum content_shape shape;

	if (json_kind(n) != JSON_OBJECT)
		return FAIL(w->e, RC_INVALID, "This has to be an object.");
	if (wa_content_choose(c, json_get_str(n, key), &shape))
		return check_object(w, shape, key, n);
	for (size_t i = 0; i < COUNT(CHOICES); i++)
		if (CHOICES[i].choice == c)
			sbuf_printf(&words, "%s%s", words.n > 0 ? ", " : "", CHOICES[i].text);
	(void)wa_content_walk_in(w, str_of(key));
	return FAIL(w->e, RC_INVALID, "This has to be one of: %s.", sbuf_c(&words));
}

static enum rc check_list(struct content_walk *w, const struct content_field *f,
			  const struct json *n)
{
	int count = json_count(n), i = 0;

	if (json_kind(n) != JSON_ARRAY)
		return FAIL(w->e, RC_INVALID, "This has to be a list.");
	if (count < f->low)
		return FAIL(w->e, RC_INVALID, "There have to be at least %lld of these.",
			    (long long)f->low);
	if (count > f->high)
		return FAIL(w->e, RC_INVALID, "There may be at most %lld of these.",
			    (long long)f->high);
	for (const struct json *c = json_first(n); c != NULL; c = json_next(c)) {
		size_t before = wa_content_walk_at(w, i++);

		if (f->kind == KIND_LIST)
			TRY(check_object(w, (enum content_shape)f->sub, NULL, c));
		else
			TRY(check_pick(w, (enum content_choice)f->sub, c));
		wa_content_walk_out(w, before);
	}
	return RC_OK;
}

static enum rc check_raw(struct content_walk *w, const struct content_field *f,
			 const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF((size_t)f->high);
	bool array = f->kind == KIND_RAW_ARRAY;

	if (json_kind(n) != (array ? JSON_ARRAY : JSON_OBJECT))
		return FAIL(w->e, RC_INVALID, "This has to be %s.", array ? "a list" : "an object");
	json_print(n, &b);
	if (!sbuf_ok(&b))
		return FAIL(w->e, RC_INVALID, "This is longer than %lld bytes.",
			    (long long)f->high);
	return RC_OK;
}

static enum rc check_number(struct content_walk *w, const struct content_field *f,
			    const struct json *n)
{
	double degrees;
	int64_t whole;

	if (f->kind == KIND_DEGREES) {
		if (!json_double(n, &degrees) || degrees < -(double)f->high ||
		    degrees > (double)f->high)
			return FAIL(w->e, RC_INVALID, "This has to be a number from -%lld to %lld.",
				    (long long)f->high, (long long)f->high);
		return RC_OK;
	}
	if (!json_i64(n, &whole) || whole < f->low || whole > f->high)
		return FAIL(w->e, RC_INVALID, "This has to be a whole number from %lld to %lld.",
			    (long long)f->low, (long long)f->high);
	return RC_OK;
}

static enum rc check_value(struct content_walk *w, const struct content_field *f,
			   const struct json *n)
{
	switch (f->kind) {
	case KIND_TEXT:
		if (json_kind(n) != JSON_TEXT)
			return FAIL(w->e, RC_INVALID, "This has to be text.");
		return wa_content_rule_text(w, f, json_str(n));
	case KIND_WORD:
	case KIND_FIXED:
		return is_word(f->words, json_str(n)) ? RC_OK : not_a_word(w, f->words);
	case KIND_FLAG:
		if (json_kind(n) != JSON_BOOL)
			return FAIL(w->e, RC_INVALID, "This has to be true or false.");
		return RC_OK;
	case KIND_WHOLE:
	case KIND_DEGREES:
		return check_number(w, f, n);
	case KIND_RAW_OBJECT:
	case KIND_RAW_ARRAY:
		return check_raw(w, f, n);
	case KIND_MEDIA:
		if (!is_uuid(json_str(n)))
			return FAIL(w->e, RC_INVALID,
				    "This has to be the id of a file of this box.");
		return RC_OK;
	case KIND_OBJECT:
		return check_object(w, (enum content_shape)f->sub, NULL, n);
	case KIND_PICK:
		return check_pick(w, (enum content_choice)f->sub, n);
	case KIND_LIST:
	case KIND_LISTPICK:
		return check_list(w, f, n);
	}
	BUG("unknown kind");
}

static enum rc check_object(struct content_walk *w, enum content_shape shape,
			    const char *choice_key, const struct json *n)
{
	size_t before;

	if (json_kind(n) != JSON_OBJECT)
		return FAIL(w->e, RC_INVALID, "This has to be an object.");
	for (const struct json *c = json_first(n); c != NULL; c = json_next(c)) {
		struct str key = json_key(c);

		if ((choice_key != NULL && str_eqc(key, choice_key)) ||
		    field_find(shape, key) != NULL)
			continue;
		(void)wa_content_walk_in(w, key);
		return not_known(w, key);
	}
	for (const struct content_field *f = wa_content_field_next(shape, NULL); f != NULL;
	     f = wa_content_field_next(shape, f)) {
		const struct json *c = wa_content_get(n, f->key);

		if (c == NULL && !f->need)
			continue;
		before = wa_content_walk_in(w, str_of(f->key));
		if (c == NULL)
			return FAIL(w->e, RC_INVALID, "This is missing.");
		TRY(check_value(w, f, c));
		wa_content_walk_out(w, before);
	}
	return wa_content_rule_shape(w, RULES[shape], n);
}

enum rc wa_content_check(struct str type, const struct json *content,
			 struct wa_content_bad *ret_bad, struct err *e)
{
	const struct content_type *t = wa_content_type_row(type);
	struct content_walk w = { .field = ret_bad->field, .e = e };
	const struct content_field list = { .kind = KIND_LIST,
					    .low = 1,
					    .high = WA_CONTENT_CONTACTS_MAX,
					    .sub = t != NULL ? t->sub : 0 };

	ret_bad->field[0] = '\0';
	if (t == NULL) {
		(void)wa_content_walk_in(&w, STR("type"));
		return FAIL(e, RC_INVALID, "There is no type of message with this name.");
	}
	(void)wa_content_walk_in(&w, str_of(t->name));
	if (content == NULL || json_kind(content) == JSON_NULL)
		return FAIL(e, RC_INVALID, "This is missing: the content of the type.");
	if (t->kind == KIND_LIST)
		return check_list(&w, &list, content);
	if (t->kind == KIND_PICK)
		return check_pick(&w, (enum content_choice)t->sub, content);
	return check_object(&w, (enum content_shape)t->sub, NULL, content);
}

/* Where to cut a text that is too long. */
static size_t cut_at(struct str text)
{
	size_t n = enc_utf8_cut(text, WA_TEXT_MAX).n;

	if (n == text.n)
		return n;
	for (size_t i = n; i > n / 2; i--)
		if (text.p[i - 1] == '\n')
			return i;
	for (size_t i = n; i > n / 2; i--)
		if (text.p[i - 1] == ' ')
			return i;
	return n;
}

bool wa_content_cut(struct str *rest, struct str *ret_piece)
{
	*ret_piece = STR_NONE;
	while (rest->n > 0 && ret_piece->n == 0) {
		size_t n = cut_at(*rest);

		if (n == rest->n) {
			*ret_piece = *rest;
			*rest = STR_NONE;
		} else {
			*ret_piece = str_trim(str_sub(*rest, 0, n));
			*rest = str_trim(str_sub(*rest, n, SIZE_MAX));
		}
	}
	return ret_piece->n > 0;
}
