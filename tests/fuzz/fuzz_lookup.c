/* fuzz_lookup.c - any bytes as template, value, rules and answer of a lookup connector. A value never leaves its place. */
#include "base/enc.h"
#include "peer/lookup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines: what is tried, in this order. */
static struct str line(struct str *rest)
{
	struct str l = STR_NONE;

	(void)str_cut(rest, '\n', &l);
	return l;
}

/* A template that is JSON with a harmless value stays JSON with the same number of members with any value. */
static void fill_json(struct str text, struct str value)
{
	const struct str harmless = STR("x");
	struct sbuf b AUTO(sbuf_release) = SBUF(MIB);
	int count = -1;

	for (int i = 0; i < 2; i++) {
		struct json *root AUTO(json_freep) = NULL;
		const struct template_value v = { "x", i == 0 ? harmless : value };
		const struct template_values values = { &v, 1 };

		sbuf_reset(&b);
		if (template_fill(text, PLACE_JSON, &values, &b, NULL) != RC_OK)
			return;
		enum rc rc = json_parse(sbuf_view(&b), &root, NULL);
		if (i == 0 && rc != RC_OK)
			return;
		ASSERT(rc == RC_OK);
		if (i == 0)
			count = json_count(root);
		ASSERT(json_count(root) == count);
	}
}

static void fill_other(struct str text, struct str value)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(MIB);
	const struct template_value v = { "x", value };
	const struct template_values values = { &v, 1 };

	if (template_fill(STR("https://a.test/{{x}}?q={{x}}"), PLACE_URL, &values, &b, NULL) ==
	    RC_OK) {
		ASSERT(str_starts(sbuf_view(&b), STR("https://a.test/")));
		ASSERT(str_chr(str_sub(sbuf_view(&b), 15, b.n), '/') < 0);
		ASSERT(str_chr(sbuf_view(&b), '#') < 0 && str_chr(sbuf_view(&b), '&') < 0);
	}
	sbuf_reset(&b);
	if (template_fill(text, PLACE_HEADER, &values, &b, NULL) == RC_OK &&
	    str_chr(text, '\r') < 0)
		ASSERT(str_chr(sbuf_view(&b), '\r') < 0 && str_chr(sbuf_view(&b), '\n') < 0);
}

static void map(struct str conditions, struct str output, struct str body)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(MIB);
	struct json *root AUTO(json_freep) = NULL;
	struct json *again AUTO(json_freep) = NULL;
	bool yes;
	struct jsonw w;

	if (json_parse(body, &root, NULL) != RC_OK)
		root = NULL;
	const struct lookup_answer a = { .status = 200, .body = body, .root = root };
	ASSERT(lookup_when(conditions, &a, &yes, NULL) == lookup_when_check(conditions, NULL));
	if (root == NULL || lookup_output(output, NULL, NULL, NULL) != RC_OK)
		return;
	jsonw_init(&w, &b);
	ASSERT(lookup_output(output, root, &w, NULL) == RC_OK);
	if (sbuf_ok(&b))
		ASSERT(json_parse(sbuf_view(&b), &again, NULL) == RC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct str rest = { (const char *)data, size };
	struct str text = line(&rest), value = line(&rest), rules = line(&rest);
	struct str conditions = line(&rest), output = line(&rest);
	struct json *object AUTO(json_freep) = NULL;
	struct template_value values[LOOKUP_INPUTS_MAX];
	struct lookup_inputs inputs;
	char mask[16];

	json_start();
	fill_json(text, value);
	fill_other(text, value);
	map(conditions, output, rest);
	lookup_mask(value, mask);
	ASSERT(strlen(mask) <= 12);
	if (lookup_inputs_parse(rules, &inputs, NULL) == RC_OK &&
	    json_parse(rest, &object, NULL) == RC_OK &&
	    lookup_inputs_take(&inputs, object, &a, values, NULL) == RC_OK) {
		for (size_t i = 0; i < inputs.n; i++)
			ASSERT(inputs.in[i].kind != LOOKUP_DIGITS ||
			       values[i].value.n <= (size_t)inputs.in[i].high);
	}
	return 0;
}
