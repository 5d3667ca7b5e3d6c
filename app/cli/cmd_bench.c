/* cmd_bench.c - totem bench: how fast this machine is, in a few seconds and in a scratch folder beside the data: one sync of
 * the disk, acknowledgements that are on the disk (group commit of many callers), and the same over HTTP on loopback, with
 * caller and server sharing the processors. Nothing of the box is touched. */
#include "base/clock.h"
#include "base/log.h"
#include "base/thr.h"
#include "cli/cmd.h"
#include "cli/progress.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/file_stream.h"
#include "io/folder.h"
#include "io/http.h"
#include "io/jsonw.h"
#include "io/sys.h"
#include "io/web.h"
#include "store/delivery.h"

#define PLACE            ".bench"
#define THREADS          16
#define SECONDS          3
#define SECONDS_MAX      30
#define SAMPLES_MAX      20000 /* of each thread: bounds disk and memory, 16 * 20000 KiB */
#define SYNCS_MAX        300
#define BODY_BYTES       1024
#define ROOM             (2 * (int64_t)1024 * 1024 * 1024)
#define BENCH_TIMEOUT_MS 10000

struct bench;

struct bench_thread {
	struct bench *b;
	struct thr thread;
	struct err e; /* of what failed */
	int32_t *us;  /* how long each took */
	size_t n;
};

struct bench {
	char data[SUPERVISE_PATH_MAX], above[FOLDER_PATH_MAX], folder[FOLDER_PATH_MAX];
	int64_t seconds;
	struct store *store;
	struct web *web;
	char url[80]; /* of `web`; "": straight to the store */
	char body[BODY_BYTES];
	int64_t until_us;
	struct bench_thread threads[THREADS];
};

struct figure {
	int64_t count, took_us;
	int64_t p50_us, p99_us;
};

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void figure_of(int32_t *us, size_t n, int64_t took_us, struct figure *ret)
{
	if (n > 0)
		qsort(us, n, sizeof(*us), by_size);
	*ret = (struct figure){ .count = (int64_t)n,
				.took_us = took_us,
				.p50_us = n > 0 ? us[n / 2] : 0,
				.p99_us = n > 0 ? us[n - 1 - n / 100] : 0 };
}

static int64_t per_second(const struct figure *f)
{
	return f->took_us > 0 ? f->count * 1000 * 1000 / f->took_us : 0;
}

/* ---- a sync ---- */

static enum rc syncs(const struct bench *b, struct figure *ret, struct err *e)
{
	AUTO(file_out_drop) struct file_out out = { .open = false };
	static const char block[4096] = "bench";
	int64_t from_us = clock_mono_us(), at_us = from_us, until_us;
	int32_t us[SYNCS_MAX];
	size_t n = 0;

	until_us = from_us + b->seconds * 1000 * 1000;
	TRY(file_out_begin(b->folder, &out, e));
	while (n < SYNCS_MAX && at_us < until_us) {
		int64_t before_us = at_us;

		TRY(file_out_add(&out, block, sizeof(block), e));
		TRY(file_out_sync(&out, e));
		at_us = clock_mono_us();
		us[n++] = (int32_t)i64_min(at_us - before_us, INT32_MAX);
	}
	figure_of(us, n, at_us - from_us, ret);
	return RC_OK;
}

/* ---- acknowledgements ---- */

static enum rc take_unit(struct tx *tx, void *arg, struct err *e)
{
	struct delivery *d = arg;

	return delivery_add(tx, d, e);
}

static enum rc take_in(struct store *st, struct str body, struct err *e)
{
	struct delivery d = { .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .request_id = STR("bench"),
			      .headers = STR("{}"),
			      .body = body };

	return store_write(st, STORE_URGENT, take_unit, &d, e);
}

static void on_request(void *arg, struct req *q, struct res *r)
{
	struct bench *b = arg;
	struct err e = { .rc = RC_OK };

	r->status =
		web_body(q, 2 * BODY_BYTES, &e) == RC_OK && take_in(b->store, q->body, &e) == RC_OK
			? 200
			: 503;
}

static enum rc ask(const struct bench *b, struct http *h, struct err *e)
{
	const struct http_request q = { .method = "POST",
					.url = b->url,
					.body = str_n(b->body, sizeof(b->body)),
					.timeout_ms = BENCH_TIMEOUT_MS };
	struct http_answer a = HTTP_ANSWER;
	enum rc rc = http_do(h, &q, &a, e);

	if (rc == RC_OK && a.status != 200)
		rc = FAIL(e, RC_IO, "a request was answered with status %d", a.status);
	http_answer_release(&a);
	return rc;
}

static void thread_run(void *arg)
{
	struct bench_thread *t = arg;
	struct bench *b = t->b;
	struct http *h = b->url[0] != '\0' ? http_new() : NULL;
	int64_t at_us = clock_mono_us();

	while (t->e.rc == RC_OK && t->n < SAMPLES_MAX && at_us < b->until_us) {
		int64_t before_us = at_us;
		enum rc rc = h != NULL ? ask(b, h, &t->e)
				       : take_in(b->store, str_n(b->body, sizeof(b->body)), &t->e);

		at_us = clock_mono_us();
		if (rc == RC_OK)
			t->us[t->n++] = (int32_t)i64_min(at_us - before_us, INT32_MAX);
	}
	http_free(h);
}

static enum rc gather(struct bench *b, int64_t took_us, struct figure *ret, struct err *e)
{
	int32_t *all = mem_new(THREADS * SAMPLES_MAX, sizeof(*all));
	enum rc rc = RC_OK;
	size_t n = 0;

	for (size_t i = 0; i < THREADS; i++) {
		struct bench_thread *t = &b->threads[i];

		memcpy(all + n, t->us, t->n * sizeof(*all));
		n += t->n;
		if (t->e.rc != RC_OK && rc == RC_OK)
			rc = FAIL(e, t->e.rc, "%s", t->e.text);
	}
	figure_of(all, n, took_us, ret);
	mem_free(all);
	return rc;
}

static enum rc together(struct bench *b, struct figure *ret, struct err *e)
{
	int64_t from_us = clock_mono_us();
	enum rc rc = RC_OK;

	b->until_us = from_us + b->seconds * 1000 * 1000;
	for (size_t i = 0; i < THREADS && rc == RC_OK; i++) {
		struct bench_thread *t = &b->threads[i];

		t->b = b;
		t->n = 0;
		t->e = (struct err){ .rc = RC_OK };
		rc = thr_start(&t->thread, "bench", thread_run, t, e);
	}
	for (size_t i = 0; i < THREADS; i++) {
		thr_join(&b->threads[i].thread);
		b->threads[i].thread = (struct thr){ .started = false };
	}
	return rc == RC_OK ? gather(b, clock_mono_us() - from_us, ret, e) : rc;
}

static enum rc over_http(struct bench *b, struct figure *ret, struct err *e)
{
	const struct web_config c = { .listener = WEB_MAIN,
				      .address = "127.0.0.1:0",
				      .threads = THREADS,
				      .keep_alive_ms = BENCH_TIMEOUT_MS,
				      .request_timeout_ms = BENCH_TIMEOUT_MS,
				      .body_timeout_ms = BENCH_TIMEOUT_MS,
				      .handler = on_request,
				      .arg = b };
	enum rc rc;

	TRY(web_start(&c, &b->web, e));
	(void)snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%d/", web_port(b->web));
	rc = together(b, ret, e);
	web_stop(TAKE(b->web));
	return rc;
}

/* ---- all of it ---- */

static enum rc room_check(const struct bench *b, struct err *e)
{
	int64_t free_bytes;

	TRY(file_free_space(b->folder, &free_bytes, e));
	return free_bytes >= ROOM
		       ? RC_OK
		       : FAIL(e, RC_LIMIT,
			      "this takes up to 2 GiB for a moment, and %.150s has less", b->data);
}

static enum rc measure(struct bench *b, const struct progress *say, struct figure ret[3],
		       struct err *e)
{
	struct store_options o = { .migrate = true, .now_ms = clock_now_ms() };
	char path[FOLDER_PATH_MAX];

	TRY(room_check(b, e));
	progress_step((void *)(uintptr_t)say, "syncing the disk", 0, 3);
	TRY(syncs(b, &ret[0], e));
	TRY(folder_join(b->folder, "totem.db", path, e));
	o.path = path;
	TRY(store_open(&o, &b->store, e));
	TRY(store_run(b->store, e));
	progress_step((void *)(uintptr_t)say, "acknowledging", 1, 3);
	TRY(together(b, &ret[1], e));
	progress_step((void *)(uintptr_t)say, "acknowledging over HTTP", 2, 3);
	TRY(over_http(b, &ret[2], e));
	progress_step((void *)(uintptr_t)say, "done", 3, 3);
	return RC_OK;
}

static enum rc run(struct bench *b, const struct progress *say, struct figure ret[3], struct err *e)
{
	struct err left = { .rc = RC_OK };
	int lock = -1;
	enum rc rc;
	char path[FOLDER_PATH_MAX];

	TRY(folder_join(b->data, PLACE, b->above, e));
	TRY(folder_join(b->above, "scratch", b->folder, e));
	TRY(folder_join(b->above, "lock", path, e));
	TRY(file_mkdir(b->above, 0700, e));
	if (file_lock(path, &lock, &left) != RC_OK)
		return FAIL(e, RC_CONFLICT, "another totem bench runs in %.150s", b->data);
	rc = folder_remove(b->folder, e); /* of one that was killed */
	if (rc == RC_OK)
		rc = file_mkdir(b->folder, 0700, e);
	if (rc == RC_OK)
		rc = measure(b, say, ret, e);
	if (b->store != NULL)
		store_close(TAKE(b->store));
	if (folder_remove(b->above, &left) != RC_OK)
		log_err(LOG_ERROR, "bench.not_removed", &left);
	file_unlock(lock);
	return rc;
}

static void figure_json(struct jsonw *w, const char *key, const struct figure *f)
{
	jsonw_kobject(w, key);
	jsonw_ki64(w, "count", f->count);
	jsonw_ki64(w, "per_second", per_second(f));
	jsonw_ki64(w, "p50_us", f->p50_us);
	jsonw_ki64(w, "p99_us", f->p99_us);
	jsonw_end(w);
}

static void print(const struct cli *c, const struct bench *b, const struct figure f[3])
{
	static const char *const TITLES[] = { "what", "a second", "half within us",
					      "99 % within us" };
	static const char *const WHAT[] = { "sync", "acknowledged", "acknowledged over HTTP" };
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);
	struct cli_table t;
	struct jsonw w;

	jsonw_init(&w, &text);
	jsonw_object(&w);
	jsonw_ktext(&w, "folder", b->data);
	jsonw_ki64(&w, "processors", sys_cpus());
	jsonw_ki64(&w, "callers", THREADS);
	figure_json(&w, "sync", &f[0]);
	figure_json(&w, "acknowledged", &f[1]);
	figure_json(&w, "http", &f[2]);
	jsonw_end(&w);
	if (c->json) {
		(void)printf("%s\n", sbuf_c(&text));
		return;
	}
	cli_table_begin(&t, TITLES, COUNT(TITLES));
	for (size_t i = 0; i < COUNT(WHAT); i++) {
		cli_table_text(&t, WHAT[i]);
		cli_table_i64(&t, per_second(&f[i]));
		cli_table_i64(&t, f[i].p50_us);
		cli_table_i64(&t, f[i].p99_us);
	}
	cli_table_print(&t);
	sbuf_release(&t.cells);
	(void)printf("%d callers, %d processors, disk of %s. An acknowledgement is a request of %d "
		     "bytes that is on the disk.\n",
		     THREADS, sys_cpus(), b->data, BODY_BYTES);
}

int cmd_bench(struct cli *c)
{
	const struct supervise_options o = { .data_dir = c->data_dir,
					     .config_file = c->config_file,
					     .args = c->sets,
					     .arg_count = c->set_count };
	const char *seconds = cli_option(c, "seconds");
	struct bench *b = mem_new(1, sizeof(*b));
	struct figure f[3] = { { .count = 0 } };
	struct err e = { .rc = RC_OK };
	struct progress say;
	enum rc rc;

	b->seconds = SECONDS;
	if (c->word_count > 0 ||
	    (seconds != NULL && !str_i64(str_of(seconds), 1, SECONDS_MAX, &b->seconds))) {
		mem_free(b);
		return cli_usage(c, "--seconds is 1 to 30");
	}
	log_set_level(LOG_ERROR);
	progress_begin(&say, c->json);
	memset(b->body, 'x', sizeof(b->body));
	for (size_t i = 0; i < THREADS; i++)
		b->threads[i].us = mem_new(SAMPLES_MAX, sizeof(*b->threads[i].us));
	rc = supervise_libraries(&e);
	if (rc == RC_OK)
		rc = supervise_folder(&o, b->data, &e);
	if (rc == RC_OK)
		rc = run(b, &say, f, &e);
	if (rc == RC_OK)
		print(c, b, f);
	for (size_t i = 0; i < THREADS; i++)
		mem_free(b->threads[i].us);
	mem_free(b);
	return rc == RC_OK ? 0 : cli_fail(&e);
}
