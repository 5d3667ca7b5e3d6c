/* lookup_cache.c - answers of lookups for a while: a bounded table by the digest of connector, configuration and inputs.
 * The oldest use goes first. Callers hold the lock of the lookups. */
#include "flow/lookup/lookup_priv.h"

#define PROBE 8 /* places looked at for one key */

struct lookup_row {
	uint8_t key[32];
	int64_t until_ms, used_ms;
	enum lookup_code code;
	size_t n;
	char data[];
};

static size_t place_of(const uint8_t key[32], size_t i)
{
	uint64_t h;

	memcpy(&h, key, sizeof(h)); /* a digest: spread already */
	return (size_t)((h + i) % LOOKUP_CACHE_ROWS);
}

static void drop(struct lookup_cache *c, size_t at)
{
	if (c->rows[at] == NULL)
		return;
	c->bytes -= sizeof(*c->rows[at]) + c->rows[at]->n;
	mem_free(TAKE(c->rows[at]));
}

bool lookup_cache_get(struct lookup_cache *c, const uint8_t key[32], int64_t now_ms,
		      struct lookup_work *k)
{
	for (size_t i = 0; i < PROBE; i++) {
		size_t at = place_of(key, i);
		struct lookup_row *r = c->rows[at];

		if (r == NULL || memcmp(r->key, key, sizeof(r->key)) != 0)
			continue;
		if (now_ms >= r->until_ms) {
			drop(c, at);
			return false;
		}
		k->result = (struct lookup_result){ .code = r->code, .cached = true };
		if (r->code == LOOKUP_FOUND)
			k->result.data = arena_str(&k->arena, str_n(r->data, r->n));
		r->used_ms = now_ms;
		return r->code != LOOKUP_FOUND || k->result.data.p != NULL;
	}
	return false;
}

/* Over the bytes: the least recently used rows go, at worst all. */
static void shrink(struct lookup_cache *c)
{
	while (c->bytes > LOOKUP_CACHE_BYTES) {
		size_t oldest = LOOKUP_CACHE_ROWS;

		for (size_t i = 0; i < LOOKUP_CACHE_ROWS; i++) {
			if (c->rows[i] != NULL && (oldest == LOOKUP_CACHE_ROWS ||
						   c->rows[i]->used_ms < c->rows[oldest]->used_ms))
				oldest = i;
		}
		ASSERT(oldest < LOOKUP_CACHE_ROWS);
		drop(c, oldest);
	}
}

void lookup_cache_put(struct lookup_cache *c, const uint8_t key[32], int64_t now_ms,
		      int64_t until_ms, const struct lookup_result *r)
{
	size_t n = r->code == LOOKUP_FOUND ? r->data.n : 0;
	size_t at = place_of(key, 0);
	struct lookup_row *row;

	for (size_t i = 0; i < PROBE; i++) {
		size_t here = place_of(key, i);

		if (c->rows[here] == NULL ||
		    memcmp(c->rows[here]->key, key, sizeof(row->key)) == 0) {
			at = here;
			break;
		}
		if (c->rows[here]->used_ms < c->rows[at]->used_ms)
			at = here;
	}
	drop(c, at);
	row = mem_alloc(sizeof(*row) + n);
	*row = (struct lookup_row){
		.until_ms = until_ms, .used_ms = now_ms, .code = r->code, .n = n
	};
	memcpy(row->key, key, sizeof(row->key));
	if (n > 0)
		memcpy(row->data, r->data.p, n);
	c->rows[at] = row;
	c->bytes += sizeof(*row) + n;
	shrink(c);
}

void lookup_cache_free(struct lookup_cache *c)
{
	for (size_t i = 0; i < LOOKUP_CACHE_ROWS; i++)
		drop(c, i);
}
