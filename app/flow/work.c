/* work.c - see work.h: the table of handlers, one unit of work, the thread pools. */
#include "flow/work.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thr.h"
#include "flow/outside/backoff.h"
#include "flow/config.h"
#include "flow/outside/called.h"
#include "flow/handlers.h"
#include "io/crypto.h"
#include "io/http.h"

#define WORK_WAIT_US     1000000 /* a worker looks again at least each second: clocks can jump */
#define ARENA_KEEP       (4 * MIB)
#define POOL_THREADS_MAX 256

static work_fn *const HANDLERS[QUEUE_COUNT] = {
	[QUEUE_WEBHOOKS] = ingest_batch,
	[QUEUE_MESSAGES] = dispatch_job,
	[QUEUE_CRM_INBOUND] = crm_batch,
	[QUEUE_SUPPORT_INBOUND] = chatwoot_in_job,
	[QUEUE_SUPPORT_MIRROR] = chatwoot_mirror_job,
	[QUEUE_ORCHESTRATOR_INBOUND] = orchestrate_job,
	[QUEUE_SUPPORT_OUTBOUND] = chatwoot_answer_job,
	[QUEUE_SUPPORT_STATUS] = chatwoot_status_job,
	[QUEUE_SUPPORT_STATE] = chatwoot_state_job,
	[QUEUE_SUPPORT_AGENT] = chatwoot_agent_job,
	[QUEUE_SUPPORT_FILE] = chatwoot_file_job,
	[QUEUE_MEDIA] = media_job,
	[QUEUE_UPKEEP] = upkeep_job,
	[QUEUE_ACTS] = act_job,
};

void worker_init(struct worker *w, struct app *app, enum queue_id q)
{
	*w = (struct worker){ .app = app, .queue = q, .arena = ARENA(WORK_ARENA_MAX) };
	crypto_random((uint8_t *)&w->random, sizeof(w->random));
	w->http = http_new();
}

void worker_release(struct worker *w)
{
	http_free(w->http);
	arena_release(&w->arena);
}

uint32_t work_random(struct worker *w)
{
	w->random ^= w->random << 13; /* xorshift; spreading retries needs no more */
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	w->random |= w->random == 0;
	return w->random;
}

struct mark_work {
	const struct job *jobs;
	int n;
};

static enum rc mark_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct mark_work *m = arg;

	for (int i = 0; i < m->n; i++) {
		if (m->jobs[i].recovered)
			TRY(queue_mark_start(tx, &m->jobs[i], e));
	}
	return RC_OK;
}

/* Jobs that an earlier process may have been running get a durable mark before they run again. */
static enum rc mark_recovered(struct worker *w, const struct job *jobs, int n, struct err *e)
{
	struct mark_work m = { jobs, n };

	for (int i = 0; i < n; i++) {
		if (jobs[i].recovered)
			return store_write(w->app->store, STORE_NORMAL, mark_unit, &m, e);
	}
	return RC_OK;
}

/* The store or the database, not the job. */
static bool is_weather(enum rc rc)
{
	return rc == RC_LIMIT || rc == RC_IO || rc == RC_RETRY;
}

/* What is still leased waits. It may have left traces at a peer, so the next run is told and first writes a mark: while
 * the disk is full no call goes out again and again. */
static void hold(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	int held = 0;

	for (int i = 0; i < n; i++)
		held += queue_hold_tried(store_queues(w->app->store), &jobs[i],
					 now_ms + WORK_HOLD_MS)
				? 1
				: 0;
	if (held == 0)
		return;
	if (e->rc == RC_OK)
		(void)FAIL(e, RC_INVALID, "the handler of %s settled nothing",
			   queue_name(w->queue));
	log_err(LOG_WARN, "work.held", e);
}

/* One job by itself. Weather is believed once: a job that ends so again, right after its mark was written, has a trouble
 * of its own (it does not fit in the arena). */
static enum rc run_alone(struct worker *w, const struct job *j, int64_t now_ms)
{
	struct err e = { 0 }, more = { 0 };
	enum rc rc;

	arena_reset(&w->arena);
	rc = mark_recovered(w, j, 1, &e);
	if (rc == RC_OK) {
		rc = HANDLERS[w->queue](w, j, 1, now_ms, &e);
		if (rc != RC_OK && (j->recovered || !is_weather(rc)) &&
		    queue_renew(store_queues(w->app->store), j))
			rc = work_retry(w, j, now_ms, -1, "handler", e.text, &more);
	}
	hold(w, j, 1, now_ms, &e);
	return rc;
}

/* A run that used a lot (a body of 20 MB) leaves nothing behind: there are dozens of workers. */
static void tidy(struct worker *w)
{
	if (w->arena.used <= ARENA_KEEP)
		return;
	arena_release(&w->arena);
	mem_trim();
}

static enum rc some(struct worker *w, struct job *jobs, int max, int64_t now_ms)
{
	struct queues *qs = store_queues(w->app->store);
	struct err e = { 0 };
	int n = queue_take(qs, w->queue, now_ms, jobs, max);
	enum rc rc;

	if (n == 0)
		return RC_ABSENT;
	if (n == 1) {
		(void)run_alone(w, &jobs[0], now_ms); /* whatever it was: settled or held */
		tidy(w);
		log_set_request("");
		return RC_OK;
	}
	arena_reset(&w->arena);
	rc = mark_recovered(w, jobs, n, &e);
	if (rc == RC_OK)
		rc = HANDLERS[w->queue](w, jobs, n, now_ms, &e);
	for (int i = 0; i < n && rc != RC_OK && !is_weather(rc); i++) {
		if (!queue_renew(qs, &jobs[i]))
			continue; /* settled */
		rc = run_alone(w, &jobs[i], now_ms);
		rc = is_weather(rc) ? rc : RC_INVALID;
	}
	log_set_request("");
	hold(w, jobs, n, now_ms, &e);
	tidy(w);
	return RC_OK;
}

/* Two functions for the sake of their stacks: the room for a batch is 44 KiB, which an idle box would have for each of its
 * sixty threads. */
static __attribute__((noinline)) enum rc one(struct worker *w, int64_t now_ms)
{
	struct job job;

	return some(w, &job, 1, now_ms);
}

static __attribute__((noinline)) enum rc batch(struct worker *w, int64_t now_ms)
{
	struct job jobs[JOB_BATCH_MAX];

	return some(w, jobs, JOB_BATCH_MAX, now_ms);
}

enum rc work_one(struct worker *w, int64_t now_ms)
{
	bool batches = queue_get_config(store_queues(w->app->store), w->queue).batch > 1;
	enum rc rc = batches ? batch(w, now_ms) : one(w, now_ms);

	called_end(w);
	return rc;
}

/* ---- settling one job ---- */

enum outcome { OUTCOME_DONE, OUTCOME_RETRY, OUTCOME_DEAD };

struct settle_work {
	const struct job *job;
	enum outcome outcome;
	int64_t due_ms;
	const char *class, *reason, *error;
};

static enum rc settle_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct settle_work *s = arg;

	switch (s->outcome) {
	case OUTCOME_DONE:
		return queue_done(tx, s->job, e);
	case OUTCOME_RETRY:
		return queue_retry(tx, s->job, s->due_ms, s->reason, s->error, e);
	case OUTCOME_DEAD:
		return queue_dead(tx, s->job, s->class, s->reason, s->error, e);
	}
	BUG("unknown outcome");
}

enum rc work_retry(struct worker *w, const struct job *j, int64_t now_ms, int64_t peer_ms,
		   const char *reason, const char *error, struct err *e)
{
	struct queue_config c = queue_get_config(store_queues(w->app->store), j->queue);
	int64_t wait = backoff_ms(j->attempts + 1, c.backoff_ms, JOB_RETRY_CAP_MS, work_random(w),
				  peer_ms);
	struct settle_work s = { .job = j,
				 .outcome = OUTCOME_RETRY,
				 .due_ms = now_ms + wait,
				 .reason = reason,
				 .error = error };

	log_event(LOG_INFO, "job.failed", "queue", queue_name(j->queue), "job", LOG_I64(j->id),
		  "attempt", LOG_I64(j->attempts + 1), "of", LOG_I64(c.attempts), "retry_in_ms",
		  LOG_I64(wait), "reason", reason, "error", error, NULL);
	return store_write(w->app->store, STORE_NORMAL, settle_unit, &s, e);
}

enum rc work_done(struct worker *w, const struct job *j, struct err *e)
{
	struct settle_work s = { .job = j, .outcome = OUTCOME_DONE };

	return store_write(w->app->store, STORE_NORMAL, settle_unit, &s, e);
}

enum rc work_dead(struct worker *w, const struct job *j, const char *class, const char *reason,
		  const char *error, struct err *e)
{
	struct settle_work s = {
		.job = j, .outcome = OUTCOME_DEAD, .class = class, .reason = reason, .error = error
	};

	log_event(LOG_WARN, "job.dead", "queue", queue_name(j->queue), "job", LOG_I64(j->id),
		  "class", class, "reason", reason, "error", error, NULL);
	return store_write(w->app->store, STORE_NORMAL, settle_unit, &s, e);
}

/* ---- pools ---- */

struct member {
	struct worker worker;
	struct thr thread;
};

struct pools {
	struct member *members;
	int n;
};

static void member_run(void *arg)
{
	struct member *m = arg;
	struct queues *qs = store_queues(m->worker.app->store);
	bool going = true;

	while (going) {
		if (work_one(&m->worker, clock_now_ms()) == RC_ABSENT)
			going = queue_wait(qs, m->worker.queue, clock_now_ms(),
					   clock_mono_us() + WORK_WAIT_US);
		else
			going = !__atomic_load_n(&m->worker.app->stopping, __ATOMIC_RELAXED);
	}
}

/* Concurrency is per target, so that a slow one delays no other: `messages` has that many threads for each channel,
 * `orchestrator-inbound` for each n8n, and for a second one that is set up while the box runs. */
static int threads_of(struct app *app, enum queue_id q)
{
	struct queue_config c = queue_get_config(store_queues(app->store), q);
	const struct config *config;
	size_t targets = 1;

	if (q != QUEUE_MESSAGES && q != QUEUE_ORCHESTRATOR_INBOUND)
		return c.concurrency;
	config = config_get(app);
	if (q == QUEUE_MESSAGES && config->channel_count > 0)
		targets = config->channel_count;
	if (q == QUEUE_ORCHESTRATOR_INBOUND)
		targets = config->n8n_count > 2 ? config->n8n_count : 2;
	config_put(config);
	return c.concurrency * (int)size_min(targets, 8);
}

enum rc pools_start(struct app *app, struct pools **ret, struct err *e)
{
	struct pools *p = mem_new(1, sizeof(*p));

	p->members = mem_new(POOL_THREADS_MAX, sizeof(*p->members));
	for (int q = 0; q < QUEUE_COUNT; q++) {
		int threads = threads_of(app, (enum queue_id)q);

		for (int i = 0; i < threads && p->n < POOL_THREADS_MAX; i++) {
			struct member *m = &p->members[p->n];
			char name[16];
			enum rc rc;

			worker_init(&m->worker, app, (enum queue_id)q);
			(void)snprintf(name, sizeof(name), "%.11s.%d", queue_name((enum queue_id)q),
				       i % 100);
			rc = thr_start(&m->thread, name, member_run, m, e);
			if (rc != RC_OK) {
				worker_release(&m->worker);
				queue_stop(store_queues(app->store));
				pools_stop(p);
				return rc;
			}
			p->n++;
		}
	}
	*ret = p;
	return RC_OK;
}

void pools_stop(struct pools *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < p->n; i++) {
		thr_join(&p->members[i].thread);
		worker_release(&p->members[i].worker);
	}
	mem_free(p->members);
	mem_free(p);
}
