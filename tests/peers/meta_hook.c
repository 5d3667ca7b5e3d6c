/* meta_hook.c - webhooks as Meta writes them: its escaping, its batches in three layouts, the
 * signature over the raw bytes, retries with back-off until a 200, duplicates when asked for. */
#include "meta.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hook {
	struct buf body;
	char head[256];
	int tries;
};

static void hook_post(void *ctx, void *arg);

static void hook_end(struct hook *h)
{
	buf_free(&h->body);
	free(h);
}

static void hook_done(void *ctx, void *arg, int status, const char *body, size_t n)
{
	struct meta *t = ctx;
	struct hook *h = arg;
	int64_t wait_ms = t->retry_first_ms;

	(void)body;
	(void)n;
	if (status == 200) { /* 201, 202 and 204 count as failures at Meta */
		t->hooks_ok++;
		hook_end(h);
		return;
	}
	t->hooks_refused++;
	if (h->tries > t->retry_max) {
		t->hooks_given_up++;
		hook_end(h);
		return;
	}
	for (int i = 1; i < h->tries && wait_ms < t->retry_cap_ms; i++)
		wait_ms *= 2;
	if (wait_ms > t->retry_cap_ms)
		wait_ms = t->retry_cap_ms;
	wait_ms += (int64_t)(rnd(&t->d.rnd) % (uint64_t)(wait_ms / 4 + 1));
	t->hooks_retried++;
	mini_after(t->d.m, h->tries == 1 ? 0 : wait_ms, hook_post, t, h); /* "immediately, then…" */
}

static void hook_post(void *ctx, void *arg)
{
	struct meta *t = ctx;
	struct hook *h = arg;

	h->tries++;
	t->hooks_posted++;
	mini_call(t->totem, &(struct mini_call){ .method = "POST",
						 .path = t->cfg->meta_hook,
						 .head = h->head,
						 .body = h->body.p,
						 .body_n = h->body.n,
						 .timeout_ms = t->hook_timeout_ms,
						 .done = hook_done,
						 .ctx = t,
						 .arg = h });
}

void meta_hook(struct meta *t, const char *body, size_t n, const char *secret)
{
	int copies = chance(&t->d.rnd, t->duplicate_percent) ? 2 : 1;
	char hex[65];

	if (!t->totem)
		return;
	hmac_hex(secret ? secret : t->cfg->app_secret, body, n, NULL, 0, hex);
	while (copies--) {
		struct hook *h = xalloc(sizeof *h);
		buf_put(&h->body, body, n);
		snprintf(h->head, sizeof h->head,
			 "Content-Type: application/json\r\nUser-Agent: facebookexternalua\r\n"
			 "X-Hub-Signature-256: sha256=%s\r\n",
			 hex);
		hook_post(t, h);
	}
}

static void value_open(struct meta *t, struct buf *b)
{
	buf_puts(b, "{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":");
	buf_json(b, t->cfg->display_phone, true);
	buf_puts(b, ",\"phone_number_id\":");
	buf_json(b, t->cfg->phone_id, true);
	buf_puts(b, "}");
}

/* Contacts, messages and statuses of updates [from, to) in one value, mixed as Meta may. */
static void value_write(struct meta *t, struct buf *b, size_t from, size_t to)
{
	static const char *const keys[] = { "contacts", "messages", "statuses" };

	value_open(t, b);
	for (int part = 0; part < 3; part++) {
		int n = 0;
		for (size_t i = from; i < to; i++) {
			const struct update *u = &t->batch[i];
			const char *text = part == 0                     ? u->contact
					   : u->is_status == (part == 2) ? u->item
									 : NULL;
			if (!text)
				continue;
			if (n++)
				buf_put(b, ",", 1);
			else
				buf_printf(b, ",\"%s\":[", keys[part]);
			buf_puts(b, text);
		}
		if (n)
			buf_put(b, "]", 1);
	}
	buf_put(b, "}", 1);
}

static void entry_open(struct meta *t, struct buf *b)
{
	buf_puts(b, "{\"id\":");
	buf_json(b, t->cfg->waba, true);
	buf_puts(b, ",\"changes\":[");
}

/* The same updates may come in one value, in one change each or in one entry each: a receiver
 * that reads only entry[0].changes[0].messages[0] loses two of the three. */
void meta_flush(struct meta *t)
{
	struct buf b = { 0 };
	size_t n = t->batch_n, step = t->layout % 3 == 0 ? n : 1;
	bool split_entries = t->layout % 3 == 2;

	if (!n)
		return;
	t->layout++;
	buf_puts(&b, "{\"object\":\"whatsapp_business_account\",\"entry\":[");
	for (size_t i = 0; i < n; i += step) {
		if (i)
			buf_puts(&b, ",");
		if (!i || split_entries)
			entry_open(t, &b);
		buf_puts(&b, "{\"value\":");
		value_write(t, &b, i, i + step);
		buf_puts(&b, ",\"field\":\"messages\"}");
		if (i + step >= n || split_entries)
			buf_puts(&b, "]}");
	}
	buf_puts(&b, "]}");
	for (size_t i = 0; i < n; i++) {
		free(t->batch[i].item);
		free(t->batch[i].contact);
	}
	t->batch_n = 0;
	meta_hook(t, b.p, b.n, NULL);
	buf_free(&b);
}

static void flush_timer(void *ctx, void *arg)
{
	struct meta *t = ctx;

	(void)arg;
	t->flush_due = false;
	meta_flush(t);
}

static void batch_add(struct meta *t, bool is_status, const struct buf *item,
		      const struct buf *contact)
{
	size_t max = t->batch_max < 1                ? 1
		     : t->batch_max > META_BATCH_MAX ? META_BATCH_MAX
						     : (size_t)t->batch_max;

	t->batch[t->batch_n++] =
		(struct update){ is_status, xcopy(item->p, item->n),
				 contact->n ? xcopy(contact->p, contact->n) : NULL };
	if (t->batch_n >= max) {
		meta_flush(t);
	} else if (!t->flush_due) {
		t->flush_due = true;
		mini_after(t->d.m, t->batch_ms, flush_timer, t, NULL);
	}
}

/* A stable business-scoped id from the phone number. */
static void bsuid(struct buf *b, const char *phone)
{
	uint64_t h = 1469598103934665603u;

	for (const char *p = phone; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	buf_printf(b, "\"BR.1%019llu\"", (unsigned long long)(h % 10000000000000000000u));
}

static void contact_write(struct meta *t, struct buf *b, const char *phone, const char *name)
{
	buf_puts(b, "{");
	if (name) {
		buf_puts(b, "\"profile\":{\"name\":");
		buf_json(b, name, true);
		buf_puts(b, "},");
	}
	buf_puts(b, "\"wa_id\":");
	buf_json(b, phone, true);
	if (t->bsuid) {
		buf_puts(b, ",\"user_id\":");
		bsuid(b, phone);
	}
	buf_puts(b, "}");
}

void meta_say(struct meta *t, const char *from, const char *name, const char *text, const char *id,
	      const char *raw_message, struct buf *ret_id)
{
	struct buf item = { 0 }, contact = { 0 };

	if (id)
		buf_puts(ret_id, id);
	else
		wamid_text(ret_id, from, true, &t->d.rnd);
	buf_puts(&item, "{\"from\":");
	buf_json(&item, from, true);
	if (t->bsuid) {
		buf_puts(&item, ",\"from_user_id\":");
		bsuid(&item, from);
	}
	buf_puts(&item, ",\"id\":");
	buf_json(&item, ret_id->p, true);
	buf_printf(&item, ",\"timestamp\":\"%lld\",", (long long)(wall_ms() / 1000));
	if (raw_message) { /* e.g. "type":"image","image":{...}: the caller's own fields */
		buf_puts(&item, raw_message);
	} else {
		buf_puts(&item, "\"text\":{\"body\":");
		buf_json(&item, text, true);
		buf_puts(&item, "},\"type\":\"text\"");
	}
	buf_puts(&item, "}");
	contact_write(t, &contact, from, name);
	meta_window_open(t, from);
	t->messages_made++;
	batch_add(t, false, &item, &contact);
	buf_free(&item);
	buf_free(&contact);
}

void meta_status(struct meta *t, const char *wamid, const char *to, const char *status,
		 const char *opaque, int error_code)
{
	struct buf b = { 0 }, contact = { 0 };

	buf_puts(&b, "{\"id\":");
	buf_json(&b, wamid, true);
	buf_printf(&b, ",\"status\":\"%s\",\"timestamp\":\"%lld\",\"recipient_id\":", status,
		   (long long)(wall_ms() / 1000));
	buf_json(&b, to, true);
	if (t->bsuid && !error_code) {
		buf_puts(&b, ",\"recipient_user_id\":");
		bsuid(&b, to);
	}
	if (opaque && *opaque) {
		buf_puts(&b, ",\"biz_opaque_callback_data\":");
		buf_json(&b, opaque, true);
	}
	if (!strcmp(status, "sent") || !strcmp(status, "delivered"))
		buf_puts(&b, ",\"pricing\":{\"billable\":false,\"pricing_model\":\"PMP\","
			     "\"category\":\"service\",\"type\":\"free_customer_service\"}");
	if (error_code)
		buf_printf(
			&b,
			",\"errors\":[{\"code\":%d,\"title\":\"Message undeliverable\","
			"\"message\":\"Message undeliverable\",\"error_data\":{\"details\":"
			"\"Message Undeliverable.\"},\"href\":\"https:\\/\\/developers.facebook.com"
			"\\/docs\\/whatsapp\\/cloud-api\\/support\\/error-codes\\/\"}]",
			error_code);
	else
		contact_write(t, &contact, to, NULL); /* contacts[] is left out for failed */
	buf_puts(&b, "}");
	t->statuses_made++;
	batch_add(t, true, &b, &contact);
	buf_free(&b);
	buf_free(&contact);
}
