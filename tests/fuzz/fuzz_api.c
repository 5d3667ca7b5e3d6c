/* fuzz_api.c - any method, path, query and body through the whole HTTP side, and what it stored through ingest.
 *
 * Input: "METHOD /path?query", a line end, the body. Requests come as from this machine's own commands, so that every
 * handler is reached. Whatever comes in, an answer goes out, and an error has the problem form. */
#include <unistd.h>

#include "api/route.h"
#include "base/clock.h"
#include "base/log.h"
#include "flow/outside/outside.h"
#include "flow/outside/posting.h"
#include "flow/work.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/http.h"
#include "peer/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct app app;
static struct worker reader;
static const char *const ARGS[] = { "channel.main.app_secret=fuzz",
				    "channel.main.phone_number_id=1",
				    "channel.main.verify_token=fuzz", "chatwoot.cw.secret=fuzz",
				    "media_file_max_bytes=1024" };

static void start(void)
{
	static char folder[64], path[96];
	struct err e = { 0 };

	(void)snprintf(folder, sizeof(folder), "/dev/shm/totem-fuzz-%d", (int)getpid());
	(void)snprintf(path, sizeof(path), "%s/totem.db", folder);
	json_start();
	ASSERT(crypto_start(&e) == RC_OK && http_start(&e) == RC_OK);
	ASSERT(file_mkdir(folder, 0700, &e) == RC_OK);
	const struct store_options o = { .path = path, .migrate = true, .now_ms = clock_now_ms() };
	ASSERT(store_open(&o, &app.store, &e) == RC_OK);
	mtx_init(&app.config_lock, LOCK_CONFIG);
	app.outside = outside_new();
	app.posting = posting_new();
	app.data_dir = folder;
	app.args = ARGS;
	app.arg_count = COUNT(ARGS);
	log_set_level(LOG_ERROR);
	ASSERT(config_reload(&app, &e) == RC_OK);
	worker_init(&reader, &app, QUEUE_WEBHOOKS);
}

static bool known_method(const char *m)
{
	static const char *const METHODS[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

	for (size_t i = 0; i < COUNT(METHODS); i++) {
		if (strcmp(m, METHODS[i]) == 0)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_release) struct arena a = ARENA(32 * MIB);
	struct str rest = { (const char *)data, size }, line = STR_NONE, target;
	struct res r = { .headers = SBUF(64 * KIB), .body = SBUF(WEB_RESPONSE_MAX) };
	char signature[SIGN_TEXT_MAX];

	if (app.store == NULL)
		start();
	(void)str_cut(&rest, '\n', &line);
	struct str method = STR_NONE;
	(void)str_cut(&line, ' ', &method);
	target = STR_NONE;
	(void)str_cut(&line, '?', &target);
	if (target.n == 0 || target.p[0] != '/' || memchr(target.p, 0, target.n) != NULL)
		return 0; /* io/web.c lets no such path through */
	sign_meta_make(STR("fuzz"), rest, signature);
	const struct http_header_in headers[] = { { "Content-Type", "application/json" },
						  { "X-Hub-Signature-256", signature } };
	struct req q = { .listener = WEB_MAIN,
			 .method = arena_dup(&a, method),
			 .path = arena_dup(&a, target),
			 .query = line,
			 .client = "127.0.0.1",
			 .request_id = "fuzz",
			 .local = true,
			 .content_length = (int64_t)rest.n,
			 .arena = &a,
			 .headers = headers,
			 .header_count = COUNT(headers),
			 .body = rest,
			 .body_read = true,
			 .now_ms = clock_now_ms() };
	if (!known_method(q.method))
		return 0;
	route_handle(&app, &q, &r);
	ASSERT(web_push_run(&r, NULL, NULL, NULL) == RC_OK); /* nobody reads it */
	ASSERT(r.status >= 200 && r.status < 600);
	if (r.take_over != NULL)
		r.take_over(r.take_over_arg, NULL);
	while (work_one(&reader, clock_now_ms()) == RC_OK)
		;
	file_in_close(&r.file);
	sbuf_release(&r.headers);
	sbuf_release(&r.body);
	return 0;
}
