/* test_service_window.c - what opens the customer service window of 24 hours (meta-cloud-api.md 3.6): each kind of webhook,
 * and whether a free text may be sent after it. */
#include "box.h"
#include "flow/handlers.h"
#include "io/http.h"
#include "io/jsonw.h"
#include "store/delivery.h"

static const char *const ARGS[] = {
	"channel.main.phone_number_id=109876543210987",
	"channel.main.waba_id=220011223344556",
	"channel.main.app_secret=s",
	"channel.main.token=t",
};
static struct box b;

/* `%s` is the customer's phone. The time of all of them is well within the window. */
#define HEAD "\"from\":\"%s\",\"timestamp\":\"1785239000\","
#define OLD  "\"from\":\"%s\",\"timestamp\":\"1785153600\"," /* exactly a day ago */
static const struct {
	const char *why, *list, *item;
	int status;
} CASES[] = {
	{ "a text", "messages",
	  "{" HEAD "\"id\":\"wamid.1\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}", 202 },
	{ "a text of yesterday", "messages",
	  "{" OLD "\"id\":\"wamid.2\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}", 409 },
	{ "a button", "messages",
	  "{" HEAD
	  "\"id\":\"wamid.3\",\"type\":\"button\",\"button\":{\"payload\":\"p\",\"text\":\"yes\"}}",
	  202 },
	{ "what Meta does not pass on", "messages",
	  "{" HEAD "\"id\":\"wamid.4\",\"type\":\"unsupported\",\"errors\":[{\"code\":131051}]}",
	  202 },
	{ "a reaction", "messages",
	  "{" HEAD "\"id\":\"wamid.5\",\"type\":\"reaction\",\"reaction\":{\"message_id\":"
	  "\"wamid.x\",\"emoji\":\"A\"}}",
	  409 },
	{ "an edit", "messages",
	  "{" HEAD "\"id\":\"wamid.6\",\"type\":\"edit\",\"edit\":{\"original_message_id\":"
	  "\"wamid.x\",\"message\":{\"type\":\"text\",\"text\":{\"body\":\"b\"}}}}",
	  409 },
	{ "a revoke", "messages",
	  "{" HEAD "\"id\":\"wamid.7\",\"type\":\"revoke\",\"revoke\":{\"original_message_id\":"
	  "\"wamid.x\"}}",
	  409 },
	{ "a notice of the system", "messages",
	  "{" HEAD "\"id\":\"wamid.8\",\"type\":\"system\",\"system\":{\"type\":"
	  "\"customer_identity_changed\",\"body\":\"a new device\"}}",
	  409 },
	{ "nothing", NULL, NULL, 409 },
};

static enum rc delivery_unit(struct tx *tx, void *arg, struct err *e)
{
	return delivery_add(tx, arg, e);
}

static void deliver(const char *list, const char *item, const char *phone)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(8 * KIB);
	struct delivery d = { .received_ms = BOX_NOW_MS,
			      .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .request_id = STR("r"),
			      .headers = STR("{}") };
	const char *gap = strstr(item, "%s");

	sbuf_printf(&body,
		    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":"
		    "\"220011223344556\",\"changes\":[{\"field\":\"messages\",\"value\":{"
		    "\"messaging_product\":\"whatsapp\",\"metadata\":{\"phone_number_id\":"
		    "\"109876543210987\"},\"%s\":[%.*s%s%s]}}]}]}",
		    list, (int)(gap - item), item, phone, gap + 2);
	ASSERT(sbuf_ok(&body));
	d.body = sbuf_view(&body);
	MUST(store_write(b.app.store, STORE_NORMAL, delivery_unit, &d, &t_err));
}

static void work(enum queue_id q)
{
	struct worker w;

	worker_init(&w, &b.app, q);
	while (work_one(&w, BOX_NOW_MS) == RC_OK)
		;
	worker_release(&w);
}

static void send_to_each(const char *when, bool again)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char body[200];

		(void)snprintf(body, sizeof(body),
			       "{\"channel\":\"main\",\"to\":\"5511955501%03zu\",\"type\":\"text\","
			       "\"text\":{\"body\":\"%s\"}}",
			       i, when);
		CHECK_I64(CASES[i].why, box_call(&b, "POST", "/api/v1/messages", body),
			  CASES[i].status);
		if (again && CASES[i].status == 409)
			CHECK(box_has(&b, "window"));
	}
}

TEST(only_what_a_customer_wrote_opens_the_window)
{
	box_open(&b, ARGS, COUNT(ARGS));
	MUST(http_start(&t_err));
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char phone[24];

		(void)snprintf(phone, sizeof(phone), "5511955501%03zu", i);
		if (CASES[i].item != NULL)
			deliver(CASES[i].list, CASES[i].item, phone);
	}
	work(QUEUE_WEBHOOKS);
	send_to_each("before the conversation knows it", false);
	work(QUEUE_CRM_INBOUND);
	send_to_each("after it", true);
	http_stop();
	box_close(&b);
}
