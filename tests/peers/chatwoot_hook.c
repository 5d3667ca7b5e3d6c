/* chatwoot_hook.c - webhooks of the Chatwoot double leave: to the inbox's address and to those of the account, each with a
 * secret and a delivery id of its own, once. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event {
	int message; /* 0 = not about a message */
	bool account;
	struct buf body;
	char *path, *secret;
	bool is_signed;
};

static void event_free(struct event *e)
{
	buf_free(&e->body);
	free(e->path);
	free(e->secret);
	free(e);
}

static void event_done(void *ctx, void *arg, int status, const char *body, size_t n)
{
	struct chatwoot *t = ctx;
	struct event *e = arg;

	(void)body;
	(void)n;
	if (status >= 200 && status <= 299) {
		t->hooks_ok++;
	} else {
		t->hooks_failed++; /* no second try; the agent sees a failed message */
		if (!e->account && e->message && e->message <= t->messages_n &&
		    strcmp(t->messages[e->message - 1].status, "failed")) {
			struct cw_message *m = &t->messages[e->message - 1];
			const char *why = status ? "webhook failed"
						 : "Hostname 'totem' has no public ip addresses";
			m->status = "failed";
			free(m->error);
			m->error = xcopy(why, strlen(why));
			cw_event_message(t, "message_updated", m, (struct cw_mischief){ 0 });
		}
	}
	event_free(e);
}

/* Signed when it leaves, as the job does. */
static void event_send(void *ctx, void *arg)
{
	struct chatwoot *t = ctx;
	struct event *e = arg;
	char stamp[32], hex[65], uuid[37], head[400];

	snprintf(stamp, sizeof stamp, "%lld.", (long long)(wall_ms() / 1000));
	hmac_hex(e->secret, stamp, strlen(stamp), e->body.p, e->body.n, hex);
	uuid_text(&t->d.rnd, uuid);
	snprintf(head, sizeof head,
		 "Content-Type: application/json\r\nX-Chatwoot-Signature: sha256=%s\r\n"
		 "X-Chatwoot-Timestamp: %.*s\r\nX-Chatwoot-Delivery: %s\r\n",
		 hex, (int)strlen(stamp) - 1, stamp, uuid);
	if (!e->is_signed)
		snprintf(head, sizeof head, "Content-Type: application/json\r\n");
	mini_call(t->totem, &(struct mini_call){ .method = "POST",
						 .path = e->path,
						 .head = head,
						 .body = e->body.p,
						 .body_n = e->body.n,
						 .timeout_ms = t->hook_timeout_ms,
						 .done = event_done,
						 .ctx = t,
						 .arg = e });
}

/* One delivery. Option `late_ms`: each on its own, some milliseconds later, so that they overtake one another. */
static void event_leave(struct chatwoot *t, const struct buf *body, int message,
			const struct cw_hook *h)
{
	struct event *e = xalloc(sizeof *e);
	const char *url = h ? h->url : t->inboxes[0].webhook; /* there is one box */
	const char *path = url ? strstr(url, "/webhooks/") : NULL;
	const char *secret = h ? h->secret : t->cfg->chatwoot_secret;

	e->message = message;
	e->account = h != NULL;
	buf_put(&e->body, body->p, body->n);
	path = path ? path : t->cfg->chatwoot_hook;
	e->path = xcopy(path, strlen(path));
	e->secret = xcopy(secret, strlen(secret));
	e->is_signed = t->version >= (h ? 41102 : 41300);
	t->hooks_posted++;
	t->account_hooks_posted += h != NULL;
	if (t->version >= 41400 && !t->allow_private) /* the guard: nothing leaves */
		event_done(t, e, 0, "", 0);
	else if (t->late_ms > 0)
		mini_after(t->d.m, (int)((rnd(&t->d.rnd) >> 33) % (unsigned)t->late_ms), event_send,
			   t, e);
	else
		event_send(t, e);
}

void cw_event_post(struct chatwoot *t, const char *event, const struct buf *body, int message)
{
	if (!t->totem || !t->events)
		return;
	if (strncmp(event, "contact_", 8)) /* inboxes tell nothing of contacts */
		event_leave(t, body, message, NULL);
	for (int i = 0; i < CW_HOOKS_MAX; i++)
		if (cw_hook_wants(&t->hooks[i], event))
			event_leave(t, body, message, &t->hooks[i]);
}
