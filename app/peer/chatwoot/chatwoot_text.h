/* chatwoot_text.h - a message of WhatsApp as the text that agents read in Chatwoot (Markdown), and the reason of a
 * failure as one sentence. Words: chatwoot_text.def, one row of chatwoot_text.c per type. Pure; any thread. */
#ifndef PEER_CHATWOOT_TEXT_H
#define PEER_CHATWOOT_TEXT_H

#include "base/lang.h"
#include "base/sbuf.h"

/* Where the message's file is; each but NONE and WITH is told to the agent in a sentence. */
enum chatwoot_file_state {
	CHATWOOT_FILE_NONE,    /* it has none */
	CHATWOOT_FILE_WITH,    /* it is attached */
	CHATWOOT_FILE_COMING,  /* it follows as a message of its own */
	CHATWOOT_FILE_FAILED,  /* it could not be fetched */
	CHATWOOT_FILE_EXPIRED, /* the provider does not keep it any more */
	CHATWOOT_FILE_TOO_BIG,
	CHATWOOT_FILE_REFUSED, /* Chatwoot does not take it */
	CHATWOOT_FILE_GONE     /* it was here and is not kept any more */
};

struct chatwoot_text {
	enum lang lang;
	struct str type;         /* as stored: "text", "image", ... */
	struct str content;      /* the whole body of a text, else one line (wa_line.h) */
	struct str content_json; /* structure (README.md of this folder), or none */
	enum chatwoot_file_state file;
	struct str filename; /* of a file that is not attached; none: not known */
	struct str template; /* type template: Meta's components of it (JSON array); none: not known */
	/* Of a group: who of it wrote; none in a conversation of two. */
	struct str member_name, member_address;
};

/* Appends the text; empty only when a file is attached that came without words. */
void chatwoot_text(const struct chatwoot_text *t, struct sbuf *to);
/* The words of a message that brings the file of an earlier one (file WITH), or tells what became of it. */
void chatwoot_text_file(const struct chatwoot_text *t, struct sbuf *to);

/* external_error: the sentence of the stored error (JSON: code, text, title, message, details) with the code behind it,
 * our own ones (text) in this language (chatwoot_reason.def);
 * "WhatsApp could not deliver this message" when it says nothing. */
void chatwoot_text_error(enum lang lang, struct str error_json, struct sbuf *to);
/* One of our own English reasons (not empty) in this language: chatwoot_reason.def. What is not there stays English, behind
 * "WhatsApp could not deliver this message" in this language. */
void chatwoot_text_reason(enum lang lang, struct str ours, struct sbuf *to);
/* The same for a message that was cancelled here. */
void chatwoot_text_cancelled(enum lang lang, struct sbuf *to);

/* Private notes. */
enum chatwoot_note {
	CHATWOOT_NOTE_HANDED_OVER,   /* with the reason behind it, on the same line */
	CHATWOOT_NOTE_NOT_DELETED,   /* the agent deleted what the provider cannot */
	CHATWOOT_NOTE_DELETE_FAILED, /* or would not */
	CHATWOOT_NOTES
};
/* `detail`: foreign words, or none. */
void chatwoot_text_note(enum lang lang, enum chatwoot_note note, struct str detail,
			struct sbuf *to);

#endif
