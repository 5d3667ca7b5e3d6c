/* call.c - see call.h. */
#include "cli/call.h"

#include "api/route.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/mtx.h"
#include "base/version.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/http.h"

#define ANSWER_MAX (8 * MIB)
#define FILE_MAX   4096
#define BEGIN_MS   5000 /* a server that starts, or a command that is just done */
#define LOOK_MS    50
#define TIMEOUT_MS 30000
#define ARENA_MAX  (16 * MIB)
/* A long answer: in all, and how long the server may look for the next piece of it. */
#define SAVE_MS       (24 * HOUR_MS)
#define SAVE_SILENT_S 600

/* ---- finding out who serves ---- */

static enum rc read_text(const char *folder, const char *name, struct sbuf *to, struct err *e)
{
	char path[SUPERVISE_PATH_MAX];

	TRY(supervise_file(folder, name, path, e));
	return file_read(path, to, e);
}

/* The server's address and our token. */
static enum rc find_server(const char *folder, struct caller *by, struct err *e)
{
	AUTO(sbuf_release) struct sbuf ports = SBUF(FILE_MAX), token = SBUF(FILE_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct str address;
	int n;

	TRY(read_text(folder, CALL_PORTS_FILE, &ports, e));
	TRY(read_text(folder, CALL_TOKEN_FILE, &token, e));
	TRY(json_parse(sbuf_view(&ports), &root, e));
	address = json_get_str(root, "cli");
	n = snprintf(by->base, sizeof(by->base), "http://%.*s", STRF(address));
	if (address.n == 0 || n >= (int)sizeof(by->base) ||
	    !str_copy(str_trim(sbuf_view(&token)), by->token, sizeof(by->token)))
		return FAIL(e, RC_INVALID, "%s/%s is damaged", folder, CALL_PORTS_FILE);
	return RC_OK;
}

static bool answers(struct caller *by)
{
	const struct call_request q = { .method = "GET", .path = "/healthz" };
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	enum rc rc = call_do(by, &q, &a, &e);

	call_answer_release(&a);
	return rc == RC_OK;
}

static enum rc try_server(const char *folder, struct caller *by, struct err *e)
{
	TRY(find_server(folder, by, e));
	if (by->http == NULL)
		by->http = http_new();
	if (answers(by))
		return RC_OK;
	return FAIL(e, RC_RETRY, "the server of %s does not answer at %s", folder, by->base);
}

void call_pause_ms(int64_t ms)
{
	struct mtx m;
	struct cnd never;

	mtx_init(&m, LOCK_SUPERVISE);
	cnd_init(&never);
	mtx_lock(&m);
	(void)cnd_wait(&never, &m, clock_mono_us() + ms * 1000);
	mtx_unlock(&m);
	cnd_destroy(&never);
	mtx_destroy(&m);
}

static struct supervise_options options_of(const struct cli *c)
{
	return (struct supervise_options){ .data_dir = c->data_dir,
					   .config_file = c->config_file,
					   .args = c->sets,
					   .arg_count = c->set_count };
}

static enum rc open_inside(const struct cli *c, struct caller *by, struct err *e)
{
	const struct supervise_options o = options_of(c);

	log_set_level(LOG_ERROR);
	TRY(supervise_open(&o, &by->inside, e));
	log_set_level(LOG_ERROR); /* the settings have changed it */
	return RC_OK;
}

/* Whoever holds the lock is a server, or a command that ends soon. */
enum rc call_begin(const struct cli *c, struct caller *ret, struct err *e)
{
	const struct supervise_options o = options_of(c);
	int64_t until_us = clock_mono_us() + (int64_t)BEGIN_MS * 1000;
	char folder[SUPERVISE_PATH_MAX];
	struct caller by = { .inside = NULL };
	enum rc rc;

	log_set_level(LOG_ERROR);
	TRY(supervise_libraries(e));
	TRY(supervise_folder(&o, folder, e));
	for (;;) {
		struct err opening = { .rc = RC_OK }, asking = { .rc = RC_OK };

		rc = open_inside(c, &by, &opening);
		if (rc != RC_OK && rc != RC_CONFLICT)
			return FAIL(e, rc, "%s", opening.text);
		if (rc == RC_OK || try_server(folder, &by, &asking) == RC_OK)
			break;
		if (clock_mono_us() > until_us) {
			call_end(&by);
			return FAIL(e, RC_RETRY, "%s", asking.text);
		}
		call_pause_ms(LOOK_MS);
	}
	*ret = by;
	return RC_OK;
}

enum rc call_begin_server(const struct cli *c, struct caller *ret, struct err *e)
{
	const struct supervise_options o = options_of(c);
	struct caller by = { .inside = NULL };
	struct err why = { .rc = RC_OK };
	char folder[SUPERVISE_PATH_MAX];
	enum rc rc;

	log_set_level(LOG_ERROR);
	TRY(supervise_libraries(e));
	TRY(supervise_folder(&o, folder, e));
	rc = try_server(folder, &by, &why);
	if (rc != RC_OK) {
		call_end(&by);
		return FAIL(e, RC_ABSENT, "nobody serves %s: start `totem serve` (%.100s)", folder,
			    why.text);
	}
	*ret = by;
	return RC_OK;
}

void call_end(struct caller *by)
{
	supervise_close(TAKE(by->inside));
	http_free(TAKE(by->http));
	by->http = NULL;
}

/* ---- asking ---- */

static const struct http_header_in JSON_BODY[] = { { "Content-Type", "application/json" } };

/* The request goes through the route table; the answer belongs to the caller. */
static void run_inside(struct caller *by, const struct call_request *q, struct arena *arena,
		       struct res *r)
{
	struct str rest = str_of(q->path), path;
	struct req req = { .listener = WEB_MAIN,
			   .method = q->method,
			   .client = "cli",
			   .request_id = "cli",
			   .content_length = (int64_t)q->body.n,
			   .arena = arena,
			   .local = true,
			   .now_ms = clock_now_ms(),
			   .headers = JSON_BODY,
			   .header_count = 1,
			   .body = q->body,
			   .body_read = true };
	AUTO(sbuf_release) struct sbuf plain = SBUF(WEB_PATH_MAX);

	ASSERT(str_cut(&rest, '?', &path) && enc_unpercent(&plain, path, false));
	req.path = sbuf_c(&plain);
	req.query = rest;
	route_handle(supervise_app(by->inside), &req, r);
}

static void ask_inside(struct caller *by, const struct call_request *q, struct call_answer *ret)
{
	AUTO(arena_release) struct arena arena = ARENA(ARENA_MAX);
	struct res r = { .body = SBUF(ANSWER_MAX), .headers = SBUF(32 * KIB) };

	run_inside(by, q, &arena, &r);
	ASSERT(web_push_run(&r, NULL, NULL, NULL) == RC_OK); /* files are for call_save */
	ret->status = r.status;
	ret->body = (struct sbuf)SBUF(ANSWER_MAX);
	sbuf_str(&ret->body, r.body_static.p != NULL ? r.body_static : sbuf_view(&r.body));
	sbuf_release(&r.body);
	sbuf_release(&r.headers);
}

/* A request of ours to the server; `r` has what is special about it. */
static enum rc do_server(struct caller *by, const char *path, struct http_request *r,
			 struct http_answer *a, struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX), bearer = SBUF(CALL_TEXT_MAX + 16);
	struct http_header headers[3];

	sbuf_printf(&url, "%s%s", by->base, path);
	sbuf_printf(&bearer, "Bearer %s", by->token);
	headers[0] = (struct http_header){ "Authorization", sbuf_c(&bearer) };
	headers[1] = (struct http_header){ "Content-Type", "application/json" };
	headers[2] = (struct http_header){ "User-Agent", TOTEM_USER_AGENT };
	if (!sbuf_ok(&url))
		return FAIL(e, RC_INVALID, "the address is too long");
	r->url = sbuf_c(&url);
	r->headers = headers;
	r->header_count = COUNT(headers);
	r->answer_max = ANSWER_MAX;
	return http_do(by->http, r, a, e);
}

static enum rc ask_server(struct caller *by, const struct call_request *q, struct call_answer *ret,
			  struct err *e)
{
	struct http_answer a = HTTP_ANSWER;
	struct http_request r = { .method = q->method, .body = q->body, .timeout_ms = TIMEOUT_MS };
	enum rc rc = do_server(by, q->path, &r, &a, e);

	ret->status = a.status;
	ret->body = a.body;
	a.body = (struct sbuf)SBUF(0);
	http_answer_release(&a);
	return rc;
}

static enum rc verdict_of(int status)
{
	switch (status) {
	case 404:
		return RC_ABSENT;
	case 400:
	case 413:
	case 415:
	case 422:
		return RC_INVALID;
	case 401:
	case 403:
		return RC_REFUSED;
	case 409:
		return RC_CONFLICT;
	case 429:
	case 503:
		return RC_RETRY;
	default:
		return status >= 200 && status <= 299 ? RC_OK : RC_IO;
	}
}

/* RC_OK of a 2xx; else its own sentence. */
static enum rc judge(const struct call_request *q, struct call_answer *a, struct err *e)
{
	struct str detail;
	enum rc rc = verdict_of(a->status);

	if (a->body.n > 0 && json_parse(sbuf_view(&a->body), &a->root, NULL) != RC_OK)
		a->root = NULL;
	if (rc == RC_OK)
		return RC_OK;
	detail = json_str(json_path(a->root, "errors.0.field"));
	if (detail.n > 0 && !str_starts(json_get_str(a->root, "detail"), detail))
		return FAIL(e, rc, "%.*s: %.*s", STRF(detail),
			    STRF(json_get_str(a->root, "detail")));
	detail = json_get_str(a->root, "detail");
	return detail.n > 0 ? FAIL(e, rc, "%.*s", STRF(detail))
			    : FAIL(e, rc, "%s %s was answered with status %d", q->method, q->path,
				   a->status);
}

enum rc call_do(struct caller *by, const struct call_request *q, struct call_answer *ret,
		struct err *e)
{
	if (by->inside != NULL)
		ask_inside(by, q, ret);
	else
		TRY(ask_server(by, q, ret, e));
	return judge(q, ret, e);
}

/* ---- long answers ---- */

static void next_of(struct str headers, char *ret)
{
	struct str line;

	while (str_cut(&headers, '\n', &line)) {
		line = str_trim(line);
		if (str_starts(line, STR("X-Next: ")) &&
		    str_copy(str_sub(line, 8, line.n), ret, CALL_TEXT_MAX))
			return;
	}
}

static enum rc save_inside(struct caller *by, const struct call_request *q, web_sink_fn *sink,
			   void *arg, struct call_answer *a, char *ret_next, struct err *e)
{
	AUTO(arena_release) struct arena arena = ARENA(ARENA_MAX);
	struct res r = { .body = SBUF(ANSWER_MAX), .headers = SBUF(32 * KIB) };
	enum rc rc = RC_OK;

	run_inside(by, q, &arena, &r);
	a->status = r.status;
	next_of(sbuf_view(&r.headers), ret_next);
	if (r.push != NULL)
		rc = web_push_run(&r, sink, arg, e);
	else if (verdict_of(r.status) != RC_OK)
		a->body = r.body;
	else if (r.body.n > 0)
		rc = sink(arg, r.body.p, r.body.n, e);
	if (a->body.p == NULL)
		sbuf_release(&r.body);
	sbuf_release(&r.headers);
	return rc;
}

static enum rc save_server(struct caller *by, const struct call_request *q, web_sink_fn *sink,
			   void *arg, struct call_answer *a, char *ret_next, struct err *e)
{
	struct http_answer got = HTTP_ANSWER;
	struct http_request r = { .method = q->method,
				  .timeout_ms = SAVE_MS,
				  .low_speed_s = SAVE_SILENT_S,
				  .keep_header = "X-Next",
				  .sink = sink,
				  .sink_arg = arg,
				  .sink_max = INT64_MAX };
	enum rc rc = do_server(by, q->path, &r, &got, e);

	a->status = got.status;
	a->body = got.body;
	got.body = (struct sbuf)SBUF(0);
	if (!str_copy(str_trim(str_of(got.kept)), ret_next, CALL_TEXT_MAX))
		ret_next[0] = '\0';
	http_answer_release(&got);
	return rc;
}

enum rc call_save(struct caller *by, const char *path, web_sink_fn *sink, void *arg, char *ret_next,
		  struct err *e)
{
	const struct call_request q = { .method = "GET", .path = path };
	struct call_answer a = CALL_ANSWER;
	char next[CALL_TEXT_MAX] = "";
	enum rc rc = by->inside != NULL ? save_inside(by, &q, sink, arg, &a, next, e)
					: save_server(by, &q, sink, arg, &a, next, e);

	if (rc == RC_OK)
		rc = judge(&q, &a, e);
	call_answer_release(&a);
	if (rc == RC_OK && ret_next != NULL)
		memcpy(ret_next, next, sizeof(next));
	return rc;
}

void call_answer_release(struct call_answer *a)
{
	json_freep(&a->root);
	sbuf_release(&a->body);
}

enum rc call_once(const struct cli *c, const struct call_request *q, struct call_answer *ret,
		  struct err *e)
{
	struct caller by;
	enum rc rc;

	TRY(call_begin(c, &by, e));
	rc = call_do(&by, q, ret, e);
	call_end(&by);
	return rc;
}

void call_print_json(const struct call_answer *a)
{
	(void)fwrite(a->body.p, 1, a->body.n, stdout);
	if (a->body.n == 0 || a->body.p[a->body.n - 1] != '\n')
		(void)putchar('\n');
}
