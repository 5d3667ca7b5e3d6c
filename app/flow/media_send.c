/* media_send.c - the provider's id of a file of ours. */
#include "flow/media.h"

enum rc media_ready(struct worker *w, const struct job *job, const struct channel *channel,
		    const struct media_asked *asked, struct media_ready *ret, struct err *e)
{
	(void)w;
	(void)job;
	(void)channel;
	(void)asked;
	(void)e;
	/* GAP: uploads come with the rest of this part. 2026-11-28 */
	*ret = (struct media_ready){
		.verdict = { .cls = WA_SEND_PERMANENT, .code = -1, .subcode = -1, .retry_ms = -1 }
	};
	(void)snprintf(ret->verdict.text, sizeof(ret->verdict.text), "files cannot be sent yet");
	return RC_OK;
}
