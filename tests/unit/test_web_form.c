/* test_web_form.c - multipart/form-data in pieces of every size. */
#include "io/web_form.h"

#include "t.h"

struct got {
	struct sbuf log;
	bool refuse;
};

static enum rc on_part(void *arg, const struct web_form_part *p, bool *ret_want, struct err *e)
{
	struct got *g = arg;

	if (g->refuse)
		return FAIL(e, RC_LIMIT, "enough");
	sbuf_printf(&g->log, "[%.*s|%.*s|%.*s]", STRF(p->name), STRF(p->filename), STRF(p->type));
	*ret_want = p->filename.p != NULL;
	return RC_OK;
}

static enum rc on_data(void *arg, const char *p, size_t n, struct err *e)
{
	struct got *g = arg;

	(void)e;
	sbuf_add(&g->log, p, n);
	return RC_OK;
}

static enum rc feed(struct got *g, const char *type, struct str body, size_t step)
{
	AUTO(web_form_release) struct web_form f = { .state = 0 };
	const struct web_form_to to = { on_part, on_data, g };
	enum rc rc = web_form_begin(&f, str_of(type), &to, NULL);

	for (size_t i = 0; rc == RC_OK && i < body.n; i += step) {
		struct str piece = str_sub(body, i, step);

		rc = web_form_add(&f, piece.p, piece.n, NULL);
	}
	return rc == RC_OK ? web_form_end(&f, NULL) : rc;
}

#define TYPE "multipart/form-data; boundary=XX"

TEST(parts_are_the_same_whatever_the_pieces)
{
	static const struct {
		const char *why;
		struct str body;
		enum rc rc;
		const char *log;
	} ROWS[] = {
#define ROW(why, body, rc, log) { why, { body, sizeof(body) - 1 }, rc, log }
		ROW("one file",
		    "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
		    "Content-Type: text/plain\r\n\r\nhello\r\n--XX--\r\n",
		    RC_OK, "[file|a.txt|text/plain]hello"),
		ROW("a field before, something after",
		    "preamble\r\n--XX\r\ncontent-disposition:form-data; name=a\r\n\r\n1\r\n--XX  "
		    "\r\n"
		    "X: y\r\nContent-Disposition: form-data; name=f; "
		    "filename=b\r\n\r\n\r\n--XX--epilogue",
		    RC_OK, "[a||][f|b|]"),
		ROW("bytes like a boundary",
		    "--XX\r\nContent-Disposition: form-data; name=f; "
		    "filename=b\r\n\r\n\r\n--X\r\n-\r\n\r\n--XX--",
		    RC_OK, "[f|b|]\r\n--X\r\n-\r\n"),
		ROW("an empty head", "--XX\r\n\r\nabc\r\n--XX--", RC_OK, "[||]"),
		ROW("cut", "--XX\r\nContent-Disposition: form-data; name=f; filename=b\r\n\r\nab",
		    RC_INVALID, NULL),
		ROW("cut in the last boundary", "--XX\r\n\r\nabc\r\n--XX-", RC_INVALID, NULL),
		ROW("a boundary with a tail", "--XXY\r\n\r\nabc\r\n--XX--", RC_INVALID, NULL),
		ROW("no boundary at all", "hello", RC_INVALID, NULL),
		ROW("nothing", "", RC_INVALID, NULL),
#undef ROW
	};

	EACH (r, ROWS) {
		for (size_t step = 1; step <= r->body.n + 1; step++) {
			struct got g = { .log = SBUF(4096) };

			CHECK_I64(r->why, feed(&g, TYPE, r->body, step), r->rc);
			if (r->log != NULL)
				CHECK_STR(r->why, sbuf_c(&g.log), r->log);
			sbuf_release(&g.log);
		}
	}
}

TEST(a_long_file_keeps_its_bytes)
{
	enum { LONG = 300000 };
	AUTO(sbuf_release) struct sbuf body = SBUF(1 * MIB);
	struct got g = { .log = SBUF(1 * MIB) };

	sbuf_text(&body, "--XX\r\nContent-Disposition: form-data; name=f; filename=b\r\n\r\n");
	for (int i = 0; i < LONG; i++)
		sbuf_char(&body, "\r\n--X"[i % 5]);
	sbuf_text(&body, "\r\n--XX--\r\n");
	CHECK_I64("whole", feed(&g, TYPE, sbuf_view(&body), 100000), RC_OK);
	CHECK_I64("as long", g.log.n, LONG + strlen("[f|b|]"));
	sbuf_release(&g.log);
}

TEST(what_could_fool_a_reader_is_refused)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(1 * MIB);
	struct got g = { .log = SBUF(64 * KIB) };

	CHECK_I64("other type", feed(&g, "text/plain; boundary=XX", STR("x"), 1), RC_INVALID);
	CHECK_I64("no boundary", feed(&g, "multipart/form-data", STR("x"), 1), RC_INVALID);
	CHECK_I64("an empty one", feed(&g, "multipart/form-data; boundary=\"\"", STR("x"), 1),
		  RC_INVALID);
	CHECK_I64("a long one",
		  feed(&g,
		       "multipart/form-data; "
		       "boundary="
		       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		       STR("x"), 1),
		  RC_INVALID);
	sbuf_text(&body, "--XX\r\n");
	for (int i = 0; i < 1000; i++)
		sbuf_text(&body, "X-Long: yyyy\r\n");
	CHECK_I64("a head without end", feed(&g, TYPE, sbuf_view(&body), 50), RC_INVALID);
	sbuf_reset(&body);
	for (int i = 0; i < WEB_FORM_PARTS_MAX + 1; i++)
		sbuf_text(&body, i == 0 ? "--XX\r\n\r\n" : "\r\n--XX\r\n\r\n");
	sbuf_text(&body, "\r\n--XX--");
	CHECK_I64("too many parts", feed(&g, TYPE, sbuf_view(&body), 50), RC_INVALID);
	g.refuse = true;
	CHECK_I64("the caller's own verdict", feed(&g, TYPE, STR("--XX\r\n\r\n"), 50), RC_LIMIT);
	sbuf_release(&g.log);
}

TEST(parameters_of_headers)
{
	static const struct {
		const char *why, *value, *name, *got;
	} ROWS[] = {
		{ "bare", "form-data; name=a; filename=b.txt", "filename", "b.txt" },
		{ "quoted", "form-data; filename=\"a;b=c.txt\"; name=x", "filename", "a;b=c.txt" },
		{ "escaped", "form-data; filename=\"a\\\"b\\\\c\"", "filename", "a\"b\\c" },
		{ "of Windows", "form-data; filename=\"C:\\dir\\a.txt\"", "filename",
		  "C:\\dir\\a.txt" },
		{ "extended wins", "x; filename=a; filename*=UTF-8''%e2%82%ac.txt", "filename",
		  "\xe2\x82\xac.txt" },
		{ "extended first", "x; filename*=utf-8'de'b; filename=a", "filename", "b" },
		{ "other charset", "x; filename*=latin1''a", "filename", NULL },
		{ "case", "x; FileName=a", "filename", "a" },
		{ "not there", "x; name=a", "filename", NULL },
		{ "in another's value", "x; name=\"; filename=evil\"", "filename", NULL },
		{ "nothing", "", "filename", NULL },
	};

	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf to = SBUF(200);
		bool there = web_form_param(str_of(r->value), r->name, &to);

		CHECK_I64(r->why, there, r->got != NULL);
		if (there)
			CHECK_STR(r->why, sbuf_c(&to), r->got);
	}
}
