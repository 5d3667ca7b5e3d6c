/* queue_control.c - the tick, gates, and what people do to whole queues: pause, resume, drain. */
#include "store/queue/queue_priv.h"

#include "base/clock.h"
#include "base/log.h"

/* ---- tick ---- */

static void expire_leases(struct queues *qs, struct queue *q, int64_t now_ms) REQUIRES(qs->lock)
{
	int64_t now_us = clock_mono_us();

	for (struct slot *s = q->running.head, *next; s != NULL; s = next) {
		next = s->next;
		if (s->lease_until_us < now_us && s->claimed_in != qs->transaction) {
			s->recovered = true;
			sched_return(qs, q, s, now_ms, now_ms);
			sched_signal(q);
		}
	}
}

static bool drained(const struct queue *q)
{
	if (q->drain_to == 0 || q->running_n > 0 || (q->spilled && q->loaded_to < q->drain_to))
		return false;
	for (int i = 0; i < q->lane_count; i++) {
		for (int p = 0; p < PRIO_COUNT; p++) {
			for (struct slot *s = q->lanes[i].ready[p].head; s != NULL; s = s->next) {
				if (s->id <= q->drain_to)
					return false;
			}
		}
	}
	for (size_t i = 0; i < q->heap_n; i++) {
		if (q->heap[i]->id <= q->drain_to)
			return false;
	}
	return true;
}

void queue_tick(struct queues *qs, int64_t now_ms)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		struct queue *q = &qs->q[i];
		bool done;

		mtx_lock(&qs->lock);
		expire_leases(qs, q, now_ms);
		done = drained(q);
		mtx_unlock(&qs->lock);
		if (done) {
			struct err e = { 0 };

			if (queue_pause(qs->store, q->id, 0, &e) != RC_OK)
				log_err(LOG_DEBUG, "queue.drain_failed", &e);
		}
	}
}

/* ---- gates ---- */

void queue_gate(struct queues *qs, int64_t lane, int64_t until_ms)
{
	int i;

	ASSERT(lane != 0);
	mtx_lock(&qs->lock);
	for (i = 0; i < qs->gate_count && qs->gates[i].lane != lane; i++)
		;
	if (i == qs->gate_count && qs->gate_count < QUEUE_LANES_MAX)
		qs->gates[qs->gate_count++].lane = lane;
	if (i < QUEUE_LANES_MAX && qs->gates[i].until_ms != until_ms) {
		qs->gates[i].until_ms = until_ms;
		for (int k = 0; k < QUEUE_COUNT; k++)
			cnd_broadcast(&qs->q[k].changed);
	}
	mtx_unlock(&qs->lock);
}

int64_t queue_gated_until(struct queues *qs, int64_t lane)
{
	int64_t until;

	mtx_lock(&qs->lock);
	until = sched_gate(qs, lane);
	mtx_unlock(&qs->lock);
	return until;
}

struct waking {
	int64_t lane; /* 0: all */
	int64_t beyond_ms;
	bool tried; /* also who waits for its retry */
};

static bool wakes(const struct waking *w, const struct slot *s)
{
	return (s->held || (w->tried && s->attempts + s->snoozes > 0)) &&
	       (w->lane == 0 || s->lane == w->lane) && s->due_ms > w->beyond_ms;
}

static void wake(struct queues *qs, const struct waking *w)
{
	mtx_lock(&qs->lock);
	for (int k = 0; k < QUEUE_COUNT; k++) {
		struct queue *q = &qs->q[k];
		bool found = true;

		/* Taking one out moves others, also to places that were looked at. */
		while (found) {
			found = false;
			for (size_t i = q->heap_n; i-- > 0;) {
				struct slot *s = i < q->heap_n ? q->heap[i] : NULL;

				if (s == NULL || !wakes(w, s))
					continue;
				sched_undelay(qs, q, s);
				found = true;
			}
		}
		cnd_broadcast(&q->changed);
	}
	mtx_unlock(&qs->lock);
}

void queue_wake(struct queues *qs, int64_t lane)
{
	wake(qs, &(struct waking){ .lane = lane, .beyond_ms = INT64_MIN });
}

void queue_wake_beyond(struct queues *qs, int64_t beyond_ms)
{
	wake(qs, &(struct waking){ .beyond_ms = beyond_ms, .tried = true });
}

/* ---- pause, resume, drain ---- */

struct state_change {
	enum queue_id q;
	const char *state;
	int64_t until_ms;
};

static void state_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct state_change *c = arg;
	struct queue *q = &qs->q[c->q];

	mtx_lock(&qs->lock);
	q->paused = strcmp(c->state, "paused") == 0;
	q->paused_until_ms = q->paused ? c->until_ms : 0;
	q->drain_to = strcmp(c->state, "draining") == 0 ? i64_max(q->newest, 1) : 0;
	cnd_broadcast(&q->changed);
	mtx_unlock(&qs->lock);
}

static enum rc state_unit(struct tx *tx, void *arg, struct err *e)
{
	struct state_change *c = arg;
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_QUEUE_SET_STATE, &s, e));
	stmt_bind_text(&s, "name", queue_name(c->q));
	stmt_bind_text(&s, "state", c->state);
	stmt_bind_i64(&s, "paused_until_ms", c->until_ms);
	TRY(stmt_run(&s, e));
	tx_after(tx, state_after, c, sizeof(*c));
	return RC_OK;
}

enum rc queue_pause(struct store *st, enum queue_id q, int64_t until_ms, struct err *e)
{
	struct state_change c = { .q = q, .state = "paused", .until_ms = until_ms };

	return store_write(st, STORE_NORMAL, state_unit, &c, e);
}

enum rc queue_resume(struct store *st, enum queue_id q, struct err *e)
{
	struct state_change c = { .q = q, .state = "running" };

	return store_write(st, STORE_NORMAL, state_unit, &c, e);
}

enum rc queue_drain(struct store *st, enum queue_id q, struct err *e)
{
	struct state_change c = { .q = q, .state = "draining" };

	return store_write(st, STORE_NORMAL, state_unit, &c, e);
}
