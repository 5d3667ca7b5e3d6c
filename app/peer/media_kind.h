/* media_kind.h - which files WhatsApp takes as what (media_kind.def). Pure; any thread. */
#ifndef PEER_MEDIA_KIND_H
#define PEER_MEDIA_KIND_H

#include "base/err.h"
#include "peer/media_type.h"

struct media_facts {
	const char *mime; /* as media_type_of says */
	unsigned traits;
	int64_t bytes;
};

/* image, video, audio, voice (an audio that is shown as a voice note), sticker, document. RC_INVALID: `e` says in one
 * sentence what is wrong and what would be right. */
enum rc media_kind_check(struct str kind, const struct media_facts *f, struct err *e) MUST_CHECK;
bool media_kind_is(struct str kind); /* one of the six */
/* How to send a file when nobody said: as image, video or audio where it may be one, else as document. Static text. */
const char *media_kind_for(const struct media_facts *f);
/* The type to name in the upload: Meta takes Ogg only with its codec. Static text, or f->mime. */
const char *media_kind_upload_type(const struct media_facts *f);

#endif
