/* test_clockwatch.c - jumps of the clock. */
#include "box.h"
#include "flow/clockwatch.h"
#include "store/incident.h"

#define YEAR_MS INT64_C(31536000000)

static enum rc count_open(void *arg, const struct incident *i, struct err *e)
{
	int *n = arg;

	(void)e;
	*n += str_eqc(i->kind, "clock");
	return RC_OK;
}

static int open_incidents(struct box *b)
{
	struct db *db = store_reader(b->app.store);
	int n = 0;

	MUST(incident_each(db, true, 100, count_open, &n, &t_err));
	store_reader_done(b->app.store, db);
	return n;
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
