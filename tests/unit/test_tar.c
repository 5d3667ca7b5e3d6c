/* test_tar.c - archives: what is written is read back, and what is no archive of ours is refused. */
#include "io/tar.h"

#include <unistd.h>

#include "base/sbuf.h"
#include "io/file.h"
#include "t.h"

static char path[600];

static void save(struct str bytes)
{
	(void)snprintf(path, sizeof(path), "%s/a.tar", t_dir());
	MUST(file_write(path, bytes, 0600, &t_err));
}

static void archive(struct sbuf *b)
{
	AUTO(file_in_close) struct file_in f = { .open = false };
	struct tar_out t = { tar_to_sbuf, b, 1785240000000 };
	char big[1500];

	memset(big, 'x', sizeof(big));
	(void)snprintf(path, sizeof(path), "%s/big", t_dir());
	MUST(file_write(path, str_n(big, sizeof(big)), 0600, &t_err));
	MUST(file_in_open(path, &f, &t_err));
	MUST(tar_add(&t, "one/empty", STR_NONE, &t_err));
	MUST(tar_add(&t, "one/text", STR("hola"), &t_err));
	MUST(tar_add_file(&t, "big", &f, f.bytes, NULL, &t_err));
	MUST(tar_end(&t, &t_err));
}

static void expect(struct tar_in *t, const char *name, int64_t bytes)
{
	struct tar_entry x;
	char room[400];
	size_t n, all = 0;

	MUST(tar_next(t, &x, &t_err));
	CHECK_STR("name", x.name, name);
	CHECK_I64("bytes", x.bytes, bytes);
	do {
		MUST(tar_read(t, room, sizeof(room), &n, &t_err));
		all += n;
	} while (n > 0);
	CHECK_I64("read", all, bytes);
}

TEST(what_is_written_is_read_back)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(MIB);
	struct tar_in t = { .next = 0 };
	struct tar_entry x;

	archive(&b);
	CHECK_I64("room", b.n, tar_room(0) + tar_room(4) + tar_room(1500) + TAR_END_BYTES);
	save(sbuf_view(&b));
	MUST(file_in_open(path, &t.file, &t_err));
	expect(&t, "one/empty", 0);
	expect(&t, "one/text", 4);
	expect(&t, "big", 1500);
	CHECK_I64("end", tar_next(&t, &x, NULL), RC_ABSENT);
	file_in_close(&t.file);
}

/* Walks all of it; the verdict that ended it. */
static enum rc walk(void)
{
	AUTO(file_in_close) struct file_in f = { .open = false };
	struct tar_entry x;
	struct tar_in t;
	enum rc rc;

	MUST(file_in_open(path, &f, &t_err));
	t = (struct tar_in){ .file = f };
	while ((rc = tar_next(&t, &x, NULL)) == RC_OK)
		CHECK(x.bytes <= f.bytes);
	return rc;
}

TEST(a_torn_archive_is_told_wherever_it_tears)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(MIB);

	archive(&b);
	for (size_t n = 0; n < b.n - (size_t)TAR_END_BYTES + 512; n += 37) {
		save(str_n(b.p, n));
		CHECK_I64("torn", walk(), RC_INVALID);
	}
}

static void resum(char *h)
{
	unsigned sum = 8 * ' ';

	for (int i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? 0 : (unsigned char)h[i];
	(void)snprintf(h + 148, 8, "%06o", sum);
	h[155] = ' ';
}

TEST(what_a_hostile_one_says_is_refused)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(MIB);
	static const struct {
		const char *what;
		int at;
		const char *bytes;
		size_t n;
	} TRIES[] = {
		{ "a link", 156, "2", 1 },
		{ "a hard link", 156, "1", 1 },
		{ "a device", 156, "3", 1 },
		{ "a pax head", 156, "x", 1 },
		{ "longer than all", 124, "77777777777", 11 },
		{ "a length that is none", 124, "0000000012z", 11 },
		{ "a length beyond all", 124, "\x80\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f",
		  12 },
		{ "a negative length", 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		  12 },
		{ "a prefix", 345, "../../", 6 },
		{ "no magic", 257, "other", 5 },
	};
	char head[512];

	archive(&b);
	memcpy(head, b.p, sizeof(head));
	for (size_t i = 0; i < COUNT(TRIES); i++) {
		memcpy(b.p, head, sizeof(head));
		memcpy(b.p + TRIES[i].at, TRIES[i].bytes, TRIES[i].n);
		resum(b.p);
		save(sbuf_view(&b));
		CHECK_I64(TRIES[i].what, walk(), RC_INVALID);
	}
	memcpy(b.p, head, sizeof(head));
	b.p[3] ^= 1;
	save(sbuf_view(&b));
	CHECK_I64("a sum that differs", walk(), RC_INVALID);
	save(STR("no archive at all"));
	CHECK_I64("none", walk(), RC_INVALID);
}

static int64_t count_only;

static enum rc count_sink(void *arg, const char *p, size_t n, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(2 * KIB);

	(void)arg;
	if (count_only == 0) { /* the head: kept to be read back */
		sbuf_add(&b, p, n);
		save(sbuf_view(&b));
	}
	count_only += (int64_t)n;
	return count_only > 100000 ? FAIL(e, RC_LIMIT, "enough") : RC_OK;
}

TEST(more_than_eight_gigabytes_have_their_length)
{
	AUTO(file_in_close) struct file_in f = { .open = false };
	struct tar_out t = { count_sink, NULL, 0 };
	struct tar_in in = { .next = 0 };
	struct tar_entry x;

	(void)snprintf(path, sizeof(path), "%s/hole", t_dir());
	MUST(file_write(path, STR("x"), 0600, &t_err));
	CHECK(truncate(path, INT64_C(9) << 30) == 0);
	MUST(file_in_open(path, &f, &t_err));
	CHECK_I64("the sink ends it", tar_add_file(&t, "hole", &f, f.bytes, NULL, NULL), RC_LIMIT);
	CHECK(truncate(path, (INT64_C(9) << 30) + 4096) == 0); /* the head, and as much behind it */
	MUST(file_in_open(path, &in.file, &t_err));
	MUST(tar_next(&in, &x, &t_err));
	CHECK_I64("length", x.bytes, INT64_C(9) << 30);
	file_in_close(&in.file);
}
