/* test_finding.c - findings say the same in three languages. */
#include "cli/finding.h"
#include "t.h"

/* main.c is not linked into tests. */
const struct cli_command main_commands[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };

TEST(every_finding_has_sentence_and_cure_in_three_languages)
{
	for (int code = 0; code < FINDING_CODES; code++) {
		for (int part = 0; part < FINDING_PARTS; part++) {
			AUTO(sbuf_release) struct sbuf first = SBUF(4 * KIB);

			finding_text((enum finding_code)code, (enum finding_part)part, LANG_EN,
				     "(one)", "(two)", &first);
			for (unsigned l = 0; l < LANG_COUNT; l++) {
				AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

				finding_text((enum finding_code)code, (enum finding_part)part,
					     (enum lang)l, "(one)", "(two)", &b);
				CHECK(b.n > 0);
				CHECK_I64("one", str_find(sbuf_view(&b), STR("(one)")) >= 0,
					  str_find(sbuf_view(&first), STR("(one)")) >= 0);
				CHECK_I64("two", str_find(sbuf_view(&b), STR("(two)")) >= 0,
					  str_find(sbuf_view(&first), STR("(two)")) >= 0);
				CHECK(str_find(sbuf_view(&b), STR("{")) < 0);
				CHECK(b.n <= CLI_CELL_MAX); /* else the table cuts it */
			}
		}
	}
}
