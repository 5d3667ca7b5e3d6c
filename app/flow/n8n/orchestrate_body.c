/* orchestrate_body.c - see orchestrate_body.h. */
#include "flow/n8n/orchestrate_body.h"

#include "flow/media/media.h"
#include "flow/n8n/orchestrate.h"
#include "io/jsonw.h"
#include "peer/n8n/n8n.h"
#include "store/conversation/conversation_state.h"

#define HISTORY_BYTES (128 * KIB)
#define HISTORY_AHEAD \
	50 /* messages of the customer that came behind this one and are passed over */
#define STATE_BYTES (64 * KIB)
#define CONTENT_MAX (32 * KIB) /* a longer structure stays here: the API has it */

/* ---- reading ---- */

static const char *who_wrote(const struct message *m)
{
	if (!m->outbound)
		return "customer";
	return strcmp(m->sender_type, "ai") == 0 ? "assistant" : "agent";
}

struct history {
	struct arena *a;
	int64_t asked; /* the message that is asked about */
	struct str *rows;
	size_t n, max;
};

static enum rc history_row(void *arg, const struct message *m, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(32 * KIB);
	struct history *h = arg;
	struct jsonw w;

	/* What the customer wrote later waits for a question of its own. Our answers of meanwhile are said. */
	if (m->id == h->asked || (!m->outbound && m->id > h->asked) || h->n == h->max)
		return RC_OK;
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "from", who_wrote(m));
	jsonw_ktext(&w, "type", m->type);
	jsonw_kstr(&w, "text", m->content);
	jsonw_ktime(&w, "at", m->timestamp);
	jsonw_end(&w);
	h->rows[h->n] = arena_str(h->a, sbuf_view(&b));
	if (h->rows[h->n].p == NULL)
		return FAIL(e, RC_LIMIT, "no room for the history");
	h->n++;
	return RC_OK;
}

/* The rows come newest first; people and models read the other way round. */
static enum rc load_history(struct db *db, int64_t count, struct arena *a,
			    struct orchestrate_subject *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(HISTORY_BYTES);
	struct history h = { .a = a, .asked = s->m.id, .max = (size_t)count };
	struct message_filter f = { .company_id = s->m.company_id,
				    .conversation_id = s->m.conversation_id,
				    .limit = (int)count + 1 + HISTORY_AHEAD };

	if (count == 0)
		return RC_OK;
	h.rows = arena_alloc(a, h.max * sizeof(*h.rows));
	if (h.rows == NULL)
		return FAIL(e, RC_LIMIT, "no room for the history");
	TRY(message_each(db, &f, history_row, &h, e));
	sbuf_char(&b, '[');
	for (size_t i = h.n; i > 0; i--) {
		sbuf_str(&b, h.rows[i - 1]);
		sbuf_text(&b, i > 1 ? "," : "");
	}
	sbuf_char(&b, ']');
	s->history = sbuf_ok(&b) ? arena_str(a, sbuf_view(&b)) : STR("[]"); /* too long: without */
	return RC_OK;
}

static enum rc load_state(struct db *db, struct arena *a, struct orchestrate_subject *s,
			  struct err *e)
{
	AUTO(sbuf_release) struct sbuf labels = SBUF(STATE_BYTES);
	AUTO(sbuf_release) struct sbuf attributes = SBUF(STATE_BYTES);

	TRY(conversation_state_labels_json(db, s->conv.id, &labels, e));
	TRY(conversation_state_attributes_json(db, s->conv.id, &attributes, e));
	if (sbuf_ok(&labels) && labels.n > 2)
		s->labels = arena_str(a, sbuf_view(&labels));
	if (sbuf_ok(&attributes) && attributes.n > 2)
		s->attributes = arena_str(a, sbuf_view(&attributes));
	return RC_OK;
}

static enum rc load_media(struct db *db, struct arena *a, struct orchestrate_subject *s,
			  struct err *e)
{
	enum rc rc = RC_ABSENT;

	if (strcmp(s->m.type, "text") != 0) /* most messages: no look-up */
		rc = message_media_load(db, s->m.id, a, &s->media, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		s->media = (struct message_media){ .state = NULL };
		return RC_OK;
	}
	return rc;
}

static enum rc load_all(struct db *db, const struct n8n_target *t, int64_t event_id,
			struct arena *a, struct orchestrate_subject *s, struct err *e)
{
	TRY(topic_load(db, event_id, a, &s->event, e));
	TRY(message_load(db, s->event.ref, a, &s->m, e));
	TRY(conversation_load(db, s->m.conversation_id, a, &s->conv, e));
	TRY(contact_load(db, s->conv.contact_id, a, &s->contact, e));
	TRY(load_media(db, a, s, e));
	TRY(load_state(db, a, s, e));
	return load_history(db, t->history, a, s, e);
}

enum rc orchestrate_body_load(struct app *app, const struct n8n_target *t, int64_t event_id,
			      struct arena *a, struct orchestrate_subject *ret, struct err *e)
{
	struct db *db = store_reader(app->store);
	enum rc rc = load_all(db, t, event_id, a, ret, e);

	store_reader_done(app->store, db);
	if (rc != RC_OK)
		return rc;
	id_text(ret->m.created_at, ret->m.id, ret->id);
	(void)snprintf(ret->key, sizeof(ret->key), "n8n:%s:%s", t->slug, ret->id); /* fits */
	return RC_OK;
}

bool orchestrate_body_waits(const struct orchestrate_subject *s, int64_t now_ms)
{
	return s->media.state != NULL && strcmp(s->media.state, "wanted") == 0 &&
	       now_ms < s->m.created_at + ORCHESTRATE_MEDIA_WAIT_MS;
}

/* ---- writing ---- */

/* A bare address gets the path of later answers; one with a path is taken as it is. */
static struct str reply_url(const struct n8n_target *t, struct arena *a)
{
	struct str origin = n8n_target_origin(t->reply_url);

	if (origin.n == 0 || t->reply_url.n > origin.n + 1)
		return t->reply_url;
	return str_of(arena_printf(a, "%.*s/api/v1/orchestrator/replies", STRF(origin)));
}

/* As the API shows it, and the whole address of a file that is here. */
static enum rc media_of(const struct n8n_target *t, const struct orchestrate_subject *s,
			struct arena *a, struct n8n_message *n, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(8 * KIB);
	struct str origin = n8n_target_origin(t->reply_url);
	char url[MEDIA_URL_MAX];
	struct jsonw w;

	if (s->media.state == NULL)
		return RC_OK;
	jsonw_init(&w, &b);
	media_json(&w, &s->media);
	n->media = arena_str(a, sbuf_view(&b));
	if (n->media.p == NULL)
		return FAIL(e, RC_LIMIT, "no room for a file's description");
	if (origin.n == 0 || s->media.media_id == 0 || strcmp(s->media.state, "stored") != 0)
		return RC_OK;
	media_url(s->media.media_created_ms, s->media.media_id, url);
	n->media_url = str_of(arena_printf(a, "%.*s%s", STRF(origin), url));
	return RC_OK;
}

/* Not a user id, a LID or a group. */
static bool is_phone(struct str address)
{
	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] < '0' || address.p[i] > '9')
			return false;
	return address.n > 0;
}

static void token_of(const struct orchestrate_place *p, const struct orchestrate_subject *s,
		     char ret_text[ORCHESTRATE_TOKEN_MAX])
{
	const struct orchestrate_token t = { .target_id = p->target->id,
					     .conversation_id = s->conv.id,
					     .message_id = s->m.id,
					     .hop = s->event.hop,
					     .expires_ms = p->now_ms + p->target->reply_token_ms };

	orchestrate_token_make(p->app->seal_key, &t, ret_text);
}

enum rc orchestrate_body_write(const struct orchestrate_place *p, struct orchestrate_subject *s,
			       struct arena *a, struct sbuf *to, struct err *e)
{
	char conversation[ID_TEXT_MAX], contact[ID_TEXT_MAX], token[ORCHESTRATE_TOKEN_MAX];
	const struct channel *ch = config_channel(p->config, s->m.channel_id);
	bool phone = is_phone(s->m.wa_id);
	struct n8n_message n;

	id_text(s->conv.created_ms, s->conv.id, conversation);
	id_text(s->contact.created_ms, s->contact.id, contact);
	n = (struct n8n_message){
		.id = str_of(s->id),
		.conversation = str_of(conversation),
		.contact_id = str_of(contact),
		.contact_name = s->contact.name,
		.contact_phone = phone ? s->m.wa_id : STR_NONE,
		.contact_user_id = phone ? STR_NONE : s->m.wa_id,
		.channel = str_of(ch != NULL ? ch->slug : NULL),
		.text = s->m.content,
		.content = s->m.content_json.n <= CONTENT_MAX ? s->m.content_json : STR_NONE,
		.type = str_of(s->m.type),
		.origin = STR("wa"),
		.hop = (int)s->event.hop,
		.reply_url = reply_url(p->target, a),
		.status = s->conv.status,
		.labels = s->labels,
		.attributes = s->attributes,
		.history = s->history,
		.idempotency_key = str_of(s->key),
		.created_ms = s->m.timestamp,
		.chat = p->target->chat,
	};
	TRY(media_of(p->target, s, a, &n, e));
	if (p->target->reply_url.n > 0) {
		token_of(p, s, token);
		n.reply_token = str_of(token);
	}
	return n8n_encode(&n, to, e);
}
