/* reason.c - see reason.h. */
#include "base/reason.h"

static const char *const TEXTS[REASONS][LANG_COUNT] = {
#define REASON(name, en, es, pt) \
	[REASON_##name] = { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt },
#include "base/reason.def"
#undef REASON
};

const char *reason_en(enum reason r)
{
	ASSERT(r < REASONS);
	return TEXTS[r][LANG_EN];
}

void reason_told(enum lang l, struct str written, struct sbuf *to)
{
	struct str reason = written;
	ptrdiff_t at = str_starts(written, STR("HTTP ")) ? str_find(written, STR(": ")) : -1;

	ASSERT(l < LANG_COUNT);
	if (at >= 0)
		reason = str_sub(written, (size_t)at + 2, written.n);
	for (size_t i = 0; i < REASONS; i++) {
		if (!str_eqc(reason, TEXTS[i][LANG_EN]))
			continue;
		sbuf_str(to, str_sub(written, 0, written.n - reason.n));
		sbuf_str(to, str_of(TEXTS[i][l]));
		return;
	}
	sbuf_str(to, written);
}
