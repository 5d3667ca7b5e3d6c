/* test_work.c - what becomes of jobs whose handler ends badly, and of batches that do not fit. */
#include "flow/work.h"

#include "flow/config.h"
#include "flow/outside/outside.h"
#include "flow/outside/posting.h"
#include "io/crypto.h"
#include "io/http.h"
#include "io/json.h"
#include "store/delivery.h"
#include "store/queue/topic.h"
#include "unit/store_tx.h"

#define BODIES 40

static char big[3 * MIB];

static void begin(struct app *app)
{
	*app = (struct app){ .store = tx_open(),
			     .outside = outside_new(),
			     .posting = posting_new() };
	json_start();
	MUST(crypto_start(&t_err));
	MUST(http_start(&t_err));
	mtx_init(&app->config_lock, LOCK_CONFIG);
	MUST(config_reload(app, &t_err));
}

static void end(struct app *app)
{
	config_release(app);
	store_close(app->store);
	posting_free(app->posting);
	outside_free(app->outside);
	mtx_destroy(&app->config_lock);
}

struct post {
	const char *source;
	struct str body;
};

static enum rc receive_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct post *p = arg;
	struct delivery d = { .company_id = 1,
			      .source = p->source,
			      .signature = "valid",
			      .request_id = STR("r"),
			      .body = p->body };

	return delivery_add(tx, &d, e);
}

static void receive(struct app *app, const char *source, struct str body)
{
	struct post p = { source, body };

	MUST(store_write(app->store, STORE_NORMAL, receive_unit, &p, &t_err));
}

static struct queue_counts counts(struct app *app, enum queue_id q)
{
	struct queue_counts c;

	queue_get_counts(store_queues(app->store), q, T_NOW, &c);
	return c;
}

TEST(bodies_that_do_not_fit_in_memory_together_are_read_in_turn)
{
	static const char HEAD[] =
		"{\"object\":\"whatsapp_business_account\",\"entry\":[],\"x\":\"";
	struct worker w;
	struct app app;
	int runs = 0;

	begin(&app);
	worker_init(&w, &app, QUEUE_WEBHOOKS);
	memset(big, 'x', sizeof(big));
	memcpy(big, HEAD, sizeof(HEAD) - 1);
	memcpy(big + sizeof(big) - 2, "\"}", 2);
	for (int i = 0; i < BODIES; i++)
		receive(&app, "meta", (struct str){ big, sizeof(big) });
	while (runs < BODIES && work_one(&w, T_NOW) == RC_OK)
		runs++;
	CHECK(runs > 1);
	CHECK_I64("all read", counts(&app, QUEUE_WEBHOOKS).done, BODIES);
	CHECK_I64("none dead", counts(&app, QUEUE_WEBHOOKS).dead, 0);
	worker_release(&w);
	end(&app);
}

struct seen {
	int put_aside;
};

static enum rc see(void *arg, const struct delivery *d, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->put_aside += d->outcome.n > 0;
	return RC_OK;
}

TEST(a_request_of_an_unknown_source_is_put_aside_not_forgotten)
{
	struct delivery_filter f = { .limit = 10, .only_put_aside = true };
	struct seen s = { 0 };
	struct worker w;
	struct app app;
	struct db *db;

	begin(&app);
	worker_init(&w, &app, QUEUE_WEBHOOKS);
	receive(&app, "evolution", STR("{}"));
	CHECK_I64("run", work_one(&w, T_NOW), RC_OK);
	CHECK_I64("done", counts(&app, QUEUE_WEBHOOKS).done, 1);
	db = store_reader(app.store);
	MUST(delivery_each(db, &f, see, &s, &t_err));
	store_reader_done(app.store, db);
	CHECK_I64("noted", s.put_aside, 1);
	worker_release(&w);
	end(&app);
}

static enum rc orphan_unit(struct tx *tx, void *arg, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_INBOUND,
				  .company_id = 1,
				  .okey = 1,
				  .ref = *(const int64_t *)arg,
				  .prio = PRIO_NORMAL };

	return topic_publish(tx, &ev, e);
}

TEST(jobs_whose_message_was_erased_do_not_come_back_for_ever)
{
	struct worker w;
	struct app app;

	begin(&app);
	worker_init(&w, &app, QUEUE_CRM_INBOUND);
	for (int64_t ref = 100; ref < 103; ref++)
		MUST(store_write(app.store, STORE_NORMAL, orphan_unit, &ref, &t_err));
	CHECK_I64("run", work_one(&w, T_NOW), RC_OK);
	CHECK_I64("nothing waits", counts(&app, QUEUE_CRM_INBOUND).waiting, 0);
	CHECK_I64("nothing runs", counts(&app, QUEUE_CRM_INBOUND).running, 0);
	worker_release(&w);
	end(&app);
}

static enum rc own_limit_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)tx, (void)arg;
	return FAIL(e, RC_LIMIT, "a row is too long");
}

TEST(a_units_own_limit_is_not_taken_for_a_full_disk)
{
	struct err e = { 0 };
	struct app app;

	begin(&app);
	CHECK_I64("its own", store_write(app.store, STORE_NORMAL, own_limit_unit, NULL, &e),
		  RC_INVALID);
	CHECK_STR("the reason is kept", e.text, "a row is too long");
	end(&app);
}

TEST(a_rate_does_not_shorten_a_pause_and_a_shorter_stop_does_not_either)
{
	const struct outside_rate rate = { .per_second = 1, .recipient_burst = 10 };
	struct app app;
	int64_t until;
	bool number = false;

	begin(&app);
	queue_gate(store_queues(app.store), 1, INT64_MAX);
	for (int i = 0; i < 3; i++)
		(void)outside_take(&app, 1, 5 + i, &rate, T_NOW, &until, &number);
	CHECK(number);
	CHECK_I64("paused", queue_gated_until(store_queues(app.store), 1), INT64_MAX);
	outside_stop(&app, 2, T_NOW + HOUR_MS, "long", T_NOW);
	outside_stop(&app, 2, T_NOW + MINUTE_MS, "short", T_NOW);
	CHECK_I64("the longer one", queue_gated_until(store_queues(app.store), 2), T_NOW + HOUR_MS);
	end(&app);
}

TEST(a_setting_does_not_make_a_batch_queue_of_one_that_is_none)
{
	static const char *const ARGS[] = { "queue.messages.batch=5", "queue.webhooks.batch=7" };
	struct app app;

	begin(&app);
	app.args = ARGS;
	app.arg_count = COUNT(ARGS);
	MUST(config_reload(&app, &t_err));
	CHECK_I64("one at a time", queue_get_config(store_queues(app.store), QUEUE_MESSAGES).batch,
		  1);
	CHECK_I64("as set", queue_get_config(store_queues(app.store), QUEUE_WEBHOOKS).batch, 7);
	end(&app);
}
