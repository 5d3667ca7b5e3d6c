/* page.c - the page and its files, out of the table of embedded assets.
 *
 * HTML names a file as "/a/-/app.js"; here the dash becomes the hash of the file, so that files can be kept for ever
 * by browsers and HTML never is. Nothing here needs a token: the page has no data but what it asks the API for. */
#include "api/handlers.h"
#include "io/asset.h"

#define HASH_MARK "/a/-"
#define CSP                                                                        \
	"default-src 'none'; script-src 'self'; style-src 'self'; "                \
	"img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; " \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static void security_headers(struct res *r)
{
	web_header(r, "Content-Security-Policy", STR(CSP));
	web_header(r, "Referrer-Policy", STR("no-referrer"));
	web_header(r, "X-Frame-Options", STR("DENY"));
	web_header(r, "Cross-Origin-Opener-Policy", STR("same-origin"));
	web_header(r, "Cross-Origin-Resource-Policy", STR("same-origin"));
}

/* End of the file's name behind the mark: the closing quote. */
static const struct asset *named(struct str rest, size_t *ret_n)
{
	char path[200];
	ptrdiff_t end = str_chr(rest, '"');

	if (end <= 0 || !str_copy(str_sub(rest, 0, (size_t)end), path, sizeof(path)))
		return NULL;
	*ret_n = (size_t)end;
	return asset_find(path);
}

static void html_write(struct sbuf *to, struct str html)
{
	struct str mark = STR(HASH_MARK);
	ptrdiff_t at;

	while ((at = str_find(html, mark)) >= 0) {
		struct str rest = str_sub(html, (size_t)at + mark.n, html.n);
		size_t n;
		const struct asset *a = named(rest, &n);

		sbuf_str(to, str_sub(html, 0, (size_t)at));
		sbuf_text(to, "/a/");
		sbuf_text(to, a != NULL ? a->hash : "-");
		html = rest;
	}
	sbuf_str(to, html);
}

static void html_answer(struct call *c, const char *path)
{
	const struct asset *a = asset_find(path);

	security_headers(c->r);
	if (a == NULL) {
		problem(c, 404, "not-found", "This build has no page.");
		return;
	}
	sbuf_reset(&c->r->body);
	html_write(&c->r->body, a->bytes);
	c->r->status = 200;
	c->r->content_type = a->content_type;
	web_header(c->r, "Cache-Control", STR("no-cache"));
}

void page_get(struct call *c)
{
	html_answer(c, "/index.html");
}

void page_docs_get(struct call *c)
{
	html_answer(c, "/docs.html");
}

/* What a browser may have: not the sources of the OpenAPI document, not the notes for people. */
static bool is_public(struct str file)
{
	return !str_starts(file, STR("openapi/")) && !str_ends(file, STR(".md")) &&
	       !str_ends(file, STR(".html"));
}

/* "gzip" as a word of Accept-Encoding and not refused with q=0. All browsers send it. */
static bool takes_gzip(const struct req *q)
{
	struct str list = web_req_header(q, "Accept-Encoding"), part;

	while (str_cut(&list, ',', &part)) {
		struct str word;
		bool weighted = str_cut(&part, ';', &word) && part.n > 0;

		if (str_ieq(str_trim(word), STR("gzip")))
			return !(weighted && str_eqc(str_trim(part), "q=0"));
	}
	return false;
}

static void asset_answer(struct call *c, const struct asset *a)
{
	struct err e = { .rc = RC_OK };

	c->r->status = 200;
	if (!a->gzip) {
		c->r->body_static = a->bytes;
		return;
	}
	web_header(c->r, "Vary", STR("Accept-Encoding"));
	if (takes_gzip(c->q)) {
		web_header(c->r, "Content-Encoding", STR("gzip"));
		c->r->body_static = a->bytes;
	} else if (asset_plain(a, &c->r->body, &e) != RC_OK) {
		problem_err(c, &e);
	}
}

void page_asset_get(struct call *c)
{
	struct str hash = c->q->param[0], file = c->q->param[1];
	const char *path = arena_printf(c->q->arena, "/%.*s", STRF(file));
	const struct asset *a = path != NULL && is_public(file) ? asset_find(path) : NULL;
	char etag[24];

	security_headers(c->r);
	if (a == NULL) {
		problem(c, 404, "not-found", "There is no such file.");
		return;
	}
	(void)snprintf(etag, sizeof(etag), "\"%.16s\"", a->hash);
	web_header(c->r, "ETag", str_of(etag));
	web_header(c->r, "Cache-Control",
		   str_eqc(hash, a->hash) ? STR("public, max-age=31536000, immutable")
					  : STR("no-cache"));
	c->r->content_type = a->content_type;
	if (str_eqc(web_req_header(c->q, "If-None-Match"), etag)) {
		c->r->status = 304;
		return;
	}
	asset_answer(c, a);
}
