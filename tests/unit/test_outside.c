/* test_outside.c - breakers, incidents, gates and rates of the targets. */
#include "flow/outside/outside.h"

#include "store/incident.h"
#include "store/queue/queue.h"
#include "store/target.h"
#include "unit/store_tx.h"

#define NUMBER 1 /* a channel */

static const struct outside_rate RATE = { .per_second = 100,
					  .recipient_burst = 2,
					  .recipient_every_ms = 6000 };

static enum rc row_unit(struct tx *tx, void *arg, struct err *e)
{
	return target_resolve(tx, "channel", STR("main"), arg, e);
}

static void begin(struct app *app)
{
	int64_t id;

	*app = (struct app){ .store = tx_open(), .outside = outside_new() };
	MUST(store_write(app->store, STORE_NORMAL, row_unit, &id, &t_err));
	CHECK_I64("the first row", id, NUMBER);
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
	outside_pause_recipient(&app, NUMBER, 6, T_NOW + MINUTE_MS, T_NOW);
	CHECK_I64("told to wait", take(&app, 6, T_NOW + 7000, &until, &number), RC_RETRY);
	CHECK_I64("as told", until, T_NOW + MINUTE_MS);
	CHECK_I64("not the others", take(&app, 5, T_NOW + 7000, &until, &number), RC_OK);
	CHECK_I64("afterwards", take(&app, 6, T_NOW + MINUTE_MS, &until, &number), RC_OK);
	end(&app);
}

TEST(a_pause_takes_no_place_of_another_pause)
{
	enum { MANY = 3000 };
	struct app app;
	int64_t until = 0, held = 0;
	bool number = true;

	begin(&app);
	for (int64_t i = 0; i < MANY; i++)
		outside_pause_recipient(&app, NUMBER, i * i * 104729, T_NOW + MINUTE_MS, T_NOW);
	for (int64_t i = 0; i < MANY; i++)
		held += take(&app, i * i * 104729, T_NOW + 1, &until, &number) == RC_RETRY &&
					!number
				? 1
				: 0;
	CHECK_I64("all wait", held, MANY);
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
	outside_throttled(&app, NUMBER, -1, T_NOW + SECOND_MS);
	outside_throttled(&app, NUMBER, -1, T_NOW + SECOND_MS); /* was under way beside it */
	CHECK_I64("rests", gate(&app), T_NOW + 2 * SECOND_MS);
	n = in_a_second(&app, T_NOW + SECOND_MS, 2000);
	CHECK(n >= 49 && n <= 52);
	for (int i = 2; i < 20; i++)
		outside_throttled(&app, NUMBER, -1, T_NOW + i * SECOND_MS);
	CHECK_I64("rests longer", gate(&app), T_NOW + (19 + 64) * SECOND_MS);
	CHECK(outside_view_get(&app, NUMBER, &view));
	CHECK(view.rate > 0.04 && view.rate < 0.06); /* never nothing */
	(void)in_a_second(&app, T_NOW + 120 * SECOND_MS, 3000);
	CHECK(outside_view_get(&app, NUMBER, &view));
	CHECK(view.rate > 0.99);
	end(&app);
}

TEST(a_providers_own_pause_is_kept)
{
	struct app app;

	begin(&app);
	outside_throttled(&app, NUMBER, 30 * SECOND_MS, T_NOW);
	CHECK_I64("as told", gate(&app), T_NOW + 30 * SECOND_MS);
	outside_throttled(&app, NUMBER, -1, T_NOW + HOUR_MS);
	CHECK_I64("an hour later it begins anew", gate(&app), T_NOW + HOUR_MS + SECOND_MS);
	end(&app);
}

TEST(the_usage_headers_slow_down_before_the_limit)
{
	struct outside_view view;
	struct app app;

	begin(&app);
	outside_usage(&app, NUMBER, 50, 0, T_NOW);
	CHECK(outside_view_get(&app, NUMBER, &view) && view.rate > 0.99 &&
	      view.usage_percent == 50);
	outside_usage(&app, NUMBER, 95, 0, T_NOW);
	outside_usage(&app, NUMBER, 95, 0, T_NOW + SECOND_MS);
	CHECK(outside_view_get(&app, NUMBER, &view) && view.rate > 0.45 && view.rate < 0.55);
	CHECK_I64("no rest", gate(&app), 0);
	outside_usage(&app, NUMBER, 100, 7 * MINUTE_MS, T_NOW + SECOND_MS);
	CHECK_I64("rests as told", gate(&app), T_NOW + SECOND_MS + 7 * MINUTE_MS);
	end(&app);
}

static struct outside_trouble spam(void)
{
	return (struct outside_trouble){ .target_id = NUMBER,
					 .pause_ms = 15 * MINUTE_MS,
					 .cap_ms = HOUR_MS,
					 .spares_replies = true,
					 .code = INCIDENT_SEND_SPAM,
					 .args = { { "131048" } } };
}

TEST(a_restriction_for_spam_spares_replies_until_one_is_refused)
{
	struct outside_trouble t = spam();
	struct outside_view view;
	struct app app;
	int64_t until = 0;

	begin(&app);
	outside_trouble(&app, &t, T_NOW);
	check_incidents("told", &app, 1, 1);
	CHECK_I64("the lane is open", gate(&app), 0);
	CHECK(outside_bulk_waits(&app, NUMBER, T_NOW + MINUTE_MS, &until));
	CHECK_I64("until", until, T_NOW + 15 * MINUTE_MS);
	CHECK_I64("bulk", outside_begin_send(&app, NUMBER, true, T_NOW, &until), RC_RETRY);
	CHECK_I64("a reply", outside_begin_send(&app, NUMBER, false, T_NOW, &until), RC_OK);
	outside_end_send(&app, NUMBER, false, true, "", T_NOW);
	check_incidents("a reply that goes does not end it", &app, 1, 1);
	t.spares_replies = false;
	outside_trouble(&app, &t, T_NOW + MINUTE_MS);
	CHECK_I64("all wait, twice as long", gate(&app), T_NOW + 31 * MINUTE_MS);
	check_incidents("the same row", &app, 1, 1);
	outside_resume(&app, NUMBER);
	CHECK(!outside_bulk_waits(&app, NUMBER, T_NOW, &until));
	CHECK(outside_view_get(&app, NUMBER, &view) && view.bulk_state == BREAKER_CLOSED);
	check_incidents("over", &app, 0, 1);
	end(&app);
}

TEST(after_a_restriction_one_message_tries_and_refusals_in_a_row_wait_longer)
{
	struct outside_trouble t = spam();
	struct app app;
	int64_t until = 0, now = T_NOW;

	begin(&app);
	for (int64_t wait = 15; wait < 480; wait *= 2) {
		outside_trouble(&app, &t, now);
		CHECK(outside_bulk_waits(&app, NUMBER, now, &until));
		CHECK_I64("wait", until - now, i64_min(wait, 60) * MINUTE_MS);
		now = until;
		CHECK_I64("one", outside_begin_send(&app, NUMBER, true, now, &until), RC_OK);
		CHECK_I64("not two", outside_begin_send(&app, NUMBER, true, now, &until), RC_RETRY);
	}
	outside_forget(&app, NUMBER); /* it was cancelled */
	CHECK_I64("another", outside_begin_send(&app, NUMBER, true, now, &until), RC_OK);
	outside_end_send(&app, NUMBER, true, true, "", now);
	CHECK_I64("all", outside_begin_send(&app, NUMBER, true, now, &until), RC_OK);
	CHECK_I64("go", outside_begin_send(&app, NUMBER, true, now, &until), RC_OK);
	check_incidents("over", &app, 0, 1);
	end(&app);
}

static enum rc see_code(void *arg, const struct incident *i, struct err *e)
{
	(void)e;
	*(enum incident_code *)arg = i->code;
	return RC_OK;
}

TEST(a_new_cause_takes_the_place_of_the_old_one)
{
	struct outside_trouble t = spam();
	enum incident_code code = INCIDENT_CODES;
	struct app app;
	struct db *db;

	begin(&app);
	outside_trouble(&app, &t, T_NOW);
	t.code = INCIDENT_SEND_TOKEN;
	outside_trouble(&app, &t, T_NOW);
	check_incidents("one row", &app, 1, 1);
	db = store_reader(app.store);
	MUST(incident_each(db, true, 10, see_code, &code, &t_err));
	store_reader_done(app.store, db);
	CHECK_I64("newest", code, INCIDENT_SEND_TOKEN);
	end(&app);
}

/* After a restart nobody knows whether an incident is open: the first call that goes well closes it. */
TEST(an_incident_of_an_earlier_process_is_closed_too)
{
	struct app app;
	int64_t until;

	begin(&app);
	outside_stop(&app, NUMBER, T_NOW + HOUR_MS, "x", T_NOW);
	outside_free(app.outside);
	app.outside = outside_new();
	check_incidents("open", &app, 1, 1);
	CHECK_I64("may", outside_begin(&app, NUMBER, T_NOW, &until), RC_OK);
	outside_end(&app, NUMBER, true, "", T_NOW);
	check_incidents("closed", &app, 0, 1);
	end(&app);
}

/* 10,000 recipients in turn, each at its own pace: nobody gets more than the bucket gives, however many there are. */
TEST(ten_thousand_recipients_keep_their_own_pace)
{
	const struct outside_rate rate = { .per_second = 1000,
					   .recipient_burst = 10,
					   .recipient_every_ms = 6000 };
	static uint8_t sent[10000];
	struct app app;
	int64_t until, most = 0, total = 0;
	bool number;

	begin(&app);
	for (int64_t ms = 0; ms < 60 * SECOND_MS; ms += 4) {
		for (int i = 0; i < 4; i++) {
			int64_t who = (ms / 4 * 4 + i) * 7919 % (ms < 30 * SECOND_MS ? 10000 : 50);

			if (outside_take(&app, NUMBER, 1 + who, &rate, T_NOW + ms, &until,
					 &number) == RC_OK) {
				sent[who]++;
				total++;
			}
		}
	}
	for (size_t i = 0; i < COUNT(sent); i++)
		most = i64_max(most, sent[i]);
	CHECK(total > 25000);
	CHECK_I64("burst and a minute's refill at most", most <= 20, true);
	end(&app);
}

/* What was closed by a clock that was ahead opens when it is right again; what waits for a person does not. */
TEST(a_clock_that_was_set_back_shortens_what_is_closed)
{
	const int64_t then = T_NOW + 365 * DAY_MS, beyond = T_NOW + 20 * MINUTE_MS;
	struct outside_view v;
	int64_t until;
	struct app app;
	bool number;

	begin(&app);
	outside_stop(&app, NUMBER, then, "rests", then - SECOND_MS);
	outside_stop(&app, NUMBER + 1, INT64_MAX, "a person", then - SECOND_MS);
	outside_pause_recipient(&app, NUMBER, 5, then, then - SECOND_MS);
	outside_throttled(&app, NUMBER, -1, then);
	CHECK_I64("shut", outside_begin(&app, NUMBER, T_NOW, &until), RC_RETRY);
	CHECK_I64("shut", outside_take(&app, NUMBER, 5, &RATE, T_NOW, &until, &number), RC_RETRY);
	outside_clock_back(&app, beyond, T_NOW);
	CHECK_I64("open", outside_begin(&app, NUMBER, T_NOW, &until), RC_OK);
	CHECK_I64("open", outside_take(&app, NUMBER, 5, &RATE, T_NOW, &until, &number), RC_OK);
	CHECK_I64("a person's", outside_begin(&app, NUMBER + 1, T_NOW, &until), RC_RETRY);
	for (int i = 0; i < 30; i++)
		(void)outside_take(&app, NUMBER, 6 + i, &RATE, T_NOW + (i + 2) * SECOND_MS, &until,
				   &number);
	CHECK(outside_view_get(&app, NUMBER, &v));
	CHECK(v.rate > 0.9); /* it climbs again */
	end(&app);
}
