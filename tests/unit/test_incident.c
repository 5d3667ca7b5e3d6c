/* test_incident.c - one open row per trouble, one alert when it begins. */
#include "store/incident.h"

#include "store/conversation/conversation_automatic.h"
#include "store/queue/topic.h"
#include "store_tx.h"

struct seen {
	int n;
	int64_t count, closed_ms;
	char text[1000];
};

static enum rc see(void *arg, const struct incident *i, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	if (s->n++ > 0)
		return RC_OK;
	s->count = i->count;
	s->closed_ms = i->closed_ms;
	CHECK(str_copy(i->text, s->text, sizeof(s->text)));
	return RC_OK;
}

static struct seen list(struct tx *tx, bool open_only)
{
	struct seen s = { 0 };

	MUST(incident_each(tx->db, open_only, 10, see, &s, &t_err));
	return s;
}

TX_TEST(a_trouble_is_one_row_until_it_is_over)
{
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "chatwoot.main",
			    &(struct incident_args){ { "no answer" } }, &t_err));
	tx->now_ms += 1000;
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "chatwoot.main",
			    &(struct incident_args){ { "still none" } }, &t_err));
	CHECK_I64("one", list(tx, true).n, 1);
	CHECK_I64("counted", list(tx, true).count, 2);
	CHECK_STR("newest text", list(tx, true).text, "main does not work: still none");
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "n8n.main", NULL, &t_err));
	CHECK_I64("another subject", list(tx, true).n, 2);
	MUST(incident_close(tx, "target", "n8n.main", &t_err));
	MUST(incident_close(tx, "target", "n8n.main", &t_err)); /* none open */
	CHECK_I64("one is left", list(tx, true).n, 1);
	CHECK_I64("history", list(tx, false).n, 2);
	CHECK_I64("closed", list(tx, false).closed_ms, tx->now_ms);
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "n8n.main", NULL, &t_err));
	CHECK_I64("a new row", list(tx, false).n, 3);
}

static enum rc see_event(void *arg, const struct topic_event *ev, struct err *e)
{
	static const struct str WANTED[] = {
		STR("{\"incident\":1,\"kind\":\"target\",\"code\":\"TARGET_DOWN\",\"subject\":"
		    "\"channel.main\",\"text\":\"main does not work: \\\"x\\\"\"}"),
		STR("{\"incident\":1,\"kind\":\"target\",\"code\":\"SEND_NAME\",\"subject\":"
		    "\"channel.main\",\"text\":\"The display name of main is not approved yet, so "
		    "WhatsApp does not send.\"}"),
	};
	int *n = arg;

	(void)e;
	CHECK_I64("topic", ev->topic, TOPIC_ALERT);
	CHECK(*n < 2);
	CHECK_SPAN("payload", ev->payload, WANTED[*n]);
	*n += 1;
	return RC_OK;
}

TX_TEST(everybody_hears_of_it_once_and_again_when_the_cause_is_another)
{
	const struct incident_args args = { { "\"x\"" } };
	int n = 0;

	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "channel.main", &args, &t_err));
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "channel.main", &args, &t_err));
	MUST(incident_raise(tx, INCIDENT_SEND_NAME, "channel.main", NULL, &t_err));
	MUST(incident_raise(tx, INCIDENT_SEND_NAME, "channel.main", NULL, &t_err));
	CHECK_I64("one row", list(tx, true).n, 1);
	MUST(topic_each_after(tx->db, 7, 0, 10, see_event, &n, &t_err));
	CHECK_I64("told", n, 2);
}

/* Every place for an argument in one language is in the others; no sentence is missing. */
TEST(incidents_say_the_same_in_three_languages)
{
	for (unsigned c = 0; c < INCIDENT_CODES; c++) {
		struct incident i = { .code = (enum incident_code)c,
				      .subject = STR("channel.main"),
				      .args = STR("(one)\n(two)\n(three)\n") };
		enum incident_code again;
		AUTO(sbuf_release) struct sbuf first = SBUF(8 * KIB);

		CHECK(incident_code_parse(incident_code_text(i.code), &again) && again == i.code);
		incident_text(&i, LANG_EN, &first);
		incident_cure(&i, LANG_EN, &first);
		for (unsigned l = 0; l < LANG_COUNT; l++) {
			static const struct str PLACES[] = { STR("main"), STR("(one)"),
							     STR("(two)"), STR("(three)") };
			AUTO(sbuf_release) struct sbuf both = SBUF(8 * KIB);

			incident_text(&i, (enum lang)l, &both);
			CHECK(both.n > 20);
			incident_cure(&i, (enum lang)l, &both);
			EACH (p, PLACES) {
				CHECK_I64(incident_code_text(i.code).p,
					  str_find(sbuf_view(&both), *p) >= 0,
					  str_find(sbuf_view(&first), *p) >= 0);
			}
			CHECK(str_chr(sbuf_view(&both), '{') < 0 || c == INCIDENT_NOT_SUBSCRIBED);
			if (l != LANG_EN)
				CHECK(!str_eq(sbuf_view(&both), sbuf_view(&first)));
		}
	}
}

TX_TEST(an_argument_is_one_line_and_not_endless)
{
	char endless[2000];

	memset(endless, 'x', sizeof(endless) - 1);
	endless[3] = '\n';
	endless[sizeof(endless) - 1] = '\0';
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "n8n.a",
			    &(struct incident_args){ { endless } }, &t_err));
	CHECK_I64("open", list(tx, true).n, 1);
}

TX_TEST(news_that_nobody_tells_again_are_over)
{
	int64_t n = 0, began = tx->now_ms;

	MUST(incident_raise(tx, INCIDENT_NUMBER_UNKNOWN, "123",
			    &(struct incident_args){ { "123" } }, &t_err));
	MUST(incident_raise(tx, INCIDENT_TARGET_DOWN, "n8n.main", NULL, &t_err));
	MUST(incident_rest(tx, began, 10, &n, &t_err));
	CHECK_I64("not yet", n, 0);
	tx->now_ms += 1000;
	MUST(incident_raise(tx, INCIDENT_NUMBER_UNKNOWN, "123",
			    &(struct incident_args){ { "123" } }, &t_err));
	MUST(incident_rest(tx, began + 1, 10, &n, &t_err));
	CHECK_I64("told again since", n, 0);
	MUST(incident_rest(tx, began + 1001, 10, &n, &t_err));
	CHECK_I64("over", n, 1);
	CHECK_I64("a state ends with its state", list(tx, true).n, 1);
}

TEST(an_incident_tells_a_reason_of_ours_in_its_language)
{
	const struct incident i = {
		.code = INCIDENT_TARGET_DOWN,
		.subject = STR("n8n.main"),
		.args = STR("HTTP 401: the webhook's authentication refuses us\n")
	};
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);

	incident_text(&i, LANG_ES, &text);
	CHECK_SPAN("Spanish", sbuf_view(&text),
		   STR("main no funciona: HTTP 401: la autenticación del webhook nos rechaza"));
}

static void queues_state(struct tx *tx, const char *name, const char *state)
{
	struct stmt s;

	MUST(stmt_begin(tx->db, Q_QUEUE_SET_STATE, &s, &t_err));
	stmt_bind_text(&s, "name", name);
	stmt_bind_text(&s, "state", state);
	stmt_bind_i64(&s, "paused_until_ms", 0);
	MUST(stmt_run(&s, &t_err));
}

TX_TEST(a_restore_is_over_when_both_queues_that_it_paused_go_on)
{
	int64_t n = 0;

	queues_state(tx, "messages", "paused");
	queues_state(tx, "orchestrator-inbound", "paused");
	MUST(incident_raise(tx, INCIDENT_RESTORED_CHATWOOT, "box", NULL, &t_err));
	MUST(incident_rest(tx, 0, 10, &n, &t_err));
	CHECK_I64("not yet", n, 0);
	queues_state(tx, "messages", "running");
	MUST(incident_rest(tx, 0, 10, &n, &t_err));
	CHECK_I64("only one of them", n, 0);
	queues_state(tx, "orchestrator-inbound", "running");
	MUST(incident_rest(tx, 0, 10, &n, &t_err));
	CHECK_I64("over", n, 1);
	CHECK_I64("all", list(tx, true).n, 0);
}

TX_TEST(a_loop_is_over_when_its_conversation_may_speak_again)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation, n = 0;
	char subject[48];

	(void)snprintf(subject, sizeof(subject), "conversation %lld", (long long)id);
	MUST(conversation_automatic_stop(tx, id, tx->now_ms + 5000,
					 &(struct automatic_limits){ { 2, 5, 7 } }, &t_err));
	MUST(incident_raise(tx, INCIDENT_LOOP, subject, NULL, &t_err));
	tx->now_ms += 4999;
	MUST(incident_rest(tx, 0, 10, &n, &t_err));
	CHECK_I64("not yet", n, 0);
	tx->now_ms += 1;
	MUST(incident_rest(tx, 0, 10, &n, &t_err));
	CHECK_I64("over", n, 1);
	MUST(incident_raise(tx, INCIDENT_LOOP, "conversation 99", NULL, &t_err));
	MUST(incident_rest(tx, 0, 10, &n, &t_err));
	CHECK_I64("that conversation was erased", n, 1);
	CHECK_I64("all", list(tx, true).n, 0);
}
