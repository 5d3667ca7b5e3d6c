/* load_body.h - signed webhook requests that all differ, made in about two microseconds each.
 *
 * What differs (a number in the text, the wamid) stands in the last two SHA-256 blocks of the
 * body, so each template keeps the hash state of all bytes before and only the tail is hashed
 * per request. The receiver has to hash everything; the generator does not compete with it. */
#ifndef BENCH_LOAD_BODY_H
#define BENCH_LOAD_BODY_H

#include <stddef.h>
#include <stdint.h>

#define LOAD_WAMID_N  63
#define LOAD_BODY_MAX (64u << 10)

struct load_shape {
	const char *path, *host, *secret, *phone_id, *waba;
	int templates, customers, size;
};
struct load_body;

struct load_body *load_body_new(const struct load_shape *shape);
size_t load_body_max(const struct load_body *b); /* room for one request */
/* Writes head and body of request number `seq`; its id goes to wamid (NUL-terminated). */
size_t load_body_write(struct load_body *b, uint64_t seq, char *out, char wamid[LOAD_WAMID_N + 1]);

#endif
