/* t.c - runs the registered tests: a process, a folder and a time limit for each; N at a time.
 *
 * The child's output goes to a file and is shown only when the test failed, so that parallel tests
 * do not mix. The parent has one thread; so forking is safe, also under sanitizers. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* nftw */
#endif
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define T_JOBS_MAX   64
#define T_LIMIT_MS   (20 * SECOND_MS)
#define T_SLOW_MS    (60 * SECOND_MS)
#define T_FAILED     1 /* exit codes of a test's process */
#define T_UNCHECKED  86
#define T_OUTPUT_MAX (64 * KIB) /* shown of a failed test */

struct t_job {
	struct t_test *test;
	pid_t pid; /* 0: free */
	int64_t until_us;
	char dir[256];
	FILE *out;
};

struct err t_err;

static struct t_test *t_first;
static struct t_job t_jobs[T_JOBS_MAX];
static const char *t_own_dir;
static atomic_int t_checks;
static atomic_int t_failures;

void t_register(struct t_test *t)
{
	struct t_test **at = &t_first;

	while (*at != NULL && strcmp((*at)->file, t->file) <= 0)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

const char *t_dir(void)
{
	ASSERT(t_own_dir != NULL);
	return t_own_dir;
}

void t_check(bool ok, const char *file, int line, const char *text)
{
	atomic_fetch_add(&t_checks, 1);
	if (ok)
		return;
	atomic_fetch_add(&t_failures, 1);
	(void)fprintf(stderr, "%s:%d: expected: %s\n", file, line, text);
}

void t_check_i64(struct t_at at, const char *why, const char *what, int64_t got, int64_t wanted)
{
	atomic_fetch_add(&t_checks, 1);
	if (got == wanted)
		return;
	atomic_fetch_add(&t_failures, 1);
	(void)fprintf(stderr, "%s:%d: %s: %s: expected %lld, got %lld\n", at.file, at.line,
		      why != NULL ? why : "", what, (long long)wanted, (long long)got);
}

void t_check_str(struct t_at at, const char *why, const char *what, struct str got,
		 struct str wanted)
{
	atomic_fetch_add(&t_checks, 1);
	if ((got.p == NULL) == (wanted.p == NULL) && str_eq(got, wanted))
		return;
	atomic_fetch_add(&t_failures, 1);
	(void)fprintf(stderr, "%s:%d: %s: %s:\n  expected (%zu) %s%.*s\n  got      (%zu) %s%.*s\n",
		      at.file, at.line, why != NULL ? why : "", what, wanted.n,
		      wanted.p == NULL ? "NULL" : "", STRF(wanted), got.n,
		      got.p == NULL ? "NULL" : "", STRF(got));
}

void t_must(enum rc rc, const char *file, int line, const char *call)
{
	atomic_fetch_add(&t_checks, 1);
	if (rc == RC_OK)
		return;
	(void)fprintf(stderr, "%s:%d: expected ok: %s\n  got %s: %s\n", file, line, call,
		      rc_name(rc), t_err.rc != RC_OK ? t_err.text : "(no text in t_err)");
	exit(T_FAILED);
}

void t_spoil(const char *path, int64_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte = 0;

	ASSERT(fd >= 0 && pread(fd, &byte, 1, at) == 1);
	byte = (char)(byte ^ 0x5a);
	ASSERT(pwrite(fd, &byte, 1, at) == 1 && close(fd) == 0);
}

static void t_no_core(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none); /* only to save disk */
}

/* Leaves a file with the program's name in the folder $T_THREADED when the test had a second thread: only such
 * programs can have a race to be found (tests/run.sh, stage tsan-unit). */
static void t_tell_threads(void)
{
	const char *dir = getenv("T_THREADED");
	char path[512];
	int fd;

	if (dir == NULL || __libc_single_threaded)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, program_invocation_short_name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ASSERT(fd >= 0 && close(fd) == 0);
}

size_t t_stderr_of(void (*fn)(void *arg), void *arg, char *ret_text, size_t max)
{
	FILE *f = tmpfile();
	pid_t pid;
	int status;
	size_t n;

	ASSERT(f != NULL && max > 0);
	pid = fork();
	ASSERT(pid >= 0);
	if (pid == 0) {
		t_no_core();
		ASSERT(dup2(fileno(f), STDERR_FILENO) >= 0);
		fn(arg);
		t_tell_threads();
		_exit(0);
	}
	ASSERT(waitpid(pid, &status, 0) == pid);
	rewind(f);
	n = fread(ret_text, 1, max - 1, f);
	ret_text[n] = '\0';
	(void)fclose(f); /* was read */
	return n;
}

bool t_aborts(void (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	ASSERT(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		t_no_core();
		ASSERT(null >= 0 && dup2(null, STDERR_FILENO) >= 0);
		fn(arg);
		_exit(0);
	}
	ASSERT(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static int t_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path); /* what stays behind, stays in the folder for temporary files */
	return 0;
}

static void t_child(const struct t_job *j, const sigset_t *mask)
{
	ASSERT(setpgid(0, 0) == 0);
	ASSERT(dup2(fileno(j->out), STDOUT_FILENO) >= 0 &&
	       dup2(fileno(j->out), STDERR_FILENO) >= 0);
	ASSERT(sigprocmask(SIG_SETMASK, mask, NULL) == 0);
	t_own_dir = j->dir;
	j->test->run();
	t_tell_threads();
	if (atomic_load(&t_failures) > 0)
		exit(T_FAILED);
	if (atomic_load(&t_checks) == 0)
		exit(T_UNCHECKED);
	exit(0); /* not _exit: the leak checker runs at exit */
}

static void t_job_start(struct t_job *j, struct t_test *test, const sigset_t *mask)
{
	const char *tmp = getenv("TMPDIR");

	j->test = test;
	(void)snprintf(j->dir, sizeof(j->dir), "%s/totem-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
	ASSERT(mkdtemp(j->dir) != NULL);
	j->out = tmpfile();
	ASSERT(j->out != NULL);
	j->until_us = clock_mono_us() + 1000 * (getenv("T_SLOW") != NULL ? T_SLOW_MS : T_LIMIT_MS);
	(void)fflush(stdout);
	j->pid = fork();
	ASSERT(j->pid >= 0);
	if (j->pid == 0)
		t_child(j, mask);
}

static void t_job_show(struct t_job *j)
{
	static char text[T_OUTPUT_MAX];
	size_t n;

	rewind(j->out);
	n = fread(text, 1, sizeof(text), j->out);
	(void)fwrite(text, 1, n, stdout);
}

/* Cleans up after a process that ended; true when the test passed. */
static bool t_job_end(struct t_job *j, int status, bool is_late)
{
	const char *why = NULL;
	char text[64];

	(void)kill(-j->pid, SIGKILL); /* grandchildren that forgot to end; ESRCH is the rule */
	if (is_late) {
		why = "took too long";
	} else if (WIFSIGNALED(status)) {
		(void)snprintf(text, sizeof(text), "ended by signal %d", WTERMSIG(status));
		why = text;
	} else if (WEXITSTATUS(status) == T_UNCHECKED) {
		why = "made no check";
	} else if (WEXITSTATUS(status) != 0) {
		(void)snprintf(text, sizeof(text), "exit code %d", WEXITSTATUS(status));
		why = text;
	}
	if (why != NULL) {
		(void)printf("FAILED %s (%s:%d): %s\n", j->test->name, j->test->file, j->test->line,
			     why);
		t_job_show(j);
	}
	(void)fclose(j->out); /* was read */
	(void)nftw(j->dir, t_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	j->pid = 0;
	return why == NULL;
}

/* Ends what has ended or is late. Returns the number of jobs that are free again. */
static int t_reap(int *passed, int *failed)
{
	int ended = 0;

	for (size_t i = 0; i < T_JOBS_MAX; i++) {
		struct t_job *j = &t_jobs[i];
		bool is_late = false;
		int status = 0;

		if (j->pid == 0 || waitpid(j->pid, &status, WNOHANG) == 0) {
			if (j->pid == 0 || clock_mono_us() < j->until_us)
				continue;
			is_late = true;
			(void)kill(-j->pid, SIGKILL);
			(void)kill(j->pid, SIGKILL); /* if it had no group yet */
			ASSERT(waitpid(j->pid, &status, 0) == j->pid);
		}
		if (t_job_end(j, status, is_late))
			(*passed)++;
		else
			(*failed)++;
		ended++;
	}
	return ended;
}

static bool t_wanted(const struct t_test *t, char **filters, int count)
{
	for (int i = 0; i < count; i++)
		if (strstr(t->name, filters[i]) != NULL || strstr(t->file, filters[i]) != NULL)
			return true;
	return count == 0;
}

static void t_run(char **filters, int count, size_t jobs, int result[2])
{
	struct t_test *next = t_first;
	size_t running = 0;
	sigset_t child;
	sigset_t before;

	ASSERT(sigemptyset(&child) == 0 && sigaddset(&child, SIGCHLD) == 0);
	ASSERT(sigprocmask(SIG_BLOCK, &child, &before) == 0);
	while (next != NULL || running > 0) {
		const struct timespec wait = { 0, 100000000 };

		while (next != NULL && !t_wanted(next, filters, count))
			next = next->next;
		for (size_t i = 0; i < T_JOBS_MAX && next != NULL && running < jobs; i++) {
			if (t_jobs[i].pid != 0)
				continue;
			t_job_start(&t_jobs[i], next, &before);
			running++;
			next = next->next;
			while (next != NULL && !t_wanted(next, filters, count))
				next = next->next;
		}
		if (running > 0)
			(void)sigtimedwait(&child, NULL,
					   &wait); /* a signal or a look at the clock */
		running -= (size_t)t_reap(&result[0], &result[1]);
	}
}

int64_t t_cpu_us(void)
{
	struct timespec t;

	ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	int64_t jobs = 1;
	int result[2] = { 0, 0 };
	int at = 1;
	bool list = false;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--list") == 0) {
			list = true;
		} else if (strcmp(argv[at], "-j") == 0 && at + 1 < argc &&
			   str_i64(str_of(argv[at + 1]), 1, T_JOBS_MAX, &jobs)) {
			at++;
		} else {
			(void)fprintf(stderr, "usage: %s [--list] [-j N] [part of a name]...\n",
				      argv[0]);
			return 64;
		}
	}
	if (list) {
		for (const struct t_test *t = t_first; t != NULL; t = t->next)
			if (t_wanted(t, argv + at, argc - at))
				(void)printf("%s\n", t->name);
		return 0;
	}
	t_run(argv + at, argc - at, (size_t)jobs, result);
	if (result[0] + result[1] == 0)
		(void)printf("no test is called so\n");
	(void)printf("%d passed, %d failed\n", result[0], result[1]);
	return result[1] > 0 || result[0] == 0 ? 1 : 0;
}
