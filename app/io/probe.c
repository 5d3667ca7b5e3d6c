/* probe.c - see probe.h. */
#include "io/probe.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"

#define PATH_MAX_ 512

/* ---- the disk ---- */

bool probe_read_only(const char *folder)
{
	struct statvfs fs;

	return statvfs(folder, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

int probe_foreign_bits(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int)(st.st_mode & 077u) : -1;
}

/* ---- the clock ---- */

bool probe_clock_kept(bool *ret_kept)
{
	struct timex t = { .modes = 0 };

	if (adjtimex(&t) < 0)
		return false;
	*ret_kept = (t.status & STA_UNSYNC) == 0;
	return true;
}

/* ---- other programs ---- */

static void dir_close(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static bool has_open(const char *pid, const struct stat *file)
{
	char path[PATH_MAX_];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	AUTO(dir_close) DIR *d = opendir(path);
	if (d == NULL)
		return false; /* of another user, or gone */
	for (const struct dirent *x = readdir(d); x != NULL; x = readdir(d)) {
		if (isdigit((unsigned char)x->d_name[0]) &&
		    fstatat(dirfd(d), x->d_name, &st, 0) == 0 && st.st_ino == file->st_ino &&
		    st.st_dev == file->st_dev)
			return true;
	}
	return false;
}

static bool name_of(const char *pid, struct sbuf *to)
{
	char path[PATH_MAX_];

	(void)snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	return file_read(path, to, NULL) == RC_OK && !str_eqc(str_trim(sbuf_view(to)), "totem");
}

int probe_openers(const char *path, char ret_names[PROBE_TEXT_MAX])
{
	AUTO(dir_close) DIR *d = opendir("/proc");
	struct stat file;
	int n = 0;

	ret_names[0] = '\0';
	if (d == NULL || stat(path, &file) != 0)
		return 0;
	for (const struct dirent *x = readdir(d); x != NULL; x = readdir(d)) {
		AUTO(sbuf_release) struct sbuf name = SBUF(KIB);
		size_t used = strlen(ret_names);

		if (!isdigit((unsigned char)x->d_name[0]) || !has_open(x->d_name, &file) ||
		    !name_of(x->d_name, &name))
			continue;
		(void)snprintf(ret_names + used, PROBE_TEXT_MAX - used, "%s%.*s (%.10s)",
			       n > 0 ? ", " : "", STRF(str_trim(sbuf_view(&name))), x->d_name);
		n++;
	}
	return n;
}

/* ---- names ---- */

enum rc probe_resolve(const char *host, struct err *e)
{
	const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int code = getaddrinfo(host, NULL, &wanted, &found);

	if (code != 0)
		return FAIL(e, RC_RETRY, "%s", gai_strerror(code));
	freeaddrinfo(found);
	return RC_OK;
}

/* ---- other programs' words ---- */

static pid_t spawn(const char *const *words, int out)
{
	posix_spawn_file_actions_t files;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&files) != 0)
		return -1;
	if (posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO) != 0 ||
	    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) !=
		    0 ||
	    posix_spawnp(&pid, words[0], &files, NULL, (char *const *)(uintptr_t)words, environ) !=
		    0)
		pid = -1;
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

void probe_output(const char *const *words, struct sbuf *to)
{
	char block[4096];
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	pid = spawn(words, ends[1]);
	close(ends[1]);
	while (pid > 0 && (n = read(ends[0], block, sizeof(block))) > 0 && sbuf_ok(to))
		sbuf_add(to, block, (size_t)n);
	close(ends[0]); /* more than fits: it ends by SIGPIPE */
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
}
