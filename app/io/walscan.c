/* walscan.c - see walscan.h. */
#include "io/walscan.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"

#define HEAD_BYTES   32
#define FRAME_HEAD   24
#define PAGE_MAX     65536u
#define MAGIC_LITTLE 0x377f0682u /* checksums over little-endian words */
#define MAGIC_BIG    0x377f0683u

struct scan {
	int fd;
	bool big;
	uint32_t page, salt[2], sum[2];
};

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void buffer_free(uint8_t **p)
{
	mem_free(*p);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t word(const struct scan *s, const uint8_t *p)
{
	return s->big ? be32(p)
		      : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void checksum(const struct scan *s, const uint8_t *p, size_t n, uint32_t sum[2])
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		sum[0] += word(s, p + i) + sum[1];
		sum[1] += word(s, p + i + 4) + sum[0];
	}
}

/* Bytes read; less than n at the end of the file. */
static enum rc fill(int fd, uint8_t *p, size_t n, size_t *ret_got, struct err *e)
{
	*ret_got = 0;
	while (*ret_got < n) {
		ssize_t got = read(fd, p + *ret_got, n - *ret_got);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return FAIL(e, RC_IO, "the write-ahead log cannot be read: %m");
		if (got == 0)
			return RC_OK;
		*ret_got += (size_t)got;
	}
	return RC_OK;
}

/* False: this is no head of a log. */
static bool take_head(struct scan *s, const uint8_t *head)
{
	uint32_t magic = be32(head), sum[2] = { 0, 0 };

	s->big = magic == MAGIC_BIG;
	s->page = be32(head + 8);
	s->salt[0] = be32(head + 16);
	s->salt[1] = be32(head + 20);
	checksum(s, head, 24, sum);
	memcpy(s->sum, sum, sizeof(sum));
	return (magic == MAGIC_LITTLE || magic == MAGIC_BIG) && s->page >= 512 &&
	       s->page <= PAGE_MAX && (s->page & (s->page - 1)) == 0 && sum[0] == be32(head + 24) &&
	       sum[1] == be32(head + 28);
}

/* Frames of an earlier round of the log have other salts: they end it. */
static bool is_current(const struct scan *s, const uint8_t *frame)
{
	return be32(frame + 8) == s->salt[0] && be32(frame + 12) == s->salt[1];
}

static bool frame_fits(struct scan *s, const uint8_t *frame)
{
	uint32_t sum[2] = { s->sum[0], s->sum[1] };

	checksum(s, frame, 8, sum);
	checksum(s, frame + FRAME_HEAD, s->page, sum);
	if (sum[0] != be32(frame + 16) || sum[1] != be32(frame + 20))
		return false;
	memcpy(s->sum, sum, sizeof(sum));
	return true;
}

static enum rc scan_frames(struct scan *s, uint8_t *frame, struct walscan *ret, struct err *e)
{
	size_t got, bytes = FRAME_HEAD + (size_t)s->page;

	for (int64_t n = 1;; n++) {
		bool commits;

		TRY(fill(s->fd, frame, bytes, &got, e));
		if (got < bytes)
			return RC_OK;
		commits = be32(frame + 4) != 0;
		if (ret->bad_frame != 0) {
			/* One bad frame breaks the chain of sums: only salts and marks can be read. */
			if (is_current(s, frame))
				ret->lost_commits += commits;
			continue;
		}
		if (!is_current(s, frame)) {
			/* The end, or a frame whose head rotted: then current ones follow. */
			ret->bad_frame = n;
			continue;
		}
		if (!frame_fits(s, frame)) {
			ret->bad_frame = n;
			ret->lost_commits += commits;
			continue;
		}
		ret->frames++;
		ret->commits += commits;
	}
}

enum rc walscan_read(const char *wal_path, struct walscan *ret, struct err *e)
{
	AUTO(fd_close) int fd = open(wal_path, O_RDONLY | O_CLOEXEC);
	AUTO(buffer_free) uint8_t *frame = NULL;
	uint8_t head[HEAD_BYTES];
	struct scan s = { .fd = fd };
	size_t got;

	*ret = (struct walscan){ .frames = 0 };
	if (fd < 0)
		return errno == ENOENT ? RC_OK
				       : FAIL(e, RC_IO, "%.180s cannot be read: %m", wal_path);
	TRY(fill(fd, head, sizeof(head), &got, e));
	if (got < sizeof(head))
		return RC_OK;
	if (!take_head(&s, head)) {
		/* SQLite writes the head first and syncs it with the first commit: more than one frame behind a
		 * head that is no head was a log once. */
		off_t end = lseek(fd, 0, SEEK_END);

		ret->bad_head = end > (off_t)(HEAD_BYTES + 2 * (FRAME_HEAD + 4096));
		return RC_OK;
	}
	frame = mem_alloc(FRAME_HEAD + (size_t)s.page);
	return scan_frames(&s, frame, ret, e);
}

bool walscan_is_damaged(const struct walscan *w)
{
	return w->bad_head || w->lost_commits > 1;
}
