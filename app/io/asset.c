/* asset.c - look-up in the generated table of embedded files. Read-only, so free of threads. */
#include "io/asset.h"

#include "io/gzip.h"

static int by_path(const void *key, const void *row)
{
	const struct asset *a = row;
	return strcmp(key, a->path);
}

const struct asset *asset_find(const char *path)
{
	return bsearch(path, assets, assets_count, sizeof assets[0], by_path);
}

size_t asset_count(void)
{
	return assets_count;
}

enum rc asset_plain(const struct asset *a, struct sbuf *to, struct err *e)
{
	if (a->gzip)
		return gzip_unpack(a->bytes, to, e);
	sbuf_str(to, a->bytes);
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "%s does not fit", a->path);
}
