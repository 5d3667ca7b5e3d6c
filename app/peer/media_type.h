/* media_type.h - what a file is, told by its first bytes. Pure; any thread.
 *
 * The bytes win over what a peer or a name says of them: a browser must never be told that a page of a stranger is an
 * image. Only where the bytes cannot tell (a ZIP that is a Word document, plain text) the told type or the name
 * decides, and only among types of that family. */
#ifndef PEER_MEDIA_TYPE_H
#define PEER_MEDIA_TYPE_H

#include "base/str.h"

#define MEDIA_MIME_MAX 100u
/* As many of the first bytes as the sniffer looks at. */
#define MEDIA_HEAD_MAX 4096u

enum media_trait {
	MEDIA_OPUS = 1,      /* Ogg whose stream is Opus */
	MEDIA_MONO = 2,      /* that Opus has one channel */
	MEDIA_ANIMATED = 4,  /* GIF, or WebP with an animation chunk */
	MEDIA_DEPTH_BAD = 8, /* PNG or JPEG that is not 8 bits a channel, or is CMYK or palette */
	MEDIA_TEXT = 16,     /* no NUL and well-formed UTF-8, as far as the head goes */
};

struct media_type {
	char mime[MEDIA_MIME_MAX]; /* lower case, without parameters; never empty */
	unsigned traits;
	bool sniffed; /* the bytes told it; else it is what the peer or the name said, or octet-stream */
};

/* `head`: the first bytes (all, when the file is shorter than MEDIA_HEAD_MAX). `told` ("audio/ogg; codecs=opus") and
 * `filename` may be none. */
void media_type_of(struct str head, struct str told, struct str filename, struct media_type *ret);

/* Whether a browser may show it in place: pictures, sound and films that cannot hold scripts. */
bool media_type_inline(const char *mime);

/* A name from outside as one that is safe in a header and as a file: no path, no control characters or quotes, well-formed UTF-8, at most
 * MEDIA_NAME_MAX bytes; empty when nothing is left. */
#define MEDIA_NAME_MAX 200u
void media_type_name(struct str name, char ret_name[MEDIA_NAME_MAX + 1]);

#endif
