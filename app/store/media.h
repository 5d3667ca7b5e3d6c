/* media.h - rows of files.
 *
 * A file of a company is one row, found by its checksum; its bytes lie in the data folder (flow/media/media_store.h).
 *
 *   coming  --(file is in its place)-->  stored  --(retention)-->  leaving  --(file is deleted)-->  gone
 *      ^--------------------------------(the same bytes come again)------------------------------------+
 *
 * `coming` and `leaving` are committed before the disk is touched, `stored` after it was synced, `gone` together with
 * the deletion, so a crash between row and file leaves a row that media_moving finds at the next start. */
#ifndef STORE_MEDIA_H
#define STORE_MEDIA_H

#include "store/message/message_media.h"

struct media {
	int64_t id, company_id, bytes, traits, created_ms, last_used_ms;
	uint8_t sha256[MEDIA_SHA_BYTES];
	const char *state, *mime, *origin;
	struct str filename;
};

/* Sets id, created_ms and state. The same bytes once more: type and name are the newest, their last use is now; what
 * had left is `coming` again. */
enum rc media_add(struct tx *tx, struct media *m, struct err *e) MUST_CHECK;
enum rc media_load(struct db *db, int64_t id, struct arena *a, struct media *ret, struct err *e)
	MUST_CHECK;
/* The file is in its place and synced; messages that had lost it have it again. RC_CONFLICT: it is on its way out meanwhile; put it again. */
enum rc media_set_stored(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* Retention: its messages are `expired`. RC_CONFLICT (e is not filled): not `stored` any more. */
enum rc media_leave(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* With the deletion of the file, in one unit. RC_CONFLICT (e is not filled): it comes back meanwhile: keep the file. */
enum rc media_gone(struct tx *tx, int64_t id, const char *from, struct err *e) MUST_CHECK;
/* The row of a file that is gone goes when no message shows it. */
enum rc media_drop(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* It was used now. RC_CONFLICT: it is not `stored` any more. */
enum rc media_touch(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;

struct media_totals {
	int64_t files, bytes;
};
enum rc media_get_totals(struct db *db, struct media_totals *ret, struct err *e) MUST_CHECK;

struct media_brief {
	int64_t id, bytes, last_used_ms;
	bool coming; /* of media_moving */
};
/* Up to `max` that were used before before_ms, longest unused first; none that a message waits to be sent with. */
enum rc media_oldest(struct db *db, int64_t before_ms, struct media_brief *ret, int max, int *ret_n,
		     struct err *e) MUST_CHECK;
/* Up to `max` in `coming` or `leaving`, used before before_ms. */
enum rc media_moving(struct db *db, int64_t before_ms, struct media_brief *ret, int max, int *ret_n,
		     struct err *e) MUST_CHECK;

/* Up to `max` in `leaving`, however old. */
enum rc media_leaving(struct db *db, struct media_brief *ret, int max, int *ret_n, struct err *e)
	MUST_CHECK;

/* Ids that a provider gave for our files. */
struct media_upload {
	int64_t media_id, channel_id;
	const char *as_mime; /* what it was uploaded as, with whatever the id is bound to */
	struct str peer_id;
	int64_t valid_to_ms;
};
enum rc media_upload_put(struct tx *tx, const struct media_upload *u, struct err *e) MUST_CHECK;
/* RC_ABSENT: none that is valid at now_ms. Fills peer_id, in the arena. */
enum rc media_upload_find(struct db *db, int64_t now_ms, struct arena *a, struct media_upload *u,
			  struct err *e) MUST_CHECK;
/* The provider does not know the id any more. */
enum rc media_upload_forget(struct tx *tx, int64_t media_id, int64_t channel_id, struct err *e)
	MUST_CHECK;

#endif
