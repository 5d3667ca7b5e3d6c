/* chatwoot_answer.c - what Chatwoot's answers say and mean. Promises: chatwoot_answer.h. No state;
 * any thread. */
#include "peer/chatwoot/chatwoot_answer.h"

#include "base/limits.h"
#include "base/reason.h"
#include "io/json.h"

#define FIRST_WAIT_MS (2 * SECOND_MS)
#define MINUTE_WAIT_MS \
	MINUTE_MS /* "Too many messages" and rack-attack count per minute (1.3, 1.9) */

/* What a class means when nothing better is known. */
static const struct judgement {
	enum chatwoot_class cls;
	int64_t first_ms;
	enum reason why;
} unsent = { CHATWOOT_RETRY, FIRST_WAIT_MS, REASON_CHATWOOT_UNREACHED },
  lost_harmless = { CHATWOOT_RETRY, FIRST_WAIT_MS, REASON_CHATWOOT_SILENT },
  lost = { CHATWOOT_UNKNOWN, 0, REASON_CHATWOOT_LOST },
  address = { CHATWOOT_PARK, 0, REASON_CHATWOOT_ADDRESS }, done = { CHATWOOT_DONE, 0, REASON_DONE },
  garbled = { CHATWOOT_UNKNOWN, 0, REASON_CHATWOOT_GARBLED },
  garbled_harmless = { CHATWOOT_RETRY, FIRST_WAIT_MS, REASON_CHATWOOT_GARBLED },
  token = { CHATWOOT_PARK, 0, REASON_CHATWOOT_TOKEN },
  foreign = { CHATWOOT_PARK, 0, REASON_CHATWOOT_FOREIGN },
  gone = { CHATWOOT_GONE, 0, REASON_CHATWOOT_GONE },
  taken = { CHATWOOT_REUSE, 0, REASON_CHATWOOT_TAKEN },
  throttled = { CHATWOOT_BACKOFF, MINUTE_WAIT_MS, REASON_CHATWOOT_THROTTLED },
  rejected = { CHATWOOT_REJECTED, 0, REASON_CHATWOOT_REJECTED },
  failed = { CHATWOOT_UNKNOWN, 0, REASON_CHATWOOT_BROKEN },
  failed_harmless = { CHATWOOT_RETRY, FIRST_WAIT_MS, REASON_CHATWOOT_FAILED };

const char *chatwoot_answer_class_name(enum chatwoot_class cls)
{
	switch (cls) {
	case CHATWOOT_DONE:
		return "done";
	case CHATWOOT_RETRY:
		return "retry";
	case CHATWOOT_REUSE:
		return "reuse";
	case CHATWOOT_BACKOFF:
		return "backoff";
	case CHATWOOT_PARK:
		return "park";
	case CHATWOOT_GONE:
		return "gone";
	case CHATWOOT_REJECTED:
		return "rejected";
	case CHATWOOT_UNKNOWN:
		return "unknown";
	case CHATWOOT_CLASSES:
		break;
	}
	BUG("not a class");
}

/* Only these two make a second copy when they are repeated. The others read, set a value, or run
 * into Chatwoot's own unique indexes (contact by phone or identifier, contact_inbox by source_id).
 */
static bool makes_copies(enum chatwoot_call call)
{
	return call == CHATWOOT_MESSAGE_CREATE || call == CHATWOOT_CONVERSATION_CREATE;
}

/* Does a success hold what the decoder of this call will look for? */
static bool expected(enum chatwoot_call call, const struct json *root)
{
	const struct json *payload = json_get(root, "payload");
	int64_t id = 0;
	switch (call) {
	case CHATWOOT_CONTACT_CREATE:
		return json_get_i64(json_get(payload, "contact"), "id", &id);
	case CHATWOOT_CONTACT_FILTER:
	case CHATWOOT_CONTACT_SEARCH:
	case CHATWOOT_CONTACT_CONVERSATIONS:
	case CHATWOOT_MESSAGE_LIST:
	case CHATWOOT_INBOX_LIST:
	case CHATWOOT_LABEL_LIST:
	case CHATWOOT_LABEL_SET:
		return json_kind(payload) == JSON_ARRAY;
	case CHATWOOT_AGENT_LIST:
	case CHATWOOT_TEAM_LIST:
		return json_kind(root) == JSON_ARRAY;
	case CHATWOOT_CONVERSATION_LIST:
		return json_kind(json_path(root, "data.payload")) == JSON_ARRAY;
	case CHATWOOT_CONTACT_INBOX_CREATE:
		return json_get_str(root, "source_id").n > 0;
	case CHATWOOT_CONVERSATION_CREATE:
	case CHATWOOT_MESSAGE_CREATE:
		return json_get_i64(root, "id", &id) && id > 0;
	case CHATWOOT_CONVERSATION_STATUS:
	case CHATWOOT_CONVERSATION_ASSIGN:
	case CHATWOOT_MESSAGE_STATUS:
	case CHATWOOT_CONVERSATION_GET:
	case CHATWOOT_ATTRIBUTES_SET:
	case CHATWOOT_CONTACT_UPDATE:
	case CHATWOOT_CONTACT_MERGE:
		return json_kind(root) == JSON_OBJECT;
	case CHATWOOT_LAST_SEEN:
		return true; /* 200, its body is empty */
	case CHATWOOT_CALLS:
		break;
	}
	BUG("not a call");
}

static bool has_text(const struct json *root, const char *what)
{
	static const char *const keys[] = { "message", "error" };
	for (size_t i = 0; i < COUNT(keys); i++)
		if (str_find(json_get_str(root, keys[i]), str_of(what)) >= 0)
			return true;
	return false;
}

static const struct judgement *by_transport(const struct chatwoot_answer *a)
{
	switch (a->rc) {
	case RC_RETRY:
	case RC_IO:
		return &unsent;
	case RC_INVALID:
	case RC_REFUSED:
		return &address;
	case RC_OK:
	case RC_UNKNOWN:
	case RC_ABSENT:
	case RC_CONFLICT:
	case RC_LIMIT:
	case RC_COUNT:
		break;
	}
	return makes_copies(a->call) ? &lost : &lost_harmless;
}

/* 5xx: Rails may fail after the row was stored (an event listener, a proxy's timeout); for calls
 * that make copies a look at the list is cheap and a double message is not, so all of them are
 * unknown. */
static const struct judgement *by_status(const struct chatwoot_answer *a, const struct json *root)
{
	bool json = json_kind(root) == JSON_OBJECT;
	int status = a->status;
	if (status >= 200 && status < 300) {
		if (expected(a->call, root))
			return &done;
		return makes_copies(a->call) ? &garbled : &garbled_harmless;
	}
	if (status == 401 || status == 403)
		return &token;
	if (status ==
	    404) /* before 4.2 there is no way to tell a status: nothing to be alarmed of (section 7) */
		return json || a->call == CHATWOOT_MESSAGE_STATUS || a->call == CHATWOOT_LAST_SEEN
			       ? &gone
			       : &foreign;
	/* A contact that was merged away; a wrong address shows at every other call. */
	if (status >= 300 && status < 400 && a->call == CHATWOOT_CONTACT_UPDATE)
		return &gone;
	if (status == 429)
		return &throttled;
	if (status == 408)
		return &failed_harmless; /* RFC 9110 15.5.9: the request did not arrive */
	if (status == 422 && (has_text(root, "Too many messages")))
		return &throttled;
	if (status == 422 &&
	    (has_text(root, "already been taken") || has_text(root, "should be unique")))
		return &taken;
	if (status >= 500 || status < 200)
		return makes_copies(a->call) ? &failed : &failed_harmless;
	if (status >= 400 && (json || status == 413))
		return &rejected;
	return &foreign;
}

void chatwoot_answer_judge(const struct chatwoot_answer *a, struct chatwoot_verdict *ret_v)
{
	struct json *root AUTO(json_freep) = NULL;
	if (a->rc == RC_OK && json_parse(a->body, &root, NULL) != RC_OK)
		root = NULL; /* judged as an answer that is no JSON */
	const struct judgement *j = a->rc != RC_OK ? by_transport(a) : by_status(a, root);
	memset(ret_v, 0, sizeof *ret_v);
	ret_v->cls = j->cls;
	ret_v->retry_ms = -1;
	if (j->cls == CHATWOOT_RETRY || j->cls == CHATWOOT_BACKOFF) {
		int64_t ms = j->first_ms;
		for (int i = 1; i < a->tries && ms < JOB_RETRY_CAP_MS; i++)
			ms *= 2;
		ret_v->retry_ms = i64_min(ms, JOB_RETRY_CAP_MS);
		if (a->retry_after_ms >= 0)
			ret_v->retry_ms = i64_min(a->retry_after_ms, DAY_MS);
	}
	if (a->rc == RC_OK)
		(void)snprintf(ret_v->text, sizeof ret_v->text, "HTTP %d: %s", a->status,
			       reason_en(j->why));
	else
		(void)snprintf(ret_v->text, sizeof ret_v->text, "%s",
			       reason_en(j->why)); /* cut is fine */
}

static enum rc no_room(struct err *e)
{
	return FAIL(e, RC_LIMIT, "the answer needs more memory than allowed");
}

static bool keep(struct arena *a, struct str s, struct str *ret)
{
	*ret = s.p != NULL ? arena_str(a, s) : STR_NONE;
	return s.p == NULL || ret->p != NULL;
}

static struct str inbox_source(const struct json *contact, int64_t inbox_id)
{
	for (const struct json *n = json_first(json_get(contact, "contact_inboxes")); n != NULL;
	     n = json_next(n))
		if (json_get_i64_or(json_get(n, "inbox"), "id", 0) == inbox_id)
			return json_get_str(n, "source_id");
	return STR_NONE;
}

/* RC_INVALID: no id. */
static enum rc read_contact(const struct json *n, struct str source_id, struct arena *a,
			    struct chatwoot_contact *ret, struct err *e)
{
	struct chatwoot_contact c = { .id = json_get_i64_or(n, "id", 0) };
	if (c.id <= 0)
		return FAIL(e, RC_INVALID, "a contact without id");
	if (!keep(a, source_id, &c.source_id) || !keep(a, json_get_str(n, "name"), &c.name) ||
	    !keep(a, json_get_str(n, "identifier"), &c.identifier) ||
	    !keep(a, json_get_str(n, "phone_number"), &c.phone))
		return no_room(e);
	*ret = c;
	return RC_OK;
}

enum rc chatwoot_answer_contact(struct str body, struct arena *a,
				struct chatwoot_contact *ret_contact, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	TRY(json_parse(body, &root, e));
	const struct json *payload = json_get(root, "payload");
	return read_contact(json_get(payload, "contact"),
			    json_get_str(json_get(payload, "contact_inbox"), "source_id"), a,
			    ret_contact, e);
}

/* The array of a list answer and room for its elements. */
static enum rc open_list(const struct json *root, size_t item_bytes, struct arena *a,
			 void **ret_items, struct err *e)
{
	const struct json *list = json_get(root, "payload");
	if (json_kind(list) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "the answer has no list");
	*ret_items = arena_alloc(a, (size_t)json_count(list) * item_bytes);
	return *ret_items != NULL ? RC_OK : no_room(e);
}

enum rc chatwoot_answer_contacts(struct str body, int64_t inbox_id, struct arena *a,
				 struct chatwoot_contacts *ret_contacts, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	void *room = NULL;
	size_t count = 0;
	TRY(json_parse(body, &root, e));
	TRY(open_list(root, sizeof(struct chatwoot_contact), a, &room, e));
	struct chatwoot_contact *items = room;
	for (const struct json *n = json_first(json_get(root, "payload")); n != NULL;
	     n = json_next(n)) {
		enum rc rc = read_contact(n, inbox_source(n, inbox_id), a, &items[count], NULL);
		if (rc == RC_LIMIT)
			return no_room(e);
		if (rc == RC_OK)
			count++;
	}
	*ret_contacts = (struct chatwoot_contacts){ items, count };
	return RC_OK;
}

enum rc chatwoot_answer_contact_inbox(struct str body, struct arena *a, struct str *ret_source_id,
				      struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct str copy;
	TRY(json_parse(body, &root, e));
	struct str source_id = json_get_str(root, "source_id");
	if (source_id.n == 0)
		return FAIL(e, RC_INVALID, "the answer has no source_id");
	if (!keep(a, source_id, &copy))
		return no_room(e);
	*ret_source_id = copy;
	return RC_OK;
}

enum rc chatwoot_answer_id(struct str body, int64_t *ret_id, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	int64_t id = 0;
	TRY(json_parse(body, &root, e));
	if (!json_get_i64(root, "id", &id) || id <= 0)
		return FAIL(e, RC_INVALID, "the answer has no id");
	*ret_id = id;
	return RC_OK;
}

/* CONTACT_CONVERSATIONS has its rows at the top, CONVERSATION_LIST below `data`. */
static const struct json *conversation_rows(const struct json *root)
{
	const struct json *data = json_get(root, "data");

	return json_get(json_kind(data) == JSON_OBJECT ? data : root, "payload");
}

/* A list tells it only inside its newest message. */
static struct str conversation_source(const struct json *row)
{
	static const char *const PATHS[] = { "contact_inbox", "conversation.contact_inbox" };
	const struct json *newest = json_first(json_get(row, "messages"));
	const struct json *places[] = { json_get(row, PATHS[0]), json_path(newest, PATHS[1]),
					json_path(json_get(row, "last_non_activity_message"),
						  PATHS[1]) };

	for (size_t i = 0; i < COUNT(places); i++) {
		if (json_get_str(places[i], "source_id").n > 0)
			return json_get_str(places[i], "source_id");
	}
	return STR_NONE;
}

enum rc chatwoot_answer_conversations(struct str body, struct arena *a,
				      struct chatwoot_conversations *ret_list, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct chatwoot_conversation *items;
	const struct json *rows;
	size_t count = 0;

	TRY(json_parse(body, &root, e));
	rows = conversation_rows(root);
	if (json_kind(rows) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "the answer has no list");
	items = arena_alloc(a, ((size_t)json_count(rows) + 1) * sizeof(*items));
	if (items == NULL)
		return no_room(e);
	for (const struct json *n = json_first(rows); n != NULL; n = json_next(n)) {
		struct chatwoot_conversation *c = &items[count];

		*c = (struct chatwoot_conversation){
			.id = json_get_i64_or(n, "id", 0),
			.inbox_id = json_get_i64_or(n, "inbox_id", 0),
			.assignee_id = json_get_i64_or(json_path(n, "meta.assignee"), "id", 0),
			.team_id = json_get_i64_or(json_path(n, "meta.team"), "id", 0),
			.updated_ms = chatwoot_event_moment(json_get(n, "updated_at")),
			.agent_seen_ms = chatwoot_event_moment(json_get(n, "agent_last_seen_at")),
			.active_ms = json_get_i64_or(n, "last_activity_at", 0) * SECOND_MS,
		};
		if (!keep(a, json_get_str(n, "status"), &c->status) ||
		    !keep(a, conversation_source(n), &c->source_id))
			return no_room(e);
		if (c->id > 0)
			count++;
	}
	*ret_list = (struct chatwoot_conversations){ items, count };
	return RC_OK;
}

enum rc chatwoot_answer_messages(struct str body, struct arena *a,
				 struct chatwoot_messages *ret_list, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct chatwoot_messages list = { 0 };
	void *room = NULL;
	TRY(json_parse(body, &root, e));
	TRY(open_list(root, sizeof(struct chatwoot_event), a, &room, e));
	struct chatwoot_event *items = room;
	for (const struct json *n = json_first(json_get(root, "payload")); n != NULL;
	     n = json_next(n)) {
		enum rc rc = chatwoot_event_message(n, a, &items[list.count], NULL);
		if (rc == RC_LIMIT)
			return no_room(e);
		if (rc == RC_OK)
			list.count++;
		else
			list.unreadable++;
		list.last_id = i64_max(list.last_id, json_get_i64_or(n, "id", 0));
	}
	list.items = items;
	*ret_list = list;
	return RC_OK;
}

const struct chatwoot_event *chatwoot_answer_find(const struct chatwoot_messages *list,
						  struct str source_id)
{
	for (size_t i = 0; i < list->count; i++)
		if (source_id.n > 0 && str_eq(list->items[i].source_id, source_id))
			return &list->items[i];
	return NULL;
}

enum rc chatwoot_answer_named(struct str body, const char *key, struct str wanted, int64_t *ret_id,
			      struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	*ret_id = 0;
	TRY(json_parse(body, &root, e));
	for (const struct json *n = json_first(root); n != NULL && *ret_id == 0; n = json_next(n))
		if (wanted.n > 0 && str_ieq(str_trim(json_get_str(n, key)), wanted))
			*ret_id = i64_max(0, json_get_i64_or(n, "id", 0));
	return RC_OK;
}
