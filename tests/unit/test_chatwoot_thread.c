/* test_chatwoot_thread.c - labels and attributes at Chatwoot: its own list with a change of ours. */
#include "peer/chatwoot/chatwoot_thread.h"
#include "t.h"

struct change {
	const char *why, *answer, *act, *wanted;
	bool same;
};

typedef enum rc change_fn(struct str answer, const struct json *act, struct sbuf *to,
			  bool *ret_same, struct err *e);

static void run(const struct change *c, change_fn *fn)
{
	AUTO(json_freep) struct json *act = NULL;
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	bool same = false;

	MUST(json_parse(str_of(c->act), &act, &t_err));
	MUST(fn(str_of(c->answer), act, &b, &same, &t_err));
	CHECK_I64(c->why, same, c->same);
	if (c->wanted != NULL)
		CHECK_STR(c->why, sbuf_c(&b), c->wanted);
}

TEST(labels_of_others_stay)
{
	static const struct change rows[] = {
		{ "added", "{\"payload\":[\"theirs\"]}",
		  "{\"added\":[\"VIP cliente\"],\"removed\":[]}",
		  "{\"labels\":[\"theirs\",\"vip-cliente\"]}", false },
		{ "removed", "{\"payload\":[\"theirs\",\"old\"]}",
		  "{\"added\":[],\"removed\":[\"Old\"]}", "{\"labels\":[\"theirs\"]}", false },
		{ "there", "{\"payload\":[\"vip\"]}", "{\"added\":[\"vip\"]}", NULL, true },
		{ "gone", "{\"payload\":[\"vip\"]}", "{\"removed\":[\"x\"]}", NULL, true },
		{ "none", "{\"payload\":[]}", "{\"added\":[\" \"]}", NULL, true },
	};

	EACH (r, rows)
		run(r, chatwoot_thread_labels);
}

TEST(attributes_of_others_stay)
{
	static const struct change rows[] = {
		{ "new", "{\"custom_attributes\":{\"n\":5,\"o\":{\"p\":true}}}",
		  "{\"name\":\"dni\",\"value\":\"08408122\"}",
		  "{\"custom_attributes\":{\"n\":5,\"o\":{\"p\":true},\"dni\":\"08408122\"}}",
		  false },
		{ "changed", "{\"custom_attributes\":{\"dni\":\"1\",\"n\":5}}",
		  "{\"name\":\"dni\",\"value\":\"2\"}",
		  "{\"custom_attributes\":{\"n\":5,\"dni\":\"2\"}}", false },
		{ "same", "{\"custom_attributes\":{\"dni\":\"1\"}}",
		  "{\"name\":\"dni\",\"value\":\"1\"}", NULL, true },
		{ "removed", "{\"custom_attributes\":{\"dni\":\"1\"}}", "{\"name\":\"dni\"}",
		  "{\"custom_attributes\":{}}", false },
		{ "not there", "{}", "{\"name\":\"dni\"}", NULL, true },
	};

	EACH (r, rows)
		run(r, chatwoot_thread_attribute);
}
