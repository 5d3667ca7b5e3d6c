/* export.c - see export.h. A page is read as JSON by the list's own handler, so that filters, rights and masked numbers
 * are those of the list. */
#include "api/export.h"

#include "api/handlers.h"
#include "io/json.h"

#define LINE_MAX (4 * MIB)

struct file {
	struct call *c;
	struct sbuf out;
	const struct json *names; /* the first row: its members are the columns */
	bool csv;
};

/* A cell that begins like a formula would be one in a spreadsheet; customers write what they like. */
static void cell(struct sbuf *to, struct str v)
{
	bool quoted = false;

	for (size_t i = 0; i < v.n && !quoted; i++)
		quoted = v.p[i] == '"' || v.p[i] == ',' || v.p[i] == '\n' || v.p[i] == '\r';
	if (quoted)
		sbuf_char(to, '"');
	if (v.n > 0 && memchr("=+-@\t\r", v.p[0], 6) != NULL)
		sbuf_char(to, '\'');
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '"')
			sbuf_char(to, '"');
		sbuf_char(to, v.p[i]);
	}
	if (quoted)
		sbuf_char(to, '"');
}

static void value(struct sbuf *to, const struct json *v)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LINE_MAX);

	switch (json_kind(v)) {
	case JSON_TEXT:
		cell(to, json_str(v));
		return;
	case JSON_NONE:
	case JSON_NULL:
		return;
	case JSON_BOOL:
	case JSON_NUMBER:
		json_print(v, to);
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		json_print(v, &b);
		cell(to, sbuf_view(&b));
		return;
	}
}

static void csv_head(struct sbuf *to, const struct json *row)
{
	sbuf_text(to, "\xEF\xBB\xBF"); /* so that spreadsheets read UTF-8 */
	for (const struct json *m = json_first(row); m != NULL; m = json_next(m)) {
		if (m != json_first(row))
			sbuf_char(to, ',');
		cell(to, json_key(m));
	}
	sbuf_text(to, "\r\n");
}

static void csv_row(struct sbuf *to, const struct json *names, const struct json *row)
{
	char key[128];

	for (const struct json *m = json_first(names); m != NULL; m = json_next(m)) {
		if (m != json_first(names))
			sbuf_char(to, ',');
		if (str_copy(json_key(m), key, sizeof(key)))
			value(to, json_get(row, key));
	}
	sbuf_text(to, "\r\n");
}

static void rows_add(struct file *f, const struct json *list)
{
	for (const struct json *row = json_first(list); row != NULL; row = json_next(row)) {
		if (f->csv) {
			csv_row(&f->out, f->names, row);
		} else {
			json_print(row, &f->out);
			sbuf_char(&f->out, '\n');
		}
	}
}

/* The same question for the next page. */
static bool turn(struct call *c, struct str asked, struct str after)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WEB_QUERY_MAX);
	struct str part;

	sbuf_printf(&b, "limit=%d", EXPORT_PAGE);
	if (after.n > 0)
		sbuf_printf(&b, "&after=%.*s", STRF(after));
	while (str_cut(&asked, '&', &part)) {
		if (str_starts(part, STR("limit=")) || str_starts(part, STR("format=")) ||
		    (after.n > 0 && str_starts(part, STR("after="))))
			continue;
		sbuf_char(&b, '&');
		sbuf_str(&b, part);
	}
	c->q->query = arena_str(c->q->arena, sbuf_view(&b));
	return sbuf_ok(&b) && c->q->query.p != NULL;
}

static void answer(struct file *f, struct str next)
{
	struct res *r = f->c->r;
	struct str rest = str_of(f->c->route->path), part, name = STR("list");

	while (str_cut(&rest, '/', &part))
		if (part.n > 0 && part.p[0] != '{')
			name = part;
	sbuf_reset(&r->body);
	sbuf_str(&r->body, sbuf_view(&f->out));
	r->content_type = f->csv ? "text/csv; charset=utf-8" : "application/jsonl";
	web_header(r, "Content-Disposition",
		   str_of(arena_printf(f->c->q->arena, "attachment; filename=\"%.*s.%s\"",
				       STRF(name), f->csv ? "csv" : "jsonl")));
	if (next.n > 0)
		web_header(r, "X-Next", next);
}

/* All pages. What is no list, and what is refused, is answered as it is. */
static void pages(struct file *f, export_page_fn *page, struct str asked)
{
	AUTO(json_freep) struct json *first = NULL;
	struct call *c = f->c;
	size_t headers = c->r->headers.n;
	struct str next = STR_NONE;

	do {
		AUTO(json_freep) struct json *root = NULL;
		struct err e = { .rc = RC_OK };

		if (!turn(c, asked, next)) {
			problem(c, 422, "invalid", "The query is too long.");
			return;
		}
		c->r->headers.n = headers;
		sbuf_reset(&c->r->body);
		page(c);
		if (c->r->status != 200 || c->r->body_static.p != NULL ||
		    json_parse(sbuf_view(&c->r->body), &root, &e) != RC_OK ||
		    json_kind(json_get(root, "data")) != JSON_ARRAY)
			return;
		const struct json *list = json_get(root, "data");
		if (f->names == NULL) {
			f->names = json_first(list);
			if (f->csv && f->names != NULL)
				csv_head(&f->out, f->names);
		}
		rows_add(f, list);
		next = arena_str(c->q->arena, json_get_str(root, "next"));
		if (first == NULL)
			first = TAKE(root); /* the columns live in it */
	} while (next.n > 0 && f->out.n < EXPORT_FULL);
	if (sbuf_ok(&f->out))
		answer(f, next);
	else
		problem(c, 422, "too-long",
			"These rows are too long for a file: read them as JSON.");
}

void export_run(struct call *c, export_page_fn *page)
{
	struct file f = { .c = c, .out = SBUF(WEB_RESPONSE_MAX) };
	struct str asked = c->q->query, format;

	if (strcmp(c->q->method, "GET") != 0 || c->route->who != WHO_TOKEN) {
		page(c);
		return;
	}
	if (!query_str(c, "format", &format))
		return;
	f.csv = str_eqc(format, "csv");
	if (format.n == 0)
		page(c);
	else if (f.csv || str_eqc(format, "jsonl"))
		pages(&f, page, asked);
	else
		problem_field(c, 422, "format",
			      "Lists come as csv or jsonl, or without this as JSON.");
	sbuf_release(&f.out);
}
