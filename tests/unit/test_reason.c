/* test_reason.c - reasons are written down in English and told in the reader's language. */
#include "t.h"
#include "base/reason.h"

static const char *told(enum lang l, const char *written)
{
	static char text[400];
	AUTO(sbuf_release) struct sbuf b = SBUF(sizeof(text) - 1);

	reason_told(l, str_of(written), &b);
	(void)snprintf(text, sizeof(text), "%s", sbuf_c(&b));
	return text;
}

TEST(reason_is_told_in_each_language)
{
	for (unsigned i = 0; i < REASONS; i++) {
		const char *en = reason_en((enum reason)i);

		CHECK_STR("English", told(LANG_EN, en), en);
		CHECK(strcmp(told(LANG_ES, en), en) != 0);
		CHECK(strcmp(told(LANG_PT, en), en) != 0);
		for (unsigned other = 0; other < i; other++)
			CHECK(strcmp(reason_en((enum reason)other), en) != 0);
	}
}

TEST(reason_keeps_what_came_with_it_and_what_is_not_ours)
{
	CHECK_STR("a status of HTTP",
		  told(LANG_ES, "HTTP 401: the webhook's authentication refuses us"),
		  "HTTP 401: la autenticación del webhook nos rechaza");
	CHECK_STR("a person's own words", told(LANG_ES, "done for today"), "done for today");
	CHECK_STR("a peer's", told(LANG_PT, "HTTP 418: I'm a teapot"), "HTTP 418: I'm a teapot");
	CHECK_STR("nothing", told(LANG_PT, ""), "");
}
