/* test_send_examples.c - the OpenAPI document and the table of what may be sent say the same: every example passes the
 * checker and the encoder, every type has one, every limit of the table stands in the schemas. */
#include "io/asset.h"
#include "peer/meta/meta_send.h"
#include "peer/wa/wa_content_priv.h"
#include "t.h"

static const struct {
	const char *choice, *text;
} CHOICES[] = {
#define CHOICE(choice, text, shape) { #choice, text },
#include "peer/wa/wa_content_rows.h"
};

static const struct row {
	const char *shape, *key;
	enum content_kind kind;
	bool need;
	int64_t low, high;
	const char *words;
} ROWS[] = {
#define FIELD(shape, kind, key, need, low, high, sub, words) \
	{ #shape, key, kind, need, low, high, words },
#include "peer/wa/wa_content_rows.h"
};

static struct json *document(const char *path)
{
	const struct asset *a = asset_find(path);
	struct json *root = NULL;

	CHECK(a != NULL);
	MUST(json_parse(a->bytes, &root, &t_err));
	return root;
}

static const struct json *examples(const struct json *operations)
{
	const struct json *post = json_get(operations, "POST /api/v1/messages");
	const struct json *content = json_get(json_get(post, "requestBody"), "content");

	return json_get(json_get(content, "application/json"), "examples");
}

static void encode(struct str type, const struct json *content, const char *name)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(META_SEND_BODY_MAX);
	AUTO(json_freep) struct json *written = NULL;
	struct wa_content_file files[WA_CONTENT_FILES_MAX];
	struct meta_message m = {
		.to = STR("59171234567"), .type = type, .content = content, .files = files
	};

	MUST(wa_content_files(type, content, files, &m.file_count, &t_err));
	for (size_t i = 0; i < m.file_count; i++)
		files[i].provider_id = STR("1234567890");
	MUST(meta_send_message(&m, &b, &t_err));
	MUST(json_parse(sbuf_view(&b), &written, &t_err));
	CHECK_SPAN(name, json_get_str(written, "type"), type);
	CHECK(str_find(sbuf_view(&b), STR("media_id")) < 0);
}

TEST(every_example_passes_the_checker_and_the_encoder)
{
	AUTO(json_freep) struct json *doc = document("/openapi/operations.json");
	int n = 0;

	for (const struct json *x = json_first(examples(doc)); x != NULL; x = json_next(x), n++) {
		const struct json *value = json_get(x, "value");
		struct str type = json_get_str(value, "type");
		char key[40];
		struct wa_content_bad bad;
		struct err e = { 0 };

		CHECK(str_copy(type, key, sizeof(key)));
		if (wa_content_check(type, json_get(value, key), &bad, &e) != RC_OK)
			CHECK_STR(bad.field, e.text, "");
		encode(type, json_get(value, key), key);
	}
	CHECK(n >= 28);
}

static bool has_example(const struct json *list, const char *type, const char *kind)
{
	for (const struct json *x = json_first(list); x != NULL; x = json_next(x)) {
		const struct json *value = json_get(x, "value");

		if (str_eqc(json_get_str(value, "type"), type) &&
		    (kind == NULL || str_eqc(json_get_str(json_get(value, type), "type"), kind)))
			return true;
	}
	return false;
}

TEST(every_type_has_an_example)
{
	AUTO(json_freep) struct json *doc = document("/openapi/operations.json");

	for (size_t i = 0; i < wa_content_type_count(); i++)
		if (!has_example(examples(doc), wa_content_type_at(i), NULL))
			CHECK_STR("no example", wa_content_type_at(i), "");
	EACH (c, CHOICES)
		if (strcmp(c->choice, "INTERACTIVE") == 0 &&
		    !has_example(examples(doc), "interactive", c->text))
			CHECK_STR("no example", c->text, "");
}

/* TP_BUTTON is SendTpButton. */
static void schema_name(const char *shape, char *to, size_t max)
{
	size_t n = (size_t)snprintf(to, max, "Send");
	bool first = true;

	for (const char *p = shape; *p != '\0' && n + 1 < max; p++) {
		if (*p != '_')
			to[n++] = (char)(first ? *p : *p - 'A' + 'a');
		first = *p == '_';
	}
	to[n] = '\0';
}

static bool is_listed(const struct json *list, const char *word)
{
	for (const struct json *w = json_first(list); w != NULL; w = json_next(w))
		if (str_eqc(json_str(w), word))
			return true;
	return false;
}

static void check_limits(const struct row *r, const struct json *p)
{
	switch (r->kind) {
	case KIND_TEXT:
		CHECK_I64(r->key, json_get_i64_or(p, "maxLength", -1), r->high);
		CHECK_I64(r->key, json_get_i64_or(p, "minLength", 0),
			  strcmp(r->key, "id") == 0 && json_get(p, "minLength") == NULL ? 0
											: r->low);
		return;
	case KIND_LIST:
	case KIND_LISTPICK:
		CHECK_I64(r->key, json_get_i64_or(p, "minItems", -1), r->low);
		CHECK_I64(r->key, json_get_i64_or(p, "maxItems", -1), r->high);
		return;
	case KIND_WHOLE:
		CHECK_I64(r->key, json_get_i64_or(p, "minimum", -1), r->low);
		CHECK_I64(r->key, json_get_i64_or(p, "maximum", -1), r->high);
		return;
	case KIND_DEGREES:
		CHECK_I64(r->key, json_get_i64_or(p, "maximum", -1), r->high);
		return;
	case KIND_FIXED:
		CHECK_SPAN(r->key, json_get_str(p, "const"), str_of(r->words));
		return;
	case KIND_WORD:
	case KIND_FLAG:
	case KIND_RAW_OBJECT:
	case KIND_RAW_ARRAY:
	case KIND_MEDIA:
	case KIND_OBJECT:
	case KIND_PICK:
		return;
	}
}

TEST(the_schemas_have_every_field_and_limit_of_the_table)
{
	AUTO(json_freep) struct json *doc = document("/openapi/schemas.json");

	EACH (r, ROWS) {
		char name[64];
		const struct json *schema, *p;

		schema_name(r->shape, name, sizeof(name));
		schema = json_get(doc, name);
		p = json_get(json_get(schema, "properties"), r->key);
		if (p == NULL)
			CHECK_STR(name, r->key, "in the schema");
		CHECK(is_listed(json_get(schema, "required"), r->key) == r->need);
		check_limits(r, p);
	}
}
