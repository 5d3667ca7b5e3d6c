/* file.c - whole-file reads with a ceiling, atomic durable writes, free space, locks. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_PATH_MAX   4096
#define FILE_READ_BLOCK (64 * KIB)

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

enum rc file_read(const char *path, struct sbuf *to, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return FAIL(e, RC_ABSENT, "%s is not there", path);
	if (fd < 0)
		return FAIL(e, RC_IO, "%s cannot be opened: %m", path);
	struct stat st;
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode))
		return FAIL(e, RC_IO, "%s is no file", path);
	for (;;) {
		/* At the ceiling one byte more tells "full" from "too long". */
		size_t room = size_min(FILE_READ_BLOCK, to->max - size_min(to->n, to->max));
		char extra;
		char *p = room > 0 ? sbuf_room(to, room) : &extra;
		ASSERT(p != NULL);
		ssize_t got = read(fd, p, room > 0 ? room : 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return FAIL(e, RC_IO, "%s cannot be read: %m", path);
		if (got == 0)
			return RC_OK;
		if (room == 0)
			return FAIL(e, RC_LIMIT, "%s is longer than %zu bytes", path, to->max);
		sbuf_added(to, (size_t)got);
	}
}

static enum rc write_all(int fd, struct str bytes, const char *path, struct err *e)
{
	while (bytes.n > 0) {
		ssize_t put = write(fd, bytes.p, bytes.n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return FAIL(e, RC_IO, "%s cannot be written: %m", path);
		bytes.p += put;
		bytes.n -= (size_t)put;
	}
	if (fsync(fd) != 0)
		return FAIL(e, RC_IO, "%s cannot be synced: %m", path);
	return RC_OK;
}

/* Folder part of a path, "." when there is none. */
static enum rc folder_of(const char *path, char *ret_folder, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct str folder = slash == NULL   ? STR(".")
			    : slash == path ? STR("/")
					    : str_n(path, (size_t)(slash - path));
	if (!str_copy(folder, ret_folder, FILE_PATH_MAX))
		return FAIL(e, RC_INVALID, "path is too long");
	return RC_OK;
}

static enum rc sync_dir(const char *path, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return FAIL(e, RC_IO, "folder %s cannot be synced: %m", path);
	return RC_OK;
}

enum rc file_write(const char *path, struct str bytes, unsigned mode, struct err *e)
{
	char folder[FILE_PATH_MAX];
	char temp[FILE_PATH_MAX];
	TRY(folder_of(path, folder, e));
	int n = snprintf(temp, sizeof temp, "%s.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof temp)
		return FAIL(e, RC_INVALID, "path is too long");
	AUTO(fd_close) int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return FAIL(e, RC_IO, "no new file in %s: %m", folder);
	enum rc rc = write_all(fd, bytes, path, e);
	if (rc == RC_OK && fchmod(fd, (mode_t)mode) != 0)
		rc = FAIL(e, RC_IO, "mode of %s: %m", path);
	if (rc == RC_OK && rename(temp, path) != 0)
		rc = FAIL(e, RC_IO, "%s cannot be put in place: %m", path);
	if (rc != RC_OK) {
		/* Best effort: the first error is the one that counts. */
		(void)unlink(temp);
		return rc;
	}
	return sync_dir(folder, e);
}

enum rc file_mkdir(const char *path, unsigned mode, struct err *e)
{
	char part[FILE_PATH_MAX];
	struct stat st;
	if (path[0] == '\0' || !str_copy(str_of(path), part, sizeof part))
		return FAIL(e, RC_INVALID, "bad folder name");
	for (char *p = part + 1;; p++) {
		char at = *p;
		if (at != '/' && at != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, (mode_t)mode) != 0 && errno != EEXIST)
			return FAIL(e, RC_IO, "folder %s: %m", part);
		*p = at;
		if (at == '\0')
			break;
	}
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return FAIL(e, RC_IO, "%s is no folder", path);
	return RC_OK;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_writable(const char *path)
{
	return access(path, W_OK) == 0;
}

enum rc file_remove(const char *path, struct err *e)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return FAIL(e, RC_IO, "%s cannot be removed: %m", path);
	return RC_OK;
}

enum rc file_free_space(const char *path, int64_t *ret_bytes, struct err *e)
{
	struct statvfs fs;
	int64_t bytes;
	if (statvfs(path, &fs) != 0)
		return FAIL(e, RC_IO, "free space of %s: %m", path);
	if (__builtin_mul_overflow(fs.f_bavail, fs.f_frsize, &bytes))
		bytes = INT64_MAX;
	*ret_bytes = bytes;
	return RC_OK;
}

/* flock(2), not fcntl: SQLite's own fcntl locks and close() elsewhere do not disturb it. */
enum rc file_lock(const char *path, int *ret_fd, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return FAIL(e, RC_IO, "%s cannot be opened: %m", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		enum rc rc = errno == EWOULDBLOCK
				     ? FAIL(e, RC_CONFLICT, "%s is held by another process", path)
				     : FAIL(e, RC_IO, "%s cannot be locked: %m", path);
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return RC_OK;
}

enum rc file_hold(const char *path, int *ret_fd, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? FAIL(e, RC_ABSENT, "%s is not there", path)
			       : FAIL(e, RC_IO, "%s cannot be opened: %m", path);
	if (flock(fd, LOCK_SH | LOCK_NB) != 0) {
		enum rc rc = errno == EWOULDBLOCK
				     ? FAIL(e, RC_CONFLICT, "%s is held by another process", path)
				     : FAIL(e, RC_IO, "%s cannot be locked: %m", path);
		close(fd);
		return rc;
	}
	if (fstat(fd, &st) != 0 || st.st_nlink == 0) { /* removed between the two */
		close(fd);
		return FAIL(e, RC_ABSENT, "%s is not there any more", path);
	}
	*ret_fd = fd;
	return RC_OK;
}

void file_unlock(int fd)
{
	fd_close(&fd);
}
