/* test_veil.c - phone numbers for whom they are masked: no list, event or error shows one; revealing is told. */
#include "t.h"

#include "api/stream.h"
#include "api/state.h"
#include "api/veil.h"
#include "people.h"
#include "peer/sign.h"
#include "store/queue/queue.h"

#define NUMBER "5491123456789"
#define MASKED "54*********89"
#define WAMID  "wamid.HBgNNTQ5MTEyMzQ1Njc4ORUCABIYFjNFQjBDNzY3RDA5N0I3QzdDMDMwAA=="

static struct box b;

TEST(veil_masks_numbers_and_nothing_else)
{
	static const struct {
		const char *in, *out;
	} CASES[] = {
		{ "{\"a\":\"5491123456789\"}", "{\"a\":\"54*********89\"}" },
		{ "{\"a\" : \"+54 9 11 2345-6789\"}", "{\"a\" : \"+54 * ** ****-**89\"}" },
		{ "{\"a\":\"(011) 91234.5678 ok\"}", "{\"a\":\"(01*) *****.**78 ok\"}" },
		{ "[\"5491123456789@s.whatsapp.net\"]", "[\"54*********89@s.whatsapp.net\"]" },
		{ "[\"x\\n5491123456789\\t\"]", "[\"x\\n54*********89\\t\"]" },
		{ "[\"{\\\"from\\\":\\\"5491123456789\\\"}\"]",
		  "[\"{\\\"from\\\":\\\"54*********89\\\"}\"]" },
		{ "[\"tel5491123456789x\"]", "[\"tel54*********89x\"]" },
		{ "[\"%2B5491123456789\"]", "[\"%2B54*********89\"]" },
		{ "[\"\\u00415491123456789\"]", "[\"\\u004154*********89\"]" },
		{ "[\"a\\\\5491123456789\"]", "[\"a\\\\54*********89\"]" },
		{ "[\"54\xC2\xA0"
		  "9\xC2\xA0"
		  "11\xE2\x80\xAF"
		  "2345\xE2\x80\x91"
		  "6789\"]",
		  "[\"54\xC2\xA0"
		  "*\xC2\xA0"
		  "**\xE2\x80\xAF"
		  "****\xE2\x80\x91"
		  "**89\"]" },
		{ "[\"wamid.HBgNNTQ5MTEyMzQ1Njc4ORUCABIY==\"]",
		  "[\"wamid.**********************UCABIY==\"]" },
		{ "{\"id\":\"5491123456789\",\"x\":\"12345678\"}",
		  "{\"id\":\"54*********89\",\"x\":\"12****78\"}" },
		{ "{\"a\":5491123456789,\"b\":[-5491123456789]}",
		  "{\"a\":5400000000089,\"b\":[-5400000000089]}" },
		{ "[\"BEGIN:VCARD\\nTEL;type=CELL;waid=5491123456789:+54 9 11 2345-6789\\n\"]",
		  "[\"BEGIN:VCARD\\nTEL;type=CELL;waid=54*********89:+54 * ** ****-**89\\n\"]" },
		/* what stays */
		{ "{\"a\":1234567,\"b\":\"1234567\"}", NULL },
		{ "{\"created_ms\":1767607200123,\"media_bytes\":52428800000,\"x\":0."
		  "1234567890123}",
		  NULL },
		{ "id: 12345678901\ndata: {\"n\":123}\n", NULL },
		{ "{\"id\":\"01928374-1234-7123-8123-123456789012\"}", NULL },
		{ "{\"url\":\"/api/v1/media/01928374-1234-7123-8123-123456789012\"}", NULL },
		{ "[\"2026-01-05T10:00:00.123Z\",\"05/01/2026 10:00\",\"05.01.2026\"]", NULL },
		{ "[\"192.168.100.200:8080\"]", NULL },
		{ "[\"4bf92f3577b34da6a3ce929d0e0e4736\",\"3EB0C767D097B7C7C030\"]", NULL },
		{ "{\"next\":\"0.12345678\",\"phone_number_id\":\"106540352242922\"}", NULL },
		{ "{\"id\":\"123456789\"}", NULL },
		{ "id: 12345678\ndata: {\"n\":12345678}\n", NULL },
		{ "[\"\",\"\\\"\",\"$ 1.250.000\"]", NULL },
	};

	EACH (t, CASES) {
		char text[200];

		CHECK(str_copy(str_of(t->in), text, sizeof(text)));
		veil_json(text, strlen(text));
		CHECK_STR(t->in, text, t->out != NULL ? t->out : t->in);
	}
}

/* Whatever the bytes are, nothing outside of them is touched and the length stays. */
TEST(veil_survives_broken_bytes)
{
	static const char *const CASES[] = { "\"",           "\"\\",       "\"\\u",  "\"12345678",
					     "\"wamid.",     "\"wamid.\\", "\"123 ", "\"1234 (",
					     "\"54\xE2\x80", "\"2026-01-0" };

	EACH (t, CASES) {
		size_t n = strlen(*t);
		char *p = mem_alloc(n); /* exact: the sanitizer sees a step too far */

		memcpy(p, *t, n);
		veil_json(p, n);
		CHECK_I64(*t, p[0], (*t)[0]);
		mem_free(p);
	}
}

static enum rc bury_unit(struct tx *tx, void *arg, struct err *e)
{
	return queue_dead(tx, arg, "theirs", "test", "number " NUMBER " is not there", e);
}

/* A message to the number that waits, one that is dead, and a webhook of it. */
static void fill(void)
{
	static const char *const BODY =
		"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"value\":{"
		"\"messages\":[{\"from\":\"" NUMBER "\",\"id\":\"" WAMID "\"}]}}]}]}";
	static const char *const SEND =
		"{\"to\":\"+" NUMBER "\",\"type\":\"text\",\"text\":{\"body\":\"Llame al " NUMBER
		"\"}}";
	char signature[SIGN_TEXT_MAX];
	struct job j;

	CHECK_I64("one", box_call(&b, "POST", "/api/v1/messages", SEND), 202);
	CHECK_I64("taken", queue_take(store_queues(b.app.store), QUEUE_MESSAGES, b.now_ms, &j, 1),
		  1);
	MUST(store_write(b.app.store, STORE_NORMAL, bury_unit, &j, &t_err));
	CHECK_I64("two", box_call(&b, "POST", "/api/v1/messages", SEND), 202);
	sign_meta_make(STR("secret-app"), str_of(BODY), signature);
	box_header(&b, "X-Hub-Signature-256", signature);
	CHECK_I64("webhook", box_do(&b, "POST", "/webhooks/whatsapp", str_of(BODY)), 200);
}

/* A path that fits the row and names what is there: the first row of the list before "{id}". */
static const char *path_of(const struct route *r)
{
	struct str path = str_of(r->path), list, rest;
	ptrdiff_t at = str_find(path, STR("{id}"));

	if (strcmp(r->path, "/api/v1/queues/{queue}") == 0 ||
	    str_starts(path, STR("/api/v1/queues/{queue}/"))) {
		const char *base = "/api/v1/queues/messages";

		if (at < 0)
			return arena_printf(&b.arena, "%s%s", base,
					    r->path + strlen("/api/v1/queues/{queue}"));
		CHECK_I64("jobs", box_call(&b, "GET", "/api/v1/queues/messages/jobs", NULL), 200);
		return arena_printf(&b.arena, "%s/jobs/%s", base, box_get(&b, "data.0.id"));
	}
	if (str_find(path, STR("{channel}")) >= 0)
		return "/api/v1/channels/main";
	if (at < 0)
		return r->path;
	list = str_sub(path, 0, (size_t)at - 1);
	rest = str_sub(path, (size_t)at + 4, path.n);
	CHECK_I64(r->path, box_call(&b, "GET", arena_dup(&b.arena, list), NULL), 200);
	return arena_printf(&b.arena, "%.*s/%s%.*s", (int)list.n, list.p, box_get(&b, "data.0.id"),
			    (int)rest.n, rest.p);
}

/* All that can be read, with all that can be asked for: every list and every single row. */
TEST(veil_lies_over_every_route_that_a_viewer_reads)
{
	static const char *const MORE[] = { "/api/v1/messages/search?q=llame",
					    "/api/v1/contacts?search=5",
					    "/api/v1/conversations?search=55 ",
					    ("/api/v1/contacts?limit=" NUMBER) };
	struct browser ana, eva;
	size_t n, shown = 0, read = 0;
	const struct route *rows = route_table(&n);

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	(void)people_add(&b, &ana, "viewer", &eva);
	fill();
	for (size_t i = 0; i < n + COUNT(MORE); i++) {
		const char *path = i < n ? "" : MORE[i - n];
		int status;
		bool leaks;

		if (i < n && (rows[i].who != WHO_TOKEN || strcmp(rows[i].method, "GET") != 0 ||
			      strstr(rows[i].path, "stream") != NULL ||
			      strstr(rows[i].path, "media") != NULL))
			continue;
		if (i < n)
			path = path_of(&rows[i]);
		status = browser_call(&b, &eva, "GET", path, NULL);
		leaks = box_has(&b, NUMBER) || box_has(&b, "NNTQ5MTE") || box_has(&b, "23456");
		CHECK_I64(path, leaks, 0);
		read += status == 200;
		if (status == 200 && browser_call(&b, &ana, "GET", path, NULL) == 200)
			shown += box_has(&b, NUMBER);
	}
	CHECK(read >= 20);
	CHECK(shown >= 10); /* else the test looks at nothing */
	CHECK_I64("digits", browser_call(&b, &eva, "GET", "/api/v1/contacts?search=5491", NULL),
		  422);
	CHECK_I64("of a thread",
		  browser_call(&b, &eva, "GET", "/api/v1/conversations?search=789", NULL), 422);
	CHECK_I64("words", browser_call(&b, &eva, "GET", "/api/v1/messages/search?q=5491", NULL),
		  422);
	box_close(&b);
}

TEST(veil_lies_over_the_event_stream)
{
	AUTO(sbuf_release) struct sbuf to = SBUF(SSE_BUFFER_MAX);
	int64_t last = 0;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	fill();
	MUST(stream_source(&b.app, (struct sse_filter){ 1, false, 0 }, 0, &to, &last, &t_err));
	CHECK(str_find(sbuf_view(&to), STR(NUMBER)) >= 0);
	MUST(stream_source(&b.app, (struct sse_filter){ 1, true, 0 }, 0, &to, &last, &t_err));
	CHECK(str_find(sbuf_view(&to), STR("\"wa_id\":\"" MASKED "\"")) >= 0);
	sbuf_reset(&to);
	MUST(stream_source(&b.app, (struct sse_filter){ 1, true, 0 }, 0, &to, &last, &t_err));
	CHECK(str_find(sbuf_view(&to), STR(NUMBER)) < 0);
	CHECK(str_find(sbuf_view(&to), STR("event: whatsapp_echo\nid: ")) >= 0);
	box_close(&b);
}

TEST(veil_keeps_contact_cards_back_as_files)
{
	static const char *const CARD =
		"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana\r\nTEL:+" NUMBER "\r\nEND:VCARD\r\n";
	static const char *const NOTE = "Nos vemos el lunes a las diez en el local.\n";
	struct browser ana, eva;
	const char *card, *note;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	(void)people_add(&b, &ana, "viewer", &eva);
	box_header(&b, "Content-Type", "text/vcard");
	CHECK_I64("card", browser_call(&b, &ana, "POST", "/api/v1/media", CARD), 201);
	CHECK_STR("card", box_get(&b, "mime"), "text/vcard");
	card = box_get(&b, "url");
	box_header(&b, "Content-Type", "text/plain");
	CHECK_I64("note", browser_call(&b, &ana, "POST", "/api/v1/media", NOTE), 201);
	note = box_get(&b, "url");
	CHECK_I64("not for masked eyes", browser_call(&b, &eva, "GET", card, NULL), 403);
	CHECK(box_has(&b, "list of contacts"));
	CHECK(!box_has(&b, NUMBER));
	CHECK_I64("other files", browser_call(&b, &eva, "GET", note, NULL), 200);
	CHECK_I64("the owner", browser_call(&b, &ana, "GET", card, NULL), 200);
	box_close(&b);
}

static enum rc crowd_unit(struct tx *tx, void *arg, struct err *e)
{
	struct audit a = { .company_id = 1, .kind = ACTOR_SYSTEM, .action = STR("x.y") };

	(void)arg;
	for (int i = 0; i < 2500; i++)
		TRY(audit_add(tx, &a, e));
	return RC_OK;
}

static enum rc said_unit(struct tx *tx, void *arg, struct err *e)
{
	struct audit a = { .company_id = 1,
			   .kind = ACTOR_SYSTEM,
			   .actor = STR("+" NUMBER),
			   .action = STR("said.something"),
			   .subject = STR("call " NUMBER " back"),
			   .detail = STR("{\"number\":\"" NUMBER "\",\"n\":" NUMBER "}") };

	(void)arg;
	return audit_add(tx, &a, e);
}

/* The audit log tells numbers in its texts, archives hold nothing but whole ones: neither is for who sees them masked, nor for
 * a token whose maker became such a person. */
TEST(veil_keeps_the_audit_log_and_archives_back)
{
	static const char *const TAKEN[] = { "/api/v1/backups/totem-20260101T000000Z/download",
					     "/api/v1/contacts/%s/export" };
	struct browser ana, teo;
	const char *teo_id, *token, *who;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	teo_id = people_add(&b, &ana, "technician", &teo);
	fill();
	MUST(store_write(b.app.store, STORE_NORMAL, said_unit, NULL, &t_err));
	CHECK_I64("token",
		  browser_call(&b, &teo, "POST", "/api/v1/tokens",
			       "{\"name\":\"t\",\"scopes\":[\"audit:read\",\"settings\","
			       "\"messages:read\"]}"),
		  201);
	token = box_get(&b, "token");
	box_bearer(&b, token);
	CHECK_I64("in full", box_do(&b, "GET", "/api/v1/audit?action=said.something", STR_NONE),
		  200);
	CHECK(box_has(&b, NUMBER));
	CHECK_I64("contacts", browser_call(&b, &ana, "GET", "/api/v1/contacts", NULL), 200);
	who = box_get(&b, "data.0.id");
	CHECK_I64("a viewer now",
		  browser_call(&b, &ana, "PATCH",
			       arena_printf(&b.arena, "/api/v1/users/%s", teo_id),
			       "{\"role\":\"viewer\"}"),
		  200);
	box_bearer(&b, token);
	CHECK_I64("masked", box_do(&b, "GET", "/api/v1/audit?action=said.something", STR_NONE),
		  403);
	CHECK(!box_has(&b, NUMBER) && !box_has(&b, "23456"));
	for (size_t i = 0; i < COUNT(TAKEN); i++) {
		box_bearer(&b, token);
		CHECK_I64(TAKEN[i],
			  box_do(&b, "GET",
				 i == 0 ? TAKEN[i]
					: arena_printf(&b.arena, "/api/v1/contacts/%s/export", who),
				 STR_NONE),
			  403);
	}
	box_close(&b);
}

TEST(veil_is_lifted_for_one_person_and_told)
{
	struct browser ana, eva;
	const char *reveal;
	int shown = 0;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	(void)people_add(&b, &ana, "viewer", &eva);
	fill();
	CHECK_I64("who", browser_call(&b, &eva, "GET", "/api/v1/session", NULL), 200);
	CHECK(box_has(&b, "\"numbers_masked\":true"));
	CHECK_I64("who", browser_call(&b, &ana, "GET", "/api/v1/session", NULL), 200);
	CHECK(box_has(&b, "\"numbers_masked\":false"));
	CHECK_I64("list", browser_call(&b, &eva, "GET", "/api/v1/contacts", NULL), 200);
	CHECK(box_has(&b, MASKED));
	reveal = arena_printf(&b.arena, "/api/v1/contacts/%s/reveal", box_get(&b, "data.0.id"));
	for (int i = 0; i < REVEALS_PER_HOUR + 2; i++)
		shown += browser_call(&b, &eva, "POST", reveal, "{}") == 200 && box_has(&b, NUMBER);
	CHECK_I64("an hour's worth", shown, REVEALS_PER_HOUR);
	CHECK_I64("slower", browser_call(&b, &eva, "POST", reveal, "{}"), 429);
	CHECK(box_has_header(&b, "Retry-After: 120\r\n"));
	b.now_ms += 2 * MINUTE_MS;
	CHECK_I64("later", browser_call(&b, &eva, "POST", reveal, "{}"), 200);
	/* A restart hands out no second hour, however much happened since. */
	MUST(store_write(b.app.store, STORE_NORMAL, crowd_unit, NULL, &t_err));
	b.app.started_ms = b.now_ms + 1;
	b.now_ms += 10 * MINUTE_MS;
	CHECK_I64("after a restart", browser_call(&b, &eva, "POST", reveal, "{}"), 429);
	CHECK(box_has_header(&b, "Retry-After: 2880\r\n"));
	b.now_ms += 49 * MINUTE_MS;
	CHECK_I64("the next hour", browser_call(&b, &eva, "POST", reveal, "{}"), 200);
	/* Those of before a restart and those after it count together. */
	b.now_ms += 2 * HOUR_MS;
	for (int i = 0; i < REVEALS_PER_HOUR - 1; i++)
		CHECK_I64("before", browser_call(&b, &eva, "POST", reveal, "{}"), 200);
	rate_destroy(&state_of(&b.app)->reveals);
	rate_init(&state_of(&b.app)->reveals);
	b.app.started_ms = b.now_ms + 1;
	b.now_ms += MINUTE_MS;
	CHECK_I64("the last one", browser_call(&b, &eva, "POST", reveal, "{}"), 200);
	CHECK_I64("no more", browser_call(&b, &eva, "POST", reveal, "{}"), 429);
	CHECK_I64("nobody", browser_call(&b, NULL, "POST", reveal, "{}"), 401);
	CHECK_I64("told",
		  browser_call(&b, &ana, "GET", "/api/v1/audit?action=contacts.reveal&limit=500",
			       NULL),
		  200);
	CHECK_STR("who", box_get(&b, "data.0.actor_kind"), "user");
	CHECK_STR("each", box_get(&b, "data.61.action"), "contacts.reveal");
	CHECK_STR("only those", box_get(&b, "data.62.action"), "");
	CHECK(str_find(str_of(reveal), str_of(box_get(&b, "data.61.subject"))) > 0);
	box_close(&b);
}
