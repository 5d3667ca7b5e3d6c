/* test_lookup.c - the language of lookup connectors: inputs, conditions, output, masks. */
#include "peer/lookup.h"

#include "t.h"

TEST(inputs_are_checked_by_their_rules)
{
	static const struct {
		const char *why, *rules, *object, *error; /* error NULL: fine */
	} ROWS[] = {
		{ "a DNI", "dni=digits:8-8", "{\"dni\":\"08408122\"}", NULL },
		{ "blanks around", "dni=digits:8", "{\"dni\":\" 08408122 \"}", NULL },
		{ "more than asked", "dni=digits:8", "{\"dni\":\"08408122\",\"x\":1}", NULL },
		{ "missing", "dni=digits:8", "{}", "dni: is missing" },
		{ "null", "dni=digits:8", "{\"dni\":null}", "dni: is missing" },
		{ "a number lost its zeros", "dni=digits:8", "{\"dni\":8408122}",
		  "dni: has to be a text (leading zeros count)" },
		{ "seven", "dni=digits:8", "{\"dni\":\"8408122\"}", "dni: has to be 8 digits" },
		{ "nine", "dni=digits:8", "{\"dni\":\"084081221\"}", "dni: has to be 8 digits" },
		{ "letters", "dni=digits:8", "{\"dni\":\"0840812x\"}", "dni: has to be 8 digits" },
		{ "a NUL", "dni=digits:8", "{\"dni\":\"0840812\\u0000\"}",
		  "dni: has to be 8 digits" },
		{ "full-width digits", "dni=digits:8",
		  "{\"dni\":"
		  "\"\xEF\xBC\x90\xEF\xBC\x98\xEF\xBC\x94\xEF\xBC\x90\xEF\xBC\x98\xEF\xBC\x91"
		  "\xEF\xBC\x92\xEF\xBC\x92\"}",
		  "dni: has to be 8 digits" },
		{ "a list", "dni=digits:8", "{\"dni\":[\"08408122\"]}",
		  "dni: has to be a text (leading zeros count)" },
		{ "two", "dni=digits:8 doc=alnum:1-3?", "{\"dni\":\"08408122\",\"doc\":\"a1\"}",
		  NULL },
		{ "may be missing", "dni=digits:8 doc=alnum:1-3?", "{\"dni\":\"08408122\"}", NULL },
		{ "range", "name=text:2-5", "{\"name\":\"\xC3\x91\"}",
		  "name: has to be 2 to 5 characters" },
		{ "control character", "name=text:2-5", "{\"name\":\"a\\nb\"}",
		  "name: has to be 2 to 5 characters" },
	};

	json_start();
	EACH (r, ROWS) {
		AUTO(arena_release) struct arena a = ARENA(64 * KIB);
		AUTO(json_freep) struct json *object = NULL;
		struct template_value v[LOOKUP_INPUTS_MAX];
		struct lookup_inputs rules;

		MUST(lookup_inputs_parse(str_of(r->rules), &rules, &t_err));
		MUST(json_parse(str_of(r->object), &object, &t_err));
		CHECK_I64(r->why, lookup_inputs_take(&rules, object, &a, v, &t_err),
			  r->error == NULL ? RC_OK : RC_INVALID);
		CHECK_STR(r->why, t_err.text, r->error != NULL ? r->error : "");
		CHECK(str_find(str_of(t_err.text), STR("0840")) < 0);
		if (r->error == NULL && str_starts(str_of(r->rules), STR("dni")))
			CHECK_SPAN("text with its zero", v[0].value, STR("08408122"));
		err_clear(&t_err);
	}
}

/* one more than a connector may have */
#define NINE                                                     \
	"a=text:1 b=text:1 c=text:1 d=text:1 e=text:1 f=text:1 " \
	"g=text:1 h=text:1 i=text:1"

TEST(rules_that_are_none_are_refused)
{
	static const char *const ROWS[] = { "",
					    "   ",
					    "dni",
					    "dni=digits",
					    "dni=digits:",
					    "dni=digits:0",
					    "dni=digits:9-8",
					    "dni=digits:1-201",
					    "dni=hex:1",
					    "=digits:1",
					    "d.n=digits:1",
					    "token=text:1-9",
					    "password=text:1-9",
					    NINE };
	struct lookup_inputs rules;

	EACH (r, ROWS)
		CHECK_I64(*r, lookup_inputs_parse(str_of(*r), &rules, NULL), RC_INVALID);
}

TEST(conditions_hold_as_written)
{
	static const struct {
		const char *words;
		int status;
		const char *body;
		bool wanted;
	} ROWS[] = {
		{ "status:401", 401, "{}", true },
		{ "status:401", 403, "{}", false },
		{ "status:401 status:403", 403, "{}", true },
		{ "status:5xx", 503, "{}", true },
		{ "status:5xx", 404, "{}", false },
		{ "json:error.code=E7", 200, "{\"error\":{\"code\":\"E7\"}}", true },
		{ "json:error.code=E7", 200, "{\"error\":{\"code\":\"E8\"}}", false },
		{ "json:code=7", 200, "{\"code\":7}", true },
		{ "json:ok=false", 200, "{\"ok\":false}", true },
		{ "json:msg=no%20session", 200, "{\"msg\":\"no session\"}", true },
		{ "json:data", 200, "{\"data\":{\"a\":1}}", true },
		{ "json:data", 200, "{\"data\":{}}", false },
		{ "json:data", 200, "{\"data\":0}", true },
		{ "json:!data", 200, "{\"data\":[]}", true },
		{ "json:!data", 200, "{\"data\":false}", true },
		{ "json:!data", 200, "{}", true },
		{ "json:!data", 200, "<html>", false },
		{ "json:data=", 200, "{\"data\":\"\"}", true },
		{ "text:expirada", 200, "<p>sesion expirada</p>", true },
		{ "text:expirada", 200, "<p>hola</p>", false },
		{ "", 200, "{}", false },
	};

	json_start();
	EACH (r, ROWS) {
		AUTO(json_freep) struct json *root = NULL;
		bool yes = !r->wanted;
		struct lookup_answer a = { .status = r->status, .body = str_of(r->body) };

		if (json_parse(a.body, &root, NULL) == RC_OK)
			a.root = root;
		MUST(lookup_when(str_of(r->words), &a, &yes, &t_err));
		CHECK_I64(r->words, yes, r->wanted);
	}
}

TEST(words_that_are_no_condition_are_refused)
{
	static const char *const ROWS[] = { "401",      "status:", "status:99", "status:4x1",
					    "json:",    "json:!",  "json:=1",   "header:X",
					    "text:%zz", "status",  "json:a%00", "status:6xx" };

	EACH (r, ROWS)
		CHECK_I64(*r, lookup_when_check(str_of(*r), NULL), RC_INVALID);
}

TEST(output_takes_what_is_asked_for)
{
	static const struct {
		const char *words, *data, *wanted;
	} ROWS[] = {
		{ "", "{\"a\":1,\"b\":[true,null]}", "{\"a\":1,\"b\":[true,null]}" },
		{ "nombre=cliente.nombre saldo=cuenta.0.saldo",
		  "{\"cliente\":{\"nombre\":\"Juan\"},\"cuenta\":[{\"saldo\":5000.5}]}",
		  "{\"nombre\":\"Juan\",\"saldo\":5000.5}" },
		{ "x=not.there", "{\"a\":1}", "{\"x\":null}" },
	};

	json_start();
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
		AUTO(json_freep) struct json *data = NULL;
		struct jsonw w;

		MUST(json_parse(str_of(r->data), &data, &t_err));
		jsonw_init(&w, &b);
		MUST(lookup_output(str_of(r->words), data, &w, &t_err));
		CHECK_SPAN(r->words, sbuf_view(&b), str_of(r->wanted));
	}
	CHECK_I64("no path", lookup_output(STR("a"), NULL, NULL, NULL), RC_INVALID);
	CHECK_I64("no name", lookup_output(STR("=a"), NULL, NULL, NULL), RC_INVALID);
}

TEST(masks_show_at_most_two_characters)
{
	static const struct {
		const char *value, *wanted;
	} ROWS[] = { { "08408122", "******22" },
		     { "1234567", "*******" },
		     { "", "" },
		     { "12345678901234567890", "**********90" },
		     { "abcdefg\"", "******g*" } };

	EACH (r, ROWS) {
		char text[16];

		lookup_mask(str_of(r->value), text);
		CHECK_STR(r->value, text, r->wanted);
	}
}
