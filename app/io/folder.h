/* folder.h - folders as wholes, and long files: listing, moving, removing, copying with a checksum.
 *
 * Copies are durable when they return (fsync of file and folder) and appear under their name only as wholes. */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include "base/err.h"
#include "io/tempo.h"

#define FOLDER_PATH_MAX 512
#define FOLDER_DEPTH    8 /* folders in folders that are followed */
#define SUM_TEXT        65

struct folder_entry {
	const char *name; /* without the path */
	bool is_folder;
	int64_t bytes;
	int64_t changed_ms;
};
/* Not called for "." and "..", links, sockets and the like. Order: any. */
typedef enum rc folder_fn(void *arg, const struct folder_entry *x, struct err *e);
/* RC_ABSENT: there is no such folder. */
enum rc folder_each(const char *path, folder_fn *fn, void *arg, struct err *e) MUST_CHECK;
/* With everything inside; links are removed, not followed. Absent is fine. */
enum rc folder_remove(const char *path, struct err *e) MUST_CHECK;
/* Only when nothing is in it; else it stays, which is fine. */
enum rc folder_remove_empty(const char *path, struct err *e) MUST_CHECK;
/* "a/b"; RC_INVALID: longer than FOLDER_PATH_MAX. */
enum rc folder_join(const char *folder, const char *name, char ret_path[FOLDER_PATH_MAX],
		    struct err *e) MUST_CHECK;
/* rename(2) of a file or a folder inside one file system, and fsync of both folders. */
enum rc folder_move(const char *from, const char *to, struct err *e) MUST_CHECK;
/* RC_REFUSED: `path` lies in another file system than the folder `with` (a mount), so it cannot be renamed. Absent is
 * fine. Not told: a mount of the same file system; folder_move fails there. */
enum rc folder_movable(const char *path, const char *with, struct err *e) MUST_CHECK;

struct file_sum {
	int64_t bytes;
	char sha256[SUM_TEXT]; /* hex */
};
/* Reads the file, from the disk itself where the kernel lets go of its copy. RC_RETRY: stopped. */
enum rc folder_sum_file(const char *path, struct tempo *p, struct file_sum *ret, struct err *e)
	MUST_CHECK;
/* The same, and what was read stays in memory for who reads it next. */
enum rc folder_sum_file_kept(const char *path, struct tempo *p, struct file_sum *ret, struct err *e)
	MUST_CHECK;
/* Reads the file in order, so that who reads it in another order next finds it in memory: a disk is ten times faster
 * that way. Does nothing when memory has no room for it. RC_RETRY: stopped. */
enum rc folder_warm_file(const char *path, struct tempo *p, struct err *e) MUST_CHECK;
/* The kernel may forget a file that is not needed any more: a gigabyte would push others out. */
void folder_cool_file(const char *path);
/* The sum is of the bytes that were read. */
enum rc folder_copy_file(const char *from, const char *to, unsigned mode, struct tempo *p,
			 struct file_sum *ret, struct err *e) MUST_CHECK;
/* The folder in which a file really lies, links followed. False: it is not there, or its path is too long. */
bool folder_of_real(const char *file, char ret_path[FOLDER_PATH_MAX]);
enum rc folder_file_bytes(const char *path, int64_t *ret, struct err *e) MUST_CHECK; /* RC_ABSENT */

#endif
