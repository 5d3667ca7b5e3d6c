/* lookup.c - see lookup.h: the bounded list of questions, the workers, and the way of one question. */
#include "flow/lookup.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thr.h"
#include "flow/lookup_priv.h"
#include "flow/outside.h"
#include "io/crypto.h"

void lookup_fail(struct lookup_work *k, enum lookup_code code, const char *error)
{
	k->result.code = code;
	k->result.data = STR_NONE;
	(void)snprintf(k->result.error, sizeof(k->result.error), "%s", error); /* cut is fine */
}

struct lookup_peer *lookup_peer_of(struct lookups *l, int64_t target_id)
{
	for (size_t i = 0; i < COUNT(l->peers); i++) {
		if (l->peers[i].id == 0)
			l->peers[i].id = target_id;
		if (l->peers[i].id == target_id)
			return &l->peers[i];
	}
	return NULL;
}

/* ---- the way of one question, in a worker ---- */

static void write_data(struct lookup_work *k, const struct json *data)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LOOKUP_DATA_MAX);
	struct jsonw w;

	jsonw_init(&w, &b);
	if (lookup_output(k->t->output, data, &w, NULL) != RC_OK || !sbuf_ok(&b)) {
		lookup_fail(k, LOOKUP_DOWN, "the answer is too large");
		return;
	}
	k->result.data = arena_str(&k->arena, sbuf_view(&b));
	if (k->result.data.p == NULL)
		lookup_fail(k, LOOKUP_DOWN, "the answer is too large");
	else
		k->result.code = LOOKUP_FOUND;
}

/* A 2xx without any of the special cases. */
static void read_answer(struct lookup_work *k, const struct lookup_exchange *x)
{
	const struct json *data = lookup_at(x->root, k->t->output_path);

	if (x->root == NULL)
		lookup_fail(k, LOOKUP_DOWN, "the upstream's answer is no JSON");
	else if (data == NULL)
		lookup_fail(k, LOOKUP_DOWN, "the upstream's answer has another form than expected");
	else if (lookup_is_nothing(data))
		lookup_fail(k, LOOKUP_NOT_FOUND, "nothing was found");
	else
		write_data(k, data);
}

static void busy(struct lookup_work *k, int64_t wait_ms)
{
	struct lookups *l = k->app->lookups;
	struct lookup_peer *p;

	if (wait_ms < 0)
		wait_ms = SECOND_MS;
	lookup_fail(k, LOOKUP_BUSY, "the upstream wants fewer requests");
	k->result.retry_after_ms = wait_ms;
	mtx_lock(&l->lock);
	p = lookup_peer_of(l, k->t->id);
	if (p != NULL)
		p->busy_until_ms = clock_now_ms() + i64_min(wait_ms, MINUTE_MS);
	mtx_unlock(&l->lock);
}

/* False: the session has ended and `last` is not set. */
static bool judge(struct lookup_work *k, const struct lookup_exchange *x, bool last)
{
	const struct lookup_target *t = k->t;

	if (t->login.url.n > 0 && lookup_holds(t->expired_when, x)) {
		if (last)
			lookup_fail(k, LOOKUP_REFUSED,
				    "the upstream does not accept a new session either");
		return last;
	}
	if (lookup_holds(t->busy_when, x))
		busy(k, x->http.retry_after_ms);
	else if (lookup_holds(t->not_found_when, x))
		lookup_fail(k, LOOKUP_NOT_FOUND, "nothing was found");
	else if (lookup_holds(t->invalid_when, x))
		lookup_fail(k, LOOKUP_INVALID, "the upstream finds the input wrong");
	else if (x->http.status < 200 || x->http.status > 299)
		lookup_fail(k, LOOKUP_DOWN, "the upstream failed");
	else
		read_answer(k, x);
	return true;
}

static size_t values_of(const struct lookup_work *k, struct str token,
			struct template_value v[LOOKUP_INPUTS_MAX + 2])
{
	size_t n = k->t->inputs.n;

	memcpy(v, k->values, n * sizeof(*v));
	v[n++] = (struct template_value){ "username", k->t->username };
	v[n++] = (struct template_value){ "token", token };
	return n;
}

/* One query with one session. False: it has ended. */
static bool query(struct lookup_work *k, struct str token, bool last)
{
	AUTO(lookup_exchange_release) struct lookup_exchange x = LOOKUP_EXCHANGE;
	struct template_value v[LOOKUP_INPUTS_MAX + 2];
	const struct template_values values = { v, values_of(k, token, v) };

	if (lookup_call(k, &k->t->query, &values, NULL, &x) != RC_OK)
		return true;
	return judge(k, &x, last);
}

static void ask(struct lookup_work *k)
{
	struct str token = STR_NONE;
	uint64_t made = 0;

	if (k->t->login.url.n > 0 && lookup_session_need(k, 0, &token, &made) != LOOKUP_FOUND)
		return;
	if (query(k, token, false))
		return;
	if (lookup_session_need(k, made, &token, &made) != LOOKUP_FOUND)
		return;
	(void)query(k, token, true);
}

static void count(struct lookup_work *k, const struct lookup_result *r, int64_t ms)
{
	struct lookups *l = k->app->lookups;
	struct lookup_peer *p;

	mtx_lock(&l->lock);
	p = lookup_peer_of(l, k->t->id);
	if (p != NULL) {
		p->view.by_code[r->code]++;
		p->view.cached += r->cached;
		p->view.ms_sum += ms;
	}
	mtx_unlock(&l->lock);
}

static void keep_answer(struct lookup_work *k)
{
	struct lookups *l = k->app->lookups;
	int64_t now_ms = clock_now_ms();

	if (k->t->cache_ms == 0 ||
	    (k->result.code != LOOKUP_FOUND && k->result.code != LOOKUP_NOT_FOUND))
		return;
	mtx_lock(&l->lock);
	lookup_cache_put(&l->cache, k->key, now_ms, now_ms + k->t->cache_ms, &k->result);
	mtx_unlock(&l->lock);
}

/* Breaker, session, query, breaker. */
static void run(struct lookup_work *k)
{
	int64_t until_ms;

	if (clock_mono_us() >= k->until_mono_us) {
		lookup_fail(k, LOOKUP_DOWN, "no worker was free in time");
		return;
	}
	if (outside_begin(k->app, k->t->id, clock_now_ms(), &until_ms) != RC_OK) {
		lookup_fail(k, LOOKUP_DOWN, "the upstream is down (calls are held back)");
		return;
	}
	ask(k);
	if (!k->not_mine)
		outside_end(k->app, k->t->id, k->result.code != LOOKUP_DOWN, k->result.error,
			    clock_now_ms());
	keep_answer(k);
}

/* ---- owners ---- */

static struct lookup_work *work_new(struct app *app, const char *slug)
{
	struct lookup_work *k = mem_new(1, sizeof(*k));

	k->app = app;
	k->config = config_get(app);
	k->t = config_lookup_slug(k->config, str_of(slug)); /* of the snapshot that is counted */
	k->arena = (struct arena)ARENA(LOOKUP_ARENA_MAX);
	k->until_mono_us = clock_mono_us() + (k->t != NULL ? k->t->deadline_ms : 0) * 1000;
	k->owners = 1;
	cnd_init(&k->ended);
	return k;
}

static void work_free(struct lookup_work *k)
{
	config_put(k->config);
	arena_release(&k->arena);
	cnd_destroy(&k->ended);
	mem_free(k);
}

static void give_up(struct lookup_work *k)
{
	struct lookups *l = k->app->lookups;
	bool last;

	mtx_lock(&l->lock);
	last = --k->owners == 0;
	mtx_unlock(&l->lock);
	if (last)
		work_free(k);
}

static void end(struct lookup_work *k)
{
	struct lookups *l = k->app->lookups;

	mtx_lock(&l->lock);
	k->done = true;
	cnd_signal(&k->ended);
	mtx_unlock(&l->lock);
}

/* ---- the list ---- */

static void put(struct lookups *l, struct lookup_work *k)
{
	if (l->last != NULL)
		l->last->next = k;
	else
		l->first = k;
	l->last = k;
	l->waiting++;
}

static void unlink_after(struct lookups *l, struct lookup_work *before, struct lookup_work *k)
{
	if (before != NULL)
		before->next = k->next;
	else
		l->first = k->next;
	if (l->last == k)
		l->last = before;
	k->next = NULL;
	l->waiting--;
}

/* The upstream's turn: its own wish first, then the configured rate. False: *ret_ms is when. */
static bool has_turn(struct lookups *l, const struct lookup_work *k, int64_t now_ms,
		     int64_t *ret_ms)
{
	struct lookup_peer *p = lookup_peer_of(l, k->t->id);

	ASSERT(p != NULL);
	if (now_ms < p->busy_until_ms) {
		*ret_ms = p->busy_until_ms;
		return false;
	}
	return pace_take(&p->pace, now_ms, 1000000 / k->t->rate_per_second,
			 i64_max(1, k->t->rate_per_second), ret_ms);
}

/* Lock held. The first one whose upstream has its turn, or whose time is over; NULL: none before *ret_ms. */
static struct lookup_work *next(struct lookups *l, int64_t now_ms, int64_t *ret_ms)
{
	struct lookup_work *before = NULL;
	int64_t mono_us = clock_mono_us();

	*ret_ms = INT64_MAX;
	for (struct lookup_work *k = l->first; k != NULL; before = k, k = k->next) {
		int64_t at_ms = 0;

		if (mono_us >= k->until_mono_us || k->owners == 1 ||
		    has_turn(l, k, now_ms, &at_ms)) {
			unlink_after(l, before, k);
			return k;
		}
		*ret_ms = i64_min(*ret_ms, at_ms);
	}
	return NULL;
}

static struct lookup_work *wait_next(struct lookups *l)
{
	struct lookup_work *k = NULL;

	mtx_lock(&l->lock);
	while (!l->stopping) {
		int64_t now_ms = clock_now_ms(), at_ms, until_us = INT64_MAX;

		k = next(l, now_ms, &at_ms);
		if (k != NULL)
			break;
		if (at_ms != INT64_MAX)
			until_us = clock_mono_us() + i64_max(1, at_ms - now_ms) * 1000;
		(void)cnd_wait(&l->work, &l->lock, until_us);
	}
	mtx_unlock(&l->lock);
	return k;
}

/* A piece of work of its own: the answered one belongs to its caller already. */
static void renew(struct lookup_work *answered)
{
	struct lookup_work *k;

	if (!lookup_session_due(answered))
		return;
	k = work_new(answered->app, answered->t->slug);
	k->http = answered->http;
	if (k->t != NULL)
		lookup_session_renew(k);
	give_up(k);
}

static void worker_run(void *arg)
{
	struct app *app = arg;
	struct http *http = http_new();
	struct lookup_work *k;

	while ((k = wait_next(app->lookups)) != NULL) {
		k->http = http;
		run(k);
		end(k);
		renew(k);
		give_up(k);
	}
	http_free(http);
}

/* ---- asking ---- */

/* The key of the cache: connector, its configuration, the inputs in the order of the rules. */
static void key_of(struct lookup_work *k)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);

	sbuf_printf(&b, "%lld %llu", (long long)k->t->id, (unsigned long long)k->config->number);
	for (size_t i = 0; i < k->t->inputs.n; i++) {
		sbuf_printf(&b, " %zu ", k->values[i].value.n);
		sbuf_str(&b, k->values[i].value);
	}
	crypto_sha256(sbuf_view(&b), k->key);
}

/* Lock held. Hands the work to a worker and waits. */
static void wait_for_worker(struct lookups *l, struct lookup_work *k)
{
	if (l->waiting >= LOOKUP_WAITING_MAX) {
		lookup_fail(k, LOOKUP_BUSY, "too many lookups wait already");
		k->result.retry_after_ms = SECOND_MS;
		return;
	}
	if (l->stopping) {
		lookup_fail(k, LOOKUP_DOWN, "the box is stopping");
		return;
	}
	k->owners = 2;
	put(l, k);
	cnd_signal(&l->work);
	while (!k->done && cnd_wait(&k->ended, &l->lock, k->until_mono_us))
		continue;
}

static void copy_result(struct lookup_work *k, struct arena *a, struct lookup_result *ret)
{
	*ret = k->result;
	if (k->result.data.p == NULL)
		return;
	ret->data = arena_str(a, k->result.data);
	if (ret->data.p == NULL)
		*ret = (struct lookup_result){ .code = LOOKUP_DOWN,
					       .error = "the answer is too large" };
}

/* Without threads the caller is the worker. */
static void work_here(struct lookup_work *k)
{
	k->http = http_new();
	run(k);
	renew(k);
	http_free(TAKE(k->http));
}

static void go(struct lookup_work *k, struct arena *a, struct lookup_result *ret)
{
	struct lookups *l = k->app->lookups;
	bool hit;

	key_of(k);
	mtx_lock(&l->lock);
	hit = k->t->cache_ms > 0 && lookup_cache_get(&l->cache, k->key, clock_now_ms(), k);
	if (!hit && l->thread_count == 0) {
		mtx_unlock(&l->lock);
		work_here(k);
		mtx_lock(&l->lock);
		k->done = true;
	} else if (!hit) {
		wait_for_worker(l, k);
		if (!k->done && k->owners == 2) { /* the worker goes on for nobody */
			*ret = (struct lookup_result){ .code = LOOKUP_DOWN,
						       .error = "the upstream took too long" };
			mtx_unlock(&l->lock);
			return;
		}
	}
	copy_result(k, a, ret);
	mtx_unlock(&l->lock);
}

static void log_answer(const struct lookup_work *k, const struct lookup_result *r, int64_t ms)
{
	char mask[16] = "";

	if (k->t->inputs.n > 0)
		lookup_mask(k->values[0].value, mask);
	log_event(LOG_INFO, "lookup.answered", "connector", k->t->slug, "input", mask, "outcome",
		  lookup_code_name(r->code), "cached", r->cached ? "true" : NULL, "why",
		  r->code == LOOKUP_FOUND || r->code == LOOKUP_INVALID || r->error[0] == '\0'
			  ? NULL
			  : r->error,
		  "ms", LOG_I64(ms), NULL);
}

void lookup_ask(struct app *app, const char *slug, const struct json *inputs, struct arena *a,
		struct lookup_result *ret)
{
	int64_t began_us = clock_mono_us(), ms;
	struct lookup_work *k = work_new(app, slug);
	const struct lookup_target *t = k->t;
	struct err e = { .rc = RC_OK };

	*ret = (struct lookup_result){ .code = LOOKUP_DOWN };
	if (t == NULL || t->fault[0] != '\0') {
		(void)snprintf(ret->error, sizeof(ret->error), "this connector cannot work: %.150s",
			       t != NULL ? t->fault : "it is gone");
		give_up(k);
		return;
	}
	if (lookup_inputs_take(&t->inputs, inputs, &k->arena, k->values, &e) != RC_OK) {
		ret->code = LOOKUP_INVALID;
		(void)snprintf(ret->error, sizeof(ret->error), "%.190s", e.text);
	} else {
		go(k, a, ret);
	}
	ms = (clock_mono_us() - began_us) / 1000;
	count(k, ret, ms);
	log_answer(k, ret, ms);
	give_up(k);
}

/* ---- start and stop ---- */

struct lookups *lookups_new(void)
{
	struct lookups *l = mem_new(1, sizeof(*l));

	mtx_init(&l->lock, LOCK_FLOW);
	cnd_init(&l->work);
	cnd_init(&l->changed);
	return l;
}

void lookups_free(struct lookups *l)
{
	if (l == NULL)
		return;
	ASSERT(l->threads == NULL && l->first == NULL);
	for (size_t i = 0; i < COUNT(l->peers); i++)
		crypto_zero(l->peers[i].token, sizeof(l->peers[i].token));
	lookup_cache_free(&l->cache);
	cnd_destroy(&l->work);
	cnd_destroy(&l->changed);
	mtx_destroy(&l->lock);
	mem_free(l);
}

enum rc lookups_start(struct app *app, struct err *e)
{
	struct lookups *l = app->lookups;
	const struct config *config = config_get(app);
	int n = (int)setting_i64(config->settings, "lookup_workers");

	config_put(config);
	l->threads = mem_new((size_t)n, sizeof(*l->threads));
	for (int i = 0; i < n; i++) {
		TRY(thr_start(&l->threads[i], "lookup", worker_run, app, e));
		mtx_lock(&l->lock);
		l->thread_count++;
		mtx_unlock(&l->lock);
	}
	return RC_OK;
}

void lookups_halt(struct app *app)
{
	struct lookups *l = app->lookups;

	if (l == NULL)
		return;
	mtx_lock(&l->lock);
	l->stopping = true;
	while (l->first != NULL) {
		struct lookup_work *k = l->first;

		unlink_after(l, NULL, k);
		lookup_fail(k, LOOKUP_DOWN, "the box is stopping");
		k->done = true;
		cnd_signal(&k->ended);
		if (--k->owners == 0) /* its caller went at the deadline */
			work_free(k);
	}
	cnd_broadcast(&l->work);
	cnd_broadcast(&l->changed);
	mtx_unlock(&l->lock);
}

void lookups_stop(struct app *app)
{
	struct lookups *l = app->lookups;

	if (l == NULL)
		return;
	lookups_halt(app);
	for (int i = 0; i < l->thread_count; i++)
		thr_join(&l->threads[i]);
	l->thread_count = 0;
	mem_free(TAKE(l->threads));
}

void lookup_view_get(struct app *app, int64_t target_id, struct lookup_view *ret)
{
	struct lookups *l = app->lookups;
	struct lookup_peer *p;

	*ret = (struct lookup_view){ .cached = 0 };
	if (l == NULL)
		return;
	mtx_lock(&l->lock);
	p = lookup_peer_of(l, target_id);
	if (p != NULL)
		*ret = p->view;
	mtx_unlock(&l->lock);
}

int64_t lookup_waiting(struct app *app)
{
	struct lookups *l = app->lookups;
	int64_t n;

	if (l == NULL)
		return 0;
	mtx_lock(&l->lock);
	n = l->waiting;
	mtx_unlock(&l->lock);
	return n;
}
