/* wa.h - what a provider of WhatsApp tells us, in words that do not depend on the provider.
 *
 * meta_hook.h and evolution_hook.h decode into these structs, flow/ingest/ingest.c reads nothing else. All text
 * lives in the decoder's arena, is NUL-terminated and valid UTF-8 (malformed bytes and \u0000 became
 * U+FFFD); STR_NONE means "was not there". Pure; any thread. */
#ifndef PEER_WA_H
#define PEER_WA_H

#include "base/arena.h"
#include "base/str.h"

/* code points of the one-line text of a message; the whole body is in `content` */
#define WA_LINE_MAX 1024

enum wa_kind {
	WA_MESSAGE,    /* item.message is set */
	WA_STATUS,     /* item.status is set */
	WA_ERROR,      /* one element of value.errors; item.error is set */
	WA_CHANGE,     /* any other field, or keys beside the known ones; raw is the change */
	WA_UNREADABLE, /* raw and `why` only */
	WA_PERSON,     /* news of a person that is no message; item.person is set */
	WA_EVENT /* news of the account, a number, a template, a group, a call; item.event is set */
};

/* An element of an errors array (2.1). code 0: none was readable. */
struct wa_fault {
	int64_t code;
	struct str title;
	struct str message;
	struct str details; /* error_data.details, or error_data itself when it is text */
};

/* A message that is about an earlier one. It is stored as a message of its own, and its effect on the
 * target is kept as a change (store/change.h). */
enum wa_act { WA_ACT_NONE, WA_ACT_EDIT, WA_ACT_REVOKE, WA_ACT_REACTION };

/* A file that belongs to a message; where its bytes are depends on the provider. */
struct wa_media {
	struct str id;   /* Meta: media id, valid for 7 days; Evolution: none */
	struct str mime; /* as the peer says it, parameters included; the sniffed type wins */
	struct str filename;
	uint8_t sha256[32]; /* of the decrypted bytes; has_sha256 */
	bool has_sha256;
	bool voice;
	bool animated;
	int64_t bytes; /* as the peer says; 0: unknown */
	/* Evolution with base64:true: the bytes themselves, still base64; none: to be fetched */
	struct str inline_base64;
};

/* How far a message has come; never goes down (2.4). Failure is apart: a delivered message can also
 * fail. */
enum wa_rank {
	/* says nothing about the way of the message: failed, or a word we do not know */
	WA_RANK_NONE,
	WA_RANK_PENDING,
	WA_RANK_ACCEPTED,
	WA_RANK_SENT,
	WA_RANK_DELIVERED,
	WA_RANK_READ,
	WA_RANK_PLAYED
};

struct wa_message {
	/* wamid; at most WA_ID_MAX bytes. Personal data: holds the phone number */
	struct str id;
	struct str from; /* wa_id; absent when the user hides the phone (2.2) */
	/* BSUID; absent before April 2026. At least one of both is there */
	struct str from_user_id;
	struct str from_parent_user_id;
	struct str profile_name; /* from the matching contacts[] element */
	struct str username;
	struct str group_id;
	/* whole seconds; 0: absent or nonsense, use the arrival time */
	int64_t timestamp_ms;
	struct str type; /* "text", "image", ...; "unknown" when missing */
	/* Whole body for `text`, the tapped title for buttons and lists, else one line of at most
	 * WA_LINE_MAX code points: "[image] caption" (wa_line.h) */
	struct str text;
	/* Structure of the message as peer/README.md describes it, compact JSON object; none for a
	 * text that is nothing but text. Becomes the column content_json */
	struct str content;
	bool unsupported;      /* a type that no decoder understands; text is only a fallback */
	struct str context_id; /* the message this one answers */
	struct str context_from;
	bool forwarded; /* forwarded or frequently_forwarded */
	bool frequently_forwarded;
	bool has_referral;     /* came from an ad or post */
	struct str referral;   /* compact JSON */
	struct wa_fault error; /* errors[0], for unsupported and media types */
	enum wa_act act;
	struct str target_id; /* acts: provider id of the message that is changed */
	/* edit: the whole new text; reaction: the emoji, empty when it is taken back */
	struct str act_text;
	struct str act_content; /* edit: new `content` of the target; none for plain text */
	/* edit, revoke: done here, by this account of the CRM (none: by a program), and only told as if by the provider */
	bool acted;
	struct str acted_by;
	/* Written by the business outside of Totem (phone app, another device, its history): the
	 * customer is then `to`, not `from` (Meta 1.7 echoes; Evolution key.fromMe). */
	bool from_me;
	struct str to;         /* from_me: phone of the customer */
	struct str to_user_id; /* from_me: BSUID of the customer */
	bool history;          /* older than the connection: stored, but nobody is told of it */
	struct str lid;        /* Evolution: user part of an @lid address; never a phone (R13) */
	struct str to_lid;     /* from_me: the same of the customer */
	/* Evolution send.message: made through the provider's API, by us or by another program; from_me */
	bool api_send;
	const struct wa_media *media; /* NULL: none */
	/* from_me and history: how far it had come; WA_RANK_NONE: not told (then "sent") */
	enum wa_rank rank;
	bool failed;      /* history: it never arrived */
	bool placeholder; /* history: the body comes later under the same id and replaces this one */
	/* `system`: the sender has this address from now on (number or BSUID changed); none: not told */
	struct str new_from;
	struct str new_user_id;
};

/* What became known of a person without a message. At least one address is there. */
enum wa_news {
	WA_NEWS_SEEN,   /* these addresses are one person, who is called `name` by themselves */
	WA_NEWS_MOVED,  /* previous_* and the others are one person; the others count from now on */
	WA_NEWS_BOOKED, /* stands in the address book of the business as `name` */
	WA_NEWS_UNBOOKED,   /* does not stand there any more */
	WA_NEWS_PREFERENCE, /* wants advertising or not: `word` is stop, resume or signup */
	WA_NEWS_ALIAS       /* these addresses are one person, if we know them at all */
};

struct wa_person {
	enum wa_news news;
	struct str phone, user_id, parent_user_id, lid;
	struct str previous_phone, previous_user_id;
	struct str name;
	struct str username;
	struct str word;
	int64_t timestamp_ms; /* 0: not told; of two preferences the later one counts */
};

/* News that concerns no single message. What the box does about it: flow/ingest/ingest_event.c. */
enum wa_about {
	WA_ABOUT_ACCOUNT,
	WA_ABOUT_NUMBER,
	WA_ABOUT_TEMPLATE,
	WA_ABOUT_FLOW,
	WA_ABOUT_GROUP,
	WA_ABOUT_CALL,
	WA_ABOUT_SECURITY,
	WA_ABOUT_CONNECTION /* Evolution: open, connecting, close; a QR code */
};

enum wa_gravity {
	WA_GRAVITY_NOTE, /* kept */
	WA_GRAVITY_GOOD, /* what was wrong with this subject is over */
	WA_GRAVITY_WARN, /* a person should know */
	WA_GRAVITY_ALARM /* sending is in danger or impossible */
};

struct wa_event {
	enum wa_about about;
	enum wa_gravity gravity;
	struct str word; /* as the peer says it: "DISABLED_UPDATE", "PAUSED", "close" */
	struct str
		subject; /* template "name/language", display number, group id, call id; may be none */
	struct str detail;             /* one line for people, English; may be none */
	struct str from, from_user_id; /* calls: the person, when told */
	int64_t timestamp_ms;          /* 0: not told */
};

/* How a number that is paired like a phone (Evolution) stands with WhatsApp; beside an event about the
 * connection. */
struct wa_link {
	int64_t reason;     /* WhatsApp's number of the reason (401: logged out), 0: none */
	struct str qr;      /* text of the QR code; a key to the number: never logged */
	struct str picture; /* the same as "data:image/png;base64,..." */
	struct str pairing; /* code to be typed on the phone */
	struct str number;  /* own number, digits */
};

struct wa_status {
	/* wamid of the message; may be unknown to us or arrive before our send's answer */
	struct str id;
	struct str word; /* as sent: "delivered"; unknown words are kept */
	/* "message" or none; with another type ("payment", "call") rank is NONE, failed false */
	struct str type;
	enum wa_rank rank;
	bool failed;
	bool known; /* the word is one of ours and the type is a message's */
	int64_t timestamp_ms;
	struct str recipient_id; /* absent with a hidden phone */
	struct str recipient_user_id;
	/* also under its old name parent_recipient_user_id */
	struct str recipient_parent_user_id;
	struct str recipient_type; /* "group" or none */
	/* Groups: whose device it was, part of the key of a status; the BSUID when the phone is hidden */
	struct str recipient_participant_id;
	struct str tag;          /* biz_opaque_callback_data, our own id */
	struct wa_fault error;   /* errors[0] */
	struct str pricing;      /* compact JSON */
	struct str conversation; /* compact JSON */
};

struct wa_item {
	enum wa_kind kind;
	struct str waba_id;
	struct str field;           /* "messages", "account_update", ... */
	struct str phone_number_id; /* none for account-level fields */
	struct str display_number;  /* never route on it (CW#14492) */
	int64_t entry_time_ms;      /* entry.time, 0: none */
	/* error, change, event, person's news or unreadable part as compact JSON; none for messages and for
	 * statuses whose word is known: they are kept in the delivery */
	struct str raw;
	const char *why; /* WA_UNREADABLE: static text, else NULL */
	const struct wa_message *message;
	const struct wa_status *status;
	const struct wa_fault *error;
	const struct wa_person *person;
	const struct wa_event *event;
	const struct wa_link *link; /* events about the connection, else NULL */
	/* WA_CHANGE that is understood and needs nothing but to be kept: no note, no warning */
	bool kept;
};

struct wa_batch {
	struct str object; /* Meta: "whatsapp_business_account"; another one is not refused */
	const struct wa_item *items;
	size_t count; /* may be 0: an empty entry array is legal */
	size_t unreadable;
	struct str instance; /* Evolution: which of its numbers speaks */
	/* Evolution's own Chatwoot bridge is on: with ours beside it each message would be there twice */
	bool twin_bridge;
};

/* Rank of a status word ("read"); WA_RANK_NONE for unknown words and for "failed". Case matters:
 * calls have RINGING, ACCEPTED, REJECTED (meta-cloud-api.md 1.7). */
enum wa_rank wa_rank_parse(struct str word);
const char *wa_rank_name(enum wa_rank rank); /* "delivered"; "none" */

#endif
