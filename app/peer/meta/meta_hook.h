/* meta_hook.h - Meta's webhook POST, taken apart: one item per message, status, error or other
 * change.
 *
 * Contract: meta-cloud-api.md 1.4, 1.7, 2 (state of knowledge June to September 2026). Nothing that
 * Meta sends is rejected: unknown fields, types, statuses and keys stay in `raw`. A part that
 * breaks the shape becomes one item WA_UNREADABLE and leaves its neighbours alone. Order of
 * items: as in the document; inside one value messages, then statuses, then errors. Duplicates
 * inside one POST are the caller's business.
 *
 * All text lives in the caller's arena, is NUL-terminated and valid UTF-8 (malformed bytes and
 * \u0000 became U+FFFD); STR_NONE means "was not there". Only the message type `text` is fully
 * understood as yet; every other type has `unsupported` set and a one-line fallback in `text`, and
 * its body object in `content`. Pure. */
#ifndef PEER_META_HOOK_H
#define PEER_META_HOOK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "peer/wa/wa.h"

/* Enough arena for any honest body of HOOK_BODY_MAX (measured: about 4 bytes per byte of body and
 * 700 per item). */
#define META_HOOK_ARENA_MAX (24 * MIB)

/* RC_INVALID: not JSON, too deep, or not an object: quarantine it and answer 200 all the same.
 * RC_LIMIT: the arena is full; nothing was returned. */
enum rc meta_hook_decode(struct str body, struct arena *a, struct wa_batch *ret_hook, struct err *e)
	MUST_CHECK;

#endif
