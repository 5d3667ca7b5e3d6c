/* tar.c - see tar.h. POSIX.1-2017, pax, "ustar Interchange Format". */
#include "io/tar.h"

#define BLOCK 512

struct head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct head) == BLOCK, "a header is one block");

static void zeros(struct sbuf *to, size_t n)
{
	static const char none[BLOCK];

	sbuf_add(to, none, n);
}

static void octal(char *to, size_t bytes, int64_t v)
{
	for (size_t i = bytes - 1; i-- > 0; v /= 8)
		to[i] = (char)('0' + v % 8);
	to[bytes - 1] = '\0';
}

void tar_add(struct sbuf *to, const char *name, struct str bytes, int64_t at_ms)
{
	struct head h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	const unsigned char *p = (const unsigned char *)&h;
	unsigned sum = 0;

	ASSERT(strlen(name) <= TAR_NAME_MAX && at_ms >= 0);
	memcpy(h.name, name, strlen(name));
	octal(h.mode, sizeof(h.mode), 0600);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.size, sizeof(h.size), (int64_t)bytes.n);
	octal(h.mtime, sizeof(h.mtime), at_ms / 1000);
	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += p[i];
	octal(h.sum, sizeof(h.sum) - 1, sum); /* six digits, NUL, blank */
	sbuf_add(to, &h, sizeof(h));
	sbuf_str(to, bytes);
	if (bytes.n % BLOCK != 0)
		zeros(to, BLOCK - bytes.n % BLOCK);
}

void tar_end(struct sbuf *to)
{
	zeros(to, BLOCK);
	zeros(to, BLOCK);
}
