/* file_stream.h - files that are too large for memory: written piece by piece under a temporary name and put in
 * their place when whole; read from any offset. One owner at a time. */
#ifndef IO_FILE_STREAM_H
#define IO_FILE_STREAM_H

#include "base/err.h"
#include "base/str.h"

#define FILE_STREAM_PATH_MAX 700

struct file_out { /* zero: nothing is open */
	bool open;
	int fd;
	int64_t bytes;
	char temp[FILE_STREAM_PATH_MAX];
};

/* A new file with a name of its own (0600) in `folder`. RC_LIMIT: the disk is full. */
enum rc file_out_begin(const char *folder, struct file_out *ret, struct err *e) MUST_CHECK;
/* RC_LIMIT: the disk (or quota) is full. RC_IO: it failed. The file may hold a part then: drop it. */
enum rc file_out_add(struct file_out *f, const void *p, size_t n, struct err *e) MUST_CHECK;
/* Bytes are on the disk when this returns; more may still be added. */
enum rc file_out_sync(struct file_out *f, struct err *e) MUST_CHECK;
/* After file_out_sync: renames it to `folder`/`name` (replacing one), makes the folder when it is missing, syncs the
 * folder. The file is closed. */
enum rc file_out_place(struct file_out *f, const char *folder, const char *name, struct err *e)
	MUST_CHECK;
/* Closes and removes what was not placed. Fine on one that was, or never began. For AUTO. */
void file_out_drop(struct file_out *f);

struct file_in { /* zero: nothing is open */
	bool open;
	int fd;
	int64_t bytes;
};

/* RC_ABSENT: no such file. */
enum rc file_in_open(const char *path, struct file_in *ret, struct err *e) MUST_CHECK;
/* At most n bytes from `offset`; *ret_n 0 at the end. */
enum rc file_in_read(const struct file_in *f, int64_t offset, void *p, size_t n, size_t *ret_n,
		     struct err *e) MUST_CHECK;
void file_in_close(struct file_in *f); /* for AUTO; fine on a closed one */

/* Removes all plain files of a folder; a missing folder is fine. For folders of temporary files, while nobody writes
 * there. */
enum rc file_sweep(const char *folder, int64_t *ret_count, struct err *e) MUST_CHECK;

#endif
