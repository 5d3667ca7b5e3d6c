/* erase_rows.c - what one person has in tables goes, a few rows in a unit. Each unit leaves a state from which the next
 * one goes on, also after a crash: messages go with all that hangs on them, a thread after its messages, the contact last. */
#include "flow/erase/erase_priv.h"
#include "store/queue/deadletter.h"
#include "store/media.h"

#define UNIT_MESSAGES 50   /* in one commit */
#define UNIT_RANGE    2000 /* looked through in one commit */
#define META_MAX      300
#define TRIES_MAX     16

static enum rc run_i64(struct tx *tx, enum query q, const char *name, int64_t v, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, name, v);
	return stmt_run(&s, e);
}

static enum rc run_text(struct tx *tx, enum query q, const char *name, const char *v, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_text(&s, name, v);
	return stmt_run(&s, e);
}

static enum rc ask(struct tx *tx, enum query q, const char *in, int64_t v, const char *out,
		   int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	if (in != NULL)
		stmt_bind_i64(&s, in, v);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, out);
	return RC_OK;
}

static enum rc repeat(struct erasing *x, store_unit *unit, struct err *e)
{
	x->more = true;
	while (x->more)
		TRY(store_write(x->app->store, STORE_NORMAL, unit, x, e));
	return RC_OK;
}

/* ---- messages ---- */

struct doomed {
	int64_t id, delivery_id, media_id;
	char meta[META_MAX];
};

/* RC_ABSENT: no more; `e` is not filled. */
static enum rc next_row(struct stmt *s, struct doomed *ret, struct err *e)
{
	TRY(stmt_next(s, e));
	ret->id = stmt_i64(s, "id");
	ret->delivery_id = stmt_i64(s, "delivery_id");
	ret->media_id = stmt_i64(s, "media_id");
	if (!str_copy(stmt_str(s, "meta_message_id"), ret->meta, sizeof(ret->meta)))
		ret->meta[0] = '\0';
	return RC_OK;
}

static enum rc erase_file(struct tx *tx, int64_t media_id, struct erasure *n, struct err *e)
{
	int64_t used;
	enum rc rc;

	TRY(ask(tx, Q_ERASE_MEDIA_USED, "media_id", media_id, "used", &used, e));
	if (used != 0)
		return RC_OK;
	TRY(run_i64(tx, Q_ERASE_FILE_NAME, "id", media_id, e));
	rc = media_leave(tx, media_id, e);
	n->files += rc == RC_OK;
	return rc == RC_CONFLICT ? media_drop(tx, media_id, e) : rc; /* it left before */
}

/* Its earlier tries had ids of their own. */
static enum rc note_tries(struct tx *tx, int64_t message_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	char meta[TRIES_MAX][META_MAX];
	int n = 0;
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_ERASE_TRIES, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	while ((rc = stmt_next(&s, e)) == RC_OK && n < TRIES_MAX)
		n += str_copy(stmt_str(&s, "meta_message_id"), meta[n], META_MAX);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	stmt_end(&s);
	for (int i = 0; i < n; i++)
		TRY(erasure_note(tx, str_of(meta[i]), e));
	return RC_OK;
}

static enum rc erase_message(struct tx *tx, const struct doomed *m, struct erasure *n,
			     struct err *e)
{
	static const enum query HANGS_ON[] = { Q_ERASE_STATUSES, Q_ERASE_ATTEMPTS,
					       Q_ERASE_MESSAGE_MEDIA, Q_ERASE_CHANGES,
					       Q_ERASE_CHATWOOT_MARK };

	for (size_t i = 0; i < COUNT(HANGS_ON); i++)
		TRY(run_i64(tx, HANGS_ON[i], "message_id", m->id, e));
	if (m->meta[0] != '\0') {
		TRY(run_text(tx, Q_ERASE_PARKED, "meta_message_id", m->meta, e));
		TRY(erasure_note(tx, str_of(m->meta), e));
	}
	TRY(note_tries(tx, m->id, e));
	if (m->delivery_id != 0) {
		TRY(run_i64(tx, Q_ERASE_DELIVERY, "id", m->delivery_id, e));
		n->deliveries += db_changes(tx->db);
	}
	TRY(run_i64(tx, Q_ERASE_MESSAGE, "id", m->id, e));
	n->messages++;
	return m->media_id != 0 ? erase_file(tx, m->media_id, n, e) : RC_OK;
}

static enum rc next_of_thread(struct tx *tx, int64_t conversation_id, struct doomed *ret,
			      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_NEXT_MESSAGE, &s, e));
	stmt_bind_i64(&s, "conversation_id", conversation_id);
	return next_row(&s, ret, e);
}

/* A job that finds its message gone would be a fault. */
static enum rc nothing_open(struct tx *tx, int64_t conversation_id, struct err *e)
{
	int64_t open;

	TRY(erasure_open(tx->db, conversation_id, &open, e));
	return open == 0 ? RC_OK
			 : FAIL(e, RC_CONFLICT, "%lld jobs of this person came meanwhile",
				(long long)open);
}

static enum rc messages_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	struct erasure n = { .id = x->x.id };
	struct doomed m;

	TRY(nothing_open(tx, x->conversation, e));
	x->more = true;
	for (int i = 0; i < UNIT_MESSAGES && x->more; i++) {
		enum rc rc = next_of_thread(tx, x->conversation, &m, e);

		if (rc == RC_ABSENT)
			x->more = false;
		else if (rc != RC_OK)
			return rc;
		else
			TRY(erase_message(tx, &m, &n, e));
	}
	return erasure_add(tx, &n, e);
}

/* What hangs on the thread, before its messages go. How messages of Chatwoot and here belong together stays: numbers
 * only, and who is in that table is never sent a second time. */
static enum rc around_unit(struct tx *tx, void *arg, struct err *e)
{
	static const enum query HANGS_ON[] = { Q_ERASE_CHANGES_BY, Q_ERASE_EVENTS,
					       Q_ERASE_ATTRIBUTES, Q_ERASE_LABELS };
	const struct erasing *x = arg;
	char subject[48];

	(void)snprintf(subject, sizeof(subject), "conversation %lld", (long long)x->conversation);
	TRY(run_text(tx, Q_ERASE_INCIDENTS, "subject", subject, e));
	for (size_t i = 0; i < COUNT(HANGS_ON); i++)
		TRY(run_i64(tx, HANGS_ON[i], "conversation_id", x->conversation, e));
	return RC_OK;
}

/* ---- in groups ---- */

static enum rc next_in_group(struct tx *tx, const struct erasing *x, const char *alias,
			     struct doomed *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_IN_GROUP, &s, e));
	stmt_bind_i64(&s, "from_id", x->from);
	stmt_bind_i64(&s, "to_id", x->to);
	stmt_bind_text(&s, "alias", alias);
	return next_row(&s, ret, e);
}

static enum rc group_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	struct erasure n = { .id = x->x.id };
	struct doomed m;

	x->more = false;
	for (size_t i = 0; i < x->alias_count; i++) {
		struct stmt s;
		enum rc rc = RC_OK;

		for (int k = 0; k < UNIT_MESSAGES && rc == RC_OK; k++) {
			rc = next_in_group(tx, x, x->aliases[i], &m, e);
			if (rc == RC_OK)
				TRY(erase_message(tx, &m, &n, e));
		}
		if (rc != RC_ABSENT && rc != RC_OK)
			return rc;
		x->more = x->more || rc == RC_OK;
		TRY(stmt_begin(tx->db, Q_ERASE_GROUP_STATUSES, &s, e));
		stmt_bind_i64(&s, "from_id", x->from);
		stmt_bind_i64(&s, "to_id", x->to);
		stmt_bind_text(&s, "alias", x->aliases[i]);
		TRY(stmt_run(&s, e));
	}
	return erasure_add(tx, &n, e);
}

struct groups {
	int64_t some, newest;
};

static enum rc groups_unit(struct tx *tx, void *arg, struct err *e)
{
	struct groups *g = arg;

	TRY(ask(tx, Q_ERASE_GROUPS, NULL, 0, "some", &g->some, e));
	return ask(tx, Q_ERASE_NEWEST_MESSAGE, NULL, 0, "id", &g->newest, e);
}

static enum rc erase_in_groups(struct erasing *x, struct err *e)
{
	struct groups g = { 0 };

	TRY(store_write(x->app->store, STORE_NORMAL, groups_unit, &g, e));
	for (x->from = 1; g.some != 0 && x->from <= g.newest; x->from = x->to) {
		x->to = x->from + UNIT_RANGE;
		TRY(repeat(x, group_unit, e));
	}
	return RC_OK;
}

/* ---- requests and dead letters ---- */

static enum rc deliveries_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct erasing *x = arg;
	const struct erasure_range r = { x->from, x->to };
	struct erasure n = { .id = x->x.id };

	for (size_t i = 0; i < x->alias_count; i++)
		TRY(erasure_requests(tx, &r, x->aliases[i], &n.deliveries, e));
	for (size_t i = 0; i < x->thread_count; i++)
		TRY(erasure_requests_of_thread(tx, &r, x->threads[i], &n.deliveries, e));
	return erasure_add(tx, &n, e);
}

static enum rc discard(struct erasing *x, struct tx *tx, enum rc found, int64_t id, struct err *e)
{
	x->more = found == RC_OK;
	if (found != RC_OK)
		return found == RC_ABSENT ? RC_OK : found;
	TRY(deadletter_discard(tx, id, e));
	return erasure_add(tx, &(struct erasure){ .id = x->x.id, .letters = 1 }, e);
}

static enum rc letters_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	int64_t id = 0;
	enum rc rc = erasure_letter(tx, x->conversation, &id, e);

	return discard(x, tx, rc, id, e);
}

static enum rc letters_of_unit(struct tx *tx, void *arg, struct err *e)
{
	struct erasing *x = arg;
	enum rc rc = RC_ABSENT;
	int64_t id = 0;

	for (size_t i = 0; i < x->alias_count && rc == RC_ABSENT; i++)
		rc = erasure_letter_of(tx, x->aliases[i], &id, e);
	return discard(x, tx, rc, id, e);
}

/* Whatever else is kept for days and names the person. */
static enum rc named_unit(struct tx *tx, void *arg, struct err *e)
{
	static const enum query NAMED[] = { Q_ERASE_IDEMPOTENCY, Q_ERASE_ACTOR, Q_ERASE_PARKED_OF,
					    Q_ERASE_INCIDENTS_OF, Q_ERASE_CHANNEL_EVENTS };
	const struct erasing *x = arg;

	for (size_t i = 0; i < x->alias_count; i++) {
		for (size_t k = 0; k < COUNT(NAMED); k++)
			TRY(run_text(tx, NAMED[k], "alias", x->aliases[i], e));
	}
	return RC_OK;
}

enum rc erase_rows(struct erasing *x, struct err *e)
{
	struct store *st = x->app->store;

	for (size_t i = 0; i < x->conversation_count; i++) {
		x->conversation = x->conversations[i];
		TRY(store_write(st, STORE_NORMAL, around_unit, x, e));
		TRY(repeat(x, messages_unit, e));
	}
	TRY(erase_in_groups(x, e));
	for (x->from = 1; x->from <= x->x.newest_delivery; x->from = x->to) {
		x->to = i64_min(x->from + UNIT_RANGE, x->x.newest_delivery + 1);
		TRY(store_write(st, STORE_NORMAL, deliveries_unit, x, e));
	}
	for (size_t i = 0; i < x->conversation_count; i++) {
		x->conversation = x->conversations[i];
		TRY(repeat(x, letters_unit, e));
	}
	TRY(repeat(x, letters_of_unit, e));
	return store_write(st, STORE_NORMAL, named_unit, x, e);
}

/* ---- the person ---- */

static enum rc came_meanwhile(struct erasing *x, struct tx *tx, struct err *e)
{
	for (size_t i = 0; i < x->conversation_count && !x->late; i++) {
		int64_t left;

		TRY(nothing_open(tx, x->conversations[i], e));
		TRY(ask(tx, Q_ERASE_LEFT, "conversation_id", x->conversations[i], "left", &left,
			e));
		x->late = left != 0;
	}
	return RC_OK;
}

static enum rc person_unit(struct tx *tx, void *arg, struct err *e)
{
	static const enum query LAST[] = { Q_ERASE_MERGES, Q_ERASE_CONTACT_ALIASES,
					   Q_ERASE_CONTACT };
	struct erasing *x = arg;
	struct erasure n = { .id = x->x.id };

	x->late = false;
	TRY(came_meanwhile(x, tx, e));
	if (x->late)
		return RC_OK;
	TRY(run_i64(tx, Q_ERASE_MERGE_MOVES, "contact_id", x->x.contact_id, e));
	for (size_t i = 0; i < x->conversation_count; i++) {
		x->conversation = x->conversations[i];
		TRY(around_unit(tx, x, e));
		TRY(run_i64(tx, Q_ERASE_CONVERSATION, "id", x->conversation, e));
		n.conversations += db_changes(tx->db);
	}
	for (size_t i = 0; i < COUNT(LAST); i++)
		TRY(run_i64(tx, LAST[i], "contact_id", x->x.contact_id, e));
	for (size_t i = 0; i < x->thread_count; i++)
		TRY(erasure_note_thread(tx, x->x.company_id, x->threads[i], e));
	TRY(erasure_add(tx, &n, e));
	return erasure_rows_gone(tx, x->x.id, e);
}

enum rc erase_person(struct erasing *x, struct err *e)
{
	return store_write(x->app->store, STORE_NORMAL, person_unit, x, e);
}
