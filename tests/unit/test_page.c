/* test_page.c - the page and its files as a browser gets them. */
#include "t.h"

#include "box.h"
#include "io/asset.h"

static struct box b;

TEST(routes_serve_the_page_with_its_headers)
{
	const struct asset *js = asset_find("/app.js");

	box_open(&b, NULL, 0);
	CHECK_I64("page", box_do(&b, "GET", "/", STR_NONE), 200);
	CHECK(box_has_header(&b, "Content-Security-Policy: default-src 'none'"));
	CHECK(box_has_header(&b, "X-Frame-Options: DENY"));
	CHECK(box_has_header(&b, "Cache-Control: no-cache"));
	CHECK(!box_has(&b, "/a/-/"));
	CHECK(js != NULL);
	CHECK(box_has(&b, js->hash));
	CHECK_I64("file",
		  box_do(&b, "GET", arena_printf(&b.arena, "/a/%s/app.js", js->hash), STR_NONE),
		  200);
	CHECK(box_has_header(&b, "immutable"));
	CHECK(!box_has_header(&b, "Content-Encoding"));
	CHECK(box_has(&b, "X-CSRF-Token")); /* readable: it was unpacked for this client */
	box_header(&b, "Accept-Encoding", "br, gzip;q=0.8");
	CHECK_I64("packed",
		  box_do(&b, "GET", arena_printf(&b.arena, "/a/%s/app.js", js->hash), STR_NONE),
		  200);
	CHECK(box_has_header(&b, "Content-Encoding: gzip"));
	CHECK(box_has_header(&b, "Vary: Accept-Encoding"));
	CHECK_I64("old hash", box_do(&b, "GET", "/a/0/app.js", STR_NONE), 200);
	CHECK(box_has_header(&b, "Cache-Control: no-cache"));
	box_header(&b, "If-None-Match", arena_printf(&b.arena, "\"%s\"", js->hash));
	CHECK_I64("unchanged", box_do(&b, "GET", "/a/0/app.js", STR_NONE), 304);
	CHECK_I64("sources of the document",
		  box_do(&b, "GET", "/a/0/openapi/schemas.json", STR_NONE), 404);
	CHECK_I64("html by another door", box_do(&b, "GET", "/a/0/index.html", STR_NONE), 404);
	CHECK_I64("docs", box_do(&b, "GET", "/docs", STR_NONE), 200);
	box_close(&b);
}
