/* send_files.c - see send_files.h. */
#include "flow/send/send_files.h"

#include "flow/media/media.h"
#include "peer/media_kind.h"

#define FILES_ARENA (64 * KIB)

typedef enum rc file_fn(void *arg, const struct wa_content_file *f, const struct media *m,
			struct err *e);

struct each {
	struct db *db;
	const struct send_new *n;
	file_fn *fn;
	void *arg;
	struct wa_content_bad *bad;
	const struct json *content;
};

/* Appends the way to the node that holds this very text ("interactive.header.image.media_id"). */
static bool way_to(const struct json *n, struct str id, struct sbuf *to)
{
	size_t before = to->n;
	int64_t i = 0;

	if (json_str(n).p == id.p)
		return true;
	for (const struct json *c = json_first(n); c != NULL; c = json_next(c), i++) {
		sbuf_char(to, '.');
		if (json_kind(n) == JSON_ARRAY)
			sbuf_i64(to, i);
		else
			sbuf_str(to, json_key(c));
		if (way_to(c, id, to))
			return true;
		to->n = before;
	}
	return false;
}

static void name_field(const struct each *x, struct str id)
{
	AUTO(sbuf_release) struct sbuf way = SBUF(sizeof(x->bad->field) - 1);

	sbuf_text(&way, x->n->type);
	(void)way_to(x->content, id, &way);
	if (!str_copy(sbuf_view(&way), x->bad->field, sizeof(x->bad->field)))
		x->bad->field[0] = '\0';
}

static enum rc one(const struct each *x, const struct wa_content_file *f, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(FILES_ARENA);
	struct media_facts facts;
	struct media m;
	enum rc rc;

	name_field(x, f->media_id);
	rc = media_find(x->db, x->n->channel->company_id, f->media_id, &a, &m, e);
	if (rc == RC_ABSENT) {
		struct err why = *e;

		err_clear(e);
		return FAIL(e, RC_INVALID, "%s", why.text);
	}
	TRY(rc);
	facts = (struct media_facts){ m.mime, (unsigned)m.traits, m.bytes };
	TRY(media_kind_check(str_of(f->voice ? "voice" : f->kind), &facts, e));
	return x->fn != NULL ? x->fn(x->arg, f, &m, e) : RC_OK;
}

static enum rc each(struct each *x, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	struct wa_content_file files[WA_CONTENT_FILES_MAX];
	size_t count;

	if (strcmp(x->n->type, "text") == 0)
		return RC_OK;
	TRY(json_parse(x->n->content_json, &content, e));
	x->content = content;
	TRY(wa_content_files(str_of(x->n->type), content, files, &count, e));
	for (size_t i = 0; i < count; i++)
		TRY(one(x, &files[i], e));
	return RC_OK;
}

enum rc send_files_check(struct db *db, const struct send_new *n, struct wa_content_bad *ret_field,
			 struct err *e)
{
	return each(&(struct each){ .db = db, .n = n, .bad = ret_field }, e);
}

struct use {
	struct tx *tx;
	int64_t message_id;
	bool shown;
};

/* A message has one file; a carousel's others are only kept from retention. */
static enum rc use(void *arg, const struct wa_content_file *f, const struct media *m, struct err *e)
{
	struct use *u = arg;
	const struct media_used used = { .message_id = u->message_id,
					 .media = m,
					 .voice = f->voice };

	if (u->shown)
		return media_touch(u->tx, m->id, e);
	u->shown = true;
	return media_use(u->tx, &used, e);
}

enum rc send_files_use(struct tx *tx, const struct send_new *n, int64_t message_id, struct err *e)
{
	struct wa_content_bad bad = { "" };
	struct use u = { .tx = tx, .message_id = message_id };

	return each(&(struct each){ .db = tx->db, .n = n, .fn = use, .arg = &u, .bad = &bad }, e);
}

enum rc send_files_forget(struct tx *tx, const struct message *m, int64_t code, struct err *e)
{
	static const int64_t CODES[] = { 100, 131009, 131014, 131053 };
	AUTO(json_freep) struct json *content = NULL;
	struct wa_content_file files[WA_CONTENT_FILES_MAX];
	bool about_files = false;
	size_t count;

	for (size_t i = 0; i < COUNT(CODES); i++)
		about_files = about_files || code == CODES[i];
	if (!about_files || strcmp(m->type, "text") == 0)
		return RC_OK;
	/* What cannot be read names no file. */
	if (json_parse(m->content_json, &content, e) != RC_OK ||
	    wa_content_files(str_of(m->type), content, files, &count, e) != RC_OK) {
		err_clear(e);
		return RC_OK;
	}
	for (size_t i = 0; i < count; i++)
		TRY(media_forget(tx, files[i].media_id, m->channel_id, e));
	return RC_OK;
}
