/* test_meta_random.c - the golden webhooks of Meta with their keys in another order, cut off, and with broken bytes. */
#include <dirent.h>

#include "base/enc.h"
#include "base/sbuf.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/meta/meta_hook.h"
#include "t.h"

#define FILE_MAX    (64 * KIB)
#define MEMBERS_MAX 64

static uint32_t state = 5;

static uint32_t next_random(void)
{
	state = state * 1664525u + 1013904223u;
	return state >> 8;
}

static void print_shuffled(struct jsonw *w, const struct json *n);

static void print_object(struct jsonw *w, const struct json *n)
{
	const struct json *members[MEMBERS_MAX];
	size_t count = 0;

	for (const struct json *c = json_first(n); c != NULL; c = json_next(c)) {
		ASSERT(count < MEMBERS_MAX);
		members[count++] = c;
	}
	for (size_t i = count; i > 1; i--) {
		size_t j = next_random() % i;
		const struct json *was = members[i - 1];

		members[i - 1] = members[j];
		members[j] = was;
	}
	jsonw_object(w);
	for (size_t i = 0; i < count; i++) {
		jsonw_key(w, json_key(members[i]).p);
		print_shuffled(w, members[i]);
	}
	jsonw_end(w);
}

static void print_shuffled(struct jsonw *w, const struct json *n)
{
	struct sbuf plain AUTO(sbuf_release) = SBUF(FILE_MAX);

	if (json_kind(n) == JSON_OBJECT) {
		print_object(w, n);
		return;
	}
	if (json_kind(n) == JSON_ARRAY) {
		jsonw_array(w);
		for (const struct json *c = json_first(n); c != NULL; c = json_next(c))
			print_shuffled(w, c);
		jsonw_end(w);
		return;
	}
	json_print(n, &plain);
	jsonw_raw(w, sbuf_view(&plain));
}

/* What does not depend on the order of keys: everything but JSON texts. */
static void same_message(const char *file, const struct wa_message *a, const struct wa_message *b)
{
	CHECK_SPAN(file, b->id, a->id);
	CHECK_SPAN(file, b->from, a->from);
	CHECK_SPAN(file, b->from_user_id, a->from_user_id);
	CHECK_SPAN(file, b->to, a->to);
	CHECK_SPAN(file, b->group_id, a->group_id);
	CHECK_SPAN(file, b->profile_name, a->profile_name);
	CHECK_SPAN(file, b->type, a->type);
	CHECK_SPAN(file, b->context_id, a->context_id);
	CHECK_SPAN(file, b->target_id, a->target_id);
	CHECK_SPAN(file, b->act_text, a->act_text);
	CHECK_SPAN(file, b->new_from, a->new_from);
	CHECK_I64(file, b->act, a->act);
	CHECK_I64(file, b->from_me, a->from_me);
	CHECK_I64(file, b->rank, a->rank);
	CHECK_I64(file, b->timestamp_ms, a->timestamp_ms);
	CHECK_I64(file, b->media != NULL, a->media != NULL);
	CHECK_I64(file, b->content.n, a->content.n);
	CHECK_I64(file, b->error.code, a->error.code);
	if (!str_starts(a->text, STR("[form]"))) /* names its answers in their order */
		CHECK_SPAN(file, b->text, a->text);
}

static void same_item(const char *file, const struct wa_item *a, const struct wa_item *b)
{
	CHECK_I64(file, b->kind, a->kind);
	if (a->kind != b->kind)
		return;
	CHECK_SPAN(file, b->field, a->field);
	CHECK_SPAN(file, b->waba_id, a->waba_id);
	CHECK_SPAN(file, b->phone_number_id, a->phone_number_id);
	CHECK_I64(file, b->raw.n, a->raw.n);
	if (a->message != NULL)
		same_message(file, a->message, b->message);
	if (a->status != NULL) {
		CHECK_SPAN(file, b->status->id, a->status->id);
		CHECK_I64(file, b->status->rank, a->status->rank);
		CHECK_SPAN(file, b->status->recipient_participant_id,
			   a->status->recipient_participant_id);
	}
	if (a->person != NULL) {
		CHECK_I64(file, b->person->news, a->person->news);
		CHECK_SPAN(file, b->person->phone, a->person->phone);
		CHECK_SPAN(file, b->person->user_id, a->person->user_id);
	}
	if (a->event != NULL) {
		CHECK_I64(file, b->event->gravity, a->event->gravity);
		CHECK_SPAN(file, b->event->word, a->event->word);
		CHECK_SPAN(file, b->event->subject, a->event->subject);
	}
}

static void check_order(const char *file, struct str body)
{
	AUTO(json_freep) struct json *root = NULL;
	struct sbuf other AUTO(sbuf_release) = SBUF(FILE_MAX);
	struct arena first AUTO(arena_release) = ARENA(4 * MIB),
			   second AUTO(arena_release) = ARENA(4 * MIB);
	struct wa_batch a, b;
	struct jsonw w;

	/* A writer nests less deep than a reader. */
	if (meta_hook_decode(body, &first, &a, NULL) != RC_OK ||
	    str_find(STR("158-deep-content.json"), str_of(file)) >= 0)
		return;
	MUST(json_parse(body, &root, &t_err));
	jsonw_init(&w, &other);
	print_shuffled(&w, root);
	MUST(meta_hook_decode(sbuf_view(&other), &second, &b, &t_err));
	CHECK_I64(file, b.count, a.count);
	for (size_t i = 0; i < a.count && a.count == b.count; i++)
		same_item(file, &a.items[i], &b.items[i]);
}

static void check_cuts(const char *file, struct str body)
{
	struct str whole = str_trim(body);

	for (int i = 0; i < 12 && whole.n > 2; i++) {
		struct arena a AUTO(arena_release) = ARENA(MIB);
		struct wa_batch batch = { .count = 77 };

		if (whole.p[0] != '{')
			return;
		CHECK_I64(file,
			  meta_hook_decode(str_sub(whole, 0, next_random() % whole.n), &a, &batch,
					   NULL),
			  RC_INVALID);
		CHECK_I64(file, batch.count, 77);
	}
}

/* Any bytes anywhere: no crash, and whatever is told is well-formed. */
static void check_breakage(const char *file, struct str body)
{
	for (int round = 0; round < 25; round++) {
		struct arena a AUTO(arena_release) = ARENA(4 * MIB);
		struct wa_batch batch = { 0 };
		char *copy = malloc(body.n + 1);

		ASSERT(copy != NULL);
		memcpy(copy, body.p, body.n);
		for (int i = 0; i < 4 && body.n > 0; i++)
			copy[next_random() % body.n] = "\"{}[],:\\0x7\xff\xc3"[next_random() % 13];
		if (meta_hook_decode(str_n(copy, body.n), &a, &batch, NULL) != RC_OK)
			batch.count = 0;
		free(copy);
		for (size_t i = 0; i < batch.count; i++) {
			const struct wa_item *item = &batch.items[i];

			if (!enc_utf8_ok(item->raw) ||
			    (item->message != NULL && !enc_utf8_ok(item->message->text)))
				CHECK_STR(file, "malformed", "well-formed");
		}
	}
}

typedef void check_fn(const char *file, struct str body);

static void each_golden(check_fn *check)
{
	DIR *d = opendir("tests/golden/meta");
	int count = 0;

	CHECK(d != NULL);
	for (struct dirent *at = d != NULL ? readdir(d) : NULL; at != NULL; at = readdir(d)) {
		struct sbuf body AUTO(sbuf_release) = SBUF(FILE_MAX);
		char path[512];
		FILE *f;

		if (!str_ends(str_of(at->d_name), STR(".json")))
			continue;
		(void)snprintf(path, sizeof(path), "tests/golden/meta/%s", at->d_name);
		f = fopen(path, "rb");
		ASSERT(f != NULL);
		char *room = sbuf_room(&body, FILE_MAX - 1);
		ASSERT(room != NULL);
		sbuf_added(&body, fread(room, 1, FILE_MAX - 1, f));
		(void)fclose(f); /* read only */
		check(at->d_name, sbuf_view(&body));
		count++;
	}
	if (d != NULL)
		(void)closedir(d); /* read only */
	CHECK(count > 150);
}

TEST(the_order_of_keys_matters_nowhere)
{
	each_golden(check_order);
}

TEST(a_webhook_cut_anywhere_is_invalid)
{
	each_golden(check_cuts);
}

TEST(broken_bytes_anywhere_are_survived)
{
	each_golden(check_breakage);
}
