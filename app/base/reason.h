/* reason.h - why something did not work, as it is written down (English) and as people read it (reason.def). No state; any
 * thread. */
#ifndef BASE_REASON_H
#define BASE_REASON_H

#include "base/lang.h"
#include "base/sbuf.h"

enum reason {
#define REASON(name, en, es, pt) REASON_##name,
#include "base/reason.def"
#undef REASON
	REASONS
};

/* What is written down. */
const char *reason_en(enum reason r);

/* Appends what was written down in a language: one of these reasons, alone or behind what came with it ("HTTP 401: ..."). What is
 * none of them, as of a peer or an older version, is told as it is. */
void reason_told(enum lang l, struct str written, struct sbuf *to);

#endif
