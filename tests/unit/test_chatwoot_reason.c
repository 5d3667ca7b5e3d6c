/* test_chatwoot_reason.c - why an agent's message did not leave, as the agent reads it. */
#include "peer/chatwoot/chatwoot_text.h"
#include "t.h"

static const char *told(enum lang lang, const char *text, struct sbuf *b)
{
	AUTO(sbuf_release) struct sbuf json = SBUF(4 * KIB);

	b->n = 0;
	sbuf_printf(&json, "{\"code\":-1,\"class\":\"permanent\",\"text\":\"%s\"}", text);
	chatwoot_text_error(lang, sbuf_view(&json), b);
	sbuf_char(b, '\0');
	return sbuf_ok(b) ? b->p : "";
}

TEST(reasons_are_told_in_the_readers_language)
{
	static const struct {
		enum lang lang;
		const char *text, *wanted;
	} ROWS[] = {
		{ LANG_EN, "the file is longer than 99 bytes", "the file is longer than 99 bytes" },
		{ LANG_ES, "the file is longer than 99 bytes", "el archivo es demasiado grande" },
		{ LANG_PT, "Meta error 131047: the 24 hour window is closed",
		  "passaram mais de 24 horas desde a última mensagem do cliente: envie um modelo" },
		{ LANG_PT, "the file's address leads on and on",
		  "o endereço do arquivo leva sempre a outro" },
		{ LANG_ES, "Meta error 190: the access token expired or is invalid",
		  "el token de acceso venció o no vale: hay que renovarlo" },
		{ LANG_ES, "nobody knows this one",
		  "WhatsApp no pudo entregar este mensaje: nobody knows this one" },
	};

	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

		CHECK_STR(r->text, told(r->lang, r->text, &b), r->wanted);
	}
}

/* A row that another row hides would never be told; one that is cut or empty would say nothing. */
TEST(each_reason_has_its_own_words_in_each_language)
{
	static const char *const ROWS[][LANG_COUNT] = {
#define R(en, es, pt) { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt },
#include "peer/chatwoot/chatwoot_reason.def"
#undef R
	};

	EACH (r, ROWS) {
		for (int lang = 0; lang < LANG_COUNT; lang++) {
			AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

			CHECK_STR((*r)[LANG_EN], told((enum lang)lang, (*r)[LANG_EN], &b),
				  (*r)[lang]);
		}
		CHECK(strlen((*r)[LANG_ES]) > 10 && strlen((*r)[LANG_PT]) > 10);
	}
}
