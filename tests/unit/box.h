/* box.h - one Totem without threads in a test's folder, and requests made by hand. */
#ifndef BOX_H
#define BOX_H

#include "t.h"
#include "tables.h"

#include "api/route.h"
#include "flow/config.h"
#include "flow/lookup/lookup.h"
#include "flow/outside/outside.h"
#include "io/crypto.h"
#include "io/tar.h"

#define BOX_NOW_MS  INT64_C(1785240000000)
#define BOX_HEADERS 8

struct box {
	struct app app;
	char token[TOKEN_TEXT_MAX];
	/* the last request and its answer */
	struct http_header_in headers[BOX_HEADERS];
	size_t header_count;
	struct arena arena;
	struct req q;
	struct res r; /* what an answer pushes is in its body too */
	enum rc cut;  /* verdict of the pushing */
	struct err cut_why;
	int64_t now_ms;
	const char *client;
	const char *client_cn; /* name in the client certificate; NULL: none */
	enum web_listener listener;
	char path[512];
};

struct box_token {
	uint32_t scopes;
	char *text;
	int64_t id;
};

static inline enum rc box_token_unit(struct tx *tx, void *arg, struct err *e)
{
	struct box_token *t = arg;

	return token_create(tx, 1, STR("test"), t->scopes, t->text, &t->id, e);
}

static inline int64_t box_token(struct box *b, uint32_t scopes, char *ret_text)
{
	struct box_token t = { .scopes = scopes, .text = ret_text };

	MUST(store_write(b->app.store, STORE_NORMAL, box_token_unit, &t, &t_err));
	return t.id;
}

static inline int64_t box_clock(void)
{
	return BOX_NOW_MS;
}

static inline void box_open(struct box *b, const char *const *args, size_t count)
{
	static char path[600];
	struct store_options o = {
		.path = path, .migrate = true, .now_ms = BOX_NOW_MS, .clock = box_clock
	};

	*b = (struct box){ .now_ms = BOX_NOW_MS,
			   .client = "127.0.0.1",
			   .arena = ARENA(16 * MIB),
			   .listener = (enum web_listener)(WEB_MAIN | WEB_HOOKS) };
	(void)snprintf(path, sizeof(path), "%s/totem.db", t_dir());
	json_start();
	MUST(crypto_start(&t_err));
	MUST(tables_put(path, BOX_NOW_MS, &t_err));
	MUST(store_open(&o, &b->app.store, &t_err));
	mtx_init(&b->app.config_lock, LOCK_CONFIG);
	b->app.outside = outside_new();
	b->app.lookups = lookup_pool_new();
	b->app.data_dir = t_dir();
	b->app.args = args;
	b->app.arg_count = count;
	b->app.started_ms = BOX_NOW_MS;
	MUST(config_reload(&b->app, &t_err));
	(void)box_token(b, SCOPE_BIT(SCOPE_COUNT) - 1u, b->token);
}

static inline void box_close(struct box *b)
{
	sbuf_release(&b->r.body);
	sbuf_release(&b->r.headers);
	arena_release(&b->arena);
	if (b->app.api_release != NULL)
		b->app.api_release(b->app.api);
	config_release(&b->app);
	store_close(b->app.store);
	outside_free(b->app.outside);
	lookup_pool_free(b->app.lookups);
}

/* For the next request only. */
static inline void box_header(struct box *b, const char *name, const char *value)
{
	ASSERT(b->header_count < BOX_HEADERS);
	b->headers[b->header_count++] = (struct http_header_in){ name, value };
}

static inline void box_bearer(struct box *b, const char *token)
{
	box_header(b, "Authorization", arena_printf(&b->arena, "Bearer %s", token));
}

/* Path with "?query"; returns the status. */
static inline int box_do(struct box *b, const char *method, const char *path, struct str body)
{
	struct str query = str_of(path), before;

	ASSERT(str_cut(&query, '?', &before));
	ASSERT(str_copy(before, b->path, sizeof(b->path)));
	sbuf_release(&b->r.body);
	sbuf_release(&b->r.headers);
	b->r = (struct res){ .status = 0 };
	b->cut = RC_OK;
	b->cut_why = (struct err){ .rc = RC_OK };
	b->q = (struct req){ .listener = b->listener,
			     .method = method,
			     .path = b->path,
			     .query = query,
			     .request_id = "test-request",
			     .arena = &b->arena,
			     .now_ms = b->now_ms,
			     .headers = b->headers,
			     .header_count = b->header_count,
			     .body = body,
			     .content_length = (int64_t)body.n };
	ASSERT(str_copy(str_of(b->client), b->q.client, sizeof(b->q.client)));
	ASSERT(str_copy(str_of(b->client_cn), b->q.client_cn, sizeof(b->q.client_cn)));
	route_handle(&b->app, &b->q, &b->r);
	if (b->r.push != NULL)
		b->cut = web_push_run(&b->r, tar_to_sbuf, &b->r.body, &b->cut_why);
	b->header_count = 0;
	return b->r.status;
}

/* With the token that may do all. */
static inline int box_call(struct box *b, const char *method, const char *path, const char *body)
{
	box_bearer(b, b->token);
	return box_do(b, method, path, body != NULL ? str_of(body) : STR_NONE);
}

static inline struct str box_body(const struct box *b)
{
	return b->r.body_static.p != NULL ? b->r.body_static : sbuf_view(&b->r.body);
}

static inline bool box_has(const struct box *b, const char *text)
{
	return str_find(box_body(b), str_of(text)) >= 0;
}

static inline bool box_has_header(const struct box *b, const char *line)
{
	return str_find(sbuf_view(&b->r.headers), str_of(line)) >= 0;
}

/* Text member of the answer, in the box's arena; "" when it is not there. */
static inline const char *box_get(struct box *b, const char *path)
{
	AUTO(json_freep) struct json *root = NULL;

	if (json_parse(box_body(b), &root, NULL) != RC_OK)
		return "";
	return arena_dup(&b->arena, json_str(json_path(root, path)));
}

static inline int64_t box_get_i64(const struct box *b, const char *path)
{
	AUTO(json_freep) struct json *root = NULL;
	int64_t v;

	return json_parse(box_body(b), &root, NULL) == RC_OK && json_i64(json_path(root, path), &v)
		       ? v
		       : -1;
}

#endif
