/* chatwoot_text.c - see chatwoot_text.h. No state; any thread. */
#include "peer/chatwoot/chatwoot_text.h"

#include "base/enc.h"
#include "base/limits.h"
#include "peer/chatwoot/chatwoot_text_priv.h"

#define TEXT_MAX (2 * MIB)

const char *chatwoot_text_say(enum lang lang, enum chatwoot_word w)
{
	static const char *const words[WORDS][LANG_COUNT] = {
#define W(name, en, es, pt) [WORD_##name] = { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt },
#include "peer/chatwoot/chatwoot_text.def"
#undef W
	};
	ASSERT((unsigned)lang < LANG_COUNT && w < WORDS);
	return words[w][lang];
}

static void word(const struct telling *w, enum chatwoot_word which)
{
	sbuf_text(w->to, chatwoot_text_say(w->t->lang, which));
}

void chatwoot_text_line(struct sbuf *to)
{
	if (to->n > 0 && to->p[to->n - 1] != '\n')
		sbuf_char(to, '\n');
}

/* Foreign words on one line: no line break of theirs, no mark that would change ours. */
void chatwoot_text_plain(struct sbuf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (strchr("\\`*[]<>~", c) != NULL && c != '\0')
			sbuf_char(to, '\\');
		sbuf_char(to, c < ' ' || c == 0x7f ? ' ' : (char)c);
	}
}

/* A text, or a number as it is printed. False: neither. */
bool chatwoot_text_value(const struct telling *w, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf number = SBUF(KIB);

	if (json_kind(n) == JSON_NUMBER || json_kind(n) == JSON_BOOL) {
		json_print(n, &number);
		sbuf_str(w->to, sbuf_view(&number));
		return true;
	}
	chatwoot_text_plain(w->to, json_str(n));
	return json_str(n).n > 0;
}

/* ": x" of the first of these members that is there. */
void chatwoot_text_detail(const struct telling *w, const struct json *o, const char *key,
			  const char *other)
{
	const struct json *n = json_path(o, key);

	if (json_str(n).n == 0 && json_kind(n) != JSON_NUMBER)
		n = json_path(o, other);
	if (json_str(n).n == 0 && json_kind(n) != JSON_NUMBER)
		return;
	sbuf_text(w->to, ": ");
	(void)chatwoot_text_value(w, n); /* looked at above */
}

/* ---- around it ---- */

static void tell_file_state(const struct telling *w)
{
	static const enum chatwoot_word words[] = {
		[CHATWOOT_FILE_COMING] = WORD_FILE_COMING,
		[CHATWOOT_FILE_FAILED] = WORD_FILE_FAILED,
		[CHATWOOT_FILE_EXPIRED] = WORD_FILE_EXPIRED,
		[CHATWOOT_FILE_TOO_BIG] = WORD_FILE_TOO_BIG,
		[CHATWOOT_FILE_REFUSED] = WORD_FILE_REFUSED,
		[CHATWOOT_FILE_GONE] = WORD_FILE_GONE,
	};

	if (w->t->file == CHATWOOT_FILE_NONE || w->t->file == CHATWOOT_FILE_WITH)
		return;
	chatwoot_text_line(w->to);
	sbuf_printf(w->to, "_%s_", chatwoot_text_say(w->t->lang, words[w->t->file]));
}

/* "> Came through the advertisement: Summer sale https://..." */
static void tell_origin(const struct telling *w, const struct json *content)
{
	const struct json *ad = json_get(content, "referral"),
			  *context = json_get(content, "context");
	const struct json *product = json_get(context, "referred_product");

	if (ad != NULL) {
		chatwoot_text_line(w->to);
		sbuf_text(w->to, "\n> ");
		word(w, WORD_FROM_AD);
		chatwoot_text_detail(w, ad, "headline", "body");
		sbuf_printf(w->to, " %.*s", STRF(json_get_str(ad, "source_url")));
	}
	if (product != NULL) {
		chatwoot_text_line(w->to);
		sbuf_text(w->to, "\n> ");
		word(w, WORD_ABOUT_PRODUCT);
		chatwoot_text_detail(w, product, "product_retailer_id", "catalog_id");
	}
	if (json_get_bool(context, "forwarded", false) ||
	    json_get_bool(context, "frequently_forwarded", false)) {
		chatwoot_text_line(w->to);
		sbuf_printf(w->to, "\n> %s", chatwoot_text_say(w->t->lang, WORD_FORWARDED));
	}
}

/* Of a group: who of it wrote. */
static void tell_member(const struct telling *w)
{
	const struct chatwoot_text *t = w->t;

	if (t->member_name.n == 0 && t->member_address.n == 0)
		return;
	sbuf_text(w->to, "**");
	chatwoot_text_plain(w->to, t->member_name.n > 0 ? t->member_name : t->member_address);
	sbuf_text(w->to, "**");
	if (t->member_name.n > 0 && t->member_address.n > 0) {
		sbuf_text(w->to, " (");
		chatwoot_text_plain(w->to, t->member_address);
		sbuf_char(w->to, ')');
	}
	sbuf_text(w->to, ":\n");
}

void chatwoot_text(const struct chatwoot_text *t, struct sbuf *to)
{
	AUTO(json_freep) struct json *content = NULL;
	AUTO(sbuf_release) struct sbuf text = SBUF(TEXT_MAX);
	struct telling w = { .t = t, .to = &text };

	if (t->content_json.n > 0 && json_parse(t->content_json, &content, NULL) != RC_OK)
		content = NULL; /* the line says it */
	w.body = content;
	tell_member(&w);
	chatwoot_text_body(&w);
	tell_file_state(&w);
	tell_origin(&w, content);
	if (!sbuf_ok(&text))
		to->failed = true;
	sbuf_str(to, str_trim(sbuf_view(&text)));
}

void chatwoot_text_file(const struct chatwoot_text *t, struct sbuf *to)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(64 * KIB);
	struct telling w = { .t = t, .to = &text };

	if (t->file == CHATWOOT_FILE_WITH)
		word(&w, WORD_FILE_HERE);
	tell_file_state(&w);
	sbuf_str(to, sbuf_view(&text));
}

void chatwoot_text_error(enum lang lang, struct str error_json, struct sbuf *to)
{
	static const char *const keys[] = { "details", "message", "title" };
	AUTO(json_freep) struct json *error = NULL;
	struct str ours, theirs = STR_NONE;
	int64_t code = 0;

	if (error_json.n > 0 && json_parse(error_json, &error, NULL) != RC_OK)
		error = NULL; /* then the general sentence */
	ours = str_trim(json_get_str(error, "text"));
	for (size_t i = 0; i < COUNT(keys) && ours.n == 0 && theirs.n == 0; i++)
		theirs = str_trim(json_get_str(error, keys[i]));
	if (ours.n > 0)
		chatwoot_text_reason(lang, enc_utf8_cut(ours, 220), to);
	else
		sbuf_text(to, chatwoot_text_say(lang, WORD_NOT_DELIVERED));
	if (theirs.n > 0)
		sbuf_printf(to, ": %.*s", STRF(enc_utf8_cut(theirs, 150)));
	if (json_get_i64(error, "code", &code) && code > 0)
		sbuf_printf(to, " (%lld)", (long long)code);
}

void chatwoot_text_cancelled(enum lang lang, struct sbuf *to)
{
	sbuf_text(to, chatwoot_text_say(lang, WORD_CANCELLED));
}

void chatwoot_text_note(enum lang lang, enum chatwoot_note note, struct str detail, struct sbuf *to)
{
	static const enum chatwoot_word words[CHATWOOT_NOTES] = {
		[CHATWOOT_NOTE_HANDED_OVER] = WORD_HANDED_OVER,
		[CHATWOOT_NOTE_NOT_DELETED] = WORD_NOT_DELETED,
		[CHATWOOT_NOTE_DELETE_FAILED] = WORD_DELETE_FAILED,
	};

	ASSERT((unsigned)note < CHATWOOT_NOTES);
	sbuf_text(to, chatwoot_text_say(lang, words[note]));
	detail = str_trim(detail);
	if (detail.n == 0)
		return;
	sbuf_text(to, ": ");
	chatwoot_text_plain(to, detail);
}
