/* media_fetch.h - how the file of a message is fetched, one function for each provider (table in media_job.c).
 *
 * A fetcher gets the message's file (`m`, with the delivery it came from), calls its peer as often as it has to, gives
 * the bytes to media_fetch_sink in pieces or in one, and says what came of it. Type, checksum, row, event, retries
 * and the seven days are media_job.c's. */
#ifndef FLOW_MEDIA_FETCH_H
#define FLOW_MEDIA_FETCH_H

#include "flow/config.h"
#include "flow/media/media_store.h"
#include "flow/work.h"

enum media_outcome {
	MEDIA_GOT, /* all bytes went into the sink */
	MEDIA_LATER, /* weather (not reached, throttled, token): again for 7 days, no attempt is counted */
	MEDIA_AGAIN, /* the peer's answer was of no use (not found, cut): the same, but less often */
	MEDIA_WRONG, /* whole, but not what was promised: an attempt */
	MEDIA_NEVER  /* too large, refused for good */
};

struct media_fetch {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct channel *channel;
	const struct message_media *m;
	int64_t now_ms;
	/* The bytes so far; media_fetch_begin starts anew. */
	struct media_put put;
	int64_t renewed_us;
	/* What the fetcher says: */
	enum media_outcome outcome;
	char why[160];          /* one sentence for people; no personal data, no addresses */
	int64_t wait_ms;        /* LATER: at least; 0: as the curve says */
	struct media_said said; /* GOT; `m` says the rest */
};

/* Throws away what the sink got so far. Once before the first byte, again for a second try in one run. */
enum rc media_fetch_begin(struct media_fetch *f, struct err *e) MUST_CHECK;
/* arg is a struct media_fetch; fits http_request.sink. Renews the job's lease. */
enum rc media_fetch_sink(void *arg, const char *p, size_t n, struct err *e) MUST_CHECK;
/* Sets outcome and why (printf). */
void media_fetch_say(struct media_fetch *f, enum media_outcome o, const char *fmt, ...)
	PRINTF(3, 4);

/* RC_OK: f->outcome was set. Else: our own disk or store; the job waits, nothing is counted. */
typedef enum rc media_fetch_fn(struct media_fetch *f, struct err *e);
media_fetch_fn media_fetch_meta;
media_fetch_fn media_fetch_evolution;

#endif
