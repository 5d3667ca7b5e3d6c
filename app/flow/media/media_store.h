/* media_store.h - the bytes of files: media/<company>/<first two hex digits>/<sha256> in the data folder, written under
 * media/tmp and put in their place when whole. For everything that brings a file (Meta, Evolution, the API).
 *
 *	AUTO(media_put_drop) struct media_put put;
 *	TRY(media_put_begin(app, &(struct media_put_new){...}, &put, e));
 *	TRY(media_put_add(&put, p, n, e));            -- any number of times; media_put_add fits http_sink and web_sink
 *	TRY(media_put_place(&put, &said, e));         -- checksum, type, row, file in its place and synced
 *	store_write(... media_put_keep(tx, &put, e))  -- in the unit that uses it: from now on it is `stored`
 *
 * What is dropped before media_put_keep leaves nothing behind: the janitor removes the file after a day. */
#ifndef FLOW_MEDIA_STORE_H
#define FLOW_MEDIA_STORE_H

#include "flow/app.h"
#include "io/crypto.h"
#include "io/file_stream.h"
#include "peer/media_type.h"
#include "store/media.h"

#define MEDIA_PATH_MAX FILE_STREAM_PATH_MAX

struct media_put_new {
	int64_t company_id;
	int64_t max;        /* bytes; more is RC_LIMIT */
	const char *origin; /* meta, evolution, api, chatwoot, n8n, flow, system; static */
};

struct media_put {
	struct app *app;
	struct media_put_new new;
	struct file_out out;
	struct crypto_sha sha;
	char head[MEDIA_HEAD_MAX];
	size_t head_n;
	bool too_long;
	/* After media_put_place: */
	struct media media; /* id, created_ms, bytes, traits, sha256, mime; `filename` is none */
	struct media_type type;
};

/* RC_LIMIT: the disk is full (or nearly: what the box keeps for messages is not given to files). */
enum rc media_put_begin(struct app *app, const struct media_put_new *n, struct media_put *ret,
			struct err *e) MUST_CHECK;
/* arg is a struct media_put. RC_LIMIT: longer than `max` (too_long is set), or the disk is full. */
enum rc media_put_add(void *arg, const char *p, size_t n, struct err *e) MUST_CHECK;

struct media_said {                /* of the bytes, by whoever sent them */
	struct str mime, filename; /* may be none */
	struct str sha256;         /* 32 bytes; checked when there: RC_INVALID when they differ */
	int64_t bytes;             /* 0: not said; checked too */
};
/* Ends adding. RC_INVALID: empty, or not what was said. */
enum rc media_put_place(struct media_put *put, const struct media_said *said, struct err *e)
	MUST_CHECK;
/* Inside a unit. RC_CONFLICT: retention took it meanwhile (once in a blue moon): start again. */
enum rc media_put_keep(struct tx *tx, const struct media_put *put, struct err *e) MUST_CHECK;
void media_put_drop(
	struct media_put *put); /* fine at any time; for AUTO on a begun or zeroed one */

/* Opens the bytes of a stored file. RC_ABSENT: they are gone. */
enum rc media_open(struct app *app, const struct media *m, struct file_in *ret, struct err *e)
	MUST_CHECK;

/* At start, before any worker: temporary files and half-finished moves of an earlier run. */
enum rc media_recover(struct app *app, struct err *e) MUST_CHECK;
/* Deletes the bytes of all files that are on their way out, at once. */
enum rc media_finish_leaving(struct app *app, struct err *e) MUST_CHECK;
/* By age and by bytes, longest unused first; at most a few hundred files at once. True: nothing more to do. */
bool media_retain(struct app *app, int64_t now_ms);

#endif
