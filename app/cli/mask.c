/* mask.c - see mask.h. */
#include "cli/mask.h"

#include <ctype.h>

#define DIGITS_LEAST 7

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of one word of a URL, e-mail address or token. */
static bool ends_word(char c)
{
	return (unsigned char)c <= ' ' || strchr("\"'<>(),", c) != NULL;
}

static bool is_hex_word(struct str s, size_t at)
{
	return at > 0 &&
	       (isalnum((unsigned char)s.p[at - 1]) || s.p[at - 1] == '-' || s.p[at - 1] == '_') &&
	       isalpha((unsigned char)s.p[at - 1]);
}

/* Length of what looks like a number from here on, and how many digits it has. */
static size_t number_at(struct str s, size_t at, size_t *ret_digits)
{
	size_t end = at, i = at;

	*ret_digits = 0;
	while (i < s.n && (is_digit(s.p[i]) || (*ret_digits > 0 && strchr(" .-/", s.p[i]) != NULL &&
						i + 1 < s.n && is_digit(s.p[i + 1])))) {
		if (is_digit(s.p[i])) {
			(*ret_digits)++;
			end = i + 1;
		}
		i++;
	}
	return end - at;
}

/* 2026-01-05T10:00:00: times are needed, and are no numbers of people. */
static bool is_date(struct str s, size_t at)
{
	return at + 10 <= s.n && s.p[at + 4] == '-' && s.p[at + 7] == '-' &&
	       (s.p[at] == '2' || s.p[at] == '1') && is_digit(s.p[at + 8]) &&
	       (at + 10 == s.n || !is_digit(s.p[at + 10]));
}

static void put_number(struct str number, size_t digits, struct sbuf *to)
{
	size_t seen = 0;

	for (size_t i = 0; i < number.n; i++) {
		bool digit = is_digit(number.p[i]);

		seen += digit;
		sbuf_char(to, digit && seen > 2 && seen <= digits - 2 ? '*' : number.p[i]);
	}
}

/* Behind "://": the host stays, what stands before an @ in it and behind it goes. */
static size_t put_url_rest(struct str s, size_t at, struct sbuf *to)
{
	size_t end = at, host = at;

	while (end < s.n && !ends_word(s.p[end]))
		end++;
	for (size_t i = at; i < end && s.p[i] != '/' && s.p[i] != '?' && s.p[i] != '#'; i++) {
		if (s.p[i] == '@')
			host = i + 1;
	}
	at = host;
	while (at < end && s.p[at] != '/' && s.p[at] != '?' && s.p[at] != '#')
		sbuf_char(to, s.p[at++]);
	if (at < end)
		sbuf_text(to, "/...");
	return end;
}

static size_t word_begin(const struct sbuf *to)
{
	size_t n = to->n;

	while (n > 0 && !ends_word(to->p[n - 1]) && to->p[n - 1] != ':' && to->p[n - 1] != '=')
		n--;
	return n;
}

static bool is_secret(struct str word)
{
	static const char *const BEGINS[] = { "totem_", "EAA", "Bearer", "eyJ", "v1:" };

	for (size_t i = 0; i < COUNT(BEGINS); i++) {
		if (str_starts(word, str_of(BEGINS[i])) && word.n >= 16)
			return true;
	}
	return false;
}

static size_t put_secret(struct str s, size_t at, struct sbuf *to)
{
	size_t end = at;

	while (end < s.n && !ends_word(s.p[end]))
		end++;
	if (!is_secret(str_sub(s, at, end - at)))
		return 0;
	sbuf_text(to, "(secret)");
	return end;
}

void mask_text(struct str from, struct sbuf *to)
{
	size_t at = 0, digits, n;

	while (at < from.n && sbuf_ok(to)) {
		bool begins = at == 0 || !isalnum((unsigned char)from.p[at - 1]);

		if (begins && (n = put_secret(from, at, to)) != 0) {
			at = n;
		} else if (str_starts(str_sub(from, at, 3), STR("://"))) {
			sbuf_text(to, "://");
			at = put_url_rest(from, at + 3, to);
		} else if (from.p[at] == '@') {
			to->n = word_begin(to);
			sbuf_text(to, "***@");
			at++;
		} else if (is_digit(from.p[at]) && begins && !is_date(from, at) &&
			   !is_hex_word(from, at)) {
			n = number_at(from, at, &digits);
			if (digits >= DIGITS_LEAST)
				put_number(str_sub(from, at, n), digits, to);
			else
				sbuf_add(to, from.p + at, n);
			at += n;
		} else {
			sbuf_char(to, from.p[at++]);
		}
	}
}
