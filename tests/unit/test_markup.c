/* test_markup.c - WhatsApp's marks to Markdown and back, row by row. */
#include "peer/wa/markup.h"

#include "t.h"

struct row {
	const char *in;
	const char *out;
};

typedef void convert(struct str in, struct sbuf *to);

static void run(const struct row *rows, size_t count, convert *fn)
{
	for (size_t i = 0; i < count; i++) {
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		fn(str_of(rows[i].in), &b);
		CHECK(sbuf_ok(&b));
		CHECK_STR(rows[i].in, sbuf_c(&b), rows[i].out);
	}
}

TEST(whatsapp_becomes_markdown)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "*bold*", "**bold**" },
		{ "_it_", "_it_" },
		{ "~gone~", "~~gone~~" },
		{ "a *b* c _d_ e ~f~.", "a **b** c _d_ e ~~f~~." },
		{ "*_both_*", "**_both_**" },
		{ "*b _i ~s~_*", "**b _i ~~s~~_**" },
		{ "2 * 3 * 4", "2 * 3 * 4" },
		{ "a*b*c", "a*b*c" },
		{ "*open", "*open" },
		{ "close*", "close*" },
		{ "* item\n* other", "- item\n- other" },
		{ "- item", "- item" },
		{ "*a\nb*", "*a\nb*" },
		{ "`*x*`", "`*x*`" },
		{ "```*x*\n*y*``` *z*", "```*x*\n*y*``` **z**" },
		{ "``` open *b*", "``` open **b**" },
		{ "> quote *b*", "> quote **b**" },
		{ "*b*!", "**b**!" },
		{ "(*b*)", "(**b**)" },
		{ "*ação*", "**ação**" },
		{ "snake_case_name", "snake_case_name" },
		{ "https://x.test/a_b_c", "https://x.test/a_b_c" },
		{ "**", "**" },
		{ "* *", "- *" },
		{ "*", "*" },
		{ "`", "`" },
		{ "\xff*b*", "\xff*b*" },
	};
	run(rows, COUNT(rows), markup_to_markdown);
}

TEST(markdown_becomes_whatsapp)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "**bold**", "*bold*" },
		{ "__bold__", "*bold*" },
		{ "*it*", "_it_" },
		{ "_it_", "_it_" },
		{ "~~gone~~", "~gone~" },
		{ "***both***", "*_both_*" },
		{ "**b _i_ c**", "*b _i_ c*" },
		{ "**b *i* c**", "*b _i_ c*" },
		{ "a **open", "a **open" },
		{ "2 * 3 * 4", "2 * 3 * 4" },
		{ "a\\*b\\*", "a*b*" },
		{ "line\\\nnext", "line\nnext" },
		{ "line  \nnext", "line\nnext" },
		{ "line\r\nnext", "line\nnext" },
		{ "last\\", "last\\" },
		{ "# Title", "*Title*" },
		{ "### Title  ", "*Title*" },
		{ "#tag", "#tag" },
		{ "* item\n* **b**", "- item\n- *b*" },
		{ "1. one", "1. one" },
		{ "[site](https://x.test/a)", "site (https://x.test/a)" },
		{ "[https://x.test](https://x.test)", "https://x.test" },
		{ "[**b**](u)", "**b** (u)" },
		{ "[open](", "[open](" },
		{ "[a][b]", "[a][b]" },
		{ "[]", "[]" },
		{ "[", "[" },
		{ "<https://x.test/a>", "https://x.test/a" },
		{ "a < b > c", "a < b > c" },
		{ "`**x**`", "`**x**`" },
		{ "```\n**x**\n```", "```\n**x**\n```" },
		{ "``` open **b**", "``` open *b*" },
		{ "> q **b**", "> q *b*" },
		{ "**b**, *i*; ~~s~~.", "*b*, _i_; ~s~." },
		{ "**", "**" },
		{ "****", "****" },
		{ "\\", "\\" },
	};
	run(rows, COUNT(rows), markup_to_whatsapp);
}

TEST(there_and_back_is_the_same_for_balanced_text)
{
	static const char *const texts[] = { "*a* _b_ ~c~", "x *y _z_* `k`", "```*q*```",
					     "> *a*\n- b" };
	EACH (t, texts) {
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		struct sbuf c AUTO(sbuf_release) = SBUF(4 * KIB);
		markup_to_markdown(str_of(*t), &b);
		markup_to_whatsapp(sbuf_view(&b), &c);
		CHECK_STR(*t, sbuf_c(&c), *t);
	}
}

TEST(hostile_text_stays_linear)
{
	static const char *const units[] = { "*a ",  "**a ",  "[",    "[a](", "<https://",
					     "`",    "``a`b", "*_~",  "_*a",  "\\",
					     "~~a ", "***a",  "``` ", "*a* ", "((*a" };
	EACH (u, units) {
		struct sbuf in AUTO(sbuf_release) = SBUF(MIB);
		struct sbuf out AUTO(sbuf_release) = SBUF(4 * MIB);
		while (in.n < 150000)
			sbuf_text(&in, *u);
		int64_t start = t_cpu_us();
		markup_to_markdown(sbuf_view(&in), &out);
		markup_to_whatsapp(sbuf_view(&in), &out);
		int64_t took = t_cpu_us() - start;
		CHECK(sbuf_ok(&out));
		if (took > 1000000)
			CHECK_I64(*u, took, 0);
	}
}

TEST(nuls_pass_and_a_full_buffer_is_seen)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(16);
	markup_to_whatsapp(str_n("a\0**b**\0", 8), &b);
	CHECK_SPAN("NUL", sbuf_view(&b), str_n("a\0*b*\0", 6));
	struct sbuf small AUTO(sbuf_release) = SBUF(4);
	markup_to_markdown(STR("*bold*"), &small);
	CHECK(!sbuf_ok(&small));
}
