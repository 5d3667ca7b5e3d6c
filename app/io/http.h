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

/* Bytes of a 2xx answer as they come, instead of http_answer.body: for files. Not RC_OK: the request is given up and
 * http_do gives that verdict. */
typedef enum rc http_sink_fn(void *arg, const char *p, size_t n, struct err *e);
/* Bytes of the file that is sent, from any offset; *ret_n 0 at its end. */
typedef enum rc http_source_fn(void *arg, int64_t offset, char *p, size_t n, size_t *ret_n,
			       struct err *e);

/* multipart/form-data: fields, and one file that is read piece by piece. */
struct http_field {
	const char *name;
	const char *value;
};
struct http_form {
	const struct http_field *fields;
	size_t field_count;
	const char *file_field; /* its field's name; NULL: "file" */
	const char *file_name;  /* of the part's Content-Disposition; made harmless by the caller */
	const char *file_type;  /* its Content-Type */
	int64_t file_bytes;
	http_source_fn *source;
	void *source_arg;
};

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
	bool look_at_cert;       /* fills cert_ends_ms or `refused` of the answer */
	const char *keep_header; /* its values go to the answer's `kept`; NULL: none */
	http_sink_fn *sink;      /* NULL: the answer's body goes to memory */
	void *sink_arg;
	int64_t sink_max;             /* bytes that the sink takes; more is RC_LIMIT */
	const struct http_form *form; /* instead of `body`; method POST */
	/* Slower than this for HTTP_LOW_SPEED_S is given up; 0: 1. For files, whose total time has to be long. */
	int64_t low_speed_bytes;
	int64_t low_speed_s; /* 0: HTTP_LOW_SPEED_S */
};

#define HTTP_ANSWER_HEADER_MAX 256u
#define HTTP_KEPT_MAX          4096u
#define HTTP_LOW_SPEED_S       20

/* From and until when a certificate is good, wall; 0: not known. */
struct http_cert_span {
	int64_t from_ms, until_ms;
};

struct http_answer {
	int status;       /* 0: no complete answer */
	struct sbuf body; /* caller releases with http_answer_release */
	char content_type[HTTP_ANSWER_HEADER_MAX];
	char api_version[32]; /* facebook-api-version, if sent */
	char usage[512];      /* x-business-use-case-usage, else x-app-usage; JSON, if sent */
	int64_t cert_ends_ms; /* https: end of the server's certificate, wall; 0: not known */
	bool cert_refused;    /* https: the certificate is not trusted, over, or of another name */
	struct http_cert_span refused; /* with look_at_cert, of a certificate that was refused */
	bool too_long;                 /* given up because its body is longer than answer_max */
	bool connected;                /* the connection stood, whatever came of it */
	int64_t retry_after_ms;        /* from Retry-After (seconds or date), -1: none */
	int64_t duration_ms;
	/* values of req->keep_header, one a line; one that does not fit is left out */
	char kept[HTTP_KEPT_MAX];
	int64_t sunk_bytes; /* that the sink took */
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
 * With a sink: its own verdict, or RC_LIMIT when the answer is longer than sink_max. With a form whose file cannot be
 * read: RC_IO.
 * The text of `e` names host and cause, never query, headers or bodies. */
enum rc http_do(struct http *h, const struct http_request *req, struct http_answer *ret_ans,
		struct err *e) MUST_CHECK;
void http_answer_release(struct http_answer *a);

#endif
