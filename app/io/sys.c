/* sys.c - process and kernel: signals, service manager, memory, processors, disk probe. */
#include "io/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define PROBE_BLOCK      4096
#define PROBE_ROUNDS_MAX 1000
#define FILE_LIMIT_MAX   1048576u

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

void sys_signals_block(void)
{
	sigset_t set;
	signal_set(&set);
	ASSERT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	ASSERT(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

static enum sys_signal signal_meaning(int sig)
{
	return sig == SIGHUP ? SYS_RELOAD : SYS_STOP;
}

enum sys_signal sys_signal_wait(void)
{
	sigset_t set;
	signal_set(&set);
	for (;;) {
		int sig = sigwaitinfo(&set, NULL);
		if (sig > 0)
			return signal_meaning(sig);
		ASSERT(errno == EINTR);
	}
}

bool sys_signal_wait_ms(int64_t ms, enum sys_signal *ret)
{
	sigset_t set;
	signal_set(&set);
	int64_t until_us = clock_mono_us() + ms * 1000;
	for (;;) {
		int64_t left_us = i64_max(until_us - clock_mono_us(), 0);
		struct timespec left = { .tv_sec = left_us / 1000000,
					 .tv_nsec = left_us % 1000000 * 1000 };
		int sig = sigtimedwait(&set, NULL, &left);
		if (sig > 0) {
			*ret = signal_meaning(sig);
			return true;
		}
		if (errno == EAGAIN)
			return false;
		ASSERT(errno == EINTR);
	}
}

/* sd_notify(3): one datagram to the socket in $NOTIFY_SOCKET; '@' means the abstract namespace. */
void sys_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (path == NULL || (path[0] != '/' && path[0] != '@'))
		return;
	size_t n = strnlen(path, sizeof to.sun_path);
	if (n >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, n);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	socklen_t to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	/* A service manager that does not listen is no reason to stop. */
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		     to_bytes);
	close(fd);
}

int64_t sys_rss_bytes(void)
{
	char text[128];
	struct str size, pages;
	int64_t count = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text);
	close(fd);
	struct str rest = str_n(text, n > 0 ? (size_t)n : 0);
	/* size resident shared ... */
	if (!str_cut(&rest, ' ', &size) || !str_cut(&rest, ' ', &pages))
		return 0;
	if (!str_i64(pages, 0, INT64_MAX / 65536, &count))
		return 0;
	return count * sysconf(_SC_PAGESIZE);
}

int64_t sys_memory_available(void)
{
	char text[1024]; /* the line is the third */
	struct str rest, line, word;
	int64_t kib = 0;
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text));
	close(fd);
	rest = str_n(text, n > 0 ? (size_t)n : 0);
	while (str_cut(&rest, '\n', &line)) {
		if (!str_cut(&line, ':', &word) || !str_eqc(word, "MemAvailable"))
			continue;
		line = str_trim(line); /* 24105 kB */
		if (!str_cut(&line, ' ', &word) || !str_i64(word, 0, INT64_MAX / 1024, &kib))
			return 0;
		break;
	}
	return kib * 1024;
}

int64_t sys_open_files(void)
{
	int64_t count = 0;
	DIR *dir = opendir("/proc/self/fd");
	if (dir == NULL)
		return 0;
	for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
		count += d->d_name[0] != '.';
	closedir(dir);
	return count - 1; /* the folder itself */
}

int sys_cpus(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	int count = CPU_COUNT(&set);
	return count > 0 ? count : 1;
}

void sys_raise_file_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	/* "Infinity" makes some libraries walk a table of a thousand million entries. */
	rlim_t wanted = limit.rlim_max < FILE_LIMIT_MAX ? limit.rlim_max : FILE_LIMIT_MAX;
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	/* Refused: we go on with what we have. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

void sys_die_with_parent(void)
{
	pid_t parent = getppid();
	ASSERT(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
	if (getppid() != parent) /* it ended in between */
		(void)raise(SIGTERM);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;
	return (*x > *y) - (*x < *y);
}

/* An unnamed file where the file system has them, else one that is unlinked at once. */
static int probe_open(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/.probe-XXXXXX", folder);
	if (n < 0 || (size_t)n >= sizeof path)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

enum rc sys_probe_fsync(const char *folder, int rounds, int64_t *ret_us, struct err *e)
{
	static const char block[PROBE_BLOCK];
	int64_t took_us[PROBE_ROUNDS_MAX];
	ASSERT(rounds > 0 && rounds <= PROBE_ROUNDS_MAX);
	int fd = probe_open(folder);
	if (fd < 0)
		return FAIL(e, RC_IO, "no file in %s: %m", folder);
	for (int i = 0; i < rounds; i++) {
		int64_t start_us = clock_mono_us();
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block || fdatasync(fd) != 0) {
			enum rc rc = FAIL(e, RC_IO, "write or fdatasync in %s: %m", folder);
			close(fd);
			return rc;
		}
		took_us[i] = clock_mono_us() - start_us;
	}
	close(fd);
	qsort(took_us, (size_t)rounds, sizeof took_us[0], by_size);
	*ret_us = took_us[rounds / 2];
	return RC_OK;
}
