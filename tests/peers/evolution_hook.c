/* evolution_hook.c - webhooks as Evolution posts them: its envelope (local time with a false Z, its own number as sender, the
 * api key in each body), a static header or a JWT, retries except on 400, 401, 403, 404 and 422, duplicates when asked for. */
#include "evolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hook {
	struct buf body;
	char head[700], path[400];
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
	struct evo *t = ctx;
	struct hook *h = arg;
	int64_t wait_ms = t->retry_first_ms;
	bool final =
		status == 400 || status == 401 || status == 403 || status == 404 || status == 422;

	(void)body;
	(void)n;
	if (status >= 200 && status < 300) {
		t->hooks_ok++;
		hook_end(h);
		return;
	}
	if (final || h->tries > t->retry_max) {
		t->hooks_lost++;
		hook_end(h);
		return;
	}
	for (int i = 1; i < h->tries && wait_ms < t->retry_cap_ms; i++)
		wait_ms *= 2;
	if (wait_ms > t->retry_cap_ms)
		wait_ms = t->retry_cap_ms;
	t->hooks_retried++;
	mini_after(t->d.m, wait_ms, hook_post, t, h);
}

static void hook_post(void *ctx, void *arg)
{
	struct evo *t = ctx;
	struct hook *h = arg;

	h->tries++;
	t->hooks_posted++;
	mini_call(t->totem, &(struct mini_call){ .method = "POST",
						 .path = h->path,
						 .head = h->head,
						 .body = h->body.p,
						 .body_n = h->body.n,
						 .timeout_ms = t->hook_timeout_ms,
						 .done = hook_done,
						 .ctx = t,
						 .arg = h });
}

static void url_alphabet(struct buf *b, size_t from)
{
	while (b->n > from && b->p[b->n - 1] == '=')
		b->p[--b->n] = '\0';
	for (size_t i = from; i < b->n; i++)
		b->p[i] = b->p[i] == '+' ? '-' : b->p[i] == '/' ? '_' : b->p[i];
}

static void part(struct buf *b, const void *bytes, size_t n)
{
	size_t from = b->n;

	base64(b, bytes, n);
	url_alphabet(b, from);
}

static void jwt(const char *key, struct buf *out)
{
	static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	long long now = wall_ms() / 1000;
	uint8_t mac[32];
	char claims[160], hex[65];

	snprintf(claims, sizeof claims,
		 "{\"iat\":%lld,\"exp\":%lld,\"app\":\"evolution\",\"action\":\"webhook\"}", now,
		 now + 600);
	part(out, head, sizeof head - 1);
	buf_puts(out, ".");
	part(out, claims, strlen(claims));
	hmac_hex(key, out->p, out->n, NULL, 0, hex);
	for (size_t i = 0; i < sizeof mac; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		mac[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	buf_puts(out, ".");
	part(out, mac, sizeof mac);
}

/* "messages.upsert" as "messages-upsert" */
static void kebab(const char *event, char *out, size_t size)
{
	snprintf(out, size, "/%s", event);
	for (char *p = out; *p; p++) {
		if (*p == '.')
			*p = '-';
	}
}

void evo_raw_hook(struct evo *t, const char *body, size_t n, const char *event)
{
	int copies = chance(&t->d.rnd, t->duplicate_percent) ? 2 : 1;
	struct buf token = { 0 };
	char tail[80] = "";

	if (!t->totem)
		return;
	if (t->jwt_key[0])
		jwt(t->jwt_key, &token);
	if (t->by_events)
		kebab(event, tail, sizeof tail);
	while (copies--) {
		struct hook *h = xalloc(sizeof *h);
		buf_put(&h->body, body, n);
		snprintf(h->path, sizeof h->path, "%s%s", t->hook_path, tail);
		snprintf(h->head, sizeof h->head, "Content-Type: application/json\r\n%s%s%s%s",
			 t->hook_head, t->jwt_key[0] ? "Authorization: Bearer " : "",
			 t->jwt_key[0] ? token.p : "", t->jwt_key[0] ? "\r\n" : "");
		hook_post(t, h);
	}
	buf_free(&token);
}

void evo_hook(struct evo *t, const char *event, const char *data)
{
	struct buf b = { 0 };

	buf_printf(&b,
		   "{\"event\":\"%s\",\"instance\":\"%s\",\"data\":%s,\"destination\":\"%s\","
		   "\"date_time\":\"2026-01-01T09:00:00.%03lldZ\",\"sender\":"
		   "\"%s@s.whatsapp.net\",\"server_url\":\"http://localhost:8080\",\"apikey\":"
		   "\"%s\"}",
		   event, t->cfg->evolution_instance, data, t->hook_path, t->hooks_posted % 1000,
		   t->cfg->display_phone, t->cfg->evolution_key);
	evo_raw_hook(t, b.p, b.n, event);
	buf_free(&b);
}

/* lid 1: the LID alone; 2: the LID with the phone beside it (2.3.5); 3: the phone with the LID beside it (2.4). */
static void address(const struct evo *t, const struct evo_message *m, struct buf *out)
{
	char lid[64];

	snprintf(lid, sizeof lid, "99%.*s@lid", (int)strcspn(m->jid, "@"),
		 m->jid); /* digits of its own */
	if (t->lid == 1)
		buf_printf(out, "\"remoteJid\":\"%s\"", lid);
	else if (t->lid == 2)
		buf_printf(
			out,
			"\"remoteJid\":\"%s\",\"remoteJidAlt\":\"%s\",\"addressingMode\":\"lid\"",
			lid, m->jid);
	else if (t->lid == 3)
		buf_printf(out,
			   "\"remoteJid\":\"%s\",\"remoteJidAlt\":\"%s\",\"addressingMode\":\"pn\"",
			   m->jid, lid);
	else
		buf_printf(out, "\"remoteJid\":\"%s\"", m->jid);
}

void evo_data(const struct evo *t, const struct evo_message *m, const char *name, struct buf *out)
{
	buf_puts(out, "{\"key\":{");
	address(t, m, out);
	buf_printf(out, ",\"fromMe\":%s,\"id\":", m->from_me ? "true" : "false");
	buf_json(out, m->key, false);
	buf_puts(out, ",\"participant\":\"\"},\"pushName\":");
	buf_json(out, m->from_me ? "Voc\xC3\xAA" : name, false);
	buf_printf(out,
		   ",\"status\":\"%s\",\"message\":%s,\"contextInfo\":null,\"messageType\":"
		   "\"conversation\",\"messageTimestamp\":%lld,\"instanceId\":"
		   "\"00000000-0000-4000-8000-000000000000\",\"source\":\"android\"}",
		   m->from_me ? "PENDING" : "DELIVERY_ACK", m->body, m->at_s);
}
