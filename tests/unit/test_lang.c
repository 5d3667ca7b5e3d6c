/* test_lang.c - which language a reader gets. */
#include "base/lang.h"
#include "t.h"

TEST(the_reader_gets_the_first_language_that_we_have)
{
	static const struct {
		const char *header;
		enum lang want;
	} ROWS[] = {
		{ "", LANG_ES },
		{ "en", LANG_EN },
		{ "pt-BR,pt;q=0.9,en;q=0.8", LANG_PT },
		{ "de, es-AR;q=0.5, en;q=0.4", LANG_ES },
		{ "en;q=0.3, pt;q=0.7", LANG_PT },
		{ "EN-us", LANG_EN },
		{ "de-DE,fr;q=0.5", LANG_ES },
		{ "en;q=0", LANG_ES },
		{ "pt;q=x", LANG_ES },
		{ "ptx, en", LANG_EN },
		{ ",,;;q=,", LANG_ES },
	};

	EACH (r, ROWS)
		CHECK_I64(r->header, lang_accept(str_of(r->header), LANG_ES), r->want);
}

TEST(words_for_languages)
{
	enum lang l;

	CHECK(lang_parse(STR("pt"), &l) && l == LANG_PT);
	CHECK(lang_parse(STR("es_PY"), &l) && l == LANG_ES);
	CHECK(!lang_parse(STR("e"), &l) && !lang_parse(STR(""), &l) && !lang_parse(STR("eng"), &l));
}
