/* conversation_state.c - see conversation_state.h. JSON for payloads is made here with enc_json: the writer of JSON is no
 * part of this layer. */
#include "store/conversation/conversation_state.h"

#include "base/enc.h"
#include "store/row.h"
#include "store/queue/topic.h"

#define PAYLOAD_MAX (64 * KIB)

static const char *const STATUSES[] = { "open", "pending", "resolved", "snoozed" };

bool conversation_state_status_ok(struct str status)
{
	for (size_t i = 0; i < COUNT(STATUSES); i++) {
		if (str_eqc(status, STATUSES[i]))
			return true;
	}
	return false;
}

enum rc conversation_state_load(struct db *db, int64_t id, struct arena *a,
				struct conversation_state *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_CONVERSATION_STATE_GET, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	ret->company_id = stmt_i64(&r.s, "company_id");
	ret->status = row_str(&r, "status");
	ret->assignee = row_str(&r, "assignee");
	ret->team = row_str(&r, "team");
	ret->automation_off_until_ms = stmt_i64(&r.s, "automation_off_until_ms");
	ret->automation_off_why = row_str(&r, "automation_off_why");
	ret->last_message_id = stmt_i64(&r.s, "last_message_id");
	ret->chatwoot_conversation_id = stmt_i64(&r.s, "chatwoot_conversation_id");
	return row_end(&r, e);
}

/* ---- telling ---- */

static void member(struct sbuf *b, const char *key, struct str value)
{
	if (value.n == 0)
		return;
	sbuf_printf(b, ",\"%s\":\"", key);
	enc_json(b, value);
	sbuf_char(b, '"');
}

static void begin(struct sbuf *b, const struct conversation_act *act, const char *name)
{
	sbuf_printf(b, "{\"act\":\"%s\",\"origin\":\"%s\"", name, act->origin);
}

/* The stream hears of it always; the bridges when there is a message to hang it on. */
static enum rc tell(struct tx *tx, const struct conversation_act *act,
		    const struct conversation_state *s, struct sbuf *payload, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_CONVERSATION,
				  .company_id = s->company_id,
				  .okey = act->id,
				  .correlation = act->correlation };
	int64_t message = act->message_id != 0 ? act->message_id : s->last_message_id;

	sbuf_char(payload, '}');
	if (!sbuf_ok(payload))
		return FAIL(e, RC_LIMIT, "the change is too long to be told");
	TRY(topic_publish(tx, &ev, e));
	if (message == 0 || strcmp(act->origin, "chatwoot") == 0)
		return RC_OK;
	ev = (struct topic_event){ .topic = TOPIC_ACTS,
				   .company_id = s->company_id,
				   .okey = act->id,
				   .ref = message,
				   .prio = PRIO_NORMAL,
				   .correlation = act->correlation,
				   .payload = sbuf_view(payload) };
	return topic_publish_if_read(tx, &ev, e);
}

static enum rc load(struct tx *tx, const struct conversation_act *act, struct arena *a,
		    struct conversation_state *s, struct err *e)
{
	return conversation_state_load(tx->db, act->id, a, s, e);
}

static bool too_long(struct str s, size_t max)
{
	return !enc_utf8_ok(s) || enc_utf8_count(s) > max;
}

/* ---- status, person, automation ---- */

static enum rc automation(struct tx *tx, int64_t id, int64_t until_ms, struct str why,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_STATE_AUTOMATION, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "until_ms", until_ms);
	stmt_bind_str(&s, "why", why);
	return stmt_run(&s, e);
}

enum rc conversation_state_status(struct tx *tx, const struct conversation_act *act,
				  struct str status, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(PAYLOAD_MAX);
	struct conversation_state s;

	if (!conversation_state_status_ok(status))
		return FAIL(e, RC_INVALID, "a status is open, pending, resolved or snoozed");
	TRY(load(tx, act, &a, &s, e));
	if (str_eqc(status, "resolved") &&
	    (str_eqc(s.automation_off_why, "handover") || str_eqc(s.automation_off_why, "human")))
		TRY(automation(tx, act->id, 0, STR_NONE, e));
	if (str_eq(s.status, status))
		return RC_OK;
	TRY(conversation_set_status(tx, act->id, status, e));
	begin(&b, act, "status");
	member(&b, "status", status);
	return tell(tx, act, &s, &b, e);
}

static enum rc put_person(struct tx *tx, int64_t id, struct str assignee, struct str team,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (too_long(assignee, CONVERSATION_PERSON_MAX) || too_long(team, CONVERSATION_PERSON_MAX))
		return FAIL(e, RC_INVALID, "assignee or team: longer than %u characters",
			    CONVERSATION_PERSON_MAX);
	TRY(stmt_begin(tx->db, Q_CONVERSATION_STATE_ASSIGN, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "assignee", assignee.n > 0 ? assignee : STR_NONE);
	stmt_bind_str(&s, "team", team.n > 0 ? team : STR_NONE);
	return stmt_run(&s, e);
}

enum rc conversation_state_assign(struct tx *tx, const struct conversation_act *act,
				  struct str assignee, struct str team, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(PAYLOAD_MAX);
	struct conversation_state s;

	TRY(load(tx, act, &a, &s, e));
	if (str_eq(s.assignee, assignee) && str_eq(s.team, team))
		return RC_OK;
	TRY(put_person(tx, act->id, assignee, team, e));
	begin(&b, act, "assign");
	member(&b, "assignee", assignee);
	member(&b, "team", team);
	return tell(tx, act, &s, &b, e);
}

enum rc conversation_state_handover(struct tx *tx, const struct conversation_act *act,
				    const struct conversation_handover *h, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(PAYLOAD_MAX);
	struct conversation_state s;

	TRY(load(tx, act, &a, &s, e));
	TRY(automation(tx, act->id, i64_max(s.automation_off_until_ms, h->until_ms),
		       STR("handover"), e));
	TRY(conversation_set_status(tx, act->id, STR("open"), e));
	if (h->assignee.n > 0 || h->team.n > 0)
		TRY(put_person(tx, act->id, h->assignee, h->team, e));
	begin(&b, act, "handover");
	member(&b, "status", STR("open"));
	member(&b, "assignee", h->assignee);
	member(&b, "team", h->team);
	member(&b, "reason", h->reason);
	return tell(tx, act, &s, &b, e);
}

enum rc conversation_state_silence(struct tx *tx, int64_t id, int64_t until_ms, const char *why,
				   struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct conversation_state s;

	TRY(conversation_state_load(tx->db, id, &a, &s, e));
	if (s.automation_off_until_ms >= until_ms)
		return RC_OK;
	return automation(tx, id, until_ms, str_of(why), e);
}

/* ---- labels ---- */

struct label_list {
	struct str v[2 * CONVERSATION_LABELS_MAX];
	size_t n;
};

static bool is_one_of(struct str label, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(str_trim(list[i]), label))
			return true;
	}
	return false;
}

static enum rc add_label(struct label_list *to, struct str label, struct err *e)
{
	if (is_one_of(label, to->v, to->n))
		return RC_OK;
	if (to->n == COUNT(to->v))
		return FAIL(e, RC_INVALID, "A conversation has at most %d labels.",
			    CONVERSATION_LABELS_MAX);
	to->v[to->n++] = label;
	return RC_OK;
}

/* What it has, without the removed ones. */
static enum rc kept_labels(struct db *db, int64_t id, const struct conversation_relabel *l,
			   struct arena *a, struct label_list *to, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_CONVERSATION_STATE_LABEL_LIST, &s, e));
	stmt_bind_i64(&s, "conversation_id", id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct str label = arena_str(a, stmt_str(&s, "label"));

		if (label.p == NULL)
			return FAIL(e, RC_LIMIT, "no room for labels");
		if (!is_one_of(label, l->remove, l->remove_count))
			TRY(add_label(to, label, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static void write_difference(struct sbuf *b, const char *key, const struct label_list *with,
			     const struct label_list *without)
{
	const char *comma = "";

	sbuf_printf(b, ",\"%s\":[", key);
	for (size_t i = 0; i < with->n; i++) {
		if (is_one_of(with->v[i], without->v, without->n))
			continue;
		sbuf_printf(b, "%s\"", comma);
		enc_json(b, with->v[i]);
		sbuf_char(b, '"');
		comma = ",";
	}
	sbuf_char(b, ']');
}

static bool same_labels(const struct label_list *a, const struct label_list *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!is_one_of(a->v[i], b->v, b->n))
			return false;
	}
	return a->n == b->n;
}

/* The whole list is written anew by the one who writes lists (conversation.h); it knows the limits. Chatwoot hears what
 * came and what went: it has labels of its own. */
static enum rc put_labels(struct tx *tx, const struct conversation_act *act,
			  const struct label_list *before, const struct label_list *after,
			  struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(PAYLOAD_MAX);
	struct conversation_state s;

	TRY(load(tx, act, &a, &s, e));
	TRY(conversation_set_labels(tx, act->id, after->v, after->n, e));
	if (same_labels(before, after))
		return RC_OK;
	begin(&b, act, "labels");
	sbuf_text(&b, ",\"labels\":");
	TRY(conversation_state_labels_json(tx->db, act->id, &b, e));
	write_difference(&b, "added", after, before);
	write_difference(&b, "removed", before, after);
	return tell(tx, act, &s, &b, e);
}

static enum rc all_labels(struct db *db, int64_t id, struct arena *a, struct label_list *to,
			  struct err *e)
{
	const struct conversation_relabel none = { .add = NULL };

	return kept_labels(db, id, &none, a, to, e);
}

enum rc conversation_state_labels(struct tx *tx, const struct conversation_act *act,
				  const struct conversation_relabel *l, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct label_list before = { .n = 0 }, after = { .n = 0 };

	TRY(all_labels(tx->db, act->id, &a, &before, e));
	TRY(kept_labels(tx->db, act->id, l, &a, &after, e));
	for (size_t i = 0; i < l->add_count; i++)
		TRY(add_label(&after, str_trim(l->add[i]), e));
	return put_labels(tx, act, &before, &after, e);
}

enum rc conversation_state_relabel(struct tx *tx, const struct conversation_act *act,
				   const struct str *labels, size_t n, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct label_list before = { .n = 0 }, after = { .n = 0 };

	TRY(all_labels(tx->db, act->id, &a, &before, e));
	for (size_t i = 0; i < n; i++)
		TRY(add_label(&after, str_trim(labels[i]), e));
	return put_labels(tx, act, &before, &after, e);
}

enum rc conversation_state_labels_json(struct db *db, int64_t id, struct sbuf *to, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	const char *comma = "";
	enum rc rc;

	TRY(stmt_begin(db, Q_CONVERSATION_STATE_LABEL_LIST, &s, e));
	stmt_bind_i64(&s, "conversation_id", id);
	sbuf_char(to, '[');
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		sbuf_printf(to, "%s\"", comma);
		enc_json(to, stmt_str(&s, "label"));
		sbuf_char(to, '"');
		comma = ",";
	}
	sbuf_char(to, ']');
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* ---- attributes ---- */

static enum rc count_attributes(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_STATE_ATTRIBUTE_COUNT, &s, e));
	stmt_bind_i64(&s, "conversation_id", id);
	TRY(stmt_next(&s, e));
	return stmt_i64(&s, "count") <= CONVERSATION_ATTRIBUTES_MAX
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "a conversation has at most %d attributes",
			      CONVERSATION_ATTRIBUTES_MAX);
}

static enum rc put_attribute(struct tx *tx, int64_t id, struct str name, struct str value,
			     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum query q = value.n > 0 ? Q_CONVERSATION_STATE_ATTRIBUTE_PUT
				   : Q_CONVERSATION_STATE_ATTRIBUTE_REMOVE;

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "conversation_id", id);
	stmt_bind_str(&s, "name", name);
	if (value.n > 0) {
		stmt_bind_str(&s, "value", value);
		stmt_bind_i64(&s, "updated_ms", tx->now_ms);
	}
	return stmt_run(&s, e);
}

enum rc conversation_state_attribute(struct tx *tx, const struct conversation_act *act,
				     struct str name, struct str value, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(PAYLOAD_MAX);
	struct conversation_state s;

	if (name.n == 0 || too_long(name, CONVERSATION_ATTRIBUTE_MAX) ||
	    too_long(value, CONVERSATION_VALUE_MAX))
		return FAIL(
			e, RC_INVALID,
			"an attribute has a name of 1 to %u characters and a value of at most %u",
			CONVERSATION_ATTRIBUTE_MAX, CONVERSATION_VALUE_MAX);
	TRY(load(tx, act, &a, &s, e));
	TRY(put_attribute(tx, act->id, name, value, e));
	TRY(count_attributes(tx, act->id, e));
	begin(&b, act, "attribute");
	member(&b, "name", name);
	member(&b, "value", value);
	return tell(tx, act, &s, &b, e);
}

enum rc conversation_state_attributes_json(struct db *db, int64_t id, struct sbuf *to,
					   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	const char *comma = "";
	enum rc rc;

	TRY(stmt_begin(db, Q_CONVERSATION_STATE_ATTRIBUTE_LIST, &s, e));
	stmt_bind_i64(&s, "conversation_id", id);
	sbuf_char(to, '{');
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		sbuf_printf(to, "%s\"", comma);
		enc_json(to, stmt_str(&s, "name"));
		sbuf_text(to, "\":\"");
		enc_json(to, stmt_str(&s, "value"));
		sbuf_char(to, '"');
		comma = ",";
	}
	sbuf_char(to, '}');
	return rc == RC_ABSENT ? RC_OK : rc;
}
