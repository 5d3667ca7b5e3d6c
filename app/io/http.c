/* http.c - one request out, one answer in. The only door to libcurl.
 *
 * Sent at most once. libcurl repeats a request by itself when a reused connection dies before the first byte of the
 * answer; for a POST that means two messages. Every attempt passes PREREQFUNCTION right before its first byte, and
 * REQUEST_SIZE counts all bytes that were handed to the kernel (or to TLS). So: a second attempt of anything but GET and
 * HEAD is aborted there unless the first wrote nothing at all, and the same two facts decide between RC_RETRY (no byte
 * left) and RC_UNKNOWN. A connection that the peer has closed is noticed there too, before anything is written.
 *
 * Guarded requests (URLs that users typed) have an easy handle of their own: a connection opened
 * without the guard must not be reused by a guarded request.
 *
 * Long file: one library, one file; each part of a request is a short section of it. */
#include "io/http.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/http_guard.h"

/* Node closes idle connections after 5 s, nginx after 75 s. Below that a reuse does not race the
 * close. */
#define HTTP_IDLE_S       4L
#define HTTPS_IDLE_S      25L
#define HTTP_LIFE_S       3600L
#define HTTP_DNS_CACHE_S  60L
#define HTTP_CA_MAX       (2 * MIB)
#define HTTP_HEADERS_MAX  64u
#define HTTP_HOST_MAX     256u
#define HTTP_RETRY_MAX_MS DAY_MS

struct http {
	CURL *plain;
	CURL *guarded; /* made at first use */
};

/* One request, for the callbacks. */
struct call {
	CURL *curl;
	const struct http_request *req;
	struct http_answer *ans;
	int attempts;
	bool once;    /* not GET or HEAD: never a second time */
	bool hung_up; /* the peer had closed before our first byte */
	bool refused;
	bool too_long;
	struct err sunk; /* the sink's or the source's own verdict */
	int64_t offset;  /* of the form's file */
};

/* Rule 29 is broken here: libcurl's own state is global, and so is what surrounds it. Written by http_start,
 * http_set_ca_file and http_stop only. The locks are libcurl's (leaves, taken inside of it), therefore without a rank. */
static struct {
	CURLSH *share;
	struct sbuf ca;
	pthread_mutex_t lock[CURL_LOCK_DATA_LAST];
} lib;

static void share_lock(CURL *curl, curl_lock_data data, curl_lock_access access, void *arg)
{
	(void)curl;
	(void)access;
	(void)arg;
	ASSERT((size_t)data < COUNT(lib.lock) && pthread_mutex_lock(&lib.lock[data]) == 0);
}

static void share_unlock(CURL *curl, curl_lock_data data, void *arg)
{
	(void)curl;
	(void)arg;
	ASSERT((size_t)data < COUNT(lib.lock) && pthread_mutex_unlock(&lib.lock[data]) == 0);
}

const char *http_version(void)
{
	return curl_version();
}

enum rc http_set_ca_file(const char *path, struct err *e)
{
	static const char *const usual[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
		"/etc/ssl/ca-bundle.pem",
	};
	if (path == NULL) {
		for (size_t i = 0; i < COUNT(usual) && path == NULL; i++)
			path = access(usual[i], R_OK) == 0 ? usual[i] : NULL;
	}
	if (path == NULL)
		return FAIL(e, RC_ABSENT, "no CA bundle in the usual places");
	struct sbuf ca = SBUF(HTTP_CA_MAX);
	enum rc rc = file_read(path, &ca, e);
	if (rc == RC_OK && str_find(sbuf_view(&ca), STR("-----BEGIN CERTIFICATE-----")) < 0)
		rc = FAIL(e, RC_INVALID, "%s holds no certificate", path);
	if (rc != RC_OK) {
		sbuf_release(&ca);
		return rc;
	}
	/* The NUL lets libcurl parse in place: it copies PEM text that does not end with one. */
	sbuf_char(&ca, '\0');
	sbuf_release(&lib.ca);
	lib.ca = ca;
	return RC_OK;
}

enum rc http_start(struct err *e)
{
	ASSERT(lib.share == NULL);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return FAIL(e, RC_IO, "libcurl does not start");
	if (curl_version_info(CURLVERSION_NOW)->version_num != LIBCURL_VERSION_NUM)
		return FAIL(e, RC_IO, "libcurl is not the one of its header");
	for (size_t i = 0; i < COUNT(lib.lock); i++)
		ASSERT(pthread_mutex_init(&lib.lock[i], NULL) == 0);
	lib.share = curl_share_init();
	if (lib.share == NULL ||
	    curl_share_setopt(lib.share, CURLSHOPT_LOCKFUNC, share_lock) != CURLSHE_OK ||
	    curl_share_setopt(lib.share, CURLSHOPT_UNLOCKFUNC, share_unlock) != CURLSHE_OK ||
	    curl_share_setopt(lib.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK ||
	    curl_share_setopt(lib.share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
		return FAIL(e, RC_IO, "libcurl does not share");
	/* Without a bundle plain http works and https fails with a clear text. */
	if (http_set_ca_file(NULL, NULL) != RC_OK)
		log_event(LOG_DEBUG, "http.ca_missing", NULL);
	return RC_OK;
}

void http_stop(void)
{
	if (lib.share == NULL)
		return;
	ASSERT(curl_share_cleanup(lib.share) == CURLSHE_OK); /* a handle is still alive */
	lib.share = NULL;
	curl_global_cleanup();
	sbuf_release(&lib.ca);
	for (size_t i = 0; i < COUNT(lib.lock); i++)
		pthread_mutex_destroy(&lib.lock[i]);
}

/* libcurl looks for dead connections once a second only; a close since then would make a request
 * that nobody reads, and an RC_UNKNOWN where nothing is unknown. */
static bool is_hung_up(CURL *curl)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return false;
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
	return poll(&p, 1, 0) == 1;
}

/* Right before the first byte of each attempt. */
static int on_attempt(void *arg, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
	struct call *c = arg;
	long sent = 0;
	(void)peer_ip;
	(void)own_ip;
	(void)peer_port;
	(void)own_port;
	c->attempts++;
	if (c->attempts == 1 && is_hung_up(c->curl)) {
		c->hung_up = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (c->attempts > 1 && c->once &&
	    (curl_easy_getinfo(c->curl, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent > 0))
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

/* libcurl opens sockets through here only for guarded handles; the address is the resolved one. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct call *c = arg;
	if (purpose != CURLSOCKTYPE_IPCXN || !http_guard_allows(&to->addr)) {
		c->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t to_sink(struct call *c, const char *p, size_t bytes)
{
	if (c->ans->sunk_bytes + (int64_t)bytes > c->req->sink_max)
		(void)FAIL(&c->sunk, RC_LIMIT, "the answer is longer than %lld bytes",
			   (long long)c->req->sink_max);
	else if (c->req->sink(c->req->sink_arg, p, bytes, &c->sunk) == RC_OK)
		c->ans->sunk_bytes += (int64_t)bytes;
	return c->sunk.rc == RC_OK ? bytes : CURL_WRITEFUNC_ERROR;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	struct sbuf *b = &c->ans->body;
	size_t bytes = size * n;
	long status = 0;
	if (c->req->sink != NULL &&
	    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
	    status / 100 == 2)
		return to_sink(c, p, bytes);
	if (bytes > b->max - b->n) {
		c->too_long = true;
		return CURL_WRITEFUNC_ERROR;
	}
	sbuf_add(b, p, bytes);
	return bytes;
}

/* Seconds or an HTTP date; nonsense counts as not sent. */
static int64_t retry_after_ms(struct str v)
{
	char text[64];
	int64_t s;
	if (str_i64(v, 0, INT32_MAX, &s))
		return i64_min(s * SECOND_MS, HTTP_RETRY_MAX_MS);
	if (!str_copy(v, text, sizeof text))
		return -1;
	time_t at = curl_getdate(text, NULL);
	if (at < 0)
		return -1;
	int64_t wait_ms = (int64_t)at * SECOND_MS - clock_now_ms();
	return i64_min(i64_max(wait_ms, 0), HTTP_RETRY_MAX_MS);
}

/* A value that does not fit is of no use: the field stays empty. */
static void copy_or_empty(struct str v, char *to, size_t to_bytes)
{
	if (!str_copy(v, to, to_bytes))
		to[0] = '\0';
}

/* Cookies come in several headers of one name. */
static void keep(const char *wanted, struct str name, struct str value, char *kept)
{
	size_t n = strlen(kept), room = HTTP_KEPT_MAX - n;
	if (wanted != NULL && str_ieq(name, str_of(wanted)) && value.n + 2 <= room)
		(void)snprintf(kept + n, room, "%s%.*s", n > 0 ? "\n" : "", STRF(value));
}

/* Only while the connection is in use by this call can libcurl show its TLS. */
static void note_certificate(const struct call *c)
{
	const struct curl_tlssessioninfo *tls = NULL;
	if (c->req->look_at_cert &&
	    curl_easy_getinfo(c->curl, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls != NULL &&
	    tls->backend == CURLSSLBACKEND_MBEDTLS)
		c->ans->cert_ends_ms = crypto_peer_ends_ms(tls->internals);
}

/* "2026-11-22 16:17:56 GMT", as libcurl writes the times of a certificate. 0: something else. */
static int64_t cert_time_ms(struct str text)
{
	char iso[CLOCK_TEXT_MAX];
	int64_t ms;

	(void)snprintf(iso, sizeof(iso), "%.*sT%.*sZ", STRF(str_sub(text, 0, 10)),
		       STRF(str_sub(text, 11, 8)));
	return text.n >= 19 && clock_parse(str_of(iso), &ms) ? ms : 0;
}

/* A connection that was refused is gone; what libcurl wrote down of the server's own certificate is not. */
static void note_refused(const struct call *c)
{
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(c->curl, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
	    info->num_of_certs < 1)
		return;
	for (const struct curl_slist *l = info->certinfo[0]; l != NULL; l = l->next) {
		struct str value = str_of(l->data), name;

		if (!str_cut(&value, ':', &name))
			continue;
		if (str_eqc(name, "Start Date"))
			c->ans->refused.from_ms = cert_time_ms(value);
		else if (str_eqc(name, "Expire Date"))
			c->ans->refused.until_ms = cert_time_ms(value);
	}
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	struct http_answer *a = c->ans;
	struct str line = str_n(p, size * n);
	struct str name;
	if (str_starts(line, STR("HTTP/"))) { /* a new block: the first may have been 1xx */
		a->content_type[0] = a->api_version[0] = a->kept[0] = a->usage[0] = '\0';
		a->retry_after_ms = -1;
		note_certificate(c);
		return size * n;
	}
	if (!str_cut(&line, ':', &name))
		return size * n;
	line = str_trim(line);
	keep(c->req->keep_header, name, line, a->kept);
	if (str_ieq(name, STR("Content-Type")))
		copy_or_empty(line, a->content_type, sizeof a->content_type);
	else if (str_ieq(name, STR("facebook-api-version")))
		copy_or_empty(line, a->api_version, sizeof a->api_version);
	else if (str_ieq(name, STR("x-business-use-case-usage")) ||
		 (a->usage[0] == '\0' && str_ieq(name, STR("x-app-usage"))))
		copy_or_empty(line, a->usage, sizeof a->usage);
	else if (str_ieq(name, STR("Retry-After")))
		a->retry_after_ms = retry_after_ms(line);
	return size * n;
}

/* An option that the library does not know is an error of the build, not of the weather. */
#define SET(option, value) ASSERT(curl_easy_setopt(curl, (option), (value)) == CURLE_OK)

/* Options that are the same for all requests. */
static CURL *handle_new(bool guarded)
{
	CURL *curl = curl_easy_init();
	ASSERT(curl != NULL);
	SET(CURLOPT_SHARE, lib.share);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https"); /* never followed; narrow all the same */
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_PROXY, ""); /* none, and none from the environment; .netrc is off by default */
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_MAXLIFETIME_CONN, HTTP_LIFE_S);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, HTTP_DNS_CACHE_S);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_PREREQFUNCTION, on_attempt);
	if (guarded)
		SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	return curl;
}

struct http *http_new(void)
{
	ASSERT(lib.share != NULL);
	struct http *h = mem_new(1, sizeof *h);
	h->plain = handle_new(false);
	return h;
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->plain);
	curl_easy_cleanup(h->guarded);
	mem_free(h);
}

void http_answer_release(struct http_answer *a)
{
	sbuf_release(&a->body);
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 127 || strchr("()<>@,;:\\\"/[]?={}", c) != NULL)
			return false;
	}
	return s.n > 0;
}

static void headers_free(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void headers_add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	ASSERT(longer != NULL);
	*list = longer;
}

/* Our headers plus the removal of those that libcurl would add on its own. */
static enum rc headers_make(const struct http_request *req, struct curl_slist **ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf line = SBUF(16 * KIB);
	bool typed = false;
	if (req->header_count > HTTP_HEADERS_MAX)
		return FAIL(e, RC_INVALID, "too many headers");
	for (size_t i = 0; i < req->header_count; i++) {
		const struct http_header *h = &req->headers[i];
		struct str name = str_of(h->name);
		if (!is_token(name) || strpbrk(h->value, "\r\n") != NULL)
			return FAIL(e, RC_INVALID, "header %zu is malformed", i);
		if (str_ieq(name, STR("Content-Length")) || str_ieq(name, STR("Transfer-Encoding")))
			return FAIL(e, RC_INVALID, "the length header is not the caller's");
		typed = typed || str_ieq(name, STR("Content-Type"));
		sbuf_reset(&line);
		/* libcurl's form for an empty value is "Name;" */
		sbuf_printf(&line, h->value[0] != '\0' ? "%s: %s" : "%s;%s", h->name, h->value);
		if (!sbuf_ok(&line))
			return FAIL(e, RC_INVALID, "header %s is too long", h->name);
		headers_add(ret, sbuf_c(&line));
	}
	headers_add(ret, "Expect:");
	if (!typed && req->form == NULL)
		headers_add(ret, "Content-Type:");
	return RC_OK;
}

static void set_method(CURL *curl, const struct http_request *req)
{
	bool get = strcmp(req->method, "GET") == 0;
	bool head = strcmp(req->method, "HEAD") == 0;
	bool post = strcmp(req->method, "POST") == 0;
	SET(CURLOPT_HTTPGET, 1L); /* ends NOBODY and POST of the request before */
	SET(CURLOPT_CUSTOMREQUEST, NULL);
	if (head)
		SET(CURLOPT_NOBODY, 1L);
	if (req->form == NULL && (req->body.p != NULL || post)) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
		SET(CURLOPT_POSTFIELDS, req->body.p != NULL ? req->body.p : "");
	}
	if (!head && !((get && req->body.p == NULL) || post))
		SET(CURLOPT_CUSTOMREQUEST, req->method);
}

/* --- the file of a form --- */

static size_t on_source(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	size_t got = 0;
	if (c->req->form->source(c->req->form->source_arg, c->offset, p, size * n, &got,
				 &c->sunk) != RC_OK)
		return CURL_READFUNC_ABORT;
	c->offset += (int64_t)got;
	return got;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct call *c = arg;
	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	c->offset = offset;
	return CURL_SEEKFUNC_OK;
}

static void mime_free(curl_mime **mime)
{
	curl_mime_free(*mime);
}

static void set_form(struct call *c, curl_mime **ret_mime)
{
	CURL *curl = c->curl;
	const struct http_form *f = c->req->form;
	if (f == NULL)
		return;
	*ret_mime = curl_mime_init(c->curl);
	ASSERT(*ret_mime != NULL);
	for (size_t i = 0; i <= f->field_count; i++) {
		bool file = i == f->field_count;
		const char *file_field = f->file_field != NULL ? f->file_field : "file";
		curl_mimepart *part = curl_mime_addpart(*ret_mime);
		ASSERT(part != NULL &&
		       curl_mime_name(part, file ? file_field : f->fields[i].name) == CURLE_OK);
		if (!file)
			ASSERT(curl_mime_data(part, f->fields[i].value, CURL_ZERO_TERMINATED) ==
			       CURLE_OK);
		else
			ASSERT(curl_mime_data_cb(part, f->file_bytes, on_source, on_seek, NULL,
						 c) == CURLE_OK &&
			       curl_mime_filename(part, f->file_name) == CURLE_OK &&
			       curl_mime_type(part, f->file_type) == CURLE_OK);
	}
	SET(CURLOPT_MIMEPOST, *ret_mime);
}

static bool set_call(CURL *curl, struct call *c, struct curl_slist *headers)
{
	const struct http_request *req = c->req;
	bool tls = strncasecmp(req->url, "https:", 6) == 0;
	int64_t connect_ms =
		req->connect_timeout_ms > 0 ? req->connect_timeout_ms : HTTP_CONNECT_TIMEOUT_MS;
	int64_t total_ms = req->timeout_ms > 0 ? req->timeout_ms : HTTP_TIMEOUT_MS;

	if (curl_easy_setopt(curl, CURLOPT_URL, req->url) != CURLE_OK)
		return false;
	set_method(curl, req);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	SET(CURLOPT_TIMEOUT_MS, (long)total_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)i64_max(req->low_speed_bytes, 1));
	SET(CURLOPT_LOW_SPEED_TIME,
	    (long)(req->low_speed_s > 0 ? req->low_speed_s : HTTP_LOW_SPEED_S));
	SET(CURLOPT_CERTINFO, req->look_at_cert ? 1L : 0L);
	SET(CURLOPT_MAXAGE_CONN, tls ? HTTPS_IDLE_S : HTTP_IDLE_S);
	SET(CURLOPT_HEADERDATA, c);
	SET(CURLOPT_WRITEDATA, c);
	SET(CURLOPT_PREREQDATA, c);
	SET(CURLOPT_OPENSOCKETDATA, c);
	if (tls && lib.ca.p != NULL) {
		struct curl_blob ca = { .data = lib.ca.p,
					.len = lib.ca.n,
					.flags = CURL_BLOB_NOCOPY };
		SET(CURLOPT_CAINFO_BLOB, &ca);
	}
	return true;
}

/* The host alone: a URL may hold secrets in its path, query and user part. */
static void host_of(const char *url, char ret_host[HTTP_HOST_MAX])
{
	char *host = NULL;
	CURLU *u = curl_url();
	ret_host[0] = '\0';
	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		copy_or_empty(str_of(host), ret_host, HTTP_HOST_MAX);
	curl_free(host);
	curl_url_cleanup(u);
}

static enum rc verdict(CURL *curl, const struct call *c, CURLcode code, struct err *e)
{
	char host[HTTP_HOST_MAX];
	long sent = 0;
	host_of(c->req->url, host);
	bool may_be_sent =
		c->attempts > 0 &&
		(curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent > 0);
	if (c->sunk.rc != RC_OK)
		return FAIL(e, c->sunk.rc, "%s", c->sunk.text);
	bool malformed = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
	if (malformed && !may_be_sent)
		return FAIL(e, RC_INVALID, "%s: %s", host, curl_easy_strerror(code));
	if (c->refused && !may_be_sent)
		return FAIL(e, RC_REFUSED, "%s: address is not allowed", host);
	if (c->hung_up && !may_be_sent)
		return FAIL(e, RC_RETRY, "%s: closed before the request", host);
	if (!may_be_sent)
		return FAIL(e, RC_RETRY, "%s: %s", host, curl_easy_strerror(code));
	if (c->too_long)
		return FAIL(e, RC_UNKNOWN, "%s: answer is longer than %zu bytes", host,
			    c->ans->body.max);
	if (c->attempts > 1 && c->once)
		return FAIL(e, RC_UNKNOWN, "%s: connection closed after the request was sent",
			    host);
	return FAIL(e, RC_UNKNOWN, "%s: %s", host, curl_easy_strerror(code));
}

static CURLcode perform(struct call *c)
{
	CURL *curl = c->curl;
	CURLcode code = curl_easy_perform(curl);
	if (!c->hung_up)
		return code;
	/* A kept connection had ended: nothing was sent, so once more on a new one. */
	c->hung_up = false;
	c->attempts = 0;
	SET(CURLOPT_FRESH_CONNECT, 1L);
	code = curl_easy_perform(curl);
	SET(CURLOPT_FRESH_CONNECT, 0L);
	return code;
}

static void answer_clear(struct http_answer *a, size_t max)
{
	sbuf_reset(&a->body);
	a->body.max = max;
	a->status = 0;
	a->content_type[0] = a->api_version[0] = a->kept[0] = a->usage[0] = '\0';
	a->retry_after_ms = -1;
	a->duration_ms = a->cert_ends_ms = 0;
	a->refused = (struct http_cert_span){ 0 };
	a->cert_refused = a->connected = a->too_long = false;
	a->sunk_bytes = 0;
}

enum rc http_do(struct http *h, const struct http_request *req, struct http_answer *ret_ans,
		struct err *e)
{
	AUTO(headers_free) struct curl_slist *headers = NULL;
	AUTO(mime_free) curl_mime *mime = NULL;
	struct call c = { .req = req, .ans = ret_ans };

	answer_clear(ret_ans, req->answer_max > 0 ? req->answer_max : HTTP_ANSWER_MAX);
	if (strnlen(req->url, HTTP_URL_MAX) >= HTTP_URL_MAX)
		return FAIL(e, RC_INVALID, "URL is longer than %u bytes", HTTP_URL_MAX);
	if (!is_token(str_of(req->method)))
		return FAIL(e, RC_INVALID, "method is malformed");
	TRY(headers_make(req, &headers, e));
	if (req->guard_private && h->guarded == NULL)
		h->guarded = handle_new(true);
	c.curl = req->guard_private ? h->guarded : h->plain;
	c.once = strcmp(req->method, "GET") != 0 && strcmp(req->method, "HEAD") != 0;
	if (!set_call(c.curl, &c, headers))
		return FAIL(e, RC_INVALID, "URL is malformed");
	set_form(&c, &mime);

	int64_t start_us = clock_mono_us();
	CURLcode code = perform(&c);
	if (req->form != NULL) /* it ends with this call */
		ASSERT(curl_easy_setopt(c.curl, CURLOPT_MIMEPOST, NULL) == CURLE_OK);
	ret_ans->cert_refused = code == CURLE_PEER_FAILED_VERIFICATION;
	if (ret_ans->cert_refused && req->look_at_cert)
		note_refused(&c);
	ret_ans->too_long = c.too_long;
	curl_off_t connect_us = 0;
	ret_ans->connected =
		curl_easy_getinfo(c.curl, CURLINFO_CONNECT_TIME_T, &connect_us) == CURLE_OK &&
		connect_us > 0;
	ret_ans->duration_ms = (clock_mono_us() - start_us) / 1000;
	long status = 0;
	if (code == CURLE_OK)
		code = curl_easy_getinfo(c.curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK || status < 200)
		return verdict(c.curl, &c, code != CURLE_OK ? code : CURLE_WEIRD_SERVER_REPLY, e);
	ret_ans->status = (int)status;
	return RC_OK;
}
