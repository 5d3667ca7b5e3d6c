/* meta_hook.h - Meta's webhook POST, taken apart: one item per message, status, error or other
 * change.
 *
 * Contract: meta-cloud-api.md 1.4, 1.7, 2 (state of knowledge June to September 2026). Nothing that
 * Meta sends is rejected: unknown fields, types, statuses and keys stay in `raw`. A part that
 * breaks the shape becomes one item META_UNREADABLE and leaves its neighbours alone. Order of
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

/* Enough arena for any honest body of HOOK_BODY_MAX (measured: about 4 bytes per byte of body and
 * 700 per item). */
#define META_HOOK_ARENA_MAX (24 * MIB)
/* code points of a fallback line; the whole body is in `content` */
#define META_HOOK_LINE_MAX 1024

enum meta_kind {
	META_MESSAGE,   /* item.message is set */
	META_STATUS,    /* item.status is set */
	META_ERROR,     /* one element of value.errors; item.error is set */
	META_CHANGE,    /* any other field, or keys beside the known ones; raw is the change */
	META_UNREADABLE /* raw and `why` only */
};

/* An element of an errors array (2.1). code 0: none was readable. */
struct meta_fault {
	int64_t code;
	struct str title;
	struct str message;
	struct str details; /* error_data.details, or error_data itself when it is text */
};

struct meta_message {
	/* wamid; at most WA_ID_MAX bytes. Personal data: holds the phone number */
	struct str id;
	struct str from; /* wa_id; absent when the user hides the phone (2.2) */
	/* BSUID; absent before April 2026. At least one of both is there */
	struct str from_user_id;
	struct str from_parent_user_id;
	struct str profile_name; /* from the matching contacts[] element */
	struct str username;
	struct str contact; /* that element, compact JSON */
	struct str group_id;
	/* whole seconds; 0: absent or nonsense, use the arrival time */
	int64_t timestamp_ms;
	struct str type;       /* "text", "image", ...; "unknown" when missing */
	struct str text;       /* body for `text`, else the fallback line "[image] caption" */
	struct str content;    /* value of the key named like the type, compact JSON */
	bool unsupported;      /* text is only a fallback */
	struct str context_id; /* the message this one answers */
	struct str context_from;
	bool forwarded; /* forwarded or frequently_forwarded */
	bool frequently_forwarded;
	bool has_referral;       /* came from an ad or post */
	struct str referral;     /* compact JSON */
	struct meta_fault error; /* errors[0], for unsupported and media types */
};

/* How far a message has come; never goes down (2.4). Failure is apart: a delivered message can also
 * fail. */
enum meta_rank {
	/* says nothing about the way of the message: failed, or a word we do not know */
	META_RANK_NONE,
	META_RANK_PENDING,
	META_RANK_ACCEPTED,
	META_RANK_SENT,
	META_RANK_DELIVERED,
	META_RANK_READ,
	META_RANK_PLAYED
};

struct meta_status {
	/* wamid of the message; may be unknown to us or arrive before our send's answer */
	struct str id;
	struct str word; /* as sent: "delivered"; unknown words are kept */
	/* "message" or none; with another type ("payment", "call") rank is NONE, failed false */
	struct str type;
	enum meta_rank rank;
	bool failed;
	bool known; /* the word is one of ours and the type is a message's */
	int64_t timestamp_ms;
	struct str recipient_id; /* absent with a hidden phone */
	struct str recipient_user_id;
	/* also under its old name parent_recipient_user_id */
	struct str recipient_parent_user_id;
	struct str recipient_type;           /* "group" or none */
	struct str recipient_participant_id; /* groups: part of the key of a status */
	struct str tag;                      /* biz_opaque_callback_data, our own id */
	struct meta_fault error;             /* errors[0] */
	struct str pricing;                  /* compact JSON */
	struct str conversation;             /* compact JSON */
};

struct meta_item {
	enum meta_kind kind;
	struct str waba_id;
	struct str field;           /* "messages", "account_update", ... */
	struct str phone_number_id; /* none for account-level fields */
	struct str display_number;  /* never route on it (CW#14492) */
	int64_t entry_time_ms;      /* entry.time, 0: none */
	struct str raw;             /* message, status, error or change as compact JSON */
	const char *why;            /* META_UNREADABLE: static text, else NULL */
	const struct meta_message *message;
	const struct meta_status *status;
	const struct meta_fault *error;
};

struct meta_hook {
	struct str object; /* "whatsapp_business_account"; another one is not refused */
	const struct meta_item *items;
	size_t count; /* may be 0: an empty entry array is legal */
	size_t unreadable;
};

/* RC_INVALID: not JSON, too deep, or not an object: quarantine it and answer 200 all the same.
 * RC_LIMIT: the arena is full; nothing was returned. */
enum rc meta_hook_decode(struct str body, struct arena *a, struct meta_hook *ret_hook,
			 struct err *e) MUST_CHECK;

/* Rank of a status word ("read"); META_RANK_NONE for unknown words and for "failed". Case matters:
 * calls have RINGING, ACCEPTED, REJECTED (1.7). */
enum meta_rank meta_hook_rank(struct str word);
const char *meta_hook_rank_name(enum meta_rank rank); /* "delivered"; "none" */

#endif
