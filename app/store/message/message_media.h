/* message_media.h - what a message knows of its file: what the peer says of it, how far it is, what is stored. */
#ifndef STORE_MESSAGE_MEDIA_H
#define STORE_MESSAGE_MEDIA_H

#include "store/store.h"

#define MEDIA_SHA_BYTES 32u
/* The provider's media id; Meta's are some 20 digits. */
#define MEDIA_PEER_ID_MAX 128u

/* What a peer says of a message's file, and how far it is. */
struct message_media {
	int64_t message_id, company_id, conversation_id, channel_id, delivery_id, hop;
	int64_t told_bytes; /* 0: unknown */
	int64_t asked_ms;   /* when its webhook came: providers keep a file for 7 days from then */
	bool voice, animated;
	const char *state; /* wanted, stored, failed, expired */
	const char *
		provider; /* whose reader fetches it (flow/media/media_fetch.h); "here": uploaded */
	struct str peer_id, told_mime, filename, correlation;
	struct str told_sha256; /* 32 bytes or none */
	const char *reason;     /* NULL: nothing is wrong */
	/* The file; media_id 0: not here. */
	int64_t media_id, media_created_ms, bytes, traits;
	const char *mime;
	struct str sha256;
};

/* RC_ABSENT: the message has no file. */
enum rc message_media_load(struct db *db, int64_t message_id, struct arena *a,
			   struct message_media *ret, struct err *e) MUST_CHECK;
/* Keeps what is said of it and sets the message's media_state to m->state. A second call for a message changes
 * nothing. */
enum rc message_media_add(struct tx *tx, const struct message_media *m, struct err *e) MUST_CHECK;
/* state `failed` or `expired` with the reason; `wanted` (tried again by hand) with NULL. */
enum rc message_media_lost(struct tx *tx, int64_t message_id, const char *state, const char *reason,
			   struct err *e) MUST_CHECK;
/* A stored file belongs to the message: state `stored`, with its type and address. */
struct message_media_file {
	int64_t message_id, media_id, media_created_ms;
	const char *mime;
};
enum rc message_media_attach(struct tx *tx, const struct message_media_file *f, struct err *e)
	MUST_CHECK;

#endif
