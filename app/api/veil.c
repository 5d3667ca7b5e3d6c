/* veil.c - see veil.h. */
#include "api/veil.h"

#define SHOWN       2 /* digits at each end of a number that stay */
#define WAMID_SHOWN 8 /* characters at the end of a message id that stay: they tell two apart */
#define UUID_CHARS  36
#define ROW_ID_MAX  9  /* an `id` that short is a row number (jobs) and is needed whole */
#define HEX_ID_MIN  16 /* span ids, hashes, ids of WhatsApp Web */

/* Values of these keys name no customer and are needed whole. */
static const char *const KEPT[] = {
	"next", "prev", "csrf", "display_phone_number", "phone_number_id", "waba_id"
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t word_end(struct str s, size_t at)
{
	while (at < s.n && (is_digit(s.p[at]) || is_letter(s.p[at])))
		at++;
	return at;
}

/* Whether `form` fits here as a whole word: '0' a digit, 'x' a hexadecimal one, '-' one of -./ and the same each time. */
static bool fits(struct str s, size_t at, const char *form)
{
	char joint = '\0';

	for (; *form != '\0'; form++, at++) {
		char c = at < s.n ? s.p[at] : '\0';

		if (*form == '-') {
			if (c == '\0' || strchr("-./", c) == NULL || (joint != '\0' && c != joint))
				return false;
			joint = c;
		} else if (*form == '0' ? !is_digit(c) : !is_hex(c)) {
			return false;
		}
	}
	return at >= s.n || !is_digit(s.p[at]);
}

/* Length of what stays whatever its digits are; 0: nothing of the kind. */
static size_t kept_at(struct str s, size_t at)
{
	if (fits(s, at, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
		return UUID_CHARS;
	if ((s.p[at] == '1' || s.p[at] == '2') && fits(s, at, "0000-00-00"))
		return 10;
	if (s.p[at] <= '3' && fits(s, at, "00-00-0000"))
		return 10;
	return 0;
}

static bool is_ip(struct str s)
{
	struct str part;
	int64_t value;
	int parts = 0;

	while (str_cut(&s, '.', &part)) {
		if (part.n > 3 || !str_i64(part, 0, 255, &value))
			return false;
		parts++;
	}
	return parts == 4;
}

/* `with`: what stands in the place of a digit. */
static void mask(char *p, size_t n, size_t digits, char with)
{
	size_t seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			continue;
		if (seen >= SHOWN && seen + SHOWN < digits)
			p[i] = with;
		seen++;
	}
}

/* Where the next group of a number begins, behind at most two separators; 0: the number ends here. */
static size_t group_at(struct str s, size_t at)
{
	static const char *const WIDE[] = { "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x91" };

	for (int i = 0; i < 3 && at < s.n && !is_digit(s.p[at]); i++) {
		size_t step = s.p[at] != '\0' && strchr(" -.()", s.p[at]) != NULL ? 1 : 0;

		for (size_t k = 0; k < COUNT(WIDE) && step == 0; k++)
			step = str_starts(str_sub(s, at, 3), str_of(WIDE[k])) ? strlen(WIDE[k]) : 0;
		if (step == 0)
			return 0;
		at += step;
	}
	return at < s.n && is_digit(s.p[at]) && kept_at(s, at) == 0 ? at : 0;
}

static size_t digits_end(struct str s, size_t at)
{
	while (at < s.n && is_digit(s.p[at]))
		at++;
	return at;
}

/* A number of groups of digits that begins here; returns its end. */
static size_t number(char *p, struct str s, size_t at)
{
	size_t from = at, end = digits_end(s, at), digits = end - at, next;

	while ((next = group_at(s, end)) > end && digits_end(s, next) == word_end(s, next)) {
		end = digits_end(s, next);
		digits += end - next;
	}
	if (digits >= VEIL_DIGITS_MIN && !is_ip(str_sub(s, from, end - from)))
		mask(p + from, end - from, digits, '*');
	return end;
}

/* Letters and digits in one word: a hash stays, of anything else the long numbers are masked. */
static void mixed(char *p, size_t n)
{
	size_t letters = 0, hex = 0, end;

	for (size_t i = 0; i < n; i++) {
		letters += is_letter(p[i]);
		hex += is_hex(p[i]);
	}
	if (hex == n && n >= HEX_ID_MIN && letters * 6 >= n)
		return;
	for (size_t i = 0; i < n; i = end + 1) {
		end = digits_end(str_n(p, n), i);
		if (end - i >= VEIL_DIGITS_MIN)
			mask(p + i, end - i, end - i, '*');
	}
}

/* The customer's number is the second field of the protocol buffer in it. Returns its end. */
static size_t wamid(char *p, struct str s, size_t at)
{
	size_t from = at + strlen("wamid."), end = from;

	while (end < s.n && (is_digit(s.p[end]) || is_letter(s.p[end]) ||
			     (s.p[end] != '\0' && strchr("+/=-_\\", s.p[end]) != NULL)))
		end++;
	for (size_t i = from; i + WAMID_SHOWN < end; i++)
		p[i] = '*';
	return end;
}

/* Also the inside of a JSON text, with its escapes. */
void veil_text(char *p, size_t n)
{
	struct str s = str_n(p, n);
	size_t at = 0, end;

	while (at < n) {
		if (p[at] == '\\') {
			at += at + 1 < n && p[at + 1] == 'u' ? 6 : 2;
		} else if (!is_digit(p[at]) && !is_letter(p[at])) {
			at++;
		} else if ((end = kept_at(s, at)) != 0) {
			at += end;
		} else if (str_starts(str_sub(s, at, n - at), STR("wamid."))) {
			at = wamid(p, s, at);
		} else {
			end = word_end(s, at);
			if (digits_end(s, at) == end) {
				at = number(p, s, at);
			} else {
				mixed(p + at, end - at);
				at = end;
			}
		}
	}
}

static bool is_kept(struct str key)
{
	for (size_t i = 0; i < COUNT(KEPT); i++) {
		if (str_eqc(key, KEPT[i]))
			return true;
	}
	return false;
}

/* Numbers of these keys are times and sizes. */
static bool is_counted(struct str key)
{
	static const char *const ENDS[] = { "_ms", "_us", "bytes", "size", "rows" };

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		if (str_ends(key, str_of(ENDS[i])))
			return true;
	}
	return false;
}

/* What is known while JSON is walked. */
struct walk {
	bool kept, id, counted; /* of the last key */
	int depth;              /* outside of everything stand the lines of a stream (`id: 17`) */
};

/* A JSON number stays one: zeros in the place of stars. Returns its last character. */
static size_t json_number(char *p, size_t n, size_t at, const struct walk *w)
{
	size_t end = digits_end(str_n(p, n), at);
	bool whole = end == n || strchr(".eE", p[end]) == NULL;

	if (w->depth > 0 && whole && !w->counted && !w->kept && end - at >= VEIL_JSON_MIN)
		mask(p + at, end - at, end - at, '0');
	while (end < n && (is_digit(p[end]) || (p[end] != '\0' && strchr(".eE+-", p[end]) != NULL)))
		end++;
	return end - 1;
}

/* A JSON text from its opening quote; returns its closing one. */
static size_t json_text(char *p, size_t n, size_t at, struct walk *w)
{
	size_t end = at + 1, after;
	struct str text;

	for (; end < n && p[end] != '"'; end++)
		end += p[end] == '\\';
	end = end < n ? end : n;
	for (after = end + 1; after < n && p[after] == ' ';)
		after++;
	text = str_n(p + at + 1, end - at - 1);
	if (after < n && p[after] == ':') {
		w->kept = is_kept(text);
		w->counted = is_counted(text);
		w->id = str_eqc(text, "id");
	} else if (!w->kept && !(w->id && text.n <= ROW_ID_MAX)) {
		veil_text(p + at + 1, text.n);
	}
	return end;
}

void veil_json(char *p, size_t n)
{
	struct walk w = { .depth = 0 };

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			i = json_text(p, n, i, &w);
		else if (is_digit(p[i]))
			i = json_number(p, n, i, &w);
		else if (p[i] == '{' || p[i] == '[')
			w.depth++;
		else if (p[i] == '}' || p[i] == ']')
			w.depth--;
	}
}

bool veil_search_ok(struct call *c, const char *name, struct str text)
{
	int digits = 0;

	for (size_t i = 0; i < text.n; i++)
		digits += is_digit(text.p[i]);
	if (!c->who.masked || digits <= VEIL_SEARCH_MAX)
		return true;
	problem_field(c, 422, name,
		      "This account sees phone numbers masked: look for a name instead.");
	return false;
}

bool veil_file_ok(struct call *c, const char *mime)
{
	static const char *const CARDS[] = { "text/vcard", "text/x-vcard", "text/directory",
					     "text/csv" };

	for (size_t i = 0; c->who.masked && i < COUNT(CARDS); i++) {
		if (strcmp(mime, CARDS[i]) == 0) {
			problem(c, 403, "forbidden",
				"This account sees phone numbers masked, and this file is a list "
				"of "
				"contacts.");
			return false;
		}
	}
	return true;
}
