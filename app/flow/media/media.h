/* media.h - files of messages: what ingest, the dispatcher and the bridges ask for.
 *
 *   in:   ingest -> media_want (inside its unit)  => queue `media` => fetch => file, row, event on whatsapp-media-events
 *   out:  API upload => row => message (media_use, inside its unit) => dispatcher -> media_ready => provider's id
 *
 * A message is visible before its file is. `media_state` of the message says how far it is: wanted, stored, failed,
 * expired; what a fetch makes of it is an event on topic whatsapp-media-events (okey conversation, ref message), so whoever
 * adds files to a message elsewhere (Chatwoot) adds each once when `stored` comes. */
#ifndef FLOW_MEDIA_H
#define FLOW_MEDIA_H

#include "flow/config.h"
#include "flow/work.h"
#include "peer/media_kind.h"
#include "peer/wa/wa.h"
#include "peer/wa/wa_send.h"
#include "io/jsonw.h"
#include "store/media.h"

/* Meta: "the file of an incoming message could not be had" (4.2); the message bears no media id. */
#define MEDIA_CODE_LOST 131052

struct media_wanted {
	int64_t message_id; /* stored in this unit */
	/* Who fetches it: "meta" by media id; "evolution": reads the stored delivery again or asks its API. Static. */
	const char *provider;
	const struct wa_media *media; /* NULL: only fault_code tells */
	int64_t fault_code;           /* of the message's own error; 0: none */
	struct str correlation;
};
/* Inside ingest's unit, after message_add, for each message with a file, and for each whose error is
 * MEDIA_CODE_LOST: state `wanted` and a job, or state `failed` with a reason for people and no job. Nothing happens
 * when there is neither. */
enum rc media_want(struct tx *tx, const struct media_wanted *m, struct err *e) MUST_CHECK;

/* The file as an object, the same for the API, the event stream and n8n: state, id, mime, bytes, filename, voice, url,
 * reason. */
void media_json(struct jsonw *w, const struct message_media *f);
#define MEDIA_URL_MAX 64
/* "/api/v1/media/{id}" */
void media_url(int64_t created_ms, int64_t media_id, char ret_url[MEDIA_URL_MAX]);

/* A file that was uploaded here, for a message that is being written: RC_ABSENT: no such file of this company, or it is
 * not kept any more (`e` says it for people). Borrowed from the arena. */
enum rc media_find(struct db *db, int64_t company_id, struct str id, struct arena *a,
		   struct media *ret, struct err *e) MUST_CHECK;
struct media_used {
	int64_t message_id;
	const struct media *media;
	struct str filename; /* none: the file's own */
	bool voice;
};
/* Inside the unit that makes the message, after message_add: it shows the file, and retention keeps it at least until
 * it was sent. RC_CONFLICT: retention took it this very moment. */
enum rc media_use(struct tx *tx, const struct media_used *u, struct err *e) MUST_CHECK;

/* The provider's id of one of our files, for a send. */
struct media_ready {
	char peer_id[MEDIA_PEER_ID_MAX + 1];
	/* WA_SEND_ACCEPTED: peer_id is set. Else what an answer of a send of that class asks for; never
	 * WA_SEND_UNKNOWN, because a second upload harms nobody. */
	struct wa_verdict verdict;
	bool unsent; /* the peer was not reached */
};
struct media_asked {
	int64_t media_id;
	const char *kind; /* image, video, audio, voice, sticker, document */
};
/* Dispatcher, before its `sending` commit, outside of any unit: an id that is still valid, or a new upload, whose id
 * is committed before this returns. May take minutes (100 MB); the job's lease is renewed meanwhile. RC_OK: look at
 * the verdict. Else our own disk or store. */
enum rc media_ready(struct worker *w, const struct job *job, const struct channel *channel,
		    const struct media_asked *asked, struct media_ready *ret, struct err *e)
	MUST_CHECK;
/* Inside a unit: the provider refused a message because of its files: their ids are not used again. `id` is ours, as in
 * the content. */
enum rc media_forget(struct tx *tx, struct str id, int64_t channel_id, struct err *e) MUST_CHECK;

#endif
