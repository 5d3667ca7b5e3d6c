/* walscan.h - looks at a write-ahead log before SQLite does.
 *
 * SQLite ends its replay at the first frame whose checksum is wrong: right after a power cut, where only the last,
 * never acknowledged transaction can be torn. A log that rotted in the middle looks the same to it, and everything
 * behind would be forgotten without a word. Each commit was synced before the next one began, so more than one commit
 * behind the first bad frame means damage. Format: sqlite.org/fileformat2.html, "The Write-Ahead Log". */
#ifndef IO_WALSCAN_H
#define IO_WALSCAN_H

#include "base/err.h"

struct walscan {
	int64_t frames;       /* good ones, of the current log */
	int64_t commits;      /* among them */
	int64_t bad_frame;    /* first bad one of the current log, from 1; 0: none */
	int64_t lost_commits; /* commits behind it */
	bool bad_head;
};

/* A missing or empty log is fine. */
enum rc walscan_read(const char *wal_path, struct walscan *ret, struct err *e) MUST_CHECK;
bool walscan_is_damaged(const struct walscan *w);

#endif
