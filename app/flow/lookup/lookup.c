/* lookup.c - see lookup.h: the bounded list of questions, the workers, and the way of one question. */
#include "flow/lookup/lookup.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/lookup/lookup_priv.h"
#include "flow/outside/outside.h"
#include "io/crypto.h"

void lookup_fail(struct lookup_work *k, enum lookup_code code, const char *error)
{
	k->result.code = code;
	k->result.data = STR_NONE;
	(void)snprintf(k->result.error, sizeof(k->result.error), "%s", error); /* cut is fine */
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
	p = lookup_pool_peer(l, k->t->id);
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
	p = lookup_pool_peer(l, k->t->id);
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
void lookup_run(struct lookup_work *k)
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
	lookup_run(k);
	lookup_pool_renew(k);
	http_free(TAKE(k->http));
}

static void go(struct lookup_work *k, struct arena *a, struct lookup_result *ret)
{
	struct lookups *l = k->app->lookups;
	bool hit;

	key_of(k);
	mtx_lock(&l->lock);
	hit = k->t->cache_ms > 0 && lookup_cache_get(&l->cache, k->key, clock_now_ms(), k);
	if (!hit && l->stopping) {
		lookup_fail(k, LOOKUP_DOWN, "the box is stopping");
	} else if (!hit && l->thread_count == 0) {
		mtx_unlock(&l->lock);
		work_here(k);
		mtx_lock(&l->lock);
		k->done = true;
	} else if (!hit) {
		lookup_pool_wait(l, k);
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
	struct lookup_work *k = lookup_pool_work(app, slug);
	const struct lookup_target *t = k->t;
	struct err e = { .rc = RC_OK };

	*ret = (struct lookup_result){ .code = LOOKUP_DOWN };
	if (t == NULL || t->fault[0] != '\0') {
		(void)snprintf(ret->error, sizeof(ret->error), "this connector cannot work: %.150s",
			       t != NULL ? t->fault : "it is gone");
		lookup_pool_give_up(k);
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
	lookup_pool_give_up(k);
}
