/* test_template_use.c - which templates may be sent. */
#include "flow/send/template_use.h"

#include "t.h"

TEST(a_status_says_whether_it_may_be_sent)
{
	static const char *const no[] = { "PENDING",          "REJECTED",      "PAUSED", "DISABLED",
					  "IN_APPEAL",        "DELETED",       "LOCKED", "ARCHIVED",
					  "PENDING_DELETION", "LIMIT_EXCEEDED" };
	static const char *const yes[] = { "APPROVED", "FLAGGED", "REINSTATED", "SOMETHING_NEW" };

	EACH (s, no)
		CHECK(template_unusable(str_of(*s)) != NULL);
	EACH (s, yes)
		CHECK(template_unusable(str_of(*s)) == NULL);
}
