/* tar.h - writes and reads tar archives (POSIX.1-2017, pax, "ustar Interchange Format") of plain files, piece by piece:
 * nothing of an archive is ever whole in memory. Files of 8 GiB and more have their size in base 256, as GNU tar has it.
 * One owner at a time. */
#ifndef IO_TAR_H
#define IO_TAR_H

#include "io/file_stream.h"
#include "io/tempo.h"

#define TAR_NAME_MAX 99

/* Takes the archive as it grows; its verdict ends it when it is not RC_OK. */
typedef enum rc tar_sink_fn(void *arg, const char *p, size_t n, struct err *e);

struct tar_out {
	tar_sink_fn *sink;
	void *arg;
	int64_t at_ms; /* time of all files, from 0 */
};

/* A file with mode 0600. `name` has at most TAR_NAME_MAX bytes. Verdicts are the sink's. */
enum rc tar_add(struct tar_out *t, const char *name, struct str bytes, struct err *e) MUST_CHECK;
/* The same of `bytes` that lie in a file. RC_IO: it has another length, or cannot be read. RC_RETRY: the pace stopped it. */
enum rc tar_add_file(struct tar_out *t, const char *name, const struct file_in *f, int64_t bytes,
		     struct tempo *pace, struct err *e) MUST_CHECK;
/* Without its end an archive is a torn one. */
enum rc tar_end(struct tar_out *t, struct err *e) MUST_CHECK;
/* What a file of so many bytes takes in an archive, and what the end takes. */
int64_t tar_room(int64_t bytes);
#define TAR_END_BYTES INT64_C(1024)
/* Fits tar_sink_fn: appends to a struct sbuf. RC_LIMIT: it is full. */
enum rc tar_to_sbuf(void *arg, const char *p, size_t n, struct err *e) MUST_CHECK;
struct tar_in { /* zero with `file` open: at the beginning */
	struct file_in file;
	int64_t at;   /* next byte of the running file */
	int64_t left; /* of it */
	int64_t next; /* next head */
};
struct tar_entry {
	char name[TAR_NAME_MAX + 1]; /* as it stands there: not to be trusted as a path */
	int64_t bytes;
	bool folder; /* else a plain file */
};

/* RC_ABSENT (e is not filled): the end. RC_INVALID: no tar archive, damaged, torn off, or with what is neither a file nor a
 * folder (links, devices), or a name longer than TAR_NAME_MAX. */
enum rc tar_next(struct tar_in *t, struct tar_entry *ret, struct err *e) MUST_CHECK;
/* Of the running file, at most n bytes; *ret_n 0: it is at its end. */
enum rc tar_read(struct tar_in *t, void *p, size_t n, size_t *ret_n, struct err *e) MUST_CHECK;

#endif
