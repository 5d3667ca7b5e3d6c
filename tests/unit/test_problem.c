/* test_problem.c - errors as application/problem+json: shape, kinds, verdicts. */
#include "api/problem.h"

#include "t.h"

#include "box.h"

static struct box b;

static struct call by_hand(void)
{
	sbuf_release(&b.r.body);
	sbuf_release(&b.r.headers);
	b.arena.max = 1 * MIB;
	b.r = (struct res){ .body = SBUF(64 * KIB), .headers = SBUF(8 * KIB) };
	b.q = (struct req){ .request_id = "r-1" };
	return (struct call){ .app = &b.app, .q = &b.q, .r = &b.r };
}

TEST(problem_has_the_members_of_rfc_9457)
{
	struct call c = by_hand();

	json_start();
	problem_field(&c, 422, "text.body", "It is \"empty\"");
	CHECK_I64("status", b.r.status, 422);
	CHECK_STR("type", b.r.content_type, "application/problem+json");
	CHECK_STR("type", box_get(&b, "type"), "urn:totem:problem:invalid");
	CHECK_STR("request", box_get(&b, "request_id"), "r-1");
	CHECK_STR("field", box_get(&b, "errors.0.field"), "text.body");
	CHECK_STR("detail", box_get(&b, "errors.0.detail"), "It is \"empty\"");
	CHECK_I64("status", box_get_i64(&b, "status"), 422);
}

TEST(problem_kinds_are_found_and_different)
{
	const struct problem_kind *k;
	size_t n = 0;

	for (; (k = problem_kind_at(n)) != NULL; n++) {
		CHECK(problem_kind_find(k->type) == k);
		CHECK(k->title[0] != '\0');
	}
	CHECK(n > 10);
	CHECK(problem_kind_find("nonsense") == NULL);
}

TEST(problem_follows_the_verdict)
{
	static const struct {
		const char *why;
		enum rc rc;
		int status;
	} CASES[] = {
		{ "no text", RC_OK, 404 },
		{ "absent", RC_ABSENT, 404 },
		{ "conflict", RC_CONFLICT, 409 },
		{ "invalid", RC_INVALID, 422 },
		{ "refused", RC_REFUSED, 409 },
		{ "limit", RC_LIMIT, 503 },
		{ "retry", RC_RETRY, 503 },
		{ "unknown", RC_UNKNOWN, 500 },
		{ "io", RC_IO, 503 },
	};

	json_start();
	EACH (t, CASES) {
		struct call c = by_hand();
		struct err e = { .rc = t->rc, .text = "secret path /var/x" };

		problem_err(&c, &e);
		CHECK_I64(t->why, b.r.status, t->status);
		CHECK_I64(t->why, box_has_header(&b, "Retry-After"), t->status == 503);
		if (t->rc == RC_IO)
			CHECK(!box_has(&b, "secret"));
	}
}
