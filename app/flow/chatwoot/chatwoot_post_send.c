/* chatwoot_post_send.c - see chatwoot_post.h: the file of a message, the form that carries it, and the look whether it came. */
#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "flow/chatwoot/chatwoot_post.h"
#include "io/json.h"
#include "peer/wa/wa.h"
#include "store/channel/wa_template.h"

#define BODY_MAX       (1 * MIB)
#define LIST_PAGE      100 /* messages in one answer of Chatwoot */
#define LIST_PAGES_MAX 100
#define RENEW_US       (10 * (int64_t)1000 * 1000)

enum chatwoot_mark_file chatwoot_post_mark(enum chatwoot_file_state file)
{
	switch (file) {
	case CHATWOOT_FILE_NONE:
		return CHATWOOT_MARK_NONE;
	case CHATWOOT_FILE_WITH:
		return CHATWOOT_MARK_WITH;
	case CHATWOOT_FILE_COMING:
		return CHATWOOT_MARK_COMING;
	case CHATWOOT_FILE_FAILED:
	case CHATWOOT_FILE_EXPIRED:
		return CHATWOOT_MARK_TOLD;
	case CHATWOOT_FILE_TOO_BIG:
	case CHATWOOT_FILE_REFUSED:
	case CHATWOOT_FILE_GONE:
		return CHATWOOT_MARK_NEVER;
	}
	BUG("unknown state of a file");
}

static enum rc load_file(struct post *p, struct err *e)
{
	struct arena *a = &p->t->w->arena;
	struct db *db = store_reader(p->t->w->app->store);
	enum rc rc = message_media_load(db, p->t->m.id, a, &p->told, e);

	if (rc == RC_OK && p->told.media_id != 0)
		rc = media_load(db, p->told.media_id, a, &p->media, e);
	store_reader_done(p->t->w->app->store, db);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	p->told.state = NULL;
	return RC_OK;
}

static enum rc open_file(struct post *p, struct err *e)
{
	struct err why = { 0 };
	enum rc rc;

	if (p->media.bytes > p->t->target->file_max) {
		p->file = CHATWOOT_FILE_TOO_BIG;
		return RC_OK;
	}
	rc = media_open(p->t->w->app, &p->media, &p->in, &why);
	p->file = CHATWOOT_FILE_WITH;
	if (rc == RC_ABSENT || (rc == RC_OK && p->in.bytes != p->media.bytes)) {
		p->file = CHATWOOT_FILE_GONE;
		return RC_OK;
	}
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
}

enum rc chatwoot_post_file(struct post *p, struct err *e)
{
	const struct talk *t = p->t;

	TRY(load_file(p, e));
	if (p->told.state == NULL) {
		p->file = CHATWOOT_FILE_NONE;
		return RC_OK;
	}
	if (strcmp(p->told.state, "stored") == 0 && p->told.media_id != 0)
		return open_file(p, e);
	p->file = strcmp(p->told.state, "wanted") == 0   ? CHATWOOT_FILE_COMING
		  : strcmp(p->told.state, "failed") == 0 ? CHATWOOT_FILE_FAILED
		  : p->told.media_id != 0                ? CHATWOOT_FILE_GONE
							 : CHATWOOT_FILE_EXPIRED;
	if (p->file == CHATWOOT_FILE_COMING &&
	    t->now_ms - t->job->created_ms < t->target->media_wait_ms)
		return RC_RETRY;
	return RC_OK;
}

enum rc chatwoot_post_template(struct post *p, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	const struct message *m = &p->t->m;
	const struct channel *ch = config_channel(p->t->config, m->channel_id);
	struct wa_template_key k = { .waba_id = ch != NULL ? ch->waba_id : STR_NONE };
	struct wa_template t;
	struct db *db;
	enum rc rc;

	if (strcmp(m->type, "template") != 0 || k.waba_id.n == 0 ||
	    json_parse(m->content_json, &content, NULL) != RC_OK)
		return RC_OK;
	k.name = json_get_str(content, "name");
	k.language = json_str(json_path(content, "language.code"));
	db = store_reader(p->t->w->app->store);
	rc = wa_template_find(db, &k, &p->t->w->arena, &t, e);
	store_reader_done(p->t->w->app->store, db);
	if (rc == RC_OK)
		p->template = t.components;
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

void chatwoot_post_end(struct post *p)
{
	file_in_close(&p->in);
}

/* ---- words ---- */

void chatwoot_post_text(const struct post *p, struct chatwoot_text *ret)
{
	const struct message *m = &p->t->m;
	bool member = p->t->conv.group && !m->outbound;

	*ret = (struct chatwoot_text){ .lang = p->t->target->lang,
				       .type = str_of(m->type),
				       .content = m->content,
				       .content_json = m->content_json,
				       .file = p->file,
				       .filename = p->told.filename,
				       .template = p->template,
				       .member_name = member ? m->sender_name : STR_NONE,
				       .member_address = member ? m->sender_source_id : STR_NONE };
}

enum rc chatwoot_post_source(struct talk *t, struct sbuf *to, struct err *e)
{
	const struct channel *ch = config_channel(t->config, t->m.channel_id);
	char id[ID_TEXT_MAX];

	/* An answer may be posted here before WhatsApp has given it an id. */
	if (t->m.meta_message_id.n > 0 && t->job->queue != QUEUE_SUPPORT_OUTBOUND &&
	    t->m.meta_message_id.n <= WA_ID_MAX)
		return chatwoot_source_id(str_of(ch != NULL ? ch->provider : "meta"),
					  t->m.meta_message_id, to, e);
	id_text(t->m.created_at, t->m.id, id);
	return chatwoot_source_id(STR("totem"), str_of(id), to, e);
}

/* ---- the POST ---- */

static enum rc source(void *arg, int64_t offset, char *to, size_t n, size_t *ret_n, struct err *e)
{
	struct post *p = arg;
	int64_t now_us = clock_mono_us();

	if (now_us - p->renewed_us > RENEW_US) {
		p->renewed_us = now_us;
		if (!queue_renew(store_queues(p->t->w->app->store), p->t->job))
			return FAIL(e, RC_CONFLICT, "the lease of the job was lost");
	}
	return file_in_read(&p->in, offset, to, n, ret_n, e);
}

/* "image.jpeg" for what came without a name: browsers and Chatwoot go by the ending. */
static const char *file_name(struct post *p)
{
	struct str rest = str_of(p->media.mime), kind;
	char name[MEDIA_NAME_MAX + 1];
	bool plain;

	media_type_name(p->told.filename, name);
	if (name[0] != '\0')
		return arena_dup(&p->t->w->arena, str_of(name));
	(void)str_cut(&rest, '/', &kind); /* every mime has one */
	plain = rest.n > 0 && rest.n <= 5;
	for (size_t i = 0; i < rest.n && plain; i++)
		plain = (rest.p[i] >= 'a' && rest.p[i] <= 'z') ||
			(rest.p[i] >= '0' && rest.p[i] <= '9');
	return arena_printf(&p->t->w->arena, "%s.%.*s", p->t->m.type, plain ? (int)rest.n : 3,
			    plain ? rest.p : "bin");
}

static enum rc send_form(struct post *p, const struct chatwoot_message_new *m,
			 const struct chatwoot_place *place, struct err *e)
{
	AUTO(sbuf_release) struct sbuf attributes = SBUF(64 * KIB);
	struct http_field fields[4];
	struct http_form form = { .fields = fields,
				  .file_field = "attachments[]",
				  .file_name = file_name(p),
				  .file_type = p->media.mime,
				  .file_bytes = p->media.bytes,
				  .source = source,
				  .source_arg = p };
	char *content = arena_dup(&p->t->w->arena, m->content);
	char *source_id = arena_dup(&p->t->w->arena, m->source_id);

	TRY(chatwoot_message_attributes(m, &attributes, e));
	if (form.file_name == NULL || content == NULL || source_id == NULL)
		return FAIL(e, RC_LIMIT, "no room for the fields of a form");
	fields[form.field_count++] =
		(struct http_field){ "message_type", m->incoming ? "incoming" : "outgoing" };
	fields[form.field_count++] = (struct http_field){ "source_id", source_id };
	fields[form.field_count++] =
		(struct http_field){ "content_attributes", sbuf_c(&attributes) };
	if (content[0] != '\0')
		fields[form.field_count++] = (struct http_field){ "content", content };
	p->renewed_us = clock_mono_us();
	p->t->form = &form;
	return chatwoot_talk_call(p->t, CHATWOOT_MESSAGE_CREATE, place, STR_NONE, e);
}

enum rc chatwoot_post_send(struct post *p, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct talk *t = p->t;
	struct chatwoot_place place = { .conversation_id = t->conv.chatwoot_conversation_id };
	char id[ID_TEXT_MAX];
	struct chatwoot_message_new m = { .content = p->content,
					  .incoming = p->way->incoming,
					  .source_id = p->source,
					  .origin = str_of(p->way->origin),
					  .source = str_of(p->way->source),
					  .external_created_ms = t->m.timestamp,
					  .in_reply_to = p->in_reply_to,
					  .has_file = p->file == CHATWOOT_FILE_WITH };

	id_text(t->m.created_at, t->m.id, id);
	m.mark = str_of(id);
	if (m.has_file)
		return send_form(p, &m, &place, e);
	TRY(chatwoot_message_new(&m, &body, e));
	return chatwoot_talk_call(t, CHATWOOT_MESSAGE_CREATE, &place, sbuf_view(&body), e);
}

/* ---- the look ---- */

enum rc chatwoot_post_find(struct talk *t, struct str wanted, int64_t after, int64_t *ret_id,
			   int *ret_files, struct err *e)
{
	*ret_id = 0;
	for (int page = 0; page < LIST_PAGES_MAX; page++) {
		struct chatwoot_messages list;
		const struct chatwoot_event *found;

		TRY(chatwoot_talk_call(t, CHATWOOT_MESSAGE_LIST,
				       &(struct chatwoot_place){
					       .conversation_id = t->conv.chatwoot_conversation_id,
					       .after_id = after },
				       STR_NONE, e));
		if (t->verdict.cls != CHATWOOT_DONE)
			return RC_RETRY;
		TRY(chatwoot_answer_messages(t->answer, &t->w->arena, &list, e));
		found = chatwoot_answer_find(&list, wanted);
		if (found != NULL) {
			*ret_id = found->message_id;
			*ret_files = found->attachment_count;
		}
		if (found != NULL || list.count + list.unreadable < LIST_PAGE || after == 0)
			break; /* without a known id Chatwoot lists its newest only */
		after = list.last_id;
	}
	return RC_OK;
}
