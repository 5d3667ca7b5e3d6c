/* golden_rows.h - the tables after a golden payload as text, one row a line, without what differs from run to run. */
#ifndef GOLDEN_ROWS_H
#define GOLDEN_ROWS_H

#include "box.h"
#include "store/change.h"
#include "store/channel/channel_state.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/delivery.h"
#include "store/incident.h"
#include "store/conversation/merge.h"
#include "store/message/message.h"
#include "store/queue/topic.h"

#define ROWS_MAX 200

struct rows {
	struct db *db;
	struct sbuf *to;
	int64_t contacts[ROWS_MAX], messages[ROWS_MAX]; /* ids, newest first */
	size_t contact_count, message_count;
	const char *wamids[ROWS_MAX]; /* of statuses that may wait */
	size_t wamid_count;
};

/* ` name "value"`, nothing when it is not there. */
static inline void put_str(struct sbuf *to, const char *name, struct str v)
{
	if (v.p == NULL)
		return;
	sbuf_printf(to, " %s \"", name);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < ' ')
			sbuf_printf(to, "\\x%02x", (unsigned)c);
		else
			sbuf_char(to, v.p[i]);
	}
	sbuf_char(to, '"');
}

static inline void put_i64(struct sbuf *to, const char *name, int64_t v)
{
	if (v != 0)
		sbuf_printf(to, " %s %lld", name, (long long)v);
}

static inline enum rc rows_status(void *arg, const struct message_word *w, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_printf(r->to, "  status %s", w->status);
	put_str(r->to, "of", w->recipient.n > 0 ? w->recipient : STR_NONE);
	put_i64(r->to, "at", w->at_ms);
	put_str(r->to, "error", w->error);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline enum rc rows_change(void *arg, const struct change *c, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_printf(r->to, "  %s", c->kind);
	put_str(r->to, "by", c->actor);
	put_i64(r->to, "message", c->by_message);
	put_i64(r->to, "at", c->at_ms);
	put_str(r->to, "text", c->text);
	put_str(r->to, "before", c->before);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline enum rc rows_reaction(void *arg, const struct change *c, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_text(r->to, "  stands");
	put_str(r->to, "by", c->actor);
	put_str(r->to, "text", c->text);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline void rows_message_line(struct sbuf *to, const struct message *m)
{
	sbuf_printf(to, "message %lld in %lld %s %s %s %s/%s", (long long)m->id,
		    (long long)m->conversation_id, m->outbound ? "outbound" : "inbound", m->type,
		    message_status_text(m->status), m->sender_type, m->source);
	put_str(to, "sending", str_of(m->sending));
	put_str(to, "wamid", m->meta_message_id);
	put_str(to, "wa_id", m->wa_id);
	put_str(to, "name", m->sender_name);
	put_str(to, "sender", m->sender_source_id);
	put_str(to, "reply_to", m->reply_to);
	put_i64(to, "at", m->timestamp);
	put_i64(to, "edited", m->edited_ms);
	put_i64(to, "revoked", m->revoked_ms);
	put_i64(to, "failed", m->failed_ms);
	put_str(to, "content", m->content);
	put_str(to, "content_json", m->content_json);
	put_str(to, "error", m->error);
	put_str(to, "pricing", m->pricing);
	put_str(to, "conversation", m->conversation_info);
	sbuf_char(to, '\n');
}

static inline enum rc rows_message(void *arg, const struct message *m, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	ASSERT(r->message_count < ROWS_MAX);
	r->messages[r->message_count++] = m->id;
	return RC_OK;
}

static inline enum rc rows_contact_id(void *arg, const struct contact *c, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	ASSERT(r->contact_count < ROWS_MAX);
	r->contacts[r->contact_count++] = c->id;
	return RC_OK;
}

static inline enum rc rows_merge(void *arg, const struct merge *m, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_printf(r->to, "  took contact %lld", (long long)m->gone_id);
	put_str(r->to, "reason", m->reason);
	put_i64(r->to, "undone", m->undone_ms);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline void rows_contact(struct rows *r, int64_t id)
{
	AUTO(arena_release) struct arena a = ARENA(MIB);
	struct contact c;

	MUST(contact_load(r->db, id, &a, &c, &t_err));
	sbuf_printf(r->to, "contact %lld %s", (long long)id, c.group ? "group" : "person");
	put_str(r->to, "name", c.name);
	put_str(r->to, "profile", c.profile_name);
	put_str(r->to, "book", c.book_name);
	put_str(r->to, "username", c.username);
	put_str(r->to, "marketing", c.marketing);
	put_i64(r->to, "since", c.marketing_ms);
	put_str(r->to, "aliases", c.aliases);
	sbuf_char(r->to, '\n');
	MUST(merge_each(r->db, id, rows_merge, r, &t_err));
}

static inline enum rc rows_conversation(void *arg, const struct conversation *v, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_printf(r->to, "conversation %lld of %lld", (long long)v->id, (long long)v->contact_id);
	put_str(r->to, "wa_id", v->wa_id);
	put_i64(r->to, "unread", v->unread_count);
	put_i64(r->to, "last", v->last_message_id);
	put_i64(r->to, "at", v->last_message_at);
	put_i64(r->to, "inbound", v->last_inbound_ms);
	put_str(r->to, "text", v->last_content);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline enum rc rows_told(void *arg, const struct channel_event_row *row, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_text(r->to, "told");
	put_str(r->to, "field", row->field);
	put_str(r->to, "event", row->event.n > 0 ? row->event : STR_NONE);
	put_str(r->to, "detail", row->detail);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline enum rc rows_incident(void *arg, const struct incident *i, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	sbuf_printf(r->to, "incident %s", i->closed_ms != 0 ? "closed" : "open");
	put_str(r->to, "kind", i->kind);
	put_str(r->to, "subject", i->subject);
	put_i64(r->to, "times", i->count);
	put_str(r->to, "text", i->text);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline enum rc rows_event(void *arg, const struct topic_event *ev, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	if (ev->topic == TOPIC_ALERT) /* the incident says it */
		return RC_OK;
	sbuf_printf(r->to, "event %s", topic_name(ev->topic));
	put_i64(r->to, "message", ev->ref);
	put_str(r->to, "payload", ev->payload.n > 0 ? ev->payload : STR_NONE);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline enum rc rows_delivery(void *arg, const struct delivery *d, struct err *e)
{
	struct rows *r = arg;

	(void)e;
	if (d->outcome.n == 0)
		return RC_OK;
	sbuf_printf(r->to, "delivery %lld", (long long)d->id);
	put_str(r->to, "put aside", d->outcome);
	sbuf_char(r->to, '\n');
	return RC_OK;
}

static inline void rows_parked(struct rows *r)
{
	for (size_t i = 0; i < r->wamid_count; i++) {
		AUTO(stmt_end) struct stmt s = { 0 };

		MUST(stmt_begin(r->db, Q_MESSAGE_PARKED, &s, &t_err));
		stmt_bind_text(&s, "meta_message_id", r->wamids[i]);
		while (stmt_next(&s, &t_err) == RC_OK) {
			struct str status = stmt_str(&s, "status");

			sbuf_printf(r->to, "parked %.*s", STRF(status));
			put_str(r->to, "wamid", str_of(r->wamids[i]));
			put_str(r->to, "of", stmt_str(&s, "recipient"));
			put_i64(r->to, "at", stmt_i64(&s, "at_ms"));
			put_str(r->to, "error", stmt_str(&s, "error"));
			put_str(r->to, "pricing", stmt_str(&s, "pricing"));
			put_str(r->to, "conversation", stmt_str(&s, "conversation"));
			sbuf_char(r->to, '\n');
		}
	}
}

/* Everything that a webhook can change. wamids: whose statuses may wait. */
static inline void rows_print(struct box *b, struct rows *r)
{
	const struct message_filter messages = { .company_id = 1, .limit = ROWS_MAX };
	const struct contact_filter contacts = { .company_id = 1, .limit = ROWS_MAX };
	const struct conversation_filter threads = { .company_id = 1, .limit = ROWS_MAX };
	const struct delivery_filter deliveries = { .limit = ROWS_MAX };

	r->db = store_reader(b->app.store);
	MUST(message_each(r->db, &messages, rows_message, r, &t_err));
	for (size_t i = r->message_count; i > 0; i--) {
		AUTO(arena_release) struct arena a = ARENA(4 * MIB);
		struct message m;

		MUST(message_load(r->db, r->messages[i - 1], &a, &m, &t_err));
		rows_message_line(r->to, &m);
		MUST(message_status_each(r->db, m.id, rows_status, r, &t_err));
		MUST(change_each(r->db, m.id, rows_change, r, &t_err));
		MUST(change_each_reaction(r->db, m.id, rows_reaction, r, &t_err));
	}
	rows_parked(r);
	MUST(contact_each(r->db, &contacts, rows_contact_id, r, &t_err));
	for (size_t i = r->contact_count; i > 0; i--)
		rows_contact(r, r->contacts[i - 1]);
	MUST(conversation_each(r->db, &threads, rows_conversation, r, &t_err));
	MUST(topic_each_after(r->db, 1, 0, ROWS_MAX, rows_event, r, &t_err));
	for (size_t i = 0; i < b->app.config->channel_count; i++)
		MUST(channel_event_each(r->db, b->app.config->channels[i].id, ROWS_MAX, rows_told,
					r, &t_err));
	MUST(incident_each(r->db, false, ROWS_MAX, rows_incident, r, &t_err));
	MUST(delivery_each(r->db, &deliveries, rows_delivery, r, &t_err));
	store_reader_done(b->app.store, r->db);
	ASSERT(sbuf_ok(r->to));
}

#endif
