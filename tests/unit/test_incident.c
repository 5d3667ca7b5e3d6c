/* test_incident.c - one open row per trouble, one alert when it begins. */
#include "store/incident.h"

#include "store/topic.h"
#include "store_tx.h"

struct seen {
	int n;
	int64_t count, closed_ms;
	char text[64];
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
	MUST(incident_raise(tx, "breaker", "chatwoot.main", "does not answer", &t_err));
	tx->now_ms += 1000;
	MUST(incident_raise(tx, "breaker", "chatwoot.main", "still does not answer", &t_err));
	CHECK_I64("one", list(tx, true).n, 1);
	CHECK_I64("counted", list(tx, true).count, 2);
	CHECK_STR("newest text", list(tx, true).text, "still does not answer");
	MUST(incident_raise(tx, "breaker", "n8n.main", "x", &t_err));
	CHECK_I64("another subject", list(tx, true).n, 2);
	MUST(incident_close(tx, "breaker", "n8n.main", &t_err));
	MUST(incident_close(tx, "breaker", "n8n.main", &t_err)); /* none open */
	CHECK_I64("one is left", list(tx, true).n, 1);
	CHECK_I64("history", list(tx, false).n, 2);
	CHECK_I64("closed", list(tx, false).closed_ms, tx->now_ms);
	MUST(incident_raise(tx, "breaker", "n8n.main", "again", &t_err));
	CHECK_I64("a new row", list(tx, false).n, 3);
}

static enum rc see_event(void *arg, const struct topic_event *ev, struct err *e)
{
	(void)e;
	*(int *)arg += 1;
	CHECK_I64("topic", ev->topic, TOPIC_ALERT);
	CHECK_SPAN("payload", ev->payload,
		   STR("{\"incident\":1,\"kind\":\"disk\",\"subject\":\"data\",\"text\":"
		       "\"\\\"full\\\"\"}"));
	return RC_OK;
}

TX_TEST(everybody_hears_of_it_once)
{
	int n = 0;

	MUST(incident_raise(tx, "disk", "data", "\"full\"", &t_err));
	MUST(incident_raise(tx, "disk", "data", "\"fuller\"", &t_err));
	MUST(topic_each_after(tx->db, 7, 0, 10, see_event, &n, &t_err));
	CHECK_I64("once", n, 1);
}
