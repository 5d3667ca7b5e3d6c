/* chatwoot_files.c - files of agents, and what agents do to their messages: delete, press Retry, change a conversation's
 * state. Files are served as ActiveStorage does: a redirect first. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIRECT "/rails/active_storage/blobs/redirect/"
#define DISK     "/rails/active_storage/disk/"

/* Heads that a sniffer believes; the name makes the rest, so that no two files are the same. */
static const struct kind {
	const char *end, *type, *word;
	const char *head;
	size_t n;
} kinds[] = {
	{ ".png", "image/png", "image",
	  "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde", 33 },
	{ ".ogg", "audio/ogg", "audio",
	  "OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x13OpusHead\1\1\0\0\x80\xbb\0\0\0\0"
	  "\0",
	  47 },
	{ ".pdf", "application/pdf", "file", "%PDF-1.4\n", 9 },
	{ ".txt", "text/plain", "file", "text ", 5 },
};

static const struct kind *kind_of(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (n > 4 && !strcmp(name + n - 4, kinds[i].end))
			return &kinds[i];
	return &kinds[3];
}

/* ,"attachments":[...] of names parted by blanks. */
void cw_files_json(struct chatwoot *t, struct buf *b, const struct cw_message *m)
{
	char names[200], *rest = names, *name;
	int i = 0;

	if (!m->files)
		return;
	snprintf(names, sizeof names, "%s", m->files);
	buf_puts(b, ",\"attachments\":[");
	for (; (name = strsep(&rest, " ")); i++) {
		const struct kind *k = kind_of(name);

		buf_printf(b,
			   "%s{\"id\":%d,\"message_id\":%d,\"file_type\":\"%s\",\"content_type\":"
			   "\"%s\",\"data_url\":\"",
			   i ? "," : "", m->id * 16 + i, m->id, k->word, k->type);
		if (t->wrong_host)
			buf_puts(b, "http://https");
		else
			buf_printf(b, "http://127.0.0.1:%d", t->port);
		buf_printf(b, REDIRECT "%d/%s\"", m->id, name);
		if (!strcmp(k->word, "audio"))
			buf_puts(b, ",\"meta\":{\"is_recorded_audio\":true}");
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

bool cw_files_get(struct chatwoot *t, const struct mini_req *req, const struct rule *rule)
{
	char head[400];
	const char *name;
	struct buf b = { 0 };

	if (!strncmp(req->path, REDIRECT, strlen(REDIRECT))) {
		snprintf(head, sizeof head, "Location: " DISK "%s\r\n",
			 req->path + strlen(REDIRECT));
		dbl_reply(&t->d, req->conn, t->expired ? 404 : 302, "text/html", head, "moved", 5,
			  rule);
		return true;
	}
	if (strncmp(req->path, DISK, strlen(DISK)))
		return false;
	if (cw_upload_at(t, req->path + strlen(DISK))) {
		const struct cw_upload *u = cw_upload_at(t, req->path + strlen(DISK));
		dbl_reply(&t->d, req->conn, 200, u->type, NULL, u->p, u->n, rule);
		return true;
	}
	name = strrchr(req->path, '/') + 1;
	buf_put(&b, kind_of(name)->head, kind_of(name)->n);
	buf_puts(&b, req->path);
	t->files_read++;
	dbl_reply(&t->d, req->conn, 200, kind_of(name)->type, NULL, b.p, b.n, rule);
	buf_free(&b);
	return true;
}

static void set(char **to, const char *text)
{
	free(*to);
	*to = text ? xcopy(text, strlen(text)) : NULL;
}

void cw_message_delete(struct chatwoot *t, struct cw_message *m)
{
	m->deleted = true;
	set(&m->content, "This message was deleted");
	set(&m->attributes, "{\"deleted\":true}");
	set(&m->files, NULL);
	cw_event_message(t, "message_updated", m, (struct cw_mischief){ 0 });
}

/* {"message":ID,"do":"delete"|"retry"|"touch"} or {"conversation":ID,"status":"resolved"} */
void cw_control_act(struct chatwoot *t, const struct mini_req *req, const cJSON *in)
{
	static const char *const names[] = { "open", "resolved", "pending", "snoozed", NULL };
	int id = ji(in, "message", 0), conversation = ji(in, "conversation", 0);
	const char *what = js_or(in, "do", ""), *status = cw_one_of(js_or(in, "status", ""), names);
	struct cw_message *m = id > 0 && id <= t->messages_n ? &t->messages[id - 1] : NULL;

	if (conversation > 0 && conversation <= t->conversations_n && status) {
		t->conversations[conversation - 1].status = status;
		cw_event_conversation(t, "conversation_status_changed",
				      &t->conversations[conversation - 1]);
	} else if (!m) {
		dbl_text(&t->d, req->conn, 404, NULL, "{}");
		return;
	} else if (!strcmp(what, "delete")) {
		cw_message_delete(t, m);
		m = NULL; /* told */
	} else if (!strcmp(what, "retry")) {
		if (t->version <= 41602) /* newer ones keep the attributes */
			set(&m->attributes, "{}");
		set(&m->error, NULL);
		m->status = "sent";
	}
	if (m)
		cw_event_message(t, "message_updated", m, (struct cw_mischief){ 0 });
	dbl_text(&t->d, req->conn, 200, NULL, "{}");
}
