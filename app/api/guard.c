/* guard.c - see guard.h. */
#include "api/guard.h"

#include "base/clock.h"
#include "io/crypto.h"

_Static_assert(GUARD_ENTRIES % GUARD_WAYS == 0, "whole buckets");

enum { PAIR, CLIENT, ACCOUNT, KEYS };

static const struct {
	int64_t free, cap_ms;
} RULES[KEYS] = {
	[PAIR] = { 5, 15 * MINUTE_MS },
	[CLIENT] = { 20, 15 * MINUTE_MS },
	[ACCOUNT] = { 50, 30 * SECOND_MS },
};

void guard_init(struct guard *g)
{
	mtx_init(&g->lock, LOCK_FLOW);
	cnd_init(&g->free);
	crypto_random(g->secret, sizeof(g->secret));
}

void guard_destroy(struct guard *g)
{
	cnd_destroy(&g->free);
	mtx_destroy(&g->lock);
}

static uint64_t key_of(struct guard *g, struct str kind, struct str a, struct str b)
{
	const struct str parts[] = { kind, a, STR("\n"), b };
	uint8_t mac[SHA256_BYTES];
	uint64_t key;

	crypto_hmac_sha256_parts(str_n((const char *)g->secret, sizeof(g->secret)), parts,
				 COUNT(parts), mac);
	memcpy(&key, mac, sizeof(key));
	return key | 1;
}

static void keys_of(struct guard *g, struct str account, struct str client, uint64_t ret[KEYS])
{
	ret[PAIR] = key_of(g, STR("p"), account, client);
	ret[CLIENT] = key_of(g, STR("c"), client, STR(""));
	ret[ACCOUNT] = key_of(g, STR("a"), account, STR(""));
}

/* The entry of a key; `make`: in the place of the one that matters least. NULL: not there. */
static struct guard_entry *find(struct guard *g, uint64_t key, bool make)
{
	struct guard_entry *bucket = &g->entry[key / 2 % (GUARD_ENTRIES / GUARD_WAYS) * GUARD_WAYS];
	struct guard_entry *least = bucket;

	for (int i = 0; i < GUARD_WAYS; i++) {
		struct guard_entry *n = &bucket[i];

		if (n->key == key)
			return n;
		if (n->failures < least->failures ||
		    (n->failures == least->failures && n->last_ms < least->last_ms))
			least = n;
	}
	if (!make)
		return NULL;
	*least = (struct guard_entry){ .key = key };
	return least;
}

/* Milliseconds until the next check under this rule. */
static int64_t rest(const struct guard_entry *n, int rule, int64_t now_ms)
{
	int64_t over = n->failures - RULES[rule].free, wait;

	if (over <= 0 || now_ms < n->last_ms)
		return 0;
	wait = over > 20 ? RULES[rule].cap_ms : i64_min(RULES[rule].cap_ms, SECOND_MS << over);
	return i64_max(0, n->last_ms + wait - now_ms);
}

int64_t guard_begin(struct guard *g, struct str account, struct str client, int64_t now_ms)
{
	uint64_t keys[KEYS];
	int64_t wait = 0;

	keys_of(g, account, client, keys);
	mtx_lock(&g->lock);
	for (int i = 0; i < KEYS; i++) {
		struct guard_entry *n = find(g, keys[i], false);

		if (n != NULL && now_ms - n->last_ms > HOUR_MS)
			n->failures = 0;
		if (n != NULL)
			wait = i64_max(wait, rest(n, i, now_ms));
	}
	for (int i = 0; wait == 0 && i < KEYS; i++) {
		struct guard_entry *n = find(g, keys[i], true);

		n->failures++;
		n->last_ms = now_ms;
	}
	mtx_unlock(&g->lock);
	return wait;
}

static void give_back(struct guard *g, struct str account, struct str client, bool afresh)
{
	uint64_t keys[KEYS];

	keys_of(g, account, client, keys);
	mtx_lock(&g->lock);
	for (int i = 0; i < KEYS; i++) {
		struct guard_entry *n = find(g, keys[i], false);

		if (n != NULL && n->failures > 0)
			n->failures = afresh && i != CLIENT ? 0 : n->failures - 1;
	}
	mtx_unlock(&g->lock);
}

void guard_passed(struct guard *g, struct str account, struct str client)
{
	give_back(g, account, client, true);
}

void guard_undo(struct guard *g, struct str account, struct str client)
{
	give_back(g, account, client, false);
}

bool guard_enter(struct guard *g)
{
	int64_t until_us = clock_mono_us() + GUARD_WAIT_US;
	bool in_time = true, got;

	mtx_lock(&g->lock);
	if (g->running >= GUARD_CHECKS && g->waiting >= GUARD_QUEUE_MAX) {
		mtx_unlock(&g->lock);
		return false;
	}
	g->waiting++;
	while (g->running >= GUARD_CHECKS && in_time)
		in_time = cnd_wait(&g->free, &g->lock, until_us);
	g->waiting--;
	got = g->running < GUARD_CHECKS;
	if (got)
		g->running++;
	mtx_unlock(&g->lock);
	return got;
}

void guard_leave(struct guard *g)
{
	mtx_lock(&g->lock);
	ASSERT(g->running > 0);
	g->running--;
	cnd_signal(&g->free);
	mtx_unlock(&g->lock);
}
