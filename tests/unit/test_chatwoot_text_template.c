/* test_chatwoot_text_template.c - a template in Chatwoot reads as it does at the customer's. */
#include "peer/chatwoot/chatwoot_text.h"
#include "t.h"

static void reads(const char *why, const char *known, const char *content, const char *want)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	const struct chatwoot_text t = { .lang = LANG_ES,
					 .type = STR("template"),
					 .content_json = str_of(content),
					 .template = str_of(known) };

	chatwoot_text(&t, &b);
	CHECK_SPAN(why, sbuf_view(&b), str_of(want));
}

TEST(header_body_footer_and_buttons_are_filled_in)
{
	reads("all parts",
	      "[{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Pedido {{1}}\"},"
	      "{\"type\":\"BODY\",\"text\":\"Hola {{1}}, son *{{2}}*.\"},"
	      "{\"type\":\"FOOTER\",\"text\":\"Loja_SA\"},"
	      "{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"URL\",\"text\":\"Ver\",\"url\":"
	      "\"https://x.test/{{1}}\"},{\"type\":\"QUICK_REPLY\",\"text\":\"Gracias\"},"
	      "{\"type\":\"COPY_CODE\",\"text\":\"Copiar\",\"example\":[\"Z\"]},"
	      "{\"type\":\"PHONE_NUMBER\",\"text\":\"Llamar\",\"phone_number\":\"+595\"}]}]",
	      "{\"name\":\"listo\",\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
	      "\"text\",\"text\":\"42\"}]},{\"type\":\"body\",\"parameters\":[{\"type\":\"text\","
	      "\"text\":\"Ana\"},{\"type\":\"currency\",\"currency\":{\"fallback_value\":\"5 "
	      "USD\"}}]},"
	      "{\"type\":\"button\",\"sub_type\":\"url\",\"index\":0,\"parameters\":[{\"type\":"
	      "\"text\","
	      "\"text\":\"a-42\"}]},{\"type\":\"button\",\"sub_type\":\"copy_code\",\"index\":2,"
	      "\"parameters\":[{\"type\":\"coupon_code\",\"coupon_code\":\"C9\"}]}]}",
	      "**Plantilla**: listo\n**Pedido 42**\nHola Ana, son **5 USD**.\n_Loja_SA_\n"
	      "- Ver https://x.test/a-42\n- Gracias\n- Copiar C9\n- Llamar +595");
	reads("named variables, nothing given for one",
	      "[{\"type\":\"BODY\",\"text\":\"{{nome}} e {{outro}}!\"}]",
	      "{\"name\":\"n\",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":"
	      "\"text\","
	      "\"parameter_name\":\"nome\",\"text\":\"Rui\"}]}]}",
	      "**Plantilla**: n\nRui e !");
	reads("a template without variables", "[{\"type\":\"BODY\",\"text\":\"Hola\"}]",
	      "{\"name\":\"n\"}", "**Plantilla**: n\nHola");
}

TEST(cards_are_told_one_after_the_other)
{
	reads("carousel",
	      "[{\"type\":\"BODY\",\"text\":\"Mira\"},{\"type\":\"CAROUSEL\",\"cards\":["
	      "{\"components\":[{\"type\":\"BODY\",\"text\":\"Uno {{1}}\"}]},"
	      "{\"components\":[{\"type\":\"BODY\",\"text\":\"Dos\"}]}]}]",
	      "{\"name\":\"c\",\"components\":[{\"type\":\"carousel\",\"cards\":[{\"card_index\":0,"
	      "\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":"
	      "\"x\"}]}]},"
	      "{\"card_index\":1,\"components\":[]}]}]}",
	      "**Plantilla**: c\nMira\n\n**1.**\nUno x\n\n**2.**\nDos");
}

TEST(of_a_template_that_is_not_known_the_values_are_told)
{
	const char *content =
		"{\"name\":\"n\",\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
		"\"image\",\"image\":{\"link\":\"https://x.test/a.png\"}}]},{\"type\":\"body\","
		"\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"}]}]}";

	reads("not listed", NULL, content, "**Plantilla**: n\nhttps://x.test/a.png\n- Ana");
	reads("listed without its components", "null", content,
	      "**Plantilla**: n\nhttps://x.test/a.png\n- Ana");
}
