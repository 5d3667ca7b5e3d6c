/* file_stream.c - see file_stream.h. */
#include "io/file_stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

static enum rc fault(struct err *e, const char *what, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	return FAIL(e, full ? RC_LIMIT : RC_IO, "%s cannot be %s: %m", path, what);
}

/* ---- writing ---- */

enum rc file_out_begin(const char *folder, struct file_out *ret, struct err *e)
{
	int n = snprintf(ret->temp, sizeof(ret->temp), "%s/new.XXXXXX", folder);

	ret->open = false;
	ret->bytes = 0;
	if (n < 0 || (size_t)n >= sizeof(ret->temp))
		return FAIL(e, RC_INVALID, "path is too long");
	ret->fd = mkostemp(ret->temp, O_CLOEXEC);
	ret->open = ret->fd >= 0;
	return ret->open ? RC_OK : fault(e, "made", folder);
}

enum rc file_out_add(struct file_out *f, const void *p, size_t n, struct err *e)
{
	const char *at = p;

	ASSERT(f->open);
	while (n > 0) {
		ssize_t put = write(f->fd, at, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fault(e, "written", f->temp);
		at += put;
		n -= (size_t)put;
		f->bytes += put;
	}
	return RC_OK;
}

enum rc file_out_sync(struct file_out *f, struct err *e)
{
	ASSERT(f->open);
	return fsync(f->fd) == 0 ? RC_OK : fault(e, "synced", f->temp);
}

static enum rc sync_folder(const char *folder, struct err *e)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum rc rc = fd >= 0 && fsync(fd) == 0 ? RC_OK : fault(e, "synced", folder);

	if (fd >= 0)
		close(fd);
	return rc;
}

/* A folder that is new is only there for good when its own entry is on the disk. */
static enum rc make_folder(const char *folder, struct err *e)
{
	char above[FILE_STREAM_PATH_MAX];
	const char *slash = strrchr(folder, '/');

	if (file_exists(folder))
		return RC_OK;
	TRY(file_mkdir(folder, 0700, e));
	if (slash == NULL || slash == folder ||
	    !str_copy(str_n(folder, (size_t)(slash - folder)), above, sizeof(above)))
		return RC_OK;
	return sync_folder(above, e);
}

enum rc file_out_place(struct file_out *f, const char *folder, const char *name, struct err *e)
{
	char path[FILE_STREAM_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", folder, name);

	ASSERT(f->open);
	if (n < 0 || (size_t)n >= sizeof(path))
		return FAIL(e, RC_INVALID, "path is too long");
	TRY(make_folder(folder, e));
	if (rename(f->temp, path) != 0)
		return fault(e, "put in place", path);
	close(f->fd);
	f->open = false;
	return sync_folder(folder, e);
}

void file_out_drop(struct file_out *f)
{
	if (!f->open)
		return;
	close(f->fd);
	f->open = false;
	(void)unlink(f->temp); /* a rest is swept at the next start */
}

/* ---- reading ---- */

enum rc file_in_open(const char *path, struct file_in *ret, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return FAIL(e, RC_ABSENT, "the file is not there");
	if (fd < 0)
		return FAIL(e, RC_IO, "the file cannot be opened: %m");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return FAIL(e, RC_IO, "that is no file");
	}
	ret->open = true;
	ret->fd = fd;
	ret->bytes = st.st_size;
	return RC_OK;
}

enum rc file_in_read(const struct file_in *f, int64_t offset, void *p, size_t n, size_t *ret_n,
		     struct err *e)
{
	ssize_t got;

	ASSERT(f->open);
	do
		got = pread(f->fd, p, n, (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return FAIL(e, RC_IO, "the file cannot be read: %m");
	*ret_n = (size_t)got;
	return RC_OK;
}

void file_in_close(struct file_in *f)
{
	if (f->open)
		close(f->fd);
	f->open = false;
}

/* ---- sweeping ---- */

static bool is_plain(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

enum rc file_sweep(const char *folder, int64_t *ret_count, struct err *e)
{
	DIR *d = opendir(folder);
	const struct dirent *at;

	*ret_count = 0;
	if (d == NULL)
		return errno == ENOENT ? RC_OK : fault(e, "looked into", folder);
	while ((at = readdir(d)) != NULL) {
		if (is_plain(dirfd(d), at->d_name) && unlinkat(dirfd(d), at->d_name, 0) == 0)
			++*ret_count;
	}
	closedir(d);
	return RC_OK;
}
