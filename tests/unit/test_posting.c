/* test_posting.c - own posts to Chatwoot that are under way. */
#include "flow/outside/posting.h"

#include "t.h"

TEST(a_post_is_seen_from_begin_to_end)
{
	struct posting *p = posting_new();

	CHECK(!posting_now(p, 1, 41));
	posting_begin(p, 1, 41);
	CHECK(posting_now(p, 1, 41));
	CHECK(!posting_now(p, 1, 42));
	CHECK(!posting_now(p, 2, 41));
	posting_end(p, 1, 41);
	CHECK(!posting_now(p, 1, 41));
	posting_free(p);
}

TEST(two_posts_into_one_conversation_are_counted)
{
	struct posting *p = posting_new();

	posting_begin(p, 1, 41);
	posting_begin(p, 1, 41);
	posting_begin(p, 1, 42);
	posting_end(p, 1, 41);
	CHECK(posting_now(p, 1, 41));
	posting_end(p, 1, 41);
	CHECK(!posting_now(p, 1, 41));
	CHECK(posting_now(p, 1, 42));
	posting_end(p, 1, 42);
	posting_free(p);
}

static void end_of_nothing(void *arg)
{
	posting_end(arg, 1, 41);
}

TEST(an_end_without_a_begin_is_a_bug)
{
	struct posting *p = posting_new();

	CHECK(t_aborts(end_of_nothing, p));
	posting_free(p);
	posting_free(NULL);
}
