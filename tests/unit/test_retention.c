/* test_retention.c - what goes by age goes, and what is not settled, or must not be forgotten, stays. */
#include "store/retention/retention.h"

#include <stdarg.h>

#include "store/retention/erasure.h"
#include "store/queue/queue_priv.h"
#include "store_tx.h"

#define OLD   (T_NOW - 400 * DAY_MS)
#define SINCE (T_NOW - 100 * DAY_MS)
#define MANY  1000

__attribute__((format(printf, 2, 3))) static void run(struct tx *tx, const char *fmt, ...)
{
	char sql[2000];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	MUST(db_exec(tx->db, sql, &t_err));
}

struct looking {
	const char *name;
	int64_t rows;
};

static enum rc look(void *arg, const struct db_table *t, struct err *e)
{
	struct looking *l = arg;

	(void)e;
	if (strcmp(t->name, l->name) == 0)
		l->rows = t->rows;
	return RC_OK;
}

static int64_t rows(struct tx *tx, const char *table)
{
	struct looking l = { table, -1 };

	MUST(db_each_table(tx->db, 0, NULL, look, &l, &t_err));
	return l.rows;
}

/* A person with a thread, both as old as that. */
static void person(struct tx *tx, int64_t id, int64_t at_ms)
{
	run(tx,
	    "INSERT INTO contacts(id, company_id, name, created_ms, updated_ms) VALUES(%lld, 1, "
	    "'p', %lld, %lld);"
	    "INSERT INTO contact_aliases(company_id, kind, match, alias, contact_id, created_ms)"
	    " VALUES(1, 'phone', '34600%lld', '+34600%lld', %lld, 0);"
	    "INSERT INTO whatsapp_conversations(id, company_id, channel_id, contact_id, wa_id, "
	    "created_ms, last_message_at)"
	    " VALUES(%lld, 1, (SELECT min(id) FROM targets), %lld, '34600%lld', %lld, %lld);"
	    "INSERT INTO conversation_labels VALUES(%lld, 'vip');"
	    "INSERT INTO chatwoot_threads(conversation_id) VALUES(%lld)",
	    (long long)id, (long long)at_ms, (long long)at_ms, (long long)id, (long long)id,
	    (long long)id, (long long)id, (long long)id, (long long)id, (long long)at_ms,
	    (long long)at_ms, (long long)id, (long long)id);
}

static void message(struct tx *tx, int64_t id, int64_t thread, int64_t at_ms)
{
	run(tx,
	    "INSERT INTO whatsapp_messages(id, company_id, conversation_id, channel_id, "
	    "delivery_id, direction, type, status,"
	    " sender_type, source, timestamp, created_at, wa_id, content)"
	    " VALUES(%lld, 1, %lld, 1, 0, 'inbound', 'text', 'delivered', 'customer', 'customer', "
	    "%lld, %lld, 'x', 'y')",
	    (long long)id, (long long)thread, (long long)at_ms, (long long)at_ms);
}

static void box(struct tx *tx)
{
	run(tx, "INSERT INTO targets(company_id, kind, slug, created_ms) VALUES(1, 'channel', "
		"'main', 0)");
}

static int64_t trim_people(struct tx *tx)
{
	int64_t after = 0, n = 0;

	MUST(retention_people(tx, SINCE, 500, &after, &n, &t_err));
	CHECK_I64("looked at all", after, 0);
	return n;
}

TX_TEST(people_without_any_message_go_but_not_who_said_stop)
{
	box(tx);
	for (int64_t id = 1; id <= 5; id++)
		person(tx, id, OLD);
	person(tx, 6, T_NOW); /* new */
	message(tx, 1, 2, OLD);
	run(tx, "UPDATE contacts SET marketing = 'stop' WHERE id = 3;"
		"INSERT INTO jobs(id, okey, lane, prio, due_ms, created_ms, ref) VALUES(77, 4 | (9 "
		"<< 44), 0, 1, 0, 0, 1)");
	CHECK_I64("1 and 5", trim_people(tx), 2);
	CHECK_I64("contacts", rows(tx, "contacts"), 4);
	CHECK_I64("threads", rows(tx, "whatsapp_conversations"), 4);
	CHECK_I64("aliases", rows(tx, "contact_aliases"), 4);
	CHECK_I64("labels", rows(tx, "conversation_labels"), 4);
	CHECK_I64("states of Chatwoot", rows(tx, "chatwoot_threads"), 4);
	run(tx, "DELETE FROM jobs; DELETE FROM whatsapp_messages");
	CHECK_I64("when it is settled", trim_people(tx), 2);
}

TX_TEST(a_number_is_never_given_twice)
{
	struct contact_who who = { .phone = STR("34611222333") };
	int64_t first, second, thread, count = 0;

	box(tx);
	MUST(contact_resolve(tx, 1, &who, &first, &t_err));
	MUST(conversation_resolve(tx, 1, 1, first, who.phone, &thread, &t_err));
	run(tx, "UPDATE contacts SET created_ms = 1, updated_ms = 1; UPDATE whatsapp_conversations "
		"SET created_ms = 1");
	CHECK_I64("gone", trim_people(tx), 1);
	MUST(contact_resolve(tx, 1, &who, &second, &t_err));
	CHECK(second > first);
	MUST(conversation_resolve(tx, 1, 1, second, who.phone, &count, &t_err));
	CHECK(count > thread);
}

static int64_t trim_messages(struct tx *tx)
{
	int64_t n = 0;

	MUST(retention_messages(tx, SINCE, MANY, &n, &t_err));
	return n;
}

TX_TEST(old_messages_go_but_not_of_threads_that_wait)
{
	box(tx);
	for (int64_t id = 1; id <= 3; id++) {
		person(tx, id, OLD);
		message(tx, id, id, OLD);
		message(tx, 10 + id, id, OLD);
	}
	message(tx, 20, 1, T_NOW);
	run(tx,
	    "INSERT INTO jobs(id, okey, lane, prio, due_ms, created_ms, ref) VALUES(78, 2 | (3 << "
	    "44), 3, 1, 0, %lld, 9);"
	    "INSERT INTO jobs(id, okey, lane, prio, due_ms, created_ms, ref) VALUES(%lld, "
	    "0, 0, 1, 0, %lld, 3)",
	    (long long)OLD, (long long)queue_first_id(QUEUE_MEDIA) + 5, (long long)OLD);
	CHECK_I64("of the first person", trim_messages(tx), 2);
	CHECK_I64("left", rows(tx, "whatsapp_messages"), 5);
	run(tx, "UPDATE jobs SET created_ms = %lld", (long long)T_NOW);
	CHECK_I64("young work is about young messages", trim_messages(tx), 4);
	CHECK_I64("the newest stays", rows(tx, "whatsapp_messages"), 1);
}

TX_TEST(when_everything_hangs_nothing_old_goes)
{
	box(tx);
	person(tx, 1, OLD);
	message(tx, 1, 1, OLD);
	message(tx, 2, 1, T_NOW);
	run(tx,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	    "INSERT INTO jobs(id, okey, lane, prio, due_ms, created_ms, ref) SELECT i, 1000 + i, "
	    "0, 1, 0, %lld, 1 FROM n",
	    (long long)OLD);
	CHECK_I64("kept", trim_messages(tx), 0);
	run(tx, "DELETE FROM jobs");
	CHECK_I64("free again", trim_messages(tx), 1);
}

TX_TEST(links_of_chatwoot_go_oldest_first_in_every_target)
{
	int64_t n = 0;

	for (int target = 3; target < 6; target++)
		run(tx,
		    "INSERT INTO chatwoot_messages(target_id, chatwoot_message_id, message_id, "
		    "origin, created_ms)"
		    " VALUES(%d, 1, 1, 'agent', %lld), (%d, 2, 2, 'totem', %lld), (%d, 3, 3, "
		    "'agent', %lld)",
		    target, (long long)OLD, target, (long long)OLD, target, (long long)T_NOW);
	MUST(retention_links(tx, 0, MANY, &n, &t_err));
	CHECK_I64("messages for ever: links for ever", n, 0);
	MUST(retention_links(tx, SINCE, 3, &n, &t_err));
	CHECK_I64("a few", n, 3);
	MUST(retention_links(tx, SINCE, MANY, &n, &t_err));
	CHECK_I64("the others", n, 3);
	CHECK_I64("one for each target", rows(tx, "chatwoot_messages"), 3);
}

TX_TEST(what_nobody_can_use_any_more_goes)
{
	int64_t n = 0;

	box(tx);
	person(tx, 1, OLD);
	message(tx, 5, 1, OLD);
	message(tx, 6, 1, T_NOW);
	run(tx,
	    "INSERT INTO invitations(user_id, hash, created_ms, expires_ms) VALUES(1, x'01', 0, "
	    "10), (1, x'02', 0, %lld);"
	    "INSERT INTO media_uploads VALUES(1, 1, 'a', 'b', 0, 10), (1, 2, 'a', 'b', 0, %lld);"
	    "INSERT INTO message_changes(message_id, target, kind, by_message, actor, at_ms, text)"
	    " VALUES(0, 'wamid.A', 'edit', 5, 'x', 0, 't'), (0, 'wamid.B', 'edit', 6, 'x', 0, "
	    "'t'), (5, 'wamid.C', 'edit', 5, 'x', 0, 't')",
	    (long long)T_NOW + 1, (long long)T_NOW + 1);
	MUST(retention_invitations(tx, T_NOW, MANY, &n, &t_err));
	CHECK_I64("invitations", n, 1);
	MUST(retention_uploads(tx, T_NOW, MANY, &n, &t_err));
	CHECK_I64("uploads", n, 1);
	MUST(retention_changes(tx, SINCE, MANY, &n, &t_err));
	CHECK_I64("changes", n, 1);
	CHECK_I64("the others stay", rows(tx, "message_changes"), 2);
}

TX_TEST(an_erased_message_is_known_until_nobody_tells_of_it)
{
	int64_t n = 0;
	bool known;

	MUST(erasure_note(tx, STR("wamid.A"), &t_err));
	MUST(erasure_note(tx, STR("wamid.A"), &t_err));
	MUST(erasure_known(tx->db, STR("wamid.A"), &known, &t_err));
	CHECK(known);
	MUST(erasure_known(tx->db, STR("wamid.B"), &known, &t_err));
	CHECK(!known);
	MUST(erasure_known(tx->db, STR(""), &known, &t_err));
	CHECK(!known);
	MUST(erasure_trim(tx, T_NOW, MANY, &n, &t_err));
	CHECK_I64("young", n, 0);
	MUST(erasure_trim(tx, T_NOW + 1, MANY, &n, &t_err));
	CHECK_I64("old", n, 1);
}

TX_TEST(rows_of_files_that_left_go_when_no_message_shows_them)
{
	int64_t after = 0, n = 0;

	box(tx);
	person(tx, 1, OLD);
	message(tx, 1, 1, OLD);
	run(tx,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6)"
	    "INSERT INTO media(id, company_id, sha256, state, bytes, mime, traits, origin, "
	    "created_ms, last_used_ms)"
	    " SELECT i, 1, randomblob(32), CASE i WHEN 2 THEN 'stored' ELSE 'gone' END, 1, 'a/b', "
	    "0, 'api', 0,"
	    " CASE i WHEN 3 THEN %lld ELSE 0 END FROM n;"
	    "UPDATE whatsapp_messages SET media_id = 4; INSERT INTO media_uploads VALUES(1, 1, "
	    "'a', 'b', 0, 0)",
	    (long long)T_NOW);
	MUST(retention_files(tx, SINCE, 5, &after, &n, &t_err));
	CHECK_I64("1 and 5: not stored, not young, not shown", n, 2);
	CHECK_I64("goes on", after, 5);
	CHECK_I64("its uploads too", rows(tx, "media_uploads"), 0);
	MUST(retention_files(tx, SINCE, 5, &after, &n, &t_err));
	CHECK_I64("6", n, 1);
	CHECK_I64("from the beginning", after, 0);
}
