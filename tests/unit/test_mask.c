/* test_mask.c - what leaves the box for helpers. */
#include "cli/mask.h"
#include "t.h"

TEST(numbers_tokens_and_addresses_do_not_leave)
{
	static const struct {
		const char *in, *out;
	} ROWS[] = {
		{ "to +595981123456 now", "to +59********56 now" },
		{ "+55 11 91234-5678", "+55 ** *****-**78" },
		{ "{\"wa_id\":\"5511912345678\"}", "{\"wa_id\":\"55*********78\"}" },
		{ "at 2026-01-05T10:00:00.123Z took 12 ms",
		  "at 2026-01-05T10:00:00.123Z took 12 ms" },
		{ "http://10.0.0.1:8080/webhooks/chatwoot/main/secret",
		  "http://10.0.0.1:8080/..." },
		{ "https://user:pass@host/x?y=1", "https://host/..." },
		{ "mail ana@shop.example", "mail ***@shop.example" },
		{ "token totem_BllurGr_HL-vYjtoQnLkv9Fm769", "token (secret)" },
		{ "Authorization: Bearer-abcdefghijklmnop", "Authorization: (secret)" },
		{ "EAAGm0PX4ZCpsBAKZA123456789", "(secret)" },
		{ "id 01a2211f-27f4-7cc5-b30f-34a47d18bcec", NULL },
		{ "", "" },
	};

	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = SBUF(KIB);

		mask_text(str_of(r->in), &b);
		CHECK(sbuf_ok(&b));
		if (r->out != NULL)
			CHECK_STR(r->in, sbuf_c(&b), r->out);
	}
	CHECK(true);
}
