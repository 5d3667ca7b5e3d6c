/* erase.c - see erase.h. */
#include "flow/erase.h"

#include "store/deadletter.h"
#include "store/media.h"

#define UNIT_MESSAGES   50   /* in one commit */
#define UNIT_DELIVERIES 2000 /* looked through in one commit */
#define ALIAS_MAX       160

struct erasing {
	struct app *app;
	int64_t contact_id;
	int64_t conversations[ERASE_CONVERSATIONS_MAX];
	size_t conversation_count;
	char aliases[ERASE_ALIASES_MAX][ALIAS_MAX];
	size_t alias_count;
	int64_t threads[ERASE_CONVERSATIONS_MAX]; /* at Chatwoot */
	size_t thread_count;
	int64_t conversation; /* the one a unit works on */
	int64_t from, to;     /* range of requests */
	int64_t newest;
	bool more;
	struct erase_report r;
};

/* ---- what belongs to the person ---- */

static enum rc read_conversations(struct erasing *x, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_ERASE_CONVERSATIONS, &s, e));
	stmt_bind_i64(&s, "contact_id", x->contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		if (x->conversation_count == ERASE_CONVERSATIONS_MAX)
			return FAIL(e, RC_LIMIT, "the person has more than %d threads",
				    ERASE_CONVERSATIONS_MAX);
		x->conversations[x->conversation_count++] = stmt_i64(&s, "id");
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_aliases(struct erasing *x, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_ERASE_ALIASES, &s, e));
	stmt_bind_i64(&s, "contact_id", x->contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct str alias = stmt_str(&s, "alias");

		if (str_starts(alias, STR("+")))
			alias = str_sub(alias, 1, alias.n); /* requests of peers have it without */
		if (x->alias_count == ERASE_ALIASES_MAX ||
		    !str_copy(alias, x->aliases[x->alias_count], ALIAS_MAX))
			return FAIL(e, RC_LIMIT, "the person has more than %d spellings",
				    ERASE_ALIASES_MAX);
		x->alias_count++;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_threads(struct erasing *x, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_ERASE_CHATWOOT_THREADS, &s, e));
	stmt_bind_i64(&s, "contact_id", x->contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK && x->thread_count < ERASE_CONVERSATIONS_MAX)
		x->threads[x->thread_count++] = stmt_i64(&s, "chatwoot_conversation_id");
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc ask_i64(struct db *db, enum query q, const char *in, int64_t v, const char *out,
		       int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, q, &s, e));
	if (in != NULL)
		stmt_bind_i64(&s, in, v);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, out);
	return RC_OK;
}

/* A job that finds its message gone would be a fault; and what waits to be sent should be cancelled by a person. */
static enum rc check_open(struct erasing *x, struct db *db, struct err *e)
{
	int64_t open, all = 0;

	for (size_t i = 0; i < x->conversation_count; i++) {
		TRY(ask_i64(db, Q_ERASE_OPEN_JOBS, "conversation_id", x->conversations[i], "open",
			    &open, e));
		all += open;
	}
	return all == 0 ? RC_OK
			: FAIL(e, RC_CONFLICT,
			       "%lld jobs of this person are not done yet: let them end, or cancel "
			       "what "
			       "waits to be sent",
			       (long long)all);
}

static enum rc read_all(struct erasing *x, struct err *e)
{
	struct db *db = store_reader(x->app->store);
	enum rc rc = read_conversations(x, db, e);

	if (rc == RC_OK)
		rc = read_aliases(x, db, e);
	if (rc == RC_OK)
		rc = read_threads(x, db, e);
	if (rc == RC_OK)
		rc = check_open(x, db, e);
	if (rc == RC_OK)
		rc = ask_i64(db, Q_ERASE_NEWEST_DELIVERY, NULL, 0, "id", &x->newest, e);
	store_reader_done(x->app->store, db);
	return rc;
}

/* ---- units ---- */

static enum rc run_i64(struct tx *tx, enum query q, const char *name, int64_t v, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, name, v);
	return stmt_run(&s, e);
}

static enum rc run_text(struct tx *tx, enum query q, const char *name, struct str v, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_str(&s, name, v);
	return stmt_run(&s, e);
}

/* What hangs on the thread, before its messages go. */
static enum rc around_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;

	TRY(run_i64(tx, Q_ERASE_CHATWOOT, "conversation_id", x->conversation, e));
	TRY(run_i64(tx, Q_ERASE_CHANGES_BY, "conversation_id", x->conversation, e));
	TRY(run_i64(tx, Q_ERASE_EVENTS, "conversation_id", x->conversation, e));
	TRY(run_i64(tx, Q_ERASE_ATTRIBUTES, "conversation_id", x->conversation, e));
	return run_i64(tx, Q_ERASE_LABELS, "conversation_id", x->conversation, e);
}

struct doomed {
	int64_t id, delivery_id, media_id;
	char meta[300];
};

static enum rc next_message(struct tx *tx, int64_t conversation, struct doomed *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_NEXT_MESSAGE, &s, e));
	stmt_bind_i64(&s, "conversation_id", conversation);
	TRY(stmt_next(&s, e));
	ret->id = stmt_i64(&s, "id");
	ret->delivery_id = stmt_i64(&s, "delivery_id");
	ret->media_id = stmt_i64(&s, "media_id");
	if (!str_copy(stmt_str(&s, "meta_message_id"), ret->meta, sizeof(ret->meta)))
		ret->meta[0] = '\0';
	return RC_OK;
}

static enum rc erase_file(struct tx *tx, struct erasing *x, int64_t media_id, struct err *e)
{
	int64_t used;
	enum rc rc;

	TRY(ask_i64(tx->db, Q_ERASE_MEDIA_USED, "media_id", media_id, "used", &used, e));
	if (used != 0)
		return RC_OK;
	rc = media_leave(tx, media_id, e);
	x->r.files += rc == RC_OK;
	return rc == RC_CONFLICT ? RC_OK : rc; /* it is on its way out already */
}

static enum rc erase_message(struct tx *tx, struct erasing *x, const struct doomed *m,
			     struct err *e)
{
	TRY(run_i64(tx, Q_ERASE_STATUSES, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_ATTEMPTS, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_MESSAGE_MEDIA, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_CHANGES, "message_id", m->id, e));
	TRY(run_i64(tx, Q_ERASE_CHATWOOT_MARK, "message_id", m->id, e));
	if (m->meta[0] != '\0')
		TRY(run_text(tx, Q_ERASE_PARKED, "meta_message_id", str_of(m->meta), e));
	if (m->delivery_id != 0)
		TRY(run_i64(tx, Q_ERASE_DELIVERY, "id", m->delivery_id, e));
	TRY(run_i64(tx, Q_ERASE_MESSAGE, "id", m->id, e));
	return m->media_id != 0 ? erase_file(tx, x, m->media_id, e) : RC_OK;
}

static enum rc messages_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	struct doomed m;

	for (int i = 0; i < UNIT_MESSAGES; i++) {
		struct err none = { .rc = RC_OK };
		enum rc rc = next_message(tx, x->conversation, &m, &none);

		if (rc == RC_ABSENT) {
			x->more = false;
			return RC_OK;
		}
		if (rc != RC_OK)
			return FAIL(e, rc, "%s", none.text);
		TRY(erase_message(tx, x, &m, e));
		x->r.messages++;
	}
	return RC_OK;
}

static enum rc deliveries_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;

	for (size_t i = 0; i < x->alias_count; i++) {
		struct stmt s;

		TRY(stmt_begin(tx->db, Q_ERASE_DELIVERIES, &s, e));
		stmt_bind_i64(&s, "from_id", x->from);
		stmt_bind_i64(&s, "to_id", x->to);
		stmt_bind_text(&s, "alias", x->aliases[i]);
		TRY(stmt_run(&s, e));
		x->r.deliveries += db_changes(tx->db);
	}
	for (size_t i = 0; i < x->thread_count; i++) {
		struct stmt s;

		TRY(stmt_begin(tx->db, Q_ERASE_CHATWOOT_DELIVERIES, &s, e));
		stmt_bind_i64(&s, "from_id", x->from);
		stmt_bind_i64(&s, "to_id", x->to);
		stmt_bind_i64(&s, "thread", x->threads[i]);
		TRY(stmt_run(&s, e));
		x->r.deliveries += db_changes(tx->db);
	}
	return RC_OK;
}

static enum rc letters_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	struct err none = { .rc = RC_OK };
	int64_t id;
	enum rc rc = ask_i64(tx->db, Q_ERASE_LETTER, "conversation_id", x->conversation, "id", &id,
			     &none);

	x->more = rc == RC_OK;
	if (rc != RC_OK)
		return rc == RC_ABSENT ? RC_OK : FAIL(e, rc, "%s", none.text);
	TRY(deadletter_discard(tx, id, e));
	x->r.letters++;
	return RC_OK;
}

static enum rc person_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;

	for (size_t i = 0; i < x->alias_count; i++)
		TRY(run_text(tx, Q_ERASE_IDEMPOTENCY, "alias", str_of(x->aliases[i]), e));
	TRY(run_i64(tx, Q_ERASE_MERGE_MOVES, "contact_id", x->contact_id, e));
	for (size_t i = 0; i < x->conversation_count; i++)
		TRY(run_i64(tx, Q_ERASE_CONVERSATION, "id", x->conversations[i], e));
	TRY(run_i64(tx, Q_ERASE_MERGES, "contact_id", x->contact_id, e));
	TRY(run_i64(tx, Q_ERASE_CONTACT_ALIASES, "contact_id", x->contact_id, e));
	return run_i64(tx, Q_ERASE_CONTACT, "contact_id", x->contact_id, e);
}

static enum rc repeat(struct erasing *x, store_unit *unit, struct err *e)
{
	x->more = true;
	while (x->more)
		TRY(store_write(x->app->store, STORE_NORMAL, unit, x, e));
	return RC_OK;
}

static enum rc erase_all(struct erasing *x, struct err *e)
{
	struct store *st = x->app->store;

	for (size_t i = 0; i < x->conversation_count; i++) {
		x->conversation = x->conversations[i];
		TRY(store_write(st, STORE_NORMAL, around_unit, x, e));
		TRY(repeat(x, messages_unit, e));
	}
	for (x->from = 1; x->from <= x->newest; x->from = x->to) {
		x->to = x->from + UNIT_DELIVERIES;
		TRY(store_write(st, STORE_NORMAL, deliveries_unit, x, e));
	}
	for (size_t i = 0; i < x->conversation_count; i++) {
		x->conversation = x->conversations[i];
		TRY(repeat(x, letters_unit, e));
	}
	x->r.conversations = (int64_t)x->conversation_count;
	return store_write(st, STORE_NORMAL, person_unit, x, e);
}

enum rc erase_contact(struct app *app, int64_t contact_id, struct erase_report *ret, struct err *e)
{
	struct erasing *x = mem_new(1, sizeof(*x));
	enum rc rc;

	x->app = app;
	x->contact_id = contact_id;
	rc = read_all(x, e);
	if (rc == RC_OK)
		rc = erase_all(x, e);
	*ret = x->r;
	mem_free(x);
	return rc;
}
