/* number.c - see number.h. */
#include "store/search/number.h"

#define GAP_MAX      3  /* separators between two groups: "(11) 95550" has two */
#define GROUPS_FIRST 12 /* from the beginning of a number: the whole of it */
#define GROUPS_INNER 5  /* from any other group: a table of numbers is no number */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static size_t digits_end(struct str s, size_t at)
{
	while (at < s.n && is_digit(s.p[at]))
		at++;
	return at;
}

/* No-break space, its narrow sister and the no-break hyphen: telephones write them. 0: no separator. */
static size_t separator_at(struct str s, size_t at)
{
	static const char *const WIDE[] = { "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x91" };

	if (at >= s.n || s.p[at] == '\0')
		return 0;
	if (strchr(" .,-/()'", s.p[at]) != NULL)
		return 1;
	for (size_t i = 0; i < COUNT(WIDE); i++) {
		if (str_starts(str_sub(s, at, s.n), str_of(WIDE[i])))
			return strlen(WIDE[i]);
	}
	return 0;
}

/* Where the next group of the number begins; 0: it ends here. */
static size_t group_behind(struct str s, size_t at)
{
	for (int i = 0; i < GAP_MAX; i++) {
		size_t step = separator_at(s, at);

		if (step == 0)
			return 0;
		at += step;
		if (at < s.n && is_digit(s.p[at]))
			return at;
	}
	return 0;
}

struct str number_significant(struct str digits)
{
	size_t zeros = 0;

	while (zeros < digits.n && digits.p[zeros] == '0')
		zeros++;
	return str_sub(digits, zeros, digits.n);
}

static void add_word(struct sbuf *words, struct str word)
{
	if (word.n == 0 || words->n + word.n + 1 > NUMBER_FORMS_MAX)
		return;
	sbuf_str(words, word);
	sbuf_char(words, ' ');
}

/* The group at `from` alone and with those behind it. Returns where the next group of the same number begins, or 0. */
static size_t add_forms(struct str text, size_t from, int groups, struct sbuf *words)
{
	char joined[NUMBER_DIGITS_MAX];
	size_t at = from, n = 0, next = 0;

	for (int i = 0; i < groups && at != 0; i++) {
		size_t end = digits_end(text, at);
		bool glued = (at > 0 && is_letter(text.p[at - 1])) ||
			     (end < text.n && is_letter(text.p[end]));

		if (end - at > sizeof(joined) - n)
			break;
		memcpy(joined + n, text.p + at, end - at);
		n += end - at;
		if (i > 0 || glued)
			add_word(words, str_n(joined, n));
		if (joined[0] == '0')
			add_word(words, number_significant(str_n(joined, n)));
		at = group_behind(text, end);
		if (i == 0)
			next = at;
	}
	return next;
}

void number_forms(struct str text, struct sbuf *ret_words)
{
	size_t at = 0, next = 0;

	while (at < text.n) {
		if (!is_digit(text.p[at])) {
			at++;
			continue;
		}
		next = add_forms(text, at, at == next && at > 0 ? GROUPS_INNER : GROUPS_FIRST,
				 ret_words);
		at = digits_end(text, at);
	}
}

size_t number_at(struct str text, int *ret_groups, struct sbuf *ret_digits)
{
	size_t at = 0, whole = 0;

	*ret_groups = 0;
	while (at < text.n && is_digit(text.p[at])) {
		size_t end = digits_end(text, at);

		if (end < text.n && is_letter(text.p[end]) && separator_at(text, end) == 0)
			break;
		sbuf_str(ret_digits, str_sub(text, at, end - at));
		whole = end;
		(*ret_groups)++;
		at = group_behind(text, end);
		if (at == 0)
			break;
	}
	return whole;
}
