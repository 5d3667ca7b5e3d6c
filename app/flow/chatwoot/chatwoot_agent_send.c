/* chatwoot_agent_send.c - the rows of an agent's message: all of them, or one that says why not. Inside a unit. */
#include "flow/chatwoot/chatwoot_agent.h"

#include "flow/ingest/ingest.h"
#include "flow/loop.h"
#include "flow/send/send.h"
#include "flow/send/send_files.h"
#include "store/conversation/conversation.h"
#include "store/conversation/conversation_automatic.h"
#include "store/queue/topic.h"

#define PARTS_ARENA (4 * MIB)
#define LINE_MAX    (64 * KIB)

struct making {
	struct tx *tx;
	const struct chatwoot_agent *s;
	const struct chatwoot_ready *r;
	struct conversation conv;
	struct arena a;
	struct str reply_to, source_id, user_id, fallback;
	char why[ERR_TEXT_MAX]; /* not empty: it cannot be sent */
	bool loop;              /* two machines talk */
};

static bool person(const struct chatwoot_event *ev)
{
	return ev->sender == CHATWOOT_SENDER_USER;
}

static void cannot(struct making *m, const char *why)
{
	if (m->why[0] == '\0')
		(void)snprintf(m->why, sizeof(m->why), "%s", why);
}

/* ---- the one that it answers ---- */

/* "totem:meta:<id>" of ours: the provider's id is its end. */
static struct str id_in(struct str source_id)
{
	struct str rest = source_id, part;

	if (!str_cut(&rest, ':', &part) || !str_eqc(part, "totem") || !str_cut(&rest, ':', &part) ||
	    str_eqc(part, "totem"))
		return STR_NONE;
	return rest;
}

/* A quote that cannot be found is left out: the words matter more. */
static enum rc find_quoted(struct making *m, struct err *e)
{
	const struct chatwoot_event *ev = m->s->ev;
	struct chatwoot_link l = { .target_id = m->s->target->id,
				   .chatwoot_message_id = ev->in_reply_to };
	struct message quoted = { 0 };
	enum rc rc = RC_ABSENT;

	if (ev->in_reply_to > 0)
		rc = chatwoot_link_load(m->tx->db, &l, e);
	if (rc == RC_OK && l.message_id == 0)
		rc = RC_ABSENT;
	if (rc == RC_ABSENT && id_in(ev->in_reply_to_source_id).n > 0)
		rc = message_by_meta(m->tx->db, id_in(ev->in_reply_to_source_id), &l.message_id, e);
	if (rc == RC_OK)
		rc = message_load(m->tx->db, l.message_id, &m->a, &quoted, e);
	if (rc == RC_OK && quoted.conversation_id == m->conv.id)
		m->reply_to = quoted.meta_message_id;
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	return rc;
}

/* ---- parts ---- */

static struct send_new send_of(const struct making *m, const struct chatwoot_part *p, bool first)
{
	const struct chatwoot_event *ev = m->s->ev;
	bool template = strcmp(p->type, "template") == 0;

	return (struct send_new){
		.channel = config_channel(m->s->config, m->conv.channel_id),
		.conversation_id = m->conv.id,
		.type = p->type,
		.text = p->text,
		.content_json = p->content_json,
		.reply_to = first && !template ? m->reply_to : STR_NONE,
		.prio = PRIO_HIGH,
		.fallback = template ? STR_NONE : m->fallback,
		/* Bots and automation rules of Chatwoot take over from nobody. */
		.sender_type = person(ev) ? "chatwoot_agent" : "system",
		.source = "support_bridge",
		.sender_name = ev->sender_name,
		.sender_user_id = m->user_id,
		.sender_source_id = m->source_id,
		.chatwoot_conversation_id = ev->conversation_id,
		.chatwoot_message_id = ev->message_id,
		.correlation = m->s->correlation,
		.no_twin = true,
	};
}

static enum rc check(struct making *m, const struct send_new *n, struct err *e)
{
	struct wa_content_bad field = { "" };
	enum rc rc = send_check(n, &field, e);

	if (rc == RC_OK)
		rc = send_files_check(m->tx->db, n, &field, e);
	if (rc != RC_INVALID)
		return rc;
	cannot(m, e->text);
	err_clear(e);
	return RC_OK;
}

static enum rc plan(struct making *m, struct chatwoot_parts *parts, struct err *e)
{
	const struct chatwoot_saying say = {
		.ev = m->s->ev,
		.attached = m->r->attached,
		.files = m->r->files,
		.signature = m->s->target->agent_signature && person(m->s->ev)
				     ? m->s->ev->sender_name
				     : STR_NONE,
	};
	enum rc rc = chatwoot_say(&say, &m->a, parts, e);

	if (rc == RC_INVALID) {
		cannot(m, e->text);
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	if (config_channel(m->s->config, m->conv.channel_id) == NULL) {
		cannot(m, "the conversation's WhatsApp channel is not configured any more");
		return RC_OK;
	}
	for (size_t i = 0; i < parts->count; i++) {
		struct send_new n = send_of(m, &parts->items[i], i == 0);

		TRY(check(m, &n, e));
	}
	return RC_OK;
}

/* A user of Chatwoot may be a program with an agent's token. */
static enum rc count_one(struct making *m, struct err *e)
{
	if (person(m->s->ev))
		return loop_turn(m->tx, m->s->config, m->conv.id, e);
	TRY(loop_repeats(m->tx, m->s->config, m->conv.id, e));
	return conversation_automatic_count(m->tx, m->conv.id, &m->s->config->automatic, e);
}

/* Loop rule 4 for the bots of Chatwoot: they count like an assistant, but a person's silence is no reason against them. */
static enum rc count(struct making *m, struct err *e)
{
	struct conversation_automatic a;
	enum rc rc;

	TRY(conversation_automatic_load(m->tx->db, m->conv.id, &a, e));
	if (!person(m->s->ev) && a.off_by_loop && a.off_until_ms > m->tx->now_ms) {
		cannot(m,
		       "automation of this conversation is stopped: two machines may be talking");
		return RC_OK;
	}
	rc = count_one(m, e);
	if (rc != RC_REFUSED)
		return rc;
	m->loop = true;
	cannot(m, e->text);
	err_clear(e);
	return RC_OK;
}

/* The count refused and wrote nothing, so the stop may stand in the same unit. */
static enum rc stop(struct making *m, struct err *e)
{
	return m->loop ? loop_stop(m->tx, m->s->config, m->conv.id, e) : RC_OK;
}

static enum rc add_rows(struct making *m, const struct chatwoot_parts *parts, struct err *e)
{
	struct chatwoot_link *l = m->r->link;

	l->message_id = 0;
	l->parts = (int64_t)parts->count;
	l->failed_ms = 0;
	for (size_t i = 0; i < parts->count; i++) {
		struct send_new n = send_of(m, &parts->items[i], i == 0);
		int64_t message, conversation;

		TRY(send_add(m->tx, m->s->app, m->s->config, &n, &message, &conversation, e));
		if (i == 0)
			l->message_id = message;
		ASSERT(message == l->message_id + (int64_t)i); /* one writer, one unit */
	}
	return chatwoot_link_put(m->tx, l, e);
}

/* "name language": the content of a template without parameters. */
static struct str fallback_of(struct str setting, struct arena *a)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	struct str rest = str_trim(setting), name;
	struct jsonw w;

	if (!str_cut(&rest, ' ', &name) || str_trim(rest).n == 0)
		return STR_NONE;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kstr(&w, "name", name);
	jsonw_kobject(&w, "language");
	jsonw_kstr(&w, "code", str_trim(rest));
	jsonw_end(&w);
	jsonw_end(&w);
	return arena_str(a, sbuf_view(&b));
}

static enum rc begin(struct making *m, struct err *e)
{
	const struct chatwoot_event *ev = m->s->ev;

	TRY(conversation_load(m->tx->db, m->s->conversation_id, &m->a, &m->conv, e));
	m->user_id = str_of(arena_printf(&m->a, "%lld", (long long)ev->sender_id));
	m->source_id = str_of(arena_printf(&m->a, "chatwoot:%s:%lld", m->s->target->slug,
					   (long long)ev->message_id));
	m->fallback = fallback_of(m->s->target->window_template, &m->a);
	return find_quoted(m, e);
}

static enum rc run(struct making *m, int *ret_rows, struct err *e)
{
	struct chatwoot_parts *parts = arena_alloc(&m->a, sizeof(*parts));

	if (parts == NULL)
		return FAIL(e, RC_LIMIT, "no room for an agent's message");
	TRY(begin(m, e));
	TRY(plan(m, parts, e));
	if (m->why[0] == '\0')
		TRY(count(m, e));
	if (m->why[0] != '\0') {
		TRY(stop(m, e));
		return chatwoot_agent_failed(m->tx, m->s, m->r->link, m->why, e);
	}
	TRY(add_rows(m, parts, e));
	*ret_rows = (int)parts->count;
	return RC_OK;
}

enum rc chatwoot_agent_send(struct tx *tx, const struct chatwoot_agent *s,
			    const struct chatwoot_ready *r, int *ret_rows, struct err *e)
{
	struct making m = { .tx = tx, .s = s, .r = r, .a = ARENA(PARTS_ARENA) };
	enum rc rc;

	*ret_rows = 0;
	rc = run(&m, ret_rows, e);
	arena_release(&m.a);
	return rc;
}

/* ---- the failed row ---- */

static void error_json(const char *why, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ki64(&w, "code", -1);
	jsonw_ktext(&w, "class", "permanent");
	jsonw_ktext(&w, "text", why);
	jsonw_end(&w);
}

static enum rc tell(struct tx *tx, const struct message *m, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(4 * KIB);
	struct topic_event ev = message_event(m, TOPIC_STATUS);
	struct jsonw w;

	jsonw_init(&w, &payload);
	jsonw_object(&w);
	jsonw_ktext(&w, "status", "failed");
	jsonw_ktime(&w, "timestamp", tx->now_ms);
	jsonw_end(&w);
	ev.payload = sbuf_view(&payload);
	TRY(topic_publish(tx, &ev, e));
	return chatwoot_status_wanted(tx, m, e);
}

static void line_of(const struct chatwoot_event *ev, struct sbuf *to)
{
	sbuf_str(to, str_trim(ev->content));
	if (ev->attachment_count > 0)
		sbuf_printf(to, "%s[%d file%s]", to->n > 0 ? " " : "", ev->attachment_count,
			    ev->attachment_count == 1 ? "" : "s");
	if (to->n == 0)
		sbuf_text(to, "[message]");
}

enum rc chatwoot_agent_failed(struct tx *tx, const struct chatwoot_agent *s,
			      struct chatwoot_link *link, const char *why, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf error = SBUF(4 * KIB);
	AUTO(sbuf_release) struct sbuf line = SBUF(1 * MIB);
	const struct chatwoot_event *ev = s->ev;
	struct conversation conv;
	struct message m;

	TRY(conversation_load(tx->db, s->conversation_id, &a, &conv, e));
	error_json(why, &error);
	line_of(ev, &line);
	m = (struct message){ .company_id = conv.company_id,
			      .conversation_id = conv.id,
			      .channel_id = conv.channel_id,
			      .timestamp = tx->now_ms,
			      .created_at = tx->now_ms,
			      .outbound = true,
			      .chatwoot_conversation_id = ev->conversation_id,
			      .chatwoot_message_id = ev->message_id,
			      .status = MESSAGE_FAILED,
			      .type = "text",
			      .sending = "done",
			      .sender_type = person(ev) ? "chatwoot_agent" : "system",
			      .source = "support_bridge",
			      .wa_id = conv.wa_id,
			      .sender_name = ev->sender_name,
			      .error = sbuf_view(&error),
			      .correlation = s->correlation,
			      .content = sbuf_view(&line) };
	TRY(message_add(tx, &m, e));
	TRY(conversation_touch(tx,
			       &(struct conversation_touch){
				       .id = conv.id, .at_ms = tx->now_ms, .message_id = m.id },
			       e));
	link->message_id = m.id;
	link->parts = 1;
	link->failed_ms = tx->now_ms;
	TRY(chatwoot_link_put(tx, link, e));
	return tell(tx, &m, e);
}
