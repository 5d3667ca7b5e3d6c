/* enc.c - text encodings. Pure functions; a decoder that refuses leaves its output as it was. */
#include "base/enc.h"

static const char HEX_LOWER[] = "0123456789abcdef";
static const char HEX_UPPER[] = "0123456789ABCDEF";
#define ENC_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

void enc_hex(const uint8_t *bytes, size_t n, char *ret_text)
{
	for (size_t i = 0; i < n; i++) {
		ret_text[2 * i] = HEX_LOWER[bytes[i] >> 4];
		ret_text[2 * i + 1] = HEX_LOWER[bytes[i] & 15];
	}
	ret_text[2 * n] = '\0';
}

static int enc_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool enc_unhex(struct str text, uint8_t *ret_bytes, size_t n, bool lower_only)
{
	if (text.n % 2 != 0 || text.n / 2 != n)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (enc_hex_digit(text.p[i]) < 0 ||
		    (lower_only && text.p[i] >= 'A' && text.p[i] <= 'F'))
			return false;
	for (size_t i = 0; i < n; i++)
		ret_bytes[i] = (uint8_t)(enc_hex_digit(text.p[2 * i]) * 16 +
					 enc_hex_digit(text.p[2 * i + 1]));
	return true;
}

void enc_base64(struct sbuf *to, const uint8_t *bytes, size_t n)
{
	static const char DIGITS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		size_t left = size_min(3, n - i);
		uint32_t v = (uint32_t)bytes[i] << 16;
		char four[4];

		if (left > 1)
			v |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			v |= (uint32_t)bytes[i + 2];
		four[0] = DIGITS[v >> 18];
		four[1] = DIGITS[v >> 12 & 63];
		four[2] = left > 1 ? DIGITS[v >> 6 & 63] : '=';
		four[3] = left > 2 ? DIGITS[v & 63] : '=';
		sbuf_add(to, four, sizeof(four));
	}
}

static int enc_base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/* Puts the output back where it was and passes the refusal on. */
static bool enc_undo(struct sbuf *to, size_t n)
{
	to->n = n;
	return false;
}

bool enc_unbase64(struct sbuf *to, struct str text)
{
	size_t before = to->n;
	size_t pad = 0;
	uint32_t v = 0;
	unsigned bits = 0;

	while (pad < 2 && text.n > 0 && text.p[text.n - 1] == '=') {
		text.n--;
		pad++;
	}
	if (text.n % 4 == 1 || (pad > 0 && (text.n + pad) % 4 != 0))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int digit = enc_base64_digit(text.p[i]);

		if (digit < 0)
			return enc_undo(to, before);
		v = (v << 6 | (uint32_t)digit) & 0xFFFFFF;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			sbuf_char(to, (char)(v >> bits & 0xFF));
		}
	}
	if ((v & ((1u << bits) - 1)) != 0) /* bits that say nothing: two texts for one value */
		return enc_undo(to, before);
	return sbuf_ok(to);
}

void enc_percent(struct sbuf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		unsigned char u = (unsigned char)c;

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~') {
			sbuf_char(to, c);
		} else {
			const char three[3] = { '%', HEX_UPPER[u >> 4], HEX_UPPER[u & 15] };

			sbuf_add(to, three, sizeof(three));
		}
	}
}

bool enc_unpercent(struct sbuf *to, struct str s, bool plus_is_blank)
{
	size_t before = to->n;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			uint8_t byte;

			if (!enc_unhex(str_sub(s, i + 1, 2), &byte, 1, false))
				return enc_undo(to, before);
			c = (char)byte;
			i += 2;
		} else if (c == '+' && plus_is_blank) {
			c = ' ';
		}
		if (c == '\0')
			return enc_undo(to, before);
		sbuf_char(to, c);
	}
	return sbuf_ok(to);
}

void enc_html(struct sbuf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&':
			sbuf_text(to, "&amp;");
			break;
		case '<':
			sbuf_text(to, "&lt;");
			break;
		case '>':
			sbuf_text(to, "&gt;");
			break;
		case '"':
			sbuf_text(to, "&quot;");
			break;
		case '\'':
			sbuf_text(to, "&#39;");
			break;
		default: /* a char, no enum */
			sbuf_char(to, s.p[i]);
		}
	}
}

/* Unicode 15, table 3-7: which second byte may follow a first one. */
static const struct {
	uint8_t low, high;   /* first byte */
	uint8_t low2, high2; /* second byte */
	uint8_t bytes;
} UTF8[] = {
	{ 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
	{ 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
	{ 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

size_t enc_utf8_step(struct str s, bool *ret_ok)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t row = 0;

	*ret_ok = false;
	if (s.n == 0)
		return 0;
	if (p[0] < 0x80) {
		*ret_ok = true;
		return 1;
	}
	while (row < COUNT(UTF8) && (p[0] < UTF8[row].low || p[0] > UTF8[row].high))
		row++;
	if (row == COUNT(UTF8) || s.n < 2 || p[1] < UTF8[row].low2 || p[1] > UTF8[row].high2)
		return 1;
	for (size_t i = 2; i < UTF8[row].bytes; i++)
		if (i >= s.n || p[i] < 0x80 || p[i] > 0xBF)
			return i;
	*ret_ok = true;
	return UTF8[row].bytes;
}

bool enc_utf8_ok(struct str s)
{
	bool ok = true;

	if (str_chr(s, '\0') >= 0)
		return false;
	while (s.n > 0 && ok) {
		size_t n = enc_utf8_step(s, &ok);

		s = str_sub(s, n, s.n);
	}
	return ok;
}

size_t enc_utf8_count(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] & 0xC0) != 0x80)
			count++;
	return count;
}

struct str enc_utf8_cut(struct str s, size_t points)
{
	struct str rest = s;
	bool ok;

	while (points > 0 && rest.n > 0) {
		rest = str_sub(rest, enc_utf8_step(rest, &ok), rest.n);
		points--;
	}
	return str_sub(s, 0, s.n - rest.n);
}

void enc_utf8_clean(struct sbuf *to, struct str s)
{
	while (s.n > 0) {
		bool ok;
		size_t n = enc_utf8_step(s, &ok);

		if (ok && s.p[0] != '\0')
			sbuf_add(to, s.p, n);
		else
			sbuf_text(to, ENC_REPLACEMENT);
		s = str_sub(s, n, s.n);
	}
}

static void enc_json_escape(struct sbuf *to, char c)
{
	switch (c) {
	case '"':
		sbuf_text(to, "\\\"");
		return;
	case '\\':
		sbuf_text(to, "\\\\");
		return;
	case '\n':
		sbuf_text(to, "\\n");
		return;
	case '\r':
		sbuf_text(to, "\\r");
		return;
	case '\t':
		sbuf_text(to, "\\t");
		return;
	case '\0':
		sbuf_text(to, ENC_REPLACEMENT);
		return;
	default: /* a char, no enum */
		sbuf_printf(to, "\\u%04x", (unsigned)(unsigned char)c);
	}
}

void enc_json(struct sbuf *to, struct str s)
{
	size_t from = 0; /* start of the run that needs no change */
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = 1;
		bool ok = c >= 0x20 && c != '"' && c != '\\';

		if (c >= 0x80)
			n = enc_utf8_step(str_sub(s, i, s.n), &ok);
		if (!ok) {
			sbuf_add(to, s.p + from, i - from);
			if (c >= 0x80)
				sbuf_text(to, ENC_REPLACEMENT);
			else
				enc_json_escape(to, s.p[i]);
			from = i + n;
		}
		i += n;
	}
	if (s.n > from)
		sbuf_add(to, s.p + from, s.n - from);
}

enum enc_query enc_query_get(struct str query, struct str name, struct sbuf *to)
{
	AUTO(sbuf_release) struct sbuf key = SBUF(256);
	struct str part;

	while (str_cut(&query, '&', &part)) {
		ptrdiff_t at = str_chr(part, '=');
		size_t key_n = at >= 0 ? (size_t)at : part.n;

		sbuf_reset(&key);
		if (!enc_unpercent(&key, str_sub(part, 0, key_n), true))
			continue;
		if (str_eq(sbuf_view(&key), name))
			return enc_unpercent(to, str_sub(part, key_n + 1, part.n), true)
				       ? QUERY_FOUND
				       : QUERY_MALFORMED;
	}
	return QUERY_ABSENT;
}
