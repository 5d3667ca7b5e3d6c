/* message_status.c - the words for what became of a message, which may follow which, how one is applied or parked, and
 * the history. */
#include "store/message.h"

#include "base/enc.h"
#include "store/change.h"
#include "store/message_plan.h"
#include "store/message_priv.h"
#include "store/row.h"

static const struct {
	const char *text;
	int rank;
} STATUSES[] = {
#define STATUS(name, text, rank) [MESSAGE_##name] = { text, rank },
#include "store/message_status.def"
#undef STATUS
};

const char *message_status_text(enum message_status s)
{
	ASSERT((unsigned)s < MESSAGE_STATUSES);
	return STATUSES[s].text;
}

bool message_status_parse(struct str text, enum message_status *ret)
{
	for (size_t i = 0; i < COUNT(STATUSES); i++)
		if (str_eqc(text, STATUSES[i].text)) {
			*ret = (enum message_status)i;
			return true;
		}
	return false;
}

bool message_status_may(enum message_status from, enum message_status to)
{
	int delivered = STATUSES[MESSAGE_DELIVERED].rank;

	if (to == MESSAGE_FAILED)
		return from != MESSAGE_FAILED && STATUSES[from].rank < delivered;
	if (from == MESSAGE_FAILED)
		return STATUSES[to].rank >=
		       delivered; /* a device has it, whatever was said before */
	return STATUSES[to].rank > STATUSES[from].rank;
}

/* A message of ours, as far as a status looks at it. */
struct own {
	int64_t id;
	enum message_status status;
	bool unsettled, unknown, cancelled;
	bool waits; /* neither under way nor settled by its last try */
	bool has_meta, same_meta;
	int64_t created_ms, leaves;
	int64_t tried;    /* which of the leaves this status is about */
	bool failed_told; /* a status said of this try that it failed */
};

static enum rc find_own(struct db *db, const struct message_status_event *ev, bool by_callback,
			struct own *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str sending, meta;
	bool try_failed, failed_told;

	TRY(stmt_begin(db, by_callback ? Q_MESSAGE_OWN : Q_MESSAGE_OWN_BY_META, &s, e));
	if (by_callback)
		stmt_bind_i64(&s, "id", ev->callback_id);
	stmt_bind_str(&s, "meta_message_id", ev->meta_message_id);
	TRY(stmt_next(&s, e));
	ret->id = stmt_i64(&s, "id");
	ASSERT(message_status_parse(stmt_str(&s, "status"), &ret->status)); /* the table's CHECK */
	sending = stmt_str(&s, "sending");
	ret->unknown = str_eqc(sending, "unknown");
	ret->cancelled = str_eqc(sending, "cancelled");
	ret->waits = ret->cancelled || str_eqc(sending, "queued");
	ret->unsettled = ret->unknown || ret->waits || str_eqc(sending, "sending");
	meta = stmt_str(&s, "meta_message_id");
	ret->has_meta = meta.p != NULL;
	ret->same_meta = str_eq(meta, ev->meta_message_id);
	ret->created_ms = stmt_i64(&s, "created_at");
	ret->leaves = stmt_i64(&s, "leaves");
	ret->tried = stmt_i64(&s, "tried");
	try_failed = stmt_i64(&s, "try_failed") != 0;
	failed_told = stmt_i64(&s, "failed_told") != 0;
	if (ev->callback_try > 0)
		ret->tried = ev->callback_try;
	else if (by_callback && !ret->same_meta && ret->leaves > 1)
		ret->tried = 0; /* of a time when tries had no numbers, and not of the last one */
	ret->failed_told = ret->tried == ret->leaves ? failed_told : try_failed;
	return RC_OK;
}

static enum rc set_meta(struct tx *tx, int64_t id, struct str meta_message_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_SET_META, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	TRY(stmt_run(&s, e));
	return change_join(tx, meta_message_id, e);
}

/* A provider id of a try beside the row's own. RC_CONFLICT, without a text: nothing new. */
static enum rc add_try(struct tx *tx, const struct own *own, const struct message_status_event *ev,
		       struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t at_ms = ev->at_ms > 0 ? ev->at_ms : tx->now_ms;

	TRY(stmt_begin(tx->db, Q_MESSAGE_TRY_ADD, &s, e));
	stmt_bind_str(&s, "meta_message_id", ev->meta_message_id);
	stmt_bind_i64(&s, "id", own->id);
	stmt_bind_i64(&s, "n", own->tried);
	stmt_bind_i64(&s, "failed_ms", ev->status == MESSAGE_FAILED ? at_ms : 0);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_CONFLICT;
}

/* A failure is believed of the last try, once that has left. */
static bool is_believed(const struct own *own, const struct message_status_event *ev)
{
	return ev->status != MESSAGE_FAILED || (own->tried == own->leaves && !own->waits);
}

/* The row learns the id of a try that went, or of the last one. */
static enum rc learn_id(struct tx *tx, const struct own *own, const struct message_status_event *ev,
			struct err *e)
{
	enum rc rc = RC_OK;

	if (own->same_meta || !is_believed(own, ev))
		return RC_OK;
	if (own->has_meta || own->tried != own->leaves)
		rc = add_try(tx, own, ev, e);
	if (rc != RC_OK && rc != RC_CONFLICT)
		return rc;
	return own->has_meta ? RC_OK : set_meta(tx, own->id, ev->meta_message_id, e);
}

/* Our own id first: it settles a send whose answer never came, and names the try. It is not believed when the provider
 * id is another message's, or when the message was made at another time (a database before a restore). RC_ABSENT: none
 * of ours. */
static enum rc find(struct tx *tx, const struct message_status_event *ev, struct own *ret,
		    struct err *e)
{
	struct own by_meta;
	enum rc rc = ev->callback_id > 0 ? find_own(tx->db, ev, true, ret, e) : RC_ABSENT;

	if (rc == RC_OK && ret->same_meta)
		return RC_OK;
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	if (rc == RC_OK && ev->callback_created_ms > 0 &&
	    ev->callback_created_ms != ret->created_ms)
		rc = RC_ABSENT;
	if (rc == RC_ABSENT)
		return find_own(tx->db, ev, false, ret, e);
	rc = find_own(tx->db, ev, false, &by_meta, e);
	if (rc == RC_OK && by_meta.id != ret->id)
		*ret = by_meta;
	else if (rc == RC_ABSENT || rc == RC_OK)
		return learn_id(tx, ret, ev, e);
	return rc;
}

/* RC_CONFLICT, without a text: this word is known. */
static enum rc add_history(struct tx *tx, int64_t id, const struct message_status_event *ev,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_STATUS_INSERT, &s, e));
	stmt_bind_i64(&s, "message_id", id);
	stmt_bind_text(&s, "status", message_status_text(ev->status));
	stmt_bind_str(&s, "recipient", ev->recipient.p != NULL ? ev->recipient : STR(""));
	stmt_bind_i64(&s, "at_ms", ev->at_ms);
	stmt_bind_i64(&s, "recorded_ms", tx->now_ms);
	stmt_bind_str(&s, "error", ev->error);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_CONFLICT;
}

/* The word `failed` about a try that is not the last, or that was followed by a decision: people can read it. */
static enum rc note_failure(struct tx *tx, const struct own *own,
			    const struct message_status_event *ev, enum message_status_result *ret,
			    struct err *e)
{
	enum rc rc = add_try(tx, own, ev, e);
	char note[480];
	struct str why;

	*ret = rc == RC_OK ? STATUS_NOTED : STATUS_DUPLICATE;
	if (rc != RC_OK)
		return rc == RC_CONFLICT ? RC_OK : rc;
	why = enc_utf8_cut(ev->error, 100);
	(void)snprintf(note, sizeof(note), "WhatsApp says that try %lld failed: %.*s",
		       (long long)own->tried, STRF(why));
	return message_plan_note(tx, own->id, STR("totem"), note, e);
}

/* It left, although it was refused, given up or cancelled: no status had said of this try that it failed. */
static bool is_revived(const struct own *own, const struct message_status_event *ev)
{
	bool left = ev->status != MESSAGE_FAILED &&
		    STATUSES[ev->status].rank >= STATUSES[MESSAGE_SENT].rank;

	return left && (own->cancelled || (own->status == MESSAGE_FAILED && !own->failed_told));
}

/* One word about a message that is ours; own->status follows. */
static enum rc apply(struct tx *tx, struct own *own, const struct message_status_event *ev,
		     enum message_status_result *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	bool revived = is_revived(own, ev);
	bool rises = revived || message_status_may(own->status, ev->status);
	bool is_news =
		rises || own->unsettled || ev->pricing.p != NULL || ev->conversation.p != NULL;
	enum rc rc;

	if (!is_believed(own, ev))
		return note_failure(tx, own, ev, ret, e);
	rc = add_history(tx, own->id, ev, e);
	if (rc == RC_CONFLICT) {
		*ret = STATUS_DUPLICATE;
		return RC_OK;
	}
	TRY(rc);
	*ret = !rises ? STATUS_RECORDED : own->unknown || revived ? STATUS_SETTLED : STATUS_APPLIED;
	if (!is_news && ev->error.p == NULL && ev->status != MESSAGE_FAILED)
		return RC_OK;
	if (rises)
		own->status = ev->status;
	own->failed_told |= ev->status == MESSAGE_FAILED; /* parked ones are applied in a row */
	own->unsettled = own->cancelled = false;
	TRY(stmt_begin(tx->db, Q_MESSAGE_STATUS_APPLY, &s, e));
	stmt_bind_i64(&s, "id", own->id);
	stmt_bind_text(&s, "status", message_status_text(own->status));
	stmt_bind_str(&s, "error", ev->error);
	stmt_bind_str(&s, "pricing", ev->pricing);
	stmt_bind_str(&s, "conversation", ev->conversation);
	stmt_bind_i64(&s, "failed_ms",
		      ev->status != MESSAGE_FAILED ? 0
		      : ev->at_ms > 0              ? ev->at_ms
						   : tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc park(struct tx *tx, const struct message_status_event *ev, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_PARK, &s, e));
	stmt_bind_str(&s, "meta_message_id", ev->meta_message_id);
	stmt_bind_text(&s, "status", message_status_text(ev->status));
	stmt_bind_str(&s, "recipient", ev->recipient.p != NULL ? ev->recipient : STR(""));
	stmt_bind_i64(&s, "at_ms", ev->at_ms);
	stmt_bind_i64(&s, "parked_ms", tx->now_ms);
	stmt_bind_str(&s, "error", ev->error);
	stmt_bind_str(&s, "pricing", ev->pricing);
	stmt_bind_str(&s, "conversation", ev->conversation);
	return stmt_run(&s, e);
}

enum rc message_apply_status(struct tx *tx, const struct message_status_event *ev,
			     int64_t *ret_message_id, enum message_status_result *ret,
			     struct err *e)
{
	struct own own;
	enum rc rc;

	if (ev->meta_message_id.n == 0)
		return FAIL(e, RC_INVALID, "a status without a message id");
	rc = find(tx, ev, &own, e);
	if (rc == RC_ABSENT) {
		TRY(park(tx, ev, e));
		*ret_message_id = 0;
		*ret = STATUS_PARKED;
		return RC_OK;
	}
	TRY(rc);
	TRY(apply(tx, &own, ev, ret, e));
	*ret_message_id = own.id;
	return RC_OK;
}

static enum rc unpark(struct tx *tx, struct str meta_message_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_UNPARK, &s, e));
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	return stmt_run(&s, e);
}

/* Statuses that overtook the answer to our own request, or an echo. */
static enum rc join_parked(struct tx *tx, struct own *own, struct str meta_message_id,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct message_status_event ev = { .meta_message_id = meta_message_id };
	enum message_status_result result;
	int64_t n = 0;
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_MESSAGE_PARKED, &s, e));
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	for (; (rc = stmt_next(&s, e)) == RC_OK; n++) {
		ASSERT(message_status_parse(stmt_str(&s, "status"),
					    &ev.status)); /* park wrote it */
		ev.recipient = stmt_str(&s, "recipient");
		ev.at_ms = stmt_i64(&s, "at_ms");
		ev.error = stmt_str(&s, "error");
		ev.pricing = stmt_str(&s, "pricing");
		ev.conversation = stmt_str(&s, "conversation");
		TRY(apply(tx, own, &ev, &result, e));
	}
	if (rc != RC_ABSENT)
		return rc;
	return n > 0 ? unpark(tx, meta_message_id, e) : RC_OK;
}

enum rc message_join(struct tx *tx, int64_t id, struct str meta_message_id, struct err *e)
{
	const struct message_status_event ev = { .meta_message_id = meta_message_id,
						 .callback_id = id };
	struct own own;

	TRY(find_own(tx->db, &ev, true, &own, e));
	TRY(join_parked(tx, &own, meta_message_id, e));
	return change_join(tx, meta_message_id, e);
}

int message_status_rank(enum message_status s)
{
	ASSERT((unsigned)s < MESSAGE_STATUSES);
	return STATUSES[s].rank;
}

enum rc message_status_each(struct db *db, int64_t id, message_status_each_fn *fn, void *arg,
			    struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_MESSAGE_STATUS_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct message_word w;

		arena_reset(&a);
		w.status = row_text(&r, "status");
		w.recipient = row_str(&r, "recipient");
		w.at_ms = stmt_i64(&r.s, "at_ms");
		w.error = row_str(&r, "error");
		TRY(row_fits(&r, e));
		TRY(fn(arg, &w, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
