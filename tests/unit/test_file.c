/* test_file.c - files as the store and the settings need them: whole, durable, one owner. */
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/sys.h"
#include "t.h"

static const char *in_dir(char to[512], const char *name)
{
	int n = snprintf(to, 512, "%s/%s", t_dir(), name);
	ASSERT(n > 0 && n < 512);
	return to;
}

TEST(a_file_is_written_whole_with_its_mode)
{
	char path[512];
	struct stat st;
	AUTO(sbuf_release) struct sbuf got = SBUF(1000);
	in_dir(path, "secret");
	MUST(file_write(path, STR("old and long"), 0644, &t_err));
	MUST(file_write(path, STR("new\0!"), 0600, &t_err));
	MUST(file_read(path, &got, &t_err));
	CHECK_SPAN("bytes", sbuf_view(&got), STR("new\0!"));
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	/* No temporary file stays. */
	CHECK(rmdir(t_dir()) != 0);
	MUST(file_remove(path, &t_err));
	CHECK(rmdir(t_dir()) == 0 && mkdir(t_dir(), 0700) == 0);
}

TEST(a_write_that_cannot_be_finished_leaves_the_old_file)
{
	char path[512];
	char inner[512];
	in_dir(path, "folder");
	in_dir(inner, "folder/x");
	MUST(file_mkdir(path, 0700, &t_err));
	MUST(file_write(inner, STR("x"), 0600, &t_err));
	CHECK_I64("over a folder", file_write(path, STR("y"), 0600, NULL), RC_IO);
	CHECK(file_exists(inner));
	CHECK_I64("no folder", file_write(in_dir(path, "none/x"), STR("y"), 0600, NULL), RC_IO);
}

TEST(reading_has_a_ceiling)
{
	static const struct {
		size_t max;
		enum rc rc;
	} rows[] = { { 9, RC_LIMIT }, { 10, RC_OK }, { 11, RC_OK } };
	char path[512];
	MUST(file_write(in_dir(path, "ten"), STR("0123456789"), 0600, &t_err));
	EACH (r, rows) {
		AUTO(sbuf_release) struct sbuf got = SBUF(r->max);
		CHECK_I64("verdict", file_read(path, &got, NULL), r->rc);
	}
	AUTO(sbuf_release) struct sbuf got = SBUF(10);
	CHECK_I64("absent", file_read(in_dir(path, "none"), &got, NULL), RC_ABSENT);
	CHECK_I64("folder", file_read(t_dir(), &got, NULL), RC_IO);
}

TEST(folders_come_with_their_parents)
{
	char path[512];
	MUST(file_mkdir(in_dir(path, "a/b/c"), 0700, &t_err));
	CHECK(file_exists(path));
	MUST(file_mkdir(path, 0700, &t_err));
	MUST(file_mkdir(in_dir(path, "a/b/c/"), 0700, &t_err));
	MUST(file_write(in_dir(path, "f"), STR("x"), 0600, &t_err));
	CHECK_I64("over a file", file_mkdir(path, 0700, NULL), RC_IO);
	CHECK_I64("below a file", file_mkdir(in_dir(path, "f/g"), 0700, NULL), RC_IO);
}

TEST(removing_what_is_not_there_is_fine)
{
	char path[512];
	MUST(file_remove(in_dir(path, "none"), &t_err));
	CHECK(!file_exists(path));
}

static void lock_again(void *arg)
{
	int fd;
	ASSERT(file_lock(arg, &fd, NULL) != RC_CONFLICT);
}

TEST(a_lock_has_one_owner)
{
	char path[512];
	int fd = -1;
	int other = -1;
	MUST(file_lock(in_dir(path, "lock"), &fd, &t_err));
	CHECK_I64("same process", file_lock(path, &other, NULL), RC_CONFLICT);
	CHECK(t_aborts(lock_again, path));
	close(fd);
	MUST(file_lock(path, &fd, &t_err));
}

TEST(the_disk_can_be_asked)
{
	int64_t bytes = 0;
	int64_t us = 0;
	MUST(file_free_space(t_dir(), &bytes, &t_err));
	CHECK(bytes > 0);
	MUST(sys_probe_fsync(t_dir(), 3, &us, &t_err));
	CHECK(us > 0);
	CHECK_I64("nowhere", sys_probe_fsync("/none", 3, &us, NULL), RC_IO);
	CHECK(sys_rss_bytes() > 100000 && sys_open_files() >= 3 && sys_cpus() >= 1);
}
