/* ids.c - row numbers inside UUIDv7.
 *
 * The 74 free bits of a UUIDv7 carry salt (34) and row number (40). They go through a Feistel
 * network of two halves of 37 bits; its rounds are keyed by the salt and the time, so neighbours
 * look unrelated, and a text with a changed time or another salt opens to a wrong salt. This hides
 * how many rows there are from a casual look; it is no cipher. The constants are part of the wire
 * format. */
#include "base/ids.h"

#include <stdatomic.h>

#include "base/enc.h"

#define IDS_SALT_BITS 34
#define IDS_ROW_BITS  40
#define IDS_HALF_BITS 37
#define IDS_SALT_MASK ((UINT64_C(1) << IDS_SALT_BITS) - 1)
#define IDS_ROW_MASK  ((UINT64_C(1) << IDS_ROW_BITS) - 1)
#define IDS_HALF_MASK ((UINT64_C(1) << IDS_HALF_BITS) - 1)
#define IDS_TIME_MASK ((UINT64_C(1) << 48) - 1)
#define IDS_ROUNDS    6u
#define IDS_BYTES     16u

/* Set once at start, read by all threads. */
static _Atomic uint64_t ids_salt;

struct ids_halves {
	uint64_t left;
	uint64_t right;
};

void ids_set_salt(uint64_t salt)
{
	atomic_store(&ids_salt, salt & IDS_SALT_MASK);
}

/* The finalizer of splitmix64: each input bit reaches each output bit. */
static uint64_t ids_mix(uint64_t v)
{
	v ^= v >> 30;
	v *= UINT64_C(0xbf58476d1ce4e5b9);
	v ^= v >> 27;
	v *= UINT64_C(0x94d049bb133111eb);
	v ^= v >> 31;
	return v;
}

static uint64_t ids_round(uint64_t half, uint64_t key, unsigned round)
{
	return ids_mix(half ^ ids_mix(key + UINT64_C(0x9e3779b97f4a7c15) * (round + 1))) &
	       IDS_HALF_MASK;
}

static uint64_t ids_key(uint64_t salt, uint64_t time_ms)
{
	return ids_mix(salt ^ ids_mix(time_ms + UINT64_C(0x746f74656d696473)));
}

static struct ids_halves ids_close(struct ids_halves h, uint64_t key)
{
	for (unsigned i = 0; i < IDS_ROUNDS; i++) {
		uint64_t left = h.right;

		h.right = h.left ^ ids_round(h.right, key, i);
		h.left = left;
	}
	return h;
}

static struct ids_halves ids_open(struct ids_halves h, uint64_t key)
{
	for (unsigned i = IDS_ROUNDS; i-- > 0;) {
		uint64_t right = h.left;

		h.left = h.right ^ ids_round(h.left, key, i);
		h.right = right;
	}
	return h;
}

static void ids_put(uint64_t v, uint8_t *to, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		to[i] = (uint8_t)(v & 0xFF);
		v >>= 8;
	}
}

static uint64_t ids_get(const uint8_t *from, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | from[i];
	return v;
}

/* 48 bits time, version 7, 12 bits, variant 10, 62 bits: RFC 9562 section 5.7. */
static void ids_print(uint64_t time_ms, uint64_t rand_a, uint64_t rand_b, char *ret_text)
{
	static const size_t GROUPS[] = { 4, 2, 2, 2, 6 };
	uint8_t b[IDS_BYTES];
	size_t at = 0;

	ids_put(time_ms & IDS_TIME_MASK, b, 6);
	ids_put(UINT64_C(0x7000) | (rand_a & 0xFFF), b + 6, 2);
	ids_put(UINT64_C(2) << 62 | (rand_b & (UINT64_MAX >> 2)), b + 8, 8);
	for (size_t i = 0; i < COUNT(GROUPS); i++) {
		enc_hex(b + at, GROUPS[i], ret_text);
		ret_text += 2 * GROUPS[i];
		at += GROUPS[i];
		*ret_text++ = i + 1 < COUNT(GROUPS) ? '-' : '\0';
	}
}

void id_text(int64_t created_ms, int64_t rowid, char ret_text[ID_TEXT_MAX])
{
	uint64_t salt = atomic_load(&ids_salt);
	uint64_t row = (uint64_t)rowid;
	uint64_t time_ms = (uint64_t)created_ms & IDS_TIME_MASK;
	struct ids_halves h;

	ASSERT(rowid >= 0 && row <= IDS_ROW_MASK);
	/* Its id would not find the row again. */
	(void)NEVER(created_ms < 0 || (uint64_t)created_ms > IDS_TIME_MASK);
	h.left = salt << 3 | row >> IDS_HALF_BITS;
	h.right = row & IDS_HALF_MASK;
	h = ids_close(h, ids_key(salt, time_ms));
	/* left: 12 bits into rand_a, 25 into the top of rand_b */
	ids_print(time_ms, h.left >> 25,
		  (h.left & ((UINT64_C(1) << 25) - 1)) << IDS_HALF_BITS | h.right, ret_text);
}

static bool ids_read(struct str text, uint8_t b[IDS_BYTES])
{
	static const size_t DASHES[] = { 8, 13, 18, 23 };
	char hex[2 * IDS_BYTES];
	size_t n = 0;

	if (text.n != ID_TEXT_MAX - 1)
		return false;
	for (size_t i = 0; i < COUNT(DASHES); i++)
		if (text.p[DASHES[i]] != '-')
			return false;
	for (size_t i = 0; i < text.n; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23)
			continue;
		hex[n++] = text.p[i];
	}
	return enc_unhex(str_n(hex, n), b, IDS_BYTES, false);
}

bool id_parse(struct str text, int64_t *ret_created_ms, int64_t *ret_rowid)
{
	uint8_t b[IDS_BYTES];
	uint64_t salt = atomic_load(&ids_salt);
	uint64_t time_ms;
	uint64_t rand_b;
	struct ids_halves h;

	if (!ids_read(text, b) || b[6] >> 4 != 7 || b[8] >> 6 != 2)
		return false;
	time_ms = ids_get(b, 6);
	rand_b = ids_get(b + 8, 8) & (UINT64_MAX >> 2);
	h.left = (ids_get(b + 6, 2) & 0xFFF) << 25 | rand_b >> IDS_HALF_BITS;
	h.right = rand_b & IDS_HALF_MASK;
	h = ids_open(h, ids_key(salt, time_ms));
	if (h.left >> 3 != salt)
		return false;
	*ret_created_ms = (int64_t)time_ms;
	*ret_rowid = (int64_t)((h.left & 7) << IDS_HALF_BITS | h.right);
	return true;
}

bool id_parse_try(struct str text, int64_t *ret_created_ms, int64_t *ret_rowid, int64_t *ret_try)
{
	size_t n = ID_TEXT_MAX - 1;

	*ret_try = 0;
	if (text.n > n &&
	    (text.p[n] != '-' || !str_i64(str_sub(text, n + 1, text.n), 1, INT32_MAX, ret_try)))
		return false;
	return id_parse(str_sub(text, 0, n), ret_created_ms, ret_rowid);
}

void id_random_text(int64_t now_ms, const uint8_t rnd[10], char ret_text[ID_TEXT_MAX])
{
	ASSERT(rnd != NULL);
	ids_print((uint64_t)now_ms, ids_get(rnd, 2), ids_get(rnd + 2, 8), ret_text);
}
