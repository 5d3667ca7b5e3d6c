/* util.h - small helpers of the doubles: growing text, counting map, clock, random, HMAC.
 * Nothing here is shared with the product on purpose: a bug in app/ must not hide itself in the
 * peer that is meant to show it. Running out of memory ends the process: this is test code.
 * Threads: every object belongs to one thread; the functions keep no state of their own. */
#ifndef PEERS_UTIL_H
#define PEERS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

void die(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));
void *xalloc(size_t n); /* zeroed */
void *xresize(void *p, size_t n);
char *xcopy(const char *s, size_t n); /* NUL-terminated copy */

/* Growing bytes, always followed by a NUL that is not counted. Starts as {0}. */
struct buf {
	char *p;
	size_t n, cap;
};
void buf_need(struct buf *b, size_t more);
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_drop(struct buf *b, size_t n); /* from the front */
void buf_free(struct buf *b);
/* A quoted JSON string. `meta` writes it as Meta does: non-ASCII as \uXXXX with lower-case
 * digits and surrogate pairs, and / as \/. NULL writes null. */
void buf_json(struct buf *b, const char *s, bool meta);

/* Text to counter. Bounded by MAP_MAX; past it map_at() answers a shared scratch entry. */
#define MAP_MAX 4000000u
struct map_entry {
	struct map_entry *next;
	int64_t value;
	char key[];
};
struct map {
	struct map_entry **slots;
	size_t n, slots_n;
};
struct map_entry *map_at(struct map *m, const char *key); /* made with value 0 when absent */
struct map_entry *map_find(const struct map *m, const char *key);
void map_clear(struct map *m);

/* The last `max` texts, oldest dropped. */
#define RING_MAX 1000
struct ring {
	char *text[RING_MAX];
	size_t n, first;
};
void ring_add(struct ring *r, const char *text, size_t n);
void ring_json(const struct ring *r, struct buf *out); /* texts must be JSON values */
void ring_clear(struct ring *r);

int64_t mono_us(void);
int64_t wall_ms(void);
uint64_t rnd(uint64_t *state); /* state must not be 0 */
bool chance(uint64_t *state, int percent);
void seed(uint64_t *state);
void uuid_text(uint64_t *state, char out[37]);

void sha256_hex(const void *p, size_t n, char out[65]);
void hmac_hex(const char *key, const void *a, size_t an, const void *b, size_t bn, char out[65]);
/* A wamid as Meta builds it: base64 of the phone in clear, a direction byte and a unique tail. */
void wamid_text(struct buf *out, const char *phone, bool inbound, uint64_t *rnd_state);
void base64(struct buf *out, const uint8_t *p, size_t n);
void url_decode(char *s);
/* Value of `name` in a query string, decoded; false when absent. */
bool query_get(const char *query, const char *name, char *out, size_t size);

#endif
