/* util.c - see util.h. */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mbedtls/md.h>

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("peers: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	_Exit(1);
}

void *xalloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		die("out of memory");
	return p;
}

void *xresize(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		die("out of memory");
	return q;
}

char *xcopy(const char *s, size_t n)
{
	char *p = xalloc(n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

void buf_need(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	if (b->n + more + 1 <= b->cap)
		return;
	while (cap < b->n + more + 1)
		cap *= 2;
	b->p = xresize(b->p, cap);
	b->cap = cap;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
	buf_need(b, n);
	if (n)
		memcpy(b->p + b->n, bytes, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_need(b, 256);
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("bad format");
	if ((size_t)n >= b->cap - b->n) {
		buf_need(b, (size_t)n);
		va_start(ap, fmt);
		n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
	} else {
		memmove(b->p, b->p + n, b->n - n);
		b->n -= n;
	}
	if (b->p)
		b->p[b->n] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

/* Decodes one UTF-8 character at s and moves it on; a bad byte stands for itself. */
static uint32_t utf8_next(const unsigned char **s)
{
	const unsigned char *p = *s;
	uint32_t c = *p++;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	uint32_t v = more == 3 ? c & 7 : more == 2 ? c & 15 : more == 1 ? c & 31 : c;

	for (int i = 0; i < more; i++) {
		if ((*p & 0xc0) != 0x80) {
			*s = *s + 1;
			return c;
		}
		v = v << 6 | (*p++ & 0x3f);
	}
	*s = p;
	return v;
}

void buf_json(struct buf *b, const char *s, bool meta)
{
	const unsigned char *p = (const unsigned char *)s;

	if (!s) {
		buf_puts(b, "null");
		return;
	}
	buf_put(b, "\"", 1);
	while (*p) {
		if (*p == '"' || *p == '\\') {
			char two[2] = { '\\', (char)*p++ };
			buf_put(b, two, 2);
		} else if (*p == '\n') {
			buf_put(b, "\\n", 2);
			p++;
		} else if (*p < 0x20) {
			buf_printf(b, "\\u%04x", *p++);
		} else if (meta && *p == '/') {
			buf_put(b, "\\/", 2);
			p++;
		} else if (meta && *p >= 0x80) {
			uint32_t c = utf8_next(&p);
			if (c > 0xffff) {
				c -= 0x10000;
				buf_printf(b, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
					   0xdc00 + (c & 0x3ff));
			} else {
				buf_printf(b, "\\u%04x", c);
			}
		} else {
			buf_put(b, p++, 1);
		}
	}
	buf_put(b, "\"", 1);
}

static size_t map_hash(const char *key)
{
	uint64_t h = 1469598103934665603u;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

static void map_grow(struct map *m)
{
	size_t slots_n = m->slots_n ? m->slots_n * 2 : 1024;
	struct map_entry **slots = xalloc(slots_n * sizeof *slots);

	for (size_t i = 0; i < m->slots_n; i++) {
		for (struct map_entry *e = m->slots[i], *next; e; e = next) {
			size_t at = map_hash(e->key) & (slots_n - 1);
			next = e->next;
			e->next = slots[at];
			slots[at] = e;
		}
	}
	free(m->slots);
	m->slots = slots;
	m->slots_n = slots_n;
}

struct map_entry *map_find(const struct map *m, const char *key)
{
	struct map_entry *e = m->slots_n ? m->slots[map_hash(key) & (m->slots_n - 1)] : NULL;

	while (e && strcmp(e->key, key))
		e = e->next;
	return e;
}

struct map_entry *map_at(struct map *m, const char *key)
{
	struct map_entry *e = map_find(m, key);
	size_t n = strlen(key), at;

	if (e)
		return e;
	if (m->n >= MAP_MAX)
		die("more than %u different keys: reset the double now and then", MAP_MAX);
	if (m->n >= m->slots_n)
		map_grow(m);
	e = xalloc(sizeof *e + n + 1);
	memcpy(e->key, key, n + 1);
	at = map_hash(key) & (m->slots_n - 1);
	e->next = m->slots[at];
	m->slots[at] = e;
	m->n++;
	return e;
}

void map_clear(struct map *m)
{
	for (size_t i = 0; i < m->slots_n; i++) {
		for (struct map_entry *e = m->slots[i], *next; e; e = next) {
			next = e->next;
			free(e);
		}
	}
	free(m->slots);
	*m = (struct map){ 0 };
}

void ring_add(struct ring *r, const char *text, size_t n)
{
	size_t at = (r->first + r->n) % RING_MAX;

	if (r->n == RING_MAX) {
		at = r->first;
		free(r->text[at]);
		r->first = (r->first + 1) % RING_MAX;
		r->n--;
	}
	r->text[at] = xcopy(text, n);
	r->n++;
}

void ring_json(const struct ring *r, struct buf *out)
{
	buf_put(out, "[", 1);
	for (size_t i = 0; i < r->n; i++) {
		if (i)
			buf_put(out, ",\n", 2);
		buf_puts(out, r->text[(r->first + i) % RING_MAX]);
	}
	buf_put(out, "]", 1);
}

void ring_clear(struct ring *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->text[(r->first + i) % RING_MAX]);
	*r = (struct ring){ 0 };
}

int64_t mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t rnd(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * 2685821657736338717u;
}

bool chance(uint64_t *state, int percent)
{
	return percent > 0 && (int)(rnd(state) >> 33) % 100 < percent;
}

void seed(uint64_t *state)
{
	if (getrandom(state, sizeof *state, 0) != (ssize_t)sizeof *state || !*state)
		*state = (uint64_t)mono_us() | 1;
}

void uuid_text(uint64_t *state, char out[37])
{
	uint64_t a = rnd(state), b = rnd(state);

	snprintf(out, 37, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
		 (unsigned)((b >> 48 & 0x3fff) | 0x8000),
		 (unsigned long long)(b & 0xffffffffffffu));
}

void sha256_hex(const void *p, size_t n, char out[65])
{
	uint8_t digest[32];

	if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), p, n, digest) != 0)
		die("SHA-256 failed");
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void hmac_hex(const char *key, const void *a, size_t an, const void *b, size_t bn, char out[65])
{
	static const char digits[] = "0123456789abcdef";
	mbedtls_md_context_t ctx;
	uint8_t mac[32];

	mbedtls_md_init(&ctx);
	if (mbedtls_md_setup(&ctx, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) ||
	    mbedtls_md_hmac_starts(&ctx, (const unsigned char *)key, strlen(key)) ||
	    mbedtls_md_hmac_update(&ctx, a, an) || (bn && mbedtls_md_hmac_update(&ctx, b, bn)) ||
	    mbedtls_md_hmac_finish(&ctx, mac))
		die("hmac failed");
	mbedtls_md_free(&ctx);
	for (int i = 0; i < 32; i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 15];
	}
	out[64] = '\0';
}

void base64(struct buf *out, const uint8_t *p, size_t n)
{
	static const char d[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) |
			     (i + 2 < n ? p[i + 2] : 0);
		char four[4] = { d[v >> 18], d[v >> 12 & 63], i + 1 < n ? d[v >> 6 & 63] : '=',
				 i + 2 < n ? d[v & 63] : '=' };
		buf_put(out, four, 4);
	}
}

void wamid_text(struct buf *out, const char *phone, bool inbound, uint64_t *rnd_state)
{
	uint8_t raw[96];
	size_t n = 0, phone_n = strnlen(phone, 40);
	char tail[33];

	raw[n++] = 0x1c;
	raw[n++] = 0x18;
	raw[n++] = (uint8_t)phone_n;
	memcpy(raw + n, phone, phone_n);
	n += phone_n;
	raw[n++] = 0x15;
	raw[n++] = 0x02;
	raw[n++] = 0x00;
	raw[n++] = inbound ? 0x12 : 0x11;
	raw[n++] = 0x18;
	raw[n++] = 20;
	snprintf(tail, sizeof tail, "%016llX%04X", (unsigned long long)rnd(rnd_state),
		 (unsigned)(rnd(rnd_state) >> 48));
	memcpy(raw + n, tail, 20);
	n += 20;
	raw[n++] = 0x00;
	buf_puts(out, "wamid.");
	base64(out, raw, n);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

void url_decode(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '%' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
			*to++ = (char)(hex_digit(s[1]) * 16 + hex_digit(s[2]));
			s += 2;
		} else {
			*to++ = *s == '+' ? ' ' : *s;
		}
	}
	*to = '\0';
}

bool query_get(const char *query, const char *name, char *out, size_t size)
{
	size_t name_n = strlen(name);

	for (const char *p = query; p && *p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL) {
		if (!strncmp(p, name, name_n) && p[name_n] == '=') {
			size_t n = strcspn(p + name_n + 1, "&");
			if (n >= size)
				n = size - 1;
			memcpy(out, p + name_n + 1, n);
			out[n] = '\0';
			url_decode(out);
			return true;
		}
	}
	return false;
}
