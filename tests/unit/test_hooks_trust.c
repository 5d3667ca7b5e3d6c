/* test_hooks_trust.c - webhooks whose signatures do not fit: a person is told, nobody can make it blink. */
#include "t.h"

#include "box.h"
#include "peer/sign.h"
#include "store/incident.h"

#define EMPTY "{\"object\":\"whatsapp_business_account\",\"entry\":[]}"

static const char *const ARGS[] = { "channel.main.app_secret=test_app_secret",
				    "channel.main.phone_number_id=1" };
static struct box b;

static int post(const char *path, const char *secret, const char *body)
{
	char text[SIGN_TEXT_MAX];

	sign_meta_make(str_of(secret), str_of(body), text);
	box_header(&b, "X-Hub-Signature-256", text);
	return box_do(&b, "POST", path, str_of(body));
}

struct seen_incidents {
	int open, all;
	int64_t count;
};

static enum rc incident_seen(void *arg, const struct incident *i, struct err *e)
{
	struct seen_incidents *n = arg;

	(void)e;
	if (i->code != INCIDENT_META_SIGNATURE)
		return RC_OK;
	n->all++;
	n->open += i->closed_ms == 0;
	n->count = i->count;
	return RC_OK;
}

static struct seen_incidents refused_incidents(void)
{
	struct db *db = store_reader(b.app.store);
	struct seen_incidents n = { 0 };

	MUST(incident_each(db, false, 100, incident_seen, &n, &t_err));
	store_reader_done(b.app.store, db);
	return n;
}

/* A wrong app secret refused every customer's message, and nobody was told. */
TEST(hooks_with_wrong_signatures_are_an_incident_until_a_good_one)
{
	box_open(&b, ARGS, COUNT(ARGS));
	for (int i = 0; i < 2; i++)
		CHECK_I64("refused", post("/webhooks/whatsapp", "wrong", EMPTY), 401);
	for (int i = 0; i < 5; i++)
		CHECK_I64("a stranger's", box_do(&b, "POST", "/webhooks/whatsapp", STR(EMPTY)),
			  401);
	CHECK_I64("not yet", refused_incidents().all, 0);
	for (int i = 0; i < 50; i++)
		CHECK_I64("refused", post("/webhooks/whatsapp", "wrong", EMPTY), 401);
	CHECK_I64("told", refused_incidents().open, 1);
	CHECK_I64("once", refused_incidents().count, 1);
	CHECK_I64("good", post("/webhooks/whatsapp", "test_app_secret", EMPTY), 200);
	CHECK_I64("over", refused_incidents().open, 0);
	for (int i = 0; i < 9; i++)
		CHECK_I64("refused", post("/webhooks/whatsapp", "wrong", EMPTY), 401);
	CHECK_I64("a stranger cannot make it blink", refused_incidents().all, 1);
	b.now_ms += 10 * MINUTE_MS;
	CHECK_I64("refused", post("/webhooks/whatsapp", "wrong", EMPTY), 401);
	CHECK_I64("again", refused_incidents().open, 1);
	box_close(&b);
}
