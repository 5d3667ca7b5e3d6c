/* errors.c - every row of peer/meta/meta_error.def in the whole program: what happens when Meta answers a send with it, and
 * when it comes later, as a failed status of a message that was accepted. One world, one code after the other; each
 * has three people of its own: `a` whose message meets the error, `b` who wrote before (so that a person may reply to
 * them), `c` who has nothing to do with it. */
#include <stdarg.h>

#include "peer/meta/meta_send.h"
#include "sim/sim.h"
#include "store/incident.h"

#define CALLS_FIRST_MS (15 * MINUTE_MS) /* a limit of calls rests the number at least so long */
#define STOP_MS        (15 * MINUTE_MS)
#define PAUSE_MS       (2 * MINUTE_MS)
#define LONG_MS        (10 * DAY_MS)
#define TEXT_MAX       700

/* The verb's own words; fail() names the code as the line. */
static void say(const char *fmt, ...) PRINTF(1, 2);
static void say(const char *fmt, ...)
{
	char text[TEXT_MAX];
	struct step s = { .line = sim.line, .from_ms = sim.now_ms, .to_ms = sim.now_ms };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s.text = arena_dup(&sim.arena, str_of(text));
	step_exec(&s, 0);
}

static const char *text_of(const char *word, int64_t code)
{
	return arena_printf(&sim.arena, "%s %lld", word, (long long)code);
}

static const char *phone(int64_t code, int who)
{
	return arena_printf(&sim.arena, "5511%07lld%d", (long long)code, who);
}

static void sends(int64_t code, int who, const char *word, bool person)
{
	say("app POST /api/v1/messages {\"to\":\"%s\",\"text\":\"%s\"%s} -> 202", phone(code, who),
	    text_of(word, code), person ? ",\"sender\":{\"id\":\"ana\"}" : "");
}

/* The next message with this text is answered with the error; all others work. */
static void error_for(const char *word, int64_t code, int times)
{
	for (int i = 0; i < times; i++) {
		struct step *s = arena_alloc(&sim.arena, sizeof(*s));
		char text[TEXT_MAX];

		ASSERT(s != NULL && sim.step_count < SIM_STEPS_MAX);
		(void)snprintf(text, sizeof(text),
			       "meta wants POST /messages body.text.body=\"%s\" -> 400 error %lld",
			       text_of(word, code), (long long)code);
		*s = (struct step){ .line = sim.line,
				    .from_ms = sim.now_ms,
				    .to_ms = sim.now_ms + LONG_MS,
				    .text = arena_dup(&sim.arena, str_of(text)) };
		sim.steps[sim.step_count++] = s;
	}
}

static int left(const char *word, int64_t code)
{
	return peers_meta_sends_of(str_of(text_of(word, code)));
}

static void check_sent(const char *word, int64_t code, int wanted)
{
	if (left(word, code) != wanted)
		fail("code %lld: \"%s\" was sent %d times, wanted %d", (long long)code,
		     text_of(word, code), left(word, code), wanted);
}

static void check_db(const char *wanted, const char *fmt, ...) PRINTF(2, 3);
static void check_db(const char *wanted, const char *fmt, ...)
{
	AUTO(sbuf_release) struct sbuf got = SBUF(64 * KIB);
	char sql[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	door_select(str_of(sql), &got);
	if (!str_eqc(sbuf_view(&got), wanted))
		fail("%s: wanted %s, got %.*s", sql, wanted, STRF(sbuf_view(&got)));
}

static void check_message(const char *word, int64_t code, const char *wanted)
{
	check_db(wanted, "SELECT status, sending FROM whatsapp_messages WHERE content = '%s'",
		 text_of(word, code));
}

static void go(int64_t ms)
{
	advance_to(sim.now_ms + ms);
	work_until_idle(0);
}

/* The open incident has the code of the table, and a sentence and a cure in three languages (test_incident.c). */
static void check_told(const struct wa_verdict *v)
{
	enum incident_code code;

	ASSERT(v->trouble != NULL);
	if (!incident_code_parse(str_of(v->trouble), &code))
		fail("no incident is called %s", v->trouble);
	if (strcmp(v->trouble, "SEND_ADDRESS") == 0) /* the word for answers that are not Meta's */
		fail("code %lld has no incident in meta_error.def", (long long)v->code);
	check_db(v->trouble, "SELECT code FROM incidents WHERE closed_ms = 0 AND kind = 'target' "
			     "AND subject = 'channel.main'");
}

/* An error about one message or recipient that a person has to mend: told apart, and nothing stands still. */
static void check_told_apart(const struct wa_verdict *v)
{
	if (v->trouble == NULL)
		return;
	check_db(v->trouble, "SELECT code FROM incidents WHERE closed_ms = 0 AND kind = 'send' "
			     "AND subject = 'channel.main'");
}

static void check_quiet(void)
{
	check_db("0", "SELECT count(*) FROM incidents WHERE closed_ms = 0 AND kind = 'target'");
}

/* ---- answered at once, by class ---- */

static void retried(int64_t code, const struct wa_verdict *v)
{
	const struct meta_error_row *row = meta_send_error(code);
	int most = row->tries_max > 0 ? row->tries_max : 5;

	sends(code, 2, "other", false);
	work_until_idle(0);
	check_sent("a", code, 0);
	if (!v->throttled) /* the whole number slows down */
		check_sent("other", code, 1);
	go(v->retry_ms * 5 / 4 + 2 * SECOND_MS);
	check_sent("a", code, 1);
	check_sent("other", code, 1);
	check_message("a", code, "accepted done");
	if (v->throttled)
		return;
	/* The same again and again ends as a dead letter. */
	error_for("always", code, most);
	sends(code, 1, "always", false);
	go(HOUR_MS);
	check_message("always", code, "failed done");
	check_db(arena_printf(&sim.arena, "meta %lld", (long long)code),
		 "SELECT reason FROM dead_letters ORDER BY id DESC LIMIT 1");
}

static void recipient_waits(int64_t code, const struct wa_verdict *v)
{
	sends(code, 1, "behind", false);
	sends(code, 2, "other", false);
	work_until_idle(0);
	check_sent("other", code, 1);
	check_sent("behind", code, 0);
	go(v->retry_ms + SECOND_MS);
	check_sent("a", code, 1);
	check_sent("behind", code, 1);
	check_quiet();
}

static void calls_are_limited(int64_t code, const struct wa_verdict *v)
{
	sends(code, 2, "other", false);
	go(CALLS_FIRST_MS - MINUTE_MS);
	check_sent("other", code, 0);
	check_told(v);
	go(2 * MINUTE_MS);
	check_sent("a", code, 1);
	check_sent("other", code, 1);
	check_message("a", code, "accepted done");
	check_quiet();
}

/* It waits for hours, apart: others of the same conversation go on. */
static void waits_apart(int64_t code, const struct wa_verdict *v)
{
	sends(code, 1, "behind", false);
	work_until_idle(0);
	check_sent("behind", code, 1);
	go(v->retry_ms - MINUTE_MS);
	check_sent("a", code, 0);
	go(2 * MINUTE_MS);
	check_sent("a", code, 1);
	check_quiet();
}

static void fails(int64_t code, const struct wa_verdict *v)
{
	sends(code, 1, "behind", false);
	work_until_idle(0);
	check_message("a", code, "failed done");
	check_db(arena_printf(&sim.arena, "%lld %s", (long long)code, wa_class_name(v->cls)),
		 "SELECT json_extract(error, '$.code'), json_extract(error, '$.class') FROM "
		 "whatsapp_messages WHERE content = '%s'",
		 text_of("a", code));
	check_db(arena_printf(&sim.arena, "theirs meta %lld", (long long)code),
		 "SELECT class, reason FROM dead_letters ORDER BY id DESC LIMIT 1");
	check_sent("behind", code, 1);
	check_quiet();
	check_told_apart(v);
	if (code == 131050) /* the wish is remembered */
		check_db("stop",
			 "SELECT c.marketing FROM contacts AS c JOIN whatsapp_conversations AS v "
			 "ON v.contact_id = c.id WHERE v.wa_id = '%s'",
			 phone(code, 1));
}

static void number_pauses(int64_t code, const struct wa_verdict *v)
{
	int64_t pause_ms = i64_max(PAUSE_MS, v->retry_ms);

	sends(code, 2, "other", false);
	sends(code, 3, "reply", true);
	go(pause_ms - SECOND_MS);
	check_sent("other", code, 0);
	check_sent("reply", code, 0);
	check_told(v);
	check_db("0", "SELECT sum(attempts) FROM jobs");
	go(5 * SECOND_MS);
	check_sent("a", code, 1);
	check_sent("other", code, 1);
	check_sent("reply", code, 1);
	check_quiet();
}

static void only_replies(int64_t code, const struct wa_verdict *v)
{
	sends(code, 2, "other", false);
	sends(code, 3, "reply", true);
	work_until_idle(0);
	check_sent("other", code, 0);
	check_sent("reply", code, 1);
	check_told(v);
	go(STOP_MS - SECOND_MS);
	check_sent("other", code, 0);
	check_sent("a", code, 0);
	go(5 * SECOND_MS);
	check_sent("a", code, 1);
	check_sent("other", code, 1);
	check_quiet();
}

static void by_class(int64_t code, const struct wa_verdict *v)
{
	switch (v->cls) {
	case WA_SEND_RETRY:
		retried(code, v);
		return;
	case WA_SEND_PAUSE_RECIPIENT:
		recipient_waits(code, v);
		return;
	case WA_SEND_WAIT:
		if (v->scope == WA_SCOPE_ACCOUNT)
			calls_are_limited(code, v);
		else
			waits_apart(code, v);
		return;
	case WA_SEND_PERMANENT:
	case WA_SEND_TEMPLATE:
		fails(code, v);
		return;
	case WA_SEND_PAUSE_NUMBER:
		number_pauses(code, v);
		return;
	case WA_SEND_STOP:
		only_replies(code, v);
		return;
	case WA_SEND_ACCEPTED:
	case WA_SEND_UNKNOWN:
	case WA_SEND_CLASSES:
		break;
	}
	fail("code %lld has a class that no answer has", (long long)code);
}

/* ---- told later ---- */

static void later(int64_t code, const struct wa_verdict *v)
{
	AUTO(sbuf_release) struct sbuf wamid = SBUF(1 * KIB);
	bool all = v->cls == WA_SEND_PAUSE_NUMBER ||
		   (v->cls == WA_SEND_WAIT && v->scope == WA_SCOPE_ACCOUNT);
	bool bulk = all || v->cls == WA_SEND_STOP;
	bool again = v->cls == WA_SEND_RETRY || v->cls == WA_SEND_PAUSE_RECIPIENT ||
		     v->cls == WA_SEND_WAIT;

	sends(code, 1, "late", false);
	work_until_idle(0);
	check_sent("late", code, 1);
	door_select(str_of(arena_printf(
			    &sim.arena,
			    "SELECT meta_message_id FROM whatsapp_messages WHERE content = '%s'",
			    text_of("late", code))),
		    &wamid);
	say("hook meta status %.*s failed code=%lld -> 200", STRF(sbuf_view(&wamid)),
	    (long long)code);
	work_until_idle(0);
	check_db(arena_printf(&sim.arena, "failed done %lld %d", (long long)code, again),
		 "SELECT status, sending, json_extract(error, '$.code'), replaced_by > 0 FROM "
		 "whatsapp_messages WHERE content = '%s' AND attempt_of = 0",
		 text_of("late", code));
	sends(code, 2, "after", false);
	sends(code, 3, "answer", true);
	work_until_idle(0);
	if (!v->throttled) {
		check_sent("after", code, bulk ? 0 : 1);
		check_sent("answer", code, all ? 0 : 1);
	}
	if (bulk)
		check_told(v);
	else
		check_quiet();
	go(HOUR_MS);
	if (again) { /* what passes: once more, as a row of its own, as late as its code says */
		go(v->retry_ms);
		check_sent("late", code, 2);
		check_db("accepted done",
			 "SELECT status, sending FROM whatsapp_messages WHERE content = '%s' "
			 "AND attempt_of > 0",
			 text_of("late", code));
	} else {
		check_sent("late", code, 1);
	}
	check_sent("after", code, 1);
	check_sent("answer", code, 1);
	check_quiet();
}

static void one(int64_t code)
{
	const struct wa_answer answer = { .status = 400,
					  .body = str_of(arena_printf(&sim.arena,
								      "{\"error\":{\"code\":%lld}}",
								      (long long)code)),
					  .retry_after_ms = -1,
					  .tries = 1 };
	struct wa_verdict v;

	sim.line = (int)code;
	note("code %lld", (long long)code);
	meta_send_judge(&answer, &v);
	say("hook meta text from=%s id=wamid.in.%lld text=\"hello\" -> 200", phone(code, 3),
	    (long long)code);
	work_until_idle(0);
	error_for("a", code, 1);
	sends(code, 1, "a", false);
	work_until_idle(0);
	by_class(code, &v);
	if (code != 0) /* in a status: no code could be read */
		later(code, &v);
	go(DAY_MS); /* rates and pauses have recovered */
	sim.step_count = 0;
}

void errors_walk(void)
{
	say("set channel.main.recipient_every_ms 10");
	for (size_t i = 0; i < meta_send_error_count(); i++) {
		const struct meta_error_row *row = meta_send_error_at(i);

		one(row->code_low);
		if (row->code_high != row->code_low)
			one(row->code_high);
	}
	sim.step_count = 0;
}
