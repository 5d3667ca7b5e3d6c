/* posting.c - see posting.h. A short list: there are never more entries than bridge workers. */
#include "flow/outside/posting.h"

#include "base/mtx.h"

#define POSTING_MAX 256

struct posting {
	struct mtx lock; /* LOCK_FLOW */
	struct {
		int64_t target, conversation;
	} items[POSTING_MAX];
	int n;
};

struct posting *posting_new(void)
{
	struct posting *p = mem_new(1, sizeof(*p));

	mtx_init(&p->lock, LOCK_FLOW);
	return p;
}

void posting_free(struct posting *p)
{
	if (p == NULL)
		return;
	mtx_destroy(&p->lock);
	mem_free(p);
}

static int find(const struct posting *p, int64_t target_id, int64_t conversation)
{
	for (int i = 0; i < p->n; i++) {
		if (p->items[i].target == target_id && p->items[i].conversation == conversation)
			return i;
	}
	return -1;
}

static void enter(struct posting *p, int64_t target_id, int64_t conversation)
{
	ASSERT(p->n < POSTING_MAX);
	p->items[p->n].target = target_id;
	p->items[p->n++].conversation = conversation;
}

void posting_begin(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id)
{
	mtx_lock(&p->lock);
	enter(p, target_id, chatwoot_conversation_id);
	mtx_unlock(&p->lock);
}

bool posting_try(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id)
{
	bool free;

	mtx_lock(&p->lock);
	free = find(p, target_id, chatwoot_conversation_id) < 0;
	if (free)
		enter(p, target_id, chatwoot_conversation_id);
	mtx_unlock(&p->lock);
	return free;
}

void posting_end(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id)
{
	int at;

	mtx_lock(&p->lock);
	at = find(p, target_id, chatwoot_conversation_id);
	ASSERT(at >= 0);
	p->items[at] = p->items[--p->n];
	mtx_unlock(&p->lock);
}

bool posting_now(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id)
{
	bool now;

	mtx_lock(&p->lock);
	now = find(p, target_id, chatwoot_conversation_id) >= 0;
	mtx_unlock(&p->lock);
	return now;
}
