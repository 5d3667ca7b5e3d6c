/* test_conversation_state.c - status, person, labels, attributes, silence; what is told and what is not. */
#include "store/conversation/conversation_snooze.h"

#include "store/conversation/contact.h"
#include "store/target.h"
#include "store/conversation/conversation.h"
#include "store/queue/queue.h"
#include "store/queue/topic.h"
#include "t.h"

#define NOW INT64_C(1785240000000)

static struct store *st;
static int64_t id;

static int64_t clock_ms = NOW;

static int64_t now(void)
{
	return clock_ms;
}

static enum rc make(struct tx *tx, void *arg, struct err *e)
{
	struct contact_who who = { .phone = STR("5511999990000") };
	int64_t channel, contact;

	(void)arg;
	TRY(target_resolve(tx, "channel", STR("main"), &channel, e));
	TRY(contact_resolve(tx, 1, &who, &contact, e));
	TRY(conversation_resolve(tx, 1, channel, contact, STR("5511999990000"), &id, e));
	return conversation_touch(tx, &(struct conversation_touch){ .id = id, .message_id = 9 }, e);
}

static void open_store(void)
{
	static char path[600];
	const struct store_options o = {
		.path = path, .migrate = true, .now_ms = NOW, .clock = now
	};

	(void)snprintf(path, sizeof(path), "%s/totem.db", t_dir());
	clock_ms = NOW;
	MUST(store_open(&o, &st, &t_err));
	MUST(store_write(st, STORE_NORMAL, make, NULL, &t_err));
	topic_group_target(store_queues(st), QUEUE_SUPPORT_STATE, 77);
}

struct step {
	enum rc (*run)(struct tx *tx, const struct conversation_act *act, const struct step *s,
		       struct err *e);
	struct str a, b;
	const char *origin;
	int64_t at_ms;
};

static enum rc unit(struct tx *tx, void *arg, struct err *e)
{
	const struct step *s = arg;
	const struct conversation_act act = { .id = id,
					      .origin = s->origin != NULL ? s->origin : "n8n" };

	return s->run(tx, &act, s, e);
}

static enum rc status(struct tx *tx, const struct conversation_act *act, const struct step *s,
		      struct err *e)
{
	return conversation_state_status(tx, act, s->a, e);
}
static enum rc snooze(struct tx *tx, const struct conversation_act *act, const struct step *s,
		      struct err *e)
{
	return conversation_snooze(tx, act, s->at_ms, e);
}
static enum rc wake(struct tx *tx, const struct conversation_act *act, const struct step *s,
		    struct err *e)
{
	(void)s;
	return conversation_wake(tx, act->id, e);
}
static enum rc touch(struct tx *tx, const struct conversation_act *act, const struct step *s,
		     struct err *e)
{
	return conversation_touch(
		tx,
		&(struct conversation_touch){
			.id = act->id, .at_ms = s->at_ms, .message_id = 10, .unread = s->a.n > 0 },
		e);
}
static enum rc assign(struct tx *tx, const struct conversation_act *act, const struct step *s,
		      struct err *e)
{
	return conversation_state_assign(tx, act, s->a, s->b, e);
}
static enum rc label(struct tx *tx, const struct conversation_act *act, const struct step *s,
		     struct err *e)
{
	const struct conversation_relabel l = {
		.add = &s->a, .add_count = s->a.n > 0, .remove = &s->b, .remove_count = s->b.n > 0
	};

	return conversation_state_labels(tx, act, &l, e);
}
static enum rc attribute(struct tx *tx, const struct conversation_act *act, const struct step *s,
			 struct err *e)
{
	return conversation_state_attribute(tx, act, s->a, s->b, e);
}
static enum rc handover(struct tx *tx, const struct conversation_act *act, const struct step *s,
			struct err *e)
{
	const struct conversation_handover h = { .reason = s->a,
						 .assignee = s->b,
						 .until_ms = NOW + HOUR_MS };

	return conversation_state_handover(tx, act, &h, e);
}
static enum rc silence(struct tx *tx, const struct conversation_act *act, const struct step *s,
		       struct err *e)
{
	return conversation_state_silence(tx, act->id, NOW + 2 * HOUR_MS, s->origin, e);
}

static enum rc go(struct step s)
{
	err_clear(&t_err);
	return store_write(st, STORE_NORMAL, unit, &s, &t_err);
}

static struct conversation_state state(struct arena *a)
{
	struct conversation_state s;
	struct db *db = store_reader(st);

	MUST(conversation_state_load(db, id, a, &s, &t_err));
	store_reader_done(st, db);
	return s;
}

static int64_t told(void)
{
	struct queue_counts c;

	queue_get_counts(store_queues(st), QUEUE_SUPPORT_STATE, NOW, &c);
	return c.accepted;
}

TEST(a_change_is_told_once_and_not_to_where_it_came_from)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);

	open_store();
	MUST(go((struct step){ status, STR("pending"), STR_NONE, NULL, 0 }));
	CHECK_I64("told", told(), 1);
	MUST(go((struct step){ status, STR("pending"), STR_NONE, NULL, 0 }));
	CHECK_I64("no change", told(), 1);
	MUST(go((struct step){ status, STR("open"), STR_NONE, "chatwoot", 0 }));
	CHECK_I64("it knows", told(), 1);
	CHECK_SPAN("done", state(&a).status, STR("open"));
	CHECK_I64("no status", go((struct step){ status, STR("gone"), STR_NONE, NULL, 0 }),
		  RC_INVALID);
	MUST(go((struct step){ assign, STR("7"), STR("ventas"), NULL, 0 }));
	CHECK_SPAN("person", state(&a).assignee, STR("7"));
	CHECK_SPAN("team", state(&a).team, STR("ventas"));
	CHECK_I64("told", told(), 2);
	MUST(go((struct step){ assign, STR_NONE, STR_NONE, NULL, 0 }));
	CHECK_I64("nobody", state(&a).assignee.n, 0);
	store_close(st);
}

TEST(a_handover_is_silent_until_it_is_resolved)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);

	open_store();
	MUST(go((struct step){ handover, STR("asks"), STR("7"), NULL, 0 }));
	CHECK_I64("until", state(&a).automation_off_until_ms, NOW + HOUR_MS);
	CHECK_SPAN("why", state(&a).automation_off_why, STR("handover"));
	CHECK_SPAN("person", state(&a).assignee, STR("7"));
	MUST(go((struct step){ status, STR("resolved"), STR_NONE, NULL, 0 }));
	CHECK_I64("awake", state(&a).automation_off_until_ms, 0);
	MUST(go((struct step){ silence, STR_NONE, STR_NONE, "human", 0 }));
	CHECK_I64("silent", state(&a).automation_off_until_ms, NOW + 2 * HOUR_MS);
	MUST(go((struct step){ status, STR("resolved"), STR_NONE, NULL, 0 }));
	CHECK_I64("awake", state(&a).automation_off_until_ms, 0);
	MUST(go((struct step){ silence, STR_NONE, STR_NONE, "loop", 0 }));
	MUST(go((struct step){ status, STR("resolved"), STR_NONE, NULL, 0 }));
	CHECK_I64("the breaker's stays", state(&a).automation_off_until_ms, NOW + 2 * HOUR_MS);
	MUST(go((struct step){ handover, STR("asks"), STR_NONE, NULL, 0 }));
	CHECK_I64("never shortened", state(&a).automation_off_until_ms, NOW + 2 * HOUR_MS);
	store_close(st);
}

static const char *json_of(enum rc (*fn)(struct db *, int64_t, struct sbuf *, struct err *))
{
	static char text[400];
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	struct db *db = store_reader(st);

	MUST(fn(db, id, &b, &t_err));
	store_reader_done(st, db);
	CHECK(str_copy(sbuf_view(&b), text, sizeof(text)));
	return text;
}

TEST(labels_and_attributes_are_kept)
{
	open_store();
	CHECK_STR("none", json_of(conversation_state_labels_json), "[]");
	MUST(go((struct step){ label, STR("vip"), STR_NONE, NULL, 0 }));
	MUST(go((struct step){ label, STR("nuevo"), STR_NONE, NULL, 0 }));
	CHECK_STR("two", json_of(conversation_state_labels_json), "[\"nuevo\",\"vip\"]");
	CHECK_I64("told twice", told(), 2);
	MUST(go((struct step){ label, STR("vip"), STR_NONE, NULL, 0 }));
	CHECK_I64("it was there", told(), 2);
	MUST(go((struct step){ label, STR_NONE, STR("nuevo"), NULL, 0 }));
	CHECK_STR("one", json_of(conversation_state_labels_json), "[\"vip\"]");
	CHECK_I64("too long",
		  go((struct step){ label, STR("0123456789012345678901234567890123456789x"),
				    STR_NONE, NULL, 0 }),
		  RC_INVALID);
	MUST(go((struct step){ attribute, STR("dni"), STR("08\"408122"), NULL, 0 }));
	CHECK_STR("escaped", json_of(conversation_state_attributes_json),
		  "{\"dni\":\"08\\\"408122\"}");
	MUST(go((struct step){ attribute, STR("dni"), STR_NONE, NULL, 0 }));
	CHECK_STR("removed", json_of(conversation_state_attributes_json), "{}");
	CHECK_I64("no name", go((struct step){ attribute, STR_NONE, STR("x"), NULL, 0 }),
		  RC_INVALID);
	for (int i = 0; i < CONVERSATION_LABELS_MAX - 1; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "l%d", i);
		MUST(go((struct step){ label, str_of(text), STR_NONE, NULL, 0 }));
	}
	CHECK_I64("too many", go((struct step){ label, STR("one-more"), STR_NONE, NULL, 0 }),
		  RC_INVALID);
	store_close(st);
}

static struct step snooze_until(int64_t at_ms)
{
	return (struct step){ .run = snooze, .at_ms = at_ms };
}

static int64_t waking(void)
{
	struct queue_counts c;

	queue_get_counts(store_queues(st), QUEUE_UPKEEP, clock_ms, &c);
	return c.accepted;
}

static int64_t sleeps_until(struct arena *a)
{
	struct conversation c;
	struct db *db = store_reader(st);

	MUST(conversation_load(db, id, a, &c, &t_err));
	store_reader_done(st, db);
	return c.snoozed_until_ms;
}

TEST(a_snooze_ends_at_its_time_and_not_before)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct step wakes = { .run = wake };

	open_store();
	CHECK_I64("now", go(snooze_until(NOW)), RC_INVALID);
	CHECK_I64("too far", go(snooze_until(NOW + CONVERSATION_SNOOZE_MAX_MS + 1)), RC_INVALID);
	CHECK_SPAN("as before", state(&a).status, STR("open"));
	MUST(go(snooze_until(NOW + HOUR_MS)));
	CHECK_SPAN("sleeps", state(&a).status, STR("snoozed"));
	CHECK_I64("until", sleeps_until(&a), NOW + HOUR_MS);
	CHECK_I64("told", told(), 1);
	MUST(go(snooze_until(NOW + 2 * HOUR_MS)));
	CHECK_I64("put off", sleeps_until(&a), NOW + 2 * HOUR_MS);
	CHECK_I64("to Chatwoot it is the same", told(), 1);
	CHECK_I64("two jobs", waking(), 2);
	clock_ms = NOW + HOUR_MS;
	MUST(go(wakes));
	CHECK_SPAN("the first job comes too early", state(&a).status, STR("snoozed"));
	clock_ms = NOW + 2 * HOUR_MS;
	MUST(go(wakes));
	CHECK_SPAN("awake", state(&a).status, STR("open"));
	CHECK_I64("no end", sleeps_until(&a), 0);
	CHECK_I64("told", told(), 2);
	MUST(go(snooze_until(clock_ms + 1)));
	MUST(go((struct step){ status, STR("resolved"), STR_NONE, NULL, 0 }));
	clock_ms++;
	MUST(go(wakes));
	CHECK_SPAN("resolved stays", state(&a).status, STR("resolved"));
	store_close(st);
}

TEST(what_a_customer_writes_wakes)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct step ours = { .run = touch, .at_ms = NOW + 1 };
	const struct step theirs = { .run = touch, .a = STR("unread"), .at_ms = NOW + 2 };

	open_store();
	MUST(go(snooze_until(NOW + HOUR_MS)));
	MUST(go(ours));
	CHECK_SPAN("ours wakes nothing", state(&a).status, STR("snoozed"));
	CHECK_I64("its end stays", sleeps_until(&a), NOW + HOUR_MS);
	MUST(go(theirs));
	CHECK_SPAN("theirs does", state(&a).status, STR("open"));
	CHECK_I64("no end", sleeps_until(&a), 0);
	MUST(go(snooze_until(0)));
	CHECK_SPAN("without an end", state(&a).status, STR("snoozed"));
	MUST(go(theirs));
	CHECK_SPAN("woken", state(&a).status, STR("open"));
	MUST(go((struct step){ status, STR("resolved"), STR_NONE, NULL, 0 }));
	MUST(go(theirs));
	CHECK_SPAN("asked again", state(&a).status, STR("open"));
	MUST(go((struct step){ status, STR("pending"), STR_NONE, NULL, 0 }));
	MUST(go(theirs));
	CHECK_SPAN("pending stays", state(&a).status, STR("pending"));
	store_close(st);
}
