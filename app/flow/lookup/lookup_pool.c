/* lookup_pool.c - the shared state of the lookups: the bounded list of questions and the workers that take them.
 *
 * A piece of work has two owners while it is on the list or with a worker: who asked and who answers. Who asked goes at
 * its deadline; the last one frees. */
#include "base/clock.h"
#include "base/thr.h"
#include "flow/lookup/lookup_priv.h"
#include "io/crypto.h"

struct lookup_peer *lookup_pool_peer(struct lookups *l, int64_t target_id)
{
	for (size_t i = 0; i < COUNT(l->peers); i++) {
		if (l->peers[i].id == 0)
			l->peers[i].id = target_id;
		if (l->peers[i].id == target_id)
			return &l->peers[i];
	}
	return NULL;
}

/* ---- owners ---- */

struct lookup_work *lookup_pool_work(struct app *app, const char *slug)
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

void lookup_pool_give_up(struct lookup_work *k)
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
	struct lookup_peer *p = lookup_pool_peer(l, k->t->id);

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
void lookup_pool_renew(struct lookup_work *answered)
{
	struct lookup_work *k;

	if (!lookup_session_due(answered))
		return;
	k = lookup_pool_work(answered->app, answered->t->slug);
	k->http = answered->http;
	if (k->t != NULL)
		lookup_session_renew(k);
	lookup_pool_give_up(k);
}

static void worker_run(void *arg)
{
	struct app *app = arg;
	struct http *http = http_new();
	struct lookup_work *k;

	while ((k = wait_next(app->lookups)) != NULL) {
		k->http = http;
		lookup_run(k);
		end(k);
		lookup_pool_renew(k);
		lookup_pool_give_up(k);
	}
	http_free(http);
}

void lookup_pool_wait(struct lookups *l, struct lookup_work *k)
{
	mtx_assert_held(&l->lock);
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

/* ---- start and stop ---- */

struct lookups *lookup_pool_new(void)
{
	struct lookups *l = mem_new(1, sizeof(*l));

	mtx_init(&l->lock, LOCK_FLOW);
	cnd_init(&l->work);
	cnd_init(&l->changed);
	return l;
}

void lookup_pool_free(struct lookups *l)
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

enum rc lookup_pool_start(struct app *app, struct err *e)
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

void lookup_pool_halt(struct app *app)
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

void lookup_pool_stop(struct app *app)
{
	struct lookups *l = app->lookups;

	if (l == NULL)
		return;
	lookup_pool_halt(app);
	for (int i = 0; i < l->thread_count; i++)
		thr_join(&l->threads[i]);
	mtx_lock(&l->lock);
	l->thread_count = 0;
	mtx_unlock(&l->lock);
	mem_free(TAKE(l->threads));
}

void lookup_pool_view(struct app *app, int64_t target_id, struct lookup_view *ret)
{
	struct lookups *l = app->lookups;
	struct lookup_peer *p;

	*ret = (struct lookup_view){ .cached = 0 };
	if (l == NULL)
		return;
	mtx_lock(&l->lock);
	p = lookup_pool_peer(l, target_id);
	if (p != NULL)
		*ret = p->view;
	mtx_unlock(&l->lock);
}

int64_t lookup_pool_waiting(struct app *app)
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
