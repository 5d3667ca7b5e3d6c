/* mini_parse.c - the framing of HTTP messages, the same for requests and answers: where the head
 * ends, what a header says, where the body ends. See mini.h. */
#include "mini.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool mini_head_get(const char *head, const char *name, char *out, size_t size)
{
	size_t name_n = strlen(name);

	for (const char *p = head; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (!strncasecmp(p, name, name_n) && p[name_n] == ':') {
			const char *v = p + name_n + 1;
			v += strspn(v, " \t");
			size_t n = strcspn(v, "\r\n");
			if (n >= size)
				n = size - 1;
			memcpy(out, v, n);
			out[n] = '\0';
			return true;
		}
	}
	return false;
}

size_t mini_head_size(const struct buf *in)
{
	const char *end = in->n ? memmem(in->p, in->n, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - in->p) + 4 : 0;
}

/* Decodes chunks from `at` on. 1 = whole, with the end in *ret_total. */
static int body_chunked(const struct buf *in, size_t at, struct buf *chunks, size_t *ret_total)
{
	chunks->n = 0;
	for (;;) {
		const char *line = in->p + at;
		const char *eol = memmem(line, in->n - at, "\r\n", 2);
		char *end;
		if (!eol)
			return in->n - at > 64 ? -1 : 0;
		unsigned long n = strtoul(line, &end, 16);
		if (end == line || n > MINI_BODY_MAX || chunks->n + n > MINI_BODY_MAX)
			return -1;
		at = (size_t)(eol - in->p) + 2;
		if (in->n - at < n + 2)
			return 0;
		if (!n) { /* trailers are not looked for: none of our peers sends any */
			*ret_total = at + 2;
			return 1;
		}
		buf_put(chunks, in->p + at, n);
		at += n + 2;
	}
}

int mini_body(const struct buf *in, size_t head_n, struct buf *chunks, bool *ret_to_eof,
	      const char **ret_body, size_t *ret_body_n, size_t *ret_total)
{
	char v[64];
	char keep = in->p[head_n - 1];
	char *end;
	unsigned long n = 0;

	/* The head ends in \n here; a NUL in its place bounds the header search. */
	in->p[head_n - 1] = '\0';
	bool chunked =
		mini_head_get(in->p, "transfer-encoding", v, sizeof v) && strcasestr(v, "chunked");
	bool has_length = !chunked && mini_head_get(in->p, "content-length", v, sizeof v);
	in->p[head_n - 1] = keep;
	*ret_to_eof = !chunked && !has_length;
	if (chunked) {
		buf_need(chunks, 1);
		int whole = body_chunked(in, head_n, chunks, ret_total);
		*ret_body = chunks->p;
		*ret_body_n = chunks->n;
		return whole;
	}
	if (has_length) {
		n = strtoul(v, &end, 10);
		if (end == v || *end || n > MINI_BODY_MAX)
			return -1;
	}
	*ret_body = in->p + head_n;
	*ret_body_n = n;
	*ret_total = head_n + n;
	return in->n >= head_n + n;
}
