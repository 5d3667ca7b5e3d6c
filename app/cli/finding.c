/* finding.c - see finding.h. */
#include "cli/finding.h"

#define TEXT_MAX (256 * KIB)

static const struct {
	const char *name;
	const char *text[FINDING_PARTS][LANG_COUNT];
} TABLE[] = {
#define FINDING(name, we, ws, wp, ge, gs, gp, te, ts, tp, ce, cs, cp) \
	{ #name, { { we, ws, wp }, { ge, gs, gp }, { te, ts, tp }, { ce, cs, cp } } },
#include "cli/finding.def"
#undef FINDING
};

static const char *const STATES[][LANG_COUNT] = { { "ok", "bien", "ok" },
						  { "warning", "aviso", "aviso" },
						  { "WRONG", "MAL", "ERRADO" } };

bool finding_lang(const struct cli *c, enum lang *ret)
{
	const char *named[] = { cli_option(c, "lang"), getenv("LC_ALL"), getenv("LC_MESSAGES"),
				getenv("LANG") };

	*ret = LANG_EN;
	if (named[0] != NULL && !lang_parse(str_of(named[0]), ret))
		return cli_usage(c, "--lang is en, es or pt") == 0;
	for (size_t i = 0; i < COUNT(named) && named[0] == NULL; i++) {
		struct str rest = str_of(named[i]), word; /* "pt_BR.UTF-8" */

		if (rest.n > 0 && str_cut(&rest, '.', &word)) {
			if (!lang_parse(word, ret))
				*ret = LANG_EN;
			break;
		}
	}
	return true;
}

bool finding_begin(const struct cli *c, struct findings *ret)
{
	static const char *const TITLES[][LANG_COUNT] = { { "what", "qué", "o quê" },
							  { "state", "estado", "estado" },
							  { "detail", "detalle", "detalhe" },
							  { "cure", "remedio", "solução" } };
	const char *titles[COUNT(TITLES)];

	*ret = (struct findings){ .text = SBUF(TEXT_MAX) };
	if (!finding_lang(c, &ret->lang))
		return false;
	for (size_t i = 0; i < COUNT(TITLES); i++)
		titles[i] = TITLES[i][ret->lang];
	cli_table_begin(&ret->table, titles, COUNT(TITLES));
	jsonw_init(&ret->json, &ret->text);
	jsonw_object(&ret->json);
	jsonw_karray(&ret->json, "data");
	return true;
}

void finding_text(enum finding_code code, enum finding_part part, enum lang l, const char *first,
		  const char *second, struct sbuf *to)
{
	for (const char *p = TABLE[code].text[part][l]; *p != '\0'; p++) {
		if (strncmp(p, "{1}", 3) != 0 && strncmp(p, "{2}", 3) != 0) {
			sbuf_char(to, *p);
			continue;
		}
		sbuf_text(to, p[1] == '1'      ? first != NULL ? first : ""
			      : second != NULL ? second
					       : "");
		p += 2;
	}
}

void finding_add(struct findings *f, enum finding_code code, enum finding_state state,
		 const char *first, const char *second)
{
	static const char *const WORDS[] = { "ok", "warning", "WRONG" };
	AUTO(sbuf_release)
	struct sbuf what = SBUF(KIB), found = SBUF(2 * KIB), cure = SBUF(2 * KIB);

	finding_text(code, FINDING_WHAT, f->lang, first, second, &what);
	finding_text(code, state == FINDING_FINE ? FINDING_GOOD : FINDING_TROUBLE, f->lang, first,
		     second, &found);
	if (state != FINDING_FINE)
		finding_text(code, FINDING_CURE, f->lang, first, second, &cure);
	cli_table_cell(&f->table, sbuf_view(&what));
	cli_table_text(&f->table, STATES[state][f->lang]);
	cli_table_cell(&f->table, sbuf_view(&found));
	cli_table_cell(&f->table, sbuf_view(&cure));
	jsonw_object(&f->json);
	jsonw_ktext(&f->json, "code", TABLE[code].name);
	jsonw_kstr(&f->json, "what", sbuf_view(&what));
	jsonw_ktext(&f->json, "state", WORDS[state]);
	jsonw_kstr(&f->json, "detail", sbuf_view(&found));
	if (state != FINDING_FINE)
		jsonw_kstr(&f->json, "cure", sbuf_view(&cure));
	else
		jsonw_ktext(&f->json, "cure", NULL);
	jsonw_end(&f->json);
	f->bad = f->bad || state == FINDING_BAD;
	f->count++;
}

int finding_end(const struct cli *c, struct findings *f)
{
	jsonw_end(&f->json);
	jsonw_kbool(&f->json, "ok", !f->bad);
	jsonw_end(&f->json);
	if (c->json)
		(void)printf("%s\n", sbuf_c(&f->text));
	else
		cli_table_print(&f->table);
	sbuf_release(&f->table.cells);
	sbuf_release(&f->text);
	return f->bad ? 1 : 0;
}
