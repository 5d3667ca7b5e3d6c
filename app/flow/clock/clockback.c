/* clockback.c - see clockback.h. */
#include "flow/clock/clockback.h"

#include "base/limits.h"
#include "base/log.h"
#include "flow/config.h"
#include "flow/janitor.h"
#include "flow/outside/outside.h"
#include "store/conversation/conversation_back.h"
#include "store/queue/queue.h"
#include "store/target.h"

#define HANDOVER_MAX_MS (43200 * MINUTE_MS) /* a workflow's word and the setting's */

struct back {
	struct app *app;
	int64_t beyond_ms;
};

/* A pause that a person set with an end keeps it; else the gate opens. */
static enum rc gate_back(void *arg, const struct target *t, struct err *e)
{
	const struct back *b = arg;
	struct queues *qs = store_queues(b->app->store);
	int64_t until_ms = queue_gated_until(qs, t->id);

	(void)e;
	if (until_ms > b->beyond_ms && until_ms != INT64_MAX)
		queue_gate(qs, t->id, janitor_gate_of(t));
	return RC_OK;
}

static void pull_jobs(struct app *app, int64_t beyond_ms)
{
	struct err e = { .rc = RC_OK };
	int64_t jobs = 0;

	if (queue_clock_back(app->store, beyond_ms, &jobs, &e) != RC_OK)
		log_err(LOG_WARN, "clock.waits_not_pulled", &e);
	else if (jobs > 0)
		log_event(LOG_INFO, "clock.waits_pulled", "jobs", LOG_I64(jobs), NULL);
}

/* `slack_ms` longer than a cause lasts today is not believed. A handover keeps what the workflow may have asked for; a stop may
 * stand on one. */
static void pull_silences(struct app *app, int64_t now_ms, int64_t slack_ms)
{
	AUTO(config_putp) const struct config *c = config_get(app);
	struct conversation_back b = {
		.now_ms = now_ms,
		.new = { .loop_ms = c->automation_off_ms,
			 .human_ms = c->takeover_ms,
			 .handover_ms = c->handover_ms > 0 ? c->handover_ms : HANDOVER_MAX_MS }
	};
	struct err e = { .rc = RC_OK };
	int64_t n = 0;

	b.most = (struct conversation_silences){
		.loop_ms = i64_max(i64_max(b.new.loop_ms, DAY_MS),
				   i64_max(b.new.human_ms, c->handover_ms)) +
			   slack_ms,
		.human_ms = b.new.human_ms + slack_ms,
		.handover_ms = HANDOVER_MAX_MS + slack_ms,
	};
	if (conversation_back(app->store, &b, &n, &e) != RC_OK)
		log_err(LOG_WARN, "clock.silences_not_pulled", &e);
	else if (n > 0)
		log_event(LOG_INFO, "clock.silences_pulled", "conversations", LOG_I64(n), NULL);
}

static void pull(struct app *app, int64_t now_ms)
{
	struct back b = { app, now_ms + CLOCKBACK_WAIT_MAX_MS };
	struct err e = { .rc = RC_OK };
	struct db *db;

	if (app->outside != NULL)
		outside_clock_back(app, b.beyond_ms, now_ms);
	db = store_reader(app->store);
	if (target_each(db, gate_back, &b, &e) != RC_OK)
		log_err(LOG_WARN, "clock.gates_not_opened", &e);
	store_reader_done(app->store, db);
	pull_jobs(app, b.beyond_ms);
	pull_silences(app, now_ms, 0);
}

void clockback_start(struct app *app, int64_t now_ms)
{
	if (__atomic_load_n(&app->damaged, __ATOMIC_RELAXED))
		return;
	pull_jobs(app, now_ms + CLOCKBACK_PLAN_MAX_MS);
	pull_silences(app, now_ms, CLOCKBACK_PLAN_MAX_MS);
}

enum rc clockback_since(struct db *db, int64_t target_id, int64_t now_ms, int64_t *since_ms,
			struct err *e)
{
	int64_t made_ms;

	if (*since_ms <= now_ms)
		return RC_OK;
	TRY(target_made(db, target_id, &made_ms, e));
	*since_ms = i64_min(i64_max(now_ms - CLOCKBACK_KNOWN_MS, made_ms), now_ms);
	return RC_OK;
}

void clockback_one(struct app *app, bool back, int64_t now_ms, int64_t mono_us)
{
	if (back)
		app->clock_pull_until_us = mono_us + CLOCKBACK_LOOK_MS * 1000;
	else if (mono_us >= app->clock_pull_until_us ||
		 mono_us - app->clock_pulled_us < MINUTE_MS * 1000)
		return;
	app->clock_pulled_us = mono_us;
	if (!__atomic_load_n(&app->damaged, __ATOMIC_RELAXED))
		pull(app, now_ms);
}
