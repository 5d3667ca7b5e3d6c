/* file.h - files and folders: whole-file reads with a ceiling, atomic durable writes, free space. */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/err.h"
#include "base/sbuf.h"
#include "io/asset.h"

enum rc file_read(const char *path, struct sbuf *to, struct err *e)
	MUST_CHECK; /* RC_ABSENT, RC_LIMIT */
/* Temporary file, fsync, rename, fsync of the folder. */
enum rc file_write(const char *path, struct str bytes, unsigned mode, struct err *e) MUST_CHECK;
enum rc file_mkdir(const char *path, unsigned mode, struct err *e)
	MUST_CHECK; /* parents too; existing is fine */
bool file_exists(const char *path);
bool file_writable(const char *path); /* file or folder, by this process */
enum rc file_remove(const char *path, struct err *e) MUST_CHECK; /* absent is fine */
enum rc file_free_space(const char *path, int64_t *ret_bytes, struct err *e) MUST_CHECK;
/* Takes an exclusive lock on the file (created 0600) for the life of the process. RC_CONFLICT: held elsewhere. */
enum rc file_lock(const char *path, int *ret_fd, struct err *e) MUST_CHECK;
/* Shared, on a file that is there: file_lock by anybody fails until file_unlock, or this process ends. RC_ABSENT: it is not
 * there (any more). RC_CONFLICT: somebody has it with file_lock. */
enum rc file_hold(const char *path, int *ret_fd, struct err *e) MUST_CHECK;
void file_unlock(int fd); /* -1: nothing */

#endif
