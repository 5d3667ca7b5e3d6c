/* web.c - the embedded web server on CivetWeb.
 *
 * Each worker thread owns a struct worker: arena, body, answer and header buffers, reused from
 * request to request, so that the common request allocates nothing. Everything happens in the
 * begin_request callback, before CivetWeb looks for files, passwords or handlers (a stat and two
 * locks per request). The answer is one buffer and one mg_write: ten small writes cost three times
 * the whole request. Only files are different: they go in pieces, read as the client takes them.
 *
 * Long file: the whole way of a request through one worker, in its order. */
#include "io/web.h"

#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "io/crypto.h"
#include "io/web_msg.h"
#include "io/web_options.h"

#define WEB_ARENA_MAX    (16 * MIB)
#define WEB_RES_HEAD_MAX (32 * KIB)
#define WEB_KEEP_MAX     (1 * MIB) /* a larger buffer is given back after the request */
#define WEB_DRAIN_MAX    (64 * KIB)
#define WEB_BODY_STEP    (16 * KIB)
/* A file answer: this much at once, and a client slower than this holds its worker no longer than the deadline. */
#define WEB_FILE_STEP      (64 * (int64_t)KIB)
#define WEB_FILE_SPEED_MIN (16 * (int64_t)KIB) /* bytes a second */
#define WEB_FILE_GRACE_US  (15 * (int64_t)1000 * 1000)
#define WEB_LOG_WINDOW_MS  (10 * SECOND_MS)
#define WEB_LOG_PER_WINDOW 5

struct web {
	struct mg_context *ctx;
	enum web_listener listener;
	web_handler *handler;
	void *arg;
	int port;
	/* Any thread; approximate on purpose. */
	_Atomic int64_t log_window_ms;
	atomic_int log_count;
};

struct web_stream {
	struct mg_detached *d;
};

struct web_conn {
	struct mg_connection *mg;
	struct worker *w;
	bool has_body;
	bool chunked;
	bool expects; /* "Expect: 100-continue" not yet answered */
	bool close;   /* the rest of the request was not read, or is not to be trusted */
	bool head;
	bool old; /* HTTP/1.0: knows no chunks */
};

/* Owned by one CivetWeb worker thread. */
struct worker {
	struct arena arena;
	struct sbuf path;
	struct sbuf body;
	struct sbuf res_headers;
	struct sbuf res_body;
	struct sbuf out;
	struct http_header_in headers[WEB_HEADERS_MAX];
	uint64_t id_seed[2];
	uint64_t id_count;
	int64_t date_s;
	char date[WEB_MSG_DATE_MAX];
};

const char *web_version(void)
{
	return mg_version();
}

/* --- body of the request --- */

static void body_expected(struct web_conn *c)
{
	static const char go[] = "HTTP/1.1 100 Continue\r\n\r\n";
	if (!c->expects)
		return;
	c->expects = false;
	/* A client that is gone shows at the next read. */
	(void)mg_write(c->mg, go, sizeof go - 1);
}

static enum rc body_read_known(struct web_conn *c, size_t n, struct err *e)
{
	struct sbuf *b = &c->w->body;
	char *p = sbuf_room(b, n);
	ASSERT(p != NULL);
	while (b->n < n) {
		int got = mg_read(c->mg, p + b->n, n - b->n);
		if (got <= 0)
			return FAIL(e, RC_INVALID, "body ended after %zu of %zu bytes", b->n, n);
		sbuf_added(b, (size_t)got);
	}
	return RC_OK;
}

static enum rc body_read_chunks(struct web_conn *c, size_t max, struct err *e)
{
	struct sbuf *b = &c->w->body;
	for (;;) {
		/* One byte more than allowed tells "full" from "too long". */
		size_t room = size_min(WEB_BODY_STEP, max + 1 - b->n);
		char *p = sbuf_room(b, room);
		ASSERT(p != NULL);
		int got = mg_read(c->mg, p, room);
		if (got < 0)
			return FAIL(e, RC_INVALID, "chunked body is cut or malformed");
		if (got == 0)
			return RC_OK;
		sbuf_added(b, (size_t)got);
		if (b->n > max)
			return FAIL(e, RC_LIMIT, "body is longer than %zu bytes", max);
	}
}

enum rc web_body(struct req *q, size_t max, struct err *e)
{
	struct web_conn *c = q->conn;
	if (q->body_read || c == NULL) {
		if (q->body.n > max)
			return FAIL(e, RC_LIMIT, "body is longer than %zu bytes", max);
		q->body_read = true;
		return RC_OK;
	}
	enum rc rc = RC_OK;
	sbuf_reset(&c->w->body);
	c->w->body.max = max + 1;
	if (q->content_length > 0 && (uint64_t)q->content_length > max)
		rc = FAIL(e, RC_LIMIT, "body is longer than %zu bytes", max);
	if (rc == RC_OK && c->has_body) {
		body_expected(c);
		rc = c->chunked ? body_read_chunks(c, max, e)
				: body_read_known(c, (size_t)q->content_length, e);
	}
	if (rc != RC_OK) {
		c->close = true;
		return rc;
	}
	q->body = str_n(c->w->body.n > 0 ? c->w->body.p : "", c->w->body.n);
	q->body_read = true;
	return RC_OK;
}

static enum rc sink_some(const struct web_sink *s, int64_t *total, const char *p, size_t n,
			 struct err *e)
{
	if (n == 0)
		return RC_OK;
	*total += (int64_t)n;
	if (*total > s->max)
		return FAIL(e, RC_LIMIT, "body is longer than %lld bytes", (long long)s->max);
	return s->fn(s->arg, p, n, e);
}

static enum rc sink_all(struct req *q, const struct web_sink *s, struct err *e)
{
	struct web_conn *c = q->conn;
	char piece[WEB_BODY_STEP];
	int64_t total = 0;

	if (!c->has_body)
		return RC_OK;
	if (q->content_length > s->max)
		return FAIL(e, RC_LIMIT, "body is longer than %lld bytes", (long long)s->max);
	body_expected(c);
	mg_set_body_timeout(c->mg, s->timeout_ms);
	while (c->chunked || total < q->content_length) {
		size_t want = c->chunked
				      ? sizeof piece
				      : size_min(sizeof piece, (size_t)(q->content_length - total));
		int got = mg_read(c->mg, piece, want);
		if (got == 0 && c->chunked)
			return RC_OK;
		if (got <= 0)
			return FAIL(e, RC_INVALID, "body ended after %lld bytes", (long long)total);
		TRY(sink_some(s, &total, piece, (size_t)got, e));
	}
	return RC_OK;
}

enum rc web_body_each(struct req *q, const struct web_sink *sink, struct err *e)
{
	int64_t total = 0;

	ASSERT(!q->body_read || q->conn == NULL);
	q->body_read = true;
	if (q->conn == NULL) /* a request made by hand has it whole */
		return sink_some(sink, &total, q->body.p, q->body.n, e);
	enum rc rc = sink_all(q, sink, e);
	q->conn->close = q->conn->close || rc != RC_OK;
	return rc;
}

/* The handler did not want the body: a small one is read and dropped, so that the connection lives
 * on. */
static void body_drain(struct req *q)
{
	struct web_conn *c = q->conn;
	char drop[4 * KIB];
	size_t total = 0;
	if (!c->has_body || q->body_read || c->close)
		return;
	if (c->expects || q->content_length > (int64_t)WEB_DRAIN_MAX) {
		c->close = true;
		return;
	}
	while (total <= WEB_DRAIN_MAX) {
		if (!c->chunked && total == (size_t)q->content_length)
			return;
		int got = mg_read(c->mg, drop, sizeof drop);
		if (got == 0 && c->chunked)
			return;
		if (got <= 0)
			break;
		total += (size_t)got;
	}
	c->close = true;
}

/* --- one request --- */

static void request_id(struct worker *w, int64_t now_ms, char ret_text[ID_TEXT_MAX])
{
	uint8_t rnd[WEB_MSG_RANDOM];
	web_msg_random(w->id_seed, ++w->id_count, rnd);
	id_random_text(now_ms, rnd, ret_text);
}

static const char *date_now(struct worker *w, int64_t now_ms)
{
	if (w->date_s != now_ms / SECOND_MS) {
		w->date_s = now_ms / SECOND_MS;
		web_msg_date(now_ms, w->date);
	}
	return w->date;
}

static void conn_fill(struct req *q, const struct mg_request_info *ri)
{
	struct web_conn *c = q->conn;
	c->chunked = web_req_header(q, "transfer-encoding").p != NULL;
	c->has_body = c->chunked || q->content_length > 0;
	c->expects = c->has_body && web_req_header(q, "expect").p != NULL;
	c->close = web_msg_closes(ri->http_version, web_req_header(q, "connection"));
	c->head = strcmp(ri->request_method, "HEAD") == 0;
	c->old = ri->http_version == NULL || strcmp(ri->http_version, "1.1") != 0;
}

/* 0, or the status of the refusal. */
static int request_fill(struct req *q, struct worker *w, const struct mg_request_info *ri)
{
	const struct web *web = ri->user_data;
	q->listener = web->listener;
	q->now_ms = clock_now_ms();
	q->arena = &w->arena;
	q->headers = w->headers;
	q->content_length = ri->content_length;
	q->secure = ri->is_ssl != 0;
	q->query = str_of(ri->query_string);
	for (int i = 0; i < ri->num_headers && q->header_count < COUNT(w->headers); i++) {
		w->headers[q->header_count].name = ri->http_headers[i].name;
		w->headers[q->header_count].value = ri->http_headers[i].value;
		q->header_count++;
	}
	conn_fill(q, ri);
	if (!str_copy(str_of(ri->remote_addr), q->client, sizeof q->client))
		q->client[0] = '\0';
	if (!q->secure || mg_get_client_cert_cn(q->conn->mg, q->client_cn, sizeof q->client_cn) < 0)
		q->client_cn[0] = '\0';
	struct str id = web_req_header(q, "x-request-id");
	if (!web_msg_id_ok(id) || !str_copy(id, q->request_id, sizeof q->request_id))
		request_id(w, q->now_ms, q->request_id);
	/* A HEAD is a GET whose body stays here; so every GET route answers it. */
	q->method = q->conn->head ? "GET" : ri->request_method;
	if (web_msg_gate(w->headers, q->header_count) != NULL)
		return 400;
	if (strlen(ri->local_uri) > WEB_PATH_MAX || q->query.n > WEB_QUERY_MAX)
		return 414;
	q->path = web_msg_path(ri->local_uri, &w->path);
	return q->path != NULL ? 0 : 400;
}

/* The rest of an answer whose bytes lie in a file. Each write has CivetWeb's own deadline; all of them together have
 * one that grows with the size. */
static bool file_send(struct worker *w, const struct web_conn *c, const struct res *r)
{
	int64_t until_us = clock_mono_us() + WEB_FILE_GRACE_US +
			   r->file_bytes * 1000 * 1000 / WEB_FILE_SPEED_MIN;
	int64_t done = 0;

	while (done < r->file_bytes) {
		size_t want = (size_t)i64_min(WEB_FILE_STEP, r->file_bytes - done), got;
		char *p;

		sbuf_reset(&w->out);
		p = sbuf_room(&w->out, want);
		ASSERT(p != NULL);
		if (file_in_read(&r->file, r->file_from + done, p, want, &got, NULL) != RC_OK ||
		    got == 0 || clock_mono_us() > until_us || mg_write(c->mg, p, got) != (int)got)
			return false;
		done += (int64_t)got;
	}
	return true;
}

/* An answer that is made while it leaves. Pieces are gathered to WEB_FILE_STEP; a chunk's length has eight digits, so
 * that its place can be kept. */
#define CHUNK_HEAD 10

struct pushing {
	struct worker *w;
	const struct web_conn *c;
	bool chunked;
	int64_t left;             /* -1: not known */
	int64_t sent, working_us; /* what left, and how long the client took for it */
};

static void push_begin(struct pushing *p)
{
	sbuf_reset(&p->w->out);
	if (p->chunked)
		sbuf_add(&p->w->out, "00000000\r\n", CHUNK_HEAD);
}

/* What was gathered leaves. Only the time that the client took counts against it. */
static enum rc push_flush(struct pushing *p, struct err *e)
{
	struct sbuf *out = &p->w->out;
	size_t head = p->chunked ? CHUNK_HEAD : 0, n = out->n - head;
	int64_t from_us = clock_mono_us();
	char length[CHUNK_HEAD + 1];

	if (n == 0)
		return RC_OK;
	if (p->chunked) {
		(void)snprintf(length, sizeof(length), "%08x\r\n",
			       (unsigned)n); /* at most two steps */
		memcpy(out->p, length, CHUNK_HEAD);
		sbuf_add(out, "\r\n", 2);
	}
	ASSERT(sbuf_ok(out));
	if (mg_write(p->c->mg, out->p, out->n) != (int)out->n)
		return FAIL(e, RC_IO, "the client is gone");
	p->sent += (int64_t)n;
	p->working_us += clock_mono_us() - from_us;
	push_begin(p);
	return p->working_us < WEB_FILE_GRACE_US + p->sent * 1000 * 1000 / WEB_FILE_SPEED_MIN
		       ? RC_OK
		       : FAIL(e, RC_IO, "the client reads too slowly");
}

static enum rc push_add(void *arg, const char *bytes, size_t n, struct err *e)
{
	struct pushing *p = arg;

	if (p->left >= 0 && (int64_t)n > p->left)
		return FAIL(e, RC_IO, "the answer is longer than was said");
	if (p->left >= 0)
		p->left -= (int64_t)n;
	while (n > 0) {
		size_t step = size_min(n, (size_t)WEB_FILE_STEP);

		sbuf_add(&p->w->out, bytes, step);
		bytes += step;
		n -= step;
		if (p->w->out.n >= (size_t)WEB_FILE_STEP)
			TRY(push_flush(p, e));
	}
	return RC_OK;
}

static bool push_send(struct worker *w, const struct web_conn *c, struct res *r)
{
	struct pushing p = {
		.w = w, .c = c, .chunked = r->push_bytes < 0 && !c->old, .left = r->push_bytes
	};
	static const char end[] = "0\r\n\r\n";
	struct err e = { .rc = RC_OK };
	enum rc rc;

	push_begin(&p);
	rc = web_push_run(r, push_add, &p, &e);
	if (rc == RC_OK)
		rc = push_flush(&p, &e);
	if (rc == RC_OK && p.left > 0)
		rc = FAIL(&e, RC_IO, "the answer is shorter than was said");
	if (rc == RC_OK && p.chunked &&
	    mg_write(c->mg, end, sizeof(end) - 1) != (int)sizeof(end) - 1)
		rc = FAIL(&e, RC_IO, "the client is gone");
	if (rc != RC_OK)
		log_err(LOG_INFO, "web.answer_cut", &e);
	return rc == RC_OK;
}

/* What nobody reads lets go of what it holds. */
static void push_drop(struct res *r)
{
	struct err e = { .rc = RC_OK };

	if (web_push_run(r, NULL, NULL, &e) != RC_OK)
		log_err(LOG_DEBUG, "web.not_let_go", &e);
}

/* Returns whether the whole answer left. */
static bool answer_send(struct worker *w, const struct req *q, struct res *r)
{
	struct web_conn *c = q->conn;
	struct str body = r->body_static.p != NULL ? r->body_static : sbuf_view(&r->body);
	bool bare = c->head || r->status == 204 || r->status == 304;
	bool stream = r->take_over != NULL;
	bool endless = r->push != NULL && r->push_bytes < 0 && c->old;
	struct web_msg_facts facts = {
		.date = date_now(w, q->now_ms),
		.request_id = q->request_id,
		.body_bytes = r->file.open      ? (size_t)r->file_bytes
			      : r->push != NULL ? (size_t)i64_max(r->push_bytes, 0)
						: body.n,
		.close = c->close || stream || endless,
		.stream = stream || endless,
		.chunked = r->push != NULL && r->push_bytes < 0 && !c->old,
	};
	sbuf_reset(&w->out);
	web_msg_head(&w->out, r, &facts);
	if (!bare && !r->file.open && r->push == NULL)
		sbuf_str(&w->out, body);
	ASSERT(sbuf_ok(&w->out));
	if (facts.close)
		mg_disable_connection_keep_alive(c->mg);
	if (mg_write(c->mg, w->out.p, w->out.n) != (int)w->out.n)
		return false;
	if (bare || (!r->file.open && r->push == NULL))
		return true;
	if (r->push != NULL ? push_send(w, c, r) : file_send(w, c, r))
		return true;
	mg_disable_connection_keep_alive(
		c->mg); /* half a file: only the end of the connection tells */
	return false;
}

/* The contract: take_over is called exactly once, with NULL when there is no stream. */
static void stream_hand_over(const struct req *q, const struct res *r, bool sent)
{
	struct web_stream *s = NULL;
	struct mg_detached *d = sent && !q->conn->head ? mg_detach(q->conn->mg) : NULL;
	if (d != NULL) {
		s = mem_new(1, sizeof *s);
		s->d = d;
	}
	r->take_over(r->take_over_arg, s);
}

static void buffer_trim(struct sbuf *b)
{
	if (b->cap > WEB_KEEP_MAX)
		sbuf_release(b);
}

static void request_run(const struct web *web, struct worker *w, struct req *q, struct res *r)
{
	r->headers = w->res_headers;
	r->body = w->res_body;
	sbuf_reset(&r->headers);
	sbuf_reset(&r->body);
	web->handler(web->arg, q, r);
	ASSERT(r->status >= 200 && r->status <= 599);
	if (!sbuf_ok(&r->headers) || !sbuf_ok(&r->body)) {
		/* The answer passed its ceiling: half an answer is worse than none. */
		sbuf_reset(&r->headers);
		sbuf_reset(&r->body);
		r->body_static = STR_NONE;
		file_in_close(&r->file);
		push_drop(r);
		r->status = 500;
		r->content_type = NULL;
		log_event(LOG_ERROR, "web.answer_too_long", "path", q->path, NULL);
	}
	q->conn->close = q->conn->close || r->close;
	body_drain(q);
	bool sent = answer_send(w, q, r);
	if (r->take_over != NULL)
		stream_hand_over(q, r, sent);
	file_in_close(&r->file);
	push_drop(r);
	w->res_headers = r->headers; /* they may have grown */
	w->res_body = r->body;
}

static int on_request(struct mg_connection *mg)
{
	const struct mg_request_info *ri = mg_get_request_info(mg);
	struct worker *w = mg_get_thread_pointer(mg);
	struct web_conn conn = { .mg = mg, .w = w };
	struct req q = { .conn = &conn };
	struct res r = { .status = 0 };

	ASSERT(w != NULL);
	int refused = request_fill(&q, w, ri);
	if (refused != 0) {
		r.status = refused;
		sbuf_reset(&w->out);
		web_msg_problem(&w->out, refused, q.request_id, date_now(w, q.now_ms));
		mg_disable_connection_keep_alive(mg);
		/* Closing anyway: who does not read it, does not need it. */
		(void)mg_write(mg, w->out.p, w->out.n);
	} else {
		log_set_request(q.request_id);
		request_run(ri->user_data, w, &q, &r);
		log_set_request("");
	}
	arena_reset(&w->arena);
	buffer_trim(&w->body);
	buffer_trim(&w->out);
	buffer_trim(&w->res_body);
	return r.status;
}

/* --- CivetWeb's other callbacks --- */

/* Its own refusals (malformed head, time-out, too large): same form as ours. */
static int on_error(struct mg_connection *mg, int status, const char *text)
{
	char id[ID_TEXT_MAX];
	struct worker *w = mg_get_thread_pointer(mg);
	int64_t now_ms = clock_now_ms();
	(void)text;
	if (w == NULL)
		return 1;
	request_id(w, now_ms, id);
	sbuf_reset(&w->out);
	web_msg_problem(&w->out, status, id, date_now(w, now_ms));
	mg_disable_connection_keep_alive(mg);
	(void)mg_write(mg, w->out.p, w->out.n);
	return 0;
}

/* Anybody can make it log: five lines in ten seconds, then only their number. */
static int on_log(const struct mg_connection *mg, const char *text)
{
	struct web *web = mg_get_user_data(mg_get_context(mg));
	if (web == NULL)
		return 1;
	int64_t now_ms = clock_mono_us() / 1000;
	int64_t start_ms = atomic_load_explicit(&web->log_window_ms, memory_order_relaxed);
	int dropped = 0;
	if (now_ms - start_ms > WEB_LOG_WINDOW_MS &&
	    atomic_compare_exchange_strong(&web->log_window_ms, &start_ms, now_ms))
		dropped = atomic_exchange(&web->log_count, 0) - WEB_LOG_PER_WINDOW;
	if (atomic_fetch_add(&web->log_count, 1) < WEB_LOG_PER_WINDOW)
		log_event(LOG_WARN, "web.reported", "text", text, "dropped",
			  dropped > 0 ? LOG_I64(dropped) : NULL, NULL);
	return 1;
}

#define WEB_THREAD_WORKER 1

static void *on_thread_start(const struct mg_context *ctx, int type)
{
	(void)ctx;
	if (type != WEB_THREAD_WORKER)
		return NULL;
	struct worker *w = mem_new(1, sizeof *w);
	w->arena.max = WEB_ARENA_MAX;
	w->path.max = WEB_PATH_MAX + 1;
	w->res_headers.max = WEB_RES_HEAD_MAX;
	w->res_body.max = WEB_RESPONSE_MAX;
	w->out.max =
		SIZE_MAX /
		2; /* bounded by its parts; static bodies may be larger than WEB_RESPONSE_MAX */
	crypto_random((uint8_t *)w->id_seed, sizeof w->id_seed);
	return w;
}

static void on_thread_end(const struct mg_context *ctx, int type, void *arg)
{
	struct worker *w = arg;
	(void)ctx;
	(void)type;
	if (w == NULL)
		return;
	arena_release(&w->arena);
	sbuf_release(&w->path);
	sbuf_release(&w->body);
	sbuf_release(&w->res_headers);
	sbuf_release(&w->res_body);
	sbuf_release(&w->out);
	mem_free(w);
}

/* --- life --- */

/* CivetWeb counts its users without a lock of its own at the end; listeners are stopped side by side. */
static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER;

enum rc web_start(const struct web_config *c, struct web **ret_web, struct err *e)
{
	struct web_options o = { .n = 0 };
	char text[ERR_TEXT_MAX] = "";
	struct mg_error_data error = { .text = text, .text_buffer_size = sizeof text };
	struct mg_callbacks callbacks = {
		.begin_request = on_request,
		.http_error = on_error,
		.log_message = on_log,
		.init_thread = on_thread_start,
		.exit_thread = on_thread_end,
	};
	struct mg_server_port port;

	ASSERT(c->handler != NULL && c->threads > 0);
	TRY(web_options_make(c, &o, e));
	struct web *web = mem_new(1, sizeof *web);
	web->listener = c->listener;
	web->handler = c->handler;
	web->arg = c->arg;
	web->log_window_ms = clock_mono_us() / 1000;
	struct mg_init_data init = { .callbacks = &callbacks,
				     .user_data = web,
				     .configuration_options = o.list };
	pthread_mutex_lock(&library);
	(void)mg_init_library(MG_FEATURES_TLS);
	pthread_mutex_unlock(&library);
	web->ctx = mg_start2(&init, &error);
	if (web->ctx == NULL || mg_get_server_ports(web->ctx, 1, &port) != 1) {
		web_stop(web);
		return FAIL(e, RC_IO, "web server on %s: %s", c->address, text);
	}
	web->port = port.port;
	*ret_web = web;
	return RC_OK;
}

bool web_reload_tls(struct web *w)
{
	return mg_reload_tls(w->ctx) != 0;
}

int web_port(const struct web *w)
{
	return w->port;
}

void web_stop(struct web *w)
{
	if (w == NULL)
		return;
	if (w->ctx != NULL)
		mg_stop(w->ctx);
	pthread_mutex_lock(&library);
	(void)mg_exit_library();
	pthread_mutex_unlock(&library);
	mem_free(w);
}

/* --- streams --- */

int web_stream_fd(const struct web_stream *s)
{
	return mg_detached_fd(s->d);
}

ptrdiff_t web_stream_send(struct web_stream *s, const char *p, size_t n)
{
	return mg_detached_send(s->d, p, n);
}

bool web_stream_alive(struct web_stream *s)
{
	char drop[512];
	/* Bounded: a flood comes back as the next event of the (level-triggered) poll. */
	for (int i = 0; i < 16; i++) {
		int got = mg_detached_recv(s->d, drop, sizeof drop);
		if (got <= 0)
			return got == 0;
	}
	return true;
}

void web_stream_close(struct web_stream *s)
{
	if (s == NULL)
		return;
	mg_detached_close(s->d);
	mem_free(s);
}
