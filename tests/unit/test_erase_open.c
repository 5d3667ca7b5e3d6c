/* test_erase_open.c - an erasure whose thread has work again after the cut waits for it, and one that cannot be done is refused before
 * anything is gone. */
#include "base/ids.h"
#include "box.h"
#include "flow/erase/erase.h"
#include "store/conversation/contact.h"
#include "store/retention/erasure.h"

#define PHONE "5511900000001"

static const char *const ARGS[] = { "channel.main.phone_number_id=1",
				    "channel.main.window_hours=0" };
static struct box b;

static enum rc resolve_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct contact_who who = { .phone = STR(PHONE) };

	return contact_resolve(tx, 1, &who, arg, e);
}

static enum rc begin_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *contact = arg;
	int64_t id;

	return erasure_begin(tx, &(struct erasure_ask){ .company_id = 1, .contact_id = *contact },
			     &id, e);
}

static enum rc spellings_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *contact = arg;
	char alias[32];

	for (int i = 0; i < ERASE_ALIASES_MAX; i++) {
		struct stmt s;

		(void)snprintf(alias, sizeof(alias), "55119111100%02d", i);
		TRY(stmt_begin(tx->db, Q_CONTACT_ALIAS, &s, e));
		stmt_bind_i64(&s, "company_id", 1);
		stmt_bind_text(&s, "kind", "phone");
		stmt_bind_text(&s, "match", alias);
		stmt_bind_text(&s, "alias", alias);
		stmt_bind_i64(&s, "contact_id", *contact);
		stmt_bind_i64(&s, "created_ms", tx->now_ms);
		TRY(stmt_run(&s, e));
	}
	return RC_OK;
}

static int64_t contact_of(void)
{
	int64_t id;

	MUST(store_write(b.app.store, STORE_NORMAL, resolve_unit, &id, &t_err));
	return id;
}

static void send_one(void)
{
	CHECK_I64("sent",
		  box_call(&b, "POST", "/api/v1/messages",
			   "{\"to\":\"" PHONE "\",\"type\":\"text\",\"text\":{\"body\":\"oi\"}}"),
		  202);
}

static bool has_message(void)
{
	CHECK_I64("messages", box_call(&b, "GET", "/api/v1/messages", NULL), 200);
	return box_get(&b, "data.0.id")[0] != '\0';
}

static bool is_at_rows(int64_t contact)
{
	struct db *db = store_reader(b.app.store);
	int64_t id;
	enum rc rc = erasure_find(db, contact, &id, &t_err);

	store_reader_done(b.app.store, db);
	CHECK(rc == RC_OK || rc == RC_ABSENT);
	return rc == RC_OK;
}

TEST(a_message_whose_job_is_open_stays_until_that_is_done)
{
	int64_t contact;

	box_open(&b, ARGS, COUNT(ARGS));
	send_one();
	contact = contact_of();
	MUST(store_write(b.app.store, STORE_NORMAL, begin_unit, &contact, &t_err));
	erase_go_on(&b.app);
	CHECK("its job would find nothing" && has_message());
	CHECK(is_at_rows(contact));
	CHECK_I64("its work ends",
		  box_call(&b, "DELETE", "/api/queue-monitor/clear?confirm=clear",
			   "{\"queue\":\"message\"}"),
		  200);
	erase_go_on(&b.app);
	CHECK("all is gone" && !has_message());
	CHECK(!is_at_rows(contact));
	box_close(&b);
}

TEST(a_person_with_too_many_spellings_is_whole_after_the_refusal)
{
	struct erase_report report;
	int64_t contact;

	box_open(&b, ARGS, COUNT(ARGS));
	contact = contact_of();
	MUST(store_write(b.app.store, STORE_NORMAL, spellings_unit, &contact, &t_err));
	const struct erasure_ask ask = { .company_id = 1, .contact_id = contact };
	CHECK(erase_contact(&b.app, &ask, &report, &t_err) == RC_INVALID);
	err_clear(&t_err);
	CHECK(!is_at_rows(contact));
	CHECK_I64("who writes is the same", contact_of(), contact);
	box_close(&b);
}

TEST(the_list_of_erasures_says_who_asked_and_how_far_each_is)
{
	int64_t id;
	char path[96];

	box_open(&b, ARGS, COUNT(ARGS));
	(void)contact_of();
	CHECK_I64("contacts", box_call(&b, "GET", "/api/v1/contacts", NULL), 200);
	(void)snprintf(path, sizeof(path), "/api/v1/contacts/%s", box_get(&b, "data.0.id"));
	CHECK_I64("erased", box_call(&b, "DELETE", path, "{}"), 200);
	id = box_get_i64(&b, "erasure_id");
	CHECK(id > 0);
	CHECK_I64("listed", box_call(&b, "GET", "/api/v1/erasures", NULL), 200);
	CHECK_I64("the same", box_get_i64(&b, "data.0.id"), id);
	CHECK_STR("no row is left", box_get(&b, "data.0.state"), "pages");
	CHECK_STR("the name of who asked", box_get(&b, "data.0.asked_by"), "test");
	box_close(&b);
}
