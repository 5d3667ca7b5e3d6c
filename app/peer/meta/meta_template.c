/* meta_template.c - Meta's list of templates. Promises: meta_template.h. No state; any thread. */
#include "peer/meta/meta_template.h"

#include "base/enc.h"
#include "base/limits.h"
#include "peer/meta/meta_send.h"

#define FIELDS   "name,status,category,language,components,quality_score,rejected_reason"
#define MESSAGES "messages"

/* The same parts and the same checks as a send's address, but for its end. */
enum rc meta_template_url(struct str base, struct str version, struct str waba_id, struct str after,
			  struct sbuf *to, struct err *e)
{
	size_t before = to->n;

	TRY(meta_send_url(base, version, waba_id, to, e));
	to->n -= sizeof(MESSAGES) - 1;
	sbuf_printf(to, "message_templates?fields=" FIELDS "&limit=%d", META_TEMPLATE_PAGE);
	if (after.n > 0) {
		sbuf_text(to, "&after=");
		enc_percent(to, after);
	}
	if (sbuf_ok(to))
		return RC_OK;
	to->n = before;
	return FAIL(e, RC_LIMIT, "the address is too long");
}

static struct str keep(struct arena *a, struct str s, bool *full)
{
	struct str kept;

	if (s.n == 0)
		return STR_NONE;
	kept = arena_str(a, s);
	*full = *full || kept.p == NULL;
	return kept;
}

static struct str keep_json(struct arena *a, const struct json *n, bool *full)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(HTTP_ANSWER_MAX);

	if (json_kind(n) != JSON_ARRAY)
		return STR_NONE;
	json_print(n, &b);
	return keep(a, sbuf_view(&b), full);
}

static void read_row(const struct json *n, struct arena *a, struct meta_template *ret, bool *full)
{
	const struct json *quality = json_get(n, "quality_score");
	struct str reason = json_get_str(n, "rejected_reason");

	*ret = (struct meta_template){
		.id = keep(a, json_get_str(n, "id"), full),
		.name = keep(a, json_get_str(n, "name"), full),
		.language = keep(a, json_get_str(n, "language"), full),
		.status = keep(a, json_get_str(n, "status"), full),
		.category = keep(a, json_get_str(n, "category"), full),
		.quality = keep(a,
				json_kind(quality) == JSON_OBJECT ? json_get_str(quality, "score")
								  : json_str(quality),
				full),
		.reason = str_eqc(reason, "NONE") ? STR_NONE : keep(a, reason, full),
		.components = keep_json(a, json_get(n, "components"), full),
	};
	if (ret->status.n == 0)
		ret->status = STR("UNKNOWN");
}

enum rc meta_template_decode(int status, struct str body, struct arena *a,
			     struct meta_template_page *ret, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	struct meta_template_page page = { 0 };
	struct meta_template *rows;
	const struct json *data;
	bool full = false;

	if (json_parse(body, &root, NULL) != RC_OK)
		return FAIL(e, RC_INVALID, "HTTP %d, and no JSON", status);
	data = json_get(root, "data");
	if (status < 200 || status >= 300 || json_kind(data) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "HTTP %d, Meta error %lld", status,
			    (long long)json_get_i64_or(json_get(root, "error"), "code", -1));
	rows = arena_alloc(a, (size_t)(json_count(data) + 1) * sizeof(*rows));
	if (rows == NULL)
		return FAIL(e, RC_LIMIT, "no room for a page of templates");
	for (const struct json *n = json_first(data); n != NULL; n = json_next(n)) {
		read_row(n, a, &rows[page.count], &full);
		page.count += rows[page.count].name.n > 0 && rows[page.count].language.n > 0;
	}
	/* Without `next` this was the last page, whatever the cursors say. */
	if (json_get_str(json_get(root, "paging"), "next").n > 0)
		page.after = keep(a, json_str(json_path(root, "paging.cursors.after")), &full);
	if (full)
		return FAIL(e, RC_LIMIT, "no room for a page of templates");
	page.rows = rows;
	*ret = page;
	return RC_OK;
}
