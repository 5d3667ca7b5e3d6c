/* cursor.c - see cursor.h. */
#include "api/cursor.h"

#define CURSOR_TEXT_MAX 40

bool cursor_query(struct call *c, const char *name, int64_t *ret_a, int64_t *ret_b)
{
	struct str text, first;
	uint64_t a, b;

	*ret_a = *ret_b = 0;
	if (!query_str(c, name, &text))
		return false;
	if (text.n == 0)
		return true;
	if (!str_cut(&text, '.', &first) || !str_u64_hex(first, &a) || !str_u64_hex(text, &b) ||
	    a > INT64_MAX || b > INT64_MAX) {
		problem_field(c, 422, name, "This is no cursor of this list.");
		return false;
	}
	*ret_a = (int64_t)a;
	*ret_b = (int64_t)b;
	return true;
}

bool cursor_read(struct call *c, struct cursor *ret)
{
	*ret = (struct cursor){ 0 };
	return query_i64(c, "limit", LIST_LIMIT_DEFAULT, 1, LIST_LIMIT_MAX, &ret->limit) &&
	       cursor_query(c, "after", &ret->a, &ret->b);
}

void cursor_row(struct cursor *p, int64_t a, int64_t b)
{
	if (p->n++ == 0) {
		p->first_a = a;
		p->first_b = b;
	}
	p->last_a = a;
	p->last_b = b;
}

void cursor_looked(struct cursor *p, int64_t a, int64_t b)
{
	p->more = true;
	p->last_a = a;
	p->last_b = b;
}

static void place_write(struct jsonw *w, const char *key, int64_t a, int64_t b)
{
	char text[CURSOR_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%llx.%llx", (unsigned long long)a,
		       (unsigned long long)b);
	jsonw_ktext(w, key, text);
}

void cursor_next(const struct cursor *p, struct jsonw *w)
{
	if (p->n < p->limit && !p->more)
		jsonw_ktext(w, "next", NULL);
	else
		place_write(w, "next", p->last_a, p->last_b);
}

void cursor_prev(const struct cursor *p, struct jsonw *w)
{
	if (p->n == 0)
		jsonw_ktext(w, "prev", NULL);
	else
		place_write(w, "prev", p->first_a, p->first_b);
}

void cursor_rows_end(struct call *c, const struct cursor *p, struct jsonw *w, enum rc rc,
		     const struct err *e)
{
	if (rc != RC_OK) {
		problem_err(c, e);
		return;
	}
	jsonw_end(w);
	cursor_next(p, w);
	jsonw_end(w);
	answer_json(c, 200, w);
}
