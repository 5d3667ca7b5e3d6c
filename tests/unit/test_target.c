/* test_target.c - names, rows and states of what is outside. */
#include "store/target.h"

#include "store_tx.h"

TX_TEST(a_target_is_made_once)
{
	static const struct {
		const char *why, *kind, *slug;
		enum rc wanted;
	} ROWS[] = {
		{ "good", "channel", "main", RC_OK },
		{ "all letters", "n8n", "a-b_9", RC_OK },
		{ "longest", "channel", "0123456789012345678901234567890123456789", RC_OK },
		{ "too long", "channel", "01234567890123456789012345678901234567890", RC_INVALID },
		{ "empty", "channel", "", RC_INVALID },
		{ "capital", "channel", "Main", RC_INVALID },
		{ "dot", "channel", "a.b", RC_INVALID },
		{ "kind", "kafka", "main", RC_INVALID },
	};
	int64_t id = 0, again = 0, other = 0;

	EACH (r, ROWS)
		CHECK_I64(r->why, target_resolve(tx, r->kind, str_of(r->slug), &id, NULL),
			  r->wanted);
	MUST(target_resolve(tx, "channel", STR("main"), &id, &t_err));
	MUST(target_resolve(tx, "channel", STR("main"), &again, &t_err));
	MUST(target_resolve(tx, "chatwoot", STR("main"), &other, &t_err));
	CHECK_I64("the same", again, id);
	CHECK(other != id);
}

static enum rc see(void *arg, const struct target *t, struct err *e)
{
	(void)e;
	*(struct target *)arg = *t;
	return RC_OK;
}

TX_TEST(a_pause_has_a_reason_and_an_end)
{
	static char long_reason[300];
	struct target t;
	int64_t id = 0;

	MUST(target_resolve(tx, "channel", STR("main"), &id, &t_err));
	MUST(target_each(tx->db, see, &t, &t_err));
	CHECK_STR("up", t.state, "up");
	CHECK_STR("kind", t.kind, "channel");
	CHECK_STR("slug", t.slug, "main");
	MUST(target_pause(tx, id, T_NOW + 5, "throttled", &t_err));
	MUST(target_each(tx->db, see, &t, &t_err));
	CHECK_STR("paused", t.state, "paused");
	CHECK_STR("why", t.reason, "throttled");
	CHECK_I64("until", t.paused_until_ms, T_NOW + 5);
	memset(long_reason, 'x', 198);
	memcpy(long_reason + 198, "\xc3\xa9\xc3\xa9",
	       5); /* two letters of two bytes across the end */
	MUST(target_pause(tx, id, 0, long_reason, &t_err));
	MUST(target_each(tx->db, see, &t, &t_err));
	CHECK_I64("cut between letters", strlen(t.reason), 198);
	MUST(target_resume(tx, id, &t_err));
	MUST(target_each(tx->db, see, &t, &t_err));
	CHECK_STR("up", t.state, "up");
	CHECK_STR("no reason", t.reason, "");
	CHECK_I64("no end", t.paused_until_ms, 0);
	CHECK_I64("no such", target_pause(tx, 99, 0, "x", NULL), RC_ABSENT);
	CHECK_I64("no such", target_resume(tx, 99, NULL), RC_ABSENT);
}
