/* asset.c - look-up in the generated table of embedded files. Read-only, so free of threads. */
#include "io/asset.h"

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
