/* test_n8n.c - the body that a workflow gets, and verdicts that do not fit into a golden file. */
#include "peer/n8n/n8n.h"

#include "t.h"

static const struct n8n_message full = {
	.id = { "0198-1", 6 },
	.conversation = { "0198-2", 6 },
	.contact_id = { "0198-3", 6 },
	.contact_name = { "Rita \"R\"", 8 },
	.contact_phone = { "+5511955501234", 14 },
	.contact_user_id = { "BR.1", 4 },
	.channel = { "loja", 4 },
	.text = { "oi", 2 },
	.type = { "text", 4 },
	.content = { "{\"context\":{}}", 14 },
	.origin = { "wa", 2 },
	.hop = 1,
	.reply_url = { "https://totem.test/api/v1/n8n/reply", 35 },
	.idempotency_key = { "key-1", 5 },
	.created_ms = 1790000000123,
};

TEST(the_body_has_ids_as_text)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(8 * KIB);
	MUST(n8n_encode(&full, &b, &t_err));
	CHECK_STR("full", sbuf_c(&b),
		  "{\"id\":\"0198-1\",\"conversation\":\"0198-2\",\"contact\":{\"id\":\"0198-3\","
		  "\"name\":"
		  "\"Rita "
		  "\\\"R\\\"\",\"phone\":\"+5511955501234\",\"user_id\":\"BR.1\"},\"channel\":"
		  "\"loja\","
		  "\"text\":\"oi\",\"type\":\"text\",\"content\":{\"context\":{}},\"origin\":"
		  "\"wa\",\"hop\":1,\"reply_url\":"
		  "\"https://totem.test/api/v1/n8n/"
		  "reply\",\"idempotency_key\":\"key-1\",\"created_at\":"
		  "\"2026-09-21T14:13:20.123Z\"}");
}

TEST(a_missing_field_is_named_and_a_loop_is_refused)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(8 * KIB);
	struct err e = { 0 };
	struct n8n_message m = full;
	m.idempotency_key = STR_NONE;
	CHECK_I64("key", n8n_encode(&m, &b, &e), RC_INVALID);
	CHECK(str_starts(str_of(e.text), STR("idempotency_key:")));
	m = full;
	m.hop = LOOP_HOP_MAX;
	CHECK_I64("last hop", n8n_encode(&m, &b, NULL), RC_OK);
	sbuf_reset(&b);
	m.hop = LOOP_HOP_MAX + 1;
	CHECK_I64("loop", n8n_encode(&m, &b, NULL), RC_REFUSED);
	m.hop = -1;
	CHECK_I64("negative", n8n_encode(&m, &b, NULL), RC_INVALID);
	CHECK_I64("nothing written", b.n, 0);
	struct sbuf small AUTO(sbuf_release) = SBUF(20);
	CHECK_I64("full", n8n_encode(&full, &small, NULL), RC_LIMIT);
}

TEST(transport_and_waits)
{
	static const struct {
		const char *why;
		enum rc rc;
		int status;
		int64_t after;
		int tries;
		enum n8n_class cls;
		int64_t retry_ms;
	} rows[] = {
		{ "not reached", RC_RETRY, 0, -1, 1, N8N_RETRY, 2000 },
		{ "unknown outcome", RC_UNKNOWN, 0, -1, 2, N8N_RETRY, 4000 },
		{ "over the ceiling", RC_LIMIT, 0, -1, 1, N8N_RETRY, 2000 },
		{ "guard", RC_REFUSED, 0, -1, 1, N8N_PARK, -1 },
		{ "bad address", RC_INVALID, 0, -1, 1, N8N_PARK, -1 },
		{ "retry after", RC_OK, 503, 7000, 1, N8N_RETRY, 7000 },
		{ "retry after a year", RC_OK, 429, 365 * DAY_MS, 1, N8N_RETRY, DAY_MS },
		{ "curve's end", RC_OK, 500, -1, 1000000, N8N_RETRY, 900000 },
	};
	EACH (r, rows) {
		struct arena a AUTO(arena_release) = ARENA(64 * KIB);
		struct n8n_verdict v;
		const struct n8n_answer ans = { r->rc,    r->status, STR(""),    r->after,
						r->tries, STR("id"), STR("key"), false };
		MUST(n8n_judge(&ans, &a, &v, &t_err));
		CHECK_STR(r->why, n8n_class_name(v.cls), n8n_class_name(r->cls));
		CHECK_I64(r->why, v.retry_ms, r->retry_ms);
	}
}

TEST(an_empty_id_of_ours_matches_nothing)
{
	struct arena a AUTO(arena_release) = ARENA(64 * KIB);
	struct n8n_verdict v;
	const struct n8n_answer ans = { RC_OK,    200,  STR("{\"id\":\"\",\"reply\":\"x\"}"),
					-1,       1,    STR(""),
					STR_NONE, false };
	MUST(n8n_judge(&ans, &a, &v, &t_err));
	CHECK_I64("class", v.cls, N8N_PARK);
	CHECK_I64("no reply", v.reply_count, 0);
}

TEST(the_verdict_has_nothing_of_the_peer)
{
	struct arena a AUTO(arena_release) = ARENA(64 * KIB);
	struct n8n_verdict v;
	const struct n8n_answer ans = { RC_OK,      500,  STR("{\"stack\":\"at /srv/flow.js\"}"),
					-1,         1,    STR("id"),
					STR("key"), false };
	MUST(n8n_judge(&ans, &a, &v, &t_err));
	CHECK(str_find(str_of(v.text), STR("/srv")) < 0);
}

TEST(an_answer_cut_anywhere_is_never_a_success)
{
	static const char body[] =
		"{\"id\":\"id\",\"reply\":[\"a\\u0000\",\"b\"],\"actions\":[1,{\"x\":2}]}";
	for (size_t n = 0; n < sizeof body; n++) {
		struct arena a AUTO(arena_release) = ARENA(64 * KIB);
		struct n8n_verdict v;
		const struct n8n_answer ans = { RC_OK, 200,       str_n(body, n), -1,
						1,     STR("id"), STR("key"),     false };
		MUST(n8n_judge(&ans, &a, &v, &t_err));
		CHECK_I64("class", v.cls, n == sizeof body - 1 ? N8N_DONE : N8N_RETRY);
	}
	struct arena small AUTO(arena_release) = ARENA(8);
	struct n8n_verdict v = { .reply_count = 77 };
	const struct n8n_answer ans = { RC_OK, 200,       str_of(body), -1,
					1,     STR("id"), STR("key"),   false };
	CHECK_I64("full", n8n_judge(&ans, &small, &v, NULL), RC_LIMIT);
	CHECK_I64("untouched", v.reply_count, 77);
}
