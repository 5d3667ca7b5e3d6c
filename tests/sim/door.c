/* door.c - looking into the database from outside, and the checks of a scenario. */
#include <sqlite3.h>

#include "sim/sim.h"
#include "store/message/message.h"

void door_select(struct str sql, struct sbuf *to)
{
	char path[SIM_PATH_MAX], *text = arena_dup(&sim.arena, sql);
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int rc, rows = 0;

	if (sqlite3_open_v2(box_database(path), &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK)
		fail("%s: %s", text, sqlite3_errmsg(db));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (rows++ > 0)
			sbuf_text(to, " | ");
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const unsigned char *v = sqlite3_column_text(st, i);

			if (i > 0)
				sbuf_char(to, ' ');
			sbuf_text(to, v != NULL ? (const char *)v : "null");
		}
	}
	if (rc != SQLITE_DONE)
		fail("%s: %s", text, sqlite3_errmsg(db));
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	if (rows == 0)
		sbuf_text(to, "nothing");
}

/* "db SELECT ... = values": the last " = " parts them. */
void step_db(const char *text)
{
	AUTO(sbuf_release) struct sbuf got = SBUF(1 * MIB);
	const char *at = NULL;
	struct str wanted;

	for (const char *p = strstr(text, " = "); p != NULL; p = strstr(p + 1, " = "))
		at = p;
	if (at == NULL)
		fail("db SELECT ... = values");
	wanted = expand(str_trim(str_of(at + 3)), NULL);
	door_select(expand(str_n(text + 3, (size_t)(at - text) - 3), NULL), &got);
	if (!str_eq(sbuf_view(&got), wanted))
		fail("wanted %.*s, got %.*s", STRF(wanted), STRF(sbuf_view(&got)));
}

/* "count NAME = N", "count NAME <= N" */
void step_count(const struct words *w)
{
	int64_t wanted, got;
	enum peer p;
	struct str name, rest, part;

	if (w->n != 4 || !str_i64(expand(w->w[3], NULL), 0, INT32_MAX, &wanted))
		fail("count NAME = N");
	name = rest = w->w[1];
	if (str_ends(name, STR(".calls")) && str_cut(&rest, '.', &part) && peer_of(part, &p))
		got = net_calls(p);
	else
		got = peers_count(name);
	if (str_eqc(w->w[2], "<=") ? got > wanted : got != wanted)
		fail("%.*s: wanted %.*s %lld, got %lld", STRF(name), STRF(w->w[2]),
		     (long long)wanted, (long long)got);
}

void prove(void)
{
	struct store *st = box_app()->store;
	struct db *db = store_reader(st);
	struct message_counts messages;
	struct queue_counts counts;
	struct err e = { 0 };

	for (int q = 0; q < QUEUE_COUNT; q++) {
		if (queue_prove(db, (enum queue_id)q, &counts, &e) != RC_OK)
			fail("the numbers of queue %s do not add up: %s",
			     queue_name((enum queue_id)q), e.text);
	}
	if (message_prove(db, &messages, &e) != RC_OK)
		fail("the numbers of the messages do not add up: %s", e.text);
	store_reader_done(st, db);
	if (messages.outbound != messages.queued + messages.sending + messages.settled +
					 messages.unknown + messages.cancelled)
		fail("an outbound message is in no state");
}
