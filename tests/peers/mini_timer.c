/* mini_timer.c - the timers of a loop: a heap by due time. See mini.h. */
#include "mini.h"

struct timer {
	int64_t due_us;
	uint64_t seq; /* equal times fire in the order they were set */
	mini_timer *fn;
	void *ctx, *arg;
};

static bool timer_before(const struct timer *a, const struct timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

void mini_timers_add(struct mini_timers *h, int64_t ms, mini_timer *fn, void *ctx, void *arg)
{
	struct timer t = { mono_us() + ms * 1000, h->seq++, fn, ctx, arg };
	size_t at = h->n++;

	if (h->n > h->cap) {
		h->cap = h->cap ? h->cap * 2 : 256;
		h->heap = xresize(h->heap, h->cap * sizeof *h->heap);
	}
	for (; at && timer_before(&t, &h->heap[(at - 1) / 2]); at = (at - 1) / 2)
		h->heap[at] = h->heap[(at - 1) / 2];
	h->heap[at] = t;
}

static struct timer timer_pop(struct mini_timers *h)
{
	struct timer first = h->heap[0], last = h->heap[--h->n];
	size_t at = 0, kid;

	while ((kid = 2 * at + 1) < h->n) {
		if (kid + 1 < h->n && timer_before(&h->heap[kid + 1], &h->heap[kid]))
			kid++;
		if (!timer_before(&h->heap[kid], &last))
			break;
		h->heap[at] = h->heap[kid];
		at = kid;
	}
	h->heap[at] = last;
	return first;
}

void mini_timers_fire(struct mini_timers *h, int64_t now_us)
{
	while (h->n && h->heap[0].due_us <= now_us) {
		struct timer t = timer_pop(h);
		t.fn(t.ctx, t.arg);
	}
}

int mini_timers_wait_ms(const struct mini_timers *h, int64_t now_us)
{
	int64_t ms = h->n ? (h->heap[0].due_us - now_us + 999) / 1000 : 1000;

	return ms < 0 ? 0 : ms > 1000 ? 1000 : (int)ms;
}
