/* wa_content_write.c - a content as the request has it, its files and its one line. Promises: wa_content.h. */
#include "peer/wa/wa_content_priv.h"

#include "base/enc.h"
#include "peer/wa/wa.h"

struct writer {
	struct jsonw *w;
	const struct wa_content_file *files;
	size_t file_count, file;
	struct err *e;
};

static enum rc write_object(struct writer *t, enum content_shape shape, const char *choice_key,
			    const struct json *n);

static enum rc write_pick(struct writer *t, enum content_choice c, const struct json *n)
{
	const char *key = wa_content_choice_key(c);
	enum content_shape shape;

	if (!wa_content_choose(c, json_get_str(n, key), &shape))
		return FAIL(t->e, RC_INVALID, "%s is not known", key);
	return write_object(t, shape, key, n);
}

static enum rc write_list(struct writer *t, const struct content_field *f, const struct json *n)
{
	jsonw_array(t->w);
	for (const struct json *c = json_first(n); c != NULL; c = json_next(c)) {
		if (f->kind == KIND_LIST)
			TRY(write_object(t, (enum content_shape)f->sub, NULL, c));
		else
			TRY(write_pick(t, (enum content_choice)f->sub, c));
	}
	jsonw_end(t->w);
	return RC_OK;
}

static enum rc write_raw(struct writer *t, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WA_CONTENT_MAX);

	json_print(n, &b);
	if (!sbuf_ok(&b))
		return FAIL(t->e, RC_INVALID, "a part of the content is too long");
	jsonw_raw(t->w, sbuf_view(&b));
	return RC_OK;
}

static enum rc write_file(struct writer *t)
{
	if (t->file >= t->file_count || t->files[t->file].provider_id.n == 0)
		return FAIL(t->e, RC_INVALID, "a file of the message has no id of the provider");
	jsonw_kstr(t->w, "id", t->files[t->file++].provider_id);
	return RC_OK;
}

static enum rc write_value(struct writer *t, const struct content_field *f, const struct json *n)
{
	if (f->kind == KIND_MEDIA)
		return write_file(t);
	jsonw_key(t->w, f->key);
	switch (f->kind) {
	case KIND_FIXED:
		jsonw_text(t->w, f->words);
		return RC_OK;
	case KIND_TEXT:
	case KIND_WORD:
		jsonw_str(t->w, json_str(n));
		return RC_OK;
	case KIND_FLAG:
	case KIND_WHOLE:
	case KIND_DEGREES:
	case KIND_RAW_OBJECT:
	case KIND_RAW_ARRAY:
		return write_raw(t, n);
	case KIND_OBJECT:
		return write_object(t, (enum content_shape)f->sub, NULL, n);
	case KIND_PICK:
		return write_pick(t, (enum content_choice)f->sub, n);
	case KIND_LIST:
	case KIND_LISTPICK:
		return write_list(t, f, n);
	case KIND_MEDIA:
		break;
	}
	BUG("unknown kind");
}

static enum rc write_object(struct writer *t, enum content_shape shape, const char *choice_key,
			    const struct json *n)
{
	jsonw_object(t->w);
	if (choice_key != NULL)
		jsonw_kstr(t->w, choice_key, json_get_str(n, choice_key));
	for (const struct content_field *f = wa_content_field_next(shape, NULL); f != NULL;
	     f = wa_content_field_next(shape, f)) {
		const struct json *c = wa_content_get(n, f->key);

		if (c != NULL || f->kind == KIND_FIXED)
			TRY(write_value(t, f, c));
	}
	jsonw_end(t->w);
	return RC_OK;
}

/* The root as a field: a type's value is an object, a choice or a list. */
static struct content_field root_of(const struct content_type *t)
{
	return (struct content_field){ .kind = t->kind, .sub = t->sub };
}

enum rc wa_content_write(struct str type, const struct json *content,
			 const struct wa_content_file *files, size_t file_count, struct jsonw *w,
			 struct err *e)
{
	const struct content_type *t = wa_content_type_row(type);
	struct writer wr = { .w = w, .files = files, .file_count = file_count, .e = e };
	struct content_field root;

	if (t == NULL)
		return FAIL(e, RC_INVALID, "there is no type of message with this name");
	root = root_of(t);
	if (t->kind == KIND_LIST)
		return write_list(&wr, &root, content);
	if (t->kind == KIND_PICK)
		return write_pick(&wr, (enum content_choice)t->sub, content);
	return write_object(&wr, (enum content_shape)t->sub, NULL, content);
}

/* ---- files ---- */

/* The same order as write_object: fields of the table, then their elements. */
struct finder {
	struct wa_content_file *ret;
	size_t n;
	struct err *e;
};

static const char *const FILE_KINDS[] = { "image", "video", "audio", "document", "sticker" };

static const char *file_kind(struct str key)
{
	for (size_t i = 0; i < COUNT(FILE_KINDS); i++)
		if (str_eqc(key, FILE_KINDS[i]))
			return FILE_KINDS[i];
	return NULL;
}

static enum rc find_files(struct finder *f, struct str key, enum content_shape shape,
			  const struct json *n);

static enum rc find_in(struct finder *f, const struct content_field *field, struct str key,
		       const struct json *n)
{
	bool list = field->kind == KIND_LIST || field->kind == KIND_LISTPICK;
	bool pick = field->kind == KIND_PICK || field->kind == KIND_LISTPICK;
	enum content_shape shape = pick ? SHAPE_COUNT : (enum content_shape)field->sub;

	for (const struct json *c = list ? json_first(n) : n; c != NULL;
	     c = list ? json_next(c) : NULL) {
		if (pick) {
			enum content_choice choice = (enum content_choice)field->sub;

			if (!wa_content_choose(
				    choice, json_get_str(c, wa_content_choice_key(choice)), &shape))
				continue;
		}
		TRY(find_files(f, key, shape, c));
	}
	return RC_OK;
}

static enum rc find_files(struct finder *f, struct str key, enum content_shape shape,
			  const struct json *n)
{
	for (const struct content_field *field = wa_content_field_next(shape, NULL); field != NULL;
	     field = wa_content_field_next(shape, field)) {
		const struct json *c = wa_content_get(n, field->key);

		if (c == NULL)
			continue;
		if (field->kind == KIND_MEDIA) {
			const char *kind = file_kind(key);

			if (f->n == WA_CONTENT_FILES_MAX)
				return FAIL(f->e, RC_LIMIT, "a message has at most %d files",
					    WA_CONTENT_FILES_MAX);
			ASSERT(kind != NULL); /* the table names files so */
			f->ret[f->n++] = (struct wa_content_file){ .media_id = json_str(c),
								   .kind = kind,
								   .voice = json_get_bool(
									   n, "voice", false) };
		} else if (field->kind >= KIND_OBJECT) {
			TRY(find_in(f, field, str_of(field->key), c));
		}
	}
	return RC_OK;
}

enum rc wa_content_files(struct str type, const struct json *content,
			 struct wa_content_file ret[WA_CONTENT_FILES_MAX], size_t *ret_count,
			 struct err *e)
{
	const struct content_type *t = wa_content_type_row(type);
	struct finder f = { .ret = ret, .e = e };
	struct content_field root;

	*ret_count = 0;
	if (t == NULL)
		return RC_OK;
	root = root_of(t);
	TRY(find_in(&f, &root, type, content));
	*ret_count = f.n;
	return RC_OK;
}

/* ---- one line ---- */

static const struct {
	const char *type, *path;
} LINES[] = {
	{ "text", "body" },         { "image", "caption" },
	{ "video", "caption" },     { "document", "caption" },
	{ "document", "filename" }, { "location", "name" },
	{ "location", "address" },  { "contacts", "0.name.formatted_name" },
	{ "reaction", "emoji" },    { "interactive", "body.text" },
	{ "template", "name" },
};

void wa_content_line(struct str type, const struct json *content, struct sbuf *to)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct str text = STR_NONE;

	for (size_t i = 0; i < COUNT(LINES) && text.n == 0; i++)
		if (str_eqc(type, LINES[i].type))
			text = json_str(json_path(content, LINES[i].path));
	if (!str_eqc(type, "text"))
		sbuf_printf(&b, "[%.*s]%s", STRF(type), text.n > 0 ? " " : "");
	sbuf_str(&b, text);
	for (size_t i = 0; i < b.n; i++)
		if ((unsigned char)b.p[i] < ' ' || b.p[i] == 0x7f)
			b.p[i] = ' ';
	sbuf_str(to, enc_utf8_cut(sbuf_view(&b), WA_LINE_MAX));
}
