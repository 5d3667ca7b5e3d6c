/* meta_status.c - one element of statuses[] (meta-cloud-api.md 2.4). Promises: meta_hook_priv.h, wa.h. */
#include "base/limits.h"
#include "base/reason.h"
#include "peer/meta/meta_hook_priv.h"

static struct str first_of(struct meta_decode *d, const struct json *n, const char *const *keys,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str s = json_get_str(n, keys[i]);
		if (s.n > 0 && s.n <= WA_ADDRESS_MAX)
			return meta_keep(d, s);
	}
	return STR_NONE;
}

static void read_recipient(struct meta_decode *d, const struct json *n, struct wa_status *s)
{
	static const char *const parents[] = { "recipient_parent_user_id",
					       "parent_recipient_user_id" };
	static const char *const participants[] = { "recipient_participant_id",
						    "recipient_participant_user_id",
						    "recipient_participant_parent_user_id" };
	s->recipient_id = meta_keep_key(d, n, "recipient_id");
	s->recipient_user_id = meta_keep_key(d, n, "recipient_user_id");
	s->recipient_parent_user_id = first_of(d, n, parents, COUNT(parents));
	s->recipient_type = meta_keep_key(d, n, "recipient_type");
	s->recipient_participant_id = first_of(d, n, participants, COUNT(participants));
}

static void read_status(struct meta_decode *d, const struct json *n, struct wa_status *s)
{
	s->type = meta_keep_key(d, n, "type");
	if (s->type.p == NULL || str_eqc(s->type, "message")) {
		s->rank = wa_rank_parse(s->word);
		s->failed = str_eqc(s->word, "failed");
		s->known = s->failed || s->rank != WA_RANK_NONE;
	}
	s->timestamp_ms = meta_time_ms(n, "timestamp");
	read_recipient(d, n, s);
	s->tag = meta_keep_key(d, n, "biz_opaque_callback_data");
	meta_fault(d, json_first(json_get(n, "errors")), &s->error);
	s->pricing = meta_keep_raw(d, json_get(n, "pricing"));
	s->conversation = meta_keep_raw(d, json_get(n, "conversation"));
}

void meta_status(struct meta_decode *d, const struct json *n)
{
	struct str id = json_get_str(n, "id");
	struct str word = json_get_str(n, "status");
	if (json_kind(n) != JSON_OBJECT) {
		meta_add_unreadable(d, n, reason_en(REASON_NOTE_STATUS));
		return;
	}
	if (id.n == 0 || id.n > WA_ID_MAX || word.n == 0) {
		meta_add_unreadable(d, n, reason_en(REASON_NOTE_STATUS_ID));
		return;
	}
	struct wa_status *s = meta_take(d, sizeof *s);
	if (s == NULL)
		return;
	s->id = meta_keep(d, id);
	s->word = meta_keep(d, word);
	read_status(d, n, s);
	struct wa_item *item = meta_add(d, WA_STATUS, s->known ? NULL : n);
	if (item != NULL)
		item->status = s;
}
