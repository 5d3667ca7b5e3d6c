/* http.h - calling peers: one request in, one answer out, with deadlines. The only door to libcurl.
 *
 * Threads: one `struct http` per thread (keep-alive connections live in it); http_start() once before.
 * Redirects are never followed. Only http and https. With `guard_private` the resolved address is checked
 * at socket open (loopback, private, link-local, CGNAT, multicast, v4-mapped, NAT64 are refused): for
 * URLs that users typed. Environment proxies, .netrc and cookies are not used. */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include "base/err.h"
#include "base/limits.h"
#include "base/sbuf.h"

struct http;

struct http_header {
	const char *name;
	const char *value; /* no CR or LF: RC_INVALID */
};

struct http_request {
	const char *method; /* "GET", "POST", ... */
	const char *url;
	const struct http_header *headers;
	size_t header_count;
	struct str body;            /* sent when p is not NULL */
	int64_t connect_timeout_ms; /* 0: HTTP_CONNECT_TIMEOUT_MS */
	int64_t timeout_ms;         /* 0: HTTP_TIMEOUT_MS; total, so an endless body ends */
	size_t answer_max;          /* 0: HTTP_ANSWER_MAX */
	bool guard_private;
	const char *keep_header; /* its values go to the answer's `kept`; NULL: none */
};

#define HTTP_ANSWER_HEADER_MAX 256u
#define HTTP_KEPT_MAX          4096u

struct http_answer {
	int status;       /* 0: no complete answer */
	struct sbuf body; /* caller releases with http_answer_release */
	char content_type[HTTP_ANSWER_HEADER_MAX];
	char api_version[32];   /* facebook-api-version, if sent */
	int64_t retry_after_ms; /* from Retry-After (seconds or date), -1: none */
	int64_t duration_ms;
	/* values of req->keep_header, one a line; one that does not fit is left out */
	char kept[HTTP_KEPT_MAX];
};

#define HTTP_ANSWER                                   \
	{                                             \
		.body = SBUF(0), .retry_after_ms = -1 \
	}

enum rc http_start(struct err *e) MUST_CHECK;
void http_stop(void);
const char *http_version(void);
/* CA bundle file for https; NULL: the system's usual places are tried. */
enum rc http_set_ca_file(const char *path, struct err *e) MUST_CHECK;

struct http *http_new(void);
void http_free(struct http *h);

/* RC_OK: a complete answer came, whatever its status.
 * RC_RETRY: the request provably did not reach the peer's program (resolve, connect, TLS failed).
 * RC_UNKNOWN: it may have been received (timed out or cut after bytes left, garbage, answer over the ceiling).
 * RC_REFUSED: the guard forbids the address. RC_INVALID: bad URL or header.
 * The text of `e` names host and cause, never query, headers or bodies. */
enum rc http_do(struct http *h, const struct http_request *req, struct http_answer *ret_ans,
		struct err *e) MUST_CHECK;
void http_answer_release(struct http_answer *a);

#endif
