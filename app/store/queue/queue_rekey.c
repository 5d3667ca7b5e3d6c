/* queue_rekey.c - jobs change their key: two conversations became one, and what waits of both is one order from now on.
 *
 * Rows change in the unit, the schedule after its commit. Of two heads one goes on holding the place: who runs, else
 * the older; the chains behind are joined by id, so neither conversation's own order changes. */
#include "store/queue/queue_priv.h"

/* Both chains in order of their ids. */
static struct slot *join(struct slot *a, struct slot *b)
{
	struct slot *first = NULL, **at = &first;

	while (a != NULL && b != NULL) {
		struct slot **less = a->id < b->id ? &a : &b;

		*at = *less;
		at = &(*at)->behind;
		*less = *at;
	}
	*at = a != NULL ? a : b;
	return first;
}

static bool goes_on(const struct slot *mine, const struct slot *other)
{
	if (other->state == SLOT_RUNNING)
		return false;
	return mine->state == SLOT_RUNNING || mine->id < other->id;
}

/* Both keys have jobs: those of `from` are joined with those of `to`. */
static void join_keys(struct queues *qs, struct queue *q, struct key *from, struct key *to)
	REQUIRES(qs->lock)
{
	bool first = goes_on(from->head, to->head);
	struct slot *head = first ? from->head : to->head, *loser = first ? to->head : from->head;
	struct slot *rest = loser;

	if (loser->state ==
	    SLOT_RUNNING) { /* both run: it ends by itself, or comes back at the end */
		rest = loser->behind;
		loser->behind = NULL;
		loser->key = NULL;
		loser->okey = to->okey;
	} else {
		sched_unqueue(q, loser);
		loser->state = SLOT_BLOCKED;
	}
	head->behind = join(head->behind, rest);
	to->head = to->tail = head;
	for (struct slot *s = head; s != NULL; s = s->behind) {
		s->key = to;
		s->okey = to->okey;
		to->tail = s;
	}
	sched_key_drop(qs, q, from);
}

static void rekey_chain(struct queues *qs, struct queue *q, int64_t from, int64_t to)
	REQUIRES(qs->lock)
{
	struct key *old = sched_key(qs, q, from, false), *k;

	if (old == NULL)
		return;
	k = sched_key(qs, q, to, true);
	if (k->head != NULL) {
		join_keys(qs, q, old, k);
		return;
	}
	k->head = old->head;
	k->tail = old->tail;
	for (struct slot *s = k->head; s != NULL; s = s->behind) {
		s->key = k;
		s->okey = to;
	}
	sched_key_drop(qs, q, old);
}

/* Those that stand apart from their key until they are due. */
static void rekey_apart(struct queue *q, int64_t from, int64_t to)
{
	for (size_t i = 0; i < q->heap_n; i++) {
		if (q->heap[i]->okey == from && q->heap[i]->key == NULL)
			q->heap[i]->okey = to;
	}
	for (struct slot *s = q->running.head; s != NULL; s = s->next) {
		if (s->okey == from && s->key == NULL)
			s->okey = to;
	}
}

static void rekey_queue(struct queues *qs, struct queue *q, int64_t from, int64_t to)
	REQUIRES(qs->lock)
{
	const int64_t *targets = qs->group_targets[q->id];

	while (q->refilling) /* it may hold rows with the old key */
		(void)cnd_wait(&q->changed, &qs->lock, INT64_MAX);
	rekey_chain(qs, q, from, to);
	rekey_apart(q, from, to);
	for (int i = 0; i < QUEUE_TARGETS_MAX && targets[i] != 0; i++) {
		rekey_chain(qs, q, from | targets[i] << QUEUE_KEY_BITS,
			    to | targets[i] << QUEUE_KEY_BITS);
		rekey_apart(q, from | targets[i] << QUEUE_KEY_BITS,
			    to | targets[i] << QUEUE_KEY_BITS);
	}
	sched_signal(q);
}

struct rekey {
	int64_t from, to;
};

static void rekey_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct rekey *r = arg;

	mtx_lock(&qs->lock);
	for (int i = 0; i < QUEUE_COUNT; i++) {
		if (qs->q[i].rows > 0)
			rekey_queue(qs, &qs->q[i], r->from, r->to);
	}
	mtx_unlock(&qs->lock);
}

enum rc queue_rekey(struct tx *tx, int64_t from, int64_t to, struct err *e)
{
	static const enum query tables[] = { Q_QUEUE_REKEY, Q_QUEUE_REKEY_DEAD };
	const struct rekey r = { from, to };

	ASSERT(from > 0 && to > 0 && from != to && from <= QUEUE_KEY_MASK && to <= QUEUE_KEY_MASK);
	for (size_t i = 0; i < COUNT(tables); i++) {
		struct stmt s;

		TRY(stmt_begin(tx->db, tables[i], &s, e));
		stmt_bind_i64(&s, "from_key", from);
		stmt_bind_i64(&s, "to_key", to);
		stmt_bind_i64(&s, "mask", QUEUE_KEY_MASK);
		TRY(stmt_run(&s, e));
	}
	tx_after(tx, rekey_after, &r, sizeof(r));
	return RC_OK;
}
