/* sum_set.c - see sum_set.h. */
#include "flow/backup/sum_set.h"

#include "base/enc.h"

bool sum_set_add(struct sum_set *s, const char *hex, int64_t n)
{
	struct sum_set_item x = { .n = n };

	if (!enc_unhex(str_of(hex), x.sum, sizeof(x.sum), true))
		return false;
	if (s->count == s->room) {
		s->room = s->room == 0 ? 64 : s->room + s->room / 2;
		s->item = mem_grow(s->item, s->room * sizeof(*s->item));
	}
	s->item[s->count++] = x;
	return true;
}

static int by_sum(const void *a, const void *b)
{
	const struct sum_set_item *x = a, *y = b;
	int by = memcmp(x->sum, y->sum, sizeof(x->sum));

	return by != 0 ? by : (x->n > y->n) - (x->n < y->n);
}

void sum_set_settle(struct sum_set *s)
{
	size_t kept = 0;

	if (s->count == 0)
		return;
	qsort(s->item, s->count, sizeof(*s->item), by_sum);
	for (size_t i = 1; i < s->count; i++) {
		if (by_sum(&s->item[kept], &s->item[i]) != 0)
			s->item[++kept] = s->item[i];
	}
	s->count = kept + 1;
}

bool sum_set_has(const struct sum_set *s, const uint8_t sum[SUM_SET_BYTES], int64_t n)
{
	struct sum_set_item x = { .n = n };

	memcpy(x.sum, sum, sizeof(x.sum));
	return s->count > 0 && bsearch(&x, s->item, s->count, sizeof(x), by_sum) != NULL;
}

bool sum_set_has_hex(const struct sum_set *s, const char *hex, int64_t n)
{
	uint8_t sum[SUM_SET_BYTES];

	return enc_unhex(str_of(hex), sum, sizeof(sum), true) && sum_set_has(s, sum, n);
}

void sum_set_free(struct sum_set *s)
{
	mem_free(s->item);
	*s = (struct sum_set){ .count = 0 };
}
