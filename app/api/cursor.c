/* cursor.c - see cursor.h. */
#include "api/cursor.h"

#define CURSOR_TEXT_MAX 40

bool cursor_read(struct call *c, struct cursor *ret)
{
	struct str text, first;
	uint64_t a, b;

	*ret = (struct cursor){ 0 };
	if (!query_i64(c, "limit", LIST_LIMIT_DEFAULT, 1, LIST_LIMIT_MAX, &ret->limit) ||
	    !query_str(c, "after", &text))
		return false;
	if (text.n == 0)
		return true;
	if (!str_cut(&text, '.', &first) || !str_u64_hex(first, &a) || !str_u64_hex(text, &b) ||
	    a > INT64_MAX || b > INT64_MAX) {
		problem_field(c, 422, "after", "This is no cursor of this list.");
		return false;
	}
	ret->a = (int64_t)a;
	ret->b = (int64_t)b;
	return true;
}

void cursor_row(struct cursor *p, int64_t a, int64_t b)
{
	p->n++;
	p->last_a = a;
	p->last_b = b;
}

void cursor_next(const struct cursor *p, struct jsonw *w)
{
	char text[CURSOR_TEXT_MAX];

	if (p->n < p->limit) {
		jsonw_ktext(w, "next", NULL);
		return;
	}
	(void)snprintf(text, sizeof(text), "%llx.%llx", (unsigned long long)p->last_a,
		       (unsigned long long)p->last_b);
	jsonw_ktext(w, "next", text);
}
