/* web_form.c - see web_form.h. */
#include "io/web_form.h"

#include "base/enc.h"

#define PIECE_MAX (64 * KIB) /* larger pieces are taken in steps of this */

enum state { BEFORE, AFTER_MARK, HEAD, BODY, OVER };

/* ---- header values ---- */

/* One parameter behind a semicolon; a quoted value may hold semicolons. False: no more. */
static bool next_param(struct str *rest, struct str *ret_name, struct str *ret_value)
{
	ptrdiff_t semi = str_chr(*rest, ';');
	size_t i = 0;
	bool quoted = false;

	if (semi < 0)
		return false;
	*rest = str_trim(str_sub(*rest, (size_t)semi + 1, rest->n));
	for (; i < rest->n && (quoted || rest->p[i] != ';'); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
	}
	*ret_value = str_sub(*rest, 0, i);
	*rest = str_sub(*rest, i, rest->n);
	if (!str_cut(ret_value, '=', ret_name))
		*ret_name = STR_NONE;
	*ret_name = str_trim(*ret_name);
	*ret_value = str_trim(*ret_value);
	return true;
}

/* Browsers write %22 for a quote and leave the backslash of Windows paths alone, so only \" and \\ are escapes. */
static void unquote(struct str v, struct sbuf *to)
{
	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"') {
		sbuf_str(to, v);
		return;
	}
	for (size_t i = 1; i + 1 < v.n; i++) {
		if (v.p[i] == '\\' && i + 2 < v.n && (v.p[i + 1] == '"' || v.p[i + 1] == '\\'))
			i++;
		sbuf_char(to, v.p[i]);
	}
}

/* RFC 8187: UTF-8'language'percent-encoded */
static bool extended(struct str v, struct sbuf *to)
{
	struct str charset, language;

	return str_cut(&v, '\'', &charset) && str_ieq(charset, STR("UTF-8")) &&
	       str_cut(&v, '\'', &language) && enc_unpercent(to, v, false);
}

bool web_form_param(struct str value, const char *name, struct sbuf *to)
{
	struct str rest = value, n, v;
	bool found = false;

	while (next_param(&rest, &n, &v)) {
		if (n.n > 0 && n.p[n.n - 1] == '*' &&
		    str_ieq(str_sub(n, 0, n.n - 1), str_of(name))) {
			sbuf_reset(to);
			if (extended(v, to) && sbuf_ok(to))
				return true;
			sbuf_reset(to);
			found = false;
		} else if (!found && str_ieq(n, str_of(name))) {
			sbuf_reset(to);
			unquote(v, to);
			found = sbuf_ok(to);
		}
	}
	if (!found)
		sbuf_reset(to);
	return found;
}

/* ---- parts ---- */

enum rc web_form_begin(struct web_form *f, struct str content_type, const struct web_form_to *to,
		       struct err *e)
{
	AUTO(sbuf_release) struct sbuf boundary = SBUF(WEB_FORM_BOUNDARY_MAX);
	struct str type = content_type, base;

	*f = (struct web_form){ .to = *to,
				.work = SBUF(PIECE_MAX + WEB_FORM_HEAD_MAX + 256),
				.state = BEFORE };
	if (!str_cut(&type, ';', &base) || !str_ieq(str_trim(base), STR("multipart/form-data")))
		return FAIL(e, RC_INVALID, "the body is no multipart/form-data");
	if (!web_form_param(content_type, "boundary", &boundary) || boundary.n == 0)
		return FAIL(e, RC_INVALID, "multipart/form-data without a usable boundary");
	memcpy(f->mark, "\r\n--", 4);
	memcpy(f->mark + 4, boundary.p, boundary.n);
	f->mark_n = 4 + boundary.n;
	sbuf_text(&f->work, "\r\n"); /* so that the first boundary looks like all others */
	return RC_OK;
}

void web_form_release(struct web_form *f)
{
	sbuf_release(&f->work);
}

static void eat(struct web_form *f, size_t n)
{
	memmove(f->work.p, f->work.p + n, f->work.n - n);
	f->work.n -= n;
}

/* Value of a header line in the block, or STR_NONE. */
static struct str header(struct str block, struct str name)
{
	while (block.n > 0) {
		ptrdiff_t end = str_find(block, STR("\r\n"));
		struct str line = end < 0 ? block : str_sub(block, 0, (size_t)end), key;

		block = end < 0 ? STR_NONE : str_sub(block, (size_t)end + 2, block.n);
		if (str_cut(&line, ':', &key) && str_ieq(str_trim(key), name))
			return str_trim(line);
	}
	return STR_NONE;
}

static enum rc begin_part(struct web_form *f, struct str block, struct err *e)
{
	AUTO(sbuf_release) struct sbuf name = SBUF(WEB_FORM_NAME_MAX);
	AUTO(sbuf_release) struct sbuf file = SBUF(WEB_FORM_NAME_MAX);
	struct str disposition = header(block, STR("Content-Disposition"));
	struct web_form_part part = { .type = header(block, STR("Content-Type")) };

	if (++f->parts > WEB_FORM_PARTS_MAX)
		return FAIL(e, RC_INVALID, "the form has more than %d parts", WEB_FORM_PARTS_MAX);
	if (web_form_param(disposition, "name", &name))
		part.name = sbuf_view(&name);
	if (web_form_param(disposition, "filename", &file))
		part.filename = sbuf_view(&file);
	f->want = false;
	return f->to.part(f->to.arg, &part, &f->want, e);
}

/* RC_ABSENT: more bytes are needed. */
static enum rc head(struct web_form *f, struct err *e)
{
	struct str w = sbuf_view(&f->work);
	bool empty = str_starts(w, STR("\r\n"));
	ptrdiff_t end = empty ? 0 : str_find(w, STR("\r\n\r\n"));
	enum rc rc;

	if (end < 0)
		return w.n > WEB_FORM_HEAD_MAX
			       ? FAIL(e, RC_INVALID, "the head of a part is too long or has no end")
			       : RC_ABSENT;
	rc = begin_part(f, str_sub(w, 0, (size_t)end), e);
	eat(f, (size_t)end + (empty ? 2 : 4));
	f->state = BODY;
	return rc;
}

static enum rc after_mark(struct web_form *f, struct err *e)
{
	struct str w = sbuf_view(&f->work);
	size_t blanks = 0;

	if (w.n < 2)
		return RC_ABSENT;
	if (str_starts(w, STR("--"))) {
		f->state = OVER;
		return RC_OK;
	}
	while (blanks < w.n && (w.p[blanks] == ' ' || w.p[blanks] == '\t'))
		blanks++;
	if (w.n < blanks + 2)
		return blanks > 256 ? FAIL(e, RC_INVALID, "a boundary is malformed") : RC_ABSENT;
	if (!str_starts(str_sub(w, blanks, 2), STR("\r\n")))
		return FAIL(e, RC_INVALID, "a boundary is malformed");
	eat(f, blanks + 2);
	f->state = HEAD;
	return RC_OK;
}

/* Before the first boundary nothing is anybody's. */
static enum rc give(struct web_form *f, size_t n, struct err *e)
{
	if (f->state != BODY || !f->want || n == 0)
		return RC_OK;
	return f->to.data(f->to.arg, f->work.p, n, e);
}

static enum rc body(struct web_form *f, struct err *e)
{
	struct str w = sbuf_view(&f->work);
	ptrdiff_t at = str_find(w, str_n(f->mark, f->mark_n));
	size_t safe;
	enum rc rc;

	if (at >= 0) {
		rc = give(f, (size_t)at, e);
		eat(f, (size_t)at + f->mark_n);
		f->state = AFTER_MARK;
		return rc;
	}
	if (w.n < f->mark_n)
		return RC_ABSENT;
	safe = w.n - (f->mark_n - 1); /* the rest may begin a boundary */
	rc = give(f, safe, e);
	eat(f, safe);
	return rc == RC_OK ? RC_ABSENT : rc;
}

static enum rc step(struct web_form *f, struct err *e)
{
	switch ((enum state)f->state) {
	case BEFORE:
	case BODY:
		return body(f, e);
	case AFTER_MARK:
		return after_mark(f, e);
	case HEAD:
		return head(f, e);
	case OVER:
		sbuf_reset(&f->work); /* what follows is nobody's */
		return RC_ABSENT;
	}
	BUG("unknown state");
}

enum rc web_form_add(void *arg, const char *p, size_t n, struct err *e)
{
	struct web_form *f = arg;

	while (n > 0) {
		size_t now = size_min(n, PIECE_MAX);
		enum rc rc;

		sbuf_add(&f->work, p, now);
		if (!sbuf_ok(&f->work))
			return FAIL(e, RC_INVALID, "the form is malformed");
		do
			rc = step(f, e);
		while (rc == RC_OK);
		if (rc != RC_ABSENT)
			return rc;
		p += now;
		n -= now;
	}
	return RC_OK;
}

enum rc web_form_end(struct web_form *f, struct err *e)
{
	return f->state == OVER ? RC_OK
				: FAIL(e, RC_INVALID, "the form ended before its last boundary");
}
