/* chatwoot_text_reason.c - why a message did not leave, in the language of its readers. No state; any thread. */
#include "peer/chatwoot/chatwoot_text_priv.h"

static const struct {
	const char *text[LANG_COUNT];
} REASONS[] = {
#define R(en, es, pt) { { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt } },
#include "peer/chatwoot/chatwoot_reason.def"
#undef R
};

static struct str known(enum lang lang, struct str ours)
{
	for (size_t i = 0; i < COUNT(REASONS); i++) {
		if (str_find(ours, str_of(REASONS[i].text[LANG_EN])) >= 0)
			return str_of(REASONS[i].text[lang]);
	}
	return STR_NONE;
}

void chatwoot_text_reason(enum lang lang, struct str ours, struct sbuf *to)
{
	struct str reason = lang == LANG_EN ? ours : known(lang, ours);

	if (reason.n == 0) { /* rare ones: at least what happened is told */
		sbuf_printf(to, "%s: ", chatwoot_text_say(lang, WORD_NOT_DELIVERED));
		reason = ours;
	}
	sbuf_str(to, reason);
}
