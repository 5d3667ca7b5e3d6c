/* asset.h - files of the web folder, embedded into the program (table made by app/tools/embed.c).
 */
#ifndef IO_ASSET_H
#define IO_ASSET_H

#include "base/str.h"

struct asset {
	const char *path; /* "/index.html" */
	const char *content_type;
	const char *hash; /* 16 hex digits of FNV-1a 64 over the bytes, for ETag and URLs */
	struct str bytes;
};

/* The generated table (build/gen/assets.c), sorted by path in byte order. */
extern const struct asset assets[];
extern const size_t assets_count;

/* NULL: none. */
const struct asset *asset_find(const char *path);
size_t asset_count(void);

#endif
