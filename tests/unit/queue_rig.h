/* queue_rig.h - a store with queues, and short words for adding, taking and settling jobs. */
#ifndef QUEUE_RIG_H
#define QUEUE_RIG_H

#include "store/queue/queue_priv.h"
#include "t.h"
#include "tables.h"

#define NOW ((int64_t)1767607200000) /* 2026-01-05T10:00:00Z */
#define Q   QUEUE_SUPPORT_INBOUND    /* concurrency 8, one job at a time */
#define B   QUEUE_CRM_INBOUND        /* a batch queue */

UNUSED static int64_t the_clock(void)
{
	return NOW;
}

UNUSED static struct store *open_at(void)
{
	char path[512];
	struct store_options o = {
		.path = path, .migrate = true, .now_ms = NOW, .clock = the_clock
	};
	struct store *st = NULL;

	(void)snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(tables_put(path, NOW, &t_err));
	MUST(store_open(&o, &st, &t_err));
	return st;
}

UNUSED static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	return queue_add(tx, arg, NULL, e);
}

UNUSED static void add(struct store *st, struct job_new n)
{
	MUST(store_write(st, STORE_NORMAL, add_unit, &n, &t_err));
}

UNUSED static void add_key(struct store *st, int64_t okey, int64_t ref)
{
	add(st, (struct job_new){ .queue = Q, .prio = PRIO_NORMAL, .okey = okey, .ref = ref });
}

struct settle {
	const struct job *job;
	char how;
	int64_t due_ms;
};

UNUSED static enum rc settle_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct settle *s = arg;

	switch (s->how) {
	case 'd':
		return queue_done(tx, s->job, e);
	case 'r':
		return queue_retry(tx, s->job, s->due_ms, "peer", "no answer", e);
	case 's':
		return queue_snooze(tx, s->job, s->due_ms, "later", e);
	case 'x':
		return queue_dead(tx, s->job, "theirs", "bad", "will never work", e);
	case 'm':
		return queue_mark_start(tx, s->job, e);
	case '!':
		TRY(queue_done(tx, s->job, e));
		return FAIL(e, RC_INVALID, "the unit fails after the settling");
	default:
		BUG("unknown letter");
	}
}

UNUSED static enum rc settle(struct store *st, const struct job *j, char how, int64_t due_ms)
{
	struct settle s = { j, how, due_ms };
	struct err e = { 0 };

	return store_write(st, STORE_NORMAL, settle_unit, &s, &e);
}

UNUSED static int take(struct store *st, enum queue_id q, int64_t now, struct job *jobs, int max)
{
	return queue_take(store_queues(st), q, now, jobs, max);
}

UNUSED static struct queue_counts counts(struct store *st, enum queue_id q)
{
	struct queue_counts c;

	queue_get_counts(store_queues(st), q, NOW, &c);
	return c;
}

UNUSED static void prove(struct store *st, enum queue_id q)
{
	struct db *db = store_reader(st);
	struct queue_counts c;

	MUST(queue_prove(db, q, &c, &t_err));
	CHECK_I64("the law", c.accepted, c.done + c.discarded + c.dead + c.waiting);
	store_reader_done(st, db);
}

#endif
