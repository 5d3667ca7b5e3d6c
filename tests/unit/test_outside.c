/* test_outside.c - breakers, incidents, gates and rates of the targets. */
#include "flow/outside.h"

#include "store/incident.h"
#include "store/queue.h"
#include "unit/store_tx.h"

#define NUMBER 1 /* a channel */

static const struct outside_rate RATE = { .per_second = 100,
					  .recipient_burst = 2,
					  .recipient_every_ms = 6000 };

static void begin(struct app *app)
{
	*app = (struct app){ .store = tx_open(), .outside = outside_new() };
}

static void end(struct app *app)
{
	outside_free(app->outside);
	store_close(app->store);
}

struct incidents {
	int open, all;
};

static enum rc count_incident(void *arg, const struct incident *i, struct err *e)
{
	struct incidents *n = arg;

	(void)e;
	n->all++;
	n->open += i->closed_ms == 0 ? 1 : 0;
	return RC_OK;
}

static void check_incidents(const char *why, struct app *app, int open, int all)
{
	struct db *db = store_reader(app->store);
	struct incidents n = { 0 };

	MUST(incident_each(db, false, 100, count_incident, &n, &t_err));
	store_reader_done(app->store, db);
	CHECK_I64(why, n.open, open);
	CHECK_I64(why, n.all, all);
}

static int64_t gate(struct app *app)
{
	return queue_gated_until(store_queues(app->store), NUMBER);
}

TEST(an_outage_is_one_incident_and_one_gate)
{
	struct app app;
	int64_t until = 0, now = T_NOW;

	begin(&app);
	for (int i = 0; i < BREAKER_CALLS_MIN; i++) {
		CHECK_I64("may", outside_begin(&app, NUMBER, now, &until), RC_OK);
		outside_end(&app, NUMBER, false, "refused", now);
	}
	CHECK_I64("gated", gate(&app), now + BREAKER_COOL_MS);
	check_incidents("opened", &app, 1, 1);
	CHECK_I64("held", outside_begin(&app, NUMBER, now, &until), RC_RETRY);
	CHECK_I64("until", until, now + BREAKER_COOL_MS);
	now = until;
	CHECK_I64("probe", outside_begin(&app, NUMBER, now, &until), RC_OK);
	outside_end(&app, NUMBER, false, "refused", now);
	check_incidents("the same one", &app, 1, 1);
	now += 2 * BREAKER_COOL_MS;
	CHECK_I64("probe", outside_begin(&app, NUMBER, now, &until), RC_OK);
	outside_end(&app, NUMBER, true, "fine", now);
	CHECK_I64("open again", gate(&app), 0);
	check_incidents("closed", &app, 0, 1);
	end(&app);
}

TEST(a_stop_holds_until_its_time_or_a_resume)
{
	struct outside_view view;
	struct app app;
	int64_t until = 0;

	begin(&app);
	CHECK(!outside_view_get(&app, NUMBER, &view));
	outside_stop(&app, NUMBER, T_NOW + HOUR_MS, "token refused", T_NOW);
	outside_stop(&app, NUMBER, T_NOW + 2 * HOUR_MS, "token refused", T_NOW);
	CHECK_I64("gated", gate(&app), T_NOW + 2 * HOUR_MS);
	CHECK_I64("held", outside_begin(&app, NUMBER, T_NOW + HOUR_MS, &until), RC_RETRY);
	check_incidents("one", &app, 1, 1);
	CHECK(outside_view_get(&app, NUMBER, &view));
	CHECK_I64("shown", view.state, BREAKER_OPEN);
	CHECK_I64("counted", view.failures, 2);
	outside_resume(&app, NUMBER);
	CHECK_I64("open", gate(&app), 0);
	CHECK_I64("may", outside_begin(&app, NUMBER, T_NOW, &until), RC_OK);
	check_incidents("closed", &app, 0, 1);
	outside_resume(&app, NUMBER);
	check_incidents("nothing to close", &app, 0, 1);
	end(&app);
}

static enum rc take(struct app *app, int64_t conversation, int64_t now_ms, int64_t *ret_until,
		    bool *ret_number)
{
	return outside_take(app, NUMBER, conversation, &RATE, now_ms, ret_until, ret_number);
}

TEST(a_recipient_waits_alone)
{
	struct app app;
	int64_t until = 0;
	bool number = true;

	begin(&app);
	CHECK_I64("first", take(&app, 5, T_NOW, &until, &number), RC_OK);
	CHECK_I64("second", take(&app, 5, T_NOW, &until, &number), RC_OK);
	CHECK_I64("third", take(&app, 5, T_NOW, &until, &number), RC_RETRY);
	CHECK(!number);
	CHECK_I64("in six seconds", until, T_NOW + 6000);
	CHECK_I64("others go on", take(&app, 6, T_NOW, &until, &number), RC_OK);
	CHECK_I64("no gate", gate(&app), 0);
	outside_pause_recipient(&app, NUMBER, 6, T_NOW + MINUTE_MS);
	CHECK_I64("told to wait", take(&app, 6, T_NOW + 7000, &until, &number), RC_RETRY);
	CHECK_I64("as told", until, T_NOW + MINUTE_MS);
	CHECK_I64("not the others", take(&app, 5, T_NOW + 7000, &until, &number), RC_OK);
	CHECK_I64("afterwards", take(&app, 6, T_NOW + MINUTE_MS, &until, &number), RC_OK);
	end(&app);
}

TEST(the_numbers_rate_gates_its_lane_and_gives_the_recipient_its_token_back)
{
	struct app app;
	int64_t until = 0;
	bool number = false;
	int64_t n = 0;

	begin(&app);
	while (n < 100 && take(&app, 100 + n, T_NOW, &until, &number) == RC_OK)
		n++;
	CHECK_I64("a tenth of a second at once", n, 10);
	CHECK(number);
	CHECK_I64("gated", gate(&app), until);
	CHECK_I64("the next", take(&app, 100 + n, until, &until, &number), RC_OK);
	CHECK_I64("its second one", take(&app, 100 + n, until + 1000, &until, &number), RC_OK);
	end(&app);
}

/* How many pass within a second, one recipient each. */
static int64_t in_a_second(struct app *app, int64_t from_ms, int64_t first)
{
	int64_t until = 0, n = 0, now = from_ms;
	bool number;

	while (now < from_ms + SECOND_MS) {
		if (take(app, first + n, now, &until, &number) == RC_OK)
			n++;
		else
			now = until;
	}
	return n;
}

TEST(a_throttle_halves_the_rate_and_it_climbs_back)
{
	struct outside_view view;
	struct app app;
	int64_t n;

	begin(&app);
	n = in_a_second(&app, T_NOW, 1000);
	CHECK(n >= 100 && n <= 111);
	outside_throttled(&app, NUMBER, T_NOW + SECOND_MS);
	n = in_a_second(&app, T_NOW + SECOND_MS, 2000);
	CHECK(n >= 49 && n <= 52);
	for (int i = 0; i < 20; i++)
		outside_throttled(&app, NUMBER, T_NOW + 2 * SECOND_MS);
	CHECK(outside_view_get(&app, NUMBER, &view));
	CHECK(view.rate > 0.04 && view.rate < 0.06); /* never nothing */
	(void)in_a_second(&app, T_NOW + 120 * SECOND_MS, 3000);
	CHECK(outside_view_get(&app, NUMBER, &view));
	CHECK(view.rate > 0.99);
	end(&app);
}
