/* test_clockwatch.c - jumps of the clock. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "box.h"
#include "flow/chatwoot/chatwoot_catch.h"
#include "flow/clock/clockdoubt.h"
#include "flow/clock/clockwatch.h"
#include "flow/janitor.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation_state.h"
#include "io/file.h"
#include "store/incident.h"
#include "store/queue/queue.h"
#include "store/target.h"

#define YEAR_MS INT64_C(31536000000)

/* The kernel's answer, instead of libc's: its status, or -1: it does not say. */
static int kernel_says = 0;

int adjtimex(struct timex *t)
{
	t->status = kernel_says;
	return kernel_says;
}

struct counted {
	const char *kind;
	int n;
};

static enum rc count_open(void *arg, const struct incident *i, struct err *e)
{
	struct counted *c = arg;

	(void)e;
	c->n += str_eqc(i->kind, c->kind);
	return RC_OK;
}

static int open_of(struct box *b, const char *kind)
{
	struct db *db = store_reader(b->app.store);
	struct counted c = { .kind = kind };

	MUST(incident_each(db, true, 100, count_open, &c, &t_err));
	store_reader_done(b->app.store, db);
	return c.n;
}

static int open_incidents(struct box *b)
{
	return open_of(b, "clock");
}

TEST(a_jump_back_is_an_incident_until_the_time_is_reached_again)
{
	struct box b;

	box_open(&b, NULL, 0);
	clockwatch_one(&b.app, BOX_NOW_MS + 1000, 1000000);
	CHECK_I64("fine", open_incidents(&b), 0);
	clockwatch_one(&b.app, BOX_NOW_MS + 2000 - YEAR_MS, 2000000);
	CHECK_I64("a year back", open_incidents(&b), 1);
	clockwatch_one(&b.app, BOX_NOW_MS + 3000 - YEAR_MS, 3000000);
	CHECK_I64("still", open_incidents(&b), 1);
	clockwatch_one(&b.app, BOX_NOW_MS + 4000, 4000000);
	CHECK_I64("set right", open_incidents(&b), 0);
	box_close(&b);
}

TEST(a_start_before_an_earlier_start_is_noticed)
{
	struct box b;

	box_open(&b, NULL, 0); /* its start is recorded at BOX_NOW_MS */
	clockwatch_one(&b.app, BOX_NOW_MS - YEAR_MS, 1000000);
	CHECK_I64("incident", open_incidents(&b), 1);
	box_close(&b);
}

TEST(small_steps_and_a_late_time_are_no_incident)
{
	struct box b;

	box_open(&b, NULL, 0);
	clockwatch_one(&b.app, BOX_NOW_MS + 1000, 1000000);
	clockwatch_one(&b.app, BOX_NOW_MS + 2000 - 30000, 2000000);
	clockwatch_one(&b.app, BOX_NOW_MS + 3000 + YEAR_MS, 3000000);
	CHECK_I64("none", open_incidents(&b), 0);
	box_close(&b);
}

/* Time services are slow to begin and may pause; a day without any is told, once, and taken back when one is there. */
TEST(a_day_without_a_time_service_is_an_incident)
{
	const int64_t hour_us = HOUR_MS * 1000;
	struct box b;

	box_open(&b, NULL, 0);
	kernel_says = STA_UNSYNC;
	for (int h = 0; h < 24; h++)
		clockwatch_one(&b.app, BOX_NOW_MS + h * HOUR_MS, 1000000 + h * hour_us);
	CHECK_I64("less than a day", open_of(&b, "clock_sync"), 0);
	kernel_says = 0;
	clockwatch_one(&b.app, BOX_NOW_MS + 23 * HOUR_MS + MINUTE_MS,
		       1000000 + 23 * hour_us + MINUTE_MS * 1000);
	kernel_says = STA_UNSYNC;
	for (int h = 24; h < 47; h++)
		clockwatch_one(&b.app, BOX_NOW_MS + h * HOUR_MS, 1000000 + h * hour_us);
	CHECK_I64("it was kept in between", open_of(&b, "clock_sync"), 0);
	clockwatch_one(&b.app, BOX_NOW_MS + 48 * HOUR_MS, 1000000 + 48 * hour_us);
	CHECK_I64("a day", open_of(&b, "clock_sync"), 1);
	CHECK_I64("not a jump", open_incidents(&b), 0);
	kernel_says = -1;
	clockwatch_one(&b.app, BOX_NOW_MS + 49 * HOUR_MS, 1000000 + 49 * hour_us);
	CHECK_I64("the kernel does not say", open_of(&b, "clock_sync"), 1);
	kernel_says = 0;
	clockwatch_one(&b.app, BOX_NOW_MS + 50 * HOUR_MS, 1000000 + 50 * hour_us);
	CHECK_I64("kept again", open_of(&b, "clock_sync"), 0);
	box_close(&b);
}

static enum rc pause_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *until_ms = arg;

	TRY(db_exec(tx->db,
		    "INSERT INTO targets(id, company_id, kind, slug, state, created_ms) "
		    "VALUES(71, 1, 'n8n', 'a', 'up', 0), (72, 1, 'n8n', 'b', 'up', 0)",
		    e));
	return target_pause(tx, 72, *until_ms, "a person", e);
}

/* Reviewed as l2: a number that rested when the clock went back stood still until the old time came again. */
TEST(gates_of_a_later_clock_open_but_not_a_persons_pause)
{
	int64_t until_ms = BOX_NOW_MS + HOUR_MS;
	struct queues *qs;
	struct box b;

	box_open(&b, NULL, 0);
	qs = store_queues(b.app.store);
	MUST(store_write(b.app.store, STORE_NORMAL, pause_unit, &until_ms, &t_err));
	clockwatch_one(&b.app, BOX_NOW_MS, 1000000);
	queue_gate(qs, 71, BOX_NOW_MS + 2000);
	queue_gate(qs, 72, until_ms);
	clockwatch_one(&b.app, BOX_NOW_MS + 1000, 2000000);
	CHECK_I64("no jump, no change", queue_gated_until(qs, 71), BOX_NOW_MS + 2000);
	clockwatch_one(&b.app, BOX_NOW_MS + 2000 - YEAR_MS, 3000000);
	CHECK_I64("open", queue_gated_until(qs, 71), 0);
	CHECK_I64("a person's", queue_gated_until(qs, 72), until_ms);
	/* a run that began before the jump ends after it */
	queue_gate(qs, 71, BOX_NOW_MS + 9000);
	clockwatch_one(&b.app, BOX_NOW_MS + 3000 - YEAR_MS, 4000000);
	CHECK_I64("within a minute", queue_gated_until(qs, 71), BOX_NOW_MS + 9000);
	clockwatch_one(&b.app, BOX_NOW_MS + 62000 - YEAR_MS, 63000000);
	CHECK_I64("open too", queue_gated_until(qs, 71), 0);
	box_close(&b);
}

/* Conversations 1 to 6, silenced by a clock that is a year ahead; 7 and 8 by the right one. */
static enum rc silence_unit(struct tx *tx, void *arg, struct err *e)
{
	static const struct {
		const char *why;
		int64_t until_ms;
	} ROWS[] = {
		{ "human", YEAR_MS + 30 * MINUTE_MS },
		{ "handover", YEAR_MS + 12 * HOUR_MS },
		{ "loop", YEAR_MS + 10 * MINUTE_MS },
		{ "loop", YEAR_MS + DAY_MS },
		{ "handover", YEAR_MS + CONVERSATION_FOREVER_MS },
		{ "loop", YEAR_MS + CONVERSATION_FOREVER_MS },
		{ "human", 20 * MINUTE_MS },
		{ "handover", 30 * DAY_MS },
	};
	char phone[] = "4915112345670";

	(void)arg;
	TRY(db_exec(tx->db,
		    "INSERT INTO targets(id, company_id, kind, slug, state, created_ms) "
		    "VALUES(71, 1, 'channel', 'x', 'up', 0)",
		    e));
	EACH (r, ROWS) {
		const struct contact_who who = { .phone = str_of(phone) };
		int64_t contact, id;

		phone[12]++;
		TRY(contact_resolve(tx, 1, &who, &contact, e));
		TRY(conversation_resolve(tx, 1, 71, contact, str_of(phone), &id, e));
		CHECK_I64("id", id, r - ROWS + 1);
		TRY(conversation_state_silence(tx, id, BOX_NOW_MS + r->until_ms, r->why, e));
	}
	return RC_OK;
}

static int64_t silent_for_ms(struct box *b, int64_t id, int64_t now_ms)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct db *db = store_reader(b->app.store);
	struct conversation_state s;

	MUST(conversation_state_load(db, id, &a, &s, &t_err));
	store_reader_done(b->app.store, db);
	return s.automation_off_until_ms - now_ms;
}

static void check_silences(struct box *b, const char *when)
{
	static const int64_t WANTED[] = {
		30 * MINUTE_MS,
		12 * HOUR_MS,
		10 * MINUTE_MS,
		10 * MINUTE_MS,
		YEAR_MS + CONVERSATION_FOREVER_MS,
		YEAR_MS + CONVERSATION_FOREVER_MS,
		20 * MINUTE_MS,
		30 * DAY_MS,
	};

	EACH (w, WANTED)
		CHECK_I64(when, silent_for_ms(b, w - WANTED + 1, BOX_NOW_MS), *w);
}

/* A takeover or a stop that was set meanwhile silenced the assistant until the old time came again. */
TEST(silences_set_by_a_clock_a_year_ahead_last_no_year_when_it_is_right_again)
{
	struct box b;

	box_open(&b, NULL, 0);
	MUST(store_write(b.app.store, STORE_NORMAL, silence_unit, NULL, &t_err));
	clockwatch_one(&b.app, BOX_NOW_MS + YEAR_MS, 1000000);
	CHECK_I64("nothing happened yet", silent_for_ms(&b, 1, BOX_NOW_MS + YEAR_MS),
		  30 * MINUTE_MS);
	clockwatch_one(&b.app, BOX_NOW_MS, 2000000);
	check_silences(&b, "it went back");
	box_close(&b);
}

TEST(silences_of_an_earlier_life_whose_clock_was_a_year_ahead_are_pulled_back_at_the_start)
{
	struct box b;

	box_open(&b, NULL, 0);
	MUST(store_write(b.app.store, STORE_NORMAL, silence_unit, NULL, &t_err));
	clockwatch_one(&b.app, BOX_NOW_MS, 1000000);
	check_silences(&b, "a start");
	box_close(&b);
}

/* ---- a clock that is ahead: retention, in simulated time ---- */

static enum rc old_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	TRY(db_exec(tx->db,
		    "INSERT INTO webhook_deliveries(id, received_ms, company_id, target_id, "
		    "source, request_id, signature, headers, body_size, body) "
		    "VALUES(1, 1785240000000, 1, 0, 'meta', 'r', 'none', '{}', 1, x'78'), "
		    "(2, 1785240000000, 1, 0, 'meta', 'r', 'none', '{}', 1, x'78')",
		    e));
	return RC_OK;
}

struct looking {
	int64_t rows;
};

static enum rc look(void *arg, const struct db_table *t, struct err *e)
{
	struct looking *l = arg;

	(void)e;
	if (strcmp(t->name, "webhook_deliveries") == 0)
		l->rows = t->rows;
	return RC_OK;
}

/* Deliveries that retention leaves at this time, without the newest, which it never takes. */
static int64_t kept_at(struct box *b, int64_t now_ms, int64_t mono_us)
{
	struct looking l = { -1 };
	struct db *db;

	clockwatch_one(&b->app, now_ms, mono_us);
	(void)janitor_trim(&b->app, now_ms);
	db = store_reader(b->app.store);
	MUST(db_each_table(db, 0, NULL, look, &l, &t_err));
	store_reader_done(b->app.store, db);
	return l.rows - 1;
}

static void ahead_open(struct box *b, bool first)
{
	box_open(b, NULL, 0);
	if (!first)
		return;
	MUST(store_write(b->app.store, STORE_NORMAL, old_unit, NULL, &t_err));
	CHECK_I64("right", kept_at(b, BOX_NOW_MS + 1000, 1000000), 1);
}

TEST(a_year_ahead_deletes_nothing_until_the_clock_is_kept)
{
	struct box b;

	kernel_says = STA_UNSYNC;
	ahead_open(&b, true);
	CHECK_I64("a year ahead", kept_at(&b, BOX_NOW_MS + YEAR_MS, 2000000), 1);
	CHECK_I64("told", open_of(&b, "clock_ahead"), 1);
	CHECK_I64("an hour later", kept_at(&b, BOX_NOW_MS + YEAR_MS + HOUR_MS, 3602000000), 1);
	box_close(&b);
	ahead_open(&b, false);
	CHECK_I64("after a restart", kept_at(&b, BOX_NOW_MS + YEAR_MS + 2 * HOUR_MS, 5000000), 1);
	CHECK_I64("told", open_of(&b, "clock_ahead"), 1);
	CHECK(!clockdoubt_sure(&b.app));
	kernel_says = 0;
	CHECK_I64("kept", kept_at(&b, BOX_NOW_MS + YEAR_MS + 3 * HOUR_MS, 3605000000), 0);
	CHECK(clockdoubt_sure(&b.app));
	CHECK_I64("over", open_of(&b, "clock_ahead"), 0);
	box_close(&b);
}

TEST(a_year_ahead_that_is_set_right_deletes_nothing)
{
	struct box b;

	kernel_says = STA_UNSYNC;
	ahead_open(&b, true);
	CHECK_I64("a year ahead", kept_at(&b, BOX_NOW_MS + YEAR_MS, 2000000), 1);
	CHECK_I64("right again", kept_at(&b, BOX_NOW_MS + 3000, 3000000), 1);
	CHECK_I64("over", open_of(&b, "clock_ahead"), 0);
	CHECK(!clockdoubt_is(&b.app));
	box_close(&b);
}

static enum rc hold_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct chatwoot_target none = { .id = 1 };
	struct parsed *p = arg;

	p->app->started_ms = tx->now_ms - 10 * MINUTE_MS;
	p->app->agents_held_ms = tx->now_ms + 5 * MINUTE_MS;
	return chatwoot_catch_hold(tx, p, &none, e);
}

/* The time service sets a clock right that was five minutes ahead, soon after the start. */
TEST(what_agents_write_waits_for_no_time_of_the_clock_that_was_ahead)
{
	struct box b;

	box_open(&b, NULL, 0);
	struct parsed p = { .app = &b.app };
	MUST(store_write(b.app.store, STORE_NORMAL, hold_unit, &p, &t_err));
	CHECK_I64("not held", p.defer_ms, 0);
	box_close(&b);
}

static int64_t upgrade_copies(void)
{
	int64_t n = 0;
	char path[512];

	for (int i = 1; i <= 4; i++) {
		snprintf(path, sizeof(path), "%s/totem.db.before-%04d", t_dir(), i);
		n += access(path, F_OK) == 0;
	}
	return n;
}

/* Copies of three upgrades within a month, that a box keeps beside its database. */
TEST(copies_before_upgrades_are_bounded_but_not_by_a_clock_in_doubt)
{
	struct box b;

	kernel_says = STA_UNSYNC;
	ahead_open(&b, true);
	for (int i = 1; i <= 4; i++) {
		const int64_t at = (BOX_NOW_MS - (45 - 10 * i) * DAY_MS) / 1000;
		const struct timespec t[2] = { { .tv_sec = at }, { .tv_sec = at } };
		char path[512];

		snprintf(path, sizeof(path), "%s/totem.db.before-%04d", t_dir(), i);
		MUST(file_write(path, STR("x"), 0600, &t_err));
		CHECK(utimensat(AT_FDCWD, path, t, 0) == 0);
	}
	(void)kept_at(&b, BOX_NOW_MS + YEAR_MS, 2000000);
	CHECK_I64("in doubt", upgrade_copies(), 4);
	for (int i = 1; i < 5; i++)
		(void)kept_at(&b, BOX_NOW_MS + i * 1000, 2000000 + i * 1000000);
	CHECK_I64("the newest two", upgrade_copies(), 2);
	kernel_says = 0;
	for (int i = 1; i < 5; i++)
		(void)kept_at(&b, BOX_NOW_MS + 50 * DAY_MS + i * 1000, 9000000 + i * 1000000);
	CHECK_I64("none for longer than a month", upgrade_copies(), 0);
	box_close(&b);
}

/* Without a time service, or where the kernel does not say: three days of running, over restarts. */
TEST(three_days_of_running_end_the_doubt)
{
	const int64_t then = BOX_NOW_MS + YEAR_MS, day_us = DAY_MS * 1000;
	struct box b;

	kernel_says = -1;
	ahead_open(&b, true);
	for (int h = 0; h <= 36; h++)
		CHECK_I64("a day and a half",
			  kept_at(&b, then + h * HOUR_MS, 2000000 + h * HOUR_MS * 1000), 1);
	box_close(&b);
	ahead_open(&b, false);
	CHECK_I64("off for days counts nothing", kept_at(&b, then + 30 * DAY_MS, 1000000), 1);
	CHECK_I64("nearly", kept_at(&b, then + 31 * DAY_MS, 1000000 + day_us), 1);
	CHECK_I64("three", kept_at(&b, then + 32 * DAY_MS, 1000000 + 2 * day_us), 0);
	CHECK_I64("over", open_of(&b, "clock_ahead"), 0);
	box_close(&b);
}

/* What happens to each box: months pass while it runs; it is off for a weekend; a battery dies. */
TEST(time_that_passes_is_no_jump)
{
	struct box b;

	kernel_says = STA_UNSYNC;
	ahead_open(&b, true);
	for (int d = 1; d < 29; d++)
		CHECK_I64("days", kept_at(&b, BOX_NOW_MS + d * DAY_MS, d * DAY_MS * 1000), 1);
	CHECK_I64("none", open_of(&b, "clock_ahead"), 0);
	box_close(&b);
	ahead_open(&b, false);
	CHECK_I64("a weekend", kept_at(&b, BOX_NOW_MS + 31 * DAY_MS - HOUR_MS, 1000000), 0);
	CHECK_I64("none", open_of(&b, "clock_ahead"), 0);
	CHECK_I64("a dead battery", kept_at(&b, BOX_NOW_MS - YEAR_MS, 2000000), 0);
	CHECK_I64("set right", kept_at(&b, BOX_NOW_MS + 31 * DAY_MS, 3000000), 0);
	CHECK_I64("none", open_of(&b, "clock_ahead"), 0);
	box_close(&b);
}
