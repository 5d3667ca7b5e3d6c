/* test_ingest_order.c - properties of ingest: the order of webhooks, repetition, large batches, bad neighbours. What single
 * payloads leave in the tables stands in tests/golden (test_golden_rows.c). */
#include "flow/ingest/ingest.h"

#include <dirent.h>

#include "base/clock.h"
#include "box.h"
#include "flow/handlers.h"
#include "io/http.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/incident.h"

#define FILE_MAX (64 * KIB)
/* One thread has no races to find, and is twenty times slower while they are looked for. */
#ifdef __SANITIZE_THREAD__
#define THOUSAND 100
#else
#define THOUSAND 1000
#endif

static const char *const ARGS[] = {
	"channel.main.phone_number_id=109876543210987",
	"channel.main.waba_id=220011223344556",
	"channel.main.app_secret=s",
};
static struct box b;

static enum rc delivery_unit(struct tx *tx, void *arg, struct err *e)
{
	return delivery_add(tx, arg, e);
}

static void deliver(struct str body)
{
	struct delivery d = { .received_ms = BOX_NOW_MS,
			      .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .request_id = STR("r"),
			      .headers = STR("{}"),
			      .body = body };

	MUST(store_write(b.app.store, STORE_NORMAL, delivery_unit, &d, &t_err));
}

static void work(void)
{
	struct worker w;

	worker_init(&w, &b.app, QUEUE_WEBHOOKS);
	while (work_one(&w, BOX_NOW_MS) == RC_OK)
		;
	worker_release(&w);
}

static void open_box(void)
{
	box_open(&b, ARGS, COUNT(ARGS));
	MUST(http_start(&t_err));
}

static void close_box(void)
{
	http_stop();
	box_close(&b);
}

static void with_value(struct sbuf *to, const char *lists)
{
	sbuf_printf(
		to,
		"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"220011223344556\","
		"\"changes\":[{\"field\":\"messages\",\"value\":{\"messaging_product\":"
		"\"whatsapp\","
		"\"metadata\":{\"display_phone_number\":\"551140028922\",\"phone_number_id\":"
		"\"109876543210987\"},%s}}]}]}",
		lists);
	ASSERT(sbuf_ok(to));
}

static struct message_counts counts(void)
{
	struct db *db = store_reader(b.app.store);
	struct message_counts n;

	MUST(message_prove(db, &n, &t_err));
	store_reader_done(b.app.store, db);
	return n;
}

static int64_t dead(void)
{
	struct queue_counts n;

	queue_get_counts(store_queues(b.app.store), QUEUE_WEBHOOKS, BOX_NOW_MS, &n);
	return n.dead;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void shuffle(size_t *order, size_t n, uint32_t *state)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t j = next_random(state) % i, was = order[i - 1];

		order[i - 1] = order[j];
		order[j] = was;
	}
}

/* ---- the order in which webhooks come ---- */

/* What happens to message `%1$s`; times rise in this order. */
static const char *const STORY[] = {
	"\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.%1$s\",\"timestamp\":"
	"\"1790000000\","
	"\"type\":\"text\",\"text\":{\"body\":\"first\"}}]",
	"\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.A%1$s\",\"timestamp\":"
	"\"1790000001\","
	"\"type\":\"edit\",\"edit\":{\"original_message_id\":\"wamid.%1$s\",\"message\":{\"type\":"
	"\"text\","
	"\"text\":{\"body\":\"second\"}}}}]",
	"\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.B%1$s\",\"timestamp\":"
	"\"1790000002\","
	"\"type\":\"edit\",\"edit\":{\"original_message_id\":\"wamid.%1$s\",\"message\":{\"type\":"
	"\"text\","
	"\"text\":{\"body\":\"third\"}}}}]",
	"\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.C%1$s\",\"timestamp\":"
	"\"1790000003\","
	"\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.%1$s\",\"emoji\":\"A\"}}]",
	"\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.D%1$s\",\"timestamp\":"
	"\"1790000004\","
	"\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.%1$s\",\"emoji\":\"B\"}}]",
};

static void tell(const char *lists, const char *key)
{
	struct sbuf body AUTO(sbuf_release) = SBUF(8 * KIB);
	char text[2048];
	const char *at = lists;
	size_t n = 0;

	for (; *at != '\0'; at++) { /* "%1$s" */
		if (strncmp(at, "%1$s", 4) != 0) {
			text[n++] = *at;
			continue;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", key);
		at += 3;
	}
	text[n] = '\0';
	with_value(&body, text);
	deliver(sbuf_view(&body));
}

TEST(the_order_of_webhooks_does_not_matter)
{
	uint32_t state = 11;

	open_box();
	for (int round = 0; round < 40; round++) {
		char key[16], path[64];
		size_t order[COUNT(STORY)];

		(void)snprintf(key, sizeof(key), "%d", round);
		shuffle(order, COUNT(STORY), &state);
		for (size_t i = 0; i < COUNT(STORY); i++) {
			tell(STORY[order[i]], key);
			if (next_random(&state) % 2 == 0) /* alone, or with the next in one batch */
				work();
		}
		tell(STORY[order[0]], key); /* and one of them twice */
		work();
		(void)snprintf(path, sizeof(path), "wamid.%d", round);
		struct db *db = store_reader(b.app.store);
		struct message m;
		int64_t id = 0;
		MUST(message_by_meta(db, str_of(path), &id, &t_err));
		MUST(message_load(db, id, &b.arena, &m, &t_err));
		store_reader_done(b.app.store, db);
		CHECK_SPAN(path, m.content, STR("third"));
		CHECK_I64("edited", m.edited_ms, 1790000002000);
	}
	CHECK_I64("each once", counts().inbound, 40 * (int64_t)COUNT(STORY));
	CHECK_I64("none dead", dead(), 0);
	close_box();
}

/* ---- again ---- */

static bool read_file(const char *path, struct sbuf *to)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return false;
	char *room = sbuf_room(to, FILE_MAX);
	ASSERT(room != NULL);
	sbuf_added(to, fread(room, 1, FILE_MAX, f));
	return fclose(f) == 0;
}

static int deliver_golden(void)
{
	DIR *d = opendir("tests/golden/meta");
	int n = 0;

	CHECK(d != NULL);
	for (struct dirent *at = d != NULL ? readdir(d) : NULL; at != NULL; at = readdir(d)) {
		struct sbuf body AUTO(sbuf_release) = SBUF(FILE_MAX);
		char path[512];

		if (!str_ends(str_of(at->d_name), STR(".json")))
			continue;
		(void)snprintf(path, sizeof(path), "tests/golden/meta/%s", at->d_name);
		CHECK(read_file(path, &body));
		deliver(sbuf_view(&body));
		n++;
	}
	if (d != NULL)
		(void)closedir(d); /* read only */
	return n;
}

TEST(everything_twice_is_everything_once)
{
	struct message_counts first, second;
	int64_t died;

	open_box();
	CHECK(deliver_golden() > 100); /* all of them in one batch, in the folder's order */
	work();
	first = counts();
	died = dead();
	(void)deliver_golden();
	work();
	second = counts();
	CHECK_I64("inbound", second.inbound, first.inbound);
	CHECK_I64("outbound", second.outbound, first.outbound);
	CHECK(first.inbound > 100 && first.outbound >= 8);
	CHECK_I64("unreadable bodies die each time", dead(), 2 * died);
	CHECK(died <= 3); /* cut off, no object */
	close_box();
}

/* ---- a thousand ---- */

TEST(a_post_of_a_thousand_updates_with_a_bad_one_among_them)
{
	struct sbuf lists AUTO(sbuf_release) = SBUF(HOOK_BODY_MAX);
	struct sbuf body AUTO(sbuf_release) = SBUF(HOOK_BODY_MAX);

	open_box();
	sbuf_text(&lists, "\"messages\":[");
	for (int i = 0; i < 500; i++) {
		sbuf_printf(&lists,
			    "%s{\"from\":\"55119%08d\",\"id\":\"wamid.%d\",\"timestamp\":"
			    "\"1790000000\","
			    "\"type\":\"text\",\"text\":{\"body\":\"",
			    i > 0 ? "," : "", i % 50, i);
		for (int k = 0; k < 5800; k++)
			sbuf_char(&lists, (char)('a' + k % 26));
		sbuf_text(&lists, "\"}}");
	}
	sbuf_text(&lists, ",{\"from\":[],\"id\":7},\"x\",{\"id\":\"wamid.7\",\"from\":\"1\"}],"
			  "\"statuses\":[");
	for (int i = 0; i < 499; i++)
		sbuf_printf(&lists,
			    "%s{\"id\":\"wamid.OUT%d\",\"status\":\"sent\",\"timestamp\":"
			    "\"1790000000\"}",
			    i > 0 ? "," : "", i);
	sbuf_text(&lists, ",null],\"errors\":[{\"code\":131035}]");
	with_value(&body, sbuf_c(&lists));
	CHECK(body.n > 2900000);
	deliver(sbuf_view(&body));
	work();
	CHECK_I64("all good ones", counts().inbound, 500);
	CHECK_I64("not dead", dead(), 0);
	CHECK_I64("shown", box_call(&b, "GET", "/api/v1/deliveries?put_aside=true", NULL), 200);
	CHECK_I64("incident", box_call(&b, "GET", "/api/v1/incidents", NULL), 200);
	CHECK(box_has(&b, "lost"));
	close_box();
}

#define NUMBER_METADATA                                                         \
	"\"messaging_product\":\"whatsapp\",\"metadata\":{\"phone_number_id\":" \
	"\"109876543210987\"}"

TEST(an_item_that_cannot_be_applied_is_put_aside_and_the_others_of_its_post_are_applied)
{
	struct sbuf body AUTO(sbuf_release) = SBUF(HOOK_BODY_MAX);

	open_box();
	sbuf_text(
		&body,
		"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":"
		"\"220011223344556\",\"changes\":[{\"field\":\"messages\",\"value\":"
		"{" NUMBER_METADATA
		",\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.before\",\"timestamp\":"
		"\"1790000000\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}]}},"
		"{\"field\":\"account_update\",\"value\":{\"event\":\"");
	for (int i = 0; i < 40000; i++) /* longer than a fact of a channel may be */
		sbuf_char(&body, 'E');
	sbuf_text(
		&body,
		"\"}},{\"field\":\"messages\",\"value\":{" NUMBER_METADATA
		",\"messages\":[{\"from\":\"5511955501234\",\"id\":\"wamid.behind\",\"timestamp\":"
		"\"1790000001\",\"type\":\"text\",\"text\":{\"body\":\"b\"}}]}}]}]}");
	CHECK(sbuf_ok(&body));
	deliver(sbuf_view(&body));
	tell(STORY[0], "neighbour"); /* in the same batch */
	work();
	CHECK_I64("those before, behind and beside it", counts().inbound, 3);
	CHECK_I64("kept for another try", dead(), 1);
	CHECK_I64("shown", box_call(&b, "GET", "/api/v1/deliveries?put_aside=true", NULL), 200);
	CHECK(box_has(&b, "item 2 of 3 could not be applied: account_state"));
	CHECK_I64("shown", box_call(&b, "GET", "/api/v1/dead-letters", NULL), 200);
	CHECK(box_has(&b, "item 2 of 3 could not be applied: account_state"));
	close_box();
}

static enum rc own_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct channel *ch = &b.app.config->channels[0];

	(void)arg;
	for (int i = 0; i < THOUSAND; i++) {
		char phone[24], wamid[24];
		struct contact_who who = { 0 };
		struct message m = { .company_id = 1,
				     .channel_id = ch->id,
				     .outbound = true,
				     .type = "text",
				     .sender_type = "crm_agent",
				     .source = "api",
				     .content = STR("x") };
		int64_t contact;

		(void)snprintf(phone, sizeof(phone), "55119%08d", i);
		(void)snprintf(wamid, sizeof(wamid), "wamid.OUT%d", i);
		who.phone = m.wa_id = str_of(phone);
		TRY(contact_resolve(tx, 1, &who, &contact, e));
		TRY(conversation_resolve(tx, 1, ch->id, contact, m.wa_id, &m.conversation_id, e));
		TRY(message_add(tx, &m, e));
		TRY(message_sending(tx, m.id, e));
		TRY(message_accepted(tx, m.id, str_of(wamid), e));
	}
	return RC_OK;
}

TEST(a_thousand_statuses_in_one_post)
{
	static const char *const WORDS[] = { "sent", "delivered", "read" };
	struct db *db;

	open_box();
	MUST(store_write(b.app.store, STORE_NORMAL, own_unit, NULL, &t_err));
	for (size_t w = 0; w < COUNT(WORDS); w++) {
		struct sbuf lists AUTO(sbuf_release) = SBUF(HOOK_BODY_MAX);
		struct sbuf body AUTO(sbuf_release) = SBUF(HOOK_BODY_MAX);
		int64_t began_us;

		sbuf_text(&lists, "\"statuses\":[");
		for (int i = 0; i < THOUSAND; i++)
			sbuf_printf(&lists,
				    "%s{\"id\":\"wamid.OUT%d\",\"status\":\"%s\",\"timestamp\":"
				    "\"1790000000\",\"recipient_id\":\"55119%08d\",\"recipient_"
				    "user_id\":"
				    "\"BR.%d\",\"pricing\":{\"billable\":true,\"category\":"
				    "\"utility\"}}",
				    i > 0 ? "," : "", i, WORDS[w], i, i);
		sbuf_text(&lists, "]");
		with_value(&body, sbuf_c(&lists));
		deliver(sbuf_view(&body));
		began_us = clock_mono_us();
		work();
		(void)fprintf(stderr, "1000 statuses (%s): %.1f ms\n", WORDS[w],
			      (double)(clock_mono_us() - began_us) / 1000.0);
	}
	db = store_reader(b.app.store);
	for (int i = 0; i < THOUSAND; i += THOUSAND / 9) {
		struct message m;
		char wamid[24];
		int64_t id = 0;

		(void)snprintf(wamid, sizeof(wamid), "wamid.OUT%d", i);
		MUST(message_by_meta(db, str_of(wamid), &id, &t_err));
		MUST(message_load(db, id, &b.arena, &m, &t_err));
		CHECK_I64(wamid, m.status, MESSAGE_READ);
		CHECK(m.pricing.n > 0);
	}
	store_reader_done(b.app.store, db);
	CHECK_I64("none dead", dead(), 0);
	close_box();
}
