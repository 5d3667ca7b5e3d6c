/* fuzz_media.c - files and what is said of them: types by bytes, names, forms, ranges, Meta's media answers. The first
 * byte chooses. */
#include "api/media_range.h"
#include "base/enc.h"
#include "io/json.h"
#include "io/web_form.h"
#include "peer/media_kind.h"
#include "peer/meta/meta_media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes from the front, up to a line end: a name or type; the rest is the file. */
static struct str line(struct str *rest)
{
	struct str part = STR_NONE;

	return str_cut(rest, '\n', &part) ? part : STR_NONE;
}

static void types(struct str in)
{
	struct str told = line(&in), name = line(&in);
	char safe[MEDIA_NAME_MAX + 1];
	struct media_type t;
	struct media_facts f;

	media_type_of(in, told, name, &t);
	ASSERT(t.mime[0] != '\0' && strlen(t.mime) < MEDIA_MIME_MAX && strchr(t.mime, '/') != NULL);
	for (const char *p = t.mime; *p != '\0'; p++)
		ASSERT(*p > ' ' && *p < 127 && *p != '"' && *p != ';');
	/* What is shown in place was told by its bytes. */
	ASSERT(!media_type_inline(t.mime) || t.sniffed);
	f = (struct media_facts){ t.mime, t.traits, (int64_t)in.n };
	ASSERT(in.n == 0 || media_kind_check(str_of(media_kind_for(&f)), &f, NULL) == RC_OK);
	media_type_name(name, safe);
	ASSERT(enc_utf8_ok(str_of(safe)));
	ASSERT(strpbrk(safe, "\"\r\n/\\") == NULL && safe[0] != '.');
}

struct form {
	size_t bytes, parts;
};

static enum rc on_part(void *arg, const struct web_form_part *p, bool *ret_want, struct err *e)
{
	struct form *f = arg;

	(void)e;
	ASSERT(++f->parts <= WEB_FORM_PARTS_MAX);
	*ret_want = p->name.n % 2 == 0;
	return RC_OK;
}

static enum rc on_data(void *arg, const char *p, size_t n, struct err *e)
{
	struct form *f = arg;

	(void)p;
	(void)e;
	f->bytes += n;
	return RC_OK;
}

static enum rc feed(struct str type, struct str body, size_t step, struct form *ret)
{
	AUTO(web_form_release) struct web_form f = { .state = 0 };
	const struct web_form_to to = { on_part, on_data, ret };
	enum rc rc = web_form_begin(&f, type, &to, NULL);

	*ret = (struct form){ 0 };
	for (size_t i = 0; rc == RC_OK && i < body.n; i += step) {
		struct str piece = str_sub(body, i, step);

		rc = web_form_add(&f, piece.p, piece.n, NULL);
	}
	return rc == RC_OK ? web_form_end(&f, NULL) : rc;
}

/* The same whatever the pieces. */
static void forms(struct str in)
{
	struct str type = line(&in);
	struct form one, other;
	enum rc a = feed(type, in, in.n + 1, &one), b = feed(type, in, 3, &other);

	ASSERT((a == RC_OK) == (b == RC_OK));
	ASSERT(a != RC_OK || (one.bytes == other.bytes && one.parts == other.parts));
	ASSERT(one.bytes <= in.n);
}

static void answers(struct str in)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	const struct wa_answer answer = { .rc = RC_OK,
					  .status = in.n % 3 == 0 ? 200 : 400,
					  .body = in,
					  .retry_after_ms = -1,
					  .tries = 1 };
	struct meta_media_place p;
	struct wa_verdict v;
	char id[129];

	if (meta_media_place(in, &a, &p, NULL) == RC_OK &&
	    meta_media_may_ask(p.url, STR(".fbsbx.com"), STR("https://graph.facebook.com"), NULL) ==
		    RC_OK) {
		struct str rest = str_sub(p.url, 8, p.url.n), host;

		ASSERT(str_starts(p.url, STR("https://")) && str_cut(&rest, '/', &host));
		ASSERT(str_find(host, STR("@")) < 0 && str_find(host, STR("\\")) < 0);
	}
	meta_media_judge(&answer, &v, id, sizeof(id));
	ASSERT(v.cls != WA_SEND_UNKNOWN && (v.cls == WA_SEND_ACCEPTED) == (id[0] != '\0'));
}

static void ranges(struct str in)
{
	int64_t from, bytes;

	if (media_range_parse(in, 1000, &from, &bytes) == RANGE_PART)
		ASSERT(from >= 0 && bytes > 0 && from + bytes <= 1000);
	(void)media_range_matches(in, STR("\"x\""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	json_start();
	switch (data[0] % 4) {
	case 0:
		types(in);
		break;
	case 1:
		forms(in);
		break;
	case 2:
		answers(in);
		break;
	case 3:
		ranges(in);
		break;
	}
	return 0;
}
