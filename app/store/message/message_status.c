/* message_status.c - the words for what became of a message, which may follow which, how one is applied or parked, and
 * the history. */
#include "store/message/message.h"

#include "base/enc.h"
#include "store/change.h"
#include "store/message/message_plan.h"
#include "store/message/message_priv.h"
#include "store/row.h"

static const struct {
	const char *text;
	int rank;
} STATUSES[] = {
#define STATUS(name, text, rank) [MESSAGE_##name] = { text, rank },
#include "store/message/message_status.def"
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
	int64_t tried;    /* which of the leaves this status is about; 0: nobody knows */
	bool gone;        /* this provider id is one of the tries, and nobody said that it failed */
	bool other_gone;  /* another provider id of the message is not known to have failed */
	bool failed_told; /* a status said of this try that it failed */
	bool failed_before; /* a word that had come before its id was known made it fail */
};

/* By our own id; by the provider's when callback_id is 0. */
static enum rc find_own(struct db *db, const struct message_status_event *ev, struct own *ret,
			struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str sending, meta;
	bool known, try_failed, failed_told;

	TRY(stmt_begin(db, Q_MESSAGE_OWN, &s, e));
	stmt_bind_i64(&s, "id", ev->callback_id);
	stmt_bind_str(&s, "meta_message_id", ev->meta_message_id);
	TRY(stmt_next(&s, e));
	*ret = (struct own){ .id = stmt_i64(&s, "id") };
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
	known = !stmt_null(&s, "try_failed");
	try_failed = stmt_i64(&s, "try_failed") > 0;
	ret->gone = known && !try_failed;
	failed_told = stmt_i64(&s, "failed_told") != 0;
	ret->other_gone = stmt_i64(&s, "other_gone") != 0;
	if (ev->callback_try > 0)
		ret->tried = ev->callback_try;
	else if (ev->callback_id != 0 && !ret->same_meta && (ret->leaves > 1 || ret->has_meta))
		ret->tried = 0; /* of a time when tries had no numbers, and not of the last one */
	ret->failed_told = try_failed || (failed_told && !ret->gone && ret->tried == ret->leaves);
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

static int64_t time_of(const struct tx *tx, const struct message_status_event *ev)
{
	return ev->at_ms > 0 ? ev->at_ms : tx->now_ms;
}

/* A provider id of a try; failed_ms 0: it went. RC_CONFLICT, without a text: nothing new. */
static enum rc add_try(struct tx *tx, const struct own *own, struct str meta_message_id,
		       int64_t failed_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_TRY_ADD, &s, e));
	stmt_bind_str(&s, "meta_message_id", meta_message_id);
	stmt_bind_i64(&s, "id", own->id);
	stmt_bind_i64(&s, "n", own->tried);
	stmt_bind_i64(&s, "failed_ms", failed_ms);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_CONFLICT;
}

/* The message itself has failed when its last try has, or one that was known to have gone; but not while it waits for
 * another try, nor when another of its tries went: that one has the customer's message, and a copy would be one too
 * many. */
static bool is_believed(const struct own *own, const struct message_status_event *ev)
{
	if (ev->status != MESSAGE_FAILED)
		return true;
	if (own->waits || own->other_gone)
		return false;
	return own->tried == own->leaves || own->same_meta || own->gone;
}

static enum rc join_parked(struct tx *tx, struct own *own, struct str meta_message_id,
			   struct err *e);

/* The row learns the id of a try that went, or of the last one; what came about that id without our tag is joined. */
static enum rc learn_id(struct tx *tx, struct own *own, const struct message_status_event *ev,
			struct err *e)
{
	bool failed = own->status == MESSAGE_FAILED, among = own->gone;
	enum rc rc = RC_OK;

	if (own->same_meta || !is_believed(own, ev))
		return RC_OK;
	if (own->has_meta || own->tried != own->leaves) {
		rc = add_try(tx, own, ev->meta_message_id, 0, e);
		among = among || rc == RC_OK;
	}
	if (rc != RC_OK && rc != RC_CONFLICT)
		return rc;
	own->gone = among;
	own->same_meta = !own->has_meta;
	if (!own->has_meta)
		TRY(set_meta(tx, own->id, ev->meta_message_id, e));
	TRY(join_parked(tx, own, ev->meta_message_id, e));
	own->failed_before = !failed && own->status == MESSAGE_FAILED;
	return RC_OK;
}

/* Our own id first: it settles a send whose answer never came, and names the try. It is not believed when the provider
 * id is another message's, or when the message was made at another time (a database before a restore). RC_ABSENT: none
 * of ours. */
static enum rc find(struct tx *tx, const struct message_status_event *ev, struct own *ret,
		    struct err *e)
{
	const struct message_status_event untagged = { .meta_message_id = ev->meta_message_id };
	struct own by_meta;
	enum rc rc = ev->callback_id > 0 ? find_own(tx->db, ev, ret, e) : RC_ABSENT;

	if (rc == RC_OK && ret->same_meta)
		return RC_OK;
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	if (rc == RC_OK && ev->callback_created_ms > 0 &&
	    ev->callback_created_ms != ret->created_ms)
		rc = RC_ABSENT;
	if (rc == RC_ABSENT)
		return find_own(tx->db, &untagged, ret, e);
	rc = find_own(tx->db, &untagged, &by_meta, e);
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

static enum rc set_gone(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_SET_GONE, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

/* The word `failed` about a try that is not the last, or that was followed by a decision: people can read it. */
static enum rc note_failure(struct tx *tx, struct own *own, const struct message_status_event *ev,
			    enum message_status_result *ret, struct err *e)
{
	enum rc rc = add_try(tx, own, ev->meta_message_id, time_of(tx, ev), e);
	char note[480];
	struct str why;

	own->gone = false;
	own->failed_told = true;
	*ret = rc == RC_OK ? STATUS_NOTED : STATUS_DUPLICATE;
	if (rc != RC_OK)
		return rc == RC_CONFLICT ? RC_OK : rc;
	if (own->same_meta)
		TRY(set_gone(tx, own->id, e));
	why = enc_utf8_cut(ev->error, 100);
	(void)snprintf(note, sizeof(note), "WhatsApp says that try %lld failed: %.*s",
		       (long long)own->tried, STRF(why));
	return message_plan_note(tx, own->id, STR("totem"), note, e);
}

/* It left, although it was refused, given up or cancelled: no status had said of this try that it failed. That the
 * provider has it is as much, when it is said of our own id (an echo). */
static bool is_revived(const struct own *own, const struct message_status_event *ev)
{
	bool left = ev->status != MESSAGE_FAILED &&
		    (STATUSES[ev->status].rank >= STATUSES[MESSAGE_SENT].rank ||
		     (ev->status == MESSAGE_ACCEPTED && ev->callback_id == own->id));

	return left && (own->cancelled || (own->status == MESSAGE_FAILED && !own->failed_told));
}

/* It did not reach one member of a group: a failure to tell, and none of the message. */
static bool is_of_member(const struct message_status_event *ev)
{
	return ev->status == MESSAGE_FAILED && ev->recipient.n > 0;
}

/* RC_CONFLICT, without a text: this word is known. A failure is new of each try, and of each participant. */
static enum rc record(struct tx *tx, const struct own *own, const struct message_status_event *ev,
		      struct err *e)
{
	enum rc rc = add_history(tx, own->id, ev, e), of_try = RC_CONFLICT;

	if (ev->status == MESSAGE_FAILED && !is_of_member(ev) && (rc == RC_OK || rc == RC_CONFLICT))
		of_try = add_try(tx, own, ev->meta_message_id, time_of(tx, ev), e);
	if (of_try != RC_OK && of_try != RC_CONFLICT)
		return of_try;
	return rc == RC_CONFLICT ? of_try : rc;
}

static enum rc store_word(struct tx *tx, const struct own *own,
			  const struct message_status_event *ev, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_STATUS_APPLY, &s, e));
	stmt_bind_i64(&s, "id", own->id);
	stmt_bind_text(&s, "status", message_status_text(own->status));
	stmt_bind_str(&s, "error", ev->error);
	stmt_bind_str(&s, "pricing", ev->pricing);
	stmt_bind_str(&s, "conversation", ev->conversation);
	stmt_bind_i64(&s, "failed_ms", ev->status == MESSAGE_FAILED ? time_of(tx, ev) : 0);
	return stmt_run(&s, e);
}

/* `sent` behind the failure of the very same try: it says nothing of a message that is open. */
static bool is_outdated(const struct own *own, const struct message_status_event *ev)
{
	return own->unsettled && own->failed_told && ev->status != MESSAGE_FAILED &&
	       STATUSES[ev->status].rank < STATUSES[MESSAGE_DELIVERED].rank;
}

static void follow(struct own *own, const struct message_status_event *ev, bool rises)
{
	if (rises)
		own->status = ev->status;
	if (is_of_member(ev) && own->status == MESSAGE_PENDING)
		own->status = MESSAGE_ACCEPTED; /* who knows of its members has it */
	if (ev->status == MESSAGE_FAILED && !is_of_member(ev)) {
		own->failed_told = true; /* parked ones are applied in a row */
		own->gone = false;
	}
	own->unsettled = own->unknown = own->waits = own->cancelled = false;
}

/* One word about a message that is ours; own follows. */
static enum rc apply(struct tx *tx, struct own *own, const struct message_status_event *ev,
		     enum message_status_result *ret, struct err *e)
{
	bool revived = is_revived(own, ev);
	bool rises = revived || (!is_of_member(ev) && message_status_may(own->status, ev->status));
	/* Nobody may come by who would do what follows a send: the job of what waits may be a dead letter. */
	bool settles = revived || own->unknown || own->waits;
	bool is_news =
		rises || own->unsettled || ev->pricing.p != NULL || ev->conversation.p != NULL;
	enum rc rc;

	if (!is_believed(own, ev))
		return note_failure(tx, own, ev, ret, e);
	rc = record(tx, own, ev, e);
	if (rc != RC_OK && rc != RC_CONFLICT)
		return rc;
	if (rc == RC_CONFLICT && !revived && !own->unsettled) {
		*ret = STATUS_DUPLICATE;
		return RC_OK;
	}
	*ret = STATUS_RECORDED;
	if (is_outdated(own, ev))
		return RC_OK;
	if (settles || rises)
		*ret = settles ? STATUS_SETTLED : STATUS_APPLIED;
	if (!is_news && ev->error.p == NULL && ev->status != MESSAGE_FAILED)
		return RC_OK;
	follow(own, ev, rises);
	return store_word(tx, own, ev, e);
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
	if (own.failed_before && own.status == MESSAGE_FAILED)
		*ret = STATUS_FAILED_BEFORE;
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

	TRY(find_own(tx->db, &ev, &own, e));
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
