/* queue_sched.c - the schedule in memory: lists, heap and key chains of one queue.
 *
 * Everything here runs under the queues' lock, touches no database and allocates only by slabs, so that the
 * worst moment (a worker takes a job while the writer adds a thousand) stays in microseconds. */
#include "store/queue/queue_priv.h"

#include "base/clock.h"
#include "store/queue/queue_list.h"

#define SLAB_SLOTS    1024
#define SLAB_KEYS     1024
#define BUCKETS_FIRST 1024

static void slab_keep(struct queues *qs, void *slab)
{
	qs->slabs = mem_grow(qs->slabs, (qs->slab_count + 1) * sizeof(*qs->slabs));
	qs->slabs[qs->slab_count++] = slab;
}

struct slot *sched_slot_new(struct queues *qs)
{
	struct slot *s;

	if (qs->free_slots == NULL) {
		struct slot *slab = mem_new(SLAB_SLOTS, sizeof(*slab));

		slab_keep(qs, slab);
		for (size_t i = 0; i < SLAB_SLOTS; i++) {
			slab[i].next = qs->free_slots;
			qs->free_slots = &slab[i];
		}
	}
	s = qs->free_slots;
	qs->free_slots = s->next;
	*s = (struct slot){ .state = SLOT_FREE };
	return s;
}

static void slot_give_back(struct queues *qs, struct slot *s)
{
	*s = (struct slot){ .state = SLOT_FREE, .next = qs->free_slots };
	qs->free_slots = s;
}

/* ---- heap of delayed jobs, by due time then id ---- */

static bool heap_before(const struct slot *a, const struct slot *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->id < b->id;
}

static void heap_put(struct queue *q, size_t at, struct slot *s)
{
	q->heap[at] = s;
	s->heap_at = at;
}

static void heap_up(struct queue *q, size_t at, struct slot *s)
{
	while (at > 0 && heap_before(s, q->heap[(at - 1) / 2])) {
		heap_put(q, at, q->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(q, at, s);
}

static void heap_down(struct queue *q, size_t at, struct slot *s)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= q->heap_n)
			break;
		if (child + 1 < q->heap_n && heap_before(q->heap[child + 1], q->heap[child]))
			child++;
		if (!heap_before(q->heap[child], s))
			break;
		heap_put(q, at, q->heap[child]);
		at = child;
	}
	heap_put(q, at, s);
}

static void heap_add(struct queue *q, struct slot *s)
{
	if (q->heap_n == q->heap_cap) {
		q->heap_cap = q->heap_cap == 0 ? 256 : q->heap_cap * 2;
		q->heap = mem_grow(q->heap, q->heap_cap * sizeof(*q->heap));
	}
	q->heap_n++;
	heap_up(q, q->heap_n - 1, s);
}

static void heap_remove(struct queue *q, struct slot *s)
{
	size_t at = s->heap_at;
	struct slot *last = q->heap[--q->heap_n];

	ASSERT(q->heap[at] == s || last == s);
	if (last == s)
		return;
	if (at > 0 && heap_before(last, q->heap[(at - 1) / 2]))
		heap_up(q, at, last);
	else
		heap_down(q, at, last);
}

/* ---- keys ---- */

static size_t key_bucket(const struct queue *q, int64_t okey)
{
	uint64_t h = (uint64_t)okey * 0x9E3779B97F4A7C15u;

	return (size_t)(h >> 32) & (q->bucket_count - 1);
}

static void keys_grow(struct queue *q)
{
	size_t old_count = q->bucket_count;
	struct key **old = q->buckets;

	q->bucket_count = old_count == 0 ? BUCKETS_FIRST : old_count * 2;
	q->buckets = mem_new(q->bucket_count, sizeof(*q->buckets));
	for (size_t i = 0; i < old_count; i++) {
		for (struct key *k = old[i], *next; k != NULL; k = next) {
			size_t b = key_bucket(q, k->okey);

			next = k->next;
			k->next = q->buckets[b];
			q->buckets[b] = k;
		}
	}
	mem_free(old);
}

static struct key *key_find(const struct queue *q, int64_t okey)
{
	struct key *k = q->bucket_count > 0 ? q->buckets[key_bucket(q, okey)] : NULL;

	while (k != NULL && k->okey != okey)
		k = k->next;
	return k;
}

struct key *sched_key(struct queues *qs, struct queue *q, int64_t okey, bool make)
{
	struct key *k = key_find(q, okey);
	size_t b;

	if (k != NULL || !make)
		return k;
	if (q->key_count >= q->bucket_count)
		keys_grow(q);
	b = key_bucket(q, okey);
	if (qs->free_keys == NULL) {
		struct key *slab = mem_new(SLAB_KEYS, sizeof(*slab));

		slab_keep(qs, slab);
		for (size_t i = 0; i < SLAB_KEYS; i++) {
			slab[i].next = qs->free_keys;
			qs->free_keys = &slab[i];
		}
	}
	k = qs->free_keys;
	qs->free_keys = k->next;
	*k = (struct key){ .okey = okey, .next = q->buckets[b] };
	q->buckets[b] = k;
	q->key_count++;
	return k;
}

void sched_key_drop(struct queues *qs, struct queue *q, struct key *k)
{
	struct key **at = &q->buckets[key_bucket(q, k->okey)];

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	q->key_count--;
	k->next = qs->free_keys;
	qs->free_keys = k;
}

/* ---- lanes and gates ---- */

static struct lane *lane_of(struct queue *q, int64_t id)
{
	for (int i = 0; i < q->lane_count; i++) {
		if (q->lanes[i].id == id)
			return &q->lanes[i];
	}
	/* More targets than lanes: the rest share the last one; they wait for each other, nothing is lost. */
	if (q->lane_count == QUEUE_LANES_MAX)
		return &q->lanes[QUEUE_LANES_MAX - 1];
	q->lanes[q->lane_count] = (struct lane){ .id = id };
	return &q->lanes[q->lane_count++];
}

int64_t sched_gate(const struct queues *qs, int64_t lane)
{
	if (lane == 0)
		return 0;
	for (int i = 0; i < qs->gate_count; i++) {
		if (qs->gates[i].lane == lane)
			return qs->gates[i].until_ms;
	}
	return 0;
}

/* ---- moves ---- */

static void make_ready(struct queue *q, struct slot *s, bool front)
{
	struct slot_list *l = &lane_of(q, s->lane)->ready[s->prio];

	s->state = SLOT_READY;
	s->held = false;
	/* While draining, the rest of what was there goes before what came later, which has to wait. */
	if (q->drain_to != 0 && s->id <= q->drain_to)
		front = true;
	if (front && q->config.batch > 1)
		list_put_by_id(l, s);
	else if (front)
		list_push_front(l, s);
	else
		list_push_back(l, s);
}

static void schedule(struct queue *q, struct slot *s, int64_t now_ms, bool front)
{
	if (s->due_ms > now_ms) {
		s->state = SLOT_DELAYED;
		heap_add(q, s);
	} else {
		make_ready(q, s, front);
	}
}

/* Takes its place behind the others of its key. False: they go first. */
static bool take_place(struct queues *qs, struct queue *q, struct slot *s) REQUIRES(qs->lock)
{
	if (s->okey == 0)
		return true;
	s->key = sched_key(qs, q, s->okey, true);
	if (s->key->head == NULL) {
		s->key->head = s->key->tail = s;
		return true;
	}
	s->state = SLOT_BLOCKED;
	s->key->tail->behind = s;
	s->key->tail = s;
	return false;
}

/* Made for a time to come and never tried: it stands apart from its key until then, so that it holds back nobody. */
static bool is_apart(const struct slot *s)
{
	return s->okey != 0 && s->key == NULL;
}

void sched_insert(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
{
	ASSERT(s->state == SLOT_FREE);
	q->in_memory++;
	if (s->due_ms > now_ms && s->attempts == 0 && s->snoozes == 0) {
		s->state = SLOT_DELAYED;
		heap_add(q, s);
	} else if (take_place(qs, q, s)) {
		schedule(q, s, now_ms, false);
	}
}

void sched_due(struct queues *qs, struct queue *q, int64_t now_ms)
{
	mtx_assert_held(&qs->lock);
	while (q->heap_n > 0 && q->heap[0]->due_ms <= now_ms) {
		struct slot *s = q->heap[0];

		heap_remove(q, s);
		if (is_apart(s) && !take_place(qs, q, s))
			continue;
		/* A job that was tried before keeps its place: in front. */
		make_ready(q, s, s->attempts > 0 || s->snoozes > 0);
	}
}

static bool lane_open(const struct queues *qs, const struct queue *q, const struct lane *l,
		      int64_t now_ms) REQUIRES(qs->lock)
{
	/* A batch queue runs one batch at a time: two would overtake each other. */
	if (q->config.batch > 1 ? q->running_n > 0 && !q->taking
				: l->running >= q->config.concurrency)
		return false;
	return sched_gate(qs, l->id) <= now_ms;
}

static struct slot *lane_first(const struct queue *q, const struct lane *l, bool low_first)
{
	for (int i = 0; i < PRIO_COUNT; i++) {
		struct slot *s = l->ready[low_first ? PRIO_COUNT - 1 - i : i].head;

		if (s != NULL && (q->drain_to == 0 || s->id <= q->drain_to))
			return s;
	}
	return NULL;
}

/* A hold is short; a longer one comes from a clock that was set back. */
static bool is_held(const struct queue *q, int64_t now_ms)
{
	return q->hold_until_ms > now_ms && q->hold_until_ms - now_ms <= QUEUE_HOLD_MAX_MS;
}

struct slot *sched_pick(struct queues *qs, struct queue *q, int64_t now_ms, bool take)
{
	bool low_first = q->takes % 8 == 7;

	sched_due(qs, q, now_ms);
	if (is_held(q, now_ms))
		return NULL;
	for (int i = 0; i < q->lane_count; i++) {
		struct lane *l = &q->lanes[(q->lane_turn + i) % q->lane_count];
		struct slot *s;

		if (!lane_open(qs, q, l, now_ms))
			continue;
		s = lane_first(q, l, low_first);
		if (s == NULL)
			continue;
		if (take) {
			list_unlink(&l->ready[s->prio], s);
			s->state = SLOT_RUNNING;
			list_push_back(&q->running, s);
			l->running++;
			q->running_n++;
			q->takes++;
			q->lane_turn = (q->lane_turn + i + 1) % q->lane_count;
		}
		return s;
	}
	return NULL;
}

static void stop_running(struct queue *q, struct slot *s)
{
	ASSERT(s->state == SLOT_RUNNING);
	list_unlink(&q->running, s);
	lane_of(q, s->lane)->running--;
	q->running_n--;
	s->token = 0;
}

void sched_return(struct queues *qs, struct queue *q, struct slot *s, int64_t due_ms,
		  int64_t now_ms)
{
	mtx_assert_held(&qs->lock);
	stop_running(q, s);
	s->due_ms = due_ms;
	/* It lost its key while it ran (queue_rekey.c). */
	if (is_apart(s) && due_ms <= now_ms && !take_place(qs, q, s))
		return;
	schedule(q, s, now_ms, true);
}

void sched_undelay(struct queues *qs, struct queue *q, struct slot *s)
{
	mtx_assert_held(&qs->lock);
	s->due_ms = 0;
	if (s->state == SLOT_DELAYED) {
		heap_remove(q, s);
		if (!is_apart(s) || take_place(qs, q, s))
			make_ready(q, s, true);
	}
}

/* The next of the key takes the place of its head. */
static void pass_on(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
	REQUIRES(qs->lock)
{
	struct key *k = s->key;

	k->head = s->behind;
	if (k->head == NULL)
		sched_key_drop(qs, q, k);
	else
		schedule(q, k->head, now_ms, false);
}

void sched_part(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
{
	mtx_assert_held(&qs->lock);
	ASSERT(s->state == SLOT_RUNNING);
	if (s->key != NULL)
		pass_on(qs, q, s, now_ms);
	s->key = NULL;
	s->behind = NULL;
	s->okey = 0;
}

/* Takes a blocked job out of the middle of its key's chain. */
static void unchain(struct slot *s)
{
	struct slot *before;

	ASSERT(s->key != NULL);
	before = s->key->head;
	while (before->behind != s)
		before = before->behind;
	before->behind = s->behind;
	if (s->key->tail == s)
		s->key->tail = before;
}

void sched_unqueue(struct queue *q, struct slot *s)
{
	if (s->state == SLOT_READY)
		list_unlink(&lane_of(q, s->lane)->ready[s->prio], s);
	else if (s->state == SLOT_DELAYED)
		heap_remove(q, s);
}

void sched_remove(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
{
	bool heads = s->key != NULL;

	switch (s->state) {
	case SLOT_READY:
	case SLOT_DELAYED:
		sched_unqueue(q, s);
		break;
	case SLOT_RUNNING:
		stop_running(q, s);
		break;
	case SLOT_BLOCKED:
		unchain(s);
		heads = false;
		break;
	case SLOT_FREE:
		BUG("a free slot cannot be removed");
	}
	if (heads)
		pass_on(qs, q, s, now_ms);
	q->in_memory--;
	slot_give_back(qs, s);
}

int64_t sched_next_due(struct queues *qs, struct queue *q, int64_t now_ms)
{
	int64_t next = INT64_MAX;

	if (sched_pick(qs, q, now_ms, false) != NULL)
		return now_ms;
	if (is_held(q, now_ms))
		return q->hold_until_ms;
	if (q->heap_n > 0)
		next = q->heap[0]->due_ms;
	for (int i = 0; i < q->lane_count; i++) {
		int64_t gate = sched_gate(qs, q->lanes[i].id);

		if (gate > now_ms && lane_first(q, &q->lanes[i], false) != NULL)
			next = i64_min(next, gate);
	}
	return next;
}

const struct slot *sched_key_head(const struct queue *q, int64_t okey)
{
	const struct key *k = key_find(q, okey);

	return k != NULL ? k->head : NULL;
}

void sched_signal(struct queue *q)
{
	if (q->waiters > 0)
		cnd_signal(&q->changed);
}

void sched_free(struct queues *qs)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		mem_free(qs->q[i].heap);
		mem_free(qs->q[i].buckets);
		cnd_destroy(&qs->q[i].changed);
	}
	for (size_t i = 0; i < qs->slab_count; i++)
		mem_free(qs->slabs[i]);
	mem_free(qs->slabs);
}
