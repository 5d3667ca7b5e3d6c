/* test_sandbox.c - what a shut-in process may still do. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/file.h"
#include "io/folder.h"
#include "io/sandbox.h"
#include "t.h"

/* A process that was shut in cannot be looked through for leaks at its end: that needs ptrace and a new process. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static char own[FOLDER_PATH_MAX], shown[FOLDER_PATH_MAX], other[FOLDER_PATH_MAX];

static void prepare(void)
{
	MUST(folder_join(t_dir(), "own", own, &t_err));
	MUST(folder_join(t_dir(), "shown", shown, &t_err));
	MUST(folder_join(t_dir(), "other", other, &t_err));
	MUST(file_mkdir(own, 0700, &t_err));
	MUST(file_mkdir(shown, 0700, &t_err));
	MUST(file_mkdir(other, 0700, &t_err));
}

static struct sandbox_report enter(void)
{
	const char *const write[] = { own }, *const read[] = { shown, "/nonexistent", "/proc",
							       "/usr", "/lib" };
	struct sandbox_report r;

	MUST(sandbox_enter(&(struct sandbox){ write, COUNT(write), read, COUNT(read) }, &r,
			   &t_err));
	return r;
}

static enum rc put(const char *folder)
{
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];

	MUST(folder_join(folder, "file", path, &t_err));
	return file_write(path, STR("x"), 0600, &e);
}

TEST(it_writes_in_its_own_folders_only)
{
	struct sandbox_report r;

	prepare();
	MUST(put(shown));
	MUST(put(other));
	r = enter();
	CHECK_I64("own", put(own), RC_OK);
	if (r.landlock) {
		CHECK_I64("shown", put(shown), RC_IO);
		CHECK_I64("other", put(other), RC_IO);
	}
}

TEST(it_reads_what_it_was_shown)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	struct err e = { .rc = RC_OK };
	struct sandbox_report r;
	char path[FOLDER_PATH_MAX];

	prepare();
	MUST(put(shown));
	MUST(put(other));
	r = enter();
	MUST(folder_join(shown, "file", path, &t_err));
	MUST(file_read(path, &b, &t_err));
	MUST(folder_join(other, "file", path, &t_err));
	if (r.landlock)
		CHECK(file_read(path, &b, &e) != RC_OK);
}

TEST(files_move_between_its_folders)
{
	char sub[FOLDER_PATH_MAX], from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];

	prepare();
	(void)enter();
	MUST(folder_join(own, "sub", sub, &t_err));
	MUST(file_mkdir(sub, 0700, &t_err));
	MUST(put(own));
	MUST(folder_join(own, "file", from, &t_err));
	MUST(folder_join(sub, "file", to, &t_err));
	MUST(folder_move(from, to, &t_err));
	CHECK(file_exists(to));
	MUST(folder_remove(sub, &t_err));
	CHECK(!file_exists(sub));
}

TEST(it_runs_no_program)
{
	char *const words[] = { (char *)(uintptr_t) "/bin/true", NULL };
	struct sandbox_report r;

	prepare();
	r = enter();
	if (r.seccomp) {
		CHECK_I64("exec", execv(words[0], words), -1);
		CHECK_I64("why", errno, EPERM);
	}
	CHECK(true);
}

/* The x32 numbers of x86-64 are the same calls: 0x40000000 + 39 is getpid. Without a filter it works, or is ENOSYS. */
TEST(calls_under_other_numbers_are_refused)
{
	struct sandbox_report r;

	prepare();
	r = enter();
	if (r.seccomp) {
		errno = 0;
		CHECK_I64("x32", syscall(0x40000000 + 39), -1);
		CHECK_I64("why", errno, EPERM);
	}
	CHECK(getpid() > 0);
}
