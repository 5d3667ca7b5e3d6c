/* enc.h - text encodings: hex, base64, percent, HTML, UTF-8. Pure functions, no allocation but into
 * sbuf. */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include "base/sbuf.h"

void enc_hex(const uint8_t *bytes, size_t n, char *ret_text); /* 2n + 1 bytes, lower case */
/* Exactly n bytes from 2n hex digits. `lower_only`: upper-case digits are refused (Meta signs in
 * lower case). */
bool enc_unhex(struct str text, uint8_t *ret_bytes, size_t n, bool lower_only) MUST_CHECK;
void enc_base64(struct sbuf *to, const uint8_t *bytes, size_t n);
/* Standard and URL alphabet, padding optional. */
bool enc_unbase64(struct sbuf *to, struct str text) MUST_CHECK;
void enc_percent(struct sbuf *to, struct str s); /* everything but RFC 3986 unreserved */
bool enc_unpercent(struct sbuf *to, struct str s, bool plus_is_blank) MUST_CHECK; /* refuses %00 */
void enc_html(struct sbuf *to, struct str s);
/* Inside of a JSON text, without the quotes; malformed UTF-8 and NUL become U+FFFD. */
void enc_json(struct sbuf *to, struct str s);
/* Bytes of the first code point (1 to 4), or of the malformed sequence to skip; 0 at the end. */
size_t enc_utf8_step(struct str s, bool *ret_ok);
bool enc_utf8_ok(struct str s);      /* well-formed, no surrogates, no NUL */
size_t enc_utf8_count(struct str s); /* code points of well-formed text */
/* Longest prefix of at most `points` code points. */
struct str enc_utf8_cut(struct str s, size_t points);
/* Replaces malformed sequences by U+FFFD and NUL by U+FFFD. */
void enc_utf8_clean(struct sbuf *to, struct str s);
enum enc_query { QUERY_ABSENT, QUERY_FOUND, QUERY_MALFORMED };
/* Value of a query field ("a=b&c=d"), decoded into `to`. The first field of that name counts; fields
 * whose name is malformed are skipped. */
enum enc_query enc_query_get(struct str query, struct str name, struct sbuf *to) MUST_CHECK;

#endif
