/* media_inline.h - a file of ours inside of a request, for providers that take no ids (Evolution). */
#ifndef FLOW_MEDIA_INLINE_H
#define FLOW_MEDIA_INLINE_H

#include "base/str.h"
#include "flow/media/media.h"

#define MEDIA_INLINE_MAX \
	((int64_t)(20 *  \
		   MIB)) /* bytes; the base64 of it and the request fit into a worker's memory */

struct media_inline { /* in the worker's arena */
	struct str base64, mime, filename;
};

/* As media_ready, but ret->peer_id stays empty and `ret_file` is filled. */
enum rc media_inline(struct worker *w, const struct channel *channel,
		     const struct media_asked *asked, struct media_inline *ret_file,
		     struct media_ready *ret, struct err *e) MUST_CHECK;

#endif
