/* meta_media.h - Meta's media calls (meta-cloud-api.md 3.4): addresses, answers, and which hosts may be asked. Pure. */
#ifndef PEER_META_MEDIA_H
#define PEER_META_MEDIA_H

#include "base/arena.h"
#include "base/sbuf.h"
#include "peer/wa/wa_send.h"

struct meta_media_api { /* of a channel; checked as in meta_send_url */
	struct str base, version, phone_number_id;
};

/* "{base}/{version}/{media id}?phone_number_id={id}". Media id: 1 to 128 letters, digits, '-', '_'. RC_INVALID names
 * the part. */
enum rc meta_media_url(const struct meta_media_api *api, struct str media_id, struct sbuf *to,
		       struct err *e) MUST_CHECK;
/* "{base}/{version}/{phone id}/media" */
enum rc meta_media_upload_url(const struct meta_media_api *api, struct sbuf *to, struct err *e)
	MUST_CHECK;

/* Answer of the first: where the bytes are. The address is valid for 5 minutes. */
struct meta_media_place {
	struct str url, mime; /* in the arena */
	uint8_t sha256[32];   /* the answer has it in hex, webhooks in base64 */
	bool has_sha256;
	int64_t bytes; /* 0: not said */
};
/* RC_INVALID: no JSON, or without url. */
enum rc meta_media_place(struct str body, struct arena *a, struct meta_media_place *ret,
			 struct err *e) MUST_CHECK;

/* Whether our token may be shown to the host of this address. `hosts`: words parted by blanks; "a.b" is that host,
 * ".a.b" all hosts below it. https at port 443 only; but while `base` itself is plain http to loopback (a test's
 * double), http to that same host is fine. RC_REFUSED: says why, names the host only. */
enum rc meta_media_may_ask(struct str url, struct str hosts, struct str base, struct err *e)
	MUST_CHECK;

/* Judges the answer of an upload as that of a send; WA_SEND_ACCEPTED: ret_id is the media id. Never WA_SEND_UNKNOWN:
 * an upload that may have arrived is done again. Cannot fail. */
void meta_media_judge(const struct wa_answer *a, struct wa_verdict *ret_v, char *ret_id,
		      size_t id_max);

#endif
