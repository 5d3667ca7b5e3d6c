/* gzip.c - reading gzip. Promises: gzip.h. */
#include "io/gzip.h"

#include <zlib.h>

#include "base/limits.h"

#define STEP        (64 * KIB)
#define WINDOW_GZIP (16 + MAX_WBITS) /* zlib: expect the header of gzip */

static enum rc pump(z_stream *z, struct sbuf *to, struct err *e)
{
	int rc = Z_OK;

	while (rc == Z_OK) {
		size_t room = size_min(STEP, to->max - to->n);
		char *p = room > 0 ? sbuf_room(to, room) : NULL;

		if (p == NULL)
			return FAIL(e, RC_LIMIT, "unpacked it is longer than %zu bytes", to->max);
		z->next_out = (Bytef *)p;
		z->avail_out = (uInt)room;
		rc = inflate(z, Z_NO_FLUSH);
		sbuf_added(to, room - z->avail_out);
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z->avail_in == 0 && z->avail_out > 0))
			return FAIL(e, RC_INVALID, "the compressed data is cut off");
	}
	return rc == Z_STREAM_END ? RC_OK : FAIL(e, RC_INVALID, "the compressed data is damaged");
}

enum rc gzip_unpack(struct str packed, struct sbuf *to, struct err *e)
{
	z_stream z = { .avail_in = (uInt)packed.n };
	size_t before = to->n;
	enum rc rc;

	if (packed.n > UINT32_MAX / 2)
		return FAIL(e, RC_LIMIT, "the compressed data is too long");
	memcpy(&z.next_in, &packed.p, sizeof(packed.p)); /* zlib reads only, but is not const */
	if (inflateInit2(&z, WINDOW_GZIP) != Z_OK)
		return FAIL(e, RC_LIMIT, "no memory to unpack");
	rc = pump(&z, to, e);
	(void)inflateEnd(&z);
	if (rc != RC_OK)
		to->n = before;
	return rc;
}
