/* asset.h - files of the web folder, embedded into the program (table made by app/tools/embed.c).
 */
#ifndef IO_ASSET_H
#define IO_ASSET_H

#include "base/err.h"
#include "base/sbuf.h"
#include "base/str.h"

struct asset {
	const char *path; /* "/index.html" */
	const char *content_type;
	const char *hash; /* 16 hex digits of FNV-1a 64 over the bytes, for ETag and URLs */
	struct str bytes;
	bool gzip; /* `bytes` are compressed (RFC 1952): asset_plain for who cannot read that */
	size_t plain_n; /* length of the file */
};

/* The generated table (build/gen/assets.c), sorted by path in byte order. */
extern const struct asset assets[];
extern const size_t assets_count;

/* NULL: none. */
const struct asset *asset_find(const char *path);
size_t asset_count(void);
/* The file itself, appended. RC_LIMIT: the sbuf is full. RC_INVALID: the table is damaged. */
enum rc asset_plain(const struct asset *a, struct sbuf *to, struct err *e) MUST_CHECK;

#endif
