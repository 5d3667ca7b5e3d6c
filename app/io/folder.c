/* folder.c - see folder.h. */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/str.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/sys.h"

#define BLOCK      (256 * KIB)
#define WARM_SHARE 3 /* of the memory that is free a file may take the third part */
#define WRITE_OUT  \
	(4 *       \
	 (int64_t) \
		 MIB) /* so much may wait for the disk: an fsync of others never meets a gigabyte */

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void dir_close(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static void block_free(char **p)
{
	mem_free(*p);
}

enum rc folder_join(const char *folder, const char *name, char ret_path[FOLDER_PATH_MAX],
		    struct err *e)
{
	int n = snprintf(ret_path, FOLDER_PATH_MAX, "%s/%s", folder, name);

	return n > 0 && n < FOLDER_PATH_MAX
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "a path is longer than %d bytes", FOLDER_PATH_MAX);
}

static enum rc folder_sync(const char *path, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* FAT and some network file systems cannot; what they can is done. */
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		return FAIL(e, RC_IO, "folder %s cannot be synced: %m", path);
	return RC_OK;
}

enum rc folder_each(const char *path, folder_fn *fn, void *arg, struct err *e)
{
	AUTO(dir_close) DIR *d = opendir(path);

	if (d == NULL)
		return errno == ENOENT ? FAIL(e, RC_ABSENT, "%s is not there", path)
				       : FAIL(e, RC_IO, "%s cannot be listed: %m", path);
	for (const struct dirent *x = readdir(d); x != NULL; x = readdir(d)) {
		struct folder_entry entry = { .name = x->d_name };
		struct stat st;

		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0 ||
		    fstatat(dirfd(d), x->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
			continue;
		entry.is_folder = S_ISDIR(st.st_mode);
		entry.bytes = (int64_t)st.st_size;
		entry.changed_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
		TRY(fn(arg, &entry, e));
	}
	return RC_OK;
}

static enum rc remove_at(int at, const char *name, const char *path, int depth, struct err *e)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d;
	enum rc rc = RC_OK;

	if (fd < 0) {
		if (unlinkat(at, name, 0) != 0 && errno != ENOENT)
			return FAIL(e, RC_IO, "%s cannot be removed: %m", path);
		return RC_OK;
	}
	d = depth < FOLDER_DEPTH ? fdopendir(fd) : NULL;
	if (d == NULL) {
		close(fd);
		return FAIL(e, RC_IO, "%s: folders are nested too deep", path);
	}
	for (const struct dirent *x = readdir(d); x != NULL && rc == RC_OK; x = readdir(d)) {
		if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
			rc = remove_at(dirfd(d), x->d_name, path, depth + 1, e);
	}
	closedir(d);
	if (rc == RC_OK && unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		rc = FAIL(e, RC_IO, "%s cannot be removed: %m", path);
	return rc;
}

enum rc folder_remove(const char *path, struct err *e)
{
	return remove_at(AT_FDCWD, path, path, 0, e);
}

static enum rc parent_of(const char *path, char ret[FOLDER_PATH_MAX], struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct str parent = slash == NULL   ? STR(".")
			    : slash == path ? STR("/")
					    : str_n(path, (size_t)(slash - path));

	return str_copy(parent, ret, FOLDER_PATH_MAX) ? RC_OK
						      : FAIL(e, RC_INVALID, "a path is too long");
}

enum rc folder_move(const char *from, const char *to, struct err *e)
{
	char left[FOLDER_PATH_MAX], entered[FOLDER_PATH_MAX];

	TRY(parent_of(from, left, e));
	TRY(parent_of(to, entered, e));
	if (rename(from, to) != 0)
		return FAIL(e, RC_IO, "%.100s cannot be moved to %.100s: %m", from, to);
	TRY(folder_sync(entered, e));
	return strcmp(left, entered) == 0 ? RC_OK : folder_sync(left, e);
}

bool folder_of_real(const char *file, char ret_path[FOLDER_PATH_MAX])
{
	char real[PATH_MAX];
	const char *slash;

	if (realpath(file, real) == NULL || (slash = strrchr(real, '/')) == NULL)
		return false;
	return str_copy(str_n(real, (size_t)(slash - real) + 1), ret_path, FOLDER_PATH_MAX);
}

enum rc folder_remove_empty(const char *path, struct err *e)
{
	if (rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST)
		return RC_OK;
	return FAIL(e, RC_IO, "%s cannot be removed: %m", path);
}

enum rc folder_movable(const char *path, const char *with, struct err *e)
{
	struct stat own, other;

	if (lstat(path, &own) != 0)
		return errno == ENOENT ? RC_OK : FAIL(e, RC_IO, "%s: %m", path);
	if (stat(with, &other) != 0)
		return FAIL(e, RC_IO, "%s: %m", with);
	return own.st_dev == other.st_dev
		       ? RC_OK
		       : FAIL(e, RC_REFUSED,
			      "%.150s is a mount of its own and cannot be moved aside: unmount it, "
			      "or restore into another data folder",
			      path);
}

enum rc folder_file_bytes(const char *path, int64_t *ret, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT ? FAIL(e, RC_ABSENT, "%s is not there", path)
				       : FAIL(e, RC_IO, "%s: %m", path);
	*ret = (int64_t)st.st_size;
	return RC_OK;
}

/* ---- long files ---- */

static enum rc write_block(int fd, const char *p, size_t n, const char *path, struct err *e)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return FAIL(e, errno == ENOSPC || errno == EDQUOT ? RC_LIMIT : RC_IO,
				    "%s cannot be written: %m", path);
		p += put;
		n -= (size_t)put;
	}
	return RC_OK;
}

struct pump {
	int in, out; /* out -1: only read */
	const char *from, *to;
	struct tempo *pace;
	int64_t bytes, sent; /* sent: what the disk was already told to write */
};

/* The disk works while we read on, so that the fsync at the end is short. */
static void write_out(struct pump *x)
{
	if (x->out < 0 || x->bytes - x->sent < WRITE_OUT)
		return;
	(void)sync_file_range(x->out, x->sent, x->bytes - x->sent,
			      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
	x->sent = x->bytes;
}

static enum rc pump_all(struct pump *x, struct file_sum *ret, struct err *e)
{
	AUTO(block_free) char *block = mem_new(1, BLOCK);
	uint8_t digest[SHA256_BYTES];
	struct crypto_sha256 sha;
	ssize_t got;

	crypto_sha256_begin(&sha);
	for (;;) {
		got = read(x->in, block, BLOCK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		crypto_sha256_add(&sha, str_n(block, (size_t)got));
		if (x->out >= 0)
			TRY(write_block(x->out, block, (size_t)got, x->to, e));
		x->bytes += got;
		write_out(x);
		if (!tempo_step(x->pace))
			return FAIL(e, RC_RETRY, "stopped");
	}
	crypto_sha256_end(&sha, digest);
	if (got < 0)
		return FAIL(e, RC_IO, "%s cannot be read: %m", x->from);
	enc_hex(digest, sizeof(digest), ret->sha256);
	ret->bytes = x->bytes;
	return RC_OK;
}

enum rc folder_sum_file_kept(const char *path, struct tempo *p, struct file_sum *ret, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct pump x = { .in = fd, .out = -1, .from = path, .pace = p };

	if (fd < 0)
		return errno == ENOENT ? FAIL(e, RC_ABSENT, "%s is not there", path)
				       : FAIL(e, RC_IO, "%s cannot be read: %m", path);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return pump_all(&x, ret, e);
}

enum rc folder_sum_file(const char *path, struct tempo *p, struct file_sum *ret, struct err *e)
{
	enum rc rc = folder_sum_file_kept(path, p, ret, e);

	folder_cool_file(path);
	return rc;
}

void folder_cool_file(const char *path)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

enum rc folder_warm_file(const char *path, struct tempo *p, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(block_free) char *block = mem_new(1, BLOCK);
	int64_t bytes;
	ssize_t got;

	TRY(folder_file_bytes(path, &bytes, e));
	if (fd < 0 || bytes > sys_memory_available() / WARM_SHARE)
		return RC_OK;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while ((got = read(fd, block, BLOCK)) > 0 || (got < 0 && errno == EINTR)) {
		if (!tempo_step(p))
			return FAIL(e, RC_RETRY, "stopped");
	}
	return RC_OK; /* whoever reads it next meets the error and knows what it means */
}

static enum rc copy_fd(struct pump *x, const char *temp, unsigned mode, struct file_sum *ret,
		       struct err *e)
{
	TRY(pump_all(x, ret, e));
	/* FAT has no modes. */
	if (fchmod(x->out, (mode_t)mode) != 0 && errno != EPERM && errno != ENOTSUP)
		return FAIL(e, RC_IO, "mode of %s: %m", x->to);
	if (fsync(x->out) != 0)
		return FAIL(e, RC_IO, "%s cannot be synced: %m", x->to);
	(void)posix_fadvise(x->out, 0, 0, POSIX_FADV_DONTNEED);
	return folder_move(temp, x->to, e);
}

enum rc folder_copy_file(const char *from, const char *to, unsigned mode, struct tempo *p,
			 struct file_sum *ret, struct err *e)
{
	AUTO(fd_close) int in = open(from, O_RDONLY | O_CLOEXEC);
	AUTO(fd_close) int out = -1;
	struct pump x = { .in = in, .from = from, .to = to, .pace = p };
	char temp[FOLDER_PATH_MAX];
	enum rc rc;

	if (in < 0)
		return errno == ENOENT ? FAIL(e, RC_ABSENT, "%s is not there", from)
				       : FAIL(e, RC_IO, "%s cannot be read: %m", from);
	if (snprintf(temp, sizeof(temp), "%s.part", to) >= (int)sizeof(temp))
		return FAIL(e, RC_INVALID, "a path is too long");
	out = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return FAIL(e, errno == ENOSPC || errno == EDQUOT ? RC_LIMIT : RC_IO,
			    "%s cannot be made: %m", to);
	x.out = out;
	rc = copy_fd(&x, temp, mode, ret, e);
	if (rc != RC_OK)
		(void)unlink(temp); /* the first error is the one that counts */
	return rc;
}
