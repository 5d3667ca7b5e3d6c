/* fuzz_content.c - any JSON as the content of any type: the checker says yes or no; what it takes, the encoders write as
 * valid JSON; what it refuses has a field and a sentence. And any JSON as a list of templates and as a template's
 * components. */
#include "base/enc.h"
#include "base/limits.h"
#include "peer/meta/meta_send.h"
#include "peer/meta/meta_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write(struct str type, const struct json *content)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(META_SEND_BODY_MAX);
	struct json *written AUTO(json_freep) = NULL;
	struct wa_content_file files[WA_CONTENT_FILES_MAX];
	struct meta_message m = {
		.to = STR("59171234567"), .type = type, .content = content, .files = files
	};

	if (wa_content_files(type, content, files, &m.file_count, NULL) != RC_OK)
		return;
	for (size_t i = 0; i < m.file_count; i++)
		files[i].provider_id = STR("1");
	ASSERT(meta_send_message(&m, &b, NULL) == RC_OK);
	ASSERT(json_parse(sbuf_view(&b), &written, NULL) == RC_OK);
	ASSERT(json_get(written, wa_content_type(type)) != NULL);
}

static void check(struct str type, const struct json *content)
{
	struct sbuf line AUTO(sbuf_release) = SBUF(64 * KIB);
	struct wa_content_bad bad;
	struct err e = { 0 };
	enum rc rc = wa_content_check(type, content, &bad, &e);

	ASSERT(rc == RC_OK || (rc == RC_INVALID && bad.field[0] != '\0' && e.text[0] != '\0'));
	ASSERT(strlen(bad.field) < WA_CONTENT_FIELD_MAX);
	wa_content_line(type, content, &line);
	ASSERT(enc_utf8_ok(sbuf_view(&line)));
	if (rc == RC_OK)
		write(type, content);
}

/* The first member named like a type is its content, as in POST /api/v1/messages; else all of it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = { (const char *)data, size };
	struct arena a AUTO(arena_release) = ARENA(1 * MIB);
	struct sbuf read AUTO(sbuf_release) = SBUF(1 * MIB);
	struct json *root AUTO(json_freep) = NULL;
	struct meta_template_page page;
	struct wa_content_bad bad;

	if (json_parse(text, &root, NULL) != RC_OK)
		return 0;
	for (size_t i = 0; i < wa_content_type_count(); i++) {
		const char *type = wa_content_type_at(i);
		const struct json *content = json_get(root, type);

		check(str_of(type), content != NULL ? content : root);
	}
	(void)meta_template_decode(200, text, &a, &page, NULL);
	(void)meta_template_fits(json_get(root, "components"), json_get(root, "template"), &bad,
				 NULL);
	meta_template_text(json_get(root, "components"), json_get(root, "template"), &read);
	return 0;
}
