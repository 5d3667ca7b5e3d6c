/* web_msg.h - HTTP/1.1 as text: the strict gate over request headers, paths, and the head of an
 * answer. Pure functions, no sockets; used by web.c. */
#ifndef IO_WEB_MSG_H
#define IO_WEB_MSG_H

#include "io/web.h"

#define WEB_MSG_DATE_MAX 32

/* NULL, or why the request is refused: a header that decides something is there twice, a header
 * name is no token, or the table of headers is full (the rest was lost). */
const char *web_msg_gate(const struct http_header_in *headers, size_t count);
/* Decodes a raw path. `to` takes the text when anything had to be decoded; the result is `raw`
 * otherwise. NULL: malformed escape, NUL, control character, backslash, dot segment or bad UTF-8.
 */
const char *web_msg_path(const char *raw, struct sbuf *to);
/* 1 to 64 characters of [A-Za-z0-9._-]. */
bool web_msg_id_ok(struct str id);
#define WEB_MSG_RANDOM 10
/* Bytes for request ids: they need to be different, not secret, so a seed and a counter do instead
 * of a system call each. Never repeats for one seed. */
void web_msg_random(const uint64_t seed[2], uint64_t count, uint8_t ret_bytes[WEB_MSG_RANDOM]);
/* Whether the client wants the connection closed after the answer. HTTP/1.0 always: keep-alive was
 * an extension there. `connection` is the value of that header, or STR_NONE. */
bool web_msg_closes(const char *version, struct str connection);
/* IMF-fixdate (RFC 9110 section 5.6.7). */
void web_msg_date(int64_t now_ms, char ret_text[WEB_MSG_DATE_MAX]);

struct web_msg_facts {
	const char *date;
	const char *request_id;
	size_t body_bytes;
	bool close;
	bool stream;  /* no length: the end of the connection ends the answer */
	bool chunked; /* no length: the body comes in chunks (RFC 9112 section 7.1) */
};

/* Status line, our headers, those of `r`, empty line. */
void web_msg_head(struct sbuf *to, const struct res *r, const struct web_msg_facts *f);
/* A whole answer of application/problem+json that closes the connection. */
void web_msg_problem(struct sbuf *to, int status, const char *request_id, const char *date);

#endif
