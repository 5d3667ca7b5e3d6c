/* tar.c - see tar.h. */
#include "io/tar.h"

#include "base/sbuf.h"

#define BLOCK      512
#define STEP       (64 * KIB)
#define OCTAL_SIZE (INT64_C(1) << 33) /* from here on eleven octal digits are too few */

struct head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct head) == BLOCK, "a header is one block");

/* ---- writing ---- */

static void octal(char *to, size_t bytes, int64_t v)
{
	for (size_t i = bytes - 1; i-- > 0; v /= 8)
		to[i] = (char)('0' + v % 8);
	to[bytes - 1] = '\0';
}

static void size_write(char to[12], int64_t v)
{
	if (v < OCTAL_SIZE) {
		octal(to, 12, v);
		return;
	}
	for (size_t i = 12; i-- > 0; v /= 256)
		to[i] = (char)(v % 256);
	to[0] = (char)0x80;
}

/* The sum of all bytes, its own place taken as blanks. */
static unsigned sum_of(const struct head *h)
{
	const unsigned char *p = (const unsigned char *)h;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(*h); i++)
		sum += i >= offsetof(struct head, sum) && i < offsetof(struct head, type) ? ' '
											  : p[i];
	return sum;
}

static enum rc head_write(struct tar_out *t, const char *name, int64_t bytes, struct err *e)
{
	struct head h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };

	ASSERT(strlen(name) <= TAR_NAME_MAX && t->at_ms >= 0 && bytes >= 0);
	memcpy(h.name, name, strlen(name));
	octal(h.mode, sizeof(h.mode), 0600);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	size_write(h.size, bytes);
	octal(h.mtime, sizeof(h.mtime), t->at_ms / 1000);
	octal(h.sum, sizeof(h.sum) - 1, sum_of(&h)); /* six digits, NUL, blank */
	h.sum[sizeof(h.sum) - 1] = ' ';
	return t->sink(t->arg, (const char *)&h, sizeof(h), e);
}

static enum rc zeros(struct tar_out *t, size_t n, struct err *e)
{
	static const char none[2 * BLOCK];

	return n > 0 ? t->sink(t->arg, none, n, e) : RC_OK;
}

static size_t padding(int64_t bytes)
{
	return (size_t)((BLOCK - bytes % BLOCK) % BLOCK);
}

int64_t tar_room(int64_t bytes)
{
	return BLOCK + bytes + (int64_t)padding(bytes);
}

enum rc tar_add(struct tar_out *t, const char *name, struct str bytes, struct err *e)
{
	TRY(head_write(t, name, (int64_t)bytes.n, e));
	if (bytes.n > 0)
		TRY(t->sink(t->arg, bytes.p, bytes.n, e));
	return zeros(t, padding((int64_t)bytes.n), e);
}

static enum rc file_write_out(struct tar_out *t, const struct file_in *f, int64_t bytes, char *room,
			      struct tempo *pace, struct err *e)
{
	for (int64_t done = 0; done < bytes;) {
		size_t want = (size_t)i64_min((int64_t)STEP, bytes - done), got;

		TRY(file_in_read(f, done, room, want, &got, e));
		if (got == 0)
			return FAIL(e, RC_IO, "a file became shorter meanwhile");
		TRY(t->sink(t->arg, room, got, e));
		done += (int64_t)got;
		if (!tempo_step(pace))
			return FAIL(e, RC_RETRY, "stopped");
	}
	return zeros(t, padding(bytes), e);
}

enum rc tar_add_file(struct tar_out *t, const char *name, const struct file_in *f, int64_t bytes,
		     struct tempo *pace, struct err *e)
{
	char *room = mem_new(1, STEP);
	enum rc rc = head_write(t, name, bytes, e);

	if (rc == RC_OK)
		rc = file_write_out(t, f, bytes, room, pace, e);
	mem_free(room);
	return rc;
}

enum rc tar_end(struct tar_out *t, struct err *e)
{
	return zeros(t, TAR_END_BYTES, e);
}

enum rc tar_to_sbuf(void *arg, const char *p, size_t n, struct err *e)
{
	struct sbuf *b = arg;

	sbuf_add(b, p, n);
	return sbuf_ok(b) ? RC_OK : FAIL(e, RC_LIMIT, "longer than %zu bytes", b->max);
}

/* ---- reading: every field may be anybody's ---- */

static bool octal_read(const char *p, size_t n, int64_t *ret)
{
	int64_t v = 0;
	size_t i = 0;

	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v * 8 + (p[i] - '0'); /* twelve digits at most: 36 bits */
	if (i < n && p[i] != '\0' && p[i] != ' ')
		return false;
	*ret = v;
	return true;
}

static bool size_read(const char p[12], int64_t *ret)
{
	const unsigned char *u = (const unsigned char *)p;
	int64_t v = 0;

	if (u[0] != 0x80)
		return octal_read(p, 12, ret);
	if (u[1] != 0 || u[2] != 0 || u[3] != 0 || u[4] != 0 || u[5] > 0)
		return false; /* more than 2^48: no file of ours */
	for (size_t i = 6; i < 12; i++)
		v = v * 256 + u[i];
	*ret = v;
	return true;
}

static bool is_zero(const struct head *h)
{
	const char *p = (const char *)h;

	for (size_t i = 0; i < sizeof(*h); i++) {
		if (p[i] != '\0')
			return false;
	}
	return true;
}

static enum rc entry_read(const struct tar_in *t, const struct head *h, struct tar_entry *ret,
			  struct err *e)
{
	int64_t sum;

	if (memcmp(h->magic, "ustar", 5) != 0 || !octal_read(h->sum, sizeof(h->sum), &sum) ||
	    sum != (int64_t)sum_of(h))
		return FAIL(e, RC_INVALID,
			    t->next == 0 ? "this is no tar archive" : "the archive is damaged");
	if (!size_read(h->size, &ret->bytes) || ret->bytes > t->file.bytes - t->next - BLOCK)
		return FAIL(e, RC_INVALID, "the archive is torn off or damaged");
	if (h->name[sizeof(h->name) - 1] != '\0' || h->prefix[0] != '\0')
		return FAIL(e, RC_INVALID, "the archive has a name that is too long");
	memcpy(ret->name, h->name, sizeof(ret->name));
	ret->folder = h->type == '5';
	if (h->type != '0' && h->type != '\0' && h->type != '5')
		return FAIL(e, RC_INVALID,
			    "the archive has something that is neither a file nor a folder");
	return RC_OK;
}

enum rc tar_next(struct tar_in *t, struct tar_entry *ret, struct err *e)
{
	struct tar_entry entry;
	struct head h;
	size_t got;

	TRY(file_in_read(&t->file, t->next, &h, sizeof(h), &got, e));
	if (got < sizeof(h))
		return FAIL(e, RC_INVALID,
			    t->next == 0 ? "this is no tar archive" : "the archive is torn off");
	if (is_zero(&h))
		return RC_ABSENT;
	TRY(entry_read(t, &h, &entry, e));
	t->at = t->next + BLOCK;
	t->left = entry.folder ? 0 : entry.bytes;
	t->next = t->at + t->left + (int64_t)padding(t->left);
	*ret = entry;
	return RC_OK;
}

enum rc tar_read(struct tar_in *t, void *p, size_t n, size_t *ret_n, struct err *e)
{
	TRY(file_in_read(&t->file, t->at, p, (size_t)i64_min((int64_t)n, t->left), ret_n, e));
	if (*ret_n == 0 && t->left > 0)
		return FAIL(e, RC_INVALID, "the archive is torn off");
	t->at += (int64_t)*ret_n;
	t->left -= (int64_t)*ret_n;
	return RC_OK;
}
