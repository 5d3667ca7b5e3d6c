/* fault_ledger.h - the load of test_fault.c, what store_write promised meanwhile, and whether the file agrees.
 *
 * The load is webhooks that are acknowledged, jobs that are settled and messages that are marked as sending. What
 * store_write said is kept beside; after each trouble the file has to agree: all that was promised is there, no unit
 * is there by half, the counters obey their law. A unit that was refused may be there whole (store.h). */
#ifndef FAULT_LEDGER_H
#define FAULT_LEDGER_H

#include "base/thr.h"
#include "faultvfs.h"
#include "store/delivery.h"
#include "store/message/message.h"
#include "store/queue/queue.h"
#include "store_tx.h"
#include "tables.h"

#define WEBHOOKS_MAX 4096

enum fate { FATE_NONE, FATE_REFUSED, FATE_STORED };

/* What was promised. One row for each webhook: number n has request id "n" and body of n % 3000 bytes. */
struct ledger {
	struct store *st;
	struct mtx lock;
	enum fate fate[WEBHOOKS_MAX];
	enum fate done[WEBHOOKS_MAX];
	int n;
	int refused, odd,
		shown; /* failed writes; with another verdict than RC_LIMIT and RC_IO; seen in the stats */
	int64_t message;
	int sendings; /* promised steps of the message */
};

static char body[3000];

static int disk; /* number of the file */

static struct store *open_disk(void)
{
	char path[512];
	const struct store_options o = {
		.path = path, .migrate = true, .now_ms = T_NOW, .clock = tx_clock
	};
	struct store *st = NULL;

	(void)snprintf(path, sizeof(path), "%s/%d.db", t_dir(), disk);
	MUST(store_open(&o, &st, &t_err));
	return st;
}

static enum rc receive_unit(struct tx *tx, void *arg, struct err *e)
{
	char id[16];
	int n = *(const int *)arg;
	struct delivery d = { .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .body = { body, (size_t)n * 7 % sizeof(body) } };

	(void)snprintf(id, sizeof(id), "%d", n);
	d.request_id = str_of(id);
	return delivery_add(tx, &d, e);
}

/* The verdict of one write, kept. False: refused. */
static bool keep(struct ledger *l, enum rc rc, enum fate *fate)
{
	struct store_stats stats = { .failing = false };

	if (rc != RC_OK && !faultvfs_power_is_off())
		store_get_stats(l->st, &stats);
	mtx_lock(&l->lock);
	l->shown += stats.failing ? 1 : 0;
	*fate = rc == RC_OK ? FATE_STORED : FATE_REFUSED;
	l->refused += rc != RC_OK;
	l->odd += rc != RC_OK && rc != RC_LIMIT && rc != RC_IO;
	mtx_unlock(&l->lock);
	return rc == RC_OK;
}

static bool receive(struct ledger *l)
{
	struct err e = { 0 };
	int n;

	mtx_lock(&l->lock);
	n = l->n++;
	mtx_unlock(&l->lock);
	MUST(n < WEBHOOKS_MAX ? RC_OK : RC_LIMIT);
	return keep(l, store_write(l->st, STORE_URGENT, receive_unit, &n, &e), &l->fate[n]);
}

struct done_work {
	const struct job *jobs;
	int n;
};

static enum rc done_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct done_work *w = arg;

	for (int i = 0; i < w->n; i++)
		TRY(queue_done(tx, &w->jobs[i], e));
	return RC_OK;
}

static int number_of(struct store *st, int64_t job_id)
{
	struct db *db = store_reader(st);
	struct arena a = ARENA(64 * KIB);
	struct err e = { 0 };
	struct job_text t;
	int64_t n = -1;

	if (queue_text(db, job_id, &a, &t, &e) == RC_OK)
		CHECK(str_i64(t.correlation, 0, WEBHOOKS_MAX, &n));
	store_reader_done(st, db);
	arena_release(&a);
	return (int)n;
}

static void work(struct ledger *l)
{
	struct queues *qs = store_queues(l->st);
	struct job jobs[8];
	struct done_work w = { jobs, queue_take(qs, QUEUE_WEBHOOKS, T_NOW, jobs, 5) };
	int numbers[8];
	struct err e = { 0 };
	enum fate fate;

	if (w.n == 0)
		return;
	for (int i = 0; i < w.n; i++)
		numbers[i] = number_of(l->st, jobs[i].id);
	(void)keep(l, store_write(l->st, STORE_NORMAL, done_unit, &w, &e), &fate);
	for (int i = 0; i < w.n; i++) {
		if (numbers[i] >= 0)
			l->done[numbers[i]] = fate;
		if (fate != FATE_STORED)
			CHECK(queue_hold_tried(qs, &jobs[i], T_NOW));
	}
}

static enum rc sending_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct ledger *l = arg;

	return l->sendings % 2 == 0 ? message_sending(tx, l->message, e)
				    : message_requeued(tx, l->message, e);
}

static void send(struct ledger *l)
{
	struct err e = { 0 };
	enum fate fate;

	if (keep(l, store_write(l->st, STORE_NORMAL, sending_unit, l, &e), &fate))
		l->sendings++;
}

static enum rc message_unit(struct tx *tx, void *arg, struct err *e)
{
	struct tx_ids ids = tx_conversation(tx, "5511987654321");
	struct message m = { .company_id = 1,
			     .conversation_id = ids.conversation,
			     .channel_id = ids.channel,
			     .outbound = true,
			     .status = MESSAGE_PENDING,
			     .type = "text",
			     .sender_type = "system",
			     .source = "api",
			     .wa_id = STR("5511987654321"),
			     .content = STR("hello") };

	TRY(message_add(tx, &m, e));
	*(int64_t *)arg = m.id;
	return RC_OK;
}

static void begin(struct ledger *l)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%d.db", t_dir(), disk);
	MUST(tables_put(path, T_NOW, &t_err));
	*l = (struct ledger){ .st = open_disk() };
	mtx_init(&l->lock, LOCK_FLOW);
	memset(body, 'x', sizeof(body));
	MUST(store_write(l->st, STORE_NORMAL, message_unit, &l->message, &t_err));
}

/* ---- what the file says ---- */

struct found {
	const struct ledger *l;
	uint8_t rows[WEBHOOKS_MAX];
	uint8_t jobs[WEBHOOKS_MAX];
	int64_t deliveries;
};

static enum rc see_job(void *arg, const struct queue_row *r, struct err *e)
{
	struct found *f = arg;
	int64_t n = -1;

	(void)e;
	CHECK(str_i64(r->correlation, 0, WEBHOOKS_MAX - 1, &n));
	f->jobs[n]++;
	return RC_OK;
}

static enum rc see_delivery(void *arg, const struct delivery *d, struct err *e)
{
	struct found *f = arg;
	int64_t n = -1;

	(void)e;
	CHECK(str_i64(d->request_id, 0, WEBHOOKS_MAX - 1, &n));
	f->rows[n]++;
	f->deliveries++;
	return RC_OK;
}

static void check_webhook(const struct found *f, int n)
{
	const struct ledger *l = f->l;
	char why[48];

	(void)snprintf(why, sizeof(why), "webhook %d", n);
	if (l->fate[n] == FATE_STORED)
		CHECK_I64(why, f->rows[n], 1);
	if (f->rows[n] > 1 || f->jobs[n] > 1 || f->jobs[n] > f->rows[n])
		T_FAIL(why); /* by half or twice */
	if (l->done[n] == FATE_STORED)
		CHECK_I64(why, f->jobs[n], 0);
	if (l->done[n] == FATE_NONE && f->jobs[n] != f->rows[n])
		T_FAIL(why); /* lost: nobody settled it */
}

/* `pure`: nothing that was refused may be there (no power cut). */
static void check_file(struct ledger *l, bool pure)
{
	struct db *db = store_reader(l->st);
	static struct found f;
	struct queue_counts c;
	struct arena a = ARENA(64 * KIB);
	struct delivery_filter filter = { .limit = WEBHOOKS_MAX };
	struct queue_page page = { .limit = WEBHOOKS_MAX };
	struct message m;

	f = (struct found){ .l = l };
	MUST(db_quick_check(db, NULL, &t_err));
	for (int q = 0; q < QUEUE_COUNT; q++)
		MUST(queue_prove(db, (enum queue_id)q, &c, &t_err));
	MUST(queue_prove(db, QUEUE_WEBHOOKS, &c, &t_err));
	MUST(delivery_each(db, &filter, see_delivery, &f, &t_err));
	MUST(queue_each(db, QUEUE_WEBHOOKS, &page, see_job, &f, &t_err));
	CHECK_I64("each delivery was accepted", c.accepted, f.deliveries);
	for (int n = 0; n < l->n; n++) {
		check_webhook(&f, n);
		if (pure && l->fate[n] == FATE_REFUSED && f.rows[n] != 0)
			T_FAIL("a refused webhook is there");
	}
	MUST(message_load(db, l->message, &a, &m, &t_err));
	if (pure)
		CHECK_STR("the message", m.sending, l->sendings % 2 == 0 ? "queued" : "sending");
	arena_release(&a);
	store_reader_done(l->st, db);
}

static void check_counts(struct ledger *l)
{
	struct queue_counts c;

	queue_get_counts(store_queues(l->st), QUEUE_WEBHOOKS, T_NOW, &c);
	CHECK_I64("law in memory", c.accepted,
		  c.done + c.discarded + c.dead + c.waiting + c.delayed + c.running);
}

static void load_some(struct ledger *l, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		(void)receive(l);
		if (i % 3 == 1)
			work(l);
		if (i % 4 == 2)
			send(l);
	}
}

/* All works again: the fault is gone and nothing was left broken. */
static void check_alive(struct ledger *l)
{
	struct store_stats stats;
	struct job j;

	faultvfs_set(&(struct fault){ 0 });
	CHECK(receive(l));
	send(l);
	store_get_stats(l->st, &stats);
	CHECK(!stats.failing);
	for (int i = 0;
	     i < WEBHOOKS_MAX && queue_take(store_queues(l->st), QUEUE_WEBHOOKS, T_NOW, &j, 1) == 1;
	     i++) {
		queue_hold(store_queues(l->st), &j, T_NOW);
		work(l);
	}
	check_counts(l);
	CHECK_I64("only what a full or broken disk says", l->odd, 0);
}

#endif
