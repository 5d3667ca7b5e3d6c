/* test_file_stream.c - files in pieces: nothing half is ever in its place. */
#include "io/file_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include "io/file.h"
#include "t.h"

static const char *at(const char *name)
{
	static char path[4][600];
	static int n;
	char *p = path[n++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", t_dir(), name);
	return p;
}

TEST(a_file_is_in_its_place_when_it_is_whole)
{
	AUTO(file_in_close) struct file_in in = { 0 };
	struct file_out f = { 0 };
	char got[20];
	size_t n;

	MUST(file_out_begin(t_dir(), &f, &t_err));
	MUST(file_out_add(&f, "hello ", 6, &t_err));
	MUST(file_out_add(&f, "", 0, &t_err));
	MUST(file_out_add(&f, "world", 5, &t_err));
	CHECK_I64("counted", f.bytes, 11);
	MUST(file_out_sync(&f, &t_err));
	CHECK(!file_exists(at("new/ab/x")));
	MUST(file_out_place(&f, at("new/ab"), "x", &t_err));
	CHECK(file_exists(at("new/ab/x")) && !file_exists(f.temp));
	file_out_drop(&f); /* nothing left to drop */
	CHECK(file_exists(at("new/ab/x")));
	MUST(file_in_open(at("new/ab/x"), &in, &t_err));
	CHECK_I64("long", in.bytes, 11);
	MUST(file_in_read(&in, 6, got, sizeof(got), &n, &t_err));
	CHECK_SPAN("from the middle", str_n(got, n), STR("world"));
	MUST(file_in_read(&in, 11, got, sizeof(got), &n, &t_err));
	CHECK_I64("the end", n, 0);
	MUST(file_in_read(&in, 1000, got, sizeof(got), &n, &t_err));
	CHECK_I64("behind the end", n, 0);
}

TEST(what_was_dropped_is_gone_and_rests_are_swept)
{
	struct file_out f = { 0 }, rest = { 0 };
	int64_t swept;

	MUST(file_mkdir(at("tmp/folder"), 0700, &t_err));
	MUST(file_out_begin(at("tmp"), &f, &t_err));
	MUST(file_out_add(&f, "x", 1, &t_err));
	file_out_drop(&f);
	CHECK(!file_exists(f.temp));
	MUST(file_out_begin(at("tmp"), &rest, &t_err));
	close(rest.fd); /* as if the process had died */
	CHECK(file_exists(rest.temp));
	MUST(file_sweep(at("tmp"), &swept, &t_err));
	CHECK_I64("one file", swept, 1);
	CHECK(!file_exists(rest.temp) && file_exists(at("tmp/folder")));
	MUST(file_sweep(at("not there"), &swept, &t_err));
	CHECK_I64("nothing", swept, 0);
}

TEST(what_is_no_file_is_not_opened)
{
	struct file_in in = { 0 };

	CHECK_I64("absent", file_in_open(at("x"), &in, NULL), RC_ABSENT);
	CHECK_I64("a folder", file_in_open(t_dir(), &in, NULL), RC_IO);
	CHECK(symlink("/etc/hostname", at("link")) == 0);
	CHECK_I64("a link", file_in_open(at("link"), &in, NULL), RC_IO);
	CHECK(!in.open);
}

TEST(a_full_disk_is_told_from_a_broken_one)
{
	struct file_out f = { .open = true, .fd = open("/dev/full", O_WRONLY | O_CLOEXEC) };

	CHECK_I64("full", f.fd < 0 ? RC_LIMIT : file_out_add(&f, "x", 1, NULL), RC_LIMIT);
	close(f.fd);
	f.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK_I64("broken", file_out_add(&f, "x", 1, NULL), RC_IO);
	close(f.fd);
	CHECK_I64("no such folder", file_out_begin(at("none"), &f, NULL), RC_IO);
	CHECK_I64("nothing is open", f.open, false);
}
