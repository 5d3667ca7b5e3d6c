/* test_idem.c - the first answer is given again. */
#include "store/idem.h"

#include "store_tx.h"

static const struct idem ASKED = {
	.token_id = 1,
	.key = { "k-1", 3 },
	.body_hash = { "0123456789abcdef0123456789abcdef", 32 },
	.status = 202,
	.answer = { "{\"id\":1}", 8 },
};

TX_TEST(the_same_request_gets_the_same_answer)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct idem other = ASKED;
	struct idem got = { 0 };

	CHECK_I64("new", idem_find(tx->db, &ASKED, &a, &got, &t_err), RC_ABSENT);
	MUST(idem_add(tx, &ASKED, &t_err));
	MUST(idem_find(tx->db, &ASKED, &a, &got, &t_err));
	CHECK_I64("status", got.status, 202);
	CHECK_SPAN("answer", got.answer, STR("{\"id\":1}"));
	CHECK_I64("second writer", idem_add(tx, &ASKED, NULL), RC_CONFLICT);
	other.body_hash = STR("0123456789abcdef0123456789abcdeX");
	CHECK_I64("other body", idem_find(tx->db, &other, &a, &got, NULL), RC_CONFLICT);
	other.token_id = 2;
	CHECK_I64("other token", idem_find(tx->db, &other, &a, &got, NULL), RC_ABSENT);
}

TX_TEST(a_key_has_a_length)
{
	static char longest[256];
	struct idem i = ASKED;

	memset(longest, 'k', sizeof(longest));
	i.key = STR("");
	CHECK_I64("empty", idem_add(tx, &i, NULL), RC_INVALID);
	i.key = (struct str){ longest, 256 };
	CHECK_I64("too long", idem_add(tx, &i, NULL), RC_INVALID);
	i.key = (struct str){ longest, 255 };
	CHECK_I64("longest", idem_add(tx, &i, &t_err), RC_OK);
}

TX_TEST(old_answers_are_forgotten)
{
	int64_t count = -1;

	for (int i = 0; i < 30; i++) {
		struct idem one = ASKED;

		one.token_id = i % 3;
		one.key = str_n("abcdefghijklmnopqrstuvwxyz0123", (size_t)i + 1);
		tx->now_ms = T_NOW + i;
		MUST(idem_add(tx, &one, &t_err));
	}
	MUST(idem_trim(tx, T_NOW, &count, &t_err));
	CHECK_I64("none is older", count, 0);
	MUST(idem_trim(tx, T_NOW + 10, &count, &t_err));
	CHECK_I64("ten", count, 10);
	MUST(idem_trim(tx, T_NOW + 99, &count, &t_err));
	CHECK_I64("the rest", count, 20);
}
